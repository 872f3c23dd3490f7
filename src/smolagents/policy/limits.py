"""How much a run may use: the section of the policy. Counting is in `budgets`."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from .errors import excerpt
from .fields import ByName
from .section import FrozenMapping, Section


_RATE = r"[0-9]{1,9}/([1-9][0-9]{0,3} )?(second|minute|hour|day)s?"
_HOST = r"([0-9A-Za-z._\-]+|\[[0-9A-Fa-f:.]+\])"
_STORE = (
    rf"memory://|rediss?://([^\s/@]*@)?{_HOST}(:[0-9]{{1,5}})?(/[0-9]{{1,5}})?(\?\S*)?|redis\+unix:///[^\s?]+(\?\S*)?"
)


def _rate(text: str) -> str:
    if re.fullmatch(_RATE, text) is None:
        raise ValueError(
            f"This is {excerpt(text)}, which is not a rate. Write calls and a time: 10/minute or 100/2 hours, in "
            "seconds, minutes, hours or days."
        )
    return text


def _store(url: str) -> str:
    if re.fullmatch(_STORE, url) is None:
        # The text is not repeated: it may have a password in it.
        raise ValueError(
            "This is not a store. Write `memory://`, `redis://host:port/db`, `rediss://host:port/db` for TLS, or "
            "`redis+unix:///path`."
        )
    return url


def _in_schema(expression: str) -> dict[str, str]:
    # The end of the text, in every dialect: `$` alone also matches before a line break in some.
    return {"pattern": rf"^({expression})$(?!\n)"}


Count = Annotated[int, Field(ge=0, le=10**9)]
Seconds = Annotated[float, Field(gt=0, le=10**9, allow_inf_nan=False)]
Rate = Annotated[str, AfterValidator(_rate), Field(json_schema_extra=_in_schema(_RATE))]
Store = Annotated[str, AfterValidator(_store), Field(max_length=2000, json_schema_extra=_in_schema(_STORE))]


class Limits(Section):
    """How much a run may use, its sub-agents included.

    Attributes:
        tool_calls (`int`, *optional*): Calls of tools and delegations to agents.
        per_tool (`Mapping[str, int]`): Calls by the tool's or agent's name, or a glob, whose tools share the limit.
        tokens (`int`, *optional*): Input and output tokens of the model.
        run_seconds (`float`, *optional*): Seconds since the run began, without those that a person was waited for.
        call_seconds (`float`, *optional*): Seconds that a single execution may take.
        identical_denials (`int`, *optional*): How often the same may be refused; the last time stops the run.
        rates (`Mapping[str, str]`): Calls in a time by name or glob, such as `10/minute`, whichever runs they are of.
        scope (`str`): `run`, or `session` to count calls, tokens and denials of all runs of the hook together.
        store (`str`): Where rates are counted: `memory://`, or `redis://host:port/db` to share them.
        on_store_error (`str`): `deny` or `allow`, if the store cannot be reached.
    """

    tool_calls: Count | None = None
    per_tool: ByName[Count] = Field(default_factory=FrozenMapping)
    tokens: Count | None = None
    run_seconds: Seconds | None = None
    call_seconds: Seconds | None = None
    identical_denials: Annotated[int, Field(ge=1, le=10**9)] | None = None
    rates: ByName[Rate] = Field(default_factory=FrozenMapping)
    scope: Literal["run", "session"] = "run"
    store: Store = "memory://"
    on_store_error: Literal["deny", "allow"] = "deny"
