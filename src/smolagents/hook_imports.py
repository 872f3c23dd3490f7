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
Imports of generated code, asked about before they happen: a module that is loaded already is announced by nobody.
"""

import ast
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from types import MappingProxyType
from typing import Any

from .hook_closures import without_host_objects
from .hook_programs import is_host_module, program_of
from .hook_scope import ExecutionInProgress, OpaqueKey, current_scope, make_key, within_place
from .hooks import Deny, ToolExecutionDenied, denied
from .local_python_executor import (
    ATTRIBUTE_ACCESS,
    InterpreterError,
    check_import_authorized,
    evaluate_import,
)


HOST_MODULE = Deny("generated code may not import the modules of the host")


def make_importer(key: OpaqueKey) -> Callable[..., None]:
    """Make what imports for generated code: `evaluate_import`, one module after the other, each asked about."""

    def import_module(
        expression: ast.Import | ast.ImportFrom,
        state: dict,
        authorized_imports: list[str],
        static_tools: dict[str, Any],
    ) -> None:
        for single, module, names in _imports_of(expression):
            place, error = None, None
            if module is not None and check_import_authorized(module, authorized_imports):
                place, error = _ask_import(key, module, names)
            if error is not None:
                raise error
            with within_place(place) if place is not None else nullcontext():
                if module is not None and names == ("*",):
                    _import_all(module, state, authorized_imports, static_tools)
                else:
                    evaluate_import(single, state, authorized_imports, static_tools)

    return import_module


def _import_all(
    module: str, state: dict[str, Any], authorized_imports: list[str], static_tools: dict[str, Any]
) -> None:
    """Import all public names of a module that generated code may have, each as if it were named."""
    imported: dict[str, Any] = {}
    evaluate_import(ast.Import([ast.alias(module)]), imported, authorized_imports, static_tools)
    found = imported[module]
    for name in getattr(found, "__all__", None) or [name for name in dir(found) if not name.startswith("_")]:
        try:
            state[name] = static_tools[ATTRIBUTE_ACCESS].getattr(found, name)
        except InterpreterError:  # A module of the host, for one
            continue


def _imports_of(
    expression: ast.Import | ast.ImportFrom,
) -> Iterator[tuple[ast.Import | ast.ImportFrom, str | None, tuple[str, ...]]]:
    """The imports of a statement, each with its module and the names from it."""
    if isinstance(expression, ast.ImportFrom):
        yield expression, expression.module, tuple(alias.name for alias in expression.names)
        return
    for alias in expression.names:
        yield ast.Import([alias]), alias.name, ()


def _ask_import(key: OpaqueKey, module: str, names: tuple[str, ...]) -> tuple[OpaqueKey | None, Exception | None]:
    """
    Ask about an import.

    Returns:
        `tuple[OpaqueKey | None, Exception | None]`: Key of the import, for what happens in it, and the error if it is
            denied, without what leads from it to objects of the host.
    """
    program, name = program_of(key), "module.import"
    if (scope := program.scope()) is None:
        return None, deny_unscoped(key, name)
    dispatcher, run = scope.run.agent.hook_dispatcher, scope.run
    if is_host_module(module):
        return None, dispatcher.deny(run, name, HOST_MODULE)
    arguments = MappingProxyType({"name": module, "names": names})
    try:
        place = dispatcher.dispatch(scope, "operation", name, arguments, current_scope, lambda _: None)
        return make_key(ExecutionInProgress(run, place.id)), None
    except ToolExecutionDenied as error:
        return None, without_host_objects(error)


def deny_unscoped(key: OpaqueKey, name: str) -> ToolExecutionDenied:
    """Deny what a program does while no code action of its agent is executing."""
    denial = Deny("no code action of its agent is executing", "over")
    run = program_of(key).own_run()
    return denied(name, denial) if run is None else run.agent.hook_dispatcher.deny(run, name, denial)
