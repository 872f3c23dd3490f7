"""Sets of characters, as ranges of code points.

What is in a class such as `\\p{Greek}` or `(?i)[k-s]` is not computed here: RE2 is asked, so it is what RE2 finds.
"""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Iterable
from functools import lru_cache

import re2

from ..patterns import options


Ranges = tuple[tuple[int, int], ...]

LAST = 0x10FFFF
# Texts are searched without lone surrogates, which no encoding has.
_FIRST_SURROGATE, _LAST_SURROGATE = 0xD800, 0xDFFF
ALL: Ranges = ((0, _FIRST_SURROGATE - 1), (_LAST_SURROGATE + 1, LAST))
WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
NEWLINE: Ranges = ((0x0A, 0x0A),)
NOT_ASCII: Ranges = tuple((max(low, 0x80), high) for low, high in ALL)


def union(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The ranges in order, those that meet as one."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return tuple(joined)


def others(ranges: Ranges) -> Ranges:
    """All characters that are not in `ranges`."""
    gaps, start = [], 0
    for low, high in (*ranges, (LAST + 1, LAST + 1)):
        if start < low:
            gaps.append((start, low - 1))
        start = high + 1
    return tuple(
        (max(low, first), min(high, last))
        for low, high in gaps
        for first, last in ALL
        if low <= last and first <= high
    )


@lru_cache(maxsize=1)
def _every_character() -> str:
    codes = array("I", (*range(_FIRST_SURROGATE), *range(_LAST_SURROGATE + 1, LAST + 1)))
    return codes.tobytes().decode("utf-32-le" if sys.byteorder == "little" else "utf-32-be")


@lru_cache(maxsize=512)
def of_expression(source: str) -> Ranges:
    """The characters that an RE2 expression for a single character matches."""
    runs = (match.span() for match in re2.compile(f"(?:{source})+", options()).finditer(_every_character()))
    return union(_code_points(start, end) for start, end in runs if start < end)


def _code_points(start: int, end: int) -> tuple[int, int]:
    gap = _LAST_SURROGATE + 1 - _FIRST_SURROGATE
    low = start if start < _FIRST_SURROGATE else start + gap
    return low, end - 1 if end - 1 < _FIRST_SURROGATE else end - 1 + gap


@lru_cache(maxsize=1024)
def literal(character: str, ignore_case: bool = False) -> Ranges:
    """A character, or all that RE2 takes for the same if case is ignored."""
    code = ord(character)
    if not ignore_case or character.isascii() and not character.isalpha():
        return ((code, code),)
    if character.isascii():
        # Of the ASCII letters two are the lower case of something else too: the Kelvin sign, and the long s.
        more = {"k": (0x212A, 0x212A), "s": (0x17F, 0x17F)}.get(character.lower())
        both = [(ord(each), ord(each)) for each in (character.lower(), character.upper())]
        return union([*both, *([more] if more else [])])
    return of_expression(rf"(?i)\x{{{code:x}}}")


@lru_cache(maxsize=32)
def of_python(expression: str, flags: int = 0, last: int = LAST) -> str:
    """What a Python expression for a single character up to `last` matches, as members of an RE2 class."""
    matches = re.finditer(f"(?:{expression})+", _every_character()[: last + 1], flags)
    ranges = union(_code_points(*match.span()) for match in matches)
    return "".join(rf"\x{{{low:x}}}-\x{{{high:x}}}" for low, high in ranges)
