"""What is different in two policies, entry by entry, and whether each difference makes the policy tighter or looser.

The direction of a difference is what the entry does by itself: policies with nothing else in them are compared. What
all differences do together, `compare` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import PolicyError, path_name
from ..model import Policy
from .compare import compare


Direction = Literal["tighter", "looser", "different", "same"]

_DIRECTIONS: dict[str, Direction] = {"stricter": "tighter", "looser": "looser", "equal": "same"}
# Says nothing about executions
_WORDS = ("name", "extends", "version")
# For one entry; what takes longer is `different`
_SECONDS = 2.0


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
    """

    entry: str
    before: Any
    after: Any
    direction: Direction


def diff(policy: Policy, other: Policy) -> tuple[Change, ...]:
    """What is different in a policy, as seen from the other one, in the order of the language's keys."""
    changes: list[Change] = []
    mine = {layer.source: layer for layer in policy.layers}
    theirs = {layer.source: layer for layer in other.layers}
    for source in dict.fromkeys((*theirs, *mine)):
        if source not in mine or source not in theirs:
            layer = mine.get(source) or theirs[source]
            is_new = source in mine
            direction: Direction = "same" if layer.mode == "shadow" else "tighter" if is_new else "looser"
            changes.append(Change(f"extends: {source}", None if is_new else source, source if is_new else None, direction))
        elif mine[source].canonical() != theirs[source].canonical():
            changes += _in_layer(mine[source], theirs[source])
    return tuple(changes)


def _in_layer(policy: Policy, other: Policy) -> Iterator[Change]:
    after, before = dict(_entries(policy)), dict(_entries(other))
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key), after.get(key)
        if old != new or type(old) is not type(new):
            section, place = key
            yield Change(policy.entry(place), old, new, _direction(policy, section, place, old, new))


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
            if section == "operations" and not value:
                yield (section, section), ("default", "deny")
        else:
            yield (section, section), value


def _text(item: Any) -> str:
    return item if isinstance(item, str) else " ".join(f"{key} {value}" for key, value in item.items())


def _direction(policy: Policy, section: str, place: str, old: Any, new: Any) -> Direction:
    if section in _WORDS:
        return "same" if section == "name" else "different"
    if section == "mode":
        return "looser" if new is not None else "tighter"
    try:
        after, before = (Policy.from_data(_alone(policy, section, value)) for value in (new, old))
    except PolicyError:
        return "different"
    return _DIRECTIONS.get(compare(after, before, seconds=_SECONDS).relation, "different")


def _alone(policy: Policy, section: str, value: Any) -> dict[str, Any]:
    """A policy with nothing but one entry."""
    data: dict[str, Any] = {"version": 1, "default": policy.default, "mode": policy.mode}
    if value is None:
        # That there is no section means that nothing is said, not that all is denied
        return data
    if section == "default":
        return {**data, "default": value}
    if section.startswith("tools."):
        return {**data, "tools": {section.removeprefix("tools."): [value]}}
    if section in ("rules", "patterns"):
        return {**data, section: [value]}
    if section == "operations":
        key, item = value
        allowing = {"default": "allow"} if key != "default" else {}
        return {**data, section: {**allowing, key: item}}
    if section in ("limits.per_tool", "limits.rates"):
        return {**data, "default": "allow", "limits": {section.removeprefix("limits."): dict([value])}}
    if section == "limits":
        return {**data, "default": "allow", section: dict([value])}
    if section == "approvals":
        asking = [{"id": "ask", "action": "ask"}]
        return {**data, "default": "allow", "rules": asking, section: dict([value])}
    return {**data, section: value}
