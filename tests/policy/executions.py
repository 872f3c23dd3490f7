"""What the tests of the policy share: executions as the host makes them."""

from __future__ import annotations

from itertools import count
from types import MappingProxyType
from typing import Any

import pytest

from smolagents.hooks import Deny, Opaque, ToolExecution, ToolOutcome
from smolagents.policy import Policy, PolicyError, PolicyHook


def frozen(value: Any) -> Any:
    """Arguments as hooks get to see them: plain data frozen all the way down, everything else opaque."""
    if isinstance(value, dict):
        return MappingProxyType({frozen(key): frozen(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return tuple(frozen(item) for item in value)
    if isinstance(value, (set, frozenset)):
        return frozenset(frozen(item) for item in value)
    if value is None or type(value) in (str, bytes, int, float, bool, complex, Opaque):
        return value
    return Opaque(type(value).__name__)


_numbers = count()


def execution(name: str = "shell", /, *, kind: str = "tool", run_id: str = "run", **arguments: Any) -> ToolExecution:
    return ToolExecution(
        kind=kind,
        name=name,
        arguments=frozen(arguments),
        id=f"execution-{next(_numbers)}",
        parent_id=None,
        run_id=run_id,
        agent_path=("CodeAgent",),
        step_number=1,
    )


def code(text: str) -> ToolExecution:
    return execution("python_interpreter", kind="code", code=text)


def ok() -> ToolOutcome:
    return ToolOutcome(status="ok", result=None, error=None, denial=None, denied_by=None, duration=0.0)


def denied() -> ToolOutcome:
    denial = Deny("Another hook objects.")
    return ToolOutcome(status="denied", result=None, error=None, denial=denial, denied_by="other", duration=0.0)


def failed() -> ToolOutcome:
    return ToolOutcome(status="error", result=None, error=ValueError(), denial=None, denied_by=None, duration=0.0)


def hook_for(**policy: Any) -> PolicyHook:
    """A hook for a policy that allows every tool unless told otherwise."""
    return PolicyHook(Policy.from_data({"version": 1, "default": "allow", **policy}))


def refused(hook: PolicyHook, about: ToolExecution) -> bool:
    return hook.before_tool_execution(about) is not None


def problems(text: str | bytes) -> list[str]:
    """What loading a text finds wrong, as the user sees it."""
    with pytest.raises(PolicyError) as caught:
        Policy.loads(text, source="policy.yaml")
    return [str(problem) for problem in caught.value.problems]
