"""What a policy grants each run, as a trail tells it at the start of a run."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias


if TYPE_CHECKING:
    from ..model import Policy

# By what a limit is about (`tool_calls`, `per_tool`, `tokens` or `run_seconds`) and, if by tool, its name or glob.
Granted: TypeAlias = dict[tuple[str, str], float]


def granted_by(layers: Iterable[Policy]) -> Granted:
    """The limits of policies that decide together: the lowest of each."""
    found: Granted = {}
    for layer in layers:
        limits = layer.limits
        single = {"tool_calls": limits.tool_calls, "tokens": limits.tokens, "run_seconds": limits.run_seconds}
        granted = {(about, ""): limit for about, limit in single.items() if limit is not None}
        granted |= {("per_tool", name): limit for name, limit in limits.per_tool.items()}
        for about, limit in granted.items():
            found[about] = min(limit, found.get(about, math.inf))
    return found
