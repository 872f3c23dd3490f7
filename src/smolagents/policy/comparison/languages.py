"""Regular languages: the texts in which RE2 finds an expression, as automata that are made as far as they are used.

A state is a set of places in the expression, together with what the last character was, as far as `^`, `$` and `\\b`
ask for it. An automaton is shared by all comparisons and grows with use, up to a bound.
"""

from __future__ import annotations

import math
import threading
from bisect import bisect_right
from collections import deque

from . import expressions
from .characters import LAST, NEWLINE, NOT_ASCII, WORD, Ranges
from .expressions import Choice, One, Place, Repeat, Sequence, Tree
from .undecided import TooLarge


# Places in an expression, with its repetitions written out; and states of one automaton.
_MAX_PLACES = 20_000
_MAX_STATES = 20_000
# What is kept of all states: places and moves, each of which takes some dozens of bytes. Of one automaton, and of all.
_MAX_SIZE = 600_000
_MAX_KEPT = 3_000_000
_MAX_LANGUAGES = 4_096

# What a text has around a place, as far as expressions ask for it.
_EDGE, _WORD, _NEWLINE, _OTHER = range(4)

_FOUND = 0  # The state in which nothing matters any more: the expression was found.


class _Program:
    """The places of an expression: each has a set of characters and the next place, or places reached for free."""

    def __init__(self, tree: Tree):
        self.sets: list[Ranges] = []
        self._numbers: dict[Ranges, int] = {}
        self.steps: list[tuple[int, int] | None] = []  # A set of characters, and the place after it
        self.free: list[tuple[tuple[str | None, int], ...]] = []  # Conditions on the text, and places
        self.end = self._place()
        self.start = self._add(tree, self.end)
        self.distances = self._find_distances()
        self.is_anchored = _is_anchored(tree)
        self.asks_for_words = _has(tree, ("word_edge", "no_word_edge"))
        self.asks_for_lines = _has(tree, ("line_start", "line_end"))

    def _place(self) -> int:
        if len(self.steps) >= _MAX_PLACES:
            raise TooLarge("its expression is too large")
        self.steps.append(None)
        self.free.append(())
        return len(self.steps) - 1

    def _find_distances(self) -> list[float]:
        """Of each place, how many characters it is away from the end at least."""
        before: list[list[tuple[int, int]]] = [[] for _ in self.steps]
        for place, step in enumerate(self.steps):
            if step is not None:
                before[step[1]].append((1, place))
            for _, after in self.free[place]:
                before[after].append((0, place))
        distances: list[float] = [math.inf] * len(self.steps)
        distances[self.end] = 0
        waiting = deque([self.end])
        while waiting:
            place = waiting.popleft()
            for cost, earlier in before[place]:
                if distances[place] + cost < distances[earlier]:
                    distances[earlier] = distances[place] + cost
                    # What costs nothing comes first, so that no place is looked at much more than once.
                    (waiting.append if cost else waiting.appendleft)(earlier)
        return distances

    def _add(self, tree: Tree, after: int) -> int:
        """The place where `tree` begins, from which `after` is reached."""
        if isinstance(tree, Sequence):
            for part in reversed(tree.parts):
                after = self._add(part, after)
            return after
        if isinstance(tree, Repeat):
            return self._add_repeat(tree, after)
        begin = self._place()
        if isinstance(tree, One):
            number = self._numbers.setdefault(tree.ranges, len(self.sets))
            if number == len(self.sets):
                self.sets.append(tree.ranges)
            self.steps[begin] = (number, after)
        elif isinstance(tree, Place):
            self.free[begin] = ((tree.kind, after),)
        else:
            self.free[begin] = tuple((None, self._add(part, after)) for part in tree.parts)
        return begin

    def _add_repeat(self, tree: Repeat, after: int) -> int:
        if tree.most is None:
            loop = self._place()
            self.free[loop] = ((None, self._add(tree.part, loop)), (None, after))
            after = loop
        else:
            last = after
            for _ in range(tree.most - tree.least):
                begin = self._place()
                self.free[begin] = ((None, self._add(tree.part, after)), (None, last))
                after = begin
        for _ in range(tree.least):
            after = self._add(tree.part, after)
        return after


def _is_anchored(tree: Tree) -> bool:
    if isinstance(tree, Place):
        return tree.kind == "text_start"
    if isinstance(tree, Sequence):
        return any(map(_is_anchored, tree.parts[:1])) or (
            len(tree.parts) > 1 and isinstance(tree.parts[0], Place) and _is_anchored(Sequence(tree.parts[1:]))
        )
    if isinstance(tree, Choice):
        return all(map(_is_anchored, tree.parts))
    return isinstance(tree, Repeat) and tree.least > 0 and _is_anchored(tree.part)


def _has(tree: Tree, kinds: tuple[str, ...]) -> bool:
    if isinstance(tree, Place):
        return tree.kind in kinds
    if isinstance(tree, (Sequence, Choice)):
        return any(_has(part, kinds) for part in tree.parts)
    return isinstance(tree, Repeat) and _has(tree.part, kinds)


