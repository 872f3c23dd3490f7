"""How a run goes on from a checkpoint."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smolagents.hook_arguments import Opaque
from smolagents.hook_rendering import answer_output
from smolagents.local_python_executor import LocalPythonExecutor
from smolagents.memory import ActionStep, FinalAnswerStep, SystemPromptStep, TaskStep

from ..hook import PolicyHook
from . import store, used
from .checkpoint import Checkpoint, CheckpointError
from .memory import read_steps
from .plain import from_json


if TYPE_CHECKING:
    import PIL.Image

    from smolagents.agents import MultiStepAgent


def restore(
    agent: MultiStepAgent,
    checkpoint: Checkpoint | str | os.PathLike[str] | None = None,
    *,
    run_id: str | None = None,
    other_policy: bool = False,
) -> RestoredRun:
    """
    Let a run go on from a checkpoint, with what it had used of its limits.

        answer = restore(agent).run()

    Args:
        agent ([`MultiStepAgent`]): An agent that was built as the one that ran, with its hooks.
        checkpoint (`Checkpoint`, `str` or `PathLike`, *optional*): The checkpoint; its file; or a folder, whose latest
            one is taken. By default the folder that the policy of the agent names.
        run_id (`str`, *optional*): Take the latest one of this run.
        other_policy (`bool`): Accept that a policy is not the one under which the run began. A limit that it has and
            the other had not starts at zero.

    Returns:
        [`RestoredRun`]: The run, which goes on when it is told to.

    Raises:
        `CheckpointError`: If there is no such checkpoint, it is damaged, or it is not of such an agent.
    """
    hooks = [hook for hook in agent.hooks if isinstance(hook, PolicyHook)]
    if not hooks:
        raise CheckpointError("The agent has no PolicyHook: what the run had used of its limits would be forgotten.")
    hook = next((hook for hook in hooks if hook.checkpoints is not None), hooks[0])
    kept_in = None if hook.checkpoints is None else hook.checkpoints.store
    if checkpoint is None:
        if kept_in is None:
            raise CheckpointError("The policy has no `checkpoints`. Say which checkpoint: restore(agent, path).")
        checkpoint = kept_in.folder
    if not isinstance(checkpoint, Checkpoint):
        key = None if kept_in is None else kept_in.key
        is_folder = Path(checkpoint).is_dir()
        checkpoint = store.latest(checkpoint, key, run_id) if is_folder else store.read(checkpoint, key)
    name, kind = agent.name or type(agent).__name__, type(agent).__name__
    if (checkpoint.agent_name, checkpoint.agent_class) != (name, kind):
        was = f"{checkpoint.agent_name} ({checkpoint.agent_class})"
        raise CheckpointError(f"The checkpoint is of the agent {was}, and this one is {name} ({kind}).")
    used.check(agent, checkpoint.budgets, other_policy=other_policy)
    return RestoredRun(agent, hook, checkpoint)


class RestoredRun:
    """
    A run that goes on from a checkpoint, once. Made by [`restore`].

    Attributes:
        agent (`MultiStepAgent`): The agent.
        checkpoint (`Checkpoint`): The checkpoint.
    """

    def __init__(self, agent: MultiStepAgent, hook: PolicyHook, checkpoint: Checkpoint):
        self.agent = agent
        self.checkpoint = checkpoint
        self._hook = hook
        self._has_begun = False
        content = checkpoint.content
        try:
            self._task = str(content["task"])
            self._system_prompt = SystemPromptStep(str(content["system_prompt"]))
            self._steps = read_steps(content["steps"], content["messages"])
            self._state, self._variables = (
                {name: from_json(value) for name, value in content[key].items()} for key in ("state", "variables")
            )
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            what = f"{type(error).__name__}: {error}"
            raise CheckpointError(f"What the checkpoint says of the memory cannot be read ({what}).") from None

    def run(
        self,
        max_steps: int | None = None,
        images: list[PIL.Image.Image] | None = None,
        additional_args: Mapping[str, Any] | None = None,
    ) -> Any:
        """Go on to the end.

        Args:
            max_steps (`int`, *optional*): How many steps there may be, those before the checkpoint included; by
                default as many as the agent may take. Give it again if the run was started with another number.
            images (`list[PIL.Image.Image]`, *optional*): Images that the run was started with. No checkpoint has them.
            additional_args (`Mapping[str, Any]`, *optional*): Values for those that the run was started with and that
                the checkpoint leaves out. The task names them already.

        Returns:
            `Any`: The final answer.

        Raises:
            `ToolExecutionStopped`: If a hook stops the run.
            `CheckpointError`: If the run has its answer, and that is not plain data; if it went on already; or if the
                agent is in the middle of a run.
        """
        output = None
        for output in self.stream(max_steps, images, additional_args):
            pass
        assert isinstance(output, FinalAnswerStep)
        return output.output

    def stream(
        self,
        max_steps: int | None = None,
        images: list[PIL.Image.Image] | None = None,
        additional_args: Mapping[str, Any] | None = None,
    ) -> Iterator[Any]:
        """As `run`, step by step: what `agent.run(..., stream=True)` gives, of the steps that are left."""
        agent = self.agent
        if self.checkpoint.is_finished:
            self._put_memory(images)
            yield FinalAnswerStep(self._recorded_answer())
            return
        self._begin()
        agent.state.update(self._state)
        agent.state.update(additional_args or {})
        run_stream: Any = partial(_run_from, agent, self.checkpoint.step_number + 1)
        agent._run_stream = run_stream  # type: ignore[method-assign]
        try:
            # Sets up the agent and its executor. Nothing is executed before the stream is read.
            stream: Any = agent.run(self._task, stream=True, reset=False, images=images, max_steps=max_steps)
        finally:
            del agent._run_stream
        self._put_memory(images)
        if isinstance(executor := getattr(agent, "python_executor", None), LocalPythonExecutor):
            executor.send_variables(self._variables)
        self._hook.await_run(agent, self.checkpoint)
        yield from stream

    def _begin(self) -> None:
        """Go on once only, and with an agent that is free: what is left of the limits would count twice."""
        if self._has_begun:
            raise CheckpointError(
                "This run went on already. To let it go on from its last checkpoint, restore it again."
            )
        writer = self._hook.checkpoints
        if writer is not None and writer.has_run_of(self.agent):
            raise CheckpointError(
                "The agent is in the middle of a run. Restore the run with another one, built like it."
            )
        self._has_begun = True

    def _put_memory(self, images: list[PIL.Image.Image] | None) -> None:
        memory, monitor = self.agent.memory, self.agent.monitor
        memory.system_prompt, memory.steps = self._system_prompt, list(self._steps)
        monitor.reset()
        for step in memory.steps:
            if isinstance(step, TaskStep) and images:
                step.task_images = images
            if isinstance(step, ActionStep):
                monitor.step_durations.append(step.timing.duration)
                usage = step.token_usage
                monitor.total_input_token_count += 0 if usage is None else usage.input_tokens
                monitor.total_output_token_count += 0 if usage is None else usage.output_tokens
        self._tell_what_is_lost()

    def _tell_what_is_lost(self) -> None:
        """Say in the last observation which variables are gone, or the model would rely on them."""
        lost = self.checkpoint.variables_left_out
        names = ", ".join(f"`{name}` ({kind})" for name, kind in lost.items() if name not in self.agent.state)
        last = self._steps[-1] if self._steps else None
        if names and isinstance(last, ActionStep):
            note = f"After a restart these variables no longer exist: {names}. Make them again if you need them."
            last.observations = f"{last.observations}\n{note}" if last.observations else note

    def _recorded_answer(self) -> Any:
        answer = self.agent.memory.steps[-1].action_output  # type: ignore[union-attr]
        if isinstance(answer, Opaque):
            raise CheckpointError(f"The run had its answer, a {answer.type_name}, which no checkpoint has.")
        return answer_output(answer)


class _CountingFrom:
    """An agent as its own loop sees it, which begins to count its steps at 1: here it begins at another number."""

    def __init__(self, agent: MultiStepAgent, step_number: int):
        vars(self).update(_agent=agent, _first=step_number)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._agent, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "step_number" and (first := vars(self).pop("_first", None)) is not None:
            value = first
        setattr(self._agent, name, value)


def _run_from(agent: MultiStepAgent, step_number: int, task: str, max_steps: int, **options: Any) -> Iterator[Any]:
    """The agent's own loop, from a step on."""
    if step_number <= max_steps:
        return type(agent)._run_stream(_CountingFrom(agent, step_number), task=task, max_steps=max_steps, **options)  # type: ignore[arg-type]
    return _answer(agent, step_number, task)


def _answer(agent: MultiStepAgent, step_number: int, task: str) -> Iterator[Any]:
    """What an agent does that has taken all its steps and has not answered."""
    agent.step_number = step_number
    answer = agent._handle_max_steps_reached(task)
    yield agent.memory.steps[-1]
    final = FinalAnswerStep(answer_output(answer))
    agent._finalize_step(final)
    yield final
