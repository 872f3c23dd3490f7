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
The result of a code action as text, made once, while the action runs and its time limit holds.

Generated code can define how its objects turn into text. Where a host logs, stores or shows a result afterwards,
nothing of it may run: the step is over.
"""

from collections.abc import Callable
from types import WrapperDescriptorType
from typing import Any

from .agent_types import handle_agent_output_types
from .hook_arguments import _CONTAINERS, _SCALARS, ArgumentCopier, ArgumentsRefused, _type_name, as_text


_mro = type.__dict__["__mro__"].__get__
_attributes = type.__dict__["__dict__"].__get__


class RenderedResult(str):
    """
    The text of a result that is more than plain data.

    Attributes:
        original (`Any`): The result.
    """

    __slots__ = ("original",)
    original: Any


def render(result: Any, is_final_answer: bool) -> Any:
    """
    Make the text of a result, to be called while the action runs.

    Returns:
        `Any`: Plain data as it is, in fresh containers unless it is the answer, as the program may go on to change its
            own; and a [`RenderedResult`] for all else.
    """
    try:
        if _is_plain(result):
            return result if is_final_answer else ArgumentCopier().copy(result)[1]
    except ArgumentsRefused:
        pass
    try:
        text = as_text(str(result)) or ""
    except Exception as error:
        text = f"<{_type_name(type(result))} that cannot be shown: {_type_name(type(error))}>"
    rendered = RenderedResult(text)
    rendered.original = result
    return rendered


def _is_plain(value: Any) -> bool:
    """Whether a value is plain data all the way down, and of no subclass, whose methods a program may have defined."""
    seen: set[int] = set()
    left = [value]
    while left:
        item = left.pop()
        kind = type(item)
        if id(kind) in _SCALARS or id(item) in seen:
            continue
        if id(kind) not in _CONTAINERS:
            return False
        seen.add(id(item))
        left.extend([*item, *item.values()] if kind is dict else item)
    return True


def original(value: Any) -> Any:
    """The result that was rendered."""
    return value.original if type(value) is RenderedResult else value


def answer_output(value: Any) -> Any:
    """What a run gives back for an answer. An object that says itself what its class is, is not asked."""
    answer = original(value)
    return answer if _makes_up_its_class(type(answer)) else handle_agent_output_types(answer)


def _makes_up_its_class(kind: type) -> bool:
    """Whether `isinstance` would run code of a class, such as a property `__class__`, after the action is over."""
    return any(
        name in _attributes(base) and type(_attributes(base)[name]) is not WrapperDescriptorType
        for base in _mro(kind)
        if base is not object
        for name in ("__class__", "__getattribute__")
    )


def rendered_answer(agent: Any, answer: Any) -> Any:
    """The answer of a run as it was rendered in its last step, for a text that is made of it afterwards."""
    for step in reversed(agent.memory.steps):
        output = getattr(step, "action_output", None)
        if isinstance(output, RenderedResult) and output.original is answer:
            return output
    return answer


def rendering(
    function: Callable[[], tuple[Any, bool]], static_tools: dict[str, Any]
) -> Callable[[], tuple[Any, bool]]:
    """
    Make what runs a program render the result, too.

    Args:
        function (`Callable`): Runs the program.
        static_tools (`dict[str, Any]`): Those of the program: its frame says whose the effects are.
    """

    def run_and_render() -> tuple[Any, bool]:
        _ = static_tools
        try:
            result, is_final_answer = function()
        except Exception as error:
            for name in ("__cause__", "__context__"):  # Errors that the program may have defined
                BaseException.__dict__[name].__set__(error, None)
            raise
        return render(result, is_final_answer), is_final_answer

    return run_and_render


def settle_print_outputs(state: dict[str, Any], container: Any) -> None:
    """Put the print outputs in their place in the state, as plain text: a program can put anything there."""
    text = vars(container).get("value")
    container = type(container)()
    container.value = as_text(text) or ""
    state["_print_outputs"] = container
