"""Hooks for tests: one that records what it is asked and told, and answers what the test says."""

from collections.abc import Callable
from typing import Any

from smolagents import ToolExecution, ToolOutcome


class RecordingHook:
    """
    Records every call.

    Args:
        before: Gives the answer before an execution; no objection by default.
        after: Gives the answer after an execution; no objection by default.

    Attributes:
        asked: Executions that it was asked about, in order.
        told: Pairs of an execution and its outcome, in order.
    """

    def __init__(
        self,
        before: Callable[[ToolExecution], Any] = lambda execution: None,
        after: Callable[[ToolExecution, ToolOutcome], Any] = lambda execution, outcome: None,
    ):
        self.before, self.after = before, after
        self.asked: list[ToolExecution] = []
        self.told: list[tuple[ToolExecution, ToolOutcome]] = []

    def before_tool_execution(self, execution, /):
        self.asked.append(execution)
        return self.before(execution)

    def after_tool_execution(self, execution, outcome, /):
        self.told.append((execution, outcome))
        return self.after(execution, outcome)

    def names(self) -> list[str]:
        return [execution.name for execution in self.asked]

    def asked_about(self, name: str) -> ToolExecution:
        """The only execution of that name that it was asked about."""
        (execution,) = [execution for execution in self.asked if execution.name == name]
        return execution

    def outcome_of(self, name: str) -> ToolOutcome:
        """The outcome of the only execution of that name."""
        (outcome,) = [outcome for execution, outcome in self.told if execution.name == name]
        return outcome


def answering(answer: Any, *names: str) -> Callable[[ToolExecution], Any]:
    """What a hook answers about the executions of these names; it has no objection to others."""
    return lambda execution: answer if execution.name in names else None
