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
How hooks are asked: bound once, called with care, and their answers combined into one.
"""

import threading
from collections.abc import Callable, Iterable
from logging import getLogger
from typing import TYPE_CHECKING, Any

from .hook_limits import LimitedCall, clocks_of


if TYPE_CHECKING:
    from .hooks import Deny, ToolExecution, ToolExecutionHook

logger = getLogger(__name__)


_OPTIONAL_METHODS = ("deadline", "check_agent", "before_run", "after_step", "after_run")


class BoundHook:
    """A hook with its attributes, read once and checked."""

    __slots__ = ("hook", "name", "before", "after", "kinds", *_OPTIONAL_METHODS)

    def __init__(self, hook: "ToolExecutionHook"):
        from .hooks import DEFAULT_KINDS, KINDS

        self.hook = hook
        self.name = type(hook).__name__
        if isinstance(hook, type):
            raise TypeError(f"hooks: got the class {hook.__name__}, expected an instance: {hook.__name__}(...).")
        for method in ("before_tool_execution", "after_tool_execution"):
            if not callable(getattr(hook, method, None)):
                raise TypeError(f"hooks: {self.name} has no method `{method}`: see `ToolExecutionHook`.")
        self.before = hook.before_tool_execution
        self.after = hook.after_tool_execution
        self.deadline, self.check_agent, self.before_run, self.after_step, self.after_run = (
            self._optional(method) for method in _OPTIONAL_METHODS
        )
        kinds = getattr(hook, "kinds", DEFAULT_KINDS)
        if isinstance(kinds, str) or not KINDS.issuperset(kinds):
            raise ValueError(f"hooks: `kinds` of {self.name} is {kinds!r}, expected a set out of {sorted(KINDS)}.")
        self.kinds = frozenset(kinds)

    def _optional(self, name: str) -> Callable[..., Any] | None:
        method = getattr(self.hook, name, None)
        if not (method is None or callable(method)):
            raise TypeError(f"hooks: `{name}` of {self.name} is {method!r}, expected a method.")
        return method

    def ask(self, method: Callable[..., Any], *args: Any) -> "Deny | None":
        """Call a method of the hook. Whatever is neither `None` nor a [`Deny`] denies."""
        try:
            answer = method(*args)
        except Exception as error:
            return self._failure(error)
        return None if answer is None else self._check(answer)

    def ask_deadline(self, execution: "ToolExecution") -> "tuple[float | None, Deny | None]":
        """Ask how many seconds an execution may take. Whatever is neither `None` nor a number denies."""
        try:
            seconds = self.deadline(execution) if self.deadline is not None else None
        except Exception as error:
            return None, self._failure(error)
        if seconds is None or (type(seconds) in (int, float) and seconds == seconds):
            return seconds, None
        return None, self._invalid(seconds, "a number of seconds")

    def _check(self, answer: Any) -> "Deny":
        from .hooks import Deny

        return answer if isinstance(answer, Deny) else self._invalid(answer, "Deny")

    def _failure(self, error: Exception) -> "Deny":
        from .hooks import Deny

        logger.exception(f"The hook {self.name} raised")
        return Deny(f"{self.name} failed with {type(error).__name__}, see the log", "hook_error")

    def _invalid(self, answer: Any, expected: str) -> "Deny":
        from .hooks import Deny

        reason = f"{self.name} answered with a {type(answer).__name__}, not with None or {expected}"
        return Deny(reason, "invalid_decision")


def most_severe(answers: "Iterable[tuple[Deny | None, str | None]]") -> "tuple[Deny | None, str | None]":
    """The denial that counts, of answers in list order, and whose it is: stops first, then the earliest."""
    worst: "tuple[Deny | None, str | None]" = (None, None)
    for denial, name in answers:
        if denial is not None and (worst[0] is None or denial.stop and not worst[0].stop):
            worst = denial, name
    return worst


# Threads in which a hook is being called: what starts there meanwhile, such as a generated `__del__`, is denied
_asking_threads: set[int | None] = set()


def is_asking() -> bool:
    """Whether a hook is being called in this thread."""
    return threading.get_ident() in _asking_threads


class asking:  # noqa: N801
    """
    Context manager for calling hooks in this thread. The time that they take counts for nobody. To be entered in a
    shielded region: an abort between stopping a clock and the region would leave it stopped.

    Args:
        call (`LimitedCall`, *optional*): The limited call of this context.
    """

    __slots__ = ("_thread", "_clocks")

    def __init__(self, call: LimitedCall | None):
        self._clocks = () if call is None else clocks_of(call)

    def __enter__(self) -> None:
        for clock in self._clocks:
            clock.pause()
        thread = threading.get_ident()
        self._thread = None if thread in _asking_threads else thread  # An agent that a hook runs has steps too
        _asking_threads.add(thread)

    def __exit__(self, *error: object) -> None:
        _asking_threads.discard(self._thread)
        for clock in self._clocks:
            clock.resume()
