"""Where the commands `smolagents-policy` and `smolagent --policy` come in.

Without the extra `policy` there is nothing to run; then they say so instead of failing with a traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any


def main(argv: Sequence[str] | None = None) -> int:
    """The command `smolagents-policy`. Returns the exit code."""
    try:
        from .policy.cli import main
    except ModuleNotFoundError as error:
        return _without_extra(error)
    return main(argv)


def agent_options(path: str) -> dict[str, Any]:
    """What `smolagent --policy` builds its agent with: a hook for the policy in the file `path`.

    Where the policy says `ask`, the person at the terminal is asked. The tools are those of the command line, so what
    the policy names and the agent does not have is logged, and no error.

    Raises:
        `SystemExit`: With code 2, after a message, if the file cannot be read or is no policy.
    """
    try:
        from .policy import ConsoleApprover, Policy, PolicyError, PolicyHook
    except ModuleNotFoundError as error:
        raise SystemExit(_without_extra(error)) from None
    try:
        return {"hooks": [PolicyHook(Policy.load(path), approver=ConsoleApprover(), check="warn")]}
    except PolicyError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


def _without_extra(error: ModuleNotFoundError) -> int:
    if "smolagents[policy]" not in str(error):
        raise error
    print(error, file=sys.stderr)
    return 2
