"""Where approvals are asked for, kept and used up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from smolagents.hooks import ToolExecution

from .decision import Decision, Reason
from .model import Policy


class Approver(Protocol):
    """Who decides what a policy leaves open."""


class ApprovalDesk:
    """Asks the approver, and denies whatever is not approved."""

    def __init__(self, policy: Policy, approver: Approver | None, clock: Callable[[], float]):
        self._approver = approver

    def decide(self, execution: ToolExecution, decision: Decision) -> Decision:
        """The decision after a person was asked: as it was if they approve, and a denial otherwise."""
        message = "it needs an approval, and there is nobody to ask"
        return Decision.of([*decision.reasons, Reason("deny", "no_approver", "approvals", "", message)])
