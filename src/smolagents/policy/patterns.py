"""What a single pattern of a policy means: the RE2 expressions that look for it, and why one cannot be used.

RE2 takes time linear in the text, whatever the pattern. The price is that it knows no back-references and no
lookaround; a pattern with one of those is refused when the policy is loaded, with a word on what to write instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import re2

from .errors import excerpt
from .globs import presence_expressions, text_expression
from .normalize import normalize


PatternKind = Literal["substring", "regex", "glob"]

# For the set of all patterns. RE2 refuses to compile a set that does not fit; its cache stays below this as well.
MEMORY = 64 << 20  # bytes
# For a single expression, which is what RE2 itself takes by default.
_SINGLE_MEMORY = 8 << 20  # bytes


def options(max_memory: int = _SINGLE_MEMORY) -> re2.Options:
    """RE2 options for all expressions: UTF-8, case counts, `.` stops at a line's end, nothing is printed."""
    chosen = re2.Options()
    chosen.max_mem = max_memory
    chosen.log_errors = False
    return chosen


@dataclass(frozen=True, slots=True)
class Expression:
    """An RE2 expression, with how to find the part of a match that the pattern covers.

    Attributes:
        source (`str`): The expression.
        has_context (`bool`): Whether a match may include characters around what the pattern covers; if so, what it
            covers is the first group that took part in the match.
        presence (`tuple[str, ...]`): One of these is in a text if and only if the expression is. They do not say
            where, and are quick in a set of many.
    """

    source: str
    presence: tuple[str, ...]
    has_context: bool = False

    def span(self, text: str) -> tuple[int, int] | None:
        """Start and end of the first match in `text`, in characters, or `None`."""
        match = re2.compile(self.source, options()).search(text)
        if match is None:
            return None
        if not self.has_context:
            return match.span()
        return next(match.span(group) for group in (1, 2) if match.start(group) != -1)


def expressions(kind: PatternKind, text: str) -> tuple[Expression, ...]:
    """The expressions that look for a pattern: as it is written and, if that differs, normalised as texts are.

    Raises:
        `ValueError`: If a glob is malformed.
    """
    if kind == "regex":
        return (Expression(text, presence=(text,)),)
    forms = [text]
    normalized = normalize(text)
    # A pattern without any ASCII letter is about these very characters: Cyrillic letters, a non-breaking space. Taken
    # for their look-alikes it would refuse plain English.
    if normalized != text and normalized.strip() and (has_ascii_letter(text) or not normalized.isascii()):
        forms.append(normalized)
    if kind == "glob":
        return tuple(
            Expression(text_expression(form), presence=tuple(presence_expressions(form)), has_context=True)
            for form in forms
        )
    return tuple(Expression(source, presence=(source,)) for source in map(re2.escape, forms))


def has_ascii_letter(text: str) -> bool:
    return any(character.isascii() and character.isalpha() for character in text)


def check(kind: Literal["regex", "glob"], text: str) -> int:
    """Make sure that a pattern can be looked for and does not match everything. A substring always can.

    Returns:
        `int`: What it costs, about in instructions of RE2.

    Raises:
        `ValueError`: With a sentence on what is wrong and what to write instead.
    """
    return _check_regex(text) if kind == "regex" else _check_glob(text)


def _check_glob(glob: str) -> int:
    sources = [expression.source for expression in expressions("glob", glob)]
    # Every glob translates into something that RE2 takes, so there is no need to try.
    if _EVERYTHING in sources:
        raise _matches_everything("glob", glob)
    return sum(map(len, sources)) // 4


def _check_regex(text: str) -> int:
    if found := _CONTROL.search(text):
        raise ValueError(
            f"The regex contains the control character U+{ord(found.group()):04X}. In double quotes YAML takes \\b "
            "for a backspace: put the regex in 'single quotes', or write \\x08 for the character itself."
        )
    if _SINGLE_BYTE.search(text):
        raise ValueError("RE2's `\\C` would split characters into bytes. Write `(?s:.)` for any character.")
    try:
        compiled = re2.compile(text, options())
    except re2.error as error:
        detail = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"RE2 cannot use the regex {excerpt(text)}: {detail}. {_advice(detail)}") from None
    # A text with a character that nobody writes in a pattern: what matches this and nothing matches everything.
    if compiled.search("") and compiled.search("\ue000"):
        raise _matches_everything("regex", text)
    return int(compiled.programsize)


def _matches_everything(kind: PatternKind, text: str) -> ValueError:
    return ValueError(
        f"The {kind} {excerpt(text)} is in every text, so every call would be refused. "
        "Make it narrower, or use `default: deny` if that is what you want."
    )


_EVERYTHING = text_expression("*")
_SINGLE_BYTE = re.compile(r"(?<!\\)(?:\\\\)*\\C")
# What double quotes make of \a, \b, \e, \f, \v and \0.
_CONTROL = re.compile("[\x00\x07\x08\x0b\x0c\x1b]")

# RE2's words for what it refuses, and what to write instead.
_ADVICE = (
    (r"\(\?(=|!|<[=!])", "There is no lookaround: match what is around it as well, or write two patterns."),
    (r"escape sequence: \\[1-9]|operator: \(\?P", "There are no back-references: write the repeated part out."),
    (r"escape sequence: \\Z", "The end of the text is `\\z`."),
    (r"escape sequence: \\[uUN]", "A character by its number is `\\x{41}`."),
    (r"\(\?>|bad repetition operator", "Nothing backtracks here: write `(?:...)`, and a single `*`, `+` or `?`."),
    (r"\(\?#|\(\?[a-zA-Z-]*x", "There are no comments and no verbose mode: write it on one line, without spaces."),
    (r"invalid repetition size", "A repetition may be at most 1000, all nested ones multiplied: use `*` or `+`."),
    (r"no argument for repetition operator", "To find the character itself, write a backslash before it."),
    (r"missing [)\]]|unexpected \)", "Write a backslash before a bracket that is meant as text."),
    (r"trailing \\", "To find a backslash, write two."),
    (r"too large", "Write it shorter, or as several patterns."),
)


def _advice(detail: str) -> str:
    for trigger, advice in _ADVICE:
        if re.search(trigger, detail):
            return advice
    return "The syntax is at https://github.com/google/re2/wiki/Syntax."
