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
How generated code meets the hooks: the code action as an execution, and what an executor holds.
"""

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from .hook_arguments import freeze, is_plain
from .hook_asking import BoundHook
from .hook_attributes import AttributeAccess
from .hook_closures import close_over, make_closure
from .hook_imports import make_importer
from .hook_limits import ExecutionAborted
from .hook_programs import IMPORTER, PROGRAM, add_program, program_of, wants_operations
from .hook_scope import AgentRun, ExecutionInProgress, OpaqueKey, current_scope
from .hooks import HookDispatcher, ToolExecutionDenied
from .local_python_executor import (
    ATTRIBUTE_ACCESS,
    BASE_PYTHON_TOOLS,
    CodeOutput,
    LocalPythonExecutor,
    PythonExecutor,
)
from .tools import BaseTool


if TYPE_CHECKING:
    from .agents import CodeAgent, MultiStepAgent

# What an executor can deliver that runs its code out of reach: its tools run there too
REMOTE_KINDS = frozenset({"code"})


# Whose state holds nothing that runs without hooks
_guarded_executors: WeakSet[LocalPythonExecutor] = WeakSet()
# Of their programs, through all runs: a function that one defined may be called in the next
_keys: WeakKeyDictionary[LocalPythonExecutor, OpaqueKey] = WeakKeyDictionary()


def guard_executor(agent: "CodeAgent") -> None:
    """
    Make sure that hooks can guard what an executor was sent.

    Raises:
        ValueError: If the executor cannot deliver what the hooks want, or has a function in the place of a tool.
    """
    dispatcher, executor = agent.hook_dispatcher, agent.python_executor
    if not dispatcher.is_active():
        if isinstance(executor, LocalPythonExecutor):
            _guarded_executors.discard(executor)
        return
    check_agent(agent, dispatcher.hooks_in_effect())
    if not isinstance(executor, LocalPythonExecutor):
        return
    tools: dict[str, Any] = {**agent.tools, **agent.managed_agents}
    sent: dict[str, Any] = executor.static_tools or {}
    if replaced := sorted(name for name in tools.keys() & sent.keys() if sent[name] is not tools[name]):
        raise ValueError(
            f"hooks: {', '.join(replaced)} cannot be guarded: in generated code a function of the executor has that "
            "name. Give the tool another name."
        )
    _guard_state(agent, executor)
    key = _keys[executor] if executor in _keys else _keys.setdefault(executor, add_program(agent))
    if executor.static_tools is not None:
        executor.static_tools[PROGRAM] = key


def guard_static_tools(static_tools: dict[str, Any], authorized_imports: list[str]) -> dict[str, Any]:
    """
    Make what a program under hooks gets in place of its static tools.

    Args:
        static_tools (`dict[str, Any]`): Tools, managed agents and functions by name.
        authorized_imports (`list[str]`): Modules that the program may import.

    Returns:
        `dict[str, Any]`: Closures in place of all but the base functions, and the access to attributes.
    """
    from .agents import MultiStepAgent

    scope = current_scope()
    if scope is None:
        return static_tools
    agent, dispatcher = scope.run.agent, scope.run.agent.hook_dispatcher
    tools: dict[str, Any] = {**agent.tools, **agent.managed_agents}
    host_classes = (BaseTool, MultiStepAgent, PythonExecutor, HookDispatcher, AgentRun, ExecutionInProgress)
    access = AttributeAccess(authorized_imports, host_classes)
    key = static_tools.get(PROGRAM)
    if key is None:  # No code action: a tool evaluates it, such as `python_interpreter`
        key = add_program(agent)
        program_of(key).execute_once(scope)
    if wants_operations(scope.run):
        from .operations import watch_operations

        watch_operations()

    def guard(name: str, value: Any) -> Any:
        if BASE_PYTHON_TOOLS.get(name) is value:
            return value
        if not callable(value) or isinstance(value, type):
            return close_over(dispatcher, name, value)
        return make_closure(dispatcher, name, value, belongs_to_agent=name in tools and tools[name] is value)

    return {
        **{name: guard(name, value) for name, value in static_tools.items()},
        "getattr": lambda obj, name, default=None: access.getattr(obj, name, default),
        "setattr": lambda obj, name, value: access.setattr(obj, name, value),
        ATTRIBUTE_ACCESS: access,
        IMPORTER: make_importer(key),
        PROGRAM: key,
    }


def _guard_state(agent: "CodeAgent", executor: LocalPythonExecutor) -> None:
    """
    Leave nothing in the state of an executor that runs without hooks.

    What programs defined while there were no hooks, functions among it, may hold the tools themselves.
    """
    dispatcher = agent.hook_dispatcher
    if executor not in _guarded_executors:
        left = {name for name, value in executor.state.items() if name not in agent.state and not is_plain(value)}
        for name in left - {"_print_outputs"}:
            del executor.state[name]
        left |= executor.custom_tools.keys()
        executor.custom_tools.clear()
        if left := left - {"_print_outputs"}:
            agent.logger.log(f"Hooks: {', '.join(sorted(left))} came from a run without hooks and was dropped.")
        _guarded_executors.add(executor)
    for name, value in agent.state.items():
        if executor.state.get(name) is value:
            executor.state[name] = close_over(dispatcher, name, value)


def _runs_here(executor: PythonExecutor) -> bool:
    """Whether the code that an executor gets is evaluated within the call, where hooks can follow it."""
    return isinstance(executor, LocalPythonExecutor) and type(executor).__call__ is LocalPythonExecutor.__call__


def check_agent(agent: "MultiStepAgent", hooks: Iterable[BoundHook]) -> None:
    """
    Refuse an agent, or one that it manages, whose executor cannot deliver what hooks want, or that a hook refuses.

    Raises:
        ValueError: If a hook wants kinds that the executor cannot deliver.
    """
    if not (hooks := tuple(hooks)):
        return
    executor = getattr(agent, "python_executor", None)
    for bound in hooks if executor is not None and not _runs_here(executor) else ():
        if beyond := bound.kinds - REMOTE_KINDS:
            raise ValueError(
                f"hooks: {bound.name} wants to be asked about {' and '.join(sorted(beyond))} executions, but "
                f"{type(executor).__name__} delivers code actions only: its tools run out of reach. Use a hook with "
                "`kinds = {'code'}`, or `executor_type='local'`."
            )
    for bound in hooks:
        if bound.check_agent is not None:
            bound.check_agent(agent)
    for managed_agent in agent.managed_agents.values():
        check_agent(managed_agent, hooks)


def execute_code(agent: "CodeAgent", code: str) -> CodeOutput:
    """Execute a code action. One that is denied, or that a denial ends, has an output without a result."""
    dispatcher, executor = agent.hook_dispatcher, agent.python_executor
    if not dispatcher.is_active():
        return executor(code)

    so_far = CodeOutput(output=None, logs="", is_final_answer=False)

    def call() -> CodeOutput:
        guard_executor(agent)  # The host may have sent tools since the run began, or outside of one
        key = _keys.get(executor) if isinstance(executor, LocalPythonExecutor) else None
        try:
            with program_of(key).executing() if key is not None else nullcontext():
                return executor(code)
        except (Exception, ExecutionAborted) as error:
            so_far.logs = str(getattr(executor, "state", {}).get("_print_outputs", ""))
            if isinstance(error, ToolExecutionDenied):  # Nobody in the program caught it
                return so_far
            if isinstance(error, ExecutionAborted) and scope.run.tree.stop is not None:
                return so_far
            raise

    def view(output: CodeOutput | None) -> Mapping[str, Any]:
        output = output or so_far
        return freeze({"output": output.output, "logs": output.logs, "is_final_answer": output.is_final_answer})

    try:
        with dispatcher.within_run() as scope:
            arguments = MappingProxyType({"code": str.__str__(code)})
            return dispatcher.dispatch(scope, "code", "python_interpreter", arguments, call, view)
    except ToolExecutionDenied:
        return CodeOutput(output=None, logs="", is_final_answer=False)
