"""Executions that a policy lets pass, before anything was run: one for each situation, or that there is none."""

from __future__ import annotations

from collections.abc import Iterator

from smolagents.hooks import ToolExecution

from .arguments import find_arguments
from .logic import all_of
from .objections import DENY, Objection
from .search import Side
from .situations import Situation
from .undecided import NotDecided
from .witnesses import level, make
from .words import Deadline


class Passing:
    """
    Args:
        side ([`Side`]): The policy.
        deadline ([`Deadline`]): When to give up.
    """

    def __init__(self, side: Side, deadline: Deadline):
        self._side = side
        self._deadline = deadline
        self._known: dict[Situation, ToolExecution | NotDecided | None] = {}

    def of(self, situation: Situation) -> ToolExecution | None:
        """An execution that the policy lets pass, or asks about; `None` if there is none."""
        if situation not in self._known:
            try:
                self._known[situation] = self._find(situation)
            except NotDecided as error:
                self._known[situation] = error
        found = self._known[situation]
        if isinstance(found, NotDecided):
            raise found
        return found

    def _find(self, situation: Situation) -> ToolExecution | None:
        mine = [each for each in self._side.objections[situation] if each.level >= DENY]
        if any(each.formula is True for each in mine):
            return None
        ruled_out: list[Objection] = []
        while True:
            new: list[Objection] = []
            is_open = False
            for arguments in find_arguments(all_of(each.passed for each in ruled_out), situation):
                self._deadline.check()
                execution = make(situation, arguments)
                decision = self._side.referee.decide(execution)
                if level(decision) < DENY:
                    return execution
                entries = {reason.entry for reason in decision.reasons if reason.counts}
                new = [each for each in mine if each.entry in entries and each not in ruled_out]
                if new:
                    break
                is_open = True
            if not new and is_open:
                raise NotDecided(f"no call of {situation.name} could be found that is let pass")
            if not new:
                return None
            ruled_out += new

    def may_be(self, situation: Situation) -> bool:
        """Whether there is one, for all that is known."""
        try:
            return self.of(situation) is not None
        except NotDecided:
            return True

    def some(self) -> Iterator[ToolExecution]:
        """Executions that the policy lets pass, or asks about: calls first, then others.

        Raises:
            `NotDecided`: In the end, if there may be others.
        """
        question = None
        for situation in sorted(self._side.objections, key=lambda each: (not each.is_call, each.kind == "operation")):
            try:
                execution = self.of(situation)
            except NotDecided as error:
                question = error
                continue
            if execution is not None:
                yield execution
        if question is not None:
            raise question
