"""Reads commands of the shell by a parser, and follows what they hand to each other.

The script is gone through once, as if every branch was taken: variables, pipes, functions and the files that it writes
are followed as far as they are known (`shell_values`). What a command means is in `shell_commands`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from .facts import Fact
from .places import is_hidden, target_of_data, target_of_path
from .shell_commands import Call, run
from .shell_escapes import is_remote_shell, typed
from .shell_values import EMPTY, Value, content_of, expand_braces, is_ordinary_setting, join, unescape
from .windows_methods import read_statement
from .windows_text import commands_of, is_of_windows
from .words import UNREAD, read_words


if TYPE_CHECKING:
    from .readers import Readers


_BASH = Language(tree_sitter_bash.language())

# What is longer or deeper is read by its words, so that time stays linear in the input.
_LONGEST = 100_000
_DEEPEST = 60
# Of brackets that do not belong together, the parser makes something in time with their square.
_MOST_BRACKETS = 4_000
_MOST_COMMANDS = 3_000
_MOST_WORDS = 1_200_000  # Characters
_LONG = 32_768
_MOST_PIPES = 200
_LONGEST_TEXT = 200

_ROOT_FOLDER = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "PWD": "/", "HOME": "/", "SHELL": "/"}
# The parser does not know `{rm,-rf,x}` as a command.
# `<TARGET_HOST>`, for a name to be put there: no redirection.
_PLACEHOLDER = re.compile(r"(?<![<>&\d])<([A-Z][A-Z0-9]{1,30}(?:[_-][A-Z0-9]{1,30}){0,5})>(?!\()")
_COMMAND_IN_BRACES = re.compile(r"(^|[\n;|&(] {0,9})\{([^{}\s;\"':]{1,200},[^{}\s;\"':]{0,200})\}")
_NO_FILES = frozenset(
    ("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/stdin", "-", "nul", "NUL", "$null")
)


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
        self._depth = 0
        self._commands = 0
        self._loops = 0
        self._words_left = _MOST_WORDS

    # What commands ask for

    def script(self, text: str, stdin: Value = EMPTY) -> Value:
        """Reads a script, and says what it prints."""
        if "<" in text:
            text = _PLACEHOLDER.sub(r"\1", text)
        if self._depth >= _DEEPEST:
            self._by_words(text)
            return EMPTY
        self._depth += 1
        try:
            if len(text) > _LONGEST:
                self._by_words(text[_LONGEST:])
                text = text[:_LONGEST]
            if is_of_windows(text):
                # It may be one of Unix after all that only looks like it
                self._by_words(text)
                return self._windows(text)
            if typed(text):
                self.fact("run_process", "unknown", ("interactive",), text)
            if is_remote_shell(text):
                self.fact("run_process", "host", ("reverse", "interactive"), text)
            if commands := _COMMAND_IN_BRACES.findall(text):
                self.fact("run_process", "unknown", ("hidden",), commands[0][1])
                text = _COMMAND_IN_BRACES.sub(lambda match: match[1] + match[2].replace(",", " "), text)
            line = self.line
            self._inputs.append(stdin)
            printed = []
            for piece in _pieces(text):
                if sum(map(piece.count, "()[")) > _MOST_BRACKETS:
                    self._by_words(piece)
                    continue
                tree = Parser(_BASH).parse(piece.replace("\0", "").encode("utf-8", "replace"))
                if tree.root_node.has_error:
                    self._by_words(piece)
                printed.append(self._run(tree.root_node, stdin))
            self.line = line
            self._inputs.pop()
            return join(printed)
        finally:
            self._depth -= 1

    def command(self, words: list[Value], stdin: Value, text: str, traits: frozenset[str] = frozenset()) -> Value:
        """Runs a command that is given in words."""
        self._commands += 1
        if not words or self._commands > _MOST_COMMANDS:
            return EMPTY
        if self._depth >= _DEEPEST:
            self._by_words(text)
            return EMPTY
        self._depth += 1
        try:
            name = words[0].text
            if name in self._functions and name not in self._running:
                return self._function(name, words[1:], stdin)
            return run(Call(self, words, stdin, text[:_LONGEST_TEXT], self.line, traits))
        finally:
            self._depth -= 1

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
        return self._loops > 0

    @property
    def input(self) -> Value:
        """What the commands of a loop or a group read from."""
        return self._inputs[-1] if self._inputs else EMPTY

    def _windows(self, text: str) -> Value:
        last = EMPTY
        for act, target, traits in read_statement(text):
            self.fact(act, target, traits, text)
        for words, piped, line, source in commands_of(text):
            self.line = line
            for word in words:
                if word.text.startswith("$(") or "$(" in word.text:
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

    # The tree

    def _run(self, node: Node, stdin: Value) -> Value:
        """Runs a statement, and says what it prints."""
        if self._commands > _MOST_COMMANDS:
            return EMPTY
        if self._depth >= _DEEPEST:
            self._by_words(_text(node))
            return EMPTY
        self._depth += 1
        try:
            statement = _STATEMENTS.get(node.type)
            return statement(self, node, stdin) if statement else self._all(node, stdin)
        finally:
            self._depth -= 1

    def _all(self, node: Node, stdin: Value) -> Value:
        printed = [self._run(child, stdin) for child in node.children if child.is_named]
        printed = [value for value in printed if value is not EMPTY]
        return join(printed) if printed else EMPTY

    def _nothing(self, node: Node, stdin: Value) -> Value:
        return EMPTY

    def _word_statement(self, node: Node, stdin: Value) -> Value:
        self._value(node)
        return EMPTY

    def _command(self, node: Node, stdin: Value) -> Value:
        words: list[Value] = []
        settings: list[tuple[str, Value]] = []
        redirects = []
        for child in node.children:
            if child.type == "variable_assignment":
                settings.append(self._assignment(child))
            elif child.type == "command_name":
                words += self._words(child.children[0] if child.children else child)
            elif child.type.endswith("_redirect"):
                redirects.append(child)
            elif child.is_named or not words or child.type not in ("$", '"'):
                words += self._words(child)
        self.line = node.start_point.row + 1
        text = _text(node)
        if not words:
            self.variables.update(settings)
            return EMPTY
        if settings:
            self._settings(settings, text)
        return self._redirected(redirects, stdin, lambda given: self.command(words, given, text), text)

    def _settings(self, settings: list[tuple[str, Value]], text: str) -> None:
        self.command([Value("env"), *(Value(f"{name}={value.text}") for name, value in settings)], EMPTY, text)

    def _redirected_statement(self, node: Node, stdin: Value) -> Value:
        bodies = [c for c in node.children if c.is_named and not c.type.endswith("_redirect")]
        redirects = [c for c in node.children if c.type.endswith("_redirect")]

        def body(given: Value) -> Value:
            self._inputs.append(given)
            try:
                printed = [self._run(child, given) for child in bodies]
            finally:
                self._inputs.pop()
            return join(printed) if printed else EMPTY

        return self._redirected(redirects, stdin, body, _text(node))

    def _redirected(self, redirects: list[Node], stdin: Value, body: Callable[[Value], Value], text: str) -> Value:
        """Runs something with its redirections."""
        outputs: list[tuple[str, bool]] = []
        pipelines: list[Node] = []
        network = False
        for redirect in redirects:
            if redirect.type == "herestring_redirect":
                stdin = join([self._value(c) for c in redirect.children if c.is_named] or [EMPTY])
            elif redirect.type == "heredoc_redirect":
                for child in redirect.children:
                    if child.type == "heredoc_body":
                        stdin = self._heredoc(child, redirect)
                    elif child.type in ("pipeline", "list", "command") or child.type.endswith("_statement"):
                        pipelines.append(child)
                    elif child.type == "file_redirect":
                        redirects = [*redirects, child]
        for redirect in redirects:
            if redirect.type != "file_redirect":
                continue
            operator = next((_text(c) for c in redirect.children if "<" in c.type or ">" in c.type), ">")
            target = redirect.child_by_field_name("destination") or redirect.children[-1]
            place = self._value(target)
            name = place.text
            if operator.endswith("&") and (name.isdigit() or name == "-"):
                if f"&{name}" in self.variables:
                    network = network or ">" in operator
                    stdin = self.variables[f"&{name}"] if "<" in operator else stdin
                continue
            if target.type == "process_substitution" or name in _NO_FILES or not name:
                continue
            if name.startswith(("/dev/tcp/", "/dev/udp/")):
                network = True
                self.variables[f"&{_text(redirect.children[0])}"] = Value("$(network)", False, _NETWORK)
                if "<" in operator:
                    stdin = self.variables[f"&{_text(redirect.children[0])}"]
            elif "<" in operator:
                self.fact("read", target_of_path(self.path(name)), (), text, name)
                stdin = self.content(name)
            else:
                outputs.append((name, ">>" in operator))
        printed = body(stdin)
        if network:
            self._to_network(text, printed)
        for name, append in outputs:
            self.write(name, printed, text, append)
        for pipeline in pipelines:
            printed = self._run(pipeline, printed if printed is not EMPTY else stdin)
        return EMPTY if outputs else printed

    def _to_network(self, text: str, printed: Value) -> None:
        text = text.lstrip("(").removeprefix("exec ") or text
        first = text.split(None, 1)[0].rpartition("/")[2] if text.strip() else ""
        if first in ("bash", "sh", "zsh", "ksh", "dash", "ash", "csh") or "sh -i" in text:
            self.fact("run_process", "host", ("reverse", "interactive"), text)
        elif printed.traits:
            self.fact("upload", "host", printed.traits, text)
        else:
            self.fact("connect", "host", ("bulk", "offensive") if self.in_loop else (), text)

    def write(self, name: str, value: Value, text: str, append: bool = False, traits: tuple[str, ...] = ()) -> None:
        """Notes that a file is written."""
        if name in _NO_FILES:
            return
        target = target_of_data(self.path(name) + ("it" if name.endswith("/") else ""))
        if name.strip('"').upper() in ("$HISTFILE", "${HISTFILE}"):
            target = "history"
        target = "file" if target == "root" else target  # Something in that folder
        if target == "startup" and append and not name.startswith("/etc") and is_ordinary_setting(value.text):
            target = "file"
        if is_hidden(self.path(name)):
            self.fact("hide", "file", (), text, self.path(name))
        self.fact("write", target, (*traits, *(() if append else ("overwrite",))), text, self.path(name))
        self.store(name, value, append)

    def fact(self, act: str, target: str, traits: Iterable[str], text: str, detail: str = "") -> None:
        """Notes a fact."""
        self.facts.append(
            Fact(act, target, frozenset(traits), text[:_LONGEST_TEXT], self.line, detail[:_LONGEST_TEXT])
        )

    def _heredoc(self, body: Node, redirect: Node) -> Value:
        quoted = any(c.type == "heredoc_start" and _text(c)[:1] in "'\"\\" for c in redirect.children)
        if quoted:
            return Value(_text(body), quoted=True)
        known = True
        traits: frozenset[str] = frozenset()
        for child in body.children:
            if child.type in ("command_substitution", "simple_expansion", "expansion"):
                value = self._value(child)
                traits |= value.traits
                known = known and value.known
        return Value(_text(body), known, traits, quoted=True)

    def _pipeline(self, node: Node, stdin: Value) -> Value:
        value = stdin
        for child in node.children:
            if child.is_named:
                self._inputs.append(value)
                try:
                    value = self._run(child, value)
                finally:
                    self._inputs.pop()
        return value

    def _list(self, node: Node, stdin: Value) -> Value:
        """Commands with `&&` or `||`: of alternatives, what the first prints stands for all."""
        printed = [self._run(child, stdin) for child in node.children if child.is_named]
        printed = [value for value in printed if value is not EMPTY]
        if not printed:
            return EMPTY
        return printed[0] if any(child.type == "||" for child in node.children) else join(printed)

    def _loop(self, node: Node, stdin: Value) -> Value:
        self._loops += 1
        try:
            return self._all(node, stdin)
        finally:
            self._loops -= 1

    def _for(self, node: Node, stdin: Value) -> Value:
        name = node.child_by_field_name("variable")
        body = node.child_by_field_name("body")
        values: list[Value] = []
        for child in node.children_by_field_name("value"):
            values += self._words(child)
        self._loops += 1
        printed = EMPTY
        try:
            # A few known ones are tried one by one; of many, the first stands for all
            for value in values[:_FEW] if len(values) <= _FEW else [join(values, " ")]:
                if name is not None:
                    many = not value.known or "*" in value.text or len(values) > _FEW
                    self.variables[_text(name)] = value._replace(traits=value.traits | _MANY) if many else value
                if body is not None:
                    printed = self._run(body, stdin)
            if not values and body is not None:
                printed = self._run(body, stdin)
        finally:
            self._loops -= 1
        return printed

    def _define(self, node: Node, stdin: Value) -> Value:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is None or body is None:
            return EMPTY
        word = _text(name)
        self._functions[word] = body
        source = _text(body).replace(" ", "")
        if f"{word}|{word}" in source:
            self.fact("exhaust", "process", (), _text(node))
        # As nothing may ever call it, it is read once by itself: `$1` and the like are not known then
        self._running.add(word)
        try:
            return self._run(body, EMPTY) and EMPTY
        finally:
            self._running.discard(word)

    def _function(self, name: str, arguments: list[Value], stdin: Value) -> Value:
        kept = {key: self.variables.get(key) for key in _POSITIONS}
        for key in _POSITIONS:
            self.variables.pop(key, None)
        self.variables.update({str(place): value for place, value in enumerate(arguments[:9], 1)})
        if arguments:
            self.variables["@"] = self.variables["*"] = join(arguments, " ")
        self._running.add(name)
        self._inputs.append(stdin)
        try:
            return self._run(self._functions[name], stdin)
        finally:
            self._inputs.pop()
            self._running.discard(name)
            for key, value in kept.items():
                self.variables.pop(key, None)
                if value is not None:
                    self.variables[key] = value

    def _declaration(self, node: Node, stdin: Value) -> Value:
        settings = [self._assignment(c) for c in node.children if c.type == "variable_assignment"]
        self.variables.update(settings)
        if settings and _text(node).startswith("export"):
            self._settings(settings, _text(node))
        return EMPTY

    def _assign(self, node: Node, stdin: Value) -> Value:
        name, value = self._assignment(node)
        append = any(child.type == "+=" for child in node.children)
        self.variables[name] = join((self.variables.get(name, EMPTY), value)) if append else value
        if name.startswith(("HIST", "LD_", "DYLD_", "PROMPT_COMMAND", "BASH_ENV", "ENV")):
            self._settings([(name, value)], _text(node))
        return EMPTY

    def _assignment(self, node: Node) -> tuple[str, Value]:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        return (_text(name) if name is not None else ""), (self._value(value) if value is not None else EMPTY)

    def _unset(self, node: Node, stdin: Value) -> Value:
        words = [Value("unset"), *(Value(_text(c)) for c in node.children[1:])]
        return self.command(words, EMPTY, _text(node))

    # Words

    def _words(self, node: Node) -> list[Value]:
        """The words that stand there: more than one if there are braces, or a variable that is split."""
        value = self._value(node)
        if value.quoted or not value.text:
            return [value]
        if "{" in value.text and "," in value.text and value.known:
            words = expand_braces(value.text)
            return [value._replace(text=word, pieced=True) for word in words] if len(words) > 1 else [value]
        if node.type in ("simple_expansion", "expansion", "command_substitution") or value.pieced:
            if value.known and (" " in value.text or "\n" in value.text):
                return [value._replace(text=word) for word in value.text.split()[:_MOST_SPLIT]] or [value]
        return [value]

    def _value(self, node: Node) -> Value:
        """What a word stands for."""
        kind = node.type
        if kind in ("word", "number", "variable_name", "special_variable_name", "string_content", "heredoc_content"):
            text = _text(node)
            if "\\" not in text:
                return Value(text, quoted=kind == "string_content")
            if kind != "word":
                return Value(_unescaped_in_string(text), quoted=True)
            return Value(text.replace("\\\n", "").replace("\\", ""), pieced=_is_pieced(text))
        if kind == "raw_string":
            return Value(_text(node)[1:-1], quoted=True)
        if kind == "ansi_c_string":
            raw = _text(node)[2:-1]
            return Value(
                unescape(raw), pieced="\\x" in raw or "\\u" in raw or "\\0" in raw or "\\1" in raw, quoted=True
            )
        if self._depth >= _DEEPEST:
            return Value(_text(node), False)
        self._depth += 1
        try:
            part = _PARTS.get(kind)
            return part(self, node) if part else self._joined(node)
        finally:
            self._depth -= 1

    def _joined(self, node: Node) -> Value:
        parts = [child for child in node.children if child.is_named]
        return join([self._value(child) for child in parts])._replace(quoted=False) if parts else Value(_text(node))

    def _string(self, node: Node) -> Value:
        # White space between the parts belongs to no node
        data, values, place = node.text or b"", [], 1
        for child in node.children:
            if child.is_named:
                start = child.start_byte - node.start_byte
                if start > place:
                    values.append(Value(data[place:start].decode("utf-8", "replace")))
                values.append(self._value(child))
                place = child.end_byte - node.start_byte
        if len(data) - 1 > place:
            values.append(Value(data[place:-1].decode("utf-8", "replace")))
        return join(values)._replace(quoted=True) if values else Value(quoted=True)

    def _concatenation(self, node: Node) -> Value:
        children = [child for child in node.children if child.is_named]
        value = self._joined(node)
        raw = _text(node)
        if "{" in raw and "," in raw and "'" not in raw and '"' not in raw and "$" not in raw:
            return Value(raw)
        empty = any(c.type in ("string", "raw_string", "ansi_c_string") and len(_text(c)) <= 3 for c in children)
        variables = sum(c.type in ("simple_expansion", "expansion") for c in children)
        broken = empty and any(
            c.type in ("word", "string", "raw_string") and _text(c)[-1:].isalpha() for c in children
        )
        return value._replace(
            pieced=value.pieced or broken or (variables > 1 and value.known and value.text.isalpha())
        )

    def _expansion(self, node: Node) -> Value:
        raw = _text(node)
        name = next((_text(c) for c in node.children if c.type in ("variable_name", "special_variable_name")), "")
        name = name or raw.strip("${}")[:1]
        if name == "IFS":
            return Value(" ", pieced=True)
        value = self.variables.get(name)
        inside = [c for c in node.children if c.is_named][1:]
        operators = [c.type for c in node.children]
        if node.type == "expansion":
            if value is None and inside and (":-" in operators or "-" in operators or ":=" in operators):
                return self._value(inside[0])
            if ":" in operators:
                return self._part_of(value or Value(_ROOT_FOLDER.get(name, raw), name in _ROOT_FOLDER), inside)
            if "/" in operators or "//" in operators:
                return self._replaced(value, inside, raw)
            for child in inside:
                self._value(child)
        return value._replace(quoted=False) if value is not None else Value(raw, False)

    def _part_of(self, value: Value, places: list[Node]) -> Value:
        numbers = [_text(place).strip() for place in places]
        if not value.known or not all(number.lstrip("-").isdigit() for number in numbers) or not numbers:
            return value._replace(known=False)
        start = int(numbers[0][:6])
        end = start + int(numbers[1][:6]) if len(numbers) > 1 else None
        return value._replace(text=value.text[start:end], pieced=True)

    def _replaced(self, value: Value | None, parts: list[Node], raw: str) -> Value:
        if value is None or not value.known or not parts:
            return value or Value(raw, False)
        old = self._value(parts[0]).text
        new = self._value(parts[1]).text if len(parts) > 1 else ""
        return value._replace(text=value.text.replace(old, new), pieced=True) if old else value

    def _substitution(self, node: Node) -> Value:
        printed = EMPTY
        for child in node.children:
            if child.type == "file_redirect":  # $(<file)
                printed = self.content(self._value(child.children[-1]).text)
            elif child.is_named:
                printed = self._run(child, self.input)
        text = printed.text.rstrip("\n")
        known = printed.known and bool(text)
        return printed._replace(text=text if known or text.startswith(("/", "~", "$(<")) else _text(node), known=known)

    def _process_substitution(self, node: Node) -> Value:
        value = self._substitution(node)
        name = f"/dev/fd/{node.start_byte}"
        self.files[name] = value
        return Value(name, traits=value.traits)

    def _arithmetic(self, node: Node) -> Value:
        for child in node.children:
            if child.is_named:
                self._value(child)
        return Value(_text(node), False)


def _pieces(text: str) -> list[str]:
    """The script in pieces, as the time that the parser needs is not linear in the length of a pipe."""
    if len(text) < _LONG and text.count("|") < _MOST_PIPES:
        return [text]
    pieces: list[str] = []
    start = pipes = 0
    goes_on = False
    for line in text.splitlines(keepends=True):
        pipes = (pipes if goes_on else 0) + line.count("|")
        goes_on = line.rstrip()[-1:] in ("|", "\\")
        if pipes > _MOST_PIPES:
            pipes = 0
            parts = line.split("|")
            for place in range(0, len(parts), _MOST_PIPES):
                pieces.append("|".join(parts[place : place + _MOST_PIPES]))
            start = len(pieces)
        elif start < len(pieces) and len(pieces[-1]) + len(line) < _LONG:
            pieces[-1] += line
        else:
            pieces.append(line)
    return pieces


def _is_pieced(text: str) -> bool:
    """Whether letters are escaped for no reason: `\\rm` only avoids an alias, `c\\at` hides."""
    return any(text[place] == "\\" and text[place + 1 : place + 2].isalpha() for place in range(1, len(text)))


def _unescaped_in_string(text: str) -> str:
    for escaped in ('\\"', "\\$", "\\`", "\\\\"):
        text = text.replace(escaped, escaped[1])
    return text.replace("\\\n", "")


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


_FEW = 8
_MOST_SPLIT = 64
_MANY = frozenset(("bulk",))
_NETWORK = frozenset(("from_network",))
_POSITIONS = (*"123456789@*",)

_STATEMENTS = {
    "command": Shell._command,
    "redirected_statement": Shell._redirected_statement,
    "pipeline": Shell._pipeline,
    "for_statement": Shell._for,
    "while_statement": Shell._loop,
    "c_style_for_statement": Shell._loop,
    "function_definition": Shell._define,
    "declaration_command": Shell._declaration,
    "variable_assignment": Shell._assign,
    "unset_command": Shell._unset,
    "comment": Shell._nothing,
    **dict.fromkeys(
        ("word", "string", "raw_string", "concatenation", "expansion", "simple_expansion", "command_substitution"),
        Shell._word_statement,
    ),
    "list": Shell._list,
    **dict.fromkeys(("test_command", "variable_assignments", "negated_command"), Shell._all),
}
_PARTS = {
    "string": Shell._string,
    "translated_string": Shell._string,
    "concatenation": Shell._concatenation,
    "simple_expansion": Shell._expansion,
    "expansion": Shell._expansion,
    "command_substitution": Shell._substitution,
    "process_substitution": Shell._process_substitution,
    "arithmetic_expansion": Shell._arithmetic,
}
