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
Arguments of an execution: copied once, bound to parameter names, frozen for hooks.

Hooks decide on a frozen view and the callee gets fresh containers with the same content, so that what was checked is
what runs. Generated code may have defined the type of any value, so nothing of a value is ever called here: types are
compared by identity and containers are read by the methods of the builtin types.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from weakref import WeakKeyDictionary

from .agent_types import AgentAudio


# Deeper or larger arguments are refused: a hook walks the whole value, each shared part as often as it is referred to.
MAX_DEPTH = 100
MAX_ITEMS = 1_000_000

# By id: a generated metaclass may define `__hash__` and `__eq__`, and say that its class is one of these
_SCALARS = frozenset(map(id, (type(None), bool, int, float, complex, str, bytes)))
_CONTAINERS = frozenset(map(id, (list, tuple, dict, set, frozenset)))
# An option of `Tool.__call__`, and no argument of the tool
_SANITIZE = "sanitize_inputs_outputs"
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL)
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
# Reading it from a type as an attribute could run a property of a generated metaclass
_type_name = type.__dict__["__name__"].__get__


@dataclass(frozen=True, slots=True)
class Opaque:
    """
    What a hook sees in place of a value that is not plain data.

    Args:
        type_name (`str`): Name of the type of the value.
    """

    type_name: str


class ArgumentsRefused(Exception):
    """Raised when arguments cannot be shown to a hook.

    Args:
        code (`Literal["arguments_too_deep", "arguments_too_large"]`): What the denial is called.
        reason (`str`): What the denial says.
    """

    def __init__(self, code: str, reason: str):
        super().__init__(reason)
        self.code = code
        self.reason = reason


class _NotPlain(Exception):
    """Raised for a key or set element whose `__hash__` generated code may have defined."""


def base_value(value: Any) -> tuple[bool, Any]:
    """Reduce an instance of a subclass of str, int, float or bytes to the base type.

    Returns:
        `tuple[bool, Any]`: Whether the value was such an instance, and the reduced value.
    """
    kind = type(value)
    if issubclass(kind, AgentAudio):  # A str only by inheritance: its content is the audio
        return False, value
    if issubclass(kind, str):
        return True, str.__str__(value)
    if issubclass(kind, int):
        return True, int.__int__(value)
    if issubclass(kind, float):
        return True, float.__float__(value)
    if issubclass(kind, bytes):
        return True, bytes.__getitem__(value, slice(None))
    return False, value


def _copy_leaf(value: Any) -> tuple[Any, Any]:
    """Copy a value that is no container: the frozen one for hooks and the fresh one for the callee."""
    if id(type(value)) in _SCALARS:
        return value, value
    is_base, base = base_value(value)
    return (base, base) if is_base else (Opaque(_type_name(type(value))), value)


class ArgumentCopier:
    """
    Copies values, each into a frozen one for hooks and a fresh one for the callee.

    One copier serves one execution: what two arguments share stays shared, and the limits hold for all of them
    together.
    """

    def __init__(self):
        self._size = 0
        # By id, with the value itself: another thread may drop it meanwhile, and ids are used again
        self._copies: dict[int, tuple[Any, tuple[Any, Any, int] | None]] = {}

    def copy(self, value: Any, depth: int = 0) -> tuple[Any, Any]:
        """
        Copy a value.

        Args:
            value (`Any`): Value to copy.
            depth (`int`, default `0`): How many containers it is nested in.

        Returns:
            `tuple[Any, Any]`: The frozen value for hooks and the fresh one for the callee.

        Raises:
            ArgumentsRefused: If the value is nested deeper than `MAX_DEPTH`, or has more than `MAX_ITEMS` parts.
        """
        self._count(1)
        kind = type(value)
        if id(kind) not in _CONTAINERS:
            return _copy_leaf(value)
        if id(value) in self._copies:
            _, copies = self._copies[id(value)]
            if copies is None:
                raise ArgumentsRefused("arguments_too_deep", "an argument contains itself")
            self._count(copies[2])
            return copies[:2]
        if depth >= MAX_DEPTH:
            raise ArgumentsRefused("arguments_too_deep", f"an argument is nested deeper than {MAX_DEPTH} levels")
        self._copies[id(value)] = (value, None)
        before = self._size
        try:
            frozen, fresh = self._copy_container(value, kind, depth + 1)
        except _NotPlain:
            frozen, fresh = Opaque(_type_name(kind)), value
        self._copies[id(value)] = (value, (frozen, fresh, self._size - before))
        return frozen, fresh

    def _copy_container(self, value: Any, kind: type, depth: int) -> tuple[Any, Any]:
        if kind is dict:
            frozen, fresh = {}, {}
            items = value.copy()  # In one go: another thread may be changing it
            for key, item in items.items():
                key = self._copy_key(key, depth)
                frozen[key], fresh[key] = self.copy(item, depth)
            if len(fresh) != len(items):
                raise _NotPlain
            return MappingProxyType(frozen), fresh
        if kind is list or kind is tuple:
            pairs = [self.copy(item, depth) for item in tuple(value)]
            return tuple(pair[0] for pair in pairs), kind(pair[1] for pair in pairs)
        items = value.copy()
        keys = frozenset(self._copy_key(item, depth) for item in items)
        if len(keys) != len(items):
            raise _NotPlain
        return keys, kind(keys)

    def _copy_key(self, key: Any, depth: int) -> Any:
        self._count(1)
        kind = type(key)
        if id(kind) in _SCALARS:
            return key
        if kind is tuple or kind is frozenset:
            if depth >= MAX_DEPTH:
                raise ArgumentsRefused("arguments_too_deep", f"a key is nested deeper than {MAX_DEPTH} levels")
            return kind(self._copy_key(item, depth + 1) for item in key)
        is_base, key = base_value(key)
        if not is_base:
            raise _NotPlain
        return key

    def _count(self, items: int) -> None:
        self._size += items
        if self._size > MAX_ITEMS:
            raise ArgumentsRefused("arguments_too_large", f"the arguments have more than {MAX_ITEMS} parts")


