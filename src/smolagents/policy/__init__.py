"""`PolicyHook`: what an agent may do, as a YAML policy that people can review.

    from smolagents.policy import Policy, PolicyHook

    agent = CodeAgent(tools=[...], model=model, hooks=[PolicyHook(Policy.load("policy.yaml"))])

The hook uses nothing but the public protocol of `smolagents.hooks`.
"""

try:
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
    from .limits import Limits
    from .model import Policy, Tools
except ModuleNotFoundError as error:
    if error.name not in ("pydantic", "re2", "yaml"):
        raise
    hint = "Install what it needs with: pip install 'smolagents[policy]'"
    raise ModuleNotFoundError(f"smolagents.policy needs {error.name}. {hint}", name=error.name) from error


__all__ = [
    "Approval",
    "ApprovalRequest",
    "ApprovalRequested",
    "ApprovalResolved",
    "Approver",
    "Checkpoint",
    "CheckpointCreated",
    "CheckpointError",
    "CheckpointFailed",
    "CheckpointSettings",
    "ConsoleApprover",
    "Decision",
    "FunctionApprover",
    "GlobPattern",
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
    "restore",
]
