"""Reads calls of tools: the words of a tool's name, the names of its arguments, and what their values are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .facts import Fact


if TYPE_CHECKING:
    from .readers import Readers


def read_call(name: str, arguments: Mapping[str, Any], readers: Readers) -> list[Fact]:
    """What a call does. The facts say in `where` which argument they are from."""
    return []
