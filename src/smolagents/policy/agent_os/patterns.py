"""An Agent-OS pattern as a regular expression of RE2 that finds at least what Agent-OS finds in the same text.

Agent-OS always ignores case. It compares substrings in lower case, searches for regular expressions with Python's
`re`, and searches for globs so that they have to end where the text ends but may begin anywhere.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import re2

from .. import patterns
from ..globs import name_expression
from ..normalize import without_surrogates


_MAX_LENGTH = 2000  # characters, of a pattern in our language
# Python reads these as plain characters of a set, or warns that it may not do so in future; RE2 does not.
_SET_SYNTAX = re.compile(r"\[\[:|\[[^\]]*(?:&&|\|\||--|~~)")
_UNICODE_CLASS = re.compile(r"(?<!\\)(?:\\\\)*\\[dDwWsSbB]")
_DOLLAR_BEFORE_MORE = re.compile(r"(?<!\\)(?:\\\\)*\$(?!$|[|)])")
_NO_LOWER_BOUND = re.compile(r"(?<!\\)\{,(\d+)\}")
_ENDS_A_WORD = r"\.*(?:\z|[^0-9A-Za-z_.\-])"


class NotTranslatable(ValueError):
    """RE2 cannot search for this; the message is a clause that says why."""


@dataclass(frozen=True, slots=True)
class Translation:
    """A pattern for RE2.

    Attributes:
        regex (`str`): The expression.
        losses (`tuple[str, ...]`): In what it finds less, a sentence each.
    """

    regex: str
    losses: tuple[str, ...] = ()


def check(kind: str, text: str) -> None:
    """Whether Agent-OS itself takes the pattern, and a policy can have it.

    Raises:
        `ValueError`: If not, with a clause that says why.
    """
    if without_surrogates(text) != text:
        raise ValueError("This text has half a character (a lone surrogate) in it. Remove it")
    if kind == "regex":
        try:
            with warnings.catch_warnings():  # about what may mean something else in a later Python
                warnings.simplefilter("ignore")
                re.compile(text, re.IGNORECASE)
        except (re.error, RecursionError, OverflowError) as error:
            raise ValueError(f"Agent-OS itself cannot use this regular expression: {error}") from None


def matches_everything(kind: str, text: str) -> bool:
    """Whether the pattern is in every text, so that every call is refused."""
    if kind == "regex":
        return all(re.search(text, sample, re.IGNORECASE) for sample in ("", "\ue000", "a b\n"))
    return not text.strip("*") if kind == "glob" else not text


def translate(kind: str, text: str) -> Translation:
    """The pattern for RE2.

    Raises:
        `NotTranslatable`: If there is none.
    """
    if kind == "regex" and _SET_SYNTAX.search(text):
        raise NotTranslatable("RE2 reads its character set in another way than Python")
    if kind == "glob":
        try:
            source = _glob(text)
        except ValueError as error:
            raise NotTranslatable(str(error).rstrip(".")) from None
    else:
        source = _NO_LOWER_BOUND.sub(r"{0,\1}", text) if kind == "regex" else re2.escape(text)
    expression = f"(?i){source}"
    if len(expression) > _MAX_LENGTH:
        raise NotTranslatable(f"it has more than {_MAX_LENGTH} characters as a regular expression")
    try:
        patterns.check("regex", expression)
    except ValueError as error:
        raise NotTranslatable(str(error).rstrip(".")) from None
    return Translation(expression, tuple(_losses(kind, text)))


def _glob(text: str) -> str:
    # What a star at an end covers does not matter where the rest may be anywhere.
    inner = text.strip("*")
    expression = name_expression(inner).removeprefix(r"\A").removesuffix(r"\z")
    # Agent-OS compares with the end of all arguments as Python prints them, where no glob that people write can match.
    # What they meant is the end of a word.
    return expression if text.endswith("*") else expression + _ENDS_A_WORD


def _losses(kind: str, text: str) -> Iterator[str]:
    if kind == "regex" and _UNICODE_CLASS.search(text):
        yield r"In RE2 \d, \w, \s and \b are about ASCII only."
    if kind == "regex" and _DOLLAR_BEFORE_MORE.search(text):
        yield "In RE2 `$` is the end of the text only, and not also the place before a line break there."
    if any(character in text for character in "'\"{}[]:\\") and kind != "regex":
        yield "It has quotes, brackets, colons or backslashes: if they are of the way Python prints, write a rule."
    if kind == "substring" and ("\u0130" in text or "i\u0307" in text.lower()):
        yield "RE2 does not take the dotted capital I for an i."
