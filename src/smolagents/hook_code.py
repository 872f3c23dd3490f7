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
How generated code meets the hooks: the code action as an execution, and plain closures in place of tools.

Nothing that generated code can reach from a closure, be it an attribute, a frame or the traceback of an error, leads
to the tool, the agent or a hook. A closure holds an opaque key: what it stands for is in a table of the host.
"""

from collections.abc import Callable, Mapping
from types import CodeType, FrameType, MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from .hook_arguments import freeze
from .hook_limits import ExecutionAborted
from .hook_scope import OpaqueKey
from .hooks import Deny, HookDispatcher, ToolExecutionDenied, denied
from .local_python_executor import (
    ATTRIBUTE_READER,
    CodeOutput,
    InterpreterError,
    LocalPythonExecutor,
    PythonExecutor,
    check_safer_result,
)


if TYPE_CHECKING:
    from .agents import CodeAgent

# What an executor can deliver that runs its code out of reach: its tools run there too
REMOTE_KINDS = frozenset({"code"})
_HOST_TYPES = (CodeType, FrameType, TracebackType)


class _Callee:
    """A tool or managed agent, as generated code calls it."""

    __slots__ = ("dispatcher", "name", "tool")

    def __init__(self, dispatcher: HookDispatcher, name: str, tool: Callable):
        self.dispatcher = dispatcher
        self.name = name
        self.tool = tool

    def call(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        scope, agent = self.dispatcher.own_scope(), self.dispatcher.agent
        if scope is None:
            raise denied(self.name, Deny("it was called outside of the run that it belongs to", "no_context"))
        if {**agent.tools, **agent.managed_agents}.get(self.name) is not self.tool:
            reason = Deny("the agent does not have it any more", "unknown_tool")
            raise self.dispatcher.deny(scope.run, self.name, reason)
        return self.dispatcher.call_tool(scope, self.name, self.tool, args, kwargs)


# An entry lives as long as its closure
_callees: WeakKeyDictionary[OpaqueKey, _Callee] = WeakKeyDictionary()


def _make_closure(callee: _Callee) -> Callable[..., Any]:
    key = OpaqueKey()
    _callees[key] = callee

    def closure(*args, **kwargs):
        result, error = _call(key, args, kwargs)
        if error is not None:
            raise error
        return result

    closure.__name__ = closure.__qualname__ = callee.name
    return closure


def _call(key: OpaqueKey, args: tuple, kwargs: dict[str, Any]) -> tuple[Any, Exception | None]:
    """
    Call what a key stands for.

    Returns:
        `tuple[Any, Exception | None]`: The result, and the error without what leads from it to objects of the host.
    """
    try:
        return _callees[key].call(args, kwargs), None
    except Exception as error:
        error.__cause__ = error.__context__ = None
        if isinstance(error, AttributeError):
            error.obj = None
        return None, error.with_traceback(None)


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
    Put closures in place of the tools and managed agents that an executor was sent.

    Raises:
        ValueError: If the executor cannot deliver what the hooks want, or has a function in the place of a tool.
    """
    dispatcher, executor = agent.hook_dispatcher, agent.python_executor
    if not dispatcher.is_active():
        return
    check_executor(executor, dispatcher)
    if not isinstance(executor, LocalPythonExecutor):
        return
    sent: dict[str, Any] = executor.static_tools or {}
    if ATTRIBUTE_READER in sent:  # It was sent nothing since
        return
    tools = {**agent.tools, **agent.managed_agents}
    if replaced := sorted(name for name in tools.keys() & sent.keys() if sent[name] is not tools[name]):
        raise ValueError(
            f"hooks: {', '.join(replaced)} cannot be guarded: in generated code a function of the executor has that "
            "name. Give the tool another name."
        )
    read_attribute = _make_attribute_reader(executor.authorized_imports)
    executor.static_tools = {  # type: ignore[assignment]  # upstream declares it by `None`
        **sent,
        **{name: _make_closure(_Callee(dispatcher, name, tools[name])) for name in tools.keys() & sent.keys()},
        "getattr": lambda obj, name, default=None: read_attribute(obj, name, default),
        ATTRIBUTE_READER: read_attribute,
    }


def check_executor(executor: PythonExecutor, dispatcher: HookDispatcher) -> None:
    """
    Refuse an executor that cannot deliver what the hooks want.

    Raises:
        ValueError: If a hook wants kinds that the executor cannot deliver.
    """
    if isinstance(executor, LocalPythonExecutor):
        return
    for bound in dispatcher.hooks_in_effect():
        if beyond := bound.kinds - REMOTE_KINDS:
            raise ValueError(
                f"hooks: {bound.name} wants to be asked about {' and '.join(sorted(beyond))} executions, but "
                f"{type(executor).__name__} delivers code actions only: its tools run out of reach. Use a hook with "
                "`kinds = {'code'}`, or `executor_type='local'`."
            )


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
        except ExecutionAborted:
            if scope.run.tree.stop is None:
                raise
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
