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
What generated code gets in place of tools, managed agents and other callables of the host: plain closures.

Nothing that generated code can reach from a closure, be it an attribute, a frame or the traceback of an error, leads
to the tool, the agent or a hook. A closure holds an opaque key: only the host can say what it stands for.
"""

import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from .hook_arguments import _SCALARS
from .hook_scope import OpaqueKey, current_scope, make_key, value_of
from .hooks import Deny, HookDispatcher, denied
from .tools import BaseTool
from .utils import is_valid_name


AnyError = TypeVar("AnyError", bound=Exception)
_mro = type.__dict__["__mro__"].__get__


class _Callee:
    """What a closure calls."""

    __slots__ = ("_agent", "name", "function", "belongs_to_agent")

    def __init__(self, dispatcher: HookDispatcher, name: str, function: Callable, belongs_to_agent: bool):
        self._agent = weakref.ref(dispatcher.agent)  # The agent leads to closures, and they to what they call
        self.name = name
        self.function = function
        self.belongs_to_agent = belongs_to_agent

    def call(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        agent = self._agent()
        scope = None if agent is None else agent.hook_dispatcher.own_scope()
        if agent is None or scope is None:
            reason = Deny("it was called outside of the run that it belongs to", "no_context")
            elsewhere = current_scope()
            if elsewhere is None:
                raise denied(self.name, reason)
            raise elsewhere.run.agent.hook_dispatcher.deny(elsewhere.run, self.name, reason)
        if self.belongs_to_agent and {**agent.tools, **agent.managed_agents}.get(self.name) is not self.function:
            reason = Deny("the agent does not have it any more", "unknown_tool")
            raise agent.hook_dispatcher.deny(scope.run, self.name, reason)
        dispatcher = agent.hook_dispatcher
        return close_over_tools(dispatcher, dispatcher.call_tool(scope, self.name, self.function, args, kwargs))


def make_closure(
    dispatcher: HookDispatcher, name: str, function: Callable, belongs_to_agent: bool = False
) -> Callable[..., Any]:
    """
    Make a closure that asks the hooks.

    Args:
        dispatcher ([`HookDispatcher`]): Dispatcher of the agent whose code calls the closure.
        name (`str`): Name of the execution.
        function (`Callable`): Tool, managed agent or function that it calls.
        belongs_to_agent (`bool`, default `False`): Whether the agent has to have the function under that name when it
            is called.
    """
    key = make_key(_Callee(dispatcher, name, function, belongs_to_agent))

    def closure(*args, **kwargs):
        result, error = _call(key, args, kwargs)
        if error is not None:
            raise error
        return result

    closure.__name__ = closure.__qualname__ = name
    return closure


def _call(key: OpaqueKey, args: tuple, kwargs: dict[str, Any]) -> tuple[Any, Exception | None]:
    """
    Call what a key stands for.

    Returns:
        `tuple[Any, Exception | None]`: The result, and the error without what leads from it to objects of the host.
    """
    try:
        return value_of(key).call(args, kwargs), None
    except Exception as error:
        return None, without_host_objects(error)


def without_host_objects(error: AnyError) -> AnyError:
    """Take from an error what leads from it to objects of the host."""
    # By the methods of the base class: generated code may have defined the class of the error
    for name in ("__traceback__", "__cause__", "__context__"):
        BaseException.__dict__[name].__set__(error, None)
    if isinstance(error, AttributeError):
        AttributeError.__dict__["obj"].__set__(error, None)
    return error


def close_over(dispatcher: HookDispatcher, name: str, value: Any) -> Any:
    """
    Put closures in place of the callables in a value that generated code gets as a variable.

    Args:
        dispatcher ([`HookDispatcher`]): Dispatcher of the agent whose code gets the value.
        name (`str`): Name of the variable, which a callable goes by that has no name of its own.
        value (`Any`): Value: a callable, or a container with callables at any depth. Classes stay as they are.

    Returns:
        `Any`: The value itself if there is no callable in it.
    """
    return _close_over(dispatcher, name, value, _is_function, {})


def close_over_tools(dispatcher: HookDispatcher, value: Any) -> Any:
    """
    Put closures in place of the tools and agents in a result that generated code gets, as [`close_over`] does.

    Other callables stay as they are: a tool may give back what generated code handed to it.
    """
    if id(type(value)) in _SCALARS:
        return value
    return _close_over(dispatcher, "tool", value, _is_tool, {})


def _is_function(value: Any) -> bool:
    return callable(value) and not isinstance(value, type)


def _is_tool(value: Any) -> bool:
    from .agents import MultiStepAgent

    # Not by `isinstance`, which would ask the value for its class
    return any(base is BaseTool or base is MultiStepAgent for base in _mro(type(value)))


def _close_over(
    dispatcher: HookDispatcher,
    name: str,
    value: Any,
    is_closed_over: Callable[[Any], bool],
    done: dict[int, tuple[Any, Any]],
) -> Any:
    # By id, with the value itself, so that no other value gets its id meanwhile
    if id(value) in done:
        return done[id(value)][1]
    kind = type(value)
    if kind is dict or kind is list or kind is tuple or kind is set or kind is frozenset:
        closed: Any = {} if kind is dict else []
        done[id(value)] = value, closed  # What contains itself contains its copy
        items = list(value.items()) if kind is dict else list(value)
        new_items = [_close_over(dispatcher, name, item, is_closed_over, done) for item in items]
        closed.update(new_items) if kind is dict else closed.extend(new_items)
        if all(new is old for new, old in zip(new_items, items)):
            closed = value
        elif kind is not dict and kind is not list:
            closed = kind(closed)
    elif is_closed_over(value):
        own_name: Any = getattr(value, "name", None) or getattr(value, "__name__", None)
        # A lambda's is no name
        closed = make_closure(dispatcher, own_name if is_valid_name(own_name) else name, value)
    else:
        return value
    done[id(value)] = value, closed
    return closed
