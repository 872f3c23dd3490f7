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
How generated code reads and sets attributes under hooks: without what leads to objects of the host or changes them.

The interpreter of generated code shares its process with the guard. Frames and tracebacks hold local variables of the
host, dunder attributes of functions lead to its modules, and a method put on one of its classes would run in its
place.
"""

import re
import string
import weakref
from _string import formatter_field_name_split  # type: ignore[import-not-found]  # as `string.Formatter` uses it
from abc import ABCMeta
from collections import UserString
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import partial
from types import (
    BuiltinFunctionType,
    CodeType,
    FrameType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
    TracebackType,
)
from typing import Any

from .hook_arguments import base_value
from .hook_programs import PROGRAM
from .local_python_executor import ALLOWED_DUNDER_METHODS, InterpreterError, check_safer_result


# No attribute of these leads anywhere (of str, `format` does). By id, as a generated metaclass may define `__eq__`.
_PLAIN_TYPES = frozenset(map(id, (type(None), bool, int, float, complex, bytes, list, tuple, dict, set, frozenset)))
# No instance of a class of the host, to be quick about it
_COMMON_TYPES = _PLAIN_TYPES | frozenset(map(id, (str, type, FunctionType, BuiltinFunctionType)))
_HOST_TYPES = (CodeType, FrameType, TracebackType)
_mro = type.__dict__["__mro__"].__get__
_attributes = type.__dict__["__dict__"].__get__
_super_class = super.__dict__["__self_class__"].__get__
# What changes a class of the host for all who use it, or reads attributes by itself
_HOST_FUNCTIONS = frozenset(map(id, (ABCMeta.register, UserString.format, UserString.format_map)))
_FORMATS = (str.format, str.format_map)
# What named tuples offer for use in spite of the underscore (`collections`, "somenamedtuple")
_NAMED_TUPLE_NAMES = frozenset({"_asdict", "_field_defaults", "_fields", "_make", "_replace"})
# Names under which the evaluator creates the functions of generated code
_GENERATED_FUNCTION_NAMES = frozenset({"new_func", "lambda_func"})
_EVALUATOR_FILE = check_safer_result.__code__.co_filename


# Static tools by which a module of the host is known to be hidden
_OF_PROGRAM: dict[str, Any] = {PROGRAM: None}
# By id, as a generated metaclass may define `__hash__`
_generated_classes: dict[int, weakref.ref[type]] = {}


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _is_generated(obj: Any) -> bool:
    """Whether generated code defined a class or function."""
    if type(obj) is FunctionType:
        code = obj.__code__
        return code.co_filename == _EVALUATOR_FILE and code.co_name in _GENERATED_FUNCTION_NAMES
    found = _generated_classes.get(id(obj))
    return found is not None and found() is obj


def _is_private_of_host(obj: Any, name: str) -> bool:
    """
    Whether a private attribute is of a module, or of a class that the host shares with the program.

    An object may have private attributes of its own, and call private methods of its class.
    """
    if name in _NAMED_TUPLE_NAMES:
        return False
    kind = _super_class(obj) if type(obj) is super else type(obj)
    if issubclass(kind, ModuleType):
        return True
    is_class = issubclass(kind, type)
    for found in (*_mro(obj), *_mro(kind)) if is_class and type(obj) is not super else _mro(kind):
        if name in _attributes(found):
            value = _attributes(found)[name]
            is_data = isinstance(value, (dict, list, set))
            return not _is_generated(found) and (is_class or is_data or issubclass(kind, Enum))
    return is_class


def _is_of_re(kind: type) -> bool:
    return kind is re.Pattern or kind is re.Match


def _with_plain_arguments(function: Callable[..., Any]) -> Callable[..., Any]:
    """
    Make a function of `re` take plain text and numbers only.

    It caches what it compiles by its arguments, and the host gets from there what a program compiled: of an instance
    of a subclass, which says that it equals a pattern of the host, and reads as another.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*map(_plain, args), **{name: _plain(value) for name, value in kwargs.items()})

    return call


def _plain(value: Any) -> Any:
    return value if type(value) is bool else base_value(value)[1]


