"""What conditions and patterns say about a single value, as formulas.

A condition answers with true, false or unknown, so it gives two facts: that the value meets it for certain (`Must`),
and that it may (`May`). What either comes to depends on the sort of the value: see `of_sort`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

import re2

from ..condition_tests import FALSE_WORDS, LOOKS_NUMERIC, NUMBER, spellings
from ..conditions import Condition
from ..fields import Scalar
from ..patterns import PatternKind, expressions
from . import characters
from .logic import Formula, all_of, any_of, negated, replaced
from .words import InLanguage


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition of a policy. Equal if it says the same.

    Attributes:
        text (`str`): What it says.
        condition (`Condition`): The condition.
        looks_up (`bool`): Whether `host_in` looks names up.
    """

    text: str
    condition: Condition = field(compare=False, repr=False)
    looks_up: bool = False

    @classmethod
    def of(cls, condition: Condition, looks_up: bool = False) -> Asked:
        return cls(condition.canonical(), condition, looks_up)


@dataclass(frozen=True, slots=True)
class Must:
    """Fact: the value meets the condition for certain."""

    asked: Asked


@dataclass(frozen=True, slots=True)
class May:
    """Fact: the value meets the condition, or nobody knows."""

    asked: Asked


@dataclass(frozen=True, slots=True)
class Finds:
    """Fact: the value is a text in which RE2 finds this."""

    source: str


@dataclass(frozen=True, slots=True)
class IsOpaque:
    """Fact: the value is not plain data."""


@dataclass(frozen=True, slots=True)
class AtMost:
    """Fact: the text has at most that many characters."""

    length: int


@dataclass(frozen=True, slots=True)
class InRange:
    """Fact: the number, or the number that the text is, is in the range."""

    low: float | None
    high: float | None

    def has(self, number: float) -> bool:
        return (self.low is None or number >= self.low) and (self.high is None or number <= self.high)


@dataclass(frozen=True, slots=True)
class HostIn:
    """Fact: the host that the text names is (for certain, or perhaps) one of these."""

    entries: tuple[str, ...]
    looks_up: bool
    certain: bool


@dataclass(frozen=True, slots=True)
class PathIn:
    """Fact: the path is (for certain, or perhaps) in one of these folders."""

    roots: tuple[str, ...]
    certain: bool


# Texts that are no number to any tool; those that might be one; those that are one in decimal, of 30 characters at
# most; numbers; and complex numbers, which are none to a condition.
Sort = Literal["text", "odd", "decimal", "number", "complex"]
_NUMBERS = ("number", "complex")

_FALSE_TEXT = InLanguage(
    r"\A(?:" + "|".join("".join(f"[{c}{c.upper()}]" for c in word) for word in sorted(FALSE_WORDS)) + r")\z"
)


# White space, and what has an ASCII letter for its other case, is before this. (Unicode keeps it so.)
_LAST_CASED = 0x3000


@lru_cache(maxsize=1)
def numeric_texts() -> tuple[InLanguage, InLanguage]:
    """The texts in which there is something of a number, and those that are one (see `condition_tests`)."""
    digit, space = characters.of_python(r"\d"), characters.of_python(r"\s", last=_LAST_CASED)
    letters = {letter: characters.of_python(letter, LOOKS_NUMERIC.flags, _LAST_CASED) for letter in "infa"}
    word = {name: "".join(f"[{letters[letter]}]" for letter in name) for name in ("inf", "nan")}
    assert LOOKS_NUMERIC.pattern == r"\d|inf|nan" and r"\s*" in NUMBER.pattern
    looks = rf"[{digit}]|{word['inf']}|{word['nan']}"
    return InLanguage(looks), InLanguage(r"\A(?:" + NUMBER.pattern.replace(r"\s", f"[{space}]") + r")\z")


