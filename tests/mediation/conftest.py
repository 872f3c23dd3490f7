"""
What the matrix of docs/mediation.md is tested with: a tool whose effect stays on disk, hooks, and agents around them.

A test of a path has the same turns played twice, without a hook, where the effect must happen, and with a hook that
denies the tool, where it must not.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from smolagents import CodeAgent, Deny, Tool, ToolCallingAgent
from smolagents.hooks_testing import RecordingHook, ScriptedModel, code


class Shell(Tool):
    """Stands for every tool that is dangerous: what it is called with stays in a file."""

    name = "shell"
    description = "Runs a command."
    inputs = {"command": {"type": "any", "description": "The command."}}
    output_type = "string"

    def __init__(self, log: Path):
        super().__init__()
        self.log = log

    def forward(self, command) -> str:
        with self.log.open("a") as file:
            file.write(f"{command}\n")
        return "it ran"

    def ran(self) -> list[str]:
        """What was run so far."""
        return self.log.read_text().splitlines() if self.log.exists() else []


class Apply(Tool):
    """A tool that calls back, as many do: sorters, retriers, pools."""

    name = "apply"
    description = "Calls a function."
    inputs = {"function": {"type": "any", "description": "The function."}}
    output_type = "any"

    def forward(self, function):
        return function()


class DenyingHook(RecordingHook):
    """Denies what has one of these names. It makes its answer when it is asked, as a policy does."""

    def __init__(self, *names: str, stop: bool = False):
        super().__init__(self.decide)
        self.denied_names = names
        self.stop = stop

    def decide(self, execution) -> Deny | None:
        if execution.name in self.denied_names:
            return Deny(f"{execution.name} is not for agents", code="policy", stop=self.stop)
        return None


@pytest.fixture
def make_shell(tmp_path) -> Iterator[Callable[[], Shell]]:
    """Makes shells, each with a log of its own."""
    count = 0

    def make() -> Shell:
        nonlocal count
        count += 1
        return Shell(tmp_path / f"shell-{count}.log")

    yield make


@pytest.fixture
def shell(make_shell) -> Shell:
    return make_shell()


def code_agent(*programs: str, tools, hooks=None, **kwargs) -> CodeAgent:
    """A `CodeAgent` that runs programs, one a step, and then answers "done"."""
    turns = [code(program) for program in (*programs, "final_answer('done')")]
    kwargs = {"verbosity_level": 0, "max_steps": len(turns) + 2} | kwargs
    return CodeAgent(tools=tools, model=ScriptedModel(*turns), hooks=hooks, **kwargs)


def tool_calling_agent(*turns: Any, tools, hooks=None, **kwargs) -> ToolCallingAgent:
    """A `ToolCallingAgent` that makes tool calls, a list of pairs a step, and then answers "done"."""
    kwargs = {"verbosity_level": 0, "max_steps": len(turns) + 3} | kwargs
    model = ScriptedModel(*turns, [("final_answer", {"answer": "done"})])
    return ToolCallingAgent(tools=tools, model=model, hooks=hooks, **kwargs)


def cases(programs: Mapping[str, str], rows: Callable[[str], Iterable[str]]) -> list[Any]:
    """Parameters of a test, one a program, each marked with the rows of the matrix that its name stands for."""
    return [pytest.param(program, id=name, marks=pytest.mark.row(*rows(name))) for name, program in programs.items()]


def observations(agent) -> str:
    """All observations of an agent's steps, as its model reads them."""
    return "\n".join(str(getattr(step, "observations", None) or "") for step in agent.memory.steps)


def balance(hook: RecordingHook) -> tuple[list[str], list[str]]:
    """The ids that a hook was asked about and that it was told of, sorted: equal if none is missing or double."""
    return sorted(execution.id for execution in hook.asked), sorted(execution.id for execution, _ in hook.told)
