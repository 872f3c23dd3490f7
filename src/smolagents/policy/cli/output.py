"""What commands write: lines for people, or JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from ..errors import Problem
from ..readable import safe


if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

    Commands = _SubParsersAction[ArgumentParser]

STYLES = {
    "allow": "green",
    "warn": "yellow",
    "ask": "yellow",
    "deny": "red",
    "stop": "bold red",
    "ok": "green",
    "failed": "bold red",
    "aside": "dim",
}


class Output:
    """
    Results go to standard output, messages about what could not be done to standard error.

    Args:
        as_json (`bool`): Whether the command was asked for JSON. Then lines for people are not written.
    """

    def __init__(self, as_json: bool = False):
        self.as_json = as_json
        # A pipe or an old terminal may not know every character; better a code than an error.
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        # Lines are left to the terminal to wrap, so that programs find them whole.
        self._console = Console(soft_wrap=True, markup=False, highlight=False, emoji=False)

    def line(self, *parts: str | tuple[str, str]) -> None:
        """Write a line for people. A part is text, or a pair of text and the name of a style in `STYLES`."""
        if self.as_json:
            return
        text = Text()
        for part in parts:
            words, style = (part, "") if isinstance(part, str) else part
            text.append(safe(words), STYLES.get(style, ""))
        self._console.print(text)

    def data(self, data: Any) -> None:
        """Write data as JSON, if the command was asked for it."""
        if self.as_json:
            sys.stdout.write(json.dumps(data, indent=2) + "\n")

    def raw(self, text: str) -> None:
        """Write a text as it is: a policy, a schema."""
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8")
        sys.stdout.write(text)

    def message(self, text: str) -> None:
        """Write a line to standard error."""
        sys.stderr.write(safe(text) + "\n")

    def fail(self, problems: Iterable[Problem]) -> int:
        """Say why it could not be done. Returns the exit code."""
        for problem in problems:
            self.message(str(problem))
        return 2

    def fail_with(self, message: str) -> int:
        """Say in a sentence why it could not be done. Returns the exit code."""
        self.message(f"smolagents-policy: {message}")
        return 2

    def flush(self) -> None:
        """Write what is held back, so that a closed pipe is noticed here."""
        sys.stdout.flush()
