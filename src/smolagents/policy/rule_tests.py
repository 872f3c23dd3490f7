"""Rules, compiled: which of them match an execution, and what each says about it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from smolagents.hooks import ToolExecution

from .condition_tests import Found, compile_condition, find
from .decision import Reason
from .errors import excerpt
from .leaves import Arguments
from .names import NameList
from .rules import Rule


# Names come from the model, which may make them up. An agent has fewer tools than this.
_REMEMBERED_NAMES = 1024


class RuleTests:
    """The rules of one policy. Immutable, and safe to use from several threads.

    Args:
        rules (`tuple[Rule, ...]`): The rules, in the order of the policy.
        called (`str`): What messages call the policy.
    """

    def __init__(self, rules: tuple[Rule, ...], called: str):
        self._rules = [_RuleTest(rule, called) for rule in rules]
        self._about_operations = frozenset(rule.entry for rule in self._rules if rule.rule.when.is_about_operations)
        # Most rules are about few tools: those that cannot match are left out once and for all.
        self._about = lru_cache(_REMEMBERED_NAMES)(self._find_about)

    def reasons(self, execution: ToolExecution, arguments: Arguments, *, is_final_answer: bool) -> Iterator[Reason]:
        """What each rule that matches says, in the order of the policy.

        Args:
            is_final_answer (`bool`): Whether it gives the answer of a run. A rule is about that if it names it other
                than by wildcards alone, or if it is about arguments.
        """
        for rule in self._about(execution.kind, execution.name, is_final_answer):
            reason = rule.reason(execution, arguments)
            if reason is not None:
                yield reason

    def is_about_operations(self, reason: Reason) -> bool:
        """Whether a reason is of a rule that speaks of operations, and not of just anything."""
        return reason.entry in self._about_operations

    def _find_about(self, kind: str, name: str, is_final_answer: bool) -> tuple[_RuleTest, ...]:
        return tuple(rule for rule in self._rules if rule.is_about(kind, name, is_final_answer=is_final_answer))


class _RuleTest:
    """One rule."""

    def __init__(self, rule: Rule, called: str):
        when = rule.when
        self.rule = rule
        self.entry = f"rules[{rule.id}]"
        self._kinds = when.kind
        self._names = None if when.name is None else NameList(when.name)
        self._agents = None if when.agent is None else NameList(when.agent)
        self._arguments = [(name, compile_condition(condition)) for name, condition in when.arguments.items()]
        self._called = called

    def is_about(self, kind: str, name: str, *, is_final_answer: bool) -> bool:
        """Whether it may match an execution of this kind and name."""
        if self._kinds is not None and kind not in self._kinds:
            return False
        if self._names is not None and not self._names.naming(name):
            return False
        if not is_final_answer or self._arguments:
            return True
        return self._names is not None and bool(self._names.naming(name, by_wildcards_alone=False))

    def reason(self, execution: ToolExecution, arguments: Arguments) -> Reason | None:
        """What it says about an execution that it is about, or `None` if it does not match."""
        # The agent that executes, which is the last one; the others have handed the work on.
        if self._agents is not None and not self._agents.naming(execution.agent_path[-1]):
            return None
        where: Found | None = None
        for name, test in self._arguments:
            found = find(test, arguments.values(name), self.rule.action)
            if found is None:
                return None
            where = where if where is not None and (where.span or not found.span) else found
        message = self._message(where)
        if where is None:
            return Reason(self.rule.action, "rule", self.entry, self.rule.id, message)
        return Reason(self.rule.action, "rule", self.entry, self.rule.id, message, *where)

    def _message(self, found: Found | None) -> str:
        rule = f"the rule {excerpt(self.rule.id, 200)} of {self._called}"
        place = f", {found.where}" if found is not None else ""
        if self.rule.reason is not None:
            return f"{self.rule.reason.rstrip('.')} ({rule}{place})"
        return f"{rule} applies to it ({self.rule.action}{place})"
