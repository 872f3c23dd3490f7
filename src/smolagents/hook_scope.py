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
Where an execution belongs: runs, the executions they are in, and the one context variable that leads to them.

Generated code can reach context variables, so the variable holds an opaque key: only the host can say what it stands
for. Nothing of a run is kept on the agent, which may serve two runs at once.
"""

import itertools
import os
import threading
from collections.abc import Callable, Generator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Union


if TYPE_CHECKING:
    from .agents import MultiStepAgent
    from .hook_asking import BoundHook
    from .hook_limits import LimitedCall
    from .hooks import Deny

MAX_DENIALS_SHOWN = 10


@dataclass(frozen=True, slots=True, eq=False)
class RunInfo:
    """
    One run of one agent, as hooks are told of it.

    Args:
        agent ([`MultiStepAgent`]): Agent that runs.
        run_id (`str`): Id of the outermost run, the same for a whole tree of agents.
        agent_path (`tuple[str, ...]`): Names of the agents from the outermost one to this one.
        parent_id (`str`, *optional*): Id of the execution that this run happens in; `None` for the outermost run.
    """

    agent: "MultiStepAgent"
    run_id: str
    agent_path: tuple[str, ...]
    parent_id: str | None


class RunTree:
    """What the outermost run and all that happens in it share."""

    __slots__ = ("run_id", "numbers", "stop", "calls")

    def __init__(self):
        self.run_id = os.urandom(16).hex()
        self.numbers = itertools.count(1)
        self.stop: "Deny | None" = None  # Latches
        self.calls: set[LimitedCall] = set()  # In progress, in threads of their own

    def latch(self, denial: "Deny") -> None:
        """Stop all that is in the tree: from now on everything is denied, and the host waits for nothing in it."""
        self.stop = self.stop or denial
        for call in list(self.calls):
            call.abort()


class AgentRun:
    """
    One run of one agent.

    Args:
        agent (`MultiStepAgent`): Agent that runs.
        hooks (`tuple[BoundHook, ...]`): Hooks of the agent itself. Those of the run that this one happens in come
            before them.
        inside (`AgentRun | ExecutionInProgress`, *optional*): What this run happens in; `None` for the outermost run.
    """

    __slots__ = (
        "agent",
        "inside",
        "tree",
        "hooks",
        "path",
        "step_number",
        "denials",
        "answers",
        "steps",
        "is_answered",
        "thread",
        "over",
    )

    def __init__(self, agent: "MultiStepAgent", hooks: "tuple[BoundHook, ...]", inside: "Scope | None"):
        name = agent.name or type(agent).__name__
        self.agent = agent
        self.inside = inside
        self.path: tuple[str, ...]
        if inside is None:
            self.tree, self.hooks, self.path = RunTree(), hooks, (name,)
        else:
            outer = inside.run
            known = {id(bound.hook) for bound in outer.hooks}
            self.tree, self.path = outer.tree, (*outer.path, name)
            self.hooks = outer.hooks + tuple(bound for bound in hooks if id(bound.hook) not in known)
        self.step_number = 0
        self.denials: list[str] = []  # Of the current step, as the model is told
        self.answers: list[Any] = []  # Final answers of the current step that the hooks let through
        self.steps: list[Any] = []  # That the hooks were told of
        self.is_answered = False  # Whether the hooks decided on an answer of the run
        self.thread = threading.get_ident()  # That takes the steps
        self.over = False

    @property
    def run(self) -> "AgentRun":
        """The run that it is, as every scope has one."""
        return self

    @property
    def info(self) -> RunInfo:
        """What hooks are told of it."""
        return RunInfo(self.agent, self.tree.run_id, self.path, getattr(self.inside, "id", None))

    def start_step(self, step_number: int) -> None:
        self.thread = threading.get_ident()
        self.step_number, self.denials, self.answers = step_number, [], []

    def unobserved_denials(self, observations: str) -> str:
        """Say what was denied in this step that its observations do not say: a program may have swallowed it."""
        if not self.denials:
            return ""
        counts = dict.fromkeys(self.denials, 0)
        for message in self.denials:
            counts[message] += 1
        lines = [
            message if count == 1 else f"{message} ({count} times)"
            for message, count in counts.items()
            if observations.count(message) < count
        ]
        if len(lines) > MAX_DENIALS_SHOWN:
            lines[MAX_DENIALS_SHOWN:] = [f"... and {len(lines) - MAX_DENIALS_SHOWN} more denials"]
        return "\n".join(["Denied in this step:", *lines]) if lines else ""


class ExecutionInProgress:
    """An execution that has begun, as the place in which others happen."""

    __slots__ = ("run", "id", "over")

    def __init__(self, run: AgentRun, id: str):
        self.run = run
        self.id = id
        self.over = False


Scope = Union[AgentRun, ExecutionInProgress]


class OpaqueKey:
    """
    What generated code can reach in place of an object of the host.

    Its slot has no name any more, so no attribute leads to what is in it. The garbage collector sees it all the same:
    a table would keep for good what leads back to its own key, such as an agent that remembers an error.
    """

    __slots__ = ("_value", "__weakref__")


_slot: Any = vars(OpaqueKey)["_value"]
value_of: Callable[[OpaqueKey], Any] = _slot.__get__
_set_value: Callable[[OpaqueKey, Any], None] = _slot.__set__
delattr(OpaqueKey, "_value")


def make_key(value: Any) -> OpaqueKey:
    """Make a key that stands for a value; `value_of` gives it back."""
    key = OpaqueKey()
    _set_value(key, value)
    return key


_key: ContextVar[OpaqueKey | None] = ContextVar("smolagents_scope", default=None)


def current_scope() -> Scope | None:
    """The innermost scope of this context; `None` outside of guarded runs."""
    key = _key.get()
    return None if key is None else value_of(key)


def current_run() -> RunInfo | None:
    """The run that this context belongs to, for hooks and tools that want to know; `None` outside of guarded runs."""
    scope = current_scope()
    return None if scope is None else scope.run.info


def in_guarded_run() -> bool:
    """Whether this context is in a run with hooks."""
    return _key.get() is not None


def is_over(scope: Scope) -> bool:
    """Whether a scope, or anything that it happens in, has ended."""
    inside: Scope | None = scope
    while inside is not None:
        if inside.over or inside.run.over:
            return True
        inside = inside.run.inside
    return False


class _entered:
    """Make the scope of a key the current one. (A class, as a generator would cost three times as much.)"""

    __slots__ = ("_key", "_token")

    def __init__(self, key: OpaqueKey):
        self._key = key

    def __enter__(self) -> None:
        self._token = _key.set(self._key)

    def __exit__(self, *exception: object) -> None:
        _key.reset(self._token)


class within:
    """Make a scope the current one, and end it afterwards: nothing more may be executed in it."""

    __slots__ = ("_scope", "_token")

    def __init__(self, scope: Scope):
        self._scope = scope

    def __enter__(self) -> Scope:
        self._token = _key.set(make_key(self._scope))
        return self._scope

    def __exit__(self, *exception: object) -> None:
        self._scope.over = True
        _key.reset(self._token)


class within_place:  # noqa: N801
    """As [`within`], for the scope that a key stands for: in frames in which generated code could find the scope."""

    __slots__ = ("_place", "_token")

    def __init__(self, key: OpaqueKey):
        self._place = key

    def __enter__(self) -> None:
        self._token = _key.set(self._place)

    def __exit__(self, *exception: object) -> None:
        value_of(self._place).over = True
        _key.reset(self._token)


def advance_within(
    scope: Scope, stream: Generator, throw_after: Callable[[Any], BaseException | None]
) -> Generator[Any, None, None]:
    """
    Make a scope the current one while a generator is being advanced, and only then, and end it with the generator.

    Args:
        scope (`Scope`): Scope of all that the generator does.
        stream (`Generator`): Generator to advance.
        throw_after (`Callable[[Any], BaseException | None]`): Gets `None` first and then each item, in the scope, and
            says what to throw into the generator once the item was consumed.
    """
    key, error = make_key(scope), throw_after(None)
    try:
        while True:
            with _entered(key):
                try:
                    item = next(stream) if error is None else stream.throw(error)
                except StopIteration:
                    return
                error = throw_after(item)
            try:
                yield item
            except GeneratorExit:
                raise
            except BaseException as thrown:
                error = thrown
    finally:
        try:
            with _entered(key):
                _close(stream, throw_after)
        finally:
            scope.over = True


def _close(stream: Generator, throw_after: Callable[[Any], BaseException | None]) -> None:
    """As `stream.close()`. The step that an agent's stream was in is in memory then, as an item that nobody gets."""
    abandoned = GeneratorExit()
    try:
        item = stream.throw(abandoned)
    except (GeneratorExit, StopIteration):
        return
    try:
        throw_after(item)
    finally:
        stream.close()
    raise RuntimeError("generator ignored GeneratorExit") from abandoned  # As Python says


def in_current_scope(function: Callable) -> Callable:
    """Bind a function to the current scope, for a thread that the host starts."""
    key = _key.get()
    if key is None:
        return function

    @wraps(function)
    def wrapper(*args, **kwargs):
        with _entered(key):
            return function(*args, **kwargs)

    return wrapper


def implicit_run(method: Callable[..., Generator]) -> Callable[..., Generator]:
    """Decorator that makes a generator method of an agent one run when the host calls it outside of `run()`."""

    @wraps(method)
    def wrapper(self, *args, **kwargs):
        stream, dispatcher = method(self, *args, **kwargs), self.hook_dispatcher
        if not dispatcher.is_active() or dispatcher.own_scope() is not None:
            return stream
        return dispatcher.guard_run(stream)

    return wrapper
