#!/usr/bin/env python
# coding=utf-8

# Copyright 2026 The HuggingFace Inc. team. All rights reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
"""
Hooks that are asked before anything an agent executes takes effect, and told after.

The protocol is [`ToolExecutionHook`] with its value types. [`HookDispatcher`] is the one place that calls hooks: every
tool call, delegation to a managed agent and code action goes through its method `dispatch`. What a policy is, how a
person is asked or where a record is kept, is left to the hooks.
"""

import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from threading import get_ident
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

from .hook_arguments import ArgumentCopier, ArgumentsRefused, Opaque, as_text, bind_arguments, freeze
from .hook_asking import BoundHook, asking, is_asking, most_severe
from .hook_limits import ExecutionAborted, LimitedCall, call_within, current_call, require_room, shielded
from .hook_rendering import original
from .hook_runs import running, tell_step, within_implicit_run
from .hook_scope import (
    AgentRun,
    ExecutionInProgress,
    RunInfo,
    Scope,
    advance_within,
    current_run,
    current_scope,
    in_guarded_run,
    is_over,
    within,
)
from .memory import ActionStep, FinalAnswerStep, PlanningStep


if TYPE_CHECKING:
    from .agents import MultiStepAgent
    from .memory import ToolCall
    from .models import ChatMessage


Kind: TypeAlias = Literal["tool", "agent", "code", "operation"]
KINDS: frozenset[Kind] = frozenset({"tool", "agent", "code", "operation"})
DEFAULT_KINDS: frozenset[Kind] = frozenset({"tool", "agent", "code"})


@dataclass(frozen=True, slots=True, eq=False)
class ToolExecution:
    """
    One thing that is about to be executed.

    Args:
        kind (`Literal["tool", "agent", "code", "operation"]`): A tool call, a delegation to a managed agent, a code
            action, or an effect of generated code on the machine.
        name (`str`): Name of the tool or managed agent, or `"python_interpreter"` for a code action.
        arguments (`Mapping[str, Any]`): Arguments by parameter name, frozen all the way down: mappings are read-only,
            lists are tuples and sets are frozensets. A value that is not plain data is shown as [`Opaque`].
        id (`str`): Identifies this execution among those of the process.
        parent_id (`str`, *optional*): Id of the execution that this one happened in: a code action, a delegation or a
            tool.
        run_id (`str`): Id of the outermost run, the same for a whole tree of agents.
        agent_path (`tuple[str, ...]`): Names of the agents from the outermost one to the one that executes. An agent
            without a name goes by its class name.
        step_number (`int`): Number of the agent's step, from 1; 0 outside of a step.
    """

    kind: Kind
    name: str
    arguments: Mapping[str, Any]
    id: str
    parent_id: str | None
    run_id: str
    agent_path: tuple[str, ...]
    step_number: int


@dataclass(frozen=True, slots=True)
class Deny:
    """
    Answer of a hook that objects.

    Args:
        reason (`str`): What the model and the log are told.
        code (`str`, default `"denied"`): Stable name of the reason, for programs.
        stop (`bool`, default `False`): Whether to end the whole run.
    """

    reason: str
    code: str = "denied"
    stop: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ToolOutcome:
    """
    How an execution ended.

    Args:
        status (`Literal["ok", "error", "denied", "timeout"]`): What became of it. A denied one was not executed; one
            that ran into a deadline may have had effects.
        result (`Any`): Frozen view of the result if the status is `"ok"`. For a code action, a mapping with the keys
            `"output"`, `"logs"` and `"is_final_answer"`, also if the status is `"error"`: the model is shown the logs.
        error (`BaseException`, *optional*): Error that the execution raised.
        denial (`Deny`, *optional*): Denial if the status is `"denied"` or `"timeout"`.
        denied_by (`str`, *optional*): Class name of the hook that denied it, or whose deadline it was; `None` if the
            host itself denied it.
        duration (`float`): Time that the execution took, in seconds.
    """

    status: Literal["ok", "error", "denied", "timeout"]
    result: Any = None
    error: BaseException | None = None
    denial: Deny | None = None
    denied_by: str | None = None
    duration: float = 0.0


