"""How much a run may use: the section of the policy. Counting is in `budgets`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .fields import ByName, Title
from .section import FrozenMapping, Section


Count = Annotated[int, Field(ge=0, le=10**9)]
Seconds = Annotated[float, Field(gt=0, le=10**9)]


class Limits(Section):
    """How much a run may use, its sub-agents included.

    Attributes:
        tool_calls (`int`, *optional*): Calls of tools and delegations to agents.
        per_tool (`Mapping[str, int]`): Calls by the tool's or agent's name, or a glob, whose tools share the limit.
        tokens (`int`, *optional*): Input and output tokens of the model.
        run_seconds (`float`, *optional*): Seconds since the run began, without those that a person was waited for.
        call_seconds (`float`, *optional*): Seconds that a single execution may take.
        identical_denials (`int`, *optional*): How often an execution may be refused; the last time stops the run.
        rates (`Mapping[str, str]`): Calls in a time by name or glob, such as `10/minute`.
        scope (`str`): `run`, or `session` to count all runs of the hook together.
        store (`str`): Where rates are counted: `memory://`, or `redis://host:port/db` to share them.
        on_store_error (`str`): `deny` or `allow`, if the store cannot be reached.
    """

    tool_calls: Count | None = None
    per_tool: ByName[Count] = Field(default_factory=FrozenMapping)
    tokens: Count | None = None
    run_seconds: Seconds | None = None
    call_seconds: Seconds | None = None
    identical_denials: Annotated[int, Field(ge=1, le=10**9)] | None = None
    rates: ByName[Title] = Field(default_factory=FrozenMapping)
    scope: Literal["run", "session"] = "run"
    store: Title = "memory://"
    on_store_error: Literal["deny", "allow"] = "deny"
