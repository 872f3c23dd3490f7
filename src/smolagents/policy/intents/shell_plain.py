"""Plain commands: words, quotes, pipes, `&&` and `;` on one line. They are what most calls are, and need no parser.

What could be anything else (a variable, a substitution, a redirection, a word in pieces, a word of the language) is
left to the parser. What is plain is the same to both.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .shell_values import NOTHING, Value


_LONGEST = 2_000
# A word, or a quoted one; what stands between it and the next, or ends its command; what is not plain.
_WORD = re.compile(
    r"([\w./:@%+,~^*?-][\w./:@%+,~^*?=-]*|\{\}|\\[;()])?"
    r"('[^']*'|\"[^\"\\$`]*\")?"
    r"( +(?![ |&;])| *(?:\||&&|;|$) *)|(.+)"
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
    piped = False
    start = place = 0
    for word, quoted, after, other in _WORD.findall(text):
        if other or (word and quoted):
            return None
        if quoted:
            if not words:
                return None
            words.append(Value(quoted[1:-1], True, NOTHING, False, True))
        elif word:
            if not words and (word in _RESERVED or _NAME.fullmatch(word) is None):
                return None
            words.append(Value(word if word[0] != "\\" else word[1], True, NOTHING, False, False))
        elif after:
            return None
        else:
            break
        place += len(word) + len(quoted) + len(after)
        if after.isspace():
            continue
        commands.append(PlainCommand(words, text[start : place - len(after)], piped))
        words, start, piped = [], place, "|" in after
    # Nothing follows what asks for more
    return None if words or piped or text[-2:] == "&&" else commands
