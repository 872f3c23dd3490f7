"""Which of two policies is the stricter one: decided, or said to be unknown.

A policy is at least as strict as another if, after every history, it leaves no execution freer than the other does.
From the freest: let pass (with or without a warning), let pass if a person agrees, refused, the end of the run. A
history is what was run under both so far, the tokens and the time that this took, and what was refused.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from ..model import Policy
from .failures import FailureSearch
from .intents import IntentSearch
from .limit_search import LimitSearch
from .pairs import Pair
from .refusals import RefusalSearch
from .search import Search, Side, Unknown
from .situations import situations
from .undecided import NotDecided
from .values import forget
from .witnesses import Witness
from .words import Deadline


Relation = Literal["equal", "stricter", "looser", "incomparable", "unknown"]

# After so long, what is left is unknown. A pair of policies with a hundred rules takes a fraction of it.
SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a policy relates to another one.

    Attributes:
        relation (`str`): `equal`, `stricter`, `looser` or `incomparable`, of the policy that was compared; `unknown`
            if that could not be decided.
        witnesses (`tuple[Witness, ...]`): Executions that one policy lets happen more freely than the other, each run
            on both. One at most for each entry that makes a difference.
        unknown_because (`tuple[Unknown, ...]`): What could not be decided, with the entry that is why. There may be
            some also if the relation is known.
        is_at_least_as_strict (`bool`, *optional*): Whether the policy lets nothing happen more freely than the other;
            `None` if that is not known.
        is_at_most_as_strict (`bool`, *optional*): The same the other way round.
    """

    relation: Relation
    witnesses: tuple[Witness, ...]
    unknown_because: tuple[Unknown, ...]
    is_at_least_as_strict: bool | None
    is_at_most_as_strict: bool | None

    @property
    def loosened(self) -> tuple[Witness, ...]:
        """What the policy lets happen more freely than the other one."""
        return tuple(witness for witness in self.witnesses if witness.is_allowed_by_self)

    @property
    def tightened(self) -> tuple[Witness, ...]:
        """What the other policy lets happen more freely."""
        return tuple(witness for witness in self.witnesses if not witness.is_allowed_by_self)


def compare(policy: Policy, other: Policy, *, seconds: float = SECONDS) -> Comparison:
    """Whether a policy is stricter than another, looser, equal or neither, with executions that show it.

    Args:
        policy ([`Policy`]): The policy, with those that it extends.
        other ([`Policy`]): The one that it is compared with.
        seconds (`float`): After how many seconds to give up. What is not decided by then is unknown.
    """
    forget()
    deadline = Deadline(seconds)
    if _contents(policy) == _contents(other):
        return Comparison("equal", (), (), True, True)
    try:
        all_situations = situations((policy, other))
        mine, theirs = Side(policy, all_situations), Side(other, all_situations)
    except NotDecided as error:
        return Comparison("unknown", (), (Unknown("tools", str(error)),), None, None)
    looser, unknown = _freer(mine, theirs, deadline, True)
    tighter, unknown_too = _freer(theirs, mine, deadline, False)
    at_least = False if looser else None if unknown else True
    at_most = False if tighter else None if unknown_too else True
    reasons = tuple(dict.fromkeys((*unknown, *unknown_too)))
    return Comparison(_relation(at_least, at_most), (*looser, *tighter), reasons, at_least, at_most)


def _contents(policy: Policy) -> list[str]:
    """What the policies that decide together say. In whatever order: none of their lists has one that matters."""
    return sorted(json.dumps(_unordered(layer.to_data()), sort_keys=True) for layer in policy.layers)


def _unordered(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _unordered(value) for key, value in data.items()}
    if isinstance(data, list):
        return sorted(map(_unordered, data), key=lambda item: json.dumps(item, sort_keys=True))
    return data


def _freer(free: Side, tight: Side, deadline: Deadline, is_self: bool) -> tuple[list[Witness], list[Unknown]]:
    """What one policy lets happen more freely than another, and what could not be decided about that."""
    found: list[Witness] = []
    unknown: list[Unknown] = []
    pair = Pair(free, tight, deadline, is_self)
    searches = Search(free, tight, deadline, is_self), *(each(pair) for each in _SEARCHES)
    for search in searches:
        found += search.witnesses()
        unknown += search.unknown
    return found, unknown


_SEARCHES = (IntentSearch, LimitSearch, RefusalSearch, FailureSearch)


def _relation(at_least: bool | None, at_most: bool | None) -> Relation:
    if at_least is False and at_most is False:
        return "incomparable"
    if at_least is None or at_most is None:
        return "unknown"
    return "equal" if at_least and at_most else "stricter" if at_least else "looser"
