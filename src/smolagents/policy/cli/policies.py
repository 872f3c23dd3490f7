"""Where commands get policies and texts from: files, or standard input."""

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
    return Policy.loads(read(path), source=called(path)) if path == STDIN else Policy.load(path)


def read(path: str) -> bytes:
    """The bytes of a policy's text, from a file or standard input: no more than a policy may have, and one.

    Raises:
        `OSError`: If the file cannot be read.
    """
    if path == STDIN:
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    with open(path, "rb") as file:
        return file.read(MAX_BYTES + 1)


def called(path: str) -> str:
    """What messages call the file."""
    return "<stdin>" if path == STDIN else path
