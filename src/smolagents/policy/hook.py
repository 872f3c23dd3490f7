"""The hook that makes a policy's decisions count."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

from smolagents.hooks import Deny, RunInfo, ToolExecution, ToolOutcome, current_run

from .approval import ApprovalRequest, Approver
from .approval_desk import ApprovalDesk, Verdict
from .attachment import Attachment, Check, Inventory, uncovered
from .audit.sinks import AuditSink
from .audit.trails import AuditTrails
from .budgets import Budgets, LimitWarning
from .decision import Decision, Reason
from .errors import PolicyError, excerpt
from .events import (
    ApprovalRequested,
    ApprovalResolved,
    Event,
    EventHandler,
    EventName,
    LimitWarned,
    Listeners,
    PolicyEvent,
)
from .judge import Judge
from .model import Policy


if TYPE_CHECKING:
    from smolagents.agents import MultiStepAgent
    from smolagents.memory import ActionStep, PlanningStep


# Codes of denials that say nothing about the next time: nobody has decided
_WITHOUT_ANSWER = ("no_approver", "approval_timeout", "approval_error", "approval_expired")
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
        check (`str`): What to do if the policy names what an agent does not have: `error` to refuse the agent, `warn`
            to log it, for a hook that several different agents share.
        audit_sinks (`Iterable[AuditSink]`): Where audit records go besides the file that the policy names, see
            `smolagents.policy.audit`.

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
        check: Check = "error",
        audit_sinks: Iterable[AuditSink] = (),
    ):
        if not isinstance(policy, Policy):
            hint = f" Write PolicyHook(Policy.load({policy!r}))." if isinstance(policy, str) else ""
            raise TypeError(f"PolicyHook needs a Policy and was given {type(policy).__name__}.{hint}")
        self.policy = policy
        self.kinds = policy.kinds if kinds is None else frozenset(kinds)
        self._policy_digest = policy.digest
        self._judge = Judge(policy, self.kinds)
        self._budgets = Budgets(policy, clock, on_warning=self._tell_warning)
        self._desk = ApprovalDesk(policy, approver, clock, self._tell_request, self._tell_verdict)
        self._attachment = Attachment(policy, check)
        self._listeners = Listeners()
        self._audit = AuditTrails(policy, audit_sinks)
        self._place = _Place()

    def on(self, event: str, handler: EventHandler, *, synchronous: bool = False) -> Callable[[], None]:
        """Call `handler` with every event of a name, or with all of them for `"*"`.

        Handlers are called in a thread of the hook, one after the other, in the order of the events; the interpreter
        does not exit before they were. If one raises, that is logged and changes nothing.

        Args:
            event (`str`): `policy_check`, `policy_violation` or `tool_call_blocked` (a [`PolicyEvent`]),
                `limit_warning` ([`LimitWarned`]), `approval_requested` ([`ApprovalRequested`]), `approval_resolved`
                ([`ApprovalResolved`]), or `*`.
            handler (`Callable`): Is called with the event.
            synchronous (`bool`): Call it in the thread that decides, which waits for it.

        Returns:
            `Callable[[], None]`: Ends the subscription.

        Raises:
            `ValueError`: If there is no such event.
        """
        return self._listeners.add(event, handler, synchronous)

    def flush(self, seconds: float | None = None) -> bool:
        """Wait until every handler was called with all events so far. `False` if that took longer than `seconds`."""
        return self._listeners.flush(seconds)

    def explain(self, execution: ToolExecution) -> Decision:
        """What the policy says about an execution now. Nothing is counted, nobody is asked or told."""
        return Decision.of([*self._judge.reasons(execution), *self._budgets.reached(execution)])

    def approve(self, digest: str, *, note: str | None = None, by: str | None = None) -> None:
        """Approve a call, once: the one that waits for an answer, or the next one with that digest.

        Until then, and at most `approvals.valid_seconds`, the approval is kept. Who was denied for want of an approval
        can repeat the call.

        Args:
            digest (`str`): The digest of the call, from its denial or from the event `approval_requested`.
            note (`str`, *optional*): A word on it, for the events.
            by (`str`, *optional*): Who approves.

        Raises:
            `ValueError`: If that is no digest.
        """
        self._desk.approve(digest, note=note, by=by)

    def check_agent(self, agent: MultiStepAgent, /) -> None:
        """Check that what the policy names exists: the host calls this when an agent with the hook is built.

        Raises:
            `PolicyError`: If the policy itself, those that it extends aside, names a tool, agent or argument that
                neither the agent has nor one that it manages.
        """
        self._attachment.attach(agent, is_its_own=any(hook is self for hook in agent.hooks))

    def uncovered(self, agent: MultiStepAgent) -> list[str]:
        """The tools and agents of an agent, and of those that it manages, that the policy does not name: for them
        `default` decides."""
        return uncovered(self.policy, Inventory.of(agent))

    def before_tool_execution(self, execution: ToolExecution, /) -> Deny | None:
        """Decide on an execution; a call that is let pass takes its place in the limits."""
        self._place.agent_path, self._place.step_number = execution.agent_path, execution.step_number
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
        if self._audit:
            decision = self._recorded(execution, decision)
        self._tell(execution, decision)
        return _denial(decision, execution)

    def after_tool_execution(self, execution: ToolExecution, outcome: ToolOutcome, /) -> Deny | None:
        """Settle what `before_tool_execution` reserved: a call that was refused by anyone was not made."""
        self._budgets.settle(execution, was_run=outcome.status != "denied")
        if outcome.denial is not None and outcome.denial.stop:
            self._desk.withdraw(execution.run_id)
        if self._audit:
            reasons = self._audit.record(lambda recorder: recorder.ended(execution, outcome))
            return _denial(Decision.of(reasons), execution)
        return None

    def deadline(self, execution: ToolExecution, /) -> float | None:
        """How many seconds an execution may take."""
        return self._budgets.deadline(execution)

    def before_run(self, run: RunInfo, /) -> Deny | None:
        """Start the clock of a run. One whose agent no longer fits the policy is stopped."""
        reasons = self._budgets.begin_run(run)
        if self._audit:
            reasons = [*reasons, *self._audit.record(lambda recorder: recorder.run_started(run))]
        stop = _stop(reasons)
        try:
            self._attachment.check_again(run.agent)
        except PolicyError as error:
            return Deny(f"The policy does not fit the agent: {error}", code="policy_mismatch", stop=True)
        return stop

    def after_step(self, step: ActionStep | PlanningStep, /) -> Deny | None:
        """Count what a step used."""
        run = current_run()
        if run is None:
            return None
        self._place.agent_path, self._place.step_number = run.agent_path, getattr(step, "step_number", 0)
        if self._audit:
            self._audit.record(lambda recorder: recorder.step(run, step))
        stop = _stop(self._budgets.add_step(run, step))
        if stop is not None:
            self._desk.withdraw(run.run_id)
        return stop

    def after_run(self, run: RunInfo, error: BaseException | None, /) -> None:
        """Forget a run that is over."""
        if self._audit:
            self._audit.record(lambda recorder: recorder.run_finished(run, error))
        self._budgets.end_run(run)
        if run.parent_id is None:
            self._desk.withdraw(run.run_id)

    def _recorded(self, execution: ToolExecution, decision: Decision) -> Decision:
        """The decision once it is in the audit trail. What cannot be recorded is refused, unless a policy lets it."""
        reasons = self._audit.record(lambda recorder: recorder.decided(execution, decision))
        return Decision.of([*decision.reasons, *reasons]) if reasons else decision

    def _tell(self, execution: ToolExecution, decision: Decision) -> None:
        def event(name: EventName) -> Event:
            return PolicyEvent(decision=decision, **self._about(name, execution))

        self._listeners.tell("policy_check", event)
        if decision.shadow_action in ("deny", "stop"):
            self._listeners.tell("policy_violation", event)
        if decision.is_refusal:
            self._listeners.tell("tool_call_blocked", event)

    def _tell_request(self, request: ApprovalRequest) -> None:
        if self._audit:
            self._audit.record(lambda recorder: recorder.approval_requested(request))

        def event(name: EventName) -> Event:
            return ApprovalRequested(request=request, **self._about(name, request.execution))

        self._listeners.tell("approval_requested", event)

    def _tell_verdict(self, request: ApprovalRequest, verdict: Verdict) -> None:
        if self._audit:
            self._audit.record(lambda recorder: recorder.approval_resolved(request, verdict))

        def event(name: EventName) -> Event:
            return ApprovalResolved(
                request=request,
                approved=verdict.approved,
                code=verdict.code,
                by=verdict.by,
                note=verdict.note,
                always=verdict.always,
                seconds=verdict.seconds,
                **self._about(name, request.execution),
            )

        self._listeners.tell("approval_resolved", event)

    def _tell_warning(self, warning: LimitWarning) -> None:
        def event(name: EventName) -> Event:
            return LimitWarned(
                name=name,
                run_id=warning.run_id,
                agent_path=self._place.agent_path,
                step_number=self._place.step_number,
                policy_name=self.policy.name,
                policy_digest=self._policy_digest,
                entry=warning.entry,
                used=warning.used,
                limit=warning.limit,
            )

        self._listeners.tell("limit_warning", event)

    def _about(self, name: EventName, execution: ToolExecution) -> dict[str, Any]:
        """What events about an execution have in common."""
        return dict(
            name=name,
            execution=execution,
            run_id=execution.run_id,
            agent_path=execution.agent_path,
            step_number=execution.step_number,
            policy_name=self.policy.name,
            policy_digest=self._policy_digest,
        )


class _Place(threading.local):
    """Where the agent is that something is being booked for in this thread."""

    agent_path: tuple[str, ...] = ()
    step_number: int = 0


def _stop(reasons: list[Reason]) -> Deny | None:
    decision = Decision.of(reasons)
    if not decision.is_refusal:
        return None
    return Deny(decision.explain("The run", "").rstrip(), code=decision.code, stop=True)


def _denial(decision: Decision, execution: ToolExecution) -> Deny | None:
    if not decision.is_refusal:
        return None
    reason = decision.explain(_subject(execution), _advice(decision))
    return Deny(reason, code=decision.code, stop=decision.action == "stop")


def _subject(execution: ToolExecution) -> str:
    if execution.kind == "code":
        return "The code"
    return f"{_SUBJECTS.get(execution.kind, 'The execution')} {excerpt(execution.name)}"


def _advice(decision: Decision) -> str:
    if decision.code == "limit_rate":
        return "Later there is room for it again."
    if decision.code in ("limit_tool_calls", "limit_tokens", "limit_run_seconds"):
        return "Every further call in this run will be refused too. Give a final answer with what you have."
    if decision.code in _WITHOUT_ANSWER:
        return "Do not repeat the call unless you are told that it was approved."
    return "The same call will be refused again, so do not repeat it."
