"""The hook that makes a policy's decisions count."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from smolagents.hooks import Deny, RunInfo, ToolExecution, ToolOutcome, current_run

from .approval_desk import ApprovalDesk, Approver
from .budgets import Budgets
from .decision import Decision, Reason
from .errors import excerpt
from .events import EventHandler, Listeners, PolicyEvent, PolicyEventName
from .judge import Judge
from .model import Policy


if TYPE_CHECKING:
    from smolagents.memory import ActionStep, PlanningStep


_SUBJECTS = {"tool": "The tool", "agent": "The agent", "operation": "The operation"}


class PolicyHook:
    """Asks a policy before every tool call, delegation and code action of the agents it is given to.

        agent = CodeAgent(tools=[...], model=model, hooks=[PolicyHook(Policy.load("policy.yaml"))])

    One hook may serve any number of agents, runs and threads. What it counts, it counts for each run with all its
    sub-agents, or for all its runs together if the policy's limits say so.

    Args:
        policy ([`Policy`]): What may be done.
        approver ([`Approver`], *optional*): Who is asked where the policy says `ask`. Without one that is a denial.
        clock (`Callable[[], float]`): The time in seconds, for limits and approvals.
        kinds (`Collection[str]`, *optional*): The kinds of execution to judge: by default tools, agents and code, and
            operations if the policy speaks of them. `{"code"}` for executors that run code elsewhere.

    Attributes:
        policy ([`Policy`]): The policy that it was made with.
        kinds (`frozenset[str]`): The kinds of execution that it judges.
    """

    def __init__(
        self,
        policy: Policy,
        approver: Approver | None = None,
        clock: Callable[[], float] = time.monotonic,
        kinds: Collection[str] | None = None,
    ):
        if not isinstance(policy, Policy):
            hint = f" Write PolicyHook(Policy.load({policy!r}))." if isinstance(policy, str) else ""
            raise TypeError(f"PolicyHook needs a Policy and was given {type(policy).__name__}.{hint}")
        self.policy = policy
        self.kinds = policy.kinds if kinds is None else frozenset(kinds)
        self._policy_digest = policy.digest
        self._judge = Judge(policy, self.kinds)
        self._budgets = Budgets(policy, clock)
        self._desk = ApprovalDesk(policy, approver, clock)
        self._listeners = Listeners()

    def on(self, event: str, handler: EventHandler) -> Callable[[], None]:
        """Call `handler` with every [`PolicyEvent`] of a name, or with all of them for `"*"`.

        The handler is called in the thread that decides, which waits for it. If it raises, that is logged and changes
        nothing.

        Args:
            event (`str`): `policy_check`, `policy_violation`, `tool_call_blocked`, or `*`.
            handler (`Callable`): Is called with the event.

        Returns:
            `Callable[[], None]`: Ends the subscription.

        Raises:
            `ValueError`: If there is no such event.
        """
        return self._listeners.add(event, handler)

    def explain(self, execution: ToolExecution) -> Decision:
        """What the policy says about an execution now. Nothing is counted, nobody is asked or told."""
        return Decision.of([*self._judge.reasons(execution), *self._budgets.reached(execution)])

    def before_tool_execution(self, execution: ToolExecution, /) -> Deny | None:
        """Decide on an execution; a call that is let pass takes its place in the limits."""
        reasons = self._judge.reasons(execution)
        # A call that is refused anyway takes no place, but if there is none left, that is a reason too.
        is_refused = Decision.of(reasons).is_refusal
        reasons += self._budgets.reached(execution) if is_refused else self._budgets.reserve(execution)
        decision = Decision.of(reasons)
        if decision.action == "ask":
            with self._budgets.waiting(execution.run_id):
                decision = self._desk.decide(execution, decision)
        if decision.is_refusal:
            decision = Decision.of([*decision.reasons, *self._budgets.refused(execution)])
        self._tell(execution, decision)
        if decision.is_refusal:
            reason = decision.explain(_subject(execution), _advice(decision))
            return Deny(reason, code=decision.code, stop=decision.action == "stop")
        return None

    def after_tool_execution(self, execution: ToolExecution, outcome: ToolOutcome, /) -> Deny | None:
        """Settle what `before_tool_execution` reserved: a call that was refused by anyone was not made."""
        self._budgets.settle(execution, was_run=outcome.status != "denied")
        return None

    def deadline(self, execution: ToolExecution, /) -> float | None:
        """How many seconds an execution may take."""
        return self._budgets.deadline(execution)

    def before_run(self, run: RunInfo, /) -> Deny | None:
        """Start the clock of a run."""
        return _stop(self._budgets.begin_run(run))

    def after_step(self, step: ActionStep | PlanningStep, /) -> Deny | None:
        """Count what a step used."""
        run = current_run()
        return None if run is None else _stop(self._budgets.add_step(run, step))

    def after_run(self, run: RunInfo, error: BaseException | None, /) -> None:
        """Forget a run that is over."""
        self._budgets.end_run(run)

    def _tell(self, execution: ToolExecution, decision: Decision) -> None:
        def event(name: PolicyEventName) -> PolicyEvent:
            return PolicyEvent(
                name=name,
                execution=execution,
                decision=decision,
                policy_name=self.policy.name,
                policy_digest=self._policy_digest,
            )

        self._listeners.tell("policy_check", event)
        if decision.shadow_action in ("deny", "stop"):
            self._listeners.tell("policy_violation", event)
        if decision.is_refusal:
            self._listeners.tell("tool_call_blocked", event)


def _stop(reasons: list[Reason]) -> Deny | None:
    decision = Decision.of(reasons)
    if not decision.is_refusal:
        return None
    return Deny(decision.explain("The run", "").rstrip(), code=decision.code, stop=True)


def _subject(execution: ToolExecution) -> str:
    if execution.kind == "code":
        return "The code"
    return f"{_SUBJECTS.get(execution.kind, 'The execution')} {excerpt(execution.name)}"


def _advice(decision: Decision) -> str:
    if decision.code == "limit_rate":
        return "Later there is room for it again."
    if decision.code in ("limit_tool_calls", "limit_tokens", "limit_run_seconds"):
        return "Every further call in this run will be refused too. Give a final answer with what you have."
    return "The same call will be refused again, so do not repeat it."
