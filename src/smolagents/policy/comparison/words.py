"""The shortest text that is in some languages and not in others, or that there is none.

All automata are walked at once, and only as far as needed: what is settled (found for good, or out of reach) is not
followed. Of the characters that make no difference the one is taken that reads best.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from .characters import LAST
from .languages import Language, language
from .logic import Formula, facts, replaced
from .undecided import NotDecided


# Combined states; and characters of a text, if it has to be long.
MAX_STATES = 20_000
MAX_LENGTH = 4_000

_READABLE = [*range(0x61, 0x7B), *range(0x30, 0x3A), *range(0x41, 0x5B), 0x20, *range(0x21, 0x30), *range(0x3A, 0x41)]
_READABLE += [*range(0x5B, 0x61), *range(0x7B, 0x7F), 0xE9, 0x434, 0x4E2D]


@dataclass(frozen=True, slots=True)
class InLanguage:
    """Fact: RE2 finds this expression in the text."""

    source: str


class Deadline:
    """A moment after which nothing more is tried."""

    def __init__(self, seconds: float):
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        if time.monotonic() > self._end:
            raise NotDecided("it would take too long")


def find_word(
    formula: Formula, least: int = 0, most: int | None = None, deadline: Deadline | None = None
) -> str | None:
    """A shortest text for which a formula of `InLanguage` facts is true.

    Args:
        least (`int`), most (`int`, *optional*): How many characters it has to have, and may have.

    Raises:
        `NotDecided`: If that would need too many states, or takes too long.
    """
    if least > MAX_LENGTH:
        raise NotDecided(f"texts of more than {MAX_LENGTH} characters are not looked for")
    sources = sorted(fact.source for fact in facts(formula) if isinstance(fact, InLanguage))
    return _Walk(formula, tuple(sources), deadline).find(least, most)


# The last letter of a text, and what comes before it.
_Path: TypeAlias = "tuple[str, _Path] | None"


class _Walk:
    def __init__(self, formula: Formula, sources: tuple[str, ...], deadline: Deadline | None):
        self._formula = formula
        self._sources = sources
        self._deadline = deadline
        self._languages = [language(source) for source in sources]
        self._letters = letters(sources)
        self._verdicts: dict[tuple[bool | None, ...], bool | None] = {}

    def find(self, least: int, most: int | None) -> str | None:
        start = tuple(each.start for each in self._languages)
        # Up to the least length each state counts at each length; after that, the first time is the best.
        layer: dict[tuple[int, ...], _Path] = {start: None}
        seen: set[tuple[int, ...]] = set()
        length = work = 0
        while layer and (most is None or length <= most):
            following: dict[tuple[int, ...], _Path] = {}
            for state, path in layer.items():
                if length >= least and self._accepts(state):
                    return _text(path)
                for letter, classes in self._letters:
                    after = tuple(map(_step, self._languages, state, classes))
                    if after in following or after in seen or self._is_hopeless(after):
                        continue
                    following[after] = (letter, path)
                    if length + 1 >= least:
                        seen.add(after)
                work += 1
                if work > MAX_STATES * (1 + least // 100) or len(seen) > MAX_STATES:
                    raise NotDecided("it needs too many states")
                if self._deadline is not None and work % 64 == 0:
                    self._deadline.check()
            layer = following
            length += 1
        return None

    def _accepts(self, state: tuple[int, ...]) -> bool:
        return self._verdict(tuple(each.accepts(part) for each, part in zip(self._languages, state))) is True

    def _is_hopeless(self, state: tuple[int, ...]) -> bool:
        return self._verdict(tuple(each.settled(part) for each, part in zip(self._languages, state))) is False

    def _verdict(self, known: tuple[bool | None, ...]) -> bool | None:
        """What the formula comes to if so much is known; `None` if that is open."""
        if known not in self._verdicts:
            values = dict(zip(self._sources, known))

            def value(fact: Formula) -> Formula:
                answer = values[fact.source] if isinstance(fact, InLanguage) else None
                return fact if answer is None else answer

            answer = replaced(self._formula, value)
            self._verdicts[known] = answer if isinstance(answer, bool) else None
        return self._verdicts[known]


def _step(of: Language, state: int, number: int) -> int:
    return of.step(state, number)


def _text(path: _Path) -> str:
    letters = []
    while path is not None:
        letter, path = path
        letters.append(letter)
    return "".join(reversed(letters))


@lru_cache(maxsize=1024)
def letters(sources: tuple[str, ...]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """A character of each kind that some of the languages tell apart, with its class in each, readable ones first."""
    languages = [language(source) for source in sources]
    found: dict[tuple[int, ...], str] = {}
    for code in _candidates(languages):
        classes = tuple(each.classes[bisect_right(each.starts, code) - 1] for each in languages)
        found.setdefault(classes, chr(code))
    return tuple((letter, classes) for classes, letter in found.items())


def _candidates(languages: list[Language]) -> Iterator[int]:
    yield from _READABLE
    points = {0, *(start for each in languages for start in each.starts)}
    yield from sorted(point for point in points if point <= LAST and not 0xD800 <= point <= 0xDFFF)
    yield 0xE000  # In place of a point among the surrogates
