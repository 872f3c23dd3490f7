"""All limits of a policy, as accounts that executions are booked on."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from smolagents.hooks import RunInfo, ToolExecution
from smolagents.memory import ActionStep
from smolagents.utils import AgentMaxStepsError

from .account import Account
from .call_digest import call_digest
from .decision import Decision, Reason
from .judge import is_final_answer
from .layer_limits import RUN_SECONDS, LayerLimits, Usage
from .limits import Limits
from .model import Policy
from .rates import Rates
from .run_clock import RunClock


if TYPE_CHECKING:
    from smolagents.memory import PlanningStep

# An agent in a run: its path, and the execution that it runs in
_AgentKey = tuple[tuple[str, ...], "str | None"]

# Steps that an agent has when nothing is left: one to find that out, as its calls are refused, and one to answer.
LAST_STEPS = 2

# A run's accounts take about a kilobyte. They are dropped when the run ends, but not every host tells of runs.
REMEMBERED_RUNS = 4096


@dataclass(frozen=True, slots=True)
class LimitWarning:
    """80 % of a limit are used.

    Attributes:
        run_id (`str`): The run in which that was noticed.
        entry (`str`): The limit, such as `limits.tool_calls`.
        used (`float`): How much is used: calls, tokens or seconds.
        limit (`float`): How much may be.
    """

    run_id: str
    entry: str
    used: float
    limit: float


class _Run:
    """What is known of a run that is not over."""

    __slots__ = ("clock", "accounts", "agents", "under_way", "last_steps", "warned", "is_over", "is_continued")

    def __init__(self, clock: RunClock, accounts: tuple[Account, ...]):
        self.clock = clock
        self.accounts = accounts  # One for each policy
        self.agents = 0  # That began to run and did not end
        self.under_way: dict[str, list[tuple[Account, str | None]]] = {}  # Places by the execution that has them
        self.last_steps: dict[_AgentKey, int] = {}  # How many steps each agent has left, once nothing else is
        self.warned: set[tuple[LayerLimits, str]] = set()
        self.is_over = False
        self.is_continued = False  # From a checkpoint

    @property
    def is_idle(self) -> bool:
        return not self.agents and not self.under_way


class Budgets:
    """
    Exact under any concurrency: what may be used up is reserved before an execution, and settled after it.

    An execution gets its places in all limits of all policies at once, or none. Rates come last, because a call that
    was noted in a store that others use cannot be taken back. Nothing foreign is called under the lock.

    Args:
        policy ([`Policy`]): The policy, with those that it extends. Each has accounts of its own.
        clock (`Callable[[], float]`): The time, in seconds.
        on_warning (`Callable[[LimitWarning], object]`, *optional*): Is told, once in each run or session, when 80 %
            of a limit of calls, tokens or seconds are used; and of a rate when that comes to be so.
        remembered_runs (`int`): How many runs are remembered whose end is not told. A run that pauses while that many
            others make calls starts again at zero, but one with a call or an agent under way is not forgotten.

    Raises:
        `PolicyError`: If the store of a policy needs a library that is not installed.
    """

    def __init__(
        self,
        policy: Policy,
        clock: Callable[[], float],
        on_warning: Callable[[LimitWarning], object] | None = None,
        remembered_runs: int = REMEMBERED_RUNS,
    ):
        self._sources = tuple(layer.source for layer in policy.layers)
        self._layers = tuple(LayerLimits(layer) for layer in policy.layers)
        self._rates = tuple(Rates(layer, clock) if layer.limits.rates else None for layer in policy.layers)
        self._has_rates = any(rates is not None for rates in self._rates)
        self._session = tuple(Account() for _ in self._layers)
        self._warned: set[tuple[LayerLimits, str]] = set()
        self._is_empty = not any(layer.limits != Limits() for layer in policy.layers)
        self._bounds_time = any(
            limit is not None
            for layer in policy.layers
            for limit in (layer.limits.call_seconds, layer.limits.run_seconds, layer.limits.tokens)
        )
        self._clock = clock
        self._on_warning = on_warning
        self._remembered_runs = remembered_runs
        self._lock = threading.Lock()
        self._runs: OrderedDict[str, _Run] = OrderedDict()

    def begin_run(self, run: RunInfo) -> list[Reason]:
        """An agent begins to run; with the outermost one, the run's clock starts. Reasons to stop it at once."""
        now = self._clock()
        with self._lock:
            booked = self._run(run.run_id, now)
            booked.agents += 1
            if not (reasons := self._used_up(booked, now)):
                return []
            is_continued = booked.is_continued and _is_outermost(run)
            if is_continued and booked.last_steps.setdefault(_agent_of(run), LAST_STEPS) > 0:
                return []
            booked.last_steps[_agent_of(run)] = LAST_STEPS
        return _stopping(reasons, "") if _is_outermost(run) else []

    def end_run(self, run: RunInfo) -> None:
        """What `begin_run` was told of is over; with the outermost agent, what is known of the run is forgotten."""
        with self._lock:
            booked = self._runs.get(run.run_id)
            if booked is not None:
                booked.agents -= 1
                if _is_outermost(run):
                    booked.is_over = True
                    self._forget_if_over(run.run_id, booked)

    def used(self, run_id: str) -> dict[str, Any] | None:
        """What a run has used, as JSON has it, for `use` in another process; `None` if it is not known.

        Calls that are under way count as made. Rates are not in it: they are of no run.
        """
        now = self._clock()
        with self._lock:
            run = self._runs.get(run_id)
            if run is None:
                return None
            last_steps = [[path, left] for (path, inside), left in run.last_steps.items() if inside is None]
            return {
                "seconds": run.clock.elapsed(now),
                "last_steps": last_steps,
                "layers": [
                    {
                        "source": source,
                        "warned": sorted(entry for warned, entry in (*run.warned, *self._warned) if warned is layer),
                        **account.to_data(),
                    }
                    for source, layer, account in zip(self._sources, self._layers, run.accounts)
                ],
            }

    def use(self, run_id: str, used: Mapping[str, Any]) -> None:
        """Book what a run had used that goes on from a checkpoint, before it begins."""
        now = self._clock()
        by_source = {layer["source"]: layer for layer in used["layers"]}
        with self._lock:
            run = self._run(run_id, now - used["seconds"])
            run.is_continued = True
            run.last_steps.update({(tuple(path), None): left for path, left in used["last_steps"]})
            for source, layer, account in zip(self._sources, self._layers, run.accounts):
                if (before := by_source.get(source)) is not None:
                    account.use(before)
                    warned = self._warned if layer.is_per_session else run.warned
                    warned.update((layer, entry) for entry in before["warned"])

    def reserve(self, execution: ToolExecution) -> list[Reason]:
        """Take a place for an execution in every limit, or say which have none left and take none."""
        if self._is_empty or not _counts(execution):
            return []
        now, high = self._clock(), list[Usage]()
        with self._lock:
            run = self._run(execution.run_id, now)
            if execution.id in run.under_way:
                return []
            found, reasons = [], list[Reason]()
            for layer, account in zip(self._layers, run.accounts):
                found.append(objections := layer.reached(account, run.clock, execution.name, now))
                reasons += objections
            if reasons and _refuse(reasons):
                return reasons
            run.under_way[execution.id] = places = []
            for layer, account, objections in zip(self._layers, run.accounts, found):
                # In a policy that only watches, there is no place for what it would have refused
                for allowance in layer.allowances(execution.name) if not objections else ():
                    account.calls[allowance.key] = account.calls.get(allowance.key, 0) + 1
                    places.append((account, allowance.key))
            high += self._newly_high(run, execution.name, now)
        for rates, objections in zip(self._rates, found) if self._has_rates else ():
            if rates is not None and not objections:
                full, usages = rates.take(execution.name)
                reasons += full
                high += usages
        if reasons and _refuse(reasons):
            self.settle(execution, was_run=False)
        if high:
            self._warn(execution.run_id, high)
        return reasons

    def assume(self, execution: ToolExecution, times: int) -> None:
        """Take so many places for executions that are only imagined, whether there are as many or not."""
        if not _counts(execution):
            return
        now = self._clock()
        with self._lock:
            for layer, account in zip(self._layers, self._run(execution.run_id, now).accounts):
                for allowance in layer.allowances(execution.name):
                    account.calls[allowance.key] = account.calls.get(allowance.key, 0) + times

    def reached(self, execution: ToolExecution) -> list[Reason]:
        """Which limits have no place left for an execution. Takes none."""
        if self._is_empty or not _counts(execution):
            return []
        now, name = self._clock(), execution.name
        with self._lock:
            run = self._runs.get(execution.run_id) or self._new_run(now)
            reasons = [
                reason
                for layer, account in zip(self._layers, run.accounts)
                for reason in layer.reached(account, run.clock, name, now)
            ]
        return reasons + [reason for rates in self._rates if rates is not None for reason in rates.reached(name)]

    def settle(self, execution: ToolExecution, *, was_run: bool) -> None:
        """An execution is over. Its places stay taken if it was run, and are free again if it was not."""
        if self._is_empty:
            return
        with self._lock:
            run = self._runs.get(execution.run_id)
            if run is None:
                return
            places = run.under_way.pop(execution.id, ())
            for account, key in () if was_run else places:
                account.calls[key] -= 1
            self._forget_if_over(execution.run_id, run)

    def refused(self, execution: ToolExecution) -> list[Reason]:
        """Note that an execution was refused. Reasons to stop, if the same one was refused too often."""
        if all(layer.limits.identical_denials is None for layer in self._layers):
            return []
        if (digest := call_digest(execution)) is None:
            return []
        now = self._clock()
        with self._lock:
            run = self._run(execution.run_id, now)
            return [
                reason
                for layer, account in zip(self._layers, run.accounts)
                for reason in layer.denied_again(account, digest)
            ]

    def deadline(self, execution: ToolExecution) -> float | None:
        """How many seconds an execution may take."""
        if execution.kind == "operation" or not self._bounds_time:
            return None
        now = self._clock()
        with self._lock:
            run = self._run(execution.run_id, now)
            bounds = [
                seconds
                for layer, account in zip(self._layers, run.accounts)
                if layer.counts
                for seconds in layer.seconds(account, run.clock, now, is_call=_counts(execution))
            ]
        return min(bounds, default=None)

    def add_step(self, run: RunInfo, step: ActionStep | PlanningStep) -> list[Reason]:
        """Book what a step used. Reasons to stop, if the agent has had its last steps with nothing left."""
        now, tokens = self._clock(), _tokens(step)
        with self._lock:
            booked = self._run(run.run_id, now)
            for account in booked.accounts:
                account.tokens += tokens or 0
                account.tokens_are_known &= tokens is not None
            high = self._newly_high(booked, None, now)
            reasons = self._used_up(booked, now)
            steps_left = self._steps_left(booked, run, step) if reasons else LAST_STEPS
        self._warn(run.run_id, high)
        # What ends the agent's run anyway needs no stop.
        if steps_left > 0 or not isinstance(step, ActionStep) or _is_end(step):
            return []
        return _stopping(reasons, ", and had its last steps to answer")

    @contextmanager
    def waiting(self, run_id: str) -> Iterator[None]:
        """Context manager for the time in which a person is waited for, which counts for no limit."""
        now = self._clock()
        with self._lock:
            clock = self._run(run_id, now).clock
            clock.pause(now)
        try:
            yield
        finally:
            now = self._clock()
            with self._lock:
                clock.resume(now)

    def _run(self, run_id: str, now: float) -> _Run:
        run = self._runs.get(run_id)
        if run is not None:
            self._runs.move_to_end(run_id)
            return run
        run = self._runs[run_id] = self._new_run(now)
        if len(self._runs) > self._remembered_runs:
            others = (other for other, known in self._runs.items() if known is not run and known.is_idle)
            if (forgotten := next(others, None)) is not None:
                del self._runs[forgotten]
        return run

    def _forget_if_over(self, run_id: str, run: _Run) -> None:
        # A call that was left behind and is refused after all still gives its place back, which may be of a session.
        if run.is_over and not run.under_way:
            del self._runs[run_id]

    def _new_run(self, now: float) -> _Run:
        accounts = (
            of_session if layer.is_per_session else Account() for layer, of_session in zip(self._layers, self._session)
        )
        return _Run(RunClock(now), tuple(accounts))

    def _used_up(self, run: _Run, now: float) -> list[Reason]:
        return [
            reason
            for layer, account in zip(self._layers, run.accounts)
            if layer.counts
            for reason in layer.used_up(account, run.clock, now)
        ]

    def _steps_left(self, run: _Run, agent: RunInfo, step: ActionStep | PlanningStep) -> int:
        """How many steps an agent has after this one, in a run in which nothing is left."""
        key = _agent_of(agent)
        before = run.last_steps.get(key, LAST_STEPS + 1)  # This step had begun before
        # A plan comes before the step that it is for
        after = before - 1 if isinstance(step, ActionStep) else min(before, LAST_STEPS)
        run.last_steps[key] = after
        return after

    def _newly_high(self, run: _Run, name: str | None, now: float) -> list[Usage]:
        high = []
        for layer, account in zip(self._layers, run.accounts):
            for usage in layer.high_usages(account, run.clock, name, now):
                is_of_run = not layer.is_per_session or usage.entry == RUN_SECONDS
                warned = run.warned if is_of_run else self._warned
                if (layer, usage.entry) not in warned:
                    warned.add((layer, usage.entry))
                    high.append(usage)
        return high

    def _warn(self, run_id: str, usages: list[Usage]) -> None:
        if self._on_warning is None:
            return
        for usage in usages:
            self._on_warning(LimitWarning(run_id, usage.entry, usage.used, usage.limit))


def _counts(execution: ToolExecution) -> bool:
    """Whether an execution is a call that limits count: a delegation is one, a code action and the answer are not."""
    return execution.kind in ("tool", "agent") and not is_final_answer(execution)


def _refuse(reasons: list[Reason]) -> bool:
    return bool(reasons) and Decision.of(reasons).is_refusal


def _agent_of(run: RunInfo) -> _AgentKey:
    return run.agent_path, run.parent_id


def _is_outermost(run: RunInfo) -> bool:
    return len(run.agent_path) == 1


def _stopping(reasons: list[Reason], clause: str) -> list[Reason]:
    return [replace(reason, action="stop", message=reason.message + clause) for reason in reasons]


def _is_end(step: ActionStep) -> bool:
    return step.is_final_answer or isinstance(step.error, AgentMaxStepsError)


def _tokens(step: ActionStep | PlanningStep) -> int | None:
    """The tokens of a step's model call; `None` if the model answered and does not say, or says what cannot be."""
    usage = step.token_usage
    counts = () if usage is None else (usage.input_tokens, usage.output_tokens)
    tokens = sum(counts)
    is_known = tokens > 0 or step.model_output_message is None
    return tokens if is_known and all(count >= 0 for count in counts) else None
