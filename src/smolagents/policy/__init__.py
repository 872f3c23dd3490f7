"""`PolicyHook`: what an agent may do, as a YAML policy that people can review.

    from smolagents.policy import Policy, PolicyHook

    agent = CodeAgent(tools=[...], model=model, hooks=[PolicyHook(Policy.load("policy.yaml"))])

The hook uses nothing but the public protocol of `smolagents.hooks`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .requirements import needs_extra


with needs_extra(__name__):
    from .approval import Approval, ApprovalRequest, Approver, FunctionApprover
    from .checkpoints.checkpoint import Checkpoint, CheckpointError
    from .checkpoints.restored import RestoredRun, restore
    from .checkpoints.settings import CheckpointSettings
    from .console_approver import ConsoleApprover
    from .decision import Decision, Reason
    from .errors import PolicyError, Problem
    from .events import (
        ApprovalRequested,
        ApprovalResolved,
        CheckpointCreated,
        CheckpointFailed,
        LimitWarned,
        PolicyEvent,
        RunFinished,
        RunStarted,
        RunStopped,
    )
    from .fields import GlobPattern, RegexPattern
    from .hook import PolicyHook
    from .intent_section import Intents
    from .limits import Limits
    from .model import Policy, Tools

if TYPE_CHECKING:
    from .intents import Category, Evidence, Intent, classify


__all__ = [
    "Approval",
    "ApprovalRequest",
    "ApprovalRequested",
    "ApprovalResolved",
    "Approver",
    "Category",
    "Checkpoint",
    "CheckpointCreated",
    "CheckpointError",
    "CheckpointFailed",
    "CheckpointSettings",
    "ConsoleApprover",
    "Decision",
    "Evidence",
    "FunctionApprover",
    "GlobPattern",
    "Intent",
    "Intents",
    "LimitWarned",
    "Limits",
    "Policy",
    "PolicyError",
    "PolicyEvent",
    "PolicyHook",
    "Problem",
    "Reason",
    "RegexPattern",
    "RestoredRun",
    "RunFinished",
    "RunStarted",
    "RunStopped",
    "Tools",
    "classify",
    "restore",
]


def __getattr__(name: str) -> Any:
    # The parsers take as long to import as all the rest, and most policies do without them.
    if name in ("Category", "Evidence", "Intent", "classify"):
        from . import intents

        return getattr(intents, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
