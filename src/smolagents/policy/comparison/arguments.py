"""Arguments of an execution for which a formula of objections is true, or that there are none.

Each value that is needed is looked for by itself. Where what an operation makes of an argument is looked at as well as
the argument, the two are first taken for one, as they are for texts, and then for two, which leaves out nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from ..operation_tests import SUBJECTS
from .facts import Finds
from .logic import Formula, Not, all_of, branches, negated, replaced
from .objections import EVERY, MARK, Empty, Some
from .situations import Situation
from .undecided import NotDecided
from .values import find_value
from .words import Deadline


Arguments = dict[str, Any]

_MAX_BRANCHES = 400
_FLAVOURS = ("plain", "joined", "folded")
_HAS_SPACE = Finds(" ")


def find_arguments(formula: Formula, situation: Situation, deadline: Deadline | None = None) -> Iterator[Arguments]:
    """Arguments for which a formula of `Some` and `Empty` facts is true, as plain data; for each way to meet it, one.

    They are proposals: what an operation makes of them, and the forms that a text has besides itself, is looked at by
    whoever runs them. If there are none, nothing meets the formula.

    Raises:
        `NotDecided`: In the end, if there may be others.
    """
    question: NotDecided | None = None
    alternatives = branches(_in_situation(formula, situation))
    for branch in itertools.islice(alternatives, _MAX_BRANCHES):
        if deadline is not None:
            deadline.check()
        try:
            found = _Branch(branch, situation, deadline).arguments()
        except NotDecided as error:
            question = question or error
            continue
        if found is not None:
            yield found
    if question is None and next(alternatives, None) is not None:
        question = NotDecided("it can be met in too many ways")
    if question is not None:
        raise question


def _in_situation(formula: Formula, situation: Situation) -> Formula:
    """The formula where there is one argument only and always the same."""
    only = situation.only_argument
    if only is None:
        return formula

    def value(fact: Formula) -> Formula:
        assert isinstance(fact, (Some, Empty))
        if fact.argument not in (EVERY, only):
            return isinstance(fact, Empty)
        if isinstance(fact, Empty):
            return Empty(only)
        return Some(only, fact.plain, fact.joined, fact.folded)

    return replaced(formula, value)


class _Branch:
    """Facts that all have to be true, or false."""

    def __init__(self, literals: Iterable[Formula], situation: Situation, deadline: Deadline | None):
        self._situation = situation
        self._deadline = deadline
        self._needs: dict[str, list[Some]] = {}
        self._never: dict[str, list[Some]] = {}
        self._empty: set[str] = set()
        filled: set[str] = set()
        for literal in literals:
            fact = literal.fact if isinstance(literal, Not) else literal
            if isinstance(fact, Some):
                found = self._never if isinstance(literal, Not) else self._needs
                found.setdefault(fact.argument, []).append(fact)
            else:
                assert isinstance(fact, Empty)
                (filled if isinstance(literal, Not) else self._empty).add(fact.argument)
        self._contradicts = bool(filled & self._empty)
        for argument in filled - set(self._needs):
            # That a program other than the command's has a name is no need of one.
            if not (argument == EVERY and self._needs) and not argument.endswith(2 * MARK):
                self._needs[argument] = [Some(argument, True)]

    def arguments(self) -> Arguments | None:
        if self._contradicts or any(argument in self._empty for argument in self._needs):
            return None
        if EVERY in self._empty and any(not argument.endswith(MARK) for argument in self._needs):
            return None
        found: dict[str, list[Any]] = {}
        question: NotDecided | None = None
        names = sorted(self._needs, key=lambda name: (name == EVERY, name))
        for group, needs in self._grouped(names):
            try:
                values = self._values(group, needs)
            except NotDecided as error:
                # Another need may have no value at all, which decides it.
                question = question or error
                continue
            if values is None:
                return None
            found[group] = values
        if question is not None:
            raise question
        return {name: _packed(values) for name, values in found.items()}

    def _grouped(self, names: list[str]) -> list[tuple[str, list[Some]]]:
        groups: dict[str, list[Some]] = {}
        for name in names:
            target = self._target() if name == EVERY else name.rstrip(MARK)
            groups.setdefault(target, []).extend(self._needs[name])
        return list(groups.items())

    def _target(self) -> str:
        """Which argument has what any may have: one that nothing else is asked of, if there is one."""
        situation = self._situation
        if situation.is_answer:
            usual = "answer"
        elif situation.is_code:
            usual = "code"
        elif situation.kind == "operation":
            usual = SUBJECTS[situation.name][0]
        else:
            usual = "text"
        taken = {name.rstrip(MARK) for name in (*self._needs, *self._never, *self._empty)}
        if usual not in taken or situation.only_argument is not None:
            return usual
        others = itertools.chain(("text", "value"), (f"value_{number}" for number in itertools.count(2)))
        return next(name for name in others if name not in taken)

    def _values(self, argument: str, needs: list[Some]) -> list[Any] | None:
        """Values for all needs: one, if one can be all of it, else one for each."""
        marked = {need.argument for need in needs if need.argument.endswith(MARK)}
        related = {argument, EVERY, *(name for name in self._never if name.rstrip(MARK) == argument)}
        try:
            if len(needs) > 1:
                together = find_value(
                    all_of([*(need.plain for need in needs), *self._negations(related, "plain")]),
                    False,
                    self._deadline,
                )
                if together is not None:
                    return [together.value]
            values = [self._value(need, related) for need in needs]
            if None not in values and not (marked and len(values) > 1):
                return [value[0] for value in values if value is not None]
        except NotDecided:
            pass
        # Each for itself, with what is certain to be about it only
        for need in needs:
            own = {need.argument} if need.argument.endswith(MARK) else {need.argument, EVERY}
            if self._value(need, own) is None:
                return None
        raise NotDecided("no arguments could be found for what several entries ask of the same argument")

    def _value(self, need: Some, about: set[str]) -> tuple[Any] | None:
        question: NotDecided | None = None
        for flavour in _FLAVOURS:
            wanted = getattr(need, flavour)
            if wanted is False or flavour == "folded" and not self._situation.is_code:
                continue
            formula = all_of([wanted, *self._negations(about, flavour)])
            if flavour == "joined":
                formula = all_of([formula, _HAS_SPACE])
            try:
                found = find_value(formula, flavour != "plain", self._deadline)
            except NotDecided as error:
                question = question or error
                continue
            if found is not None:
                return (_in_flavour(found.value, flavour),)
        if question is not None:
            raise question
        return None

    def _negations(self, about: set[str], flavour: str) -> list[Formula]:
        return [
            negated(getattr(fact, flavour)) for name, facts in self._never.items() if name in about for fact in facts
        ]


def _in_flavour(value: Any, flavour: str) -> Any:
    if flavour == "joined":
        first, _, rest = value.partition(" ")
        return [first, rest]
    if flavour == "folded":
        middle = len(value) // 2
        return f"{value[:middle]!r} + {value[middle:]!r}"
    return value


def _packed(values: list[Any]) -> Any:
    # Not side by side in one list: that would be looked at as a command line, too.
    return values[0] if len(values) == 1 else [[value] for value in values]
