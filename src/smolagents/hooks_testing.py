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
To test hooks with real agents and no network: a model that plays a script, and a hook that records.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from .hooks import ToolExecution, ToolOutcome
from .models import ChatMessage, ChatMessageToolCall, ChatMessageToolCallFunction, MessageRole, Model
from .monitoring import TokenUsage


ToolCalls: TypeAlias = Sequence[tuple[str, Any]]
Turn: TypeAlias = "str | ToolCalls | Callable[[list[ChatMessage]], str | ToolCalls]"


class ScriptedModel(Model):
    """
    Says its turns one after the other, and then the last one again.

    Args:
        turns: What it says at each call. A string is said as it is; a list of pairs `(name, arguments)` makes tool
        calls; a
            function gets the messages and returns one of these.

    Attributes:
        seen: The messages of each call so far.
    """

    def __init__(self, *turns: Turn):
        super().__init__(model_id="scripted")
        self.turns = turns
        self.seen: list[list[ChatMessage]] = []

    def generate(self, messages, stop_sequences=None, response_format=None, tools_to_call_from=None, **kwargs):
        self.seen.append(list(messages))
        turn = self.turns[min(len(self.seen), len(self.turns)) - 1]
        if callable(turn):
            turn = turn(messages)
        usage = TokenUsage(input_tokens=10, output_tokens=5)
        if isinstance(turn, str):
            return ChatMessage(role=MessageRole.ASSISTANT, content=turn, token_usage=usage)
        calls = [
            ChatMessageToolCall(
                id=f"call_{len(self.seen)}_{number}",
                type="function",
                function=ChatMessageToolCallFunction(name=name, arguments=arguments),
            )
            for number, (name, arguments) in enumerate(turn)
        ]
        return ChatMessage(role=MessageRole.ASSISTANT, content="", tool_calls=calls, token_usage=usage)

    def read(self) -> str:
        """All that the model was given at its last call, as text."""
        parts = [part for message in self.seen[-1] for part in message.content or () if isinstance(part, dict)]
        return "\n".join(part.get("text", "") for part in parts)


def code(program: str) -> str:
    """A turn of a `CodeAgent` that runs a program."""
    return f"Thought: next.\n<code>\n{program}\n</code>"


class RecordingHook:
    """
    Records every call.

    Args:
        before: Gives the answer before an execution; no objection by default.
        after: Gives the answer after an execution; no objection by default.

    Attributes:
        asked: Executions that it was asked about, in order.
        told: Pairs of an execution and its outcome, in order.
    """

    def __init__(
        self,
        before: Callable[[ToolExecution], Any] = lambda execution: None,
        after: Callable[[ToolExecution, ToolOutcome], Any] = lambda execution, outcome: None,
    ):
        self.before, self.after = before, after
        self.asked: list[ToolExecution] = []
        self.told: list[tuple[ToolExecution, ToolOutcome]] = []

    def before_tool_execution(self, execution, /):
        self.asked.append(execution)
        return self.before(execution)

    def after_tool_execution(self, execution, outcome, /):
        self.told.append((execution, outcome))
        return self.after(execution, outcome)

    def names(self) -> list[str]:
        return [execution.name for execution in self.asked]

    def asked_about(self, name: str) -> ToolExecution:
        """The only execution of that name that it was asked about."""
        (execution,) = [execution for execution in self.asked if execution.name == name]
        return execution

    def outcome_of(self, name: str) -> ToolOutcome:
        """The outcome of the only execution of that name."""
        (outcome,) = [outcome for execution, outcome in self.told if execution.name == name]
        return outcome


def answering(answer: Any, *names: str) -> Callable[[ToolExecution], Any]:
    """What a hook answers about the executions of these names; it has no objection to others."""
    return lambda execution: answer if execution.name in names else None