class AttributeAccess:
    """
    Reads and sets attributes for generated code.

    Args:
        authorized_imports (`list[str]`): Modules that the code may have.
        host_classes (`tuple[type, ...]`): Classes of which generated code gets no instance, such as tools and agents.
    """

    def __init__(self, authorized_imports: list[str], host_classes: tuple[type, ...]):
        self._authorized_imports = authorized_imports
        self._host_classes = frozenset(map(id, host_classes))

    def add_class(self, generated_class: type) -> None:
        """Note that generated code defined a class, so that it may change it."""
        key = id(generated_class)
        _generated_classes[key] = weakref.ref(generated_class, lambda _: _generated_classes.pop(key, None))

    def getattr(self, obj: Any, name: str, *default: Any) -> Any:
        """Read an attribute.

        Raises:
            InterpreterError: If the attribute is none for generated code.
        """
        name = str.__str__(name)  # An instance of a subclass could lie about how it starts
        if _is_dunder(name):
            raise InterpreterError(f"Forbidden access to dunder attribute: {name}")
        return self._read(obj, name, *default)

    def getmethod(self, obj: Any, name: str) -> Any:
        """Read an attribute that is then called. The evaluator decides which dunder methods may be."""
        return getattr(obj, name) if id(type(obj)) in _PLAIN_TYPES else self._read(obj, name, is_called=True)

    def setattr(self, obj: Any, name: str, value: Any) -> None:
        """Set an attribute, of an object or of a class or function that generated code defined.

        Raises:
            InterpreterError: If generated code may not change it.
        """
        name = str.__str__(name)
        is_generated = _is_generated(obj)
        if _is_dunder(name) and not (is_generated and name in ALLOWED_DUNDER_METHODS):
            raise InterpreterError(f"Forbidden to set the dunder attribute: {name}")
        is_of_host = isinstance(obj, (type, FunctionType, BuiltinFunctionType, ModuleType))
        if not is_generated and (is_of_host or name.startswith("_") and not _is_generated(type(obj))):
            raise InterpreterError(f"Forbidden to set {name}: the program did not define what has it")
        setattr(obj, name, value)

    def check_call(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> None:
        """Refuse a call of a tool or an agent itself, or with one: a method of an object of the host may give it out.

        Raises:
            InterpreterError: If it is one.
        """
        for value in (function, *args, *kwargs.values()):
            if id(type(value)) not in _COMMON_TYPES and self._is_of_host(value):
                raise InterpreterError(f"Forbidden use of a {type(value).__name__}, which is not one of the tools")

    def _is_of_host(self, value: Any) -> bool:
        """Whether a value is an instance of a class of which generated code gets none, or calls a method of one."""
        while type(value) is MethodType or type(value) is partial:
            value = value.__self__ if type(value) is MethodType else value.func
        kind = type(value)
        return id(kind) not in _COMMON_TYPES and any(id(base) in self._host_classes for base in _mro(kind))

    def _read(self, obj: Any, name: str, *default: Any, is_called: bool = False) -> Any:
        if name.startswith("_") and not _is_dunder(name) and _is_private_of_host(obj, name):
            raise InterpreterError(f"Forbidden access to private attribute: {name}")
        value = getattr(obj, name, *default)
        function = value.__func__ if type(value) is MethodType else value
        if id(function) in _HOST_FUNCTIONS:
            raise InterpreterError(f"Forbidden access to a function of the host: {name}")
        if (stand_in := self._stand_in(value)) is not None:
            return stand_in
        if is_called and (type(value) is FunctionType or type(value) is BuiltinFunctionType):
            return value
        if isinstance(value, _HOST_TYPES) or self._is_of_host(value):
            raise InterpreterError(f"Forbidden access to a {type(value).__name__}: {name}")
        if not is_called:  # The evaluator checks what a call returns
            check_safer_result(value, _OF_PROGRAM, self._authorized_imports)
        return value

    def _stand_in(self, value: Any) -> Callable[..., Any] | None:
        """What generated code gets in place of functions that would take its word for too much."""
        if type(value) is FunctionType:
            return _with_plain_arguments(value) if value.__globals__ is re.__dict__ else None
        if type(value) is BuiltinFunctionType:
            owner = value.__self__
            if value.__name__ in ("format", "format_map") and issubclass(type(owner), str):
                return self._make_formatter(owner, value.__name__)
            return _with_plain_arguments(value) if _is_of_re(type(owner)) else None
        if type(value) is MethodDescriptorType:
            if value in _FORMATS:
                return self._make_formatter(str, value.__name__)
            return _with_plain_arguments(value) if _is_of_re(value.__objclass__) else None
        return None

    def _make_formatter(self, obj: Any, name: str) -> Any:
        """Make what stands in for `str.format`, which would read attributes itself."""
        formatter = _Formatter(self)

        def format(*args: Any, **kwargs: Any) -> str:
            template, args = (args[0], args[1:]) if isinstance(obj, type) else (obj, args)
            if name == "format_map":
                return formatter.vformat(str.__str__(template), (), args[0])
            return formatter.vformat(str.__str__(template), args, kwargs)

        return format


class _Formatter(string.Formatter):
    def __init__(self, access: AttributeAccess):
        self._access = access

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, Any]:
        first, rest = formatter_field_name_split(field_name)
        value = self.get_value(first, args, kwargs)
        for is_attribute, name in rest:
            value = self._access.getattr(value, name) if is_attribute else value[name]
        return value, first
