"""Two policies, of which one may let happen more freely what the other does not: what all searches need of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Literal, TypeAlias

from smolagents.hooks import ToolExecution

from ..decision import Decision, Reason
from ..model import Policy
from .passing import Passing
from .search import Side, Unknown
from .undecided import NotDecided
from .witnesses import Event, Witness, level
from .words import Deadline


# That are played one by one
MOST_CALLS = 5_000

# An entry of the tighter policy, and what looks for a witness of it.
Attempt: TypeAlias = "tuple[str, Callable[[], Witness | None]]"


class Pair:
    """
    Args:
        free ([`Side`]): The policy that may be the freer one.
        tight ([`Side`]): The other one.
        deadline ([`Deadline`]): When to give up.
        is_self (`bool`): What witnesses say of the freer policy.
    """

    def __init__(self, free: Side, tight: Side, deadline: Deadline, is_self: bool):
        self.free, self.tight = free, tight
        self.deadline = deadline
        self.is_self = is_self

    @cached_property
    def passing(self) -> Passing:
        """What the freer policy lets pass."""
        return Passing(self.free, self.deadline)

    def covers(self, key: Literal["tokens", "identical_denials"], layer: Policy, limit: int) -> bool:
        """Whether a limit of the freer policy is reached whenever that one of a layer of the tighter policy is."""
        # That are reached in every run, so that what was before it does not matter
        at_once = 1 if key == "identical_denials" else 0
        for each in self.free.layers:
            own = getattr(each.limits, key)
            if own is None or own > limit:
                continue
            if own <= at_once or each.limits.scope == "session" or layer.limits.scope == "run":
                return True
        return False

    def confirmed(
        self, execution: ToolExecution, history: tuple[Event, ...], entry: str, time: float = 0.0
    ) -> Witness | None:
        """The witness, if the freer policy lets the execution happen more freely after that history."""
        freer, tighter = (side.referee.decide(execution, history, time) for side in (self.free, self.tight))
        if level(freer) >= level(tighter):
            return None
        return Witness(execution, freer, tighter, entry, history, time, self.is_self)

    def noted(
        self,
        execution: ToolExecution,
        entry: str,
        note: str,
        freer: Iterable[Reason] = (),
        tighter: Iterable[Reason] = (),
    ) -> Witness:
        """The witness of a difference that is not in the decisions, or comes of what else either policy says then."""
        both = (self.free, freer), (self.tight, tighter)
        one, other = (Decision.of([*side.referee.decide(execution).reasons, *reasons]) for side, reasons in both)
        return Witness(execution, one, other, entry, is_allowed_by_self=self.is_self, note=note)


def found(attempts: Iterable[Attempt], unknown: dict[Unknown, None]) -> Iterator[Witness]:
    """The witnesses that are found. When all were asked for, `unknown` has what was not decided."""
    for entry, search in attempts:
        try:
            witness = search()
        except NotDecided as error:
            unknown[Unknown(entry, str(error))] = None
            continue
        if witness is not None:
            yield witness


def seconds_text(seconds: float | None) -> str:
    return "as long as it likes" if seconds is None else f"{seconds:g} s"
