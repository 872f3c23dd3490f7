"""Options that describe a call: its arguments, and the text of code."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from ..errors import nearest
from ..operations import OPERATION_NAMES
from . import policies


def add_arguments(parser: ArgumentParser) -> None:
    """The option `--arg`."""
    parser.add_argument(
        "--arg", metavar="K=V", action="append", default=[], help="an argument as text; K:=V if the value is JSON"
    )


def mistake_in_arguments(given: list[str]) -> str | None:
    """What is wrong with what `--arg` was given, in a sentence."""
    for argument in given:
        name, equals, value = argument.partition("=")
        if not equals or not name.removesuffix(":"):
            return f"--arg {argument}: write NAME=TEXT, or NAME:=JSON."
        if name.endswith(":"):
            try:
                json.loads(value)
            except (ValueError, RecursionError):
                return f"--arg {argument}: what follows := is not JSON. For text write {name[:-1]}=..."
    return None


def mistake_in_operation(name: str | None) -> str | None:
    """What is wrong with the name of an operation, in a sentence."""
    if name is None or name in OPERATION_NAMES:
        return None
    guess = nearest(name, OPERATION_NAMES)
    meant = f"Did you mean {guess}?" if guess else f"There are {', '.join(OPERATION_NAMES)}."
    return f"There is no operation {name}. {meant}"


def arguments_of(given: list[str]) -> dict[str, Any]:
    """The arguments that `--arg` was given, which are no mistake."""
    pairs = [argument.split("=", 1) for argument in given]
    return {name.removesuffix(":"): json.loads(value) if name.endswith(":") else value for name, value in pairs}


def text_in(path: str) -> str:
    """The text of a file; `-` is standard input.

    Raises:
        `OSError`: If it cannot be read.
    """
    raw = sys.stdin.buffer.read() if path == policies.STDIN else Path(path).read_bytes()
    return raw.decode("utf-8", "replace")
