"""Finds which of a policy's patterns are in a call's texts: one pass over each text, however many patterns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import re2

from .leaves import Leaf
from .patterns import MEMORY, Expression, PatternKind, expressions, options


class PatternText(NamedTuple):
    """A pattern's kind and what it says."""

    kind: PatternKind
    text: str


@dataclass(frozen=True, slots=True)
class Match:
    """The first place where a pattern was found.

    Attributes:
        index (`int`): Which pattern, by its place in the policy, from 0.
        where (`str`): Which text, such as `arguments.command`.
        span (`tuple[int, int]`): Start and end in that text, in characters; in its normal form if `normalized`.
        normalized (`bool`): Whether the pattern is only in the text's normal form (see `normalize`): it was disguised.
    """

    index: int
    where: str
    span: tuple[int, int]
    normalized: bool


class Matcher:
    """All patterns of a policy, compiled into one RE2 set. Immutable, and safe to use from several threads.

    Raises:
        `ValueError`: If a pattern cannot be compiled, or all together need more memory than is allowed.
    """

    def __init__(self, patterns: Sequence[PatternText]):
        self._expressions: list[Expression] = []
        self._pattern_of: list[int] = []
        for index, (kind, text) in enumerate(patterns):
            for expression in expressions(kind, text):
                self._expressions.append(expression)
                self._pattern_of.append(index)
        # The set's first expression is its own, see `_matching`.
        self._expression_of = [-1]
        sources = [""]
        for index, expression in enumerate(self._expressions):
            self._expression_of += [index] * len(expression.presence)
            sources += expression.presence
        self._set = _compile(sources) if self._expressions else None

    def find(self, leaves: Iterable[Leaf]) -> list[Match]:
        """Every pattern that is in one of the texts, in the order of the policy, each with its first place."""
        found: dict[int, Match] = {}
        if self._set is None:
            return []
        for where, forms, _ in leaves:
            for form_number, form in enumerate(forms if type(forms[0]) is str else ()):
                for expression_index in self._matching(self._set, form):
                    index = self._pattern_of[expression_index]
                    if index not in found:
                        # The set says which patterns match; where, only a second look can say.
                        span = self._expressions[expression_index].span(form)
                        found[index] = Match(index, where, span or (0, len(form)), normalized=form_number > 0)
        return [found[index] for index in sorted(found)]

    def _matching(self, pattern_set: re2.Set, text: str) -> list[int]:
        """The indexes of the expressions that match, in ascending order."""
        answer = pattern_set.Match(text)
        # The set's first expression matches everything. If it is missing, RE2 ran out of memory, which it reports as
        # "nothing matches". Alone, each expression has a second engine that needs no such memory.
        if not answer or 0 not in answer:
            return [index for index, expression in enumerate(self._expressions) if expression.span(text) is not None]
        if len(answer) == 1:
            return []
        return sorted({self._expression_of[index] for index in answer if index > 0})


def _compile(sources: Iterable[str]) -> re2.Set:
    chosen = options(MEMORY)
    # Groups would keep expressions that start alike from being searched for together.
    chosen.never_capture = True
    pattern_set = re2.Set.SearchSet(chosen)
    try:
        for source in sources:
            pattern_set.Add(source)
        pattern_set.Compile()
    except re2.error:
        raise ValueError(
            f"All patterns together need more than {MEMORY >> 20} MB. Write fewer, or shorter repetitions."
        ) from None
    return pattern_set
