"""The digest that an approval is bound to."""

from __future__ import annotations

import hashlib
import json

from smolagents.hooks import ToolExecution

from .call_digest import call_digest


def approval_digest(execution: ToolExecution, policy_digest: str) -> tuple[str, bool]:
    """The digest of a call by an agent under a policy.

    Returns:
        `tuple[str, bool]`: SHA-256 of kind, name, arguments, agent path and policy, in hexadecimal; and whether the
            same call can be made again. It cannot if an argument is opaque: nobody knows if it is the same next time,
            so the digest is of this execution alone.
    """
    call = call_digest(execution)
    what = ["execution", execution.id] if call is None else ["call", call.hex()]
    written = json.dumps(["smolagents approval", *what, list(execution.agent_path), policy_digest])
    return hashlib.sha256(written.encode()).hexdigest(), call is not None
