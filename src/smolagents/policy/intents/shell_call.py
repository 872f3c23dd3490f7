"""One command with its arguments: what those who know commands are given."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from .places import target_of_data
from .shell_values import EMPTY, ORIGINS, Value


if TYPE_CHECKING:
    from .shell_reader import Shell


@dataclass(slots=True)
class Options:
    """The arguments of a command, taken apart.

    Attributes:
        flags (`set[str]`): Options, without their hyphens.
        values (`dict[str, list[Value]]`): Values of options that have one.
        operands (`list[Value]`): The rest.
    """

    flags: set[str] = field(default_factory=set)
    values: dict[str, list[Value]] = field(default_factory=dict)
    operands: list[Value] = field(default_factory=list)

    def has(self, *names: str) -> bool:
        """Whether one of the options is given, with a value or without."""
        return any(name in self.flags or name in self.values for name in names)

    def all(self, *names: str) -> list[Value]:
        """The values of these options."""
        return [value for name in names for value in self.values.get(name, ())]


_BULK = frozenset(("bulk",))
# No command's name is longer
_LONGEST_NAME = 500


@lru_cache(maxsize=1024)
def _name_of(word: str) -> str:
    name = word.strip().replace("\\", "/").rstrip("/").rpartition("/")[2]
    return name.lower().removesuffix(".exe").removesuffix(".com")


@lru_cache(maxsize=1024)
def _split(names: str) -> frozenset[str]:
    return frozenset(names.split())


class Call:
    """A command that is run.

    Attributes:
        shell (`Shell`): Who runs it.
        words (`list[Value]`): The command's name and its arguments.
        stdin (`Value`): What it reads from.
        name (`str`): Its name: the last part of its path, in lower case, without `.exe`.
    """

    __slots__ = ("shell", "words", "stdin", "text", "line", "traits", "name")

    def __init__(
        self,
        shell: Shell,
        words: list[Value],
        stdin: Value,
        text: str,
        line: int,
        traits: frozenset[str] = frozenset(),
    ):
        self.shell = shell
        self.words = words
        self.stdin = stdin
        self.text = text
        self.line = line
        self.traits = traits
        self.name = _name_of(words[0].text[:_LONGEST_NAME])

    @property
    def args(self) -> list[Value]:
        """The arguments."""
        return self.words[1:]

    @property
    def texts(self) -> list[str]:
        """The arguments as texts."""
        return [word.text for word in self.words[1:]]

    def fact(self, act: str, target: str = "unknown", *traits: str, detail: str = "", origin: Value = EMPTY) -> None:
        """Notes a fact; of `origin`, where it comes from is added to the traits."""
        shell = self.shell
        everything = frozenset(traits)
        if self.traits or origin.traits:
            everything |= self.traits | (origin.traits & ORIGINS)
        if shell.loops:
            everything |= _BULK
        shell.line = self.line
        shell.fact(act, target, everything, self.text, detail)

    def run(self, words: list[Value], *traits: str, stdin: Value | None = None) -> Value:
        """Runs another command in its place."""
        given = self.stdin if stdin is None else stdin
        return self.shell.command(words, given, self.text, self.traits | frozenset(traits))

    def path(self, value: Value) -> str:
        """A path as it is from the current folder."""
        return self.shell.path(value.text)

    def place(self, value: Value) -> str:
        """What a path is; software and data of a machine's users are files."""
        return target_of_data(self.path(value))

    def options(self, with_value: str = "", stop: bool = False) -> Options:
        """Takes the arguments apart.

        Args:
            with_value (`str`): Names of options that have a value, separated by spaces.
            stop (`bool`): Whether the first operand ends the options.
        """
        named = _split(with_value)
        options = Options()
        operands = options.operands
        args = self.words[1:]
        place, end = 0, len(args)
        while place < end:
            value = args[place]
            text = value.text
            place += 1
            if text[:1] != "-" or len(text) < 2 or text[1] in " \n":
                operands.append(value)
                if stop:
                    operands += args[place:]
                    break
                continue
            if text == "--":
                operands += args[place:]
                break
            name, equals, rest = text.lstrip("-").partition("=")
            if text.startswith("--") or name in named and len(name) > 1:
                if equals:
                    options.values.setdefault(name, []).append(value._replace(text=rest))
                elif name in named and place < len(args):
                    options.values.setdefault(name, []).append(args[place])
                    place += 1
                else:
                    options.flags.add(name)
                continue
            letters = text[1:]
            for position, letter in enumerate(letters):
                if letter in named:
                    rest = letters[position + 1 :]
                    if rest:
                        options.values.setdefault(letter, []).append(value._replace(text=rest))
                    elif place < len(args):
                        options.values.setdefault(letter, []).append(args[place])
                        place += 1
                    break
                options.flags.add(letter)
            options.flags.add(letters)
        return options

    def through(self, *more: Value) -> Value:
        """What a filter prints: something that comes from where its input comes from."""
        traits = (self.stdin.traits | frozenset().union(*(value.traits for value in more))) & ORIGINS
        return Value(f"$({self.name})", False, traits)
