"""What a policy would have done: decisions one after the other, with limits, without running or asking anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from smolagents.hooks import RunInfo, ToolExecution
from smolagents.memory import AgentMemory

from .budgets import Budgets
from .decision import Decision, Reason
from .judge import Judge
from .model import Policy
from .recorded import RecordedCall, RecordedStep, Recording, from_memory


class Rehearsal:
    """
    Decides as a hook would, for executions that are only imagined, in the order in which they are given.

    What the policy asks a person about counts as approved, unless something else is said, and what is let pass as run.
    After a stop every further execution of that run is stopped too, as the host does it. Rates are counted here,
    whatever store the policy names.

    Args:
        policy ([`Policy`]): The policy, with those that it extends.
    """

    def __init__(self, policy: Policy):
        self._kinds = policy.kinds
        self._judge = Judge(policy, policy.kinds)
        self._counted = cast(Policy, _Counted(tuple(map(_with_store_in_memory, policy.layers))))
        self.begin()

    def begin(self) -> None:
        """Forget everything that was counted, and set the clock to 0."""
        self._now = 0.0
        self._budgets = Budgets(self._counted, lambda: self._now)
        self._begun: set[str] = set()
        self._stopped: dict[str, Reason] = {}

    def advance_to(self, time: float | None) -> None:
        """Set the clock to `time`, in seconds, unless it is past that already or the time is not known."""
        if time is not None:
            self._now = max(self._now, time)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds

    def decide(self, execution: ToolExecution, *, is_approved: bool = True) -> Decision:
        """The decision on an execution, which is then over.

        Args:
            execution (`ToolExecution`): The execution.
            is_approved (`bool`): What a person says who is asked about it.
        """
        self._begin(execution.run_id, execution.agent_path)
        if execution.run_id in self._stopped:
            return Decision.of([self._stopped[execution.run_id]])
        if execution.kind not in self._kinds:
            message = f"the policy says nothing about executions of kind {execution.kind}, so its hook is not asked"
            return Decision.of([Reason("allow", "kind_not_judged", "default", "", message)])
        decision = self._judge.decide(execution)
        is_refused = decision.is_refusal
        decision = decision.also(self._budgets.reached(execution) if is_refused else self._budgets.reserve(execution))
        if decision.action == "ask" and not is_approved:
            first = decision.determining[0]
            refused = Reason("deny", "not_approved", first.entry, first.text, "a person did not approve it")
            decision = decision.also([refused])
        if decision.is_refusal:
            decision = decision.also(self._budgets.refused(execution))
        self._budgets.settle(execution, was_run=not decision.is_refusal)
        self._note_stop(execution.run_id, decision)
        return decision

    def assume(self, execution: ToolExecution, times: int) -> None:
        """Count an execution as made so many times, without a decision. No rate counts it."""
        self._begin(execution.run_id, execution.agent_path)
        self._budgets.assume(execution, times)

    def deadline(self, execution: ToolExecution) -> float | None:
        """How many seconds an execution may take."""
        self._begin(execution.run_id, execution.agent_path)
        return self._budgets.deadline(execution)

    def end_step(self, ended: RecordedStep) -> None:
        """Count what a step used."""
        run = self._begin(ended.run_id, ended.agent_path)
        self._note_stop(ended.run_id, Decision.of(self._budgets.add_step(run, ended.step)))

    def _begin(self, run_id: str, agent_path: tuple[str, ...]) -> RunInfo:
        """Tell the limits of a run when it is first heard of: its clock starts."""
        # The outermost agent; there is none here, and limits do not look at it.
        outermost = RunInfo(agent=cast(Any, None), run_id=run_id, agent_path=agent_path[:1], parent_id=None)
        if run_id not in self._begun:
            self._begun.add(run_id)
            self._note_stop(run_id, Decision.of(self._budgets.begin_run(outermost)))
        return outermost

    def _note_stop(self, run_id: str, decision: Decision) -> None:
        if decision.action == "stop" and run_id not in self._stopped:
            first = decision.determining[0]
            message = f"the run was stopped before: {first.message}"
            self._stopped[run_id] = Reason("stop", "run_stopped", first.entry, first.text, message)


def replay(
    policy: Policy, recorded: Recording | AgentMemory | Sequence[dict[str, Any]]
) -> list[tuple[ToolExecution, Decision]]:
    """What a policy would have said about every execution of a recorded run. Nothing is executed, nobody is asked.

    Args:
        policy ([`Policy`]): The policy.
        recorded (`Recording`, `AgentMemory` or `list[dict]`): The run: what `recorded.load` read, `agent.memory`, or
            what `agent.memory.get_full_steps()` gives. Memory does not hold what generated code called.

    Raises:
        `PolicyError`: If `recorded` is not the memory of an agent.
    """
    recording = recorded if isinstance(recorded, Recording) else from_memory(recorded)
    rehearsal = Rehearsal(policy)
    decisions = []
    for event in recording.events:
        rehearsal.advance_to(event.time)
        if isinstance(event, RecordedCall):
            decisions.append((event.execution, rehearsal.decide(event.execution)))
        else:
            rehearsal.end_step(event)
    return decisions


@dataclass(frozen=True)
class _Counted:
    """What limits need to know of a policy."""

    layers: tuple[Policy, ...]


def _with_store_in_memory(policy: Policy) -> Policy:
    # What is imagined must use up nothing of what a fleet of machines shares.
    return policy.model_copy(update={"limits": policy.limits.model_copy(update={"store": "memory://"})})
