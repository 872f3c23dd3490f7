"""All limits of a policy, as one account that executions are booked on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from smolagents.hooks import ToolExecution

from .call_limit import CallLimit
from .decision import Reason
from .judge import called, is_final_answer
from .model import Policy


if TYPE_CHECKING:
    from smolagents.memory import ActionStep, PlanningStep


class Budgets:
    """
    Exact under any concurrency: what may be used up is reserved before an execution, and settled after it.

    Args:
        policy ([`Policy`]): The policy, with those that it extends. Each has an account of its own.
        clock (`Callable[[], float]`): The time, in seconds.
    """

    def __init__(self, policy: Policy, clock: Callable[[], float]):
        self._called = called(policy)
        limit = policy.limits.tool_calls
        self._call_limit = None if limit is None else CallLimit(limit)

    def begin_run(self, run_id: str) -> None:
        """A run begins, or an agent in it: the first time, its clock starts."""

    def end_run(self, run_id: str) -> None:
        """What `begin_run` was told of is over; with the outermost agent, what is known of the run is forgotten."""

    def reserve(self, execution: ToolExecution) -> list[Reason]:
        """Take a place for an execution in every limit, or say which have none left and take none."""
        return list(self._reasons(execution, reserve=True))

    def reached(self, execution: ToolExecution) -> list[Reason]:
        """Which limits have no place left for an execution. Takes none."""
        return list(self._reasons(execution, reserve=False))

    def settle(self, execution: ToolExecution, *, was_run: bool) -> None:
        """An execution is over. Its places stay taken if it was run, and are free again if it was not."""
        if self._call_limit is not None and _counts(execution):
            self._call_limit.settle(execution.run_id, execution.id, was_run=was_run)

    def refused(self, execution: ToolExecution) -> list[Reason]:
        """Note that an execution was refused. Reasons to stop, if that was so too often."""
        return []

    def deadline(self, execution: ToolExecution) -> float | None:
        """How many seconds an execution may take."""
        return None

    def add_step(self, run_id: str, step: ActionStep | PlanningStep) -> list[Reason]:
        """Book what a step used. Reasons to stop, if a limit is passed for good."""
        return []

    def waiting(self, run_id: str) -> AbstractContextManager[object]:
        """Context manager for the time in which a person is waited for, which counts for no limit."""
        return nullcontext()

    def _reasons(self, execution: ToolExecution, *, reserve: bool) -> Iterator[Reason]:
        limit = self._call_limit
        if limit is None or not _counts(execution):
            return
        if reserve and limit.reserve(execution.run_id, execution.id):
            return
        if not reserve and not limit.is_reached(execution.run_id):
            return
        message = f"this run has used all {limit.limit} calls that {self._called} grants it (limits.tool_calls)"
        yield Reason("deny", "limit_tool_calls", "limits.tool_calls", str(limit.limit), message)


def _counts(execution: ToolExecution) -> bool:
    """Whether an execution is a call that limits count: a delegation is one, a code action and the answer are not."""
    return execution.kind in ("tool", "agent") and not is_final_answer(execution)
