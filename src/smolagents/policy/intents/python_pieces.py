"""What can be read of a program that cannot be parsed as a whole: of another Python, of a notebook, mutilated."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .python_tree import parse


_MAGIC = re.compile(r"^\s*(?:!|%%?(?:sx|sh|bash|system|script)\b)\s*(.*)", re.DOTALL)
_PROMPT = re.compile(r"^(?:>>> ?|\.\.\. ?|In \[\d+\]: )", re.MULTILINE)
_FENCE = re.compile(r"^\s*```\w*\s*$", re.MULTILINE)
_UNREADABLE = re.compile("[\x00\ud800-\udfff]")
_PRINT = re.compile(r"^(\s*)(print|exec)\s+(?![=(])(.+)$", re.MULTILINE)


def repaired(program: str) -> str:
    """The program without prompts, fences and what no parser takes, and with the calls that once were statements."""
    program = _FENCE.sub("", _UNREADABLE.sub("", _PROMPT.sub("", program)))
    return _PRINT.sub(r"\1\2(\3)", program)


def parsable(program: str) -> Iterator[tuple[str, str]]:
    """Pieces of a repaired program, each with what it is: `python` that can be parsed, or commands of the `shell`."""
    block: list[str] = []
    # Together again, as one names what the other uses
    good: list[str] = []
    commands: list[str] = []
    for line in [*program.splitlines(), ""]:
        is_outermost = (
            bool(line)
            and not line[0].isspace()
            and not line.startswith((")", "]", "}", "else", "elif", "except", "finally"))
        )
        if (is_outermost or not line) and block:
            text = "\n".join(block)
            magic = _MAGIC.match(text)
            if magic is not None:
                commands.append(magic[1])
            elif _is_parsed(text):
                good.append(text)
            block = []
        if line:
            block.append(line)
    if good:
        yield "python", "\n".join(good)
    if commands:
        yield "shell", "\n".join(commands)


def _is_parsed(text: str) -> bool:
    try:
        parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
