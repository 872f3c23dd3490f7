"""Reads commands of the shell by a parser, and follows what they hand to each other.

The script is gone through once, as if every branch was taken: variables, pipes, functions and the files that it writes
are followed as far as they are known (`shell_values`). What a command means is in `shell_commands`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from .facts import Fact
from .places import is_hidden, target_of_written
from .shell_commands import Call, run
from .shell_escapes import is_remote_shell, starts_a_shell, typed
from .shell_parser import parsed
from .shell_plain import PlainCommand, plain_commands
from .shell_protection import weakens
from .shell_statements import joined, run_statement
from .shell_values import EMPTY, NO_FILES, Value, content_of, is_ordinary_setting, join
from .shell_words import DEEPEST, text_of
from .windows_methods import read_statement
from .windows_text import commands_of, is_of_windows
from .words import UNREAD, read_words


if TYPE_CHECKING:
    from tree_sitter import Node

    from .readers import Readers


# What is longer or deeper is read by its words, so that time stays linear in the input.
_LONGEST = 100_000
_MOST_COMMANDS = 3_000
_MANY_WORDS = 100  # A command with so many more counts as one more
_MOST_WORDS = 1_200_000  # Characters
_LONGEST_TEXT = 200

# `<TARGET_HOST>`, for a name to be put there: no redirection.
_PLACEHOLDER = re.compile(r"(?<![<>&\d])<([A-Z][A-Z0-9]{1,30}(?:[_-][A-Z0-9]{1,30}){0,5})>(?!\()")
# The parser does not know `{rm,-rf,x}` as a command.
_COMMAND_IN_BRACES = re.compile(r"(^|[\n;|&(] {0,9})\{([^{}\s;\"':]{1,200},[^{}\s;\"':]{0,200})\}")
# `0<file`, which is `<file`: the parser takes the number for an argument.
_NUMBERED_INPUT = re.compile(r"(?<=[\s;|&)])0<(?![<(])")
# `3<>/dev/tcp/...`, which the parser does not know. Its other end can be read in any case.
_BOTH_WAYS = re.compile(r"<>[ \t]{0,9}(?=/dev/(?:tcp|udp)/)")
_FROM_OTHERS = frozenset(("from_network", "decoded"))
_POSITIONS = (*"123456789@*",)


def read_command(command: str, readers: Readers) -> list[Fact]:
    """What a command, or a script of the shell, does.

    Args:
        command (`str`): The command, of a Unix shell, of PowerShell or of `cmd`.
        readers (`Readers`): For programs and commands in it.
    """
    shell = Shell(readers)
    shell.script(command)
    return shell.facts if shell.is_read else shell.facts + read_words(command)


def read_argv(words: Sequence[str | None], readers: Readers) -> list[Fact]:
    """What a program does with its arguments; `None` is a word that is not known."""
    shell = Shell(readers)
    values = [Value("$unknown", False) if word is None else Value(word, quoted=True) for word in words]
    shell.command(values, EMPTY, " ".join(value.text for value in values))
    return shell.facts


class Shell:
    """A shell while its script is read.

    Attributes:
        facts (`list[Fact]`): What was found.
        readers (`Readers`): For programs in other languages.
        variables (`dict[str, Value]`): The variables that were set.
        files (`dict[str, Value]`): What was written to files.
        folder (`str`): The current folder, empty if it is not known.
        line (`int`): The line that is read, from 1.
        depth (`int`): How many things are inside of each other here, words in words and commands in commands.
        loops (`int`): How many loops this is in.
    """

    def __init__(self, readers: Readers):
        self.facts: list[Fact] = []
        self.readers = readers
        self.variables: dict[str, Value] = {}
        self.files: dict[str, Value] = {}
        self.folder = ""
        self.line = 1
        self._functions: dict[str, Node] = {}
        self._running: set[str] = set()
        self._inputs: list[Value] = []
        self.depth = 0
        self._commands = 0
        self.loops = 0
        self._words_left = _MOST_WORDS

    # What commands ask for

    def script(self, text: str, stdin: Value = EMPTY) -> Value:
        """Reads a script, and says what it prints."""
        if "<" in text:
            text = _PLACEHOLDER.sub(r"\1", text)
            text = _NUMBERED_INPUT.sub("<", text)
            text = _BOTH_WAYS.sub(">", text)
        if self.depth >= DEEPEST:
            self._by_words(text)
            return EMPTY
        self.depth += 1
        try:
            if len(text) > _LONGEST:
                self._by_words(text[_LONGEST:])
                text = text[:_LONGEST]
            if typed(text):
                self.fact("run_process", "unknown", ("interactive",), text)
            if is_of_windows(text):
                # It may be one of Unix after all that only looks like it
                self._by_words(text)
                return self._windows(text)
            if is_remote_shell(text):
                self.fact("run_process", "host", ("reverse", "interactive"), text)
            if "{" in text and (commands := _COMMAND_IN_BRACES.findall(text)):
                self.fact("run_process", "unknown", ("hidden",), commands[0][1])
                text = _COMMAND_IN_BRACES.sub(lambda match: match[1] + match[2].replace(",", " "), text)
            line = self.line
            self._inputs.append(stdin)
            plain = plain_commands(text)
            printed = self._plain(plain, stdin) if plain is not None else self._parsed(text, stdin)
            self.line = line
            self._inputs.pop()
            return printed
        finally:
            self.depth -= 1

    def command(self, words: list[Value], stdin: Value, text: str, traits: frozenset[str] = frozenset()) -> Value:
        """Runs a command that is given in words."""
        self._commands += 1 + len(words) // _MANY_WORDS
        if not words or self._commands > _MOST_COMMANDS:
            return EMPTY
        if self.depth >= DEEPEST:
            self._by_words(text)
            return EMPTY
        self.depth += 1
        try:
            name = words[0].text
            if name in self._functions and name not in self._running:
                return self._function(name, words[1:], stdin)
            return run(Call(self, words, stdin, text[:_LONGEST_TEXT], self.line, traits))
        finally:
            self.depth -= 1

    def path(self, path: str) -> str:
        """A path as it is from the current folder."""
        path = path.removeprefix("./") or path
        if self.folder and path and path[0] not in "/~$%\\" and path[1:2] != ":" and "://" not in path:
            return f"{self.folder}/{path}"
        return path

    def content(self, path: str) -> Value:
        """What is in a file."""
        path = self.path(path)
        return self.files.get(path) or content_of(path)

    def store(self, path: str, value: Value, append: bool = False) -> None:
        """Keeps what was written to a file."""
        path = self.path(path)
        if append and path in self.files:
            value = join((self.files[path], value))
        self.files[path] = value

    def _by_words(self, text: str) -> None:
        """Reads what no parser could, once: scripts stand in scripts, and what is in one is in all around it."""
        if len(text) <= self._words_left:
            self._words_left -= len(text)
            self.facts += read_words(text)
        elif UNREAD not in self.facts:
            self.facts.append(UNREAD)

    @property
    def is_read(self) -> bool:
        """Whether all of it was read; what was not, there was too much of."""
        return self._commands <= _MOST_COMMANDS

    @property
    def in_loop(self) -> bool:
        """Whether what is read may be run many times."""
        return self.loops > 0

    @property
    def input(self) -> Value:
        """What the commands of a loop or a group read from."""
        return self._inputs[-1] if self._inputs else EMPTY

    def write(self, name: str, value: Value, text: str, append: bool = False, traits: tuple[str, ...] = ()) -> None:
        """Notes that a file is written."""
        if name in NO_FILES:
            return
        target = target_of_written(self.path(name) + ("it" if name.endswith("/") else ""))
        if name.strip('"').upper() in ("$HISTFILE", "${HISTFILE}"):
            target = "history"
        target = "file" if target == "root" else target  # Something in that folder
        if target == "startup" and append and not name.startswith("/etc"):
            if not value.traits & _FROM_OTHERS and is_ordinary_setting(value.text):
                target = "file"
        if target == "security" and "/etc/sysctl" in name and value.known and not weakens(value.text):
            target = "file"
        if name.startswith("--"):
            # Who writes `*` then hands this to a program as an option
            self.fact("run_process", "unknown", ("hidden",), text)
        if value.known and starts_a_shell(value.text):
            self.fact("run_process", "unknown", ("interactive",), text)
        if is_hidden(self.path(name)):
            self.fact("hide", "file", (), text, self.path(name))
        self.fact("write", target, (*traits, *(() if append else ("overwrite",))), text, self.path(name))
        self.store(name, value, append)

    def fact(self, act: str, target: str, traits: Iterable[str], text: str, detail: str = "") -> None:
        """Notes a fact."""
        self.facts.append(
            Fact(act, target, frozenset(traits), text[:_LONGEST_TEXT], self.line, detail[:_LONGEST_TEXT])
        )

    # What statements ask for

    def run(self, node: Node, stdin: Value) -> Value:
        """Runs a statement, and says what it prints."""
        if self._commands > _MOST_COMMANDS:
            return EMPTY
        if self.depth >= DEEPEST:
            self._by_words(text_of(node))
            return EMPTY
        self.depth += 1
        try:
            return run_statement(self, node, stdin)
        finally:
            self.depth -= 1

    def run_with_input(self, node: Node, stdin: Value) -> Value:
        """Runs a statement of which every command may read from `stdin`."""
        self._inputs.append(stdin)
        try:
            return self.run(node, stdin)
        finally:
            self._inputs.pop()

    def define(self, name: str, body: Node) -> None:
        """Notes a function."""
        self._functions[name] = body
        # As nothing may ever call it, it is read once by itself: `$1` and the like are not known then
        self._running.add(name)
        try:
            self.run(body, EMPTY)
        finally:
            self._running.discard(name)

    def _parsed(self, text: str, stdin: Value) -> Value:
        printed = []
        for piece, root in parsed(text):
            if root is None or root.has_error:
                self._by_words(piece)
            if root is not None:
                printed.append(self.run(root, stdin))
        return join(printed)

    def _plain(self, commands: list[PlainCommand], stdin: Value) -> Value:
        printed = []
        value = EMPTY
        for words, text, piped in commands:
            if not piped:
                printed.append(value)
                value = stdin
            self.line = 1
            self._inputs.append(value)
            value = self.command(words, value, text)
            self._inputs.pop()
        return joined([*printed, value])

    def _function(self, name: str, arguments: list[Value], stdin: Value) -> Value:
        kept = {key: self.variables.get(key) for key in _POSITIONS}
        for key in _POSITIONS:
            self.variables.pop(key, None)
        self.variables.update({str(place): value for place, value in enumerate(arguments[:9], 1)})
        if arguments:
            self.variables["@"] = self.variables["*"] = join(arguments, " ")
        self._running.add(name)
        try:
            return self.run_with_input(self._functions[name], stdin)
        finally:
            self._running.discard(name)
            for key, value in kept.items():
                self.variables.pop(key, None)
                if value is not None:
                    self.variables[key] = value

    # Commands of Windows

    def _windows(self, text: str) -> Value:
        last = EMPTY
        for act, target, traits in read_statement(text):
            self.fact(act, target, traits, text)
        for words, piped, line, source in commands_of(text):
            self.line = line
            for word in words if "$(" in source else ():
                if "$(" in word.text:
                    self.script(word.text[word.text.find("$(") + 2 :].removesuffix(")"))
            name, equals, value = words[0].text.partition("=") if words else ("", "", "")
            if words and name.startswith("$") and (equals or (len(words) > 2 and words[1].text == "=")):
                variable = name.lower()
                rest = [Value(value), *words[1:]] if value else words[1:] if equals else words[2:]
                last = self.command(rest, EMPTY, source)
                origin = frozenset().union(last.traits, *(word.traits for word in rest))
                self.variables[variable[1:]] = Value(join(rest, " ").text, False, origin)
                continue
            words = [self._windows_word(word) for word in words]
            last = self.command(words, last if piped else EMPTY, source)
        return last

    def _windows_word(self, word: Value) -> Value:
        text = word.text.lower()
        known = [value for name, value in self.variables.items() if f"${name}" in text] if "$" in text else []
        return word._replace(traits=frozenset().union(word.traits, *(v.traits for v in known))) if known else word