def freeze(value: Any) -> Any:
    """
    Make the view of a result that hooks get.

    Args:
        value (`Any`): Result of an execution.

    Returns:
        `Any`: A frozen copy of plain data, and [`Opaque`] for all else and for what is too deep or too large.
    """
    if id(type(value)) not in _CONTAINERS:
        return _copy_leaf(value)[0]
    try:
        return ArgumentCopier().copy(value)[0]
    except (ArgumentsRefused, RecursionError):
        return Opaque(_type_name(type(value)))


def as_text(value: Any) -> str | None:
    """Reduce what generated code may have made in place of a text, which would answer as it likes, to a plain text."""
    if value is None or type(value) is str:
        return value
    return str.__str__(value) if issubclass(type(value), str) else "(not a text)"


class _Parameters:
    """The parameters of a tool or managed agent, read once: `inspect.signature` costs more than the rest of a call."""

    __slots__ = ("function", "signature", "names", "defaults", "var_keyword", "have_names")

    def __init__(self, function: Callable, inputs: Mapping[str, Any] | None):
        self.function = function
        if inputs is None:
            signature = inspect.signature(function)
            # The decorator `@tool` makes a static method whose signature says `self` all the same
            named = [parameter for parameter in signature.parameters.values() if parameter.name != "self"]
            self.signature = signature.replace(parameters=named)
        else:  # A generic `forward(*args, **kwargs)`: the declared inputs name its arguments
            self.signature = inspect.Signature(
                [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None) for name in inputs]
            )
        parameters = self.signature.parameters.values()
        self.names = frozenset(parameter.name for parameter in parameters if parameter.kind not in _VARIADIC)
        self.defaults = {
            parameter.name: parameter.default
            for parameter in parameters
            if inputs is None and parameter.default is not parameter.empty
        }
        # Otherwise the callee has to be called in the form that the program used
        self.have_names = all(parameter.kind not in _POSITIONAL for parameter in parameters)
        self.var_keyword = next(
            (parameter.name for parameter in parameters if parameter.kind is parameter.VAR_KEYWORD), None
        )

    def bind(self, args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Bind arguments to names as the callee would, without its defaults.

        Raises:
            TypeError: If the callee cannot be called with these arguments.
        """
        if not args and self.names.issuperset(kwargs):
            return kwargs
        bound = self.signature.bind(*args, **kwargs).arguments
        if self.var_keyword in bound:
            bound.update(bound.pop(self.var_keyword))
        return bound


_parameters: WeakKeyDictionary[Any, _Parameters] = WeakKeyDictionary()


def _parameters_of(callee: Any) -> _Parameters:
    inputs = None
    if not hasattr(callee, "forward"):  # A managed agent, or a tool that is no more than a `BaseTool`
        function = type(callee).__call__.__get__(callee)
    else:
        function = callee.forward
        if getattr(callee, "skip_forward_signature_validation", False):
            inputs = callee.inputs
    try:
        parameters = _parameters.get(callee)
        if parameters is None or parameters.function != function:
            parameters = _parameters[callee] = _Parameters(function, inputs)
        return parameters
    except TypeError:  # The callee has no hash or allows no weak reference
        return _Parameters(function, inputs)


def _take_apart(args: tuple, kwargs: dict[str, Any], inputs: Mapping[str, Any]) -> tuple[tuple, dict[str, Any]]:
    """Take the form `tool({"name": value})` apart as `tool(name=value)`, as [`Tool`] does."""
    if len(args) != 1 or kwargs or not issubclass(type(args[0]), dict):
        return args, kwargs
    # Read as a plain dictionary: the tool would ask the methods of a subclass, and once more after the check
    plain = {key: value for key, value in dict.items(args[0]) if type(key) is str}
    if len(plain) == dict.__len__(args[0]) and inputs.keys() >= plain.keys():
        return (), plain
    return args, kwargs


def is_plain(value: Any) -> bool:
    """Whether a value is plain data all the way down, with nothing that can be called."""
    return not _has_opaque(freeze(value))


def _has_opaque(frozen: Any) -> bool:
    if isinstance(frozen, MappingProxyType):
        return any(map(_has_opaque, frozen.values()))
    return any(map(_has_opaque, frozen)) if isinstance(frozen, tuple) else isinstance(frozen, Opaque)


def bind_arguments(
    callee: Any, args: tuple, kwargs: dict[str, Any]
) -> tuple[Mapping[str, Any], tuple, dict[str, Any], TypeError | None]:
    """
    Copy the arguments of a call and bind them to the names of the callee's parameters.

    Args:
        callee (`Callable`): Tool, managed agent or function that is called.
        args (`tuple`): Positional arguments.
        kwargs (`dict[str, Any]`): Keyword arguments.

    Returns:
        `tuple[Mapping[str, Any], tuple, dict[str, Any], TypeError | None]`: The frozen arguments by name, defaults
            included, for hooks; the fresh positional and keyword arguments for the callee; and the error if they do
            not fit the parameters, in which case positional arguments are under the name `"args"`.

    Raises:
        ArgumentsRefused: If the arguments are too deep or too large to be shown to a hook.
    """
    kwargs, error = _plain_names(kwargs)
    if not hasattr(callee, "inputs"):
        return _bind_in_form(lambda: inspect.signature(callee), args, kwargs)
    is_tool = hasattr(callee, "forward")
    sanitize = kwargs.pop(_SANITIZE) if is_tool and type(kwargs.get(_SANITIZE)) is bool else None
    if args and is_tool:
        args, kwargs = _take_apart(args, kwargs, callee.inputs)
    parameters = _parameters_of(callee)
    if not parameters.have_names:
        frozen, fresh_args, fresh, error = _bind_in_form(lambda: parameters.signature, args, kwargs)
        return frozen, fresh_args, fresh if sanitize is None else {**fresh, _SANITIZE: sanitize}, error
    named = kwargs
    try:
        named = parameters.bind(args, kwargs)
    except TypeError as bind_error:
        error = error or bind_error
        if args:
            named = {"args": args, **kwargs}
    copier = ArgumentCopier()
    shown, fresh = {}, {}
    for name, value in named.items():
        if id(type(value)) in _SCALARS:
            shown[name] = fresh[name] = value
        else:
            shown[name], fresh[name] = copier.copy(value)
    for name, default in parameters.defaults.items():
        if name not in shown:
            shown[name], _ = copier.copy(default)
    if sanitize is not None:
        fresh[_SANITIZE] = sanitize
    return MappingProxyType(shown), (), fresh, error


def _plain_names(kwargs: dict[str, Any]) -> tuple[dict[str, Any], TypeError | None]:
    """Keyword arguments by plain names, and the error if two of them are the same."""
    for name in kwargs:
        if type(name) is not str:  # Of a subclass
            plain = {str.__str__(name): value for name, value in kwargs.items()}
            return plain, TypeError("got multiple values for an argument") if len(plain) < len(kwargs) else None
    return kwargs, None


def _bind_in_form(
    signature: Callable[[], inspect.Signature], args: tuple, kwargs: dict[str, Any]
) -> tuple[Mapping[str, Any], tuple, dict[str, Any], TypeError | None]:
    """Bind arguments of a callee that is called in the form that the program used, as it may know no names."""
    copier, error = ArgumentCopier(), None
    pairs = [copier.copy(value) for value in args]
    named = {name: copier.copy(value) for name, value in kwargs.items()}
    frozen_args = tuple(pair[0] for pair in pairs)
    frozen = {name: pair[0] for name, pair in named.items()}
    try:
        bound = signature().bind(*frozen_args, **frozen)
        bound.apply_defaults()
        frozen = {}
        for name, value in bound.arguments.items():
            if bound.signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
                frozen.update(value)
            else:
                frozen[name] = freeze(value)
    except (TypeError, ValueError) as bind_error:  # ValueError: a builtin that does not tell its signature
        error = bind_error if isinstance(bind_error, TypeError) else None
        frozen = {"args": frozen_args, **frozen} if args else frozen
    fresh_args, fresh = tuple(pair[1] for pair in pairs), {name: pair[1] for name, pair in named.items()}
    return MappingProxyType(frozen), fresh_args, fresh, error
