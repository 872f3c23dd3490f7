"""An agent's memory as JSON and back.

Each step holds all messages that the model was given, most of which the step before had too: a message is written
once. Images, and what a model's client returned as it came (`raw`), are left out; images are named.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import smolagents.utils
from smolagents.hook_arguments import Opaque, as_text
from smolagents.hook_rendering import original
from smolagents.memory import ActionStep, MemoryStep, PlanningStep, TaskStep, ToolCall
from smolagents.models import ChatMessage, ChatMessageToolCall, ChatMessageToolCallFunction, MessageRole
from smolagents.monitoring import Timing, TokenUsage
from smolagents.utils import AgentError

from .plain import from_json, to_json


Data: TypeAlias = dict[str, Any]
_Step: TypeAlias = TaskStep | ActionStep | PlanningStep

_LEFT_OUT = "[This is not in the checkpoint from which the run was continued: {}]"


class _KnownMessage(NamedTuple):
    """A message that was turned into data. It is kept, as ids are used again."""

    message: ChatMessage
    text: str
    data: Data


class MemoryWriter:
    """Turns the steps of a memory into data, again and again while the memory grows.

    What a model was given does not change afterwards, so a message is turned into data once.

    Attributes:
        messages (`list[dict]`): Every message that a step was given, once.
        left_out (`list[str]`): What is not in the data, an entry each.
    """

    def __init__(self) -> None:
        self.messages: list[Data] = []
        self.left_out: list[str] = []
        self._numbers: dict[str, int] = {}
        self._before: dict[int, _KnownMessage] = {}
        self._known: dict[int, _KnownMessage] = {}
        self._place = ""

    def steps(self, steps: Iterable[MemoryStep]) -> list[Data]:
        """The steps as data, without those of a kind that is not known."""
        self.messages, self.left_out, self._numbers = [], [], {}
        self._before, self._known = self._known, {}  # Those that no step has any more are forgotten
        written = []
        for index, step in enumerate(steps):
            self._place = f"memory.steps[{index}]"
            if isinstance(step, ActionStep):
                written.append(self._action(step))
            elif isinstance(step, PlanningStep):
                written.append(self._planning(step))
            elif isinstance(step, TaskStep):
                self._name_images("task_images", step.task_images)
                written.append({"type": "task", "task": as_text(step.task)})
            else:
                self.left_out.append(f"{self._place}: a {type(step).__name__}")
        return written

    def _action(self, step: ActionStep) -> Data:
        self._name_images("observations_images", step.observations_images)
        calls = None if step.tool_calls is None else [self._call(call) for call in step.tool_calls]
        return {
            "type": "action",
            "step_number": step.step_number,
            "timing": _timing(step.timing),
            "model_input_messages": self._numbers_of(step.model_input_messages),
            "tool_calls": calls,
            "error": None if step.error is None else [type(step.error).__name__, as_text(step.error.message)],
            "model_output_message": self._message(step.model_output_message),
            "model_output": self._plain("model_output", step.model_output),
            "code_action": as_text(step.code_action),
            "observations": as_text(step.observations),
            # What it was rendered from, or an answer would come back as its text.
            "action_output": self._plain("action_output", original(step.action_output)),
            "token_usage": _tokens(step.token_usage),
            "is_final_answer": step.is_final_answer,
        }

    def _planning(self, step: PlanningStep) -> Data:
        return {
            "type": "planning",
            "model_input_messages": self._numbers_of(step.model_input_messages),
            "model_output_message": self._message(step.model_output_message),
            "plan": as_text(step.plan),
            "timing": _timing(step.timing),
            "token_usage": _tokens(step.token_usage),
        }

    def _call(self, call: ToolCall) -> Data:
        return {"name": call.name, "arguments": self._plain("tool_calls", call.arguments), "id": call.id}

    def _numbers_of(self, messages: Sequence[ChatMessage] | None) -> list[int] | None:
        return None if messages is None else [self._number_of(message) for message in messages]

    def _number_of(self, message: ChatMessage) -> int:
        known = self._before.get(id(message))
        if known is None:
            data = self._message(message)
            assert data is not None
            known = _KnownMessage(message, json.dumps(data), data)
        self._known[id(message)] = known
        number = self._numbers.setdefault(known.text, len(self.messages))
        if number == len(self.messages):
            self.messages.append(known.data)
        return number

    def _message(self, message: ChatMessage | None) -> Data | None:
        if message is None:
            return None
        calls = [
            {
                "id": call.id,
                "type": call.type,
                "name": call.function.name,
                "arguments": self._plain("tool_calls", call.function.arguments),
                "description": call.function.description,
            }
            for call in message.tool_calls or ()
        ]
        return {
            "role": MessageRole(message.role).value,
            "content": to_json(message.content)[0],  # The images in it are those of steps, which are named there
            "tool_calls": None if message.tool_calls is None else calls,
            "token_usage": _tokens(message.token_usage),
        }

    def _plain(self, field: str, value: Any) -> Any:
        data, left_out = to_json(value)
        self.left_out += [f"{self._place}.{field}: a {name}" for name in left_out]
        return data

    def _name_images(self, field: str, images: Sequence[Any] | None) -> None:
        if images:
            self.left_out.append(f"{self._place}.{field}: {len(images)} image(s)")


def read_steps(steps: Sequence[Data], messages: Sequence[Data]) -> list[_Step]:
    """The steps that a `MemoryWriter` turned into data.

    Raises:
        `ValueError`, `TypeError`, `LookupError`: If the data is not of that form.
    """
    given = [_read_message(message) for message in messages]
    return [_READERS[step["type"]](step, given) for step in steps]


def _read_task(step: Data, given: Sequence[ChatMessage]) -> TaskStep:
    return TaskStep(task=step["task"])


def _read_planning(step: Data, given: Sequence[ChatMessage]) -> PlanningStep:
    return PlanningStep(
        model_input_messages=[given[number] for number in step["model_input_messages"]],
        model_output_message=_read_message(step["model_output_message"]),
        plan=step["plan"],
        timing=_read_timing(step["timing"]),
        token_usage=_read_tokens(step["token_usage"]),
    )


def _read_action(step: Data, given: Sequence[ChatMessage]) -> ActionStep:
    inputs, output, calls = (step[key] for key in ("model_input_messages", "model_output_message", "tool_calls"))
    return ActionStep(
        step_number=step["step_number"],
        timing=_read_timing(step["timing"]),
        model_input_messages=None if inputs is None else [given[number] for number in inputs],
        tool_calls=None if calls is None else [_read_call(call) for call in calls],
        error=None if step["error"] is None else _read_error(*step["error"]),
        model_output_message=None if output is None else _read_message(output),
        model_output=from_json(step["model_output"]),
        code_action=step["code_action"],
        observations=step["observations"],
        action_output=from_json(step["action_output"]),
        token_usage=_read_tokens(step["token_usage"]),
        is_final_answer=step["is_final_answer"],
    )


_READERS: Mapping[str, Callable[[Data, Sequence[ChatMessage]], _Step]] = {
    "task": _read_task,
    "planning": _read_planning,
    "action": _read_action,
}


def _read_call(call: Data) -> ToolCall:
    return ToolCall(call["name"], from_json(call["arguments"]), call["id"])


def _read_message(message: Data) -> ChatMessage:
    content = from_json(message["content"])
    if isinstance(content, list):
        content = [_without_opaque(part) for part in content]
    calls = message["tool_calls"]
    return ChatMessage(
        role=MessageRole(message["role"]),
        content=content,
        tool_calls=None if calls is None else [_read_message_call(call) for call in calls],
        token_usage=_read_tokens(message["token_usage"]),
    )


def _read_message_call(call: Data) -> ChatMessageToolCall:
    function = ChatMessageToolCallFunction(from_json(call["arguments"]), call["name"], call["description"])
    return ChatMessageToolCall(function, call["id"], call["type"])


def _without_opaque(part: Any) -> Any:
    """A part of a message; if it is an image or the like, words in its place, which every model takes."""
    values = part.values() if isinstance(part, Mapping) else [part]
    names = [value.type_name for value in values if isinstance(value, Opaque)]
    return {"type": "text", "text": _LEFT_OUT.format(names[0])} if names else part


def _read_error(kind: str, message: str) -> AgentError:
    error_type = getattr(smolagents.utils, kind, AgentError)
    if not (isinstance(error_type, type) and issubclass(error_type, AgentError)):
        error_type = AgentError
    error: AgentError = error_type.__new__(error_type, message)  # Making it anew would log it anew
    error.message = message
    return error


def _timing(timing: Timing) -> list[float | None]:
    return [timing.start_time, timing.end_time]


def _read_timing(times: Sequence[float]) -> Timing:
    return Timing(times[0], times[1])


def _tokens(usage: TokenUsage | None) -> list[int] | None:
    return None if usage is None else [usage.input_tokens, usage.output_tokens]


def _read_tokens(counts: Sequence[int] | None) -> TokenUsage | None:
    return None if counts is None else TokenUsage(counts[0], counts[1])
