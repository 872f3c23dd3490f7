"""What in a policy has no effect: entries that can never match, that others cover, or that nothing can use.

An entry is told only if that is certain, with the entries that are why. The policies that a policy extends count as
others; what is in them is told when they are looked at themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ..conditions import Condition
from ..errors import excerpt, path_name
from ..fields import pattern_text
from ..model import Policy
from ..names import NameList
from ..rules import Rule
from .arguments import find_arguments
from .compare import SECONDS
from .logic import Formula, negated
from .objections import DENY, PASS, RuleFacts
from .search import Search, Side
from .situations import Situation, situations
from .undecided import NotDecided
from .values import forget
from .words import Deadline


Kind = Literal["never_matches", "covered", "unused"]


@dataclass(frozen=True, slots=True)
class Finding:
    """An entry without effect.

    Attributes:
        kind (`str`): `never_matches` for what no execution can match, `covered` for what others do anyway, `unused`
            for what allows something that is refused, or allowed, anyway.
        entry (`str`): The entry.
        message (`str`): Why, in a sentence.
        because_of (`tuple[str, ...]`): The entries that are why, if there are any.
    """

    kind: Kind
    entry: str
    message: str
    because_of: tuple[str, ...] = ()


def lint(policy: Policy, *, seconds: float = SECONDS) -> tuple[Finding, ...]:
    """The entries of a policy that have no effect, in the order of the language's keys.

    Args:
        policy ([`Policy`]): The policy. Those that it extends are taken into account.
        seconds (`float`): After how many seconds to give up. What is not found by then is not told.
    """
    forget()
    try:
        return tuple(_Linter(policy, Deadline(seconds)).findings())
    except NotDecided:  # There are too many names to tell apart
        return ()


class _Linter:
    def __init__(self, policy: Policy, deadline: Deadline):
        self._policy = policy
        self._deadline = deadline
        self._situations = situations((policy,))
        self._calls = [situation for situation in self._situations if situation.kind in ("tool", "agent")]
        self._side = Side(policy, self._situations)

    def findings(self) -> Iterator[Finding]:
        if self._policy.mode == "enforce":
            yield from self._denied_names()
            yield from self._allowed_names()
            yield from self._patterns()
        for rule in self._policy.rules:
            finding = self._rule(rule)
            if finding is not None:
                yield finding
        yield from self._operations()
        yield from self._limits()

    def _named(self, entry: str) -> frozenset[Situation]:
        names = NameList((entry,))
        return frozenset(each for each in self._calls if names.naming(each.name))

    def _denied_names(self) -> Iterator[Finding]:
        entries = self._policy.tools.deny
        for index, covering in _contained([self._named(entry) for entry in entries]):
            yield _covered(f"tools.deny[{index}]", entries[index], [f"tools.deny[{other}]" for other in covering])

    def _allowed_names(self) -> Iterator[Finding]:
        policy, entries = self._policy, self._policy.tools.allow
        named = [self._named(entry) for entry in entries]
        contained = dict(_contained(named))
        for index, entry in enumerate(entries):
            place, what = f"tools.allow[{index}]", f"{excerpt(entry)} changes nothing:"
            refusing = [self._refusing(situation) for situation in named[index]]
            if policy.default == "allow":
                yield Finding("unused", place, f"{what} `default` allows what is not named.", ("default",))
            elif refusing and all(refusing):
                because = tuple(sorted(set().union(*refusing)))
                yield Finding(
                    "unused", place, f"{what} all that it names is refused by {', '.join(because)}.", because
                )
            elif index in contained:
                yield _covered(place, entry, [f"tools.allow[{other}]" for other in contained[index]])

    def _refusing(self, situation: Situation) -> set[str]:
        """The entries that refuse whatever is called in a situation."""
        objections = self._side.objections[situation]
        return {each.entry for each in objections if each.formula is True and each.level >= DENY}

    def _patterns(self) -> Iterator[Finding]:
        patterns = self._policy.patterns
        gone: set[int] = set()
        for index, pattern in enumerate(patterns):
            others = tuple(each for number, each in enumerate(patterns) if number != index and number not in gone)
            numbers = [number for number in range(len(patterns)) if number != index and number not in gone]
            covering = self._covering(self._policy.model_copy(update={"patterns": others}), f"patterns[{index}]")
            if covering is not None:
                # So that of two that say the same one is told, and not both
                gone.add(index)
                places = {f"patterns[{here}]": f"patterns[{number}]" for here, number in enumerate(numbers)}
                yield _covered(
                    f"patterns[{index}]", pattern_text(pattern).text, [places.get(each, each) for each in covering]
                )

    def _rule(self, rule: Rule) -> Finding | None:
        entry = f"rules[{rule.id}]"
        facts = RuleFacts(rule, entry)
        about = [situation for situation in self._situations if facts.is_about(situation)]
        if not about:
            return Finding("never_matches", entry, "No execution is of its kind and has its name.")
        if not self._can_be(facts.matches, about):
            return Finding("never_matches", entry, "No arguments meet its conditions.")
        if self._policy.mode == "shadow":
            return None
        others = tuple(each for each in self._policy.rules if each.id != rule.id)
        without = self._policy.model_copy(update={"rules": others})
        if facts.level > PASS:
            covering = self._covering(without, entry)
            if covering is None or facts.grants and self._grants(without):
                return None
            return _covered(entry, rule.id, covering)
        if rule.action == "allow" and not self._grants(without):
            because = ("default",) if self._policy.default == "allow" else ()
            return Finding("unused", entry, "All that it allows is allowed, or refused, anyway.", because)
        return None

    def _can_be(self, formula: Formula, about: list[Situation]) -> bool:
        """Whether arguments may meet a formula in one of the situations."""
        for situation in {each.only_argument: each for each in about}.values():
            try:
                if next(find_arguments(formula, situation, self._deadline), None) is not None:
                    return True
            except NotDecided:
                return True
        return False

    def _covering(self, without: Policy, entry: str) -> list[str] | None:
        """The entries that do what an entry does, if the policy does the same without it."""
        entry = self._policy.entry(entry)
        search = Search(Side(without, self._situations), self._side, self._deadline, only=(entry,))
        if any(True for _ in search.witnesses()) or search.unknown:
            return None
        return sorted(search.covering or search.covering_all)

    def _grants(self, without: Policy) -> bool:
        """Whether the policy lets something happen that it would not without an entry, for all that is known."""
        other = Side(without, self._situations)
        only = {self._policy.entry(place) for place in ("default", "operations.default")}
        search = Search(self._side, other, self._deadline, only=only)
        return any(True for _ in search.witnesses()) or bool(search.unknown)

    def _operations(self) -> Iterator[Finding]:
        if self._policy.operations is None or self._policy.mode == "shadow":
            return
        for name, said in self._policy.operations.entries().items():
            if not isinstance(said, Condition):
                continue
            situation = next(each for each in self._situations if each.kind == "operation" and each.name == name)
            place = self._policy.entry(f"operations.{name}")
            formulas = [each.formula for each in self._side.objections[situation] if each.entry == place]
            if formulas and not self._can_be(negated(formulas[0]), [situation]):
                yield Finding("never_matches", place, "Nothing meets its condition, so it always refuses.")

    def _limits(self) -> Iterator[Finding]:
        limits = self._policy.limits
        if limits.tool_calls is None:
            return
        for name, limit in limits.per_tool.items():
            if limit >= limits.tool_calls:
                message = f"It is never reached: {limits.tool_calls} calls are all that there may be."
                yield Finding("covered", path_name(("limits", "per_tool", name)), message, ("limits.tool_calls",))


def _contained(named: list[frozenset[Situation]]) -> Iterator[tuple[int, list[int]]]:
    """The entries that name nothing that others do not name, with those others. Of two that are equal, the second."""
    for index, own in enumerate(named):
        others = [number for number, other in enumerate(named) if own <= other and (own != other or number < index)]
        if others:
            yield index, others[:1]


def _covered(entry: str, text: str, covering: list[str]) -> Finding:
    message = f"{excerpt(text)} changes nothing: what it is about is about {', '.join(covering)} too."
    return Finding("covered", entry, message, tuple(covering))
