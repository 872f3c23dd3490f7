"""What the tests of audit trails share: a key, hooks that record, and ways to read and check what they wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from smolagents.policy import Policy, PolicyHook
from smolagents.policy.audit.file import AuditFile
from smolagents.policy.audit.keys import AuditKey
from smolagents.policy.audit.verify import Fault, verify

from ..executions import execution, ok


SECRET = "a key for tests, which nobody else has"
KEY = AuditKey(SECRET.encode())


def hook_for(path: Path, sinks: Any = (), /, *, audit: dict[str, Any] | None = None, **policy: Any) -> PolicyHook:
    """A hook for a policy that allows every tool unless told otherwise, and records in a file."""
    section = {"path": str(path), "fsync": "never", **(audit or {})}
    return PolicyHook(
        Policy.from_data({"version": 1, "default": "allow", "audit": section, **policy}), audit_sinks=sinks
    )


def play(hook: PolicyHook, name: str = "shell", **arguments: Any) -> bool:
    """Make a call as the host does. Returns whether it was let pass."""
    about = execution(name, **arguments)
    if hook.before_tool_execution(about) is not None:
        return False
    hook.after_tool_execution(about, ok())
    return True


def records(path: Path, *kinds: str) -> list[dict[str, Any]]:
    """The records of a file, or those of some types."""
    found = [json.loads(line) for line in path.read_bytes().splitlines()]
    return [record for record in found if not kinds or record["type"] in kinds]


def fault(path: Path, **options: Any) -> Fault | None:
    """What is wrong with a trail."""
    return verify(path, KEY, **options).fault


def fill(path: Path, count: int, **options: Any) -> AuditFile:
    """A file with so many records, its first one among them."""
    file = AuditFile(str(path), KEY, "never", **options)
    for number in range(count - 1):
        file.append(f'"type":"before","name":"tool-{number % 7}","number":{number}')
    return file
