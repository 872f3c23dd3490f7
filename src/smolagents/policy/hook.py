"""The hook that makes a policy's decisions count."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from smolagents.hooks import Deny, RunInfo, ToolExecution, ToolExecutionStopped, ToolOutcome, current_run

from .approval import ApprovalRequest, Approver
from .approval_desk import ApprovalDesk, Verdict
from .attachment import Attachment, Check, Inventory, uncovered
from .audit.sinks import AuditSink
from .audit.trails import AuditTrails
from .budgets import REMEMBERED_RUNS, Budgets, LimitWarning
from .checkpoints import used
from .checkpoints.checkpoint import Checkpoint
from .checkpoints.writer import CheckpointWriter, Failed, Written
from .decision import Decision, Reason
from .errors import PolicyError, excerpt
from .events import (
    ApprovalRequested,
    ApprovalResolved,
    CheckpointCreated,
    CheckpointFailed,
    Event,
    EventHandler,
    EventName,
    LimitWarned,
    Listeners,
    PolicyEvent,
    RunFinished,
    RunStarted,
    RunStopped,
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
        policy_digest (`str`): The digest of that policy.
        budgets (`Budgets`): What runs have used of the limits.
        checkpoints (`CheckpointWriter`, *optional*): Writes the checkpoints that the policy wants.
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
        self.policy_digest = policy.digest
        self._judge = Judge(policy, self.kinds)
        self.budgets = Budgets(policy, clock, on_warning=self._tell_warning)
        self._desk = ApprovalDesk(policy, approver, clock, self._tell_request, self._tell_verdict)
        self._attachment = Attachment(policy, check)
        settings = policy.checkpoints_in_effect
        self.checkpoints: CheckpointWriter | None = None
        if settings is not None:
            self.checkpoints = CheckpointWriter(policy.name, self.policy_digest, settings, self._tell_checkpoint)
        # Agents that are about to continue a run.
        self._awaited: WeakKeyDictionary[MultiStepAgent, Checkpoint] = WeakKeyDictionary()
        self._stopped: OrderedDict[str, None] = OrderedDict()  # Runs of which that was told
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
                ([`ApprovalResolved`]), `run_started` ([`RunStarted`]), `run_stopped` ([`RunStopped`]), `run_finished`
                ([`RunFinished`]), `checkpoint_created` ([`CheckpointCreated`]), `checkpoint_failed`
                ([`CheckpointFailed`]), or `*`.
            handler (`Callable`): Is called with the event.
            synchronous (`bool`): Call it in the thread that decides, which waits for it.

        Returns:
            `Callable[[], None]`: Ends the subscription: after it no call begins, not even with events from before.

        Raises:
            `ValueError`: If there is no such event.
        """
        return self._listeners.add(event, handler, synchronous)

    def flush(self, seconds: float | None = None) -> bool:
        """Wait until every handler was called with all events so far. `False` if that took longer than `seconds`."""
        return self._listeners.flush(seconds)

    def close(self, seconds: float | None = None) -> bool:
        """Wait for the handlers of all events so far, force what was recorded to the disk as the policy says, and let
        the files of audit trails go. Also at the end of `with PolicyHook(policy) as hook:`.

        Nothing depends on it: no record waits to be written, and at the interpreter's exit the same happens. A closed
        hook still decides, and records: an agent that goes on with it is never without a guard, and the next record
        opens the file again, with all that is checked then. It can be closed again.

        Args:
            seconds (`float`, *optional*): How long to wait for handlers; by default until they are done.

        Returns:
            `bool`: `False` if handlers took longer.
        """
        is_done = self.flush(seconds)
        self._audit.close()
        return is_done

    def __enter__(self) -> PolicyHook:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def explain(self, execution: ToolExecution) -> Decision:
        """What the policy says about an execution now. Nothing is counted, nobody is asked or told."""
        return self._judge.decide(execution).also(self.budgets.reached(execution))

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
        place = self._place
        place.agent_path, place.step_number = execution.agent_path, execution.step_number
        decision = self._judge.decide(execution)
        # A call that is refused anyway takes no place, but if there is none left, that is a reason too.
        booked = self.budgets.reached(execution) if decision.is_refusal else self.budgets.reserve(execution)
        if booked:
            decision = decision.also(booked)
        if decision.action == "ask":
            with self.budgets.waiting(execution.run_id):
                decision = self._desk.decide(execution, decision)
        if decision.is_refusal:
            decision = decision.also(self.budgets.refused(execution))
        if self._audit:
            decision = self._recorded(execution, decision)
        self._tell(execution, decision)
        denial = _denial(decision, execution)
        if denial is not None or self.checkpoints is None:
            return denial
        return self.checkpoints.begin_execution(execution)

    def after_tool_execution(self, execution: ToolExecution, outcome: ToolOutcome, /) -> Deny | None:
        """Settle what `before_tool_execution` reserved: a call that was refused by anyone was not made."""
        self.budgets.settle(execution, was_run=outcome.status != "denied")
        if outcome.denial is not None and outcome.denial.stop:
            self._desk.withdraw(execution.run_id)
            self._tell_stop(outcome.denial, execution.run_id, execution.agent_path, execution.step_number)
        denial = None
        if self._audit:
            reasons = self._audit.record(lambda recorder: recorder.ended(execution, outcome))
            denial = _denial(Decision.of(reasons), execution)
        if self.checkpoints is not None:
            denial = self.checkpoints.end_execution(execution, outcome) or denial
        return denial

    def deadline(self, execution: ToolExecution, /) -> float | None:
        """How many seconds an execution may take."""
        return self.budgets.deadline(execution)

    def before_run(self, run: RunInfo, /) -> Deny | None:
        """Start the clock of a run. One whose agent no longer fits the policy is stopped."""
        continues = self._awaited.pop(run.agent, None)
        self._tell_start(run, continues)
        if continues is not None:
            used.use(run.agent, run.run_id, continues.budgets)
        reasons = self.budgets.begin_run(run)
        if self._audit:
            reasons = [*reasons, *self._audit.record(lambda recorder: recorder.run_started(run))]
        stop = _stop(reasons)
        if self.checkpoints is not None:
            stop = stop or self.checkpoints.begin_run(run, continues)
        try:
            self._attachment.check_again(run.agent)
        except PolicyError as error:
            stop = Deny(f"The policy does not fit the agent: {error}", code="policy_mismatch", stop=True)
        return self._tell_stop(stop, run.run_id, run.agent_path, 0)

    def after_step(self, step: ActionStep | PlanningStep, /) -> Deny | None:
        """Count what a step used."""
        run = current_run()
        if run is None:
            return None
        self._place.agent_path, self._place.step_number = run.agent_path, getattr(step, "step_number", 0)
        if self._audit:
            self._audit.record(lambda recorder: recorder.step(run, step))
        stop = _stop(self.budgets.add_step(run, step))
        if stop is not None:
            self._desk.withdraw(run.run_id)
        if self.checkpoints is not None:
            stop = self.checkpoints.end_step(run, step, is_stop=stop is not None) or stop
        return self._tell_stop(stop, run.run_id, run.agent_path, self._place.step_number)

    def after_run(self, run: RunInfo, error: BaseException | None, /) -> None:
        """Forget a run that is over."""
        if isinstance(error, ToolExecutionStopped):
            self._tell_stop(error.denial, run.run_id, run.agent_path, 0)
        if self.checkpoints is not None:
            self.checkpoints.end_run(run, error)
        if self._audit:
            self._audit.record(lambda recorder: recorder.run_finished(run, error))
        self._tell_end(run, error)
        self.budgets.end_run(run)
        if run.parent_id is None:
            self._desk.withdraw(run.run_id)
            self._stopped.pop(run.run_id, None)

    def await_run(self, agent: MultiStepAgent, checkpoint: Checkpoint) -> None:
        """The next run of an agent goes on from a checkpoint. [`restore`] says so, and sees to the rest."""
        self._awaited[agent] = checkpoint

    def _recorded(self, execution: ToolExecution, decision: Decision) -> Decision:
        """The decision once it is in the audit trail. What cannot be recorded is refused, unless a policy lets it."""
        reasons = self._audit.record(lambda recorder: recorder.decided(execution, decision))
        return decision.also(reasons) if reasons else decision

    def _tell(self, execution: ToolExecution, decision: Decision) -> None:
        if not self._listeners:
            return

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
            place = self._at(name, warning.run_id, self._place.agent_path, self._place.step_number)
            return LimitWarned(entry=warning.entry, used=warning.used, limit=warning.limit, **place)

        self._listeners.tell("limit_warning", event)

    def _tell_start(self, run: RunInfo, continues: Checkpoint | None) -> None:
        def event(name: EventName) -> Event:
            return RunStarted(
                parent_id=run.parent_id,
                continues=None if continues is None else continues.run_id,
                **self._at(name, run.run_id, run.agent_path, 0),
            )

        self._listeners.tell("run_started", event)

    def _tell_stop(
        self, denial: Deny | None, run_id: str, agent_path: tuple[str, ...], step_number: int
    ) -> Deny | None:
        """Tell, once, that a run is stopped. Returns the denial."""
        if denial is not None and run_id not in self._stopped:
            self._stopped[run_id] = None
            if len(self._stopped) > REMEMBERED_RUNS:  # Not every hook is told of the end of the outermost run
                self._stopped.popitem(last=False)

            def event(name: EventName) -> Event:
                place = self._at(name, run_id, agent_path, step_number)
                return RunStopped(code=str(denial.code), reason=str(denial.reason), **place)

            self._listeners.tell("run_stopped", event)
        return denial

    def _tell_end(self, run: RunInfo, error: BaseException | None) -> None:
        def event(name: EventName) -> Event:
            kind = None if error is None else type(error).__name__
            return RunFinished(parent_id=run.parent_id, error=kind, **self._at(name, run.run_id, run.agent_path, 0))

        self._listeners.tell("run_finished", event)

    def _tell_checkpoint(self, result: Written | Failed) -> None:
        def event(name: EventName) -> Event:
            place = self._at(name, result.run.run_id, result.run.agent_path, self._place.step_number)
            if isinstance(result, Failed):
                return CheckpointFailed(reason=result.reason, **place)
            return CheckpointCreated(path=result.path, checkpoint=result.checkpoint, **place)

        self._listeners.tell("checkpoint_failed" if isinstance(result, Failed) else "checkpoint_created", event)

    def _about(self, name: EventName, execution: ToolExecution) -> dict[str, Any]:
        """What events about an execution have in common."""
        place = self._at(name, execution.run_id, execution.agent_path, execution.step_number)
        return {**place, "execution": execution}

    def _at(self, name: EventName, run_id: str, agent_path: tuple[str, ...], step_number: int) -> dict[str, Any]:
        """What all events have in common."""
        return dict(
            name=name,
            run_id=run_id,
            agent_path=agent_path,
            step_number=step_number,
            policy_name=self.policy.name,
            policy_digest=self.policy_digest,
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
    if decision.code == "limit_store":
        return "Later the store may answer again."
    if decision.code in ("limit_tool_calls", "limit_tokens", "limit_run_seconds"):
        return "Every further call in this run will be refused too. Give a final answer with what you have."
    if decision.code in _WITHOUT_ANSWER:
        return "Do not repeat the call unless you are told that it was approved."
    return "The same call will be refused again, so do not repeat it."