@runtime_checkable
class ToolExecutionHook(Protocol):
    """
    What an agent asks before it executes anything, and tells after.

    Hooks are called in several threads at once. Every hook is asked, whatever the others answered; `None` means no
    objection, a [`Deny`] denies, and so do any other answer and any exception. These attributes are optional and read
    once, when the agent is built:

    - `kinds`: the kinds of execution that the hook wants (default tool, agent and code);
    - `deadline(execution)`: how many seconds an execution that no hook denied may take, or `None`;
    - `check_agent(agent)`: raises an error if the hook does not fit an agent that is being built, or that is managed;
    - `before_run(run)`, `after_step(step)`, `after_run(run, error)`: told that an agent begins to run, of each action
      and planning step once it is in memory, and of the end with the error that ended it, or `None`. `run` is a
      [`RunInfo`], which [`current_run`] gives too. A [`Deny`] from one of them stops the run.
    """

    def before_tool_execution(self, execution: ToolExecution, /) -> Deny | None:
        """Decide whether the execution may happen."""
        ...

    def after_tool_execution(self, execution: ToolExecution, outcome: ToolOutcome, /) -> Deny | None:
        """Take note of how an execution that this hook was asked about ended. A [`Deny`] withholds its result."""
        ...


class ToolExecutionDenied(Exception):
    """
    Raised in generated code in place of what was denied.

    Args:
        message (`str`): What the model is told.
        denial ([`Deny`]): The denial.
    """

    def __init__(self, message: str, denial: Deny):
        super().__init__(message)
        self.denial = denial


class ToolExecutionStopped(Exception):
    """
    Raised by the outermost run after a hook stopped it.

    Args:
        denial ([`Deny`]): The denial that stopped the run.
    """

    def __init__(self, denial: Deny):
        super().__init__(f"The run was stopped: {denial.reason}")
        self.denial = denial


class DenialMessage(str):
    """What a tool call gives in place of a result when it was denied."""


def denied(name: str, denial: Deny, withheld: bool = False) -> ToolExecutionDenied:
    """Say to a model what was denied. It is told that this is final, as models tend to repeat what failed."""
    what = "was executed, but its result is withheld" if withheld else "was denied and not executed"
    if withheld and denial.code == "timeout":
        what = "was given up"
    # A copy, as generated code gets it and the hook may keep its own
    denial = Deny(str(denial.reason), str(denial.code), bool(denial.stop))
    return ToolExecutionDenied(
        f"'{name}' {what}: {denial.reason.rstrip('.')}. ({denial.code}) "
        "This is a decision, not an error: trying again does not change it.",
        denial,
    )


