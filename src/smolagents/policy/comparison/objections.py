"""What in a policy refuses an execution or asks about it, as formulas about its arguments.

The facts are: that some value of an argument is so (`Some`), and that an argument has no value (`Empty`). Policies in
the mode `shadow` have no objections.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import re2

from smolagents.operation_events import UNANNOUNCED_MODULES

from ..conditions import Condition
from ..decision import SEVERITY
from ..fields import Action, pattern_text
from ..model import Policy
from ..names import NameList, keys_naming
from ..operation_tests import SUBJECTS, literals
from ..rules import Rule
from .facts import Asked, Finds, IsOpaque, May, Must, finding
from .logic import Formula, all_of, any_of, negated
from .situations import Situation


# How free an execution is: it is let pass, a person is asked, it is refused, the run ends.
PASS, ASK, DENY, STOP = 0, 1, 2, 3
LEVELS: dict[Action, int] = {"allow": PASS, "warn": PASS, "ask": ASK, "deny": DENY, "stop": STOP}
assert set(LEVELS) == set(SEVERITY)

EVERY = "*"


@dataclass(frozen=True, slots=True)
class Some:
    """Fact: a value in an argument is so.

    Attributes:
        argument (`str`): The argument's name; `*` for any. With a mark at its end, what an operation makes of it.
        plain (`Formula`): What a value has to be;
        joined (`Formula`): or the texts of a list as a command line;
        folded (`Formula`): or a text that code makes of constants.
    """

    argument: str
    plain: Formula
    joined: Formula = False
    folded: Formula = False


@dataclass(frozen=True, slots=True)
class Empty:
    """Fact: an argument is missing, or has no value in it."""

    argument: str

    @property
    def is_last_resort(self) -> bool:
        """There are better examples than calls without arguments."""
        return True


# What is opaque is never the same, so that its denial is not counted as another one.
IS_REPEATABLE: Formula = negated(Some(EVERY, IsOpaque()))


@dataclass(frozen=True, slots=True)
class Objection:
    """One entry of a policy that objects to some executions.

    Attributes:
        entry (`str`): The entry, as reasons name it.
        level (`int`): How free what it objects to is, at most.
        formula (`Formula`): What it objects to.
        key (`tuple`): The same for objections that are the same in two situations.
        is_certain (`bool`): Whether it objects to all of that. Otherwise it may, for all that the formula says.
    """

    entry: str
    level: int
    formula: Formula = field(compare=False)
    key: tuple[object, ...] = ()
    is_certain: bool = True

    @property
    def passed(self) -> Formula:
        """What it does not object to; and more than that, if it is not certain."""
        return negated(self.formula) if self.is_certain else True


class Objections:
    """All objections of a policy.

    Args:
        policy ([`Policy`]): The policy, with those that it extends.
    """

    def __init__(self, policy: Policy):
        self._kinds = policy.kinds
        self._layers = [_Layer(layer) for layer in policy.layers if layer.mode == "enforce"]
        self._stops_at_once = any(layer.policy.limits.identical_denials == 1 for layer in self._layers)

    def of(self, situation: Situation) -> list[Objection]:
        """The objections that there may be in a situation."""
        found = [objection for layer in self._layers for objection in layer.always()]
        if situation.kind in self._kinds:
            found += [objection for layer in self._layers for objection in layer.objections(situation)]
        found = [objection for objection in found if objection.formula is not False]
        if self._stops_at_once:
            found += [
                replace(each, level=STOP, formula=all_of([each.formula, IS_REPEATABLE]), key=(*each.key, STOP))
                for each in found
                if each.level == DENY
            ]
        return found


class _Layer:
    def __init__(self, policy: Policy):
        self.policy = policy
        self._allowed = NameList(policy.tools.allow)
        self._denied = NameList(policy.tools.deny)
        self._per_tool = NameList(policy.limits.per_tool)
        self._rates = NameList(policy.limits.rates)
        self._rules = [RuleFacts(rule, policy.entry(f"rules[{rule.id}]")) for rule in policy.rules]
        # In code, what it makes of constants is looked at too.
        self._patterns: dict[bool, list[Objection]] = {False: [], True: []}
        for index, pattern in enumerate(policy.patterns):
            entry, formula = policy.entry(f"patterns[{index}]"), finding(*pattern_text(pattern))
            for is_code, objections in self._patterns.items():
                some = Some(EVERY, formula, formula, formula if is_code else False)
                objections.append(Objection(entry, DENY, some, (entry, is_code)))
        self._operations = {} if policy.operations is None else policy.operations.entries()

    def always(self) -> Iterator[Objection]:
        """What is about all that there is, also what the policy is not asked about: no run begins."""
        if self.policy.limits.tokens == 0:
            yield self._always("limits.tokens", STOP)

    def objections(self, situation: Situation) -> Iterator[Objection]:
        about = [rule for rule in self._rules if rule.is_about(situation)]
        for rule in about:
            if rule.level > PASS:
                yield Objection(rule.entry, rule.level, rule.matches, (rule.entry,))
        yield from self._patterns[situation.is_code]
        if situation.kind == "operation":
            yield from self._about_operation(situation, about)
            return
        # `deny: ["*"]` is not about code and the final answer.
        by_wildcards = situation.kind != "code" and not situation.is_answer
        if denied := self._denied.naming(situation.name, by_wildcards_alone=by_wildcards):
            yield self._always(f"tools.deny[{denied[0][0]}]")
        if situation.is_call:
            yield from self._about_call(situation, about)
        if self.policy.opaque == "deny":
            yield Objection(self.policy.entry("opaque"), DENY, Some(EVERY, IsOpaque()), ("opaque",))

    def _always(self, entry: str, level: int = DENY) -> Objection:
        return Objection(self.policy.entry(entry), level, True, (self.policy.entry(entry), level))

    def _about_call(self, situation: Situation, about: list[RuleFacts]) -> Iterator[Objection]:
        if self.policy.default == "deny" and not self._allowed.naming(situation.name):
            yield self._unless_granted("default", [rule for rule in about if rule.grants])
        limits = self.policy.limits
        if limits.tool_calls == 0:
            yield self._always("limits.tool_calls")
        for key in keys_naming(limits.per_tool, self._per_tool, situation.name):
            if limits.per_tool[key] == 0:
                yield self._always(f"limits.per_tool.{key}")
        for key in keys_naming(limits.rates, self._rates, situation.name):
            if int(limits.rates[key].partition("/")[0]) == 0:
                yield self._always(f"limits.rates.{key}")

    def _unless_granted(self, entry: str, granting: list[RuleFacts]) -> Objection:
        formula = all_of(negated(rule.matches) for rule in granting)
        return Objection(self.policy.entry(entry), DENY, formula, (self.policy.entry(entry), *granting))

    def _about_operation(self, situation: Situation, about: list[RuleFacts]) -> Iterator[Objection]:
        operations, name = self.policy.operations, situation.name
        if operations is None:
            return
        said = self._operations.get(name)
        entry = self.policy.entry(f"operations.{name}")
        if isinstance(said, str):
            yield Objection(entry, LEVELS[said], LEVELS[said] > PASS, (entry, said))
        elif isinstance(said, Condition):
            # Of `net.connect` names are looked up; `module.import` is of one module or another.
            yield Objection(entry, DENY, _not_allowed(name, Asked.of(said, name == "net.connect")), (entry, name))
            if name == "process.run":
                # In other surroundings than those of this process the same words are another command.
                elsewhere = any_of([Some("cwd", True), Some("env", True)])
                yield Objection(entry, DENY, elsewhere, (entry, "elsewhere"), is_certain=False)
        elif operations.default == "deny":
            granting = [rule for rule in about if rule.grants and rule.rule.when.is_about_operations]
            yield self._unless_granted("operations.default", granting)
        if name == "module.import" and operations.default == "deny":
            named = literals(said) if isinstance(said, Condition) else ()
            yield Objection(entry, DENY, _is_unannounced(frozenset(named)), (entry, "unannounced"))


class RuleFacts:
    """A rule: what it is about, and what its arguments have to be.

    Args:
        rule ([`Rule`]): The rule.
        entry (`str`): What reasons call it.
    """

    def __init__(self, rule: Rule, entry: str):
        when = rule.when
        self.rule = rule
        self.entry = entry
        self.level = LEVELS[rule.action]
        self.grants = rule.action in ("allow", "warn", "ask")
        self._names = None if when.name is None else NameList(when.name)
        self._agents = None if when.agent is None else NameList(when.agent)
        self.matches = all_of(
            _meets(name, Asked.of(condition), rule.action) for name, condition in when.arguments.items()
        )

    def is_about(self, situation: Situation) -> bool:
        """Whether it may match in a situation."""
        when = self.rule.when
        if when.kind is not None and situation.kind not in when.kind:
            return False
        if self._names is not None and not self._names.naming(situation.name):
            return False
        if self._agents is not None and not self._agents.naming(situation.agent):
            return False
        if not situation.is_answer or when.arguments:
            return True
        return self._names is not None and bool(self._names.naming(situation.name, by_wildcards_alone=False))


def _meets(argument: str, asked: Asked, action: Action) -> Formula:
    """That a condition about an argument matches; see `condition_tests.find`."""
    if action == "allow":
        return all_of([negated(Some(argument, negated(Must(asked)))), negated(Empty(argument))])
    return Some(argument, May(asked), False if _has_not(asked.condition) else Must(asked))


def _has_not(condition: Condition) -> bool:
    inner = (*(condition.any_ or ()), *(condition.all_ or ()))
    return condition.not_ is not None or any(map(_has_not, inner))


# What an operation is done to is made of its arguments: a command line of words, the target of a link.
_MADE = {("process.run", "command"), ("process.run", "executable"), ("file.rename", "source")}
MARK = "#"


def _not_allowed(name: str, asked: Asked) -> Formula:
    """That what an operation is done to does not meet an entry's condition."""
    parts: list[Formula] = []
    for subject in SUBJECTS[name]:
        argument = f"{subject}{MARK}" if (name, subject) in _MADE else subject
        parts.append(Some(argument, negated(Must(asked))))
        # The program is looked at only if it is another than the command says.
        parts.append(Empty(argument if subject != "executable" else f"{argument}{MARK}"))
    return any_of(parts)


def _is_unannounced(named: frozenset[str]) -> Formula:
    """That a module is imported that nobody is told of, and no entry names it. Of the argument as a whole."""
    modules = "|".join(map(re2.escape, sorted(UNANNOUNCED_MODULES)))
    finds: Formula = Finds(rf"\A(?:{modules})(?:\.(?s:.)*)?\z")
    if named:
        literal = Finds(rf"\A(?:{'|'.join(map(re2.escape, sorted(named)))})\z")
        finds = all_of([finds, negated(literal)])
    return Some(f"name{MARK}", finds)
