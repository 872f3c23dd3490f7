"""Reads commands of the shell by a parser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .facts import Fact


if TYPE_CHECKING:
    from .readers import Readers


def read_command(command: str, readers: Readers) -> list[Fact]:
    """What a command, or a script of the shell, does."""
    return []


def read_argv(words: Sequence[str | None], readers: Readers) -> list[Fact]:
    """What a program does with its arguments; `None` is a word that is not known."""
    return []
