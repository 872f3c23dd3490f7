"""Reads operations: what `operations.py` announces is exact, and so is this."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .facts import Fact


if TYPE_CHECKING:
    from .readers import Readers


def read_operation(name: str, arguments: Mapping[str, Any], readers: Readers) -> list[Fact]:
    """What an operation does. The facts say in `where` which argument they are from."""
    return []
