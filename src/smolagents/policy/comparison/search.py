"""Executions that one policy lets happen more freely than another, with no history: found, or that there are none.

Every objection of the tighter policy is taken in turn: is there something it objects to, and the other policy does
not? An execution that it objects to is made up and shown to the other policy. If that objects as well, what it says is
ruled out, and the next execution is made up; until there is a witness, or nothing is left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from ..model import Policy
from ..normalize import forms, normalize
from .arguments import Arguments, find_arguments
from .logic import Formula, all_of
from .objections import ASK, STOP, Objection, Objections
from .situations import Situation
from .undecided import NotDecided
from .witnesses import Referee, Witness, level, make
from .words import Deadline


_MAX_ROUNDS = 100
_LONGEST_VARIED = 60  # characters


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that could not be decided.

    Attributes:
        entry (`str`): The entry of a policy that is why.
        because (`str`): What about it, as a clause.
    """

    entry: str
    because: str


class Side:
    """One of the two policies: what it objects to in each situation, and its engine.

    Args:
        policy ([`Policy`]): The policy.
        situations (`Iterable[Situation]`): The situations that are looked at.
    """

    def __init__(self, policy: Policy, situations: Iterable[Situation]):
        self.policy = policy
        self.layers = tuple(layer for layer in policy.layers if layer.mode == "enforce")
        self.referee = Referee(policy)
        objections = Objections(policy)
        self.objections = {situation: objections.of(situation) for situation in situations}


class _Objecting:
    """What the freer policy objects to in a situation, at some level or a more severe one."""

    def __init__(self, objections: list[Objection], least: int):
        self.least = least
        self.objections = [each for each in objections if each.level >= least]
        self.keys = {each.key for each in self.objections}
        self._by_formula: dict[Formula, set[str]] = {}
        for each in self.objections:
            self._by_formula.setdefault(each.formula, set()).add(each.entry)

    def same(self, formula: Formula) -> set[str]:
        """The entries that object to all of it, for all to see."""
        return self._by_formula.get(formula, set()) | self._by_formula.get(True, set())


class Search:
    """
    Looks for what the policy of `free` lets happen more freely than that of `tight`.

    Args:
        deadline ([`Deadline`]): When to give up.
        is_self (`bool`): What witnesses say of the freer policy.
        only (`Collection[str]`, *optional*): The entries of the tighter policy that are looked at; all by default.

    Attributes:
        unknown (`dict[Unknown, None]`): What was not decided, after all witnesses were asked for.
        covering (`set[str]`): The entries of the freer policy that object to what was looked at.
        covering_all (`set[str]`): Those that object to the same, or to all that there may be where it was looked at.
    """

    def __init__(
        self, free: Side, tight: Side, deadline: Deadline, is_self: bool = True, only: Collection[str] | None = None
    ):
        self._free, self._tight = free, tight
        self._deadline = deadline
        self._is_self = is_self
        self._only = only
        self.unknown: dict[Unknown, None] = {}
        self.covering: set[str] = set()
        self.covering_all: set[str] = set()

    def witnesses(self) -> Iterator[Witness]:
        """Witnesses, one at most for each objection."""
        shown: set[str] = set()
        seen: set[object] = set()
        covered: dict[tuple[object, ...], list[tuple[tuple[object, ...], ...]]] = {}
        for situation in self._free.objections:
            mine, theirs = self._free.objections[situation], self._tight.objections[situation]
            kind = (
                frozenset(each.key for each in mine),
                frozenset(each.key for each in theirs),
                situation.is_code,
                situation.only_argument,
                situation.kind == "operation" and situation.name,
            )
            if kind in seen:
                continue
            seen.add(kind)
            objecting = {least: _Objecting(mine, least) for least in range(ASK, STOP + 1)}
            may_ask = any(each.level == ASK for each in mine)
            for objection in theirs:
                if objection.entry in shown or self._only is not None and objection.entry not in self._only:
                    continue
                for least in range(ASK, objection.level + 1):
                    if least == ASK and objection.level > ASK and not may_ask:
                        continue  # The same as the next
                    witness = self._beyond(situation, objection, objecting[least], covered)
                    if witness is not None:
                        shown.add(objection.entry)
                        yield witness
                        break

    def _beyond(
        self,
        situation: Situation,
        objection: Objection,
        mine: _Objecting,
        covered: dict[tuple[object, ...], list[tuple[tuple[object, ...], ...]]],
    ) -> Witness | None:
        """An execution that the objection is about, and that the freer policy leaves freer than that level."""
        if same := mine.same(objection.formula):
            self.covering_all |= same
            return None
        least = mine.least
        for used in covered.get((objection.key, least, situation.only_argument), ()):
            if mine.keys.issuperset(used):
                return None
        ruled_out: list[Objection] = []
        try:
            witness = self._search(situation, objection, least, mine.objections, ruled_out)
        except NotDecided as error:
            self.unknown[Unknown(objection.entry, str(error))] = None
            return None
        if witness is None:
            self.covering.update(each.entry for each in ruled_out)
            covered.setdefault((objection.key, least, situation.only_argument), []).append(
                tuple(each.key for each in ruled_out)
            )
        return witness

    def _search(
        self, situation: Situation, objection: Objection, least: int, mine: list[Objection], ruled_out: list[Objection]
    ) -> Witness | None:
        for _ in range(_MAX_ROUNDS):
            formula: Formula = all_of([objection.formula, *(each.passed for each in ruled_out)])
            is_open = False
            for arguments in find_arguments(formula, situation, self._deadline):
                for execution in (make(situation, each) for each in _variants(arguments)):
                    freer, tighter = self._free.referee.decide(execution), self._tight.referee.decide(execution)
                    if level(freer) < level(tighter):
                        return Witness(execution, freer, tighter, objection.entry, is_allowed_by_self=self._is_self)
                    entries = {reason.entry for reason in freer.reasons if reason.counts}
                    new = [each for each in mine if each.entry in entries and each not in ruled_out]
                    if level(freer) >= least and new:
                        break
                else:
                    # It is not what the objection is about, or not only: look for something else.
                    is_open = True
                    continue
                # What is of the same kind says most, and says it shortest.
                ruled_out += [each for each in new if _section(each) == _section(objection)] or new
                break
            else:
                if is_open:
                    raise NotDecided("what was found to try it with is not what it is about in all its normal forms")
                return None
        raise NotDecided("it overlaps with too many entries of the other policy")


def _section(objection: Objection) -> str:
    return objection.entry.partition("[")[0]


# Each makes one character of some ASCII letters and signs before it, in the normal form of a text.
_MARKS = ("\u0307", "\u0301", "\u0323", "\u0338")


def _variants(arguments: Arguments) -> Iterator[Arguments]:
    """The arguments; and if a text in them has other forms, with marks in it that make these differ more."""
    yield arguments
    for name, value in arguments.items():
        if type(value) is str and len(forms(value)) > 1 and len(value) <= _LONGEST_VARIED:
            for index in range(len(value), 0, -1):
                for mark in _MARKS:
                    if len(normalize(value[index - 1] + mark)) == 1:
                        yield {**arguments, name: value[:index] + mark + value[index:]}
