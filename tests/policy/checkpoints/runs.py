"""Runs with checkpoints: what the tests of them share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smolagents import CodeAgent, tool
from smolagents.hooks_testing import ScriptedModel, code
from smolagents.policy import Policy, PolicyHook


@tool
def square(number: int) -> int:
    """Multiply a number by itself.

    Args:
        number: The number.
    """
    return number * number


def hook_with_checkpoints(checkpoints: dict[str, Any], **policy: Any) -> PolicyHook:
    data = {"version": 1, "default": "allow", "limits": {"tool_calls": 100}, "checkpoints": checkpoints}
    return PolicyHook(Policy.from_data({**data, **policy}))


def agent_with(hook: PolicyHook, programs: Sequence[Any], **options: Any) -> CodeAgent:
    """An agent that runs the programs, one a step; other turns of the model are taken as they are."""
    turns = [code(program) if isinstance(program, str) else program for program in programs]
    options = {"verbosity_level": -1, "tools": [square], **options}
    return CodeAgent(model=ScriptedModel(*turns), hooks=[hook], **options)


def run_with_checkpoints(checkpoints: dict[str, Any], programs: Sequence[Any]) -> CodeAgent:
    agent = agent_with(hook_with_checkpoints(checkpoints), programs)
    agent.run("Do it.")
    return agent
