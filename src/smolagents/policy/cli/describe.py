"""Calls, decisions and policies in words, and as data for programs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from smolagents.hook_arguments import freeze
from smolagents.hooks import ToolExecution

from ..decision import SEVERITY, Decision, Reason
from ..errors import Problem, excerpt
from ..leaves import Arguments, Leaf, leaves_of_code
from ..model import Policy
from ..operations import OPERATION_NAMES
from ..readable import literal
from .output import Output


if TYPE_CHECKING:
    from ..intents import Evidence


def call(execution: ToolExecution) -> str:
    """A call on one line, as people write calls."""
    if execution.kind == "code":
        return _cut(f"code {literal(execution.arguments.get('code'))}")
    arguments = ", ".join(f"{name}={literal(value)}" for name, value in execution.arguments.items())
    return _cut(f"{'' if execution.kind == 'tool' else execution.kind + ' '}{execution.name}({arguments})")


def _cut(text: str, length: int = 160) -> str:
    return text if len(text) <= length else text[: length - 3] + "..."


def verdict(decision: Decision) -> str:
    """The action, and what it would be if shadow policies counted."""
    if decision.shadow_action == decision.action:
        return decision.action
    return f"{decision.action} (mode shadow, else {decision.shadow_action})"


def write_decision(output: Output, execution: ToolExecution, decision: Decision, where: str = "") -> None:
    """Write a call with what is decided about it and every reason."""
    output.line((f"{verdict(decision):6}", decision.shadow_action), " ", call(execution), (where, "aside"))
    write_reasons(output, execution, decision)


def write_reasons(output: Output, execution: ToolExecution, decision: Decision) -> None:
    """Write every reason of a decision, the most severe first."""
    for reason in sorted(decision.reasons, key=lambda reason: -SEVERITY.index(reason.action)):
        aside = "" if reason.counts else " (mode shadow: does not count)"
        why = f" {reason.entry}: {reason.message}"
        output.line("    ", (f"{reason.action:5}", reason.action), why, (aside, "aside"))
        if reason.where is not None and reason.span is not None:
            output.line("          ", (_found(execution, reason), "aside"))
        for evidence in reason.evidence:
            output.line("          ", (evidence_line(evidence), "aside"))
    if not decision.reasons:
        output.line("    nothing in the policy objects")


def _leaves(execution: ToolExecution) -> Iterator[Leaf]:
    return chain(Arguments(execution.arguments).values("*"), leaves_of_code(execution))


def _found(execution: ToolExecution, reason: Reason) -> str:
    assert reason.span is not None
    start, end = reason.span
    place = f"found in {reason.where}, characters {start} to {end}"
    if reason.normalized:
        return f"{place} of its normal form"
    value = next((leaf.forms[0] for leaf in _leaves(execution) if leaf.where == reason.where), None)
    return place if type(value) is not str else f"{place}: {excerpt(value[start:end])}"


def evidence_line(evidence: Evidence) -> str:
    """What a rule found, and where."""
    line = f", line {evidence.line}" if evidence.line is not None else ""
    return (
        f"{evidence.rule} ({evidence.weight:g}), {evidence.explanation}: "
        f"found in {evidence.where}{line}: {excerpt(evidence.text)}"
    )


def evidence_data(evidence: Evidence) -> dict[str, Any]:
    """What a rule found, as data."""
    return {
        "rule": evidence.rule,
        "category": evidence.category.value,
        "weight": evidence.weight,
        "explanation": evidence.explanation,
        "where": evidence.where,
        "text": evidence.text,
        "line": evidence.line,
    }


def execution_data(execution: ToolExecution) -> dict[str, Any]:
    """A call as data."""
    return {
        "kind": execution.kind,
        "name": execution.name,
        "arguments": _plain(execution.arguments),
        "id": execution.id,
        "run_id": execution.run_id,
        "agent_path": list(execution.agent_path),
        "step_number": execution.step_number,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else literal(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return literal(value)  # JSON has no such numbers
    return value if value is None or isinstance(value, (str, bool, int, float)) else literal(value)


def decision_data(decision: Decision) -> dict[str, Any]:
    """A decision as data."""
    return {
        "action": decision.action,
        "shadow_action": decision.shadow_action,
        "code": decision.code,
        "reasons": [
            {
                "action": reason.action,
                "code": reason.code,
                "entry": reason.entry,
                "text": reason.text,
                "message": reason.message,
                "where": reason.where,
                "span": None if reason.span is None else list(reason.span),
                "normalized": reason.normalized,
                "counts": reason.counts,
                "evidence": [*map(evidence_data, reason.evidence)],
            }
            for reason in decision.reasons
        ],
    }


def problem_data(problem: Problem) -> dict[str, Any]:
    """A problem as data."""
    return {
        "file": problem.source,
        "line": problem.line,
        "column": problem.column,
        "path": problem.path,
        "message": problem.message,
    }


def summary(policy: Policy) -> Iterator[str]:
    """What a policy says, in a few lines."""
    name = excerpt(policy.name) if policy.name else "without a name"
    mode = "enforced" if policy.mode == "enforce" else "shadow: reports and refuses nothing"
    yield f"{name}, {mode}, digest {policy.digest[:16]}"
    if len(policy.layers) > 1:
        parents = [excerpt(layer.name) if layer.name else "one without a name" for layer in policy.layers[:-1]]
        yield f"extends: {', '.join(parents)}; each decides too, and what one denies is denied"
    rest = "denied" if policy.default == "deny" else "allowed"
    tools = policy.tools
    yield f"tools and agents: {_names('allowed', tools.allow)}; {_names('denied', tools.deny)}; others {rest}"
    if policy.patterns:
        yield f"patterns: {len(policy.patterns)} that no call and no code may contain"
    if policy.rules:
        actions = Counter(rule.action for rule in policy.rules)
        yield "rules: " + ", ".join(f"{actions[action]} {action}" for action in SEVERITY if actions[action])
    if policy.operations is not None:
        yield f"operations: {_operations(policy)}"
    if intents := policy.intents.to_data():
        yield f"intents: {_keys(intents)}"
    if (checkpoints := policy.checkpoints_in_effect) is not None:
        yield f"checkpoints: every {checkpoints.every} steps, in {excerpt(checkpoints.path)}"
    yield f"limits: {_keys(policy.limits.to_data()) or 'none'}"


def _keys(section: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {literal(freeze(value))}" for key, value in section.items())


def _names(word: str, names: tuple[str, ...]) -> str:
    if not names:
        return f"none {word}"
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"{word} {', '.join(names[:5])}{more}"


def _operations(policy: Policy) -> str:
    assert policy.operations is not None
    given = policy.operations.to_data()
    default = given.pop("default", "deny")
    entries = [f"{name} {_condition(given[name])}" for name in OPERATION_NAMES if name in given]
    return ", ".join([*entries, f"others {default}"])


def _condition(entry: Any) -> str:
    if isinstance(entry, str):
        return entry
    words = " and ".join(f"{key} {literal(freeze(value))}" for key, value in entry.items())
    return f"if {_cut(words, 60)}"
