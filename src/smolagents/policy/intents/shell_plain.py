"""Plain commands: words, quotes, pipes, `&&` and `;` on one line. They are what most calls are, and need no parser.

What could be anything else (a variable, a substitution, a redirection, a word in pieces, a word of the language) is left
to the parser. What is plain is the same to both.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .shell_values import Value


_LONGEST = 2_000
# Each word is followed by what ends it: a space, a separator, or the end
_WORD = re.compile(
    r"(?:([\w./:@%+,~^*?-][\w./:@%+,~^*?=-]*|\{\}|\\[;()])|'([^']*)'|\"([^\"\\$`]*)\")(?: +(?![ |&;])| *(\||&&|;|$) *)"
)
_NAME = re.compile(r"[\w./~][\w./+:-]*")
# What the language has other plans for where a command may begin
_RESERVED = frozenset(
    (
        *("if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "select", "in"),
        *("function", "time", "coproc", "declare", "typeset", "export", "readonly", "local", "unset", "unsetenv"),
    )
)


class PlainCommand(NamedTuple):
    """A command.

    Attributes:
        words (`list[Value]`): Its words.
        text (`str`): How it stands there.
        is_piped (`bool`): Whether it reads what the one before it prints.
    """

    words: list[Value]
    text: str
    is_piped: bool


def plain_commands(text: str) -> list[PlainCommand] | None:
    """The commands of a script; `None` if it is not plain."""
    text = text.rstrip(" \n").lstrip(" ")
    if len(text) > _LONGEST or not text.isascii() or not text.isprintable():
        return None
    commands: list[PlainCommand] = []
    words: list[Value] = []
    match = _WORD.match
    place = start = 0
    end = len(text)
    piped = False
    while place < end:
        found = match(text, place)
        if found is None:
            return None
        word, raw, quoted, separator = found.groups()
        if not words and (word is None or word in _RESERVED or _NAME.fullmatch(word) is None):
            return None
        if word is not None:
            words.append(Value(word[1:] if word[0] == "\\" else word))
        else:
            words.append(Value(raw if raw is not None else quoted, quoted=True))
        place = found.end()
        if separator is not None:
            last = found.start(4)
            commands.append(PlainCommand(words, text[start:last].rstrip(" "), piped))
            words, start, piped = [], place, separator == "|"
    # Nothing follows what asks for more
    return None if words or piped or text[-2:] == "&&" else commands
