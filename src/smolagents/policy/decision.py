"""A decision, with everything that led to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


Action = Literal["allow", "deny"]

# From the mildest to the most severe; the most severe action among the reasons is the decision.
SEVERITY: tuple[Action, ...] = ("allow", "deny")

# How many reasons a denial spells out to the model. All are in the decision.
_SPELLED_OUT = 5


@dataclass(frozen=True, slots=True)
class Reason:
    """One entry of the policy that has something to say about an execution.

    Attributes:
        action (`str`): What this entry alone would have: `allow` or `deny`.
        code (`str`): Stable, for programs: `tool_denied`, `tool_allowed`, `not_allowed`, `pattern`,
            `limit_tool_calls`, `kind_not_judged`.
        entry (`str`): Where the entry is in the policy, such as `tools.deny[0]`, `patterns[2]`, `default`.
        text (`str`): What the entry says, as the policy has it.
        message (`str`): The reason as a clause that follows "was refused:".
        where (`str`, *optional*): What the entry was found in, such as `arguments.command`.
        span (`tuple[int, int]`, *optional*): Start and end of what was found there, in characters.
        normalized (`bool`): Whether the span counts in the normal form of that text, because the entry is not in the
            text as it was given.
    """

    action: Action
    code: str
    entry: str
    text: str
    message: str
    where: str | None = None
    span: tuple[int, int] | None = None
    normalized: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy says about an execution.

    Attributes:
        action (`str`): `allow` or `deny`: the most severe action among the reasons, `allow` if there is none.
        reasons (`tuple[Reason, ...]`): Every entry that applies, also those that changed nothing.
    """

    action: Action
    reasons: tuple[Reason, ...] = ()

    @classmethod
    def of(cls, reasons: Iterable[Reason]) -> Decision:
        """The decision that follows from `reasons`; their order does not change it."""
        reasons = tuple(reasons)
        return cls(max((reason.action for reason in reasons), key=SEVERITY.index, default="allow"), reasons)

    @property
    def determining(self) -> tuple[Reason, ...]:
        """The reasons whose action is the decision's."""
        return tuple(reason for reason in self.reasons if reason.action == self.action)

    @property
    def code(self) -> str:
        """The code of the first determining reason; empty if nothing applied."""
        return self.determining[0].code if self.determining else ""

    def explain(self, subject: str, advice: str) -> str:
        """A denial in words: `subject` was refused, why, and `advice` on what follows."""
        reasons = self.determining
        clauses = [reason.message for reason in reasons[:_SPELLED_OUT]]
        if len(reasons) > _SPELLED_OUT:
            clauses.append(f"and {len(reasons) - _SPELLED_OUT} more reasons")
        return f"{subject} was refused: {'; '.join(clauses)}. {advice}"
