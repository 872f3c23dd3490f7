"""A decision, with everything that led to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from .fields import Action


if TYPE_CHECKING:
    from .intents import Evidence, Intent


# From the mildest to the most severe; the most severe action among the reasons that count is the decision.
SEVERITY: tuple[Action, ...] = get_args(Action)
_RANKS = {action: rank for rank, action in enumerate(SEVERITY)}

# How many reasons a denial spells out to the model. All are in the decision.
_SPELLED_OUT = 5


@dataclass(frozen=True, slots=True)
class Reason:
    """One entry of the policy that has something to say about an execution.

    Attributes:
        action (`str`): What this entry alone would have: `allow`, `warn`, `ask`, `deny` or `stop`.
        code (`str`): Stable, for programs: `tool_denied`, `tool_allowed`, `not_allowed`, `pattern`, `opaque`, `rule`,
            `operation`, `intent`, `limit_tool_calls` and so on, `kind_not_judged`. All are in docs/policy.md.
        entry (`str`): Where the entry is in the policy, such as `tools.deny[0]`, `patterns[2]`, `default`; after the
            file's name if it is in a policy that this one extends: `base.yaml: tools.deny[0]`.
        text (`str`): What the entry says, as the policy has it.
        message (`str`): The reason as a clause that follows "was refused:".
        where (`str`, *optional*): What the entry was found in, such as `arguments.command`.
        span (`tuple[int, int]`, *optional*): Start and end of what was found there, in characters.
        normalized (`bool`): Whether the span counts in the normal form of that text, because the entry is not in the
            text as it was given.
        counts (`bool`): Whether it counts for the decision. It does not if its policy is in the mode `shadow`.
        evidence (`tuple[Evidence, ...]`): For the code `intent`, what was found, the strongest first.
    """

    action: Action
    code: str
    entry: str
    text: str
    message: str
    where: str | None = None
    span: tuple[int, int] | None = None
    normalized: bool = False
    counts: bool = True
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy says about an execution.

    Attributes:
        action (`str`): `allow`, `warn`, `ask`, `deny` or `stop`: the most severe action among the reasons that count,
            `allow` if there is none.
        reasons (`tuple[Reason, ...]`): Every entry that applies, also those that changed nothing.
        intent (`Intent`, *optional*): What the execution is for, if the policy has the section `intents`.
    """

    action: Action
    reasons: tuple[Reason, ...] = ()
    intent: Intent | None = None

    @classmethod
    def of(cls, reasons: Iterable[Reason], intent: Intent | None = None) -> Decision:
        """The decision that follows from `reasons`; their order does not change it."""
        reasons = tuple(reasons)
        return cls(_most_severe(reason.action for reason in reasons if reason.counts), reasons, intent)

    def also(self, reasons: Iterable[Reason]) -> Decision:
        """The decision that follows if there are these reasons too."""
        return Decision.of([*self.reasons, *reasons], self.intent)

    @property
    def is_refusal(self) -> bool:
        """Whether what was decided on may not happen, whatever a person says."""
        return self.action in ("deny", "stop")

    @property
    def shadow_action(self) -> Action:
        """What the action were if the reasons of policies in the mode `shadow` counted."""
        return _most_severe(reason.action for reason in self.reasons)

    @property
    def determining(self) -> tuple[Reason, ...]:
        """The reasons that count and whose action is the decision's."""
        return tuple(reason for reason in self.reasons if reason.counts and reason.action == self.action)

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


def _most_severe(actions: Iterable[Action]) -> Action:
    return max(actions, key=_RANKS.__getitem__, default="allow")
