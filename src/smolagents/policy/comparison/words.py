"""The shortest text that is in some languages and not in others, or that there is none.

All automata are walked at once, and only as far as needed: what is settled (found for good, or out of reach) is not
followed. Of the characters that make no difference the one is taken that reads best.
"""

from __future__ import annotations

import heapq
import itertools
import math
import time
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from .characters import LAST
from .languages import Language, language
from .logic import And, Formula, Or, facts, replaced
from .undecided import TooLarge


# Combined states; and characters of a text, if it has to be long.
MAX_STATES = 6_000
_MAX_SEEN = 60_000
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
            raise TooLarge("it would take too long")


def find_word(
    formula: Formula, least: int = 0, most: int | None = None, deadline: Deadline | None = None
) -> str | None:
    """A shortest text for which a formula of `InLanguage` facts is true.

    Args:
        least (`int`), most (`int`, *optional*): How many characters it has to have, and may have.

    Raises:
        `TooLarge`: If that would need too many states, or takes too long.
    """
    if least > MAX_LENGTH:
        raise TooLarge(f"texts of more than {MAX_LENGTH} characters are not looked for")
    sources = sorted(fact.source for fact in facts(formula) if isinstance(fact, InLanguage))
    return _Walk(formula, tuple(sources), deadline).find(least, most)


# The last letter of a text, and what comes before it.
_Path: TypeAlias = "tuple[str, _Path] | tuple[()]"
_NOTHING: _Path = ()


class _Walk:
    def __init__(self, formula: Formula, sources: tuple[str, ...], deadline: Deadline | None):
        self._formula = formula
        self._sources = sources
        self._deadline = deadline
        self._languages = [language(source) for source in sources]
        self._letters = letters(sources)
        self._verdicts: dict[tuple[bool | None, ...], bool | None] = {}

    def find(self, least: int, most: int | None) -> str | None:
        if least == 0:
            found = self._shortest(most)
            return None if found is None else _text(found)
        shortest = self._shortest(most)
        if shortest is None:
            return None
        text = _text(shortest)
        if len(text) >= least:
            return text
        return self._padded(text, least) or self._of_length(least, most)

    def _shortest(self, most: int | None) -> _Path | None:
        """The shortest way to a state that is accepted, in at most so many steps. What seems near is tried first."""
        start = tuple(each.start for each in self._languages)
        order = itertools.count()
        waiting: list[tuple[float, int, int, tuple[int, ...], _Path]] = []
        lengths: dict[tuple[int, ...], int] = {}

        def add(state: tuple[int, ...], length: int, path: _Path) -> None:
            if length >= lengths.get(state, length + 1):
                return
            lengths[state] = length
            if len(lengths) > _MAX_SEEN:
                raise TooLarge("it needs too many states")
            total = length + self._distance(self._formula, state)
            if total <= (math.inf if most is None else most) and total < math.inf and not self._is_hopeless(state):
                heapq.heappush(waiting, (total, -length, next(order), state, path))

        add(start, 0, _NOTHING)
        work = 0
        while waiting:
            _, depth, _, state, path = heapq.heappop(waiting)
            length = -depth
            if length > lengths[state]:
                continue
            if self._accepts(state):
                return path
            self._count(work := work + 1)
            for letter, after in self._steps(state):
                add(after, length + 1, (letter, path))
        return None

    def _distance(self, formula: Formula, state: tuple[int, ...]) -> float:
        """How many characters are missing at least before the formula can be true."""
        if isinstance(formula, InLanguage):
            index = self._sources.index(formula.source)
            return self._languages[index].distance(state[index])
        if isinstance(formula, And):
            return max(self._distance(part, state) for part in formula.parts)
        if isinstance(formula, Or):
            return min(self._distance(part, state) for part in formula.parts)
        return 0

    def _padded(self, text: str, least: int) -> str | None:
        """The text with a letter in it so often that it is long enough, where that letter makes no difference."""
        state = tuple(each.start for each in self._languages)
        for at in range(len(text) + 1):
            for letter, after in self._steps(state):
                if self._after(after, letter) == after and self._accepts(self._after(after, text[at:])):
                    return text[:at] + letter * max(1, least - len(text)) + text[at:]
            if at < len(text):
                state = self._after(state, text[at])
        return None

    def _of_length(self, least: int, most: int | None) -> str | None:
        """A text of at least that length, by the states that can be reached at each length."""
        start = tuple(each.start for each in self._languages)
        layer: dict[tuple[int, ...], _Path] = {start: _NOTHING}
        seen: set[tuple[int, ...]] = set()
        length = work = 0
        while layer and (most is None or length <= most):
            following: dict[tuple[int, ...], _Path] = {}
            for state, path in layer.items():
                if length >= least and self._accepts(state):
                    return _text(path)
                self._count(work := work + 1)
                for letter, after in self._steps(state):
                    if after not in following and after not in seen and not self._is_hopeless(after):
                        following[after] = (letter, path)
            if length >= least:
                seen.update(following)
            layer = following
            length += 1
        return None

    def _count(self, work: int) -> None:
        if work > MAX_STATES:
            raise TooLarge("it needs too many states")
        if self._deadline is not None and work % 64 == 0:
            self._deadline.check()

    def _after(self, state: tuple[int, ...], text: str) -> tuple[int, ...]:
        for character in text:
            state = tuple(each.step(part, each.class_of(character)) for each, part in zip(self._languages, state))
        return state

    def _steps(self, state: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
        """The states after one more character of each kind; of characters that lead to the same one, the first."""
        rows = [each.row(part) for each, part in zip(self._languages, state)]
        found: set[tuple[int, ...]] = set()
        for letter, classes in self._letters:
            after = tuple([row[number] for row, number in zip(rows, classes)])
            if after not in found:
                found.add(after)
                yield letter, after

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


def _text(path: _Path) -> str:
    letters = []
    while path:
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
