"""Reads a Python program by its syntax tree."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from .facts import Fact


if TYPE_CHECKING:
    from .readers import Readers


def read_program(program: str, readers: Readers) -> list[Fact]:
    """What a program does.

    Args:
        program (`str`): The program.
        readers (`Readers`): For commands and programs in it.

    Raises:
        `SyntaxError`, `ValueError`, `RecursionError`, `MemoryError`: If it cannot be parsed.
    """
    ast.parse(program)
    return []
