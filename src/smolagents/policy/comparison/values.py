"""A value for which a formula is true, or that there is none.

Values are looked for sort by sort. For texts, what is asked of hosts, paths, numbers and lengths is split into cells
in which it is the same everywhere; what is left is about languages. A cell and a language are taken for independent:
so that there is no value is certain, and that there is one is tried out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from smolagents.hooks import Opaque

from ..condition_tests import Test, compile_condition
from ..patterns import options
from .facts import Asked, AtMost, Finds, HostIn, InRange, IsOpaque, May, Must, PathIn, Sort, numeric_texts, of_sort
from .logic import And, Formula, Not, Or, all_of, facts, negated, replaced
from .places import Cell, host_cells, path_cells
from .undecided import NotDecided, TooLarge
from .words import Deadline, InLanguage, find_word


# Texts that are their own normal form: what is found in one is found in no other form of it.
NORMAL = InLanguage(r"\A(?:[!-~]+(?: [!-~]+)*)?\z")
# The same with some letters and digits of other scripts; and texts whose normal form differs in white space alone.
_OTHER_SCRIPTS = InLanguage(r"\A[!-~éßλжя٣中]+(?: [!-~éßλжя٣中]+)*\z")
_NEARLY = InLanguage(r"\A[!-~]+(?:[\t-\r ][!-~]+)*\z")
_SHOWN_COMPLEX = InLanguage(r"\A\(?[0-9a-z.+\-]+j\)?\z")
_SHOWN_NUMBER = InLanguage(r"\A-?[0-9]{1,20}(?:\.[0-9]{1,10})?\z")

# Values that are like no other ones, and one of each kind whose details nobody looks at.
_OTHERS: tuple[Any, ...] = (True, False, float("inf"), float("-inf"), float("nan"), 10**31, -(10**31))
_OPAQUE = Opaque("Object")
_COMPLEX = (1j, 1 + 2j)
_NO_TEXTS = ("number", "complex")
# That are tried before it is said that there may be others
_MOST_WORDS = 6
_MOST_FRAMES = 3


@dataclass(frozen=True, slots=True)
class Found:
    """
    Attributes:
        value: A value for which the formula is true.
    """

    value: Any


def holds(formula: Formula, value: Any) -> bool:
    """Whether a formula is true of a value, as the policy's own tests have it."""
    if isinstance(formula, bool):
        return formula
    if isinstance(formula, And):
        return all(holds(part, value) for part in formula.parts)
    if isinstance(formula, Or):
        return any(holds(part, value) for part in formula.parts)
    if isinstance(formula, Not):
        return not holds(formula.fact, value)
    if isinstance(formula, (Must, May)):
        verdict = _test(formula.asked).of(value)
        return verdict is True or verdict is None and isinstance(formula, May)
    if isinstance(formula, (Finds, InLanguage)):
        return type(value) is str and _expression(formula.source).search(value) is not None
    assert isinstance(formula, IsOpaque)
    return type(value) is Opaque


@lru_cache(maxsize=4096)
def _test(asked: Asked) -> Test:
    # Nothing is looked up: what a name leads to is not the policy's.
    return compile_condition(asked.condition, (lambda name: frozenset()) if asked.looks_up else None)


@lru_cache(maxsize=4096)
def _expression(source: str) -> Any:
    return re2.compile(source, options())


def find_value(formula: Formula, texts_only: bool = False, deadline: Deadline | None = None) -> Found | None:
    """A value for which a formula of facts about values is true; `None` if there is none.

    Args:
        texts_only (`bool`): Whether it has to be a text.

    Raises:
        `NotDecided`: If that cannot be said.
    """
    if formula is False:
        return None
    key = (formula, texts_only)
    if key not in _known_values:
        if len(_known_values) > _MAX_KNOWN:
            _known_values.clear()
        try:
            _known_values[key] = _find_value(formula, texts_only, deadline)
        except NotDecided as error:
            _known_values[key] = error
    answer = _known_values[key]
    if isinstance(answer, NotDecided):
        raise answer
    return answer


def forget() -> None:
    """Forget what was found before: folders may lead elsewhere by now, and there may be more time."""
    _known_values.clear()
    path_cells.cache_clear()
    _test.cache_clear()


