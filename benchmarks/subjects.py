"""
What is measured: real agents with small tools and a model that answers at once.

Imported once for each copy of the package, see `benchmarks.packages`.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context, copy_context
from itertools import cycle
from types import MappingProxyType
from typing import Any

from rich.console import Console

import smolagents
from smolagents import AgentLogger, ChatMessage, CodeAgent, LogLevel, Model, TokenUsage, ToolCallingAgent, tool
from smolagents.models import ChatMessageToolCall, ChatMessageToolCallFunction, MessageRole


ARGUMENTS: Any = {"text": "hello", "times": 2}
# Names, constants, arithmetic, a comparison and a method call
PROGRAM = """<code>
numbers = []
total = 0
for i in range({turns}):
    if i % 2 == 0:
        numbers.append(i)
    total += i * 3
final_answer(total)
</code>"""
Turn = str | tuple[str, Any]


class InstantModel(Model):
    """
    Answers at once, as scripted. (Of the release there is no `smolagents.hooks_testing` to take one from.)

    Args:
        turns (`Turn`): What it says, in turn and then from the start: a text, or the name and the arguments
            of a tool to call.
    """

    def __init__(self, *turns: Turn):
        super().__init__(model_id="instant")
        self._messages = cycle([self._message(turn) for turn in turns])

    def _message(self, turn: Turn) -> ChatMessage:
        usage = TokenUsage(input_tokens=10, output_tokens=5)
        if isinstance(turn, str):
            return ChatMessage(role=MessageRole.ASSISTANT, content=turn, token_usage=usage)
        name, arguments = turn
        function = ChatMessageToolCallFunction(name=name, arguments=arguments)
        calls = [ChatMessageToolCall(id="call", type="function", function=function)]
        return ChatMessage(role=MessageRole.ASSISTANT, content="", tool_calls=calls, token_usage=usage)

    def generate(self, *args: Any, **kwargs: Any) -> ChatMessage:
        """Give the next message, whatever it is asked."""
        return next(self._messages)


class NoOpHook:
    """Has no objection to anything."""

    def before_tool_execution(self, execution: Any, /) -> None:
        return None

    def after_tool_execution(self, execution: Any, outcome: Any, /) -> None:
        return None


@tool
def repeat(text: str, times: int) -> str:
    """
    Repeats a text. Not a tool that returns a number: there upstream tries to import torch, 40 us where it is missing.

    Args:
        text: Text to repeat.
        times: How often.
    """
    return text * times


Hooks = int | Sequence[Any]


def options(hooks: Hooks, logged: bool = False) -> dict[str, Any]:
    """
    Options of an agent. The release has no `hooks`, so it is left out if there are none.

    Args:
        hooks (`int` or `Sequence[Any]`): The hooks, or the number of hooks that do nothing.
        logged (`bool`, default `False`): Whether the agent says what it does, as it does by default.
    """
    level = LogLevel.INFO if logged else LogLevel.OFF
    logger = AgentLogger(level=level, console=Console(file=open(os.devnull, "w"), width=80))
    given = [NoOpHook() for _ in range(hooks)] if isinstance(hooks, int) else [*hooks]
    return {"logger": logger, **({"hooks": given} if given else {})}


def building_one_execution() -> Callable[[], Any]:
    """The unit of cost."""
    execution, arguments = smolagents.ToolExecution, MappingProxyType(ARGUMENTS)

    def build() -> Any:
        return execution(
            kind="tool",
            name="repeat",
            arguments=arguments,
            id="0-1",
            parent_id=None,
            run_id="0",
            agent_path=("ToolCallingAgent",),
            step_number=1,
        )

    return build


def tool_call(hooks: Hooks = 0) -> Callable[[], Any]:
    """A call by the host, outside of `run()`."""
    agent = ToolCallingAgent(tools=[repeat], model=InstantModel(""), **options(hooks))
    return lambda: agent.execute_tool_call("repeat", ARGUMENTS)


@contextmanager
def tool_call_in_run(hooks: Hooks) -> Iterator[tuple[Callable[[], Any], Context]]:
    """The same call inside of a run: the call, and the context of the run to make it in."""
    contexts = []

    class ContextKeepingModel(InstantModel):
        def generate(self, *args: Any, **kwargs: Any) -> ChatMessage:
            contexts.append(copy_context())
            return super().generate()

    model = ContextKeepingModel(("repeat", ARGUMENTS), ("final_answer", {"answer": "done"}))
    agent = ToolCallingAgent(tools=[repeat], model=model, **options(hooks))
    run: Any = agent.run("Repeat.", stream=True)
    next(run)
    yield lambda: agent.execute_tool_call("repeat", ARGUMENTS), contexts[0]
    for _ in run:
        pass


def run_of_tool_steps(steps: int, hooks: int = 0, logged: bool = False) -> Callable[[], Any]:
    """A run of so many steps with one tool call each, and one more for the answer."""
    model = InstantModel(*[("repeat", ARGUMENTS)] * steps, ("final_answer", {"answer": "done"}))
    agent = ToolCallingAgent(tools=[repeat], model=model, **options(hooks, logged))

    return lambda: agent.run("Repeat.")


def run_of_a_loop(turns: int, hooks: int = 0) -> Callable[[], Any]:
    """A run of one code action, a loop of so many turns. Gives the number of operations as the interpreter counts."""
    model = InstantModel(PROGRAM.format(turns=turns))
    agent = CodeAgent(tools=[], model=model, **options(hooks))
    executor: Any = agent.python_executor

    def run() -> Any:
        agent.run("Count.")
        return executor.state["_operations_count"]["counter"]

    return run
