"""What is different in two policies, entry by entry, and whether each difference makes the policy tighter or looser.

The direction of a difference is what it does by itself: the other policy is compared with what it becomes with nothing
but that entry changed. What all differences do together, `compare` says.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import PolicyError, path_name
from ..model import Policy
from .compare import SECONDS, compare


Direction = Literal["tighter", "looser", "different", "same"]

_DIRECTIONS: dict[str, Direction] = {"stricter": "tighter", "looser": "looser", "equal": "same"}
_LISTS = ("rules", "patterns", "extends", "allow", "deny")
# For one entry; what takes longer is `different`
_SECONDS_OF_ONE = 2.0


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        entry (`str`): Where it is: `tools.allow`, `rules[mail]`, `limits.per_tool.shell`; after the file's name if it
            is in a policy that is extended.
        before (`Any`): What the other policy says there, as plain data; `None` if it says nothing.
        after (`Any`): What this policy says there.
        direction (`str`): `tighter` or `looser` if the entry makes the policy that, by itself; `same` if it makes no
            difference; `different` for anything else, and for what could not be decided.
        note (`str`): What of it the direction does not say: that there are warnings now, or no longer.
    """

    entry: str
    before: Any
    after: Any
    direction: Direction
    note: str = ""


def diff(policy: Policy, other: Policy, *, seconds: float = SECONDS) -> tuple[Change, ...]:
    """What is different in a policy, as seen from the other one, in the order of the language's keys.

    Args:
        policy ([`Policy`]): The policy.
        other ([`Policy`]): The one that it is seen from.
        seconds (`float`): After how many seconds to give up on directions. All that are left are `different`.
    """
    changes: list[Change] = []
    end = time.monotonic() + seconds
    mine = {layer.source: layer for layer in policy.layers}
    theirs = {layer.source: layer for layer in other.layers}
    for source in dict.fromkeys((*theirs, *mine)):
        if source not in mine or source not in theirs:
            layer = mine.get(source) or theirs[source]
            is_new = source in mine
            direction: Direction = "same" if layer.mode == "shadow" else "tighter" if is_new else "looser"
            before, after = (None, source) if is_new else (source, None)
            changes.append(Change(f"extends: {source}", before, after, direction))
        elif mine[source].canonical() != theirs[source].canonical():
            changes += _in_layer(mine[source], theirs[source], end)
    return tuple(changes)


def _in_layer(policy: Policy, other: Policy, end: float) -> Iterator[Change]:
    mine, theirs = dict(_entries(policy)), dict(_entries(other))
    for key in dict.fromkeys((*theirs, *mine)):
        old, new = theirs.get(key), mine.get(key)
        if old != new or type(old) is not type(new):
            section, place = key
            left = min(_SECONDS_OF_ONE, end - time.monotonic())
            direction: Direction = _direction(other, section, old, new, left) if left > 0 else "different"
            before, after = _value(old), _value(new)
            note = _NOTES[_warnings(place, before), _warnings(place, after)]
            yield Change(policy.entry(place), before, after, direction, note)


_NOTES = {
    (False, False): "",
    (True, True): "",
    (True, False): "it warns no longer",
    (False, True): "it warns now",
}


def _warnings(place: str, value: Any) -> bool:
    """Whether an entry warns: a rule, what is said of an operation, or categories of intents."""
    return value == "warn" or place == "intents.warn" and bool(value) or _is_rule(value) and value["action"] == "warn"


def _is_rule(value: Any) -> bool:
    return isinstance(value, Mapping) and "action" in value


def _value(entry: Any) -> Any:
    return entry[1] if isinstance(entry, tuple) else entry


def _entries(policy: Policy) -> Iterator[tuple[tuple[str, str], Any]]:
    """Every entry, by its section and what messages call it."""
    data = policy.to_data()
    yield ("default", "default"), policy.default
    for section, value in data.items():
        if section in ("version", "default"):
            continue
        if section == "rules":
            for rule in value:
                yield (section, f"rules[{rule['id']}]"), rule
        elif section in ("patterns", "extends"):
            for item in value:
                yield (section, f"{section}: {_text(item)}"), item
        elif section == "tools":
            for key, names in value.items():
                for name in names:
                    yield (f"tools.{key}", f"tools.{key}: {name}"), name
        elif isinstance(value, Mapping):
            for key, item in value.items():
                if key in ("per_tool", "rates"):
                    for name, each in item.items():
                        yield (f"{section}.{key}", path_name((section, key, name))), (name, each)
                else:
                    yield (section, f"{section}.{key}"), (key, item)
            if section == "operations" and "default" not in value:
                yield (section, "operations.default"), ("default", "deny")
        else:
            yield (section, section), value


def _text(item: Any) -> str:
    return item if isinstance(item, str) else " ".join(f"{key} {value}" for key, value in item.items())


def _direction(other: Policy, section: str, old: Any, new: Any, seconds: float) -> Direction:
    """What the other policy becomes with nothing but this changed."""
    if section in ("name", "extends"):
        return "same" if section == "name" else "different"
    data = {key: value for key, value in other.to_data().items() if key != "extends"}
    data["default"] = other.default
    try:
        changed = Policy.from_data(_changed(data, section, old, new))
    except PolicyError:  # The rest of the policy does not fit together with it
        return "different"
    fields = {key: getattr(changed, key) for key in Policy.model_fields if key not in ("extends", "version")}
    after = other.model_copy(update={**fields, "written_default": changed.default})
    return _DIRECTIONS.get(compare(after, other, seconds=seconds).relation, "different")


def _changed(data: dict[str, Any], section: str, old: Any, new: Any) -> dict[str, Any]:
    """The data of a policy with one entry changed, removed (`new` is `None`) or added (`old` is)."""
    section, _, inner = section.partition(".")
    if inner:
        return {**data, section: _changed(data.get(section, {}), inner, old, new)}
    entries = data.get(section)
    if section in _LISTS:
        kept = [each for each in entries or () if each != old]
        if section == "rules" and old is not None and new is not None:
            kept = [new if each == old else each for each in entries or ()]
        elif new is not None:
            kept.append(new)
        return {**data, section: kept}
    if isinstance(entries, dict) or isinstance(new, tuple):
        entries = dict(entries or {})
        if old is not None:
            entries.pop(old[0], None)
        if new is not None:
            entries[new[0]] = new[1]
        return {**data, section: entries}
    data = {key: value for key, value in data.items() if key != section}
    return data if new is None else {**data, section: new}
