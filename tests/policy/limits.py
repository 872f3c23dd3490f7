"""What the tests of limits share: budgets with a clock that stands still until it is told otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from smolagents.hooks import RunInfo, ToolExecution
from smolagents.policy import Policy
from smolagents.policy.budgets import Budgets, LimitWarning


class Clock:
    """Seconds, that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Books:
    """Budgets, their clock, and what they warned of."""

    budgets: Budgets
    clock: Clock
    warnings: list[LimitWarning] = field(default_factory=list)


def policy_of(*, name: str | None = None, mode: str = "enforce", **limits: Any) -> Policy:
    named = {} if name is None else {"name": name}
    return Policy.from_data({"version": 1, "default": "allow", "mode": mode, **named, "limits": limits})


def books(policy: Policy | None = None, *, remembered_runs: int = 4096, **limits: Any) -> Books:
    clock, warnings = Clock(), list[LimitWarning]()
    budgets = Budgets(policy or policy_of(**limits), clock, warnings.append, remembered_runs)
    return Books(budgets, clock, warnings)


def passes(budgets: Budgets, about: ToolExecution) -> bool:
    """Whether a call gets a place; it is run, and over, if so."""
    has_place = budgets.reserve(about) == []
    if has_place:
        budgets.settle(about, was_run=True)
    return has_place


def run_info(run_id: str = "run", *path: str, parent_id: str | None = None) -> RunInfo:
    """A run as hooks are told of it; budgets do not look at the agent."""
    return RunInfo(agent=None, run_id=run_id, agent_path=path or ("manager",), parent_id=parent_id)