class Language:
    """
    The texts in which RE2 finds an expression. Make it with `language`.

    States are numbers; characters that nothing tells apart are one class, by number.

    Attributes:
        start (`int`): The state before the first character.
        starts (`list[int]`): Where each run of characters of one class begins, in order.
        classes (`list[int]`): The class of each run.
        size (`int`): How much is kept of its states.
    """

    def __init__(self, source: str):
        self._program = program = _Program(expressions.read(source))
        self._lock = threading.Lock()
        sets = list(program.sets)
        # RE2 looks for a place in texts as UTF-8. Between two bytes of one character there is no edge of a word.
        self._is_found_inside = (
            program.asks_for_words
            and not program.is_anchored
            and program.end in self._reached(frozenset((program.start,)), _OTHER, _OTHER)
        )
        if program.asks_for_words:
            sets += [WORD, NOT_ASCII]
        if program.asks_for_lines:
            sets.append(NEWLINE)
        points = {0, *(point for ranges in sets for low, high in ranges for point in (low, high + 1))}
        self.starts = sorted(point for point in points if point <= LAST)
        numbers: dict[tuple[bool, ...], int] = {}
        self.classes = []
        runs = [_members(ranges, self.starts) for ranges in sets]
        for index in range(len(self.starts)):
            signature = tuple(members[index] for members in runs)
            self.classes.append(numbers.setdefault(signature, len(numbers)))
        self._members = list(numbers)
        self.size = 0
        self._states: dict[tuple[frozenset[int], int], int] = {}
        self._keys: list[tuple[frozenset[int], int] | None] = [None]  # Of the state in which it was found
        self._moves: list[list[int | None]] = [[_FOUND] * len(numbers)]
        self._ends: list[bool | None] = [True]
        self._full_rows: set[int] = {_FOUND}
        self._distances: dict[int, float] = {_FOUND: 0}
        self.start = self._state(frozenset((program.start,)), _EDGE)

    def class_of(self, character: str) -> int:
        return self.classes[bisect_right(self.starts, ord(character)) - 1]

    def step(self, state: int, number: int) -> int:
        """The state after a character of a class."""
        moved = self._moves[state][number]
        if moved is None:
            with self._lock:
                moved = self._moves[state][number] = self._move(state, number)
        return moved

    def row(self, state: int) -> list[int]:
        """The states after a character, by its class."""
        if state not in self._full_rows:
            for number in range(len(self._members)):
                self.step(state, number)
            self._full_rows.add(state)
        return self._moves[state]  # type: ignore[return-value]

    def accepts(self, state: int) -> bool:
        """Whether the expression is found in a text that ends here."""
        answer = self._ends[state]
        if answer is None:
            key = self._keys[state]
            assert key is not None
            answer = self._ends[state] = self._program.end in self._reached(key[0], key[1], _EDGE)
        return answer

    def settled(self, state: int) -> bool | None:
        """Whether the expression is found in every text that goes on from here, or in none; else `None`."""
        if state == _FOUND:
            return True
        key = self._keys[state]
        return False if key is not None and not key[0] else None

    def distance(self, state: int) -> float:
        """How many characters are missing at least before the expression can be found; infinite if it cannot be."""
        distance = self._distances.get(state)
        if distance is None:
            key = self._keys[state]
            places = key[0] if key is not None else ()
            distance = min((self._program.distances[place] for place in places), default=math.inf)
            self._distances[state] = distance
        return distance

    def has(self, text: str) -> bool:
        state = self.start
        for character in text:
            state = self.step(state, self.class_of(character))
        return self.accepts(state)

    def _state(self, places: frozenset[int], before: int) -> int:
        key = (places, before)
        if key not in self._states:
            self.size += len(places) + len(self._members)
            if len(self._keys) >= _MAX_STATES or self.size > _MAX_SIZE:
                raise TooLarge("its automaton has too many states")
            self._states[key] = len(self._keys)
            self._keys.append(key)
            self._moves.append([None] * len(self._members))
            self._ends.append(None)
        return self._states[key]

    def _move(self, state: int, number: int) -> int:
        key = self._keys[state]
        assert key is not None
        places, before = key
        program, members = self._program, self._members[number]
        kind = _OTHER
        if self._is_found_inside and members[len(program.sets) + 1]:
            return _FOUND
        if program.asks_for_lines and members[-1]:
            kind = _NEWLINE
        elif program.asks_for_words and members[len(program.sets)]:
            kind = _WORD
        reached = self._reached(places, before, kind)
        if program.end in reached:
            return _FOUND
        after = {step[1] for place in reached if (step := program.steps[place]) is not None and members[step[0]]}
        if not program.is_anchored:
            after.add(program.start)
        return self._state(frozenset(after), kind)

    def _reached(self, places: frozenset[int], before: int, after: int) -> set[int]:
        """The places that are reached without a character, between two kinds of characters."""
        reached, waiting = set(places), list(places)
        while waiting:
            for condition, place in self._program.free[waiting.pop()]:
                if place not in reached and (condition is None or _holds(condition, before, after)):
                    reached.add(place)
                    waiting.append(place)
        return reached


def _members(ranges: Ranges, starts: list[int]) -> list[bool]:
    """Of each run of characters, by where it begins, whether it is in `ranges`."""
    answers, position = [], 0
    for start in starts:
        while position < len(ranges) and ranges[position][1] < start:
            position += 1
        answers.append(position < len(ranges) and ranges[position][0] <= start)
    return answers


def _holds(condition: str, before: int, after: int) -> bool:
    if condition == "text_start":
        # With no question about words and lines in it, an expression still has to know where the text starts.
        return before == _EDGE
    if condition == "text_end":
        return after == _EDGE
    if condition == "line_start":
        return before in (_EDGE, _NEWLINE)
    if condition == "line_end":
        return after in (_EDGE, _NEWLINE)
    is_edge = (before == _WORD) != (after == _WORD)
    return is_edge == (condition == "word_edge")


_known: dict[str, Language] = {}


def language(source: str) -> Language:
    """The texts in which RE2 finds an expression.

    Raises:
        `NotDecided`: If its automaton is too large, or the expression cannot be read.
    """
    known = _known.get(source)
    if known is None:
        if len(_known) > _MAX_LANGUAGES or sum(each.size for each in list(_known.values())) > _MAX_KEPT:
            _known.clear()
        known = _known[source] = Language(source)
    return known