# The same is asked in many situations
_known_values: dict[tuple[Formula, bool], Found | NotDecided | None] = {}
_MAX_KNOWN = 50_000


def _find_value(formula: Formula, texts_only: bool, deadline: Deadline | None) -> Found | None:
    open_questions: list[NotDecided] = []
    for search in (_find_text, *(() if texts_only else (_find_other,))):
        try:
            found = search(formula, deadline)
            if found is not None:
                return found
        except NotDecided as error:
            open_questions.append(error)
    if open_questions:
        raise open_questions[0]
    return None


def _find_other(formula: Formula, deadline: Deadline | None) -> Found | None:
    for value in _OTHERS:
        if holds(formula, value):
            return Found(value)
    questions: list[NotDecided] = []
    for sort in ("number", "complex"):
        try:
            found = _Cells(of_sort(formula, sort), sort, formula, deadline).find()
            if found is not None:
                return found
        except NotDecided as error:
            questions.append(error)
    if holds(formula, _OPAQUE):
        return Found(_OPAQUE)
    if questions:
        raise questions[0]
    return None


def _find_text(formula: Formula, deadline: Deadline | None) -> Found | None:
    found = _find_shaped(formula, NORMAL, deadline)
    if found is not None:
        return found
    found = _find_shaped(formula, True, deadline)
    if found is None:
        return None
    for shape in (_OTHER_SCRIPTS, _NEARLY):
        # It has other forms, of which something else may be true. These have none, or fewer.
        try:
            better = _find_shaped(formula, shape, deadline)
        except NotDecided:
            continue
        if better is not None:
            return better
    return found


def _find_shaped(formula: Formula, shape: Formula, deadline: Deadline | None) -> Found | None:
    question: NotDecided | None = None
    for sort, text_formula in _text_sorts(formula):
        try:
            found = _Cells(text_formula, sort, formula, deadline).find(shape)
            if found is not None:
                return found
        except TooLarge:
            raise
        except NotDecided as error:
            question = error
    # Where there may be one among few texts, there may be one among all.
    if question is not None and shape is True:
        raise question
    return None


def _text_sorts(formula: Formula) -> list[tuple[Sort, Formula]]:
    plain = of_sort(formula, "text")
    odd, decimal = of_sort(formula, "odd"), of_sort(formula, "decimal")
    if plain == odd == decimal:
        return [("text", plain)]
    looks, is_decimal = numeric_texts()
    short = AtMost(30)
    return [
        ("text", all_of([plain, Not(looks)])),
        ("decimal", all_of([decimal, looks, is_decimal, short])),
        ("odd", all_of([odd, looks, negated(all_of([is_decimal, short]))])),
    ]


