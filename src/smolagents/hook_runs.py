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
What hooks are told of runs: that one begins, each of its steps, and how it ended.
"""

from typing import TYPE_CHECKING, Any

from .hook_asking import asking, most_severe
from .hook_limits import current_call, require_room, settling, shielded
from .hook_scope import AgentRun, within


if TYPE_CHECKING:
    from .memory import ActionStep, PlanningStep


def tell_step(run: AgentRun, memory_step: "ActionStep | PlanningStep") -> None:
    """Tell the hooks, once, of a step that is in memory. Each denial stops the run."""
    if not any(memory_step is step for step in run.steps):
        run.steps.append(memory_step)
        _tell(run, "after_step", memory_step)


class running:  # noqa: N801
    """Tell the hooks when a run begins, and those how it ended. Each denial stops the run."""

    __slots__ = ("_run",)

    def __init__(self, run: AgentRun):
        self._run = run

    def __enter__(self) -> None:
        if current_call() is not None:
            require_room()  # Else the stack could end between telling of the begin and of the end
        with shielded():  # What is to end begins no run
            try:
                _tell(self._run, "before_run", self._run.info)
            except BaseException as error:
                self.__exit__(type(error), error, None)
                raise

    def __exit__(self, error_type: type | None, error: BaseException | None, traceback: object) -> None:
        if error is not None and isinstance(error.__cause__, GeneratorExit):  # Abandoned in the middle of a step
            error = error.__cause__
        _tell(self._run, "after_run", self._run.info, error)


def within_implicit_run(run: AgentRun) -> within:
    """As [`within`], for a run that is no more than what the host calls outside of `run()`."""
    for bound in run.hooks:
        if bound.before_run is not None or bound.after_run is not None:
            return _within_told_run(run)
    return within(run)


class _within_told_run(within):  # noqa: N801
    __slots__ = ("_running",)

    def __init__(self, run: AgentRun):
        super().__init__(run)
        self._running = running(run)

    def __enter__(self) -> AgentRun:
        self._running.__enter__()
        super().__enter__()
        return self._running._run

    def __exit__(self, *exception: Any) -> None:
        super().__exit__(*exception)
        self._running.__exit__(*exception)


def _tell(run: AgentRun, method: str, *args: Any) -> None:
    """Tell all hooks, also those after one that raises what is no `Exception`, and also in a thread that is to end."""
    asked = [(bound, tell) for bound in run.hooks if (tell := getattr(bound, method)) is not None]
    if not asked:
        return
    answers, interruption = [], None
    with settling(), asking(current_call()):
        for bound, tell in asked:
            try:
                answers.append((bound.ask(tell, *args), bound.name))
            except BaseException as exception:
                interruption = exception
    denial, _ = most_severe(answers)
    if denial is not None:
        run.tree.latch(denial)
    if interruption is not None:
        raise interruption
