"""The limits of one policy: what an account has left of them, and what a denial says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from .account import Account
from .decision import Reason
from .errors import excerpt, path_name
from .fields import Action
from .judge import called
from .model import Policy
from .names import NameList, keys_naming
from .run_clock import RunClock


RUN_SECONDS = "limits.run_seconds"

# How long a code action may take when nothing is left: enough for a program that gives the answer.
LAST_STEP_SECONDS = 10.0

# Names whose limits are kept at hand. A model can make up names of tools.
_REMEMBERED_NAMES = 1024


@dataclass(frozen=True, slots=True)
class Allowance:
    """A number of calls that a policy grants.

    Attributes:
        key (`str`, *optional*): What accounts count it under: the key of `limits.per_tool`, `None` for all calls.
        limit (`int`): How many there may be.
        reason (`Reason`): Why there may be no more.
    """

    key: str | None
    limit: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a limit is used, in calls, tokens or seconds."""

    entry: str
    used: float
    limit: float

    @property
    def is_high(self) -> bool:
        """Whether it is 80 % of the limit, or more."""
        return 0 < self.limit * 4 <= self.used * 5


class LayerLimits:
    """
    The limits of one of the policies that decide together. Immutable; the accounts are not.

    Args:
        policy ([`Policy`]): The policy.
    """

    def __init__(self, policy: Policy):
        self.limits = policy.limits
        self.counts = policy.mode == "enforce"
        self.is_per_session = policy.limits.scope == "session"
        # The calls that are granted to a tool or agent, by its name
        self.allowances = lru_cache(_REMEMBERED_NAMES)(self._allowances)
        self._called = called(policy)
        self._whole = "this session" if self.is_per_session else "this run"
        self._per_tool = NameList(policy.limits.per_tool)

    def reached(self, account: Account, clock: RunClock, name: str, now: float) -> list[Reason]:
        """Why there may be no further call of `name` now."""
        reasons = self.used_up(account, clock, now)
        for allowance in self.allowances(name):
            if account.calls[allowance.key] >= allowance.limit:
                reasons.append(allowance.reason)
        return reasons

    def used_up(self, account: Account, clock: RunClock, now: float) -> list[Reason]:
        """Why the run comes to its end."""
        limits, reasons = self.limits, []
        if limits.tokens is not None and (account.tokens >= limits.tokens or not account.tokens_are_known):
            if account.tokens_are_known:
                granted = f"the {limits.tokens} tokens that {self._called} grants it"
                what = f"{self._whole} has used {account.tokens} of {granted}"
            else:
                what = f"{self._called} limits tokens, and the model does not say how many it uses"
            reasons.append(self._reason("deny", "limit_tokens", "limits.tokens", str(limits.tokens), what))
        if limits.run_seconds is not None and clock.elapsed(now) >= limits.run_seconds:
            text = f"{limits.run_seconds:g}"
            what = f"this run has used the {text} seconds that {self._called} grants it"
            reasons.append(self._reason("deny", "limit_run_seconds", RUN_SECONDS, text, what))
        return reasons

    def usages(self, account: Account, clock: RunClock, name: str | None, now: float) -> Iterator[Usage]:
        """How much is used of the limits of tokens and time, and of those of calls of `name`."""
        limits = self.limits
        for allowance in self.allowances(name) if name is not None else ():
            yield Usage(allowance.reason.entry, account.calls[allowance.key], allowance.limit)
        if limits.tokens is not None:
            yield Usage("limits.tokens", account.tokens, limits.tokens)
        if limits.run_seconds is not None:
            yield Usage(RUN_SECONDS, clock.elapsed(now), limits.run_seconds)

    def seconds(self, account: Account, clock: RunClock, now: float, *, is_call: bool) -> list[float]:
        """What bounds the time of an execution. What can give the answer gets a moment even if nothing is left."""
        bounds = [] if self.limits.call_seconds is None else [self.limits.call_seconds]
        if not is_call and self.used_up(account, clock, now):
            bounds.append(LAST_STEP_SECONDS)
        elif self.limits.run_seconds is not None:
            bounds.append(max(0.0, self.limits.run_seconds - clock.elapsed(now)))
        return bounds

    def denied_again(self, account: Account, digest: bytes) -> list[Reason]:
        """Note that an execution was refused. A reason to stop, if the same one was refused too often."""
        limit = self.limits.identical_denials
        if limit is None or (count := account.add_denial(digest)) < limit:
            return []
        what = f"the same was refused {count} times in {self._whole}, of which {self._called} allows {limit}"
        return [self._reason("stop", "identical_denials", "limits.identical_denials", str(limit), what)]

    def _allowances(self, name: str) -> tuple[Allowance, ...]:
        limits, allowances = self.limits, []
        if limits.tool_calls is not None:
            text = str(limits.tool_calls)
            what = f"{self._whole} has used all {text} calls that {self._called} grants it"
            reason = self._reason("deny", "limit_tool_calls", "limits.tool_calls", text, what)
            allowances.append(Allowance(None, limits.tool_calls, reason))
        for key in keys_naming(limits.per_tool, self._per_tool, name):
            text = str(limits.per_tool[key])
            what = f"{self._whole} has used all {text} calls of {excerpt(key)} that {self._called} grants it"
            reason = self._reason("deny", "limit_per_tool", path_name(("limits", "per_tool", key)), text, what)
            allowances.append(Allowance(key, limits.per_tool[key], reason))
        return tuple(allowances)

    def _reason(self, action: Action, code: str, entry: str, text: str, what: str) -> Reason:
        return Reason(action, code, entry, text, f"{what} ({entry})", counts=self.counts)