class _Cells:
    """One search: a formula about values of one sort, cell by cell."""

    def __init__(self, formula: Formula, sort: Sort, original: Formula, deadline: Deadline | None):
        self._formula = formula
        self._sort = sort
        self._original = original
        self._deadline = deadline
        about = facts(formula)
        self._ranges = sorted((fact for fact in about if isinstance(fact, InRange)), key=repr)
        self._hosts = tuple(sorted({(fact.entries, fact.looks_up) for fact in about if isinstance(fact, HostIn)}))
        self._paths = tuple(sorted({fact.roots for fact in about if isinstance(fact, PathIn)}))
        self._lengths = sorted({fact.length for fact in about if isinstance(fact, AtMost)})

    def find(self, shape: Formula = True) -> Found | None:
        """
        Args:
            shape (`Formula`): What texts have to look like besides.
        """
        question: NotDecided | None = None
        if self._formula is False:
            return None
        numbers = _number_cells(self._ranges) if self._ranges or self._sort == "number" else [()]
        hosts = host_cells(self._hosts) if self._hosts else (Cell(()),)
        paths = path_cells(self._paths) if self._paths else (Cell(()),)
        for sample, host, path, (least, most) in itertools.product(numbers, hosts, paths, _lengths(self._lengths)):
            try:
                found = self._in_cell(sample, host, path, least, most, shape)
                if found is not None:
                    return found
            except NotDecided as error:
                question = question or error
        if question is not None:
            raise question
        return None

    def _in_cell(
        self, sample: tuple[float, ...], host: Cell, path: Cell, least: int, most: int | None, shape: Formula
    ) -> Found | None:
        def value(fact: Formula) -> Formula:
            if isinstance(fact, InRange):
                return fact.has(sample[0])
            if isinstance(fact, HostIn):
                return _known(host.answers[self._hosts.index((fact.entries, fact.looks_up))], fact.certain)
            if isinstance(fact, PathIn):
                return _known(path.answers[self._paths.index(fact.roots)], fact.certain)
            if isinstance(fact, AtMost):
                return most is not None and most <= fact.length
            return fact

        rest = replaced(self._formula, value)
        if rest is False:
            return None
        if self._sort == "complex":
            rest = all_of([rest, _SHOWN_COMPLEX])
        elif self._sort != "number":
            rest = all_of([rest, shape])
        is_split = bool(self._ranges or self._hosts or self._paths or self._sort in _NO_TEXTS)
        if is_split:
            # What the cell's own texts give is tried first; they may be all that anybody needs.
            for candidate in self._candidates(rest, sample, host, path, least, most):
                if holds(self._original, candidate) and _is_of_sort(candidate, self._sort):
                    return Found(candidate)
        for _ in range(_MOST_WORDS if is_split else 1):
            word = find_word(rest, least, most, self._deadline)
            if word is None:
                return None
            if not is_split or self._sort not in _NO_TEXTS and holds(self._original, word):
                return Found(word)
            rest = all_of([rest, Not(InLanguage(rf"\A{re2.escape(word)}\z"))])
        raise NotDecided("no value could be found for what it asks of hosts, paths or numbers and of texts together")

    def _candidates(
        self, rest: Formula, sample: tuple[float, ...], host: Cell, path: Cell, least: int, most: int | None
    ) -> Iterator[Any]:
        if self._sort == "complex":
            yield from _COMPLEX
            return
        if self._sort == "number":
            yield from sample
            if (word := find_word(all_of([rest, _SHOWN_NUMBER]), least, most, self._deadline)) is not None:
                yield float(word) if "." in word else int(word)
            return
        frames = [re2.escape(str(number)) for number in sample]
        for number, stem in enumerate(host.stems):
            yield stem
            yield f"https://{stem}/"
            if number < _MOST_FRAMES:
                address = rf"{re2.escape(stem)}(?::[0-9]{{1,4}})?(?:/[!-~]*)?"
                frames += [rf"https?://{address}", rf"(?:[a-z]+://)?{address}"]
        for number, stem in enumerate(path.stems):
            yield stem
            if number < _MOST_FRAMES:
                frames.append(rf"{re2.escape(stem.rstrip('/'))}(?:/[0-9A-Za-z_.\-]+)*")
        # The same from the current folder: such a path may begin with any word
        frames += [rf"[0-9A-Za-z_\-]+/{re2.escape(way)}(?:/[0-9A-Za-z_.\-]+)*" for way in path.ways()]
        for frame in frames:
            framed = all_of([rest, InLanguage(rf"\A(?:{frame})\z")])
            if (word := find_word(framed, least, most, self._deadline)) is not None:
                yield word


def _known(answer: bool | None, certain: bool) -> bool:
    return not certain if answer is None else answer


def _is_of_sort(value: Any, sort: Sort) -> bool:
    return (type(value) is str) == (sort not in _NO_TEXTS)


def _lengths(limits: list[int]) -> Iterable[tuple[int, int | None]]:
    bounds = [0, *(limit + 1 for limit in limits)]
    return list(zip(bounds, [*limits, None]))


def _number_cells(ranges: list[InRange]) -> list[tuple[float, ...]]:
    """Some numbers of each cell: the bounds, what is between two of them, and what is beyond."""
    bounds = sorted({bound for each in ranges for bound in (each.low, each.high) if bound is not None})
    if not bounds:
        return [(1, 0.5)]
    cells: list[tuple[float, ...]] = [(bounds[0] - 1, bounds[0] - 0.5, bounds[0] * 2 - 100)]
    for low, high in zip(bounds, [*bounds[1:], None]):
        cells.append((low,))
        if high is None:
            cells.append((low + 1, low + 0.5, low * 2 + 100))
        else:
            middle = (low + high) / 2
            inner = tuple(number for number in (int(low) + 1, round(middle), middle) if low < number < high)
            cells.append(inner or (middle,))
    return cells
