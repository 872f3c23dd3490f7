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
How generated code meets the hooks: the code action as an execution, plain closures in place of tools, and imports that
are asked about.

Nothing that generated code can reach from a closure, be it an attribute, a frame or the traceback of an error, leads
to the tool, the agent or a hook. A closure holds an opaque key: what it stands for is in a table of the host.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from types import CodeType, FrameType, MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from .hook_arguments import freeze
from .hook_programs import IMPORTER, PROGRAM, add_program, is_host_module, program_of, wants_operations
from .hook_scope import AgentRun, ExecutionInProgress, OpaqueKey, current_scope, make_place, within_place
from .hooks import Deny, HookDispatcher, ToolExecutionDenied, denied
from .local_python_executor import (
    ATTRIBUTE_READER,
    CodeOutput,
    InterpreterError,
    LocalPythonExecutor,
    PythonExecutor,
    check_import_authorized,
    check_safer_result,
    evaluate_import,
)


if TYPE_CHECKING:
    from .agents import CodeAgent

# What an executor can deliver that runs its code out of reach: its tools run there too
REMOTE_KINDS = frozenset({"code"})
_HOST_TYPES = (CodeType, FrameType, TracebackType)
AnyError = TypeVar("AnyError", bound=Exception)
_GUARDED: dict[str, Any] = {PROGRAM: None}
HOST_MODULE = Deny("generated code may not import the modules of the host")


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
# Of its program, through all runs: a function that one defined may be called in the next
_keys: WeakKeyDictionary[LocalPythonExecutor, OpaqueKey] = WeakKeyDictionary()


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
        return None, without_host_objects(error)


def make_attribute_reader(authorized_imports: list[str]) -> Callable[..., Any]:
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
        check_safer_result(value, _GUARDED, authorized_imports)
        return value

    return read_attribute


def _make_importer(key: OpaqueKey) -> Callable[..., None]:
    """Make what imports for generated code: `evaluate_import`, one module after the other, each asked about."""

    def import_module(expression: ast.Import | ast.ImportFrom, state: dict, authorized_imports: list[str]) -> None:
        for single, module, names in _imports_of(expression):
            place, error = None, None
            if module is not None and check_import_authorized(module, authorized_imports):
                place, error = _ask_import(key, module, names)
            if error is not None:
                raise error
            with within_place(place) if place is not None else nullcontext():
                evaluate_import(single, state, authorized_imports)

    return import_module


def _imports_of(
    expression: ast.Import | ast.ImportFrom,
) -> Iterator[tuple[ast.Import | ast.ImportFrom, str | None, tuple[str, ...]]]:
    """The imports of a statement, each with its module and the names from it."""
    if isinstance(expression, ast.ImportFrom):
        yield expression, expression.module, tuple(alias.name for alias in expression.names)
        return
    for alias in expression.names:
        yield ast.Import([alias]), alias.name, ()


def _ask_import(key: OpaqueKey, module: str, names: tuple[str, ...]) -> tuple[OpaqueKey | None, Exception | None]:
    """
    Ask about an import.

    Returns:
        `tuple[OpaqueKey | None, Exception | None]`: Key of the import, for what happens in it, and the error if it is
            denied, without what leads from it to objects of the host.
    """
    program, name = program_of(key), "module.import"
    if (scope := program.scope()) is None:
        return None, deny_unscoped(key, name)
    dispatcher, run = scope.run.agent.hook_dispatcher, scope.run
    if is_host_module(module):
        return None, dispatcher.deny(run, name, HOST_MODULE)
    arguments = MappingProxyType({"name": module, "names": names})
    try:
        place = dispatcher.dispatch(scope, "operation", name, arguments, current_scope, lambda _: None)
        return make_place(ExecutionInProgress(run, place.id)), None
    except ToolExecutionDenied as error:
        return None, without_host_objects(error)


def deny_unscoped(key: OpaqueKey, name: str) -> ToolExecutionDenied:
    """Deny what a program does while no code action of its agent is executing."""
    denial = Deny("no code action of its agent is executing", "over")
    run = program_of(key).own_run()
    return denied(name, denial) if run is None else run.agent.hook_dispatcher.deny(run, name, denial)


def without_host_objects(error: AnyError) -> AnyError:
    """Take from an error what leads from it to objects of the host."""
    error.__cause__ = error.__context__ = None
    if isinstance(error, AttributeError):
        error.obj = None
    return error.with_traceback(None)


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
    key = _keys[executor] if executor in _keys else _keys.setdefault(executor, add_program(agent))
    executor.static_tools = {  # type: ignore[assignment]  # upstream declares it by `None`
        **sent,
        **{name: _make_closure(_Callee(dispatcher, name, tools[name])) for name in tools.keys() & sent.keys()},
        **_guards(key, executor.authorized_imports),
    }


def _guards(key: OpaqueKey, authorized_imports: list[str]) -> dict[str, Any]:
    """What stands in the static tools of guarded code beside its tools."""
    read_attribute = make_attribute_reader(authorized_imports)
    return {
        "getattr": lambda obj, name, default=None: read_attribute(obj, name, default),
        ATTRIBUTE_READER: read_attribute,
        IMPORTER: _make_importer(key),
        PROGRAM: key,
    }


def guard_evaluation(static_tools: dict[str, Any], authorized_imports: list[str]) -> None:
    """Guard code that is evaluated in a guarded run, but not as a code action: the tool `python_interpreter` does."""
    scope = current_scope()
    if scope is None or PROGRAM in static_tools:
        return
    key = add_program(scope.run.agent)
    program_of(key).execute_once(scope)
    _watch(scope.run)
    static_tools.update(_guards(key, authorized_imports))


def _watch(run: AgentRun) -> None:
    """See to it that operations are announced if a hook wants them. Nobody else pays for it."""
    if wants_operations(run):
        from .operations import watch_operations

        watch_operations()


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
        program = program_of(_keys[executor]) if isinstance(executor, LocalPythonExecutor) else None
        try:
            with program.executing() if program is not None else nullcontext():
                return executor(code)
        except ToolExecutionDenied:  # Nobody in the program caught it
            return without_result()

    def view(output: CodeOutput | None) -> Mapping[str, Any]:
        output = output or without_result()
        return freeze({"output": output.output, "logs": output.logs, "is_final_answer": output.is_final_answer})

    try:
        with dispatcher.within_run() as scope:
            _watch(scope.run)
            arguments = MappingProxyType({"code": str.__str__(code)})
            return dispatcher.dispatch(scope, "code", "python_interpreter", arguments, call, view)
    except ToolExecutionDenied:
        return CodeOutput(output=None, logs="", is_final_answer=False)
