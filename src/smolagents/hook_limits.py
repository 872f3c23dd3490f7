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
Calls that the host can stop waiting for: in a thread of their own, with a limit on their time.

Python cannot kill a thread. What is done instead, once the limit is reached or the run was stopped: the evaluator of
generated code evaluates nothing more in that thread, an exception that no program can catch is raised in it, again and
again, and after a moment the host goes on without it. A thread that hangs in C, where no exception is raised, is left
behind and named in the log. Threads are daemons, so that one that was left behind does not keep the process alive.
"""

import ctypes
import sys
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from logging import getLogger
from typing import Any

from .hook_scope import AgentRun, OpaqueKey, RunTree, current_scope, in_current_scope, make_key, value_of


logger = getLogger(__name__)

GRACE_SECONDS = 0.1  # How long a thread has to end before it is left behind
_FLAG_SECONDS = 0.02  # How long the evaluator has to end it: an exception may also hit a tool or a model's client
_REPEAT_SECONDS = 0.01
_ROOM_FRAMES = 50  # What asking and telling takes, with a hook that logs an error, and as much again


class ExecutionAborted(BaseException):
    """Ends a thread that the host has stopped waiting for. Generated code can only catch instances of `Exception`."""


class LimitedCall:
    """
    A call in a thread of its own, that ends when it is done, at its time limit, or when what it is part of does.

    Args:
        function (`Callable[[], Any]`): What to call. It gets the current scope, and no other context variable.
        name (`str`): Name for the thread and the log.
        seconds (`float`, *optional*): Time limit in seconds; `None` for no limit. See [`not_counted`].
        counts_agents (`bool`, default `True`): Whether the time that managed agents take counts.
        state (`Any`, *optional*): State of an evaluator that the call works on.
    """

    def __init__(
        self,
        function: Callable[[], Any],
        name: str,
        seconds: float | None = None,
        counts_agents: bool = True,
        state: Any = None,
    ):
        scope = current_scope()
        self.name = name
        self.seconds = seconds
        self.counts_agents = counts_agents
        self.state = state
        self.outer = current_call()
        self.tree: RunTree | None = scope.run.tree if scope is not None else None
        self.inside: set[LimitedCall] = set()
        self.aborting = False  # Set once, and never taken back
        self.finished = False
        self.shields = 0  # Above zero in code of the host that must not be interrupted
        self._function = in_current_scope(function)
        # With the context of the caller, so that a trace goes on in it
        context = copy_context()
        self._thread = threading.Thread(
            target=context.run, args=(self._call,), name=f"smolagents: {name}", daemon=True
        )
        # Taken as it is, never through the condition: its methods are Python code, and an abort that hits a thread in
        # them, after the lock was taken, would leave it locked
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._ends_at = float("inf")
        self._pauses = 0
        self._waits_for_resume = False
        self._paused_at = 0.0
        self._result: Any = None
        self._error: BaseException | None = None

    def run(self) -> bool:
        """
        Start the call and wait for it.

        Returns:
            `bool`: Whether it ended by itself; `False` if its time was up.

        Raises:
            ExecutionAborted: If it was aborted because what it is part of was.
        """
        with shielded():  # The calling thread may be aborted as well, but not while it holds a lock
            try:
                self._start()
                self._wait()
                if self.finished and not self.aborting:
                    return True
                in_time = self.aborting
                self.abort()
                if self.outer is None or not self.outer.aborting:  # Else the host waits for that one
                    self._end_threads()
            except BaseException:  # Such as an interrupt from the keyboard
                self.abort()
                if self._thread.ident is None:
                    self._forget()
                raise
        if in_time:
            raise ExecutionAborted
        return False

    def result(self) -> Any:
        """The result of a call that ended by itself; raises the error that it raised."""
        if self._error is None:
            return self._result
        try:
            raise self._error
        finally:
            self._error = None  # Its traceback leads here: no reference cycle

    def abort(self) -> None:
        """Let nothing more be evaluated in the thread and those inside, and wake up who waits for it."""
        with self._lock:
            if self.finished or self.aborting:
                return
            self.aborting = True
            aborting_calls.add(self)
            self._changed.notify_all()
        for call in list(self.inside):
            call.abort()

    def is_alive(self) -> bool:
        return self._thread.is_alive() and not self.finished

    def pause(self) -> None:
        with self._lock:
            if self._pauses == 0:
                self._paused_at = time.monotonic()
            self._pauses += 1

    def resume(self) -> None:
        with self._lock:
            self._pauses -= 1
            if self._pauses == 0:
                self._ends_at += time.monotonic() - self._paused_at
                if self._waits_for_resume:
                    self._changed.notify_all()

    def enter_shield(self) -> None:
        with self._lock:
            if self.aborting and self.shields == 0:
                raise ExecutionAborted
            self.shields += 1

    def take_back_exception(self) -> None:
        """To be called in the thread itself, under a shield."""
        with self._lock:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(threading.get_ident()), None)

    def _start(self) -> None:
        # First known to those that would abort it, and only then a look at whether they were aborted
        for holder in self._holders():
            holder.add(self)
        if (self.outer is not None and self.outer.aborting) or (self.tree is not None and self.tree.stop is not None):
            raise ExecutionAborted
        if self.seconds is not None:
            self._ends_at = time.monotonic() + self.seconds
        self._thread.start()

    def _wait(self) -> None:
        with self._lock:
            while not (self.finished or self.aborting):
                remaining = self._ends_at - time.monotonic()
                if remaining > 0:
                    self._changed.wait(min(remaining, threading.TIMEOUT_MAX))
                elif self._pauses > 0:
                    self._waits_for_resume = True
                    self._changed.wait()
                    self._waits_for_resume = False
                else:
                    return

    def _end_threads(self) -> None:
        """Raise exceptions in the thread and those inside, until all have ended or are given up."""
        give_up_at = time.monotonic() + GRACE_SECONDS
        with self._lock:
            self._changed.wait_for(lambda: self.finished, _FLAG_SECONDS)
        while (alive := self._alive()) and time.monotonic() < give_up_at:
            for call in alive:
                call._raise_in_thread()
            with self._lock:
                self._changed.wait(_REPEAT_SECONDS)
        for call in alive:
            logger.warning(
                f"'{call.name}' did not end when it was told to, and is left behind: thread {call._thread.name!r} "
                f"({call._thread.ident}). It can execute nothing more, and its result will be dropped."
            )

    def _alive(self) -> "list[LimitedCall]":
        calls = [self] if self.is_alive() else []
        return calls + [call for inner in list(self.inside) for call in inner._alive()]

    def _raise_in_thread(self) -> None:
        with self._lock:
            if self.finished or self.shields or self._thread.ident is None or _takes_lock(self._thread.ident):
                return
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self._thread.ident), ctypes.py_object(ExecutionAborted)
            )

    def _call(self) -> None:
        try:
            _own.call = self
            _key.set(make_key(self))
            self._result = self._function()
        except BaseException as error:
            self._error = error
        while True:
            try:
                self._finish()
                return
            except ExecutionAborted:  # It came late
                continue

    def _finish(self) -> None:
        self.finished = True  # From now on no exception is raised in the thread
        with self._lock:
            try:
                self._changed.notify_all()
            except RuntimeError:  # An abort cut the first attempt short, after it had woken somebody up
                pass
        if self.aborting:  # Freed here: a finalizer of the program ends at once in this thread, in no other
            self._result = self._error = None
        self._forget()

    def _forget(self) -> None:
        aborting_calls.discard(self)
        for holder in self._holders():
            holder.discard(self)

    def _holders(self) -> "list[set[LimitedCall]]":
        outer = [self.outer.inside] if self.outer is not None else []
        return outer + ([self.tree.calls] if self.tree is not None else [])


# Python code that an exception would leave with a lock taken for good: the next who logs or imports would wait forever
_LOCKING_FUNCTIONS = frozenset({"acquire", "release", "__enter__", "__exit__"})
_LOCKING_MODULES = frozenset({"logging", "importlib._bootstrap"})


def _takes_lock(thread: int) -> bool:
    """Whether a thread is just taking a lock, as far as the innermost frame tells: that is where it would be hit."""
    frame = sys._current_frames().get(thread)
    if frame is None:
        return False
    return frame.f_code.co_name in _LOCKING_FUNCTIONS or frame.f_globals.get("__name__") in _LOCKING_MODULES


# Those whose threads have not ended yet. The evaluator looks here first, as it is almost always empty.
aborting_calls: set[LimitedCall] = set()
_own = threading.local()
_key: ContextVar[OpaqueKey | None] = ContextVar("smolagents_call", default=None)


def current_call() -> LimitedCall | None:
    """The innermost limited call of this context."""
    key = _key.get()
    return None if key is None else value_of(key)


def raise_if_aborted() -> None:
    """
    End a thread that the host has stopped waiting for. To be called if `aborting_calls` is not empty.

    Raises:
        ExecutionAborted: If it is one.
    """
    call: LimitedCall | None = getattr(_own, "call", None)
    if call is not None and call.aborting:
        raise ExecutionAborted


def require_room(frames: int = _ROOM_FRAMES) -> None:
    """
    Make sure that the stack has room for what must not be cut short. A program can choose how deep it calls.

    Raises:
        RecursionError: If it has not.
    """
    if frames:
        require_room(frames - 1)


def is_in_use(state: Any) -> bool:
    """Whether a thread that was left behind still works on the state of an evaluator."""
    return any(call.state is state and call.is_alive() for call in list(aborting_calls))


class _Shield:
    """While it is entered, no exception is raised in this thread from outside; at once, if one should be."""

    __slots__ = ("call",)

    def __enter__(self) -> None:
        self.call: LimitedCall | None = getattr(_own, "call", None)
        if self.call is not None:
            self.call.enter_shield()

    def __exit__(self, *error: object) -> None:
        if self.call is not None:
            self.call.shields -= 1


class _LastShield(_Shield):
    """As the other one, for what is to be done even in a thread that is to end, such as telling a hook of that end."""

    __slots__ = ()

    def __enter__(self) -> None:
        self.call = getattr(_own, "call", None)
        if self.call is not None:
            self.call.shields += 1
            try:
                self.call.take_back_exception()
            except ExecutionAborted:
                pass  # It was on its way. From now on there is none


class _Exposure:
    """The part of a shielded region in which this thread may be aborted all the same."""

    __slots__ = ("call", "shields")

    def __enter__(self) -> None:
        self.call: LimitedCall | None = getattr(_own, "call", None)
        if self.call is not None:
            self.shields, self.call.shields = self.call.shields, 0

    def __exit__(self, *error: object) -> None:
        if self.call is not None:
            self.call.shields = self.shields


shielded = _Shield
settling = _LastShield
exposed = _Exposure


def clocks_of(call: LimitedCall | None, agents: bool = False) -> list[LimitedCall]:
    """The limited calls, from the innermost one, for which time does not count."""
    clocks = []
    while call is not None and not (agents and call.counts_agents):
        clocks.append(call)
        call = call.outer
    return clocks


class not_counted:  # noqa: N801
    """
    Context manager that stops clocks, such as while a hook waits for a person.

    Args:
        call (`LimitedCall`, *optional*): The limited call of this context. The clocks are its own and the outer ones.
        agents (`bool`, default `False`): Whether this is the time of a managed agent, which counts for some.
    """

    __slots__ = ("clocks", "_agents")

    def __init__(self, call: LimitedCall | None, agents: bool = False):
        self.clocks = clocks_of(call, agents) if call is not None else ()
        self._agents = agents

    def __enter__(self) -> None:
        if self.clocks:
            with shielded():
                for call in self.clocks:
                    call.pause()
                if self._agents:
                    _own.__dict__.setdefault("pauses", []).append(self)
                    agent_pauses.add(self)

    def __exit__(self, *error: object) -> None:
        if self.clocks:
            with settling():  # Outer clocks go on, even if this thread is to end
                if self._agents:
                    agent_pauses.discard(self)
                    _own.pauses.remove(self)
                for call in self.clocks:
                    call.resume()


# Of agents that are being called. The evaluator looks here first, as it is often empty.
agent_pauses: set[not_counted] = set()


class _counted:  # noqa: N801
    """The part of a managed agent's time, in the thread that called it, that is the caller's own and so counts."""

    __slots__ = ("_pauses",)

    def __enter__(self) -> None:
        with shielded():
            self._pauses, _own.pauses = _own.pauses, []
            for pause in self._pauses:
                for call in pause.clocks:
                    call.resume()

    def __exit__(self, *error: object) -> None:
        with settling():
            for pause in self._pauses:
                for call in pause.clocks:
                    call.pause()
            _own.pauses = self._pauses


def counting(evaluate: Callable) -> Callable:
    """
    Let the time count that a program takes inside of an agent that it called, such as in the `__str__` of an argument.
    To be called if `agent_pauses` is not empty.
    """
    if not getattr(_own, "pauses", None):
        return evaluate

    def evaluate_counted(*args: Any, **kwargs: Any) -> Any:
        with _counted():
            return evaluate(*args, **kwargs)

    return evaluate_counted


def call_within(
    seconds: float | None, kind: str, name: str, function: Callable[[], Any], run: AgentRun
) -> tuple[Any, bool]:
    """
    Make a call that hooks let through, in a thread of its own if it has a deadline, or if it is one of several
    parallel calls: those are made in a pool, which waits for all, and a stop must not wait for them.

    Returns:
        `tuple[Any, bool]`: The result, and whether the call ended in time.
    """
    with exposed(), not_counted(current_call() if kind == "agent" else None, agents=True):
        if seconds is None and (hasattr(_own, "call") or threading.get_ident() == run.thread):
            return function(), True
        call = LimitedCall(function, name, seconds)
        if (seconds is None or seconds > 0) and call.run():
            return call.result(), True
        return None, False
