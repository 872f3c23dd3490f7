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

import string
import weakref
from _string import formatter_field_name_split  # type: ignore[import-not-found]  # as `string.Formatter` uses it
from collections.abc import Mapping, Sequence
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, MethodType, ModuleType, TracebackType
from typing import Any

from .hook_programs import PROGRAM
from .local_python_executor import ALLOWED_DUNDER_METHODS, InterpreterError, check_safer_result


# No attribute of these leads anywhere (of str, `format` does)
_PLAIN_TYPES = frozenset({type(None), bool, int, float, complex, bytes, list, tuple, dict, set, frozenset})
_FUNCTION_TYPES = (BuiltinFunctionType, FunctionType)
_HOST_TYPES = (CodeType, FrameType, TracebackType)
_mro = type.__dict__["__mro__"].__get__
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
        return getattr(obj, name) if type(obj) in _PLAIN_TYPES else self._read(obj, name, is_called=True)

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

    def _read(self, obj: Any, name: str, *default: Any, is_called: bool = False) -> Any:
        is_shared = isinstance(obj, ModuleType) or (type in _mro(type(obj)) and not _is_generated(obj))
        if is_shared and name.startswith("_") and not _is_dunder(name) and name not in _NAMED_TUPLE_NAMES:
            raise InterpreterError(f"Forbidden access to private attribute: {name}")
        if name in ("format", "format_map") and str in _mro(obj if isinstance(obj, type) else type(obj)):
            return self._make_formatter(obj, name)
        value = getattr(obj, name, *default)
        if is_called and type(value) in _FUNCTION_TYPES:
            return value
        owner = value.__self__ if type(value) is MethodType else value  # Of a bound method
        if isinstance(value, _HOST_TYPES) or any(id(base) in self._host_classes for base in _mro(type(owner))):
            raise InterpreterError(f"Forbidden access to a {type(value).__name__}: {name}")
        if not is_called:  # The evaluator checks what a call returns
            check_safer_result(value, _OF_PROGRAM, self._authorized_imports)
        return value

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