def of_sort(formula: Formula, sort: Sort) -> Formula:
    """A formula about a value in facts that can be decided, for values of one sort."""

    def value(fact: Formula) -> Formula:
        if isinstance(fact, (Must, May)):
            return _meaning(fact.asked, sort)[isinstance(fact, May)]
        if isinstance(fact, Finds):
            return sort not in _NUMBERS and InLanguage(fact.source)
        return False  # It is plain data

    return replaced(formula, value)


def finding(kind: PatternKind, text: str) -> Formula:
    """That a pattern is found in a text."""
    return any_of(Finds(expression.source) for expression in expressions(kind, text))


@lru_cache(maxsize=16384)
def _meaning(asked: Asked, sort: Sort) -> tuple[Formula, Formula]:
    """That the condition is met for certain, and that it may be."""
    condition, looks_up = asked.condition, asked.looks_up
    certain: list[Formula] = []
    perhaps: list[Formula] = []

    def add(must: Formula, may: Formula) -> None:
        certain.append(must)
        perhaps.append(may)

    def add_text(finds: Formula) -> None:
        # Some tools take a number for the text that it is written as.
        add(sort not in _NUMBERS and finds, finds)

    if condition.equals is not None:
        add(*_one_of((condition.equals,), sort))
    if condition.one_of is not None:
        add(*_one_of(condition.one_of, sort))
    if condition.prefix is not None:
        add_text(InLanguage(rf"\A(?:{_escaped(spellings(condition.prefix))})"))
    if condition.suffix is not None:
        add_text(InLanguage(rf"(?:{_escaped(spellings(condition.suffix))})\z"))
    if condition.contains is not None:
        add_text(InLanguage(_escaped(spellings(condition.contains))))
    if condition.regex is not None:
        add_text(InLanguage(condition.regex))
    if condition.glob is not None:
        add_text(any_of(InLanguage(expression.source) for expression in expressions("glob", condition.glob)))
    if condition.range is not None:
        add(*_numeric(InRange(condition.range.min, condition.range.max), sort))
    if condition.max_length is not None:
        add(AtMost(condition.max_length), AtMost(condition.max_length))
    if condition.host_in is not None:
        hosts = tuple(sorted(condition.host_in))
        add(sort not in _NUMBERS and HostIn(hosts, looks_up, True), sort in _NUMBERS or HostIn(hosts, looks_up, False))
    if condition.path_within is not None:
        roots = tuple(sorted(condition.path_within))
        add(sort not in _NUMBERS and PathIn(roots, True), sort in _NUMBERS or PathIn(roots, False))
    if condition.not_ is not None:
        must, may = _meaning(Asked.of(condition.not_, looks_up), sort)
        add(negated(may), negated(must))
    for several, join in ((condition.any_, any_of), (condition.all_, all_of)):
        if several is not None:
            pairs = [_meaning(Asked.of(each, looks_up), sort) for each in several]
            add(join(must for must, _ in pairs), join(may for _, may in pairs))
    return all_of(certain), all_of(perhaps)


def _numeric(wanted: InRange, sort: Sort) -> tuple[Formula, Formula]:
    if sort == "number":
        return wanted, wanted
    return False, sort in ("odd", "complex") or sort == "decimal" and wanted


def _one_of(choices: Iterable[Scalar], sort: Sort) -> tuple[Formula, Formula]:
    choices = tuple(choices)
    if sort == "complex":
        return False, True
    texts = [form for each in choices if isinstance(each, str) for form in spellings(each)]
    booleans = [each for each in choices if isinstance(each, bool)]
    numbers = [InRange(each, each) for each in choices if type(each) in (int, float)]  # type: ignore[arg-type]
    is_text: Formula = InLanguage(rf"\A(?:{_escaped(texts)})\z") if texts else False
    if sort == "number":
        zero = InRange(0, 0)
        must = any_of(numbers)
        return must, any_of([must, is_text, *(negated(zero) if each else zero for each in booleans)])
    may = [is_text, *(each or _FALSE_TEXT for each in booleans), *(_numeric(each, sort)[1] for each in numbers)]
    return is_text, any_of(may)


def _escaped(texts: Iterable[str]) -> str:
    return "|".join(map(re2.escape, texts))
