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
Which program generated code belongs to: the code of one executor, and the executions in which it runs now.

Generated code outlives the code action that defined it, in functions, threads and finalizers, and may lose its
context. Every function of the evaluator holds the key of its program, which leads to what the
host knows.
"""

import weakref
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .hook_scope import AgentRun, OpaqueKey, Scope, current_scope, is_over, make_key, value_of


if TYPE_CHECKING:
    from .agents import MultiStepAgent


# Names in the static tools, which no program can write: the key of the program, and what imports for it
PROGRAM = "<program>"
IMPORTER = "<import>"


class Program:
    """
    Generated code of one executor.

    Args:
        agent (`MultiStepAgent`): Agent that executes it.

    Attributes:
        is_watched (`bool`): Whether hooks wanted its operations when it was executed last.
    """

    __slots__ = ("_agent", "_executing", "is_watched")

    def __init__(self, agent: "MultiStepAgent"):
        self._agent = weakref.ref(agent)  # The agent leads to the functions that hold the key of this program
        self._executing: list[Scope] = []
        self.is_watched = False

    @contextmanager
    def executing(self) -> Generator[None, None, None]:
        """Say that the current scope executes this program."""
        if (scope := current_scope()) is None:
            yield
            return
        self.is_watched = wants_operations(scope.run)
        self._executing.append(scope)
        try:
            yield
        finally:
            self._executing.remove(scope)

    def execute_once(self, scope: Scope) -> None:
        """Say that this scope, and no other, executes this program."""
        self.is_watched = wants_operations(scope.run)
        self._executing.append(scope)

    def scope(self) -> Scope | None:
        """Where what the program does now happens; `None` if it is not being executed."""
        executing = self._executing[:]
        current = current_scope()  # A program can choose among contexts, but only among those of its own runs
        if current is not None and not is_over(current) and any(scope.run is current.run for scope in executing):
            return current
        return executing[-1] if executing else None

    def own_run(self) -> AgentRun | None:
        """The run of the program's agent in this context, even if the program is not being executed."""
        scope = current_scope()
        return scope.run if scope is not None and scope.run.agent is self._agent() else None


def add_program(agent: "MultiStepAgent") -> OpaqueKey:
    """Enter a program and return its key, for the static tools of the evaluator."""
    return make_key(Program(agent))


def program_of(key: OpaqueKey) -> Program:
    """The program that a key stands for."""
    return value_of(key)


def wants_operations(run: AgentRun) -> bool:
    """Whether a hook of a run wants to be asked about operations."""
    return any("operation" in bound.kinds for bound in run.hooks)


def is_host_module(name: Any) -> bool:
    """Whether a module is one of this package."""
    return isinstance(name, str) and name.partition(".")[0] == __package__.partition(".")[0]


def is_hidden(name: Any, static_tools: Mapping[str, Any] | None) -> bool:
    """Whether generated code that has these static tools never gets this module: those of the host hold its hooks."""
    return static_tools is not None and PROGRAM in static_tools and is_host_module(name)
