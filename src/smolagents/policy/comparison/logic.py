"""Formulas: `True`, `False`, facts, and what is made of them by and, or and not.

A fact is anything with a hash. Negation stands before facts only, so that a formula says what has to be and what must
not be.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias


Formula: TypeAlias = Hashable


@dataclass(frozen=True, slots=True)
class And:
    """All of these."""

    parts: frozenset[Formula]


@dataclass(frozen=True, slots=True)
class Or:
    """One of these."""

    parts: frozenset[Formula]


@dataclass(frozen=True, slots=True)
class Not:
    """Not this fact."""

    fact: Formula


def all_of(parts: Iterable[Formula]) -> Formula:
    """And, without what makes no difference."""
    found: set[Formula] = set()
    for part in parts:
        if part is False:
            return False
        if isinstance(part, And):
            found |= part.parts
        elif part is not True:
            found.add(part)
    if any(isinstance(part, Not) and part.fact in found for part in found):
        return False
    return next(iter(found)) if len(found) == 1 else And(frozenset(found)) if found else True


def any_of(parts: Iterable[Formula]) -> Formula:
    """Or, without what makes no difference."""
    found: set[Formula] = set()
    for part in parts:
        if part is True:
            return True
        if isinstance(part, Or):
            found |= part.parts
        elif part is not False:
            found.add(part)
    if any(isinstance(part, Not) and part.fact in found for part in found):
        return True
    return next(iter(found)) if len(found) == 1 else Or(frozenset(found)) if found else False


def negated(formula: Formula) -> Formula:
    if isinstance(formula, bool):
        return not formula
    if isinstance(formula, Not):
        return formula.fact
    if isinstance(formula, And):
        return any_of(map(negated, formula.parts))
    if isinstance(formula, Or):
        return all_of(map(negated, formula.parts))
    return Not(formula)


def facts(formula: Formula) -> set[Formula]:
    """The facts that a formula is about."""
    if isinstance(formula, bool):
        return set()
    if isinstance(formula, Not):
        return {formula.fact}
    if isinstance(formula, (And, Or)):
        return set().union(*map(facts, formula.parts))
    return {formula}


def replaced(formula: Formula, value: Callable[[Formula], Formula]) -> Formula:
    """The formula with another one in the place of each fact."""
    if isinstance(formula, bool):
        return formula
    if isinstance(formula, Not):
        return negated(value(formula.fact))
    if isinstance(formula, And):
        return all_of(replaced(part, value) for part in formula.parts)
    if isinstance(formula, Or):
        return any_of(replaced(part, value) for part in formula.parts)
    return value(formula)


def branches(formula: Formula) -> Iterator[list[Formula]]:
    """All ways to make a formula true: lists of facts and negated facts. Lazily, as there may be many."""
    if isinstance(formula, bool):
        if formula:
            yield []
    elif isinstance(formula, Or):
        for part in sorted(formula.parts, key=_size):
            yield from branches(part)
    elif isinstance(formula, And):
        yield from _of_all(sorted(formula.parts, key=_size))
    else:
        yield [formula]


def _of_all(parts: list[Formula]) -> Iterator[list[Formula]]:
    if not parts:
        yield []
        return
    for first in branches(parts[0]):
        for rest in _of_all(parts[1:]):
            yield first + rest


def _size(formula: Formula) -> tuple[int, bool, str]:
    # The order has to be the same in each run, and that of sets is not.
    size = sum(_size(part)[0] for part in formula.parts) if isinstance(formula, (And, Or)) else 1
    return size, getattr(formula, "is_last_resort", False), repr(formula)
