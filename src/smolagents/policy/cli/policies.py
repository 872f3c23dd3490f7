"""Where commands get their policies from."""

from __future__ import annotations

import sys

from ..document import MAX_BYTES
from ..model import Policy


STDIN = "-"


def load(path: str) -> Policy:
    """The policy in a file, or on standard input.

    Raises:
        `PolicyError`: If it cannot be read, or is no policy.
    """
    return Policy.loads(read_stdin(), source="<stdin>") if path == STDIN else Policy.load(path)


def read_stdin() -> bytes:
    """What is on standard input, and no more than a policy may have."""
    return sys.stdin.buffer.read(MAX_BYTES + 1)
