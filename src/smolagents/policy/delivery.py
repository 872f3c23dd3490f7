"""Calls handlers of events in a thread of its own, so that a slow one does not delay a decision."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from weakref import WeakSet


logger = logging.getLogger(__name__)

# Events that wait for a slow handler. When there are as many, whoever has the next one waits too: none is lost.
MAX_WAITING = 10_000
# How long the thread stays for the next event.
_IDLE_SECONDS = 1.0

# Whose call this is a part of: threads that smolagents starts have the context of the one they are for. It is no more
# than a mark, as generated code can read contexts.
_in_call_of: ContextVar[object] = ContextVar("smolagents_policy_event", default=None)


class Delivery:
    """
    Makes calls one after the other, in the order in which they were handed in.

    Args:
        max_waiting (`int`): How many calls may wait.
    """

    def __init__(self, max_waiting: int = MAX_WAITING):
        self._max_waiting = max_waiting
        self._start_empty()
        _deliveries.add(self)

    def _start_empty(self) -> None:
        self._mark = object()
        self._changed = threading.Condition()
        self._waiting: deque[Callable[[], object]] = deque()
        self._is_calling = False
        self._thread: threading.Thread | None = None

    def put(self, call: Callable[[], object]) -> None:
        """Hand in a call. Waits if too many are waiting, unless it is itself one of them."""
        with self._changed:
            while len(self._waiting) >= self._max_waiting and not self._is_in_a_call():
                self._changed.wait()
            self._waiting.append(call)
            is_on_its_own = False
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="policy events", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError:  # There are too many, or the interpreter is about to exit
                    self._thread, is_on_its_own = threading.current_thread(), True
            self._changed.notify_all()
        if is_on_its_own:
            self._work(idle_seconds=0.0)

    def flush(self, seconds: float | None = None) -> bool:
        """Wait until all that was handed in has been called. `False` if that took longer than `seconds`."""
        ends = None if seconds is None else time.monotonic() + seconds
        with self._changed:
            while self._waiting or self._is_calling:
                left = None if ends is None else ends - time.monotonic()
                if left is not None and left <= 0 or self._is_in_a_call():
                    return False
                self._changed.wait(left)
        return True

    def _is_in_a_call(self) -> bool:
        """Whether this is one of the calls, or what it started, such as an agent: they cannot wait for themselves."""
        return self._thread is threading.current_thread() or _in_call_of.get() is self._mark

    def _work(self, idle_seconds: float = _IDLE_SECONDS) -> None:
        context = copy_context()
        context.run(_in_call_of.set, self._mark)
        while True:
            with self._changed:
                if self._thread is not threading.current_thread():  # The call forked, and this is the child
                    return
                self._is_calling = False
                self._changed.notify_all()
                if not self._waiting:
                    self._changed.wait(idle_seconds)
                if not self._waiting:
                    self._thread = None
                    return
                call = self._waiting.popleft()
                self._is_calling = True
            try:
                context.copy().run(call)
            except BaseException:  # There is nobody else in this thread to tell
                logger.exception("What was to be told of an event failed.")


_deliveries: WeakSet[Delivery] = WeakSet()


def _start_empty_after_fork() -> None:
    """In a child process the thread is not there, its lock may be held for good, and the parent makes its calls."""
    for delivery in list(_deliveries):
        delivery._start_empty()


if hasattr(os, "register_at_fork"):  # Not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_start_empty_after_fork)


@atexit.register
def _flush_all() -> None:
    for delivery in list(_deliveries):
        delivery.flush()
