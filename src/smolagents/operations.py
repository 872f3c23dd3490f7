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
What generated code does to the machine, as executions of kind `operation`.

CPython announces effects to audit hooks (PEP 578), whatever Python code led to them, and an audit hook that raises
prevents them. One is installed when a hook first wants operations; it cannot be removed. It finds out whose an event
is, and the dispatcher does the rest. What the events mean is in `operation_events.py`; imports are asked about by the
evaluator, since a module that is loaded already is not announced. This is not a sandbox: see `docs/operations.md`.

An event belongs to a program if, from the innermost frame outward, code of the evaluator comes before a call of the
dispatcher into a tool or a hook. Nothing is remembered between events that generated code could switch off.
"""

import _thread
import importlib._bootstrap
import importlib._bootstrap_external
import importlib.machinery
import inspect
import linecache
import sys
import threading
import tokenize
import traceback
import warnings
import weakref
import zipimport
from collections.abc import Callable, Iterator
from types import CodeType, FrameType, FunctionType, MethodType
from typing import Any

from . import hook_attributes, hook_code, hook_rendering, hooks, local_python_executor
from .hook_arguments import ArgumentCopier, ArgumentsRefused
from .hook_asking import is_asking
from .hook_attributes import AttributeAccess
from .hook_closures import without_host_objects
from .hook_imports import HOST_MODULE, deny_unscoped
from .hook_programs import PROGRAM, is_host_module, program_of, wants_operations
from .hook_scope import ExecutionInProgress, OpaqueKey
from .hooks import Deny, HookDispatcher, ToolExecutionDenied
from .operation_events import EVENTS, Ignored, Operation


# Of the interpreter itself, or announced by its parts
_IGNORED = frozenset(event for event, meaning in EVENTS.items() if isinstance(meaning, Ignored))
_OPERATIONS = {event: meaning for event, meaning in EVENTS.items() if isinstance(meaning, Operation)}
_ONLY_DIRECT = frozenset(event for event, operation in _OPERATIONS.items() if operation.only_direct)
# Announced when the audit hook itself looks at frames
_LOOKING = frozenset({"sys._getframe", "object.__getattr__"})
# Of the files that the import system reads
_SUFFIXES = (*importlib.machinery.all_suffixes(), ".zip", ".egg", ".whl")

# Frames are told by their globals first: reading the code of a frame is announced, too
_EVALUATOR = local_python_executor.__dict__
_RENDERER = hook_rendering.__dict__
_DISPATCHER = hooks.__dict__
_READERS = (hook_attributes.__dict__, hook_code.__dict__)
_IMPORTERS = (importlib._bootstrap.__dict__, importlib._bootstrap_external.__dict__, zipimport.__dict__)
_IMPORTER_CLASSES = frozenset(
    id(value) for namespace in _IMPORTERS for value in namespace.values() if isinstance(value, type)
)
_SOURCE_READERS = (linecache.__dict__, tokenize.__dict__)
_SOURCE_SHOWERS = (inspect.__dict__, traceback.__dict__, warnings.__dict__)

_NOT_EVALUATING = frozenset({"evaluate_python_code", "timeout", "truncate_content"})


def _codes_in(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes_in(constant)


def _evaluator_codes() -> Iterator[CodeType]:
    """The code of the functions that evaluate, and of those that they make of generated functions."""
    for name, value in vars(local_python_executor).items():
        function = getattr(value, "__wrapped__", value)
        if isinstance(function, FunctionType) and function.__globals__ is _EVALUATOR and name not in _NOT_EVALUATING:
            yield from _codes_in(function.__code__)
    # Where the last reference to a value of the program may go; the host's own part of that function does not count
    outer = local_python_executor.evaluate_python_code.__code__
    yield from (code for code in _codes_in(outer) if code.co_name == "_execute_code")
    # Where its result turns into text
    yield from (code for code in _codes_in(hook_rendering.rendering.__code__) if code.co_name == "run_and_render")


# By id, and kept: code objects are equal if their content is
_EVALUATOR_CODES = {id(code): code for code in _evaluator_codes()}
_IMPORT_CODE = local_python_executor.evaluate_import.__code__
_READER_CODES = {
    id(code): code
    for function in (*vars(AttributeAccess).values(), hook_code.guard_static_tools)
    if isinstance(function, FunctionType)
    for code in _codes_in(function.__code__)
}
_DISPATCH_CODE = HookDispatcher._dispatch.__code__
_FIND_AND_LOAD_CODE = importlib._bootstrap._find_and_load.__code__  # type: ignore[attr-defined]
# The functions of the import system that read, list and cache; all else under an import counts
_READING_IMPORTS = tuple(
    function.__code__
    for function in (
        importlib._bootstrap_external.FileLoader.get_data,
        importlib._bootstrap_external.FileFinder._fill_cache,  # type: ignore[attr-defined]
        importlib._bootstrap_external.SourceFileLoader.set_data,
        importlib._bootstrap_external._write_atomic,  # type: ignore[attr-defined]
        zipimport._read_directory,  # type: ignore[attr-defined]
        zipimport._get_data,  # type: ignore[attr-defined]
    )
)
_BOOTSTRAP = threading.Thread._bootstrap  # type: ignore[attr-defined]
_BOOTSTRAP_CODE = _BOOTSTRAP.__code__
_EXCEPTHOOK_CODES = tuple(_codes_in(threading._make_invoke_excepthook.__code__))  # type: ignore[attr-defined]
_thread_fields = threading.Thread.__dict__["__dict__"].__get__  # Not through a property of a generated subclass


class StartedThreads:
    """Threads that programs started, by identity: a generated subclass may define `__hash__` and `__eq__`."""

    def __init__(self):
        self._threads: dict[int, tuple[weakref.ref, OpaqueKey]] = {}

    def add(self, thread: threading.Thread, key: OpaqueKey) -> None:
        number = id(thread)
        self._threads[number] = (weakref.ref(thread, lambda _: self._threads.pop(number, None)), key)

    def starter_of(self, thread: Any) -> OpaqueKey | None:
        """Key of the program that started a thread; `None` for threads of the host."""
        reference, key = self._threads.get(id(thread), (None, None))
        return key if reference is not None and reference() is thread else None

    def __len__(self):
        return len(self._threads)


_started = StartedThreads()


def _is_host_call(frame: FrameType) -> bool:
    """Whether this is the dispatcher while it asks a hook, or waits for what it called."""
    if frame.f_code is not _DISPATCH_CODE:
        return False
    progress = frame.f_locals.get("progress")
    return type(progress) is ExecutionInProgress and (not progress.over or is_asking())


def _find_program(frame: FrameType | None) -> OpaqueKey | None:
    """Key of the program that a frame belongs to; `None` if it belongs to the host, or to a program without hooks."""
    outermost = frame
    while frame is not None:
        namespace = frame.f_globals
        if namespace is _EVALUATOR or namespace is _RENDERER:
            if id(frame.f_code) in _EVALUATOR_CODES:
                static_tools = frame.f_locals.get("static_tools")
                if type(static_tools) is dict and (key := static_tools.get(PROGRAM)) is not None:
                    return key
        elif namespace is _DISPATCHER and _is_host_call(frame):
            return None
        outermost, frame = frame, frame.f_back
    if _started and outermost is not None and outermost.f_globals is threading.__dict__:
        if outermost.f_code is _BOOTSTRAP_CODE:
            return _started.starter_of(outermost.f_locals.get("self"))
    return None


def _is_reader(frame: FrameType) -> bool:
    """Whether this reads or sets an attribute for generated code."""
    return any(frame.f_globals is namespace for namespace in _READERS) and id(frame.f_code) in _READER_CODES


def _is_direct(frame: FrameType | None) -> bool:
    """Whether generated code itself calls what is announced, not a library that it uses."""
    while frame is not None and _is_reader(frame):
        frame = frame.f_back
    if frame is None or frame.f_globals is not _EVALUATOR:
        return False
    return frame.f_code is not _IMPORT_CODE and id(frame.f_code) in _EVALUATOR_CODES


def _is_own_loader(frame: FrameType) -> bool:
    """Whether this is no method of a loader that says itself what to read and what to cache: one that is its own."""
    loader = frame.f_locals.get("self")
    if loader is None:
        return True
    replaced = any(hasattr(type(loader), name) for name in getattr(loader, "__dict__", ()))
    return id(type(loader)) in _IMPORTER_CLASSES and not replaced


def _is_of_import(frame: FrameType | None) -> bool:
    """Whether the import system itself is at work, in the course of an import: not what a program hooked into it."""
    if frame is None or frame.f_code not in _READING_IMPORTS:
        return False
    while frame is not None and any(frame.f_globals is namespace for namespace in _IMPORTERS):
        if not _is_own_loader(frame):
            return False
        if frame.f_code is _FIND_AND_LOAD_CODE:
            return True
        frame = frame.f_back
    return False


def _shows_source(frame: FrameType | None) -> bool:
    """Whether a line of source is being looked up for a warning or a traceback."""
    if frame is not None and frame.f_globals is threading.__dict__:  # A thread died: C code shows the traceback
        return frame.f_code in _EXCEPTHOOK_CODES and threading.excepthook is _thread._excepthook
    if frame is None or not any(frame.f_globals is namespace for namespace in _SOURCE_READERS):
        return False
    while frame is not None and any(frame.f_globals is namespace for namespace in _SOURCE_READERS):
        frame = frame.f_back
    return frame is not None and any(frame.f_globals is namespace for namespace in _SOURCE_SHOWERS)


def _is_noise(name: str, arguments: dict[str, Any], frame: FrameType | None) -> bool:
    """Whether the interpreter does this of its own accord."""
    if frame is None:
        return False
    paths = [value for value in arguments.values() if type(value) is str]
    if any(frame.f_globals is namespace for namespace in _IMPORTERS):
        if name == "file.read":
            usual = bool(paths) and paths[0].endswith(_SUFFIXES)
        else:
            usual = all("__pycache__" in path.replace("\\", "/").split("/") for path in paths[:2])
        return (usual or name == "dir.list") and _is_of_import(frame)
    return name == "file.read" and bool(paths) and paths[0].endswith(".py") and _shows_source(frame)


def _decide(event: str, event_arguments: tuple, frame: FrameType | None) -> ToolExecutionDenied | None:
    """Find out whose an event is, and have it decided. Returns what prevents it."""
    operation = _OPERATIONS.get(event)
    if operation is None:  # Of a newer Python, or of a library
        name, arguments = "other", {"event": event, "arguments": event_arguments}
    elif operation.only_direct and not _is_direct(frame):
        return None
    elif (bound := operation.arguments_of(event_arguments)) is None:
        return None
    else:
        name, arguments = bound
        if _is_noise(name, arguments, frame):
            return None
    if (key := _find_program(frame)) is None:
        return None
    program = program_of(key)
    if (scope := program.scope()) is None:
        return deny_unscoped(key, name) if program.is_watched else None
    if not wants_operations(scope.run):
        return None
    dispatcher = scope.run.agent.hook_dispatcher
    thread = None
    if name == "module.import" and is_host_module(arguments["name"]):
        return dispatcher.deny(scope.run, name, HOST_MODULE)
    if name == "runtime.inspect":
        return dispatcher.deny(scope.run, name, Deny("generated code may not look into the interpreter"))
    if name == "thread.start":
        thread = _thread_to_start(arguments["target"])
        if thread is None:
            return dispatcher.deny(scope.run, name, Deny("generated code starts threads by threading.Thread only"))
        fields = _thread_fields(thread)
        arguments = {"target": fields.get("_target"), "name": fields.get("_name")}
    try:
        frozen, _ = ArgumentCopier().copy(arguments)
        dispatcher.dispatch(scope, "operation", name, frozen, lambda: None)
    except ArgumentsRefused as refused:
        return dispatcher.deny(scope.run, name, Deny(refused.reason, refused.code))
    except ToolExecutionDenied as error:
        return without_host_objects(error)
    if thread is not None:
        _started.add(thread, key)
    return None


def _thread_to_start(function: Any) -> threading.Thread | None:
    """The `threading.Thread` that a function runs in a new thread, if it is one, and stays visible on its stack."""
    if type(function) is not MethodType or function.__func__ is not _BOOTSTRAP:
        return None
    thread: Any = function.__self__
    return thread if issubclass(type(thread), threading.Thread) else None


def _make_audit_hook() -> Callable[[str, tuple], None]:
    """Make the audit hook. It runs for every event of the process, so what is the host's leaves it early."""
    looking: set[int] = set()  # Threads in which the hook below looks at frames
    ignored, only_direct, started, decide = _IGNORED, _ONLY_DIRECT, _started, _decide
    evaluator, (reader, maker), dispatcher, renderer = _EVALUATOR, _READERS, _DISPATCHER, _RENDERER
    get_frame, get_thread = sys._getframe, threading.get_ident

    def audit(event: str, arguments: tuple) -> None:
        if event in ignored:
            return
        thread = get_thread()
        nested = thread in looking
        if nested and event in _LOOKING:
            return
        looking.add(thread)
        try:
            innermost = get_frame().f_back
            if innermost is None:  # A thread that runs a C function: a program starts none
                return
            frame: FrameType | None = innermost
            if event in only_direct:
                namespace = innermost.f_globals
                if namespace is not evaluator and namespace is not reader and namespace is not maker:
                    return
            else:
                while frame is not None:
                    namespace = frame.f_globals
                    if namespace is evaluator or namespace is dispatcher or namespace is renderer:
                        break
                    frame = frame.f_back
                else:
                    if not started:
                        return
            error = decide(event, arguments, innermost)
        finally:
            if not nested:
                looking.discard(thread)
        if error is not None:
            raise error

    return audit


def _announce_thread_starts() -> None:
    """Announce thread starts as Python 3.12 does."""
    start = _thread.start_new_thread

    def start_new_thread(function, args, kwargs={}, /):
        sys.audit("_thread.start_new_thread", function, args, kwargs)
        return start(function, args, kwargs)

    _thread.start_new_thread = _thread.start_new = start_new_thread
    threading._start_new_thread = start_new_thread  # type: ignore[attr-defined]


_installing = threading.Lock()
_installed = threading.Event()


def watch_operations() -> None:
    """Have the operations of generated code announced to the hooks of its agent, from now on."""
    if _installed.is_set():
        return
    with _installing:
        if not _installed.is_set():  # There is no way to remove an audit hook
            if sys.version_info < (3, 12):
                _announce_thread_starts()
            sys.addaudithook(_make_audit_hook())
            _installed.set()


__all__ = ["watch_operations"]
