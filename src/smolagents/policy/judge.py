"""What a policy says about an execution, from the execution alone: no counts, no clock, nobody is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

from smolagents.hooks import ToolExecution

from .decision import Decision, Reason
from .errors import excerpt
from .fields import pattern_text
from .leaves import Arguments, leaves_of_code
from .matcher import Match, Matcher
from .model import Policy
from .names import NameList
from .operation_tests import OperationTests
from .rule_tests import RuleTests


if TYPE_CHECKING:
    from .intent_tests import IntentTests
    from .intents import Intent


FINAL_ANSWER = "final_answer"
# Names come from the model, which may make them up. An agent has fewer tools than this.
_REMEMBERED_NAMES = 1024
# Whose action lets a call be made that nothing else allows
_GRANTS = ("allow", "warn", "ask")


def is_final_answer(execution: ToolExecution) -> bool:
    """Whether an execution gives the answer of a run."""
    return execution.kind == "tool" and execution.name == FINAL_ANSWER


class Judge:
    """
    Immutable, and safe to use from several threads.

    Args:
        policy ([`Policy`]): The policy, with those that it extends.
        kinds (`frozenset[str]`): The kinds of execution that are judged; all others are denied.
    """

    def __init__(self, policy: Policy, kinds: frozenset[str]):
        self._kinds = kinds
        self._layers = [_Layer(layer) for layer in policy.layers]
        # One set for all patterns, whichever policy they are of
        self._owners = [(layer, index) for layer in self._layers for index in range(len(layer.policy.patterns))]
        self._matcher = Matcher([layer.patterns[index] for layer, index in self._owners])
        self._intents = self._intents_of_layers()

    def decide(self, execution: ToolExecution) -> Decision:
        """What follows from every entry that applies, in the order of the policies and of the language's keys."""
        intent = self._intent_of(execution)
        return Decision.of(self._reasons(execution, intent), intent)

    def _intent_of(self, execution: ToolExecution) -> Intent | None:
        # A final answer is a text for a person: what it speaks of is not done.
        if not self._intents or execution.kind not in self._kinds or is_final_answer(execution):
            return None
        return self._intents[0][1].intent_of(execution)

    def _reasons(self, execution: ToolExecution, intent: Intent | None) -> list[Reason]:
        if execution.kind not in self._kinds:
            message = f"{self._layers[-1].called} does not judge executions of kind {excerpt(execution.kind)}"
            return [Reason("deny", "kind_not_judged", "default", "", message)]
        arguments = Arguments(execution.arguments)
        reasons: list[Reason] = []
        for layer in self._layers:
            reasons += layer.reasons(execution, arguments)
        looked_at = chain(arguments.values("*"), leaves_of_code(execution)) if self._owners else ()
        for match in self._matcher.find(looked_at):
            layer, index = self._owners[match.index]
            reasons.append(layer.pattern_reason(execution, match, index))
        if intent is not None:
            for layer, tests in self._intents:
                reasons += layer.as_counted(tests.reasons(intent))
        return reasons

    def _intents_of_layers(self) -> list[tuple[_Layer, IntentTests]]:
        """What those layers say about intents that say something."""
        speaking = [layer for layer in self._layers if any(layer.policy.intents.entries())]
        if not speaking:
            return []
        # Its parsers take long to import. Policies that do without intents do without them.
        from .intent_tests import IntentTests

        return [(layer, IntentTests(layer.policy.intents, layer.called)) for layer in speaking]


