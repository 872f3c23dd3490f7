"""What can be read of a program that cannot be parsed as a whole: another version of Python, a notebook, a mutilated text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .python_tree import parse


_MAGIC = re.compile(r"^\s*(?:!|%%?(?:sx|sh|bash|system|script)\b)\s*(.*)", re.DOTALL)
_PROMPT = re.compile(r"^(?:>>> ?|\.\.\. ?|In \[\d+\]: )", re.MULTILINE)
_FENCE = re.compile(r"^\s*```\w*\s*$", re.MULTILINE)
_UNREADABLE = re.compile("[\x00\ud800-\udfff]")
_PRINT = re.compile(r"^(\s*)(print|exec)\s+(?![=(])(.+)$", re.MULTILINE)


def parsable(program: str) -> Iterator[tuple[str, str]]:
    """Pieces of a program, each with what it is: `python` that can be parsed, a command of the `shell`, or `words`."""
    program = _FENCE.sub("", _UNREADABLE.sub("", _PROMPT.sub("", program)))
    program = _PRINT.sub(r"\1\2(\3)", program)
    if _is_parsed(program):
        yield "python", program
        return
    block: list[str] = []
    good: list[str] = []
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
                yield "shell", magic[1]
            elif _is_parsed(text):
                # Together again, as one names what the other uses
                good.append(text)
            else:
                yield "words", text
            block = []
        if line:
            block.append(line)
    if good:
        yield "python", "\n".join(good)


def _is_parsed(text: str) -> bool:
    try:
        parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
