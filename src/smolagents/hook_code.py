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

from collections.abc import Callable, Iterable, Mapping
from types import CodeType, FrameType, MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from .hook_arguments import freeze, is_plain
from .hook_closures import close_over, make_closure
from .hooks import BoundHook, ToolExecutionDenied
from .local_python_executor import (
    ATTRIBUTE_READER,
    BASE_PYTHON_TOOLS,
    CodeOutput,
    InterpreterError,
    LocalPythonExecutor,
    check_safer_result,
)


if TYPE_CHECKING:
    from .agents import CodeAgent, MultiStepAgent

# What an executor can deliver that runs its code out of reach: its tools run there too
REMOTE_KINDS = frozenset({"code"})
_HOST_TYPES = (CodeType, FrameType, TracebackType)


# Whose state holds nothing that runs without hooks
_guarded_executors: WeakSet[LocalPythonExecutor] = WeakSet()


def _make_attribute_reader(authorized_imports: list[str]) -> Callable[..., Any]:
    """
    Make what reads attributes for generated code: `getattr`, without what leads to objects of the host.

    Frames and tracebacks hold the local variables of the host, and dunder attributes of functions lead to its modules.
    """

    def read_attribute(obj: Any, name: str, *default: Any) -> Any:
        name = str.__str__(name)  # An instance of a subclass could lie about how it starts
        if name.startswith("__") and name.endswith("__"):
            raise InterpreterError(f"Forbidden access to dunder attribute: {name}")
        value = getattr(obj, name, *default)
        if isinstance(value, _HOST_TYPES):
            raise InterpreterError(f"Forbidden access to a {type(value).__name__}: {name}")
        check_safer_result(value, authorized_imports=authorized_imports)
        return value

    return read_attribute


def guard_executor(agent: "CodeAgent") -> None:
    """
    Put closures in place of the tools, managed agents, functions and variables that an executor was sent.

    Raises:
        ValueError: If the executor cannot deliver what the hooks want, or has a function in the place of a tool.
    """
    dispatcher, executor = agent.hook_dispatcher, agent.python_executor
    if not dispatcher.is_active():
        if isinstance(executor, LocalPythonExecutor):
            _guarded_executors.discard(executor)
        return
    check_executors(agent, dispatcher.hooks_in_effect())
    if not isinstance(executor, LocalPythonExecutor):
        return
    _guard_state(agent, executor)
    sent: dict[str, Any] = executor.static_tools or {}
    if ATTRIBUTE_READER in sent:  # It was sent no tools since
        return
    tools = {**agent.tools, **agent.managed_agents}
    if replaced := sorted(name for name in tools.keys() & sent.keys() if sent[name] is not tools[name]):
        raise ValueError(
            f"hooks: {', '.join(replaced)} cannot be guarded: in generated code a function of the executor has that "
            "name. Give the tool another name."
        )
    read_attribute = _make_attribute_reader(executor.authorized_imports)
    executor.static_tools = {  # type: ignore[assignment]  # upstream declares it by `None`
        name: value
        if BASE_PYTHON_TOOLS.get(name) is value
        else make_closure(dispatcher, name, value, belongs_to_agent=True)
        if name in tools
        else close_over(dispatcher, name, value)
        for name, value in sent.items()
    } | {
        "getattr": lambda obj, name, default=None: read_attribute(obj, name, default),
        ATTRIBUTE_READER: read_attribute,
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


def check_executors(agent: "MultiStepAgent", hooks: Iterable[BoundHook]) -> None:
    """
    Refuse an executor, of an agent or of one that it manages, that cannot deliver what hooks want.

    Raises:
        ValueError: If a hook wants kinds that the executor cannot deliver.
    """
    executor = getattr(agent, "python_executor", None)
    for bound in hooks if executor is not None and not isinstance(executor, LocalPythonExecutor) else ():
        if beyond := bound.kinds - REMOTE_KINDS:
            raise ValueError(
                f"hooks: {bound.name} wants to be asked about {' and '.join(sorted(beyond))} executions, but "
                f"{type(executor).__name__} delivers code actions only: its tools run out of reach. Use a hook with "
                "`kinds = {'code'}`, or `executor_type='local'`."
            )
    for managed_agent in agent.managed_agents.values():
        check_executors(managed_agent, hooks)


def execute_code(agent: "CodeAgent", code: str) -> CodeOutput:
    """Execute a code action. One that is denied, or that a denial ends, has an output without a result."""
    dispatcher, executor = agent.hook_dispatcher, agent.python_executor
    if not dispatcher.is_active():
        return executor(code)
    guard_executor(agent)  # The host may have sent tools after the run began, or outside of one

    def without_result() -> CodeOutput:
        logs = str(getattr(executor, "state", {}).get("_print_outputs", ""))
        return CodeOutput(output=None, logs=logs, is_final_answer=False)

    def call() -> CodeOutput:
        try:
            return executor(code)
        except ToolExecutionDenied:  # Nobody in the program caught it
            return without_result()

    def view(output: CodeOutput | None) -> Mapping[str, Any]:
        output = output or without_result()
        return freeze({"output": output.output, "logs": output.logs, "is_final_answer": output.is_final_answer})

    try:
        with dispatcher.within_run() as scope:
            arguments = MappingProxyType({"code": str.__str__(code)})
            return dispatcher.dispatch(scope, "code", "python_interpreter", arguments, call, view)
    except ToolExecutionDenied:
        return CodeOutput(output=None, logs="", is_final_answer=False)