class HookDispatcher:
    """
    Calls the hooks around everything that an agent executes.

    Without hooks, on this agent and on those it runs under, every method does what the agent would do without it.

    Args:
        agent ([`MultiStepAgent`]): Agent that executes.
        hooks (`Iterable[ToolExecutionHook]`, *optional*): Hooks of the agent, in order.
    """

    def __init__(self, agent: "MultiStepAgent", hooks: Iterable[ToolExecutionHook] | None = None):
        if hooks is not None and not isinstance(hooks, Iterable):
            raise TypeError(f"hooks: expected a list of hooks, got a {type(hooks).__name__}: write `hooks=[...]`.")
        self.agent = agent
        self._bound = tuple(BoundHook(hook) for hook in {id(hook): hook for hook in hooks or ()}.values())
        self.hooks = tuple(bound.hook for bound in self._bound)

    def is_active(self) -> bool:
        """Whether there are hooks to ask: the agent's own, or those of what it runs under."""
        return bool(self._bound) or in_guarded_run()

    def hooks_in_effect(self) -> tuple[BoundHook, ...]:
        """The hooks of what the agent runs under now, and then its own."""
        return AgentRun(self.agent, self._bound, current_scope()).hooks if self.is_active() else ()

    # Runs and steps

    def guard_run(self, stream: Generator) -> Generator:
        """Give a run its scope, in place only while its generator is being advanced."""
        if not self.is_active():
            return stream
        return self._advance(AgentRun(self.agent, self._bound, current_scope()), stream)

    def guard_step(self, memory_step: ActionStep, stream: Generator) -> Generator:
        """Take a step. Its observations name every denial, and only an answer that the hooks let through is final."""
        if not self.is_active():
            return stream
        if (scope := self.own_scope()) is not None:
            return self._take_step(scope.run, memory_step, stream)
        run = AgentRun(self.agent, self._bound, current_scope())
        return self._advance(run, self._take_step(run, memory_step, stream))

    def after_step(self, memory_step: ActionStep | PlanningStep) -> None:
        """Tell the hooks of a planning step, or of the step that gives the answer at max steps, that is in memory."""
        scope = self.own_scope() if self.is_active() else None
        if scope is not None:
            tell_step(scope.run, memory_step)
            if isinstance(memory_step, PlanningStep) and (ended := self._ended(scope.run)) is not None:
                raise ended

    def own_scope(self) -> Scope | None:
        """The current scope if it is in a run of this agent."""
        scope = current_scope()
        return scope if scope is not None and scope.run.agent is self.agent else None

    def within_run(self) -> AbstractContextManager[Scope]:
        """The current scope, or an implicit run for what the host calls outside of `run()`."""
        if (scope := self.own_scope()) is not None:
            return nullcontext(scope)
        return within_implicit_run(AgentRun(self.agent, self._bound, current_scope()))

    def _advance(self, run: AgentRun, stream: Generator) -> Generator:
        def throw_after(item: Any) -> Exception | None:
            if isinstance(item, FinalAnswerStep) and not run.is_answered:
                item.output, _ = self._check_answer(run, item.output)
            if isinstance(item, ActionStep):  # One that is yielded is in memory
                tell_step(run, item)
                return None if item.is_final_answer else self._ended(run)
            return self._ended(run) if item is None else None

        with running(run):
            yield from advance_within(run, stream, throw_after)

    def _take_step(self, run: AgentRun, memory_step: ActionStep, stream: Generator) -> Generator:
        run.start_step(memory_step.step_number)
        try:
            for output in stream:
                if getattr(output, "is_final_answer", False):
                    output = self._check_final_output(run, memory_step, output)
                yield output
        except Exception as error:
            if run.tree.stop is None:
                raise
            raise self._stopped(run) from error
        finally:
            observations = as_text(memory_step.observations)
            if denials := run.unobserved_denials(observations or ""):
                self.agent.logger.log(denials.replace("[", "|"))  # Escape potential rich-tag-like components
                observations = f"{observations}\n{denials}" if observations else denials
            memory_step.observations = observations
        if run.tree.stop is not None:
            raise self._stopped(run)

    def _check_final_output(self, run: AgentRun, memory_step: ActionStep, output: Any) -> Any:
        from .agents import ActionOutput

        if not isinstance(output, ActionOutput):  # The output of the tool `final_answer`, which was dispatched
            return output
        answer = original(output.output)
        checked, is_final_answer = self._check_answer(run, answer)
        memory_step.action_output = output.output if checked is answer else checked
        return ActionOutput(memory_step.action_output, is_final_answer)

    def _ended(self, run: AgentRun) -> Exception | None:
        """Why the run takes no further step: it was stopped, or left behind at a deadline."""
        if run.tree.stop is not None:
            return self._stopped(run)
        denial = self._refusal(run, current_call())
        return denied(run.path[-1], denial) if denial is not None else None

    def _stopped(self, run: AgentRun) -> Exception:
        stop = run.tree.stop or Deny("it was stopped")
        return ToolExecutionStopped(stop) if run.inside is None else denied(run.path[-1], stop)

    # Executions

    def guard_tool(self, name: str, tool: Callable) -> Callable:
        """Make a tool or managed agent call the hooks, for a call by the host."""
        if not self.is_active():
            return tool

        def call(*args, **kwargs):
            with self.within_run() as scope:
                return self.call_tool(scope, name, tool, args, kwargs)

        return call

    def reject_tool_call(self, name: str, arguments: Any, error: Exception, cause: Exception | None = None) -> Any:
        """Raise the error of a call that cannot be made, after the hooks were asked and told."""

        def call():
            raise error from cause

        if not self.is_active():
            return call()
        kind: Kind = "agent" if name in self.agent.managed_agents else "tool"
        frozen = freeze(arguments if type(arguments) is dict else {"args": (arguments,)})
        if isinstance(frozen, Opaque):  # Too deep or too large
            frozen = MappingProxyType({"args": frozen})
        try:
            with self.within_run() as scope:
                return self.dispatch(scope, kind, name, frozen, call)
        except ToolExecutionDenied as exception:
            return DenialMessage(exception)

    def report_replaced(self, tool_call: "ToolCall | None") -> None:
        """Log a tool call that is not made, as a later one has its id."""
        if tool_call is not None and self.is_active():
            self.agent.logger.log_error(f"A call of '{tool_call.name}' is not made: a later one has its id.")

    def check_final_answer(self, message: "ChatMessage") -> "ChatMessage":
        """Have the hooks decide on an answer that was written without a tool call."""
        if self.is_active():
            with self.within_run() as scope:
                message.content, _ = self._check_answer(scope.run, message.content)
                scope.run.is_answered = True  # Denied or not, the run ends with it
        return message

    def _check_answer(self, run: AgentRun, answer: Any) -> tuple[Any, bool]:
        """Dispatch an answer as `final_answer` unless it came that way. Returns what to answer, and if it is final."""
        if type(answer) is DenialMessage:
            return answer, False
        run.is_answered = True
        if any(answer is accepted for accepted in run.answers):
            return answer, True
        try:
            frozen, fresh = ArgumentCopier().copy(answer)
            arguments = MappingProxyType({"answer": frozen})
            return self.dispatch(run, "tool", "final_answer", arguments, lambda: fresh), True
        except ArgumentsRefused as refused:
            exception = self.deny(run, "final_answer", Deny(refused.reason, refused.code))
        except ToolExecutionDenied as denied_answer:
            exception = denied_answer
        run.is_answered = False
        return str(exception), False

    def call_tool(self, scope: Scope, name: str, tool: Callable, args: tuple, kwargs: dict[str, Any]) -> Any:
        kind: Kind = "agent" if self.agent.managed_agents.get(name) is tool else "tool"
        try:
            arguments, fresh_args, fresh_kwargs, error = bind_arguments(tool, args, kwargs)
        except ArgumentsRefused as refused:
            raise self.deny(scope.run, name, Deny(refused.reason, refused.code)) from None

        def call():
            if error is not None:
                raise error
            return tool(*fresh_args, **fresh_kwargs)

        result = self.dispatch(scope, kind, name, arguments, call)
        if name == "final_answer":
            scope.run.answers.append(result)
        return result

    def dispatch(
        self,
        scope: Scope,
        kind: Kind,
        name: str,
        arguments: Mapping[str, Any],
        call: Callable[[], Any],
        view: Callable[[Any], Any] = freeze,
    ) -> Any:
        """
        Ask the hooks, execute what none of them denies, and tell them: the one way in which anything is executed.

        Args:
            scope (`Scope`): Run or execution in which this happens.
            kind (`Literal["tool", "agent", "code", "operation"]`): Kind of the execution.
            name (`str`): Name of the execution.
            arguments (`Mapping[str, Any]`): Frozen arguments.
            call (`Callable[[], Any]`): Executes.
            view (`Callable[[Any], Any]`): Makes the frozen view of the result.

        Returns:
            `Any`: What `call` returns.

        Raises:
            ToolExecutionDenied: If it is denied, or its result is withheld.
        """
        limited = current_call()
        if limited is None:
            return self._dispatch(scope, kind, name, arguments, call, view, limited)
        require_room()  # Else the stack could end between asking and telling
        with shielded():  # Between asking and telling only the execution itself can be aborted
            return self._dispatch(scope, kind, name, arguments, call, view, limited)

    def _dispatch(
        self,
        scope: Scope,
        kind: Kind,
        name: str,
        arguments: Mapping[str, Any],
        call: Callable[[], Any],
        view: Callable[[Any], Any],
        limited: LimitedCall | None,
    ) -> Any:
        run = scope.run
        if is_asking():
            raise self.deny(run, name, Deny("it started while a hook was being asked", "reentrant"))
        if (denial := self._refusal(scope, limited)) is not None:
            raise self.deny(run, name, denial)
        parent = run.inside if scope is run else scope
        execution = ToolExecution(
            kind=kind,
            name=name,
            arguments=arguments,
            id=f"{run.tree.run_id}-{next(run.tree.numbers)}",
            parent_id=getattr(parent, "id", None),
            run_id=run.tree.run_id,
            agent_path=run.path,
            step_number=run.step_number,
        )
        hooks = [bound for bound in run.hooks if kind in bound.kinds]
        asked: list[BoundHook] = []
        answers: list[tuple[Deny | None, str | None]] = []
        deadline: tuple[float, str | None] | None = None
        executed, in_time, result, error, start = False, True, None, None, 0.0
        progress = ExecutionInProgress(run, execution.id)
        try:
            with asking(limited):
                for bound in hooks:
                    asked.append(bound)
                    if (answer := bound.ask(bound.before, execution)) is not None:
                        answers.append((answer, bound.name))
                denial, denied_by = most_severe(answers) if answers else (None, None)
                for bound in hooks if denial is None else ():
                    if bound.deadline is not None:
                        limit, refusal = bound.ask_deadline(execution)
                        if refusal is not None:
                            denial, denied_by = most_severe([(denial, denied_by), (refusal, bound.name)])
                        if limit is not None and (deadline is None or limit < deadline[0]):
                            deadline = limit, bound.name
            if denial is None and (run.tree.stop is not None or limited is not None):
                denial = self._refusal(scope, limited)  # It may have been stopped meanwhile
            start = time.perf_counter()
            if denial is None:
                executed = kind != "operation"  # That is executed by whoever announced it, after this
                with within(progress):
                    if not executed or (deadline is None and limited is None and run.thread == get_ident()):
                        result = call()
                    else:
                        result, in_time = call_within(deadline and deadline[0], kind, name, call, run)
        except BaseException as exception:
            error, denial, denied_by = exception, None, None
            if isinstance(error, ExecutionAborted) and run.tree.stop is not None:
                error = self.deny(run, name, run.tree.stop, executed)
        duration = time.perf_counter() - start if executed else 0.0
        if deadline is not None and not in_time:
            denial, denied_by = Deny(f"it did not end within {deadline[0]:g} seconds", "timeout"), deadline[1]
        if denial is not None:
            status: Literal["denied", "timeout"] = "denied" if in_time else "timeout"
            outcome = ToolOutcome(status, denial=denial, denied_by=denied_by, duration=duration)
        elif error is not None:
            outcome = ToolOutcome("error", view(None) if kind == "code" else None, error, duration=duration)
        else:
            outcome = ToolOutcome("ok", view(result) if hooks else None, duration=duration)
        answers, interruption = self._tell(execution, outcome, asked, limited)
        if answers:
            denial, _ = most_severe([(denial, denied_by), *answers])
        error = interruption or error
        if denial is not None and denial.stop:
            run.tree.latch(denial)
        if denial is not None and (error is None or isinstance(error, Exception)):
            raise self.deny(run, name, denial, executed) from None
        if error is not None:
            raise error
        return result

    def _tell(
        self, execution: ToolExecution, outcome: ToolOutcome, asked: list[BoundHook], limited: LimitedCall | None
    ) -> tuple[list[tuple[Deny | None, str | None]], BaseException | None]:
        """Tell the hooks that were asked, in reverse. Returns their answers in order, and what interrupted one."""
        answers: list[tuple[Deny | None, str | None]] = []
        interruption = None
        with asking(limited):
            for bound in reversed(asked):
                try:
                    if (answer := bound.ask(bound.after, execution, outcome)) is not None:
                        answers.insert(0, (answer, bound.name))
                except BaseException as exception:
                    interruption = exception
        return answers, interruption

    def _refusal(self, scope: Scope, limited: LimitedCall | None) -> Deny | None:
        """Why nothing is executed in a scope now, whatever the hooks say."""
        if is_over(scope) or (limited is not None and limited.aborting):
            return Deny("what it was part of is over", "over")
        return scope.run.tree.stop

    def deny(self, run: AgentRun, name: str, denial: Deny, executed: bool = False) -> ToolExecutionDenied:
        """Note a denial for the observations of the step."""
        exception = denied(name, denial, executed)
        run.denials.append(str(exception))
        return exception


__all__ = [
    "Deny",
    "Opaque",
    "RunInfo",
    "ToolExecution",
    "ToolExecutionDenied",
    "ToolExecutionHook",
    "ToolExecutionStopped",
    "ToolOutcome",
    "current_run",
]
