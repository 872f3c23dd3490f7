"""Values as text that shows a person what is in them: nothing in a value can hide or pose as something else.

What is invisible, moves the cursor, changes the direction of writing or looks like an ASCII letter in what reads as an
ASCII word is shown by its code point, as `<U+202E>`. Letters that are written from right to left are too: a terminal
would reorder what stands beside them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from smolagents.hooks import Opaque

from .lookalikes import TO_ASCII
from .normalize import is_invisible


CODE_POINT = r"<U\+[0-9A-F]{4,6}>"

_PLAIN = re.compile(r"[ -~]*")
_WORD = re.compile(r"\w+")
_RIGHT_TO_LEFT = ("R", "AL", "AN")
_SHOWN_CHARACTERS, _SHOWN_LINES = 2000, 40


def safe(text: str, *, ascii_only: bool = False) -> str:
    """`text` on one line, with code points in place of what a reader could not see or would take for something else.

    Args:
        text (`str`): Any text.
        ascii_only (`bool`): Whether all that is not ASCII is shown by its code point, for terminals that have no more.
    """
    if _PLAIN.fullmatch(text):
        return text
    if ascii_only:
        return "".join(character if " " <= character <= "~" else _code_point(character) for character in text)
    disguised = {start + at for start, word in _words(text) for at in _look_alikes(word)}
    before = [" ", *text]
    return "".join(
        _code_point(character) if at in disguised or _deceives(character, before[at]) else character
        for at, character in enumerate(text)
    )


def literal(value: Any, show: Callable[[str], str] = safe) -> str:
    """A frozen value on one line, in the manner of JSON. Quotes and backslashes in a text are escaped."""
    kind = type(value)
    if kind is str:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
        return f'"{show(escaped)}"'
    if kind is tuple:
        return f"[{', '.join(literal(item, show) for item in value)}]"
    if kind is frozenset:
        return "{" + ", ".join(sorted(literal(item, show) for item in value)) + "}"
    if kind is MappingProxyType:
        return "{" + ", ".join(f"{literal(key, show)}: {literal(item, show)}" for key, item in value.items()) + "}"
    if kind is int and value.bit_length() > 1000:
        return hex(value)  # Python refuses to write such numbers in decimal
    if value is None or kind in (bool, int, float, complex, bytes):
        return repr(value)
    return f"<{show(value.type_name if kind is Opaque else kind.__name__)}: cannot be shown>"


def block(value: Any, show: Callable[[str], str] = safe) -> str:
    """A frozen value as it is best read: a text of several lines as such, all else as [`literal`]."""
    if type(value) is str and "\n" in value:
        return "\n".join(show(line.replace("\t", "    ")) for line in value.split("\n"))
    return literal(value, show)


def cut(text: str) -> tuple[str, str | None, str]:
    """The beginning of a text, a word on what is left out, and its end; of a short one nothing is left out."""
    if len(text) <= _SHOWN_CHARACTERS and text.count("\n") < _SHOWN_LINES:
        return text, None, ""
    head = "\n".join(text[: _SHOWN_CHARACTERS // 2].split("\n")[: _SHOWN_LINES // 2])
    tail = "\n".join(text[-_SHOWN_CHARACTERS // 4 :].split("\n")[-_SHOWN_LINES // 4 :])
    left_out = text[len(head) : len(text) - len(tail)]
    return head, f"{len(left_out):,} characters, {left_out.count(chr(10)):,} line ends are left out here", tail


def _words(text: str) -> list[tuple[int, str]]:
    return [] if text.isascii() else [(found.start(), found.group()) for found in _WORD.finditer(text)]


def _look_alikes(word: str) -> list[int]:
    """Where a word has letters that look like ASCII ones, if it would be read as an ASCII word."""
    if word.isascii() or not word.translate(TO_ASCII).isascii():
        return []
    return [at for at, character in enumerate(word) if ord(character) in TO_ASCII]


def _deceives(character: str, before: str) -> bool:
    if " " <= character <= "~":
        return False
    if not character.isprintable() or is_invisible(character):
        return True
    if unicodedata.category(character) in ("Mn", "Me"):
        return before.isascii()  # It would be drawn over an ASCII character
    return unicodedata.bidirectional(character) in _RIGHT_TO_LEFT


def _code_point(character: str) -> str:
    return f"<U+{ord(character):04X}>"
