"""RE2's expressions, read: what one matches, as a tree.

Only what RE2 accepts gets here, so mistakes are not looked for. What this cannot read is `NotDecided`, never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from . import characters
from .characters import ALL, NEWLINE, Ranges
from .undecided import NotDecided


@dataclass(frozen=True, slots=True)
class One:
    """One character of a set."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Place:
    """No character, but a place in the text."""

    kind: Literal["text_start", "text_end", "line_start", "line_end", "word_edge", "no_word_edge"]


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Several times, without an end if `most` is `None`."""

    part: Tree
    least: int
    most: int | None


Tree = One | Place | Sequence | Choice | Repeat

_REPETITION = re.compile(r"\{([0-9]+)(,([0-9]*))?\}")
_FLAGS = re.compile(r"\(\?([imsU]*)(?:-([imsU]*))?([:)])")
_GROUP_NAME = re.compile(r"\(\?P?<[^>]+>")
_UNICODE_CLASS = re.compile(r"\\[pP](?:\{[^}]*\}|.)")
_POSIX_CLASS = re.compile(r"\[:\^?[a-z]+:\]")
_HEXADECIMAL = re.compile(r"\\x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))")
_OCTAL = re.compile(r"\\([0-7]{1,3})")
_CONTROL = {"a": "\a", "f": "\f", "t": "\t", "n": "\n", "r": "\r", "v": "\v"}
_PLACES = {"A": "text_start", "z": "text_end", "b": "word_edge", "B": "no_word_edge"}
_PERL_CLASSES = {"d": ((0x30, 0x39),), "w": characters.WORD, "s": ((0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20))}


def read(source: str) -> Tree:
    """The tree of an expression.

    Raises:
        `NotDecided`: If there is something in it that this cannot read.
    """
    reader = _Reader(source)
    tree = reader.choice()
    if reader.rest:
        raise NotDecided(f"its expression cannot be read from character {reader.at} on")
    return tree


class _Reader:
    def __init__(self, source: str):
        self._source = source
        self.at = 0
        self._ignore_case = self._many_lines = self._dot_is_all = False

    @property
    def rest(self) -> bool:
        return self.at < len(self._source)

    def choice(self) -> Tree:
        """Up to the bracket that closes the group, or the end. Flags that are set in a group end with it."""
        flags = self._ignore_case, self._many_lines, self._dot_is_all
        parts = [self._sequence()]
        while self._take("|"):
            parts.append(self._sequence())
        self._ignore_case, self._many_lines, self._dot_is_all = flags
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def _sequence(self) -> Tree:
        parts: list[Tree] = []
        while self.rest and self._source[self.at] not in "|)":
            if self._starts("\\Q"):
                parts += self._quoted()
                continue
            part = self._atom()
            if part is not None:
                parts.append(self._repeated(part))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _quoted(self) -> list[Tree]:
        end = self._source.find("\\E", self.at + 2)
        text = self._source[self.at + 2 : end if end != -1 else None]
        self.at = len(self._source) if end == -1 else end + 2
        letters: list[Tree] = [self._literal(letter) for letter in text]
        if letters:
            letters[-1] = self._repeated(letters[-1])
        return letters

    def _repeated(self, part: Tree) -> Tree:
        while self.rest:
            sign = self._source[self.at]
            if sign in "*+?":
                self.at += 1
                part = Repeat(part, 1 if sign == "+" else 0, 1 if sign == "?" else None)
            elif sign == "{" and (found := _REPETITION.match(self._source, self.at)):
                self.at = found.end()
                least = int(found[1])
                part = Repeat(part, least, least if found[2] is None else int(found[3]) if found[3] else None)
            else:
                break
            self._take("?")  # How much it prefers to match does not change whether it does
        return part

    def _atom(self) -> Tree | None:
        if (found := _FLAGS.match(self._source, self.at)) is not None:
            return self._flags(found)
        if self._starts("("):
            name = _GROUP_NAME.match(self._source, self.at)
            self.at = name.end() if name else self.at + 1
            tree = self.choice()
            self._close()
            return tree
        if self._starts("["):
            return One(self._class())
        if self._starts("\\"):
            return self._escape()
        sign = self._source[self.at]
        if sign in "*+?" or _REPETITION.match(self._source, self.at):
            # To RE2 flags and a quotation with nothing in it are not there, and what precedes them is repeated.
            raise NotDecided("it repeats what is no part of its expression")
        self.at += 1
        if sign == ".":
            return One(ALL if self._dot_is_all else characters.others(NEWLINE))
        if sign == "^":
            return Place("line_start" if self._many_lines else "text_start")
        if sign == "$":
            return Place("line_end" if self._many_lines else "text_end")
        return self._literal(sign)

    def _flags(self, found: re.Match[str]) -> Tree | None:
        before = self._ignore_case, self._many_lines, self._dot_is_all
        for letters, value in ((found[1], True), (found[2] or "", False)):
            self._ignore_case = value if "i" in letters else self._ignore_case
            self._many_lines = value if "m" in letters else self._many_lines
            self._dot_is_all = value if "s" in letters else self._dot_is_all
        self.at = found.end()
        if found[3] == ")":
            return None  # They hold up to the end of the group
        tree = self.choice()
        self._close()
        self._ignore_case, self._many_lines, self._dot_is_all = before
        return tree

    def _escape(self) -> Tree:
        letter = self._source[self.at + 1 : self.at + 2]
        if letter in ("p", "P"):
            found = _UNICODE_CLASS.match(self._source, self.at)
            if found is None:
                raise NotDecided("a Unicode class in its expression cannot be read")
            self.at = found.end()
            return One(self._ask(found.group()))
        if letter in _PLACES:
            self.at += 2
            return Place(_PLACES[letter])  # type: ignore[arg-type]
        if letter.lower() in _PERL_CLASSES:
            self.at += 2
            if self._ignore_case:
                return One(self._ask(f"\\{letter}"))  # The long s has an ASCII letter for its other case
            ranges = _PERL_CLASSES[letter.lower()]
            return One(ranges if letter.islower() else characters.others(ranges))
        return self._literal(self._escaped_character())

    def _escaped_character(self) -> str:
        if (found := _HEXADECIMAL.match(self._source, self.at)) is not None:
            self.at = found.end()
            return chr(int(found[1] or found[2], 16))
        if (found := _OCTAL.match(self._source, self.at)) is not None:
            self.at = found.end()
            return chr(int(found[1], 8))
        letter = self._source[self.at + 1]
        self.at += 2
        if letter in _CONTROL:
            return _CONTROL[letter]
        if letter.isascii() and letter.isalnum():
            raise NotDecided(f"`\\{letter}` in its expression cannot be read")
        return letter

    def _class(self) -> Ranges:
        start = self.at
        self.at += 1
        negated = self._take("^")
        members: list[tuple[int, int]] = []
        is_plain, is_first = True, True
        while is_first or not self._starts("]"):
            if not self.rest:
                raise NotDecided("a class in its expression has no end")
            is_first = False
            if (found := _POSIX_CLASS.match(self._source, self.at)) or (
                found := _UNICODE_CLASS.match(self._source, self.at)
            ):
                self.at, is_plain = found.end(), False
                continue
            if self._starts("\\") and self._source[self.at + 1 : self.at + 2].lower() in _PERL_CLASSES:
                letter = self._source[self.at + 1]
                ranges = _PERL_CLASSES[letter.lower()]
                members += ranges if letter.islower() else characters.others(ranges)
                is_plain = is_plain and not self._ignore_case
                self.at += 2
                continue
            low = high = self._member()
            if self._starts("-") and self._source[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                high = self._member()
            members.append((ord(low), ord(high)))
            is_plain = is_plain and (not self._ignore_case or not any(map(str.isalpha, low + high)) and low == high)
        self.at += 1
        if not is_plain:
            return self._ask(self._source[start : self.at])
        ranges = characters.union(members)
        # The complement of the complement leaves surrogates out
        return characters.others(ranges if negated else characters.others(ranges))

    def _member(self) -> str:
        if self._starts("\\"):
            return self._escaped_character()
        self.at += 1
        return self._source[self.at - 1]

    def _ask(self, source: str) -> Ranges:
        return characters.of_expression(f"(?i){source}" if self._ignore_case else source)

    def _literal(self, character: str) -> One:
        return One(characters.literal(character, self._ignore_case))

    def _starts(self, text: str) -> bool:
        return self._source.startswith(text, self.at)

    def _take(self, text: str) -> bool:
        if self._starts(text):
            self.at += len(text)
            return True
        return False

    def _close(self) -> None:
        if not self._take(")"):
            raise NotDecided("a group in its expression has no end")
