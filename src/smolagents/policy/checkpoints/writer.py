"""When a checkpoint is written, and what is in it.

Memory is whole at the end of a step of the outermost agent, and so are the variables of its programs: they are noted
there. What was used of the limits is that of the moment in which the checkpoint is written, so that a step that is
taken again after a crash is counted again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smolagents.hooks import Deny, RunInfo, ToolExecution, ToolOutcome
from smolagents.local_python_executor import LocalPythonExecutor
from smolagents.memory import ActionStep, TaskStep
from smolagents.utils import AgentMaxStepsError

from .checkpoint import Cause, Checkpoint
from .memory import MemoryWriter
from .plain import to_json
from .settings import CheckpointSettings
from .store import Store, later_than
from .used import used


if TYPE_CHECKING:
    from smolagents.agents import MultiStepAgent
    from smolagents.memory import PlanningStep

logger = logging.getLogger(__name__)

# Executions of an unfinished step that are named; a program can make as many as it likes.
_NAMED_EXECUTIONS = 200
# Of the evaluator, which makes them anew.
_VARIABLES_OF_THE_HOST = ("__name__", "_print_outputs", "_operations_count")


@dataclass(frozen=True, slots=True)
class Written:
    """A checkpoint of a run that is on the disk."""

    run: RunInfo
    checkpoint: Checkpoint
    path: Path


@dataclass(frozen=True, slots=True)
class Failed:
    """A checkpoint of a run that could not be written, and why."""

    run: RunInfo
    reason: str


@dataclass(slots=True)
class _Noted:
    """What was whole when the last step ended."""

    step_number: int
    content: dict[str, Any]
    left_out: list[str]
    variables_left_out: dict[str, str]
    managed_agents: list[dict[str, Any]]


@dataclass(slots=True)
class _Run:
    """An outermost run that is not over."""

    info: RunInfo
    run_id: str  # Of the run that it continues, or its own
    number: int
    time: datetime | None  # Of the last checkpoint
    noted: _Noted = field(init=False)
    memory: MemoryWriter = field(default_factory=MemoryWriter)
    steps: int = 0  # Since the last checkpoint
    executions: int = 0
    unfinished: dict[str, dict[str, Any]] = field(default_factory=dict)  # By the id of the execution
    is_closed: bool = False  # Stopped or answered: what follows belongs in no checkpoint
    lock: Any = field(default_factory=threading.Lock)


class CheckpointWriter:
    """
    Writes the checkpoints of a policy's hook.

    Args:
        name (`str`, *optional*): The policy's name.
        digest (`str`): The policy's digest.
        settings ([`CheckpointSettings`]): What the policy says about checkpoints.
        tell (`Callable[[Written | Failed], object]`): Is told of every checkpoint, and of every one that failed.

    Raises:
        `PolicyError`: If the key that the policy names is not there.
    """

    def __init__(
        self,
        name: str | None,
        digest: str,
        settings: CheckpointSettings,
        tell: Callable[[Written | Failed], object],
    ):
        self.store = Store(settings)
        self._name, self._digest = name, digest
        self._settings = settings
        self._tell = tell
        # An entry is there from the beginning of an outermost run to its end.
        self._runs: dict[str, _Run] = {}

    def begin_run(self, run: RunInfo, continues: Checkpoint | None) -> Deny | None:
        """A run begins, or goes on from a checkpoint. Only outermost runs have checkpoints."""
        if len(run.agent_path) > 1 or continues is None and not _has_new_task(run.agent):
            return None
        number, step_number, run_id = 0, 0, run.run_id
        if continues is not None:
            number, step_number, run_id = continues.number, continues.step_number, continues.run_id
        begun = _Run(run, run_id, number, None if continues is None else continues.time)
        try:
            begun.noted = _note(run.agent, step_number, begun.memory)
        except Exception as error:
            return self._fail(begun, error)
        self._runs[run.run_id] = begun
        return self._write(begun, "start")

    def has_run_of(self, agent: MultiStepAgent) -> bool:
        """Whether an agent is in the middle of a run."""
        return any(run.info.agent is agent for run in list(self._runs.values()))

    def begin_execution(self, execution: ToolExecution) -> Deny | None:
        """An execution is let pass, and has its place in the limits. Whatever comes of it, that place is used."""
        run = self._runs.get(execution.run_id)
        if run is None or execution.kind == "operation":
            return None
        with run.lock:
            if len(run.unfinished) < _NAMED_EXECUTIONS:
                run.unfinished[execution.id] = {
                    "kind": execution.kind,
                    "name": execution.name,
                    "agent_path": list(execution.agent_path),
                    "step_number": execution.step_number,
                    "status": "begun",
                }
            run.executions += execution.kind != "code"
            is_due = self._settings.executions is not None and run.executions >= self._settings.executions
        return self._write(run, "executions") if is_due else None

    def end_execution(self, execution: ToolExecution, outcome: ToolOutcome) -> Deny | None:
        """An execution ended, or was denied: a stop is about to end the run."""
        run = self._runs.get(execution.run_id)
        if run is None:
            return None
        with run.lock:
            if (unfinished := run.unfinished.get(execution.id)) is not None:
                unfinished["status"] = outcome.status
        return self._write(run, "stop") if outcome.denial is not None and outcome.denial.stop else None

    def end_step(self, run_info: RunInfo, step: ActionStep | PlanningStep, *, is_stop: bool) -> Deny | None:
        """A step of an agent is in its memory; `is_stop` if the hook stops the run because of it."""
        run = self._runs.get(run_info.run_id)
        if run is None or run.is_closed:
            return None
        # A plan belongs to the step that it is for, and is made again with it.
        is_end = False
        failure: Exception | None = None
        with run.lock:
            run.steps += isinstance(step, ActionStep)
            is_due = run.steps >= self._settings.every
            if isinstance(step, ActionStep) and len(run_info.agent_path) == 1:
                try:
                    run.noted = _note(run_info.agent, step.step_number, run.memory)
                except Exception as error:  # What was noted before is whole: from there the step is taken again
                    failure = error
                else:
                    run.unfinished.clear()
                    is_end = step.is_final_answer or isinstance(step.error, AgentMaxStepsError)
        if failure is not None:
            return self._fail(run, failure)
        if is_end or is_stop:
            return self._write(run, "answer" if is_end else "stop")
        return self._write(run, "steps") if is_due else None

    def end_run(self, run_info: RunInfo, error: BaseException | None) -> None:
        """A run is over. Of one that has its answer only the last checkpoint is kept."""
        if len(run_info.agent_path) > 1 or (run := self._runs.pop(run_info.run_id, None)) is None:
            return
        if error is None:
            self.store.prune(run.run_id, keep=1)
        elif run.steps or run.unfinished:
            self._write(run, "end")

    def _write(self, run: _Run, cause: Cause) -> Deny | None:
        """Write a checkpoint. A denial that stops the run if that fails and the policy wants it."""
        failure: Exception | None = None
        with run.lock:
            if run.is_closed:
                return None
            run.is_closed = cause in ("stop", "answer")
            try:
                checkpoint = self._checkpoint(run, cause)
                path = self.store.write(checkpoint)
            except Exception as error:
                failure = error
            else:
                run.steps = run.executions = 0
        if failure is not None:
            return self._fail(run, failure)
        self._tell(Written(run.info, checkpoint, path))  # Not under the lock: a handler may wait
        return None

    def _fail(self, run: _Run, error: Exception) -> Deny | None:
        """Tell of a checkpoint that cannot be written. A denial that stops the run if the policy wants that."""
        reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        logger.error("A checkpoint cannot be written to %s: %s", self.store.folder, reason, exc_info=error)
        self._tell(Failed(run.info, reason))
        if self._settings.on_error == "continue":
            return None
        return Deny(f"a checkpoint of this run cannot be written: {reason}", "checkpoint_error", stop=True)

    def _checkpoint(self, run: _Run, cause: Cause) -> Checkpoint:
        run.number += 1
        run.time = later_than(datetime.now(timezone.utc), run.time)
        noted = run.noted
        return Checkpoint(
            run_id=run.run_id,
            host_run_id=run.info.run_id,
            number=run.number,
            cause=cause,
            agent_name=run.info.agent_path[0],
            agent_class=type(run.info.agent).__name__,
            step_number=noted.step_number,
            policy_name=self._name,
            policy_digest=self._digest,
            budgets=tuple(used(run.info.agent, run.info.run_id)),
            unfinished=tuple(dict(execution) for execution in run.unfinished.values()),
            managed_agents=tuple(noted.managed_agents),
            left_out=tuple(noted.left_out),
            variables_left_out=noted.variables_left_out,
            content=noted.content,
            time=run.time,
        )


def _has_new_task(agent: MultiStepAgent) -> bool:
    """Whether an agent was told to run. What a host does outside of `run()` is a run to hooks, too."""
    return bool(agent.memory.steps) and isinstance(agent.memory.steps[-1], TaskStep)


def _note(agent: MultiStepAgent, step_number: int, memory: MemoryWriter) -> _Noted:
    """What is whole at the end of a step of an agent."""
    left_out_variables = dict[str, str]()
    steps = memory.steps(list(agent.memory.steps))
    state = _variables(agent.state, left_out_variables)
    programs = dict[str, Any]()
    executor = getattr(agent, "python_executor", None)
    if isinstance(executor, LocalPythonExecutor):
        own = {
            name: value
            for name, value in executor.state.copy().items()
            if name not in _VARIABLES_OF_THE_HOST and not (name in agent.state and agent.state[name] is value)
        }
        programs = _variables(own, left_out_variables)
        left_out_variables.update({name: "function" for name in executor.custom_tools})
    elif executor is not None:
        memory.left_out.append(f"the variables in a {type(executor).__name__}, which are not in this process")
    content = {
        "task": agent.task,
        "system_prompt": agent.memory.system_prompt.system_prompt,
        "messages": memory.messages,
        "steps": steps,
        "state": state,
        "variables": programs,
    }
    managed_agents = [
        {"name": name, "class": type(managed).__name__, "steps": len(managed.memory.steps)}
        for name, managed in agent.managed_agents.items()
    ]
    return _Noted(step_number, content, memory.left_out, left_out_variables, managed_agents)


def _variables(variables: Mapping[str, Any], left_out: dict[str, str]) -> dict[str, Any]:
    """Those that are plain data all the way down. Half of one would be worse than none."""
    kept = {}
    for name, value in dict(variables).items():
        data, types = to_json(value)
        if types:
            left_out[name] = types[0]
        else:
            kept[name] = data
    return kept
