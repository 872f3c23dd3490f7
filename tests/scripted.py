"""A model that plays a script, for real agents that need no network: tests and examples use it in place of an LLM."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from smolagents import ChatMessage, ChatMessageToolCall, MessageRole, Model
from smolagents.models import ChatMessageToolCallFunction
from smolagents.monitoring import TokenUsage


ToolCalls: TypeAlias = Sequence[tuple[str, Any]]
Turn: TypeAlias = "str | ToolCalls | Callable[[list[ChatMessage]], str | ToolCalls]"


class ScriptedModel(Model):
    """
    Says its turns one after the other, and then the last one again.

    Args:
        turns: What it says at each call. A string is said as it is; a list of pairs `(name, arguments)` makes tool calls; a
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
        return "\n".join(part.get("text", "") for message in self.seen[-1] for part in message.content)


def code(program: str) -> str:
    """A turn of a `CodeAgent` that runs a program."""
    return f"Thought: next.\n<code>\n{program}\n</code>"
