"""What an Agent-OS policy (agent-os-kernel 3.7.0) can say: its fourteen fields."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from ..fields import Items
from ..section import Section


_Positive = Annotated[int, Field(ge=1)]
_Share = Annotated[int | float, Field(ge=0, le=1)]


class BlockedPattern(Section):
    """A pattern with its type; a plain text in the file is a substring."""

    pattern: str
    type: Literal["substring", "regex", "glob"]


def _with_type(value: Any) -> Any:
    return {"pattern": value, "type": "substring"} if isinstance(value, str) else value


class AgentOsPolicy(Section):
    """The fields, with the values that Agent-OS takes for those that a file leaves out."""

    name: str = "default"
    max_tokens: _Positive = 4096
    max_tool_calls: Annotated[int, Field(ge=0)] = 10
    allowed_tools: Items[str] = ()
    blocked_patterns: Items[Annotated[BlockedPattern, BeforeValidator(_with_type)]] = ()
    require_human_approval: bool = False
    timeout_seconds: _Positive = 300
    confidence_threshold: _Share = 0.8
    drift_threshold: _Share = 0.15
    log_all_calls: bool = True
    checkpoint_frequency: _Positive = 5
    max_concurrent: _Positive = 10
    backpressure_threshold: _Positive = 8
    version: Annotated[str, Field(min_length=1)] = "1.0.0"
