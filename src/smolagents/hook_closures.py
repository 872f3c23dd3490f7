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
What generated code gets in place of tools and managed agents: plain closures.

Nothing that generated code can reach from a closure, be it an attribute, a frame or the traceback of an error, leads to the
tool, the agent or a hook. A closure holds an opaque key: what it stands for is in a table of the host.
"""

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from .hook_scope import OpaqueKey


# An entry lives as long as its closure
_callees: WeakKeyDictionary[OpaqueKey, Callable[[tuple, dict[str, Any]], Any]] = WeakKeyDictionary()


def make_closure(name: str, callee: Callable[[tuple, dict[str, Any]], Any]) -> Callable[..., Any]:
    """
    Make a plain closure.

    Args:
        name (`str`): Name of the closure.
        callee (`Callable[[tuple, dict[str, Any]], Any]`): What it calls, with its positional and its keyword arguments.
    """
    key = OpaqueKey()
    _callees[key] = callee

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
        return _callees[key](args, kwargs), None
    except Exception as error:
        error.__cause__ = error.__context__ = None
        if isinstance(error, AttributeError):
            error.obj = None
        return None, error.with_traceback(None)