class _Layer:
    """One policy of those that decide together. Each decides for itself, and the most severe decision counts."""

    def __init__(self, policy: Policy):
        self.policy = policy
        self.called = called(policy)
        self.patterns = [pattern_text(pattern) for pattern in policy.patterns]
        self._allowed = NameList(policy.tools.allow)
        self._denied = NameList(policy.tools.deny)
        self._rules = RuleTests(policy.rules, self.called)
        self._operations = None if policy.operations is None else OperationTests(policy.operations, self.called)
        # An agent has few names and calls them often.
        self._about_name = lru_cache(_REMEMBERED_NAMES)(self._name_reasons)

    def reasons(self, execution: ToolExecution, arguments: Arguments) -> Iterable[Reason]:
        is_answer = is_final_answer(execution)
        rules = self._rules.reasons(execution, arguments, is_final_answer=is_answer)
        if execution.kind == "operation":
            return self.as_counted([*rules, *self._operation_reasons(execution, rules)])
        named = self._about_name(execution.kind, execution.name, is_answer)
        reasons = [*named, *rules]
        if execution.kind in ("tool", "agent") and not is_answer and self.policy.default == "deny":
            if not any(reason.action in _GRANTS or reason.code == "tool_denied" for reason in reasons):
                message = f"{self.called} does not allow it (tools.allow does not name it, and `default` is deny)"
                reasons.append(Reason("deny", "not_allowed", "default", "deny", message))
        reasons += self._opaque_reasons(arguments)
        return self.as_counted(reasons)

    def pattern_reason(self, execution: ToolExecution, match: Match, index: int) -> Reason:
        kind, text = self.patterns[index]
        entry = f"patterns[{index}]"
        message = f"{_place(execution, match)} what {self.called} forbids ({entry}, a {kind}: {excerpt(text)})"
        reason = Reason("deny", "pattern", entry, text, message, match.where, match.span, match.normalized)
        return next(iter(self.as_counted([reason])))

    def as_counted(self, reasons: Iterable[Reason]) -> Iterable[Reason]:
        """Reasons of this policy's entries, as the whole has them: with its file, and not counting in mode shadow."""
        counts = self.policy.mode == "enforce"
        if counts and not self.policy.source:
            return reasons
        return [replace(reason, entry=self.policy.entry(reason.entry), counts=counts) for reason in reasons]

    def _name_reasons(self, kind: str, name: str, is_answer: bool) -> tuple[Reason, ...]:
        reasons = []
        # `deny: ["*"]` is not about code and the final answer: a run that may not begin or end is no use to anyone.
        for index, entry in self._denied.naming(name, by_wildcards_alone=kind != "code" and not is_answer):
            message = f"{self.called} denies it by name (tools.deny: {excerpt(entry)})"
            reasons.append(Reason("deny", "tool_denied", f"tools.deny[{index}]", entry, message))
        for index, entry in self._allowed.naming(name) if kind != "code" else ():
            message = f"{self.called} allows it by name (tools.allow: {excerpt(entry)})"
            reasons.append(Reason("allow", "tool_allowed", f"tools.allow[{index}]", entry, message))
        return tuple(reasons)

    def _opaque_reasons(self, arguments: Arguments) -> Iterator[Reason]:
        """That nobody looked into some of the arguments, where that matters."""
        action = self.policy.opaque
        if action == "allow" and not self.patterns:
            return
        follows = f"which {self.called} denies" if action == "deny" else "so that patterns cannot look into it"
        for where, value in arguments.opaque():
            # Generated code may have given the type its name.
            message = f"{where} is no plain data but a {excerpt(value.type_name)}, {follows} (opaque)"
            yield Reason(action, "opaque", "opaque", action, message, where)

    def _operation_reasons(self, execution: ToolExecution, rules: Iterable[Reason]) -> Iterable[Reason]:
        if self._operations is None:
            return ()
        granting = (reason for reason in rules if reason.action in _GRANTS)
        is_granted = any(self._rules.is_about_operations(reason) for reason in granting)
        return self._operations.reasons(execution, is_granted=is_granted)


def called(policy: Policy) -> str:
    """What messages call a policy."""
    name = f" {excerpt(policy.name, 200)}" if policy.name else ""
    if policy.source:
        name += f" ({policy.source})" if name else f" {policy.source}"
    return f"the policy{name}"


def _place(execution: ToolExecution, match: Match) -> str:
    place = "it" if match.where == "arguments.code" and execution.kind == "code" else match.where
    disguise = ", disguised by look-alike or invisible characters or white space," if match.normalized else ""
    return f"{place} contains{disguise}"
