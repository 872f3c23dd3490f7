"""Policy text to plain data and back: YAML, with the place of every value, in bounded time and memory.

Only what a policy needs of YAML is accepted: one document of mappings with text keys, lists, text, plain decimal
numbers, `true`, `false` and nothing. Anchors, aliases, tags, merge keys and duplicate keys are mistakes, and so are
the unquoted words that YAML 1.1 silently takes for something other than text (`no`, `2024-01-01`, `0x1F`, `12:30`).
What the data means is left to the model.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from .errors import MAX_PROBLEMS, PolicyError, Problem, excerpt, path_name


MAX_BYTES = 1 << 20  # a policy of 10,000 patterns has about a third of this
MAX_VALUES = 50_000
MAX_DEPTH = 50

Path = tuple[str | int, ...]

# The same grammar twice in PyYAML; the C one, which every wheel has, is about ten times faster.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER = yaml.resolver.Resolver()
# YAML 1.1, section 5.1: what a document may contain as it is. The rest has to be written as an escape.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_BREAK = re.compile("[\n\r\x85\u2028\u2029\ufeff]")
_DECIMAL_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
# As Python writes any fraction: with 21 digits after the point at most, or with an exponent as in 1.5e-07.
_DECIMAL_FRACTION = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\.[0-9]{1,21}([eE][-+][0-9]{1,3})?")
# YAML 1.2, section 10.3.2: what other readers take for a number, and YAML 1.1 for text.
_NUMBER_IN_YAML_1_2 = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+")
# No number, date or word that YAML knows is longer. What is longer is text, and is not given to int().
_LONGEST_SPECIAL_WORD = 64


@dataclass(frozen=True, slots=True)
class Place:
    """A position in the text; line and column count from 1, columns in characters."""

    line: int
    column: int


@dataclass
class Document:
    """A parsed policy text.

    Attributes:
        data (`Any`): Dictionaries, lists, `str`, `int`, `float`, `bool` and `None`.
        source (`str`): The file's name, for messages.
        values (`dict`): Where each value starts, by its path.
        keys (`dict`): Where each mapping's key starts, by the path of its value.
        problems (`list[Problem]`): What is wrong in a way that did not prevent reading on.
        unusable (`set`): Paths whose value could not be read; there is a problem for each.
        empty (`list`): Paths whose value is nothing. No key of the language means that.
    """

    data: Any = None
    source: str = "<text>"
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unusable: set[Path] = field(default_factory=set)
    empty: list[Path] = field(default_factory=list)

    def problem(self, message: str, path: Path, *, at_key: bool = False) -> Problem:
        """A problem at `path`, or at the nearest enclosing value whose place is known."""
        place = self.keys.get(path) if at_key else None
        nearest_path = path
        while place is None:
            place = self.values.get(nearest_path)
            if not nearest_path:
                break
            nearest_path = nearest_path[:-1]
        line, column = (place.line, place.column) if place else (None, None)
        return Problem(message, path_name(path), self.source, line, column)


def decode(raw: bytes, source: str) -> str:
    """The text of a policy file, which has to be UTF-8 (a byte order mark is allowed).

    Raises:
        `PolicyError`: If it is too large or not UTF-8.
    """
    _check_size(len(raw), source)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise PolicyError([Problem("The file is UTF-16. Save it as UTF-8.", source=source, line=1, column=1)])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        message = f"The byte 0x{raw[error.start]:02x} is not UTF-8 text. Save the file as UTF-8."
        raise PolicyError([_problem_at_end_of(before, message, source)]) from None


def parse(text: str, source: str) -> Document:
    """Read the YAML text of a policy.

    Raises:
        `PolicyError`: If it is not YAML, too large or too deep. Lesser mistakes are in the document's `problems`.
    """
    # Every character is at least a byte, so this also keeps the encoding below cheap.
    _check_size(len(text), source)
    text = text.removeprefix("\ufeff")
    if found := _UNPRINTABLE.search(text):
        message = f"The character U+{ord(found.group()):04X} is not allowed in YAML. Remove it, or write an escape."
        raise PolicyError([_problem_at_end_of(text[: found.start()], message, source)])
    _check_size(len(text.encode()), source)
    document = Document(source=source)
    try:
        _Reader(yaml.parse(text, Loader=_LOADER), document).read()
    except yaml.MarkedYAMLError as error:
        raise PolicyError([_syntax_problem(error, source)]) from None
    except yaml.YAMLError as error:
        raise PolicyError([Problem(f"This is not YAML: {error}.", source=source)]) from None
    return document


def of_data(data: Any, source: str) -> Document:
    """Take plain data as if it had been read from a text, within the same limits.

    Raises:
        `PolicyError`: If it is too large or too deep.
    """
    document = Document(data, source)
    waiting: list[tuple[Path, Any]] = [((), data)]
    count = 0
    while waiting:
        path, value = waiting.pop()
        inner: list[tuple[str | int, Any]] = []
        if isinstance(value, Mapping):
            for key, item in value.items():
                if isinstance(key, str):
                    inner.append((key, item))
                else:
                    document.problems.append(document.problem("A key has to be text.", path))
                    document.unusable.add(path)
            count += len(value)
        elif isinstance(value, (list, tuple)):
            inner = list(enumerate(value))
        elif value is None:
            document.empty.append(path)
        count += 1
        if count > MAX_VALUES:
            raise PolicyError([Problem(_TOO_MANY_VALUES, source=source)])
        if len(path) > MAX_DEPTH:
            raise PolicyError([Problem(_TOO_DEEP, source=source)])
        waiting += [((*path, part), item) for part, item in inner]
    return document


def write(data: Any) -> str:
    """The YAML text of plain data; `parse` gives the same data back."""
    # No folding: a wrapped line is harder to review and to search for.
    return yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=float("inf")
    )


class _Dumper(yaml.SafeDumper):
    """Writes what `parse` reads: no aliases, and line breaks of every kind as escapes in double quotes."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_str(self, text: str) -> yaml.ScalarNode:
        # In other styles PyYAML writes some line breaks as they are, and reading takes them for spaces.
        needs_quotes = _LINE_BREAK.search(text) or _NUMBER_IN_YAML_1_2.fullmatch(text)
        return self.represent_scalar("tag:yaml.org,2002:str", text, style='"' if needs_quotes else None)


_Dumper.add_representer(str, _Dumper.represent_str)

_TOO_MANY_VALUES = f"The policy has more than {MAX_VALUES} values. Split it up."
_TOO_DEEP = f"Values are nested more than {MAX_DEPTH} deep here."


class _Reader:
    """Builds plain data from YAML events. Nothing is built that the limits do not allow."""

    def __init__(self, events: Iterator[yaml.Event], document: Document):
        self._events = events
        self._document = document
        self._values = 0

    def read(self) -> None:
        next(self._events)  # the start of the stream
        first = next(self._events)
        if isinstance(first, yaml.StreamEndEvent):
            raise self._fatal("The policy is empty. It begins with the line `version: 1`.", first)
        self._document.data = self._value(next(self._events), (), 0)
        next(self._events)  # the end of the document
        if not isinstance(extra := next(self._events), yaml.StreamEndEvent):
            raise self._fatal("A second document starts here. A policy is one document: remove the `---`.", extra)

    def _value(self, event: yaml.Event, path: Path, depth: int) -> Any:
        self._values += 1
        if self._values > MAX_VALUES:
            raise self._fatal(_TOO_MANY_VALUES, event)
        if depth > MAX_DEPTH:
            raise self._fatal(_TOO_DEEP, event)
        self._document.values[path] = _place(event)
        if isinstance(event, yaml.AliasEvent):
            return self._reject(path, f"Aliases are not allowed in a policy. Write out what `*{event.anchor}` is.")
        assert isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent))
        if event.anchor:
            self._reject(path, f"Anchors are not allowed in a policy. Remove `&{event.anchor}`.")
        if event.tag:
            self._reject(path, f"Tags are not allowed in a policy. Remove {excerpt(event.tag)}.")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path, depth)
        items: list[Any] = []
        while not isinstance(item := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(item, (*path, len(items)), depth + 1))
        return items

    def _mapping(self, path: Path, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        # Keys, and values that cannot be kept, are read under a path that no other value has.
        stray = 0
        while not isinstance(key_event := next(self._events), yaml.MappingEndEvent):
            stray -= 2
            key_path, lost_path = (*path, stray), (*path, stray + 1)
            problems_before = len(self._document.problems)
            key = self._value(key_event, key_path, depth + 1)
            if not isinstance(key, str):
                if len(self._document.problems) == problems_before:
                    self._reject(key_path, "A key has to be text. Put it in quotes if it is meant to be.")
                self._value(next(self._events), lost_path, depth + 1)
                continue
            named_path = (*path, key)
            if key in mapping:
                first = self._document.keys[named_path]
                self._reject(key_path, f"The key is here twice (first in line {first.line}). Keep one.", named_path)
                self._value(next(self._events), lost_path, depth + 1)
                continue
            self._document.keys[named_path] = _place(key_event)
            mapping[key] = self._value(next(self._events), named_path, depth + 1)
        return mapping

    def _scalar(self, event: yaml.ScalarEvent, path: Path) -> Any:
        word: str = event.value
        unquoted = event.implicit[0]
        if not unquoted or len(word) > _LONGEST_SPECIAL_WORD:
            return word
        tag = _RESOLVER.resolve(yaml.ScalarNode, word, (True, False)).rpartition(":")[2]
        if tag == "str":
            return self._reject(path, _ambiguous_word(word, "int")) if _NUMBER_IN_YAML_1_2.fullmatch(word) else word
        if tag == "null":
            self._document.empty.append(path)
            return None
        if tag == "bool" and word.lower() in ("true", "false"):
            return word.lower() == "true"
        if tag == "int" and _DECIMAL_INTEGER.fullmatch(word):
            return int(word)
        if tag == "float" and _DECIMAL_FRACTION.fullmatch(word) and math.isfinite(number := float(word)):
            return number
        return self._reject(path, _ambiguous_word(word, tag))

    def _reject(self, path: Path, message: str, named_path: Path | None = None) -> None:
        """Note a problem with the value at `path`, which messages call `named_path` if that is given."""
        place = self._document.values[path]
        name = path_name(named_path or path)
        self._document.problems.append(Problem(message, name, self._document.source, place.line, place.column))
        self._document.unusable.add(path)
        if len(self._document.problems) >= MAX_PROBLEMS:
            raise PolicyError(self._document.problems)

    def _fatal(self, message: str, event: yaml.Event) -> PolicyError:
        place = _place(event)
        return PolicyError([Problem(message, "", self._document.source, place.line, place.column)])


def _ambiguous_word(word: str, tag: str) -> str:
    if tag == "bool":
        return f'YAML takes the unquoted `{word}` for true or false. Write "{word}" if it is text, else true or false.'
    if tag == "timestamp":
        return f'YAML takes the unquoted `{word}` for a date. Write "{word}".'
    if tag in ("int", "float"):
        return f'YAML takes the unquoted `{word}` for a number. Write plain decimals, or "{word}" if it is text.'
    if tag == "merge":
        return "The merge key `<<` is not allowed in a policy. Write the keys out."
    return f'Write "{word}", in quotes.'


def _place(event: yaml.Event) -> Place:
    assert event.start_mark is not None  # every event that comes from a text has one
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _check_size(size: int, source: str) -> None:
    if size > MAX_BYTES:
        message = f"A policy may have {MAX_BYTES} bytes and this one has more. Split it up."
        raise PolicyError([Problem(message, source=source)])


def _problem_at_end_of(text_before: str, message: str, source: str) -> Problem:
    line = text_before.count("\n") + 1
    column = len(text_before) - (text_before.rfind("\n") + 1) + 1
    return Problem(message, "", source, line, column)


# What people usually meant when the YAML parser gives up with these words.
_SYNTAX_HINTS = (
    ("escape", "In double quotes a backslash starts an escape: use 'single quotes' for a regular expression."),
    ("cannot start any token", "Put the text in quotes, and indent with spaces, not tabs."),
    ("mapping values are not allowed", 'Put a text that contains ": " in quotes, and check the indentation.'),
    ("alphabetic or numeric character", "Put a text that starts with * or & in quotes."),
    ("did not find expected", "Check the indentation, and that every quote and bracket is closed."),
    ("could not find expected ':'", "A key needs a colon and a space after it."),
    ("undefined alias", "Put a text that starts with * in quotes."),
)


def _syntax_problem(error: yaml.MarkedYAMLError, source: str) -> Problem:
    words = (error.problem or "it cannot be read").strip()
    hint = next((hint for trigger, hint in _SYNTAX_HINTS if trigger in words), "")
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
    return Problem(f"This is not YAML: {words}. {hint}".rstrip(), "", source, line, column)
