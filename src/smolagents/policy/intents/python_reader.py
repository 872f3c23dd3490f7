"""Reads a Python program by its syntax tree: which calls it makes, of what, with what, and how it got hold of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .facts import Fact
from .places import target_of_host, target_of_path, target_of_url
from .python_calls import CALLS, CLIMBS, Effect
from .python_flow import Flow
from .python_names import Item, Names
from .python_tree import Tree, parse
from .python_values import UNKNOWN, Values
from .sql_reader import is_sql, read_sql


if TYPE_CHECKING:
    from .readers import Readers


_NOTHING: frozenset[str] = frozenset()
_CARRIED = frozenset(("from_secret", "from_system", "from_file", "from_screen", "hidden", "bulk"))
_RUN = frozenset(("from_network", "decoded", "hidden", "from_input"))
_PACKED = frozenset(("from_network", "decoded"))
_LOADERS_OF_DATA = ("yaml", "torch", "joblib", "pandas")
_FROM_OTHERS = frozenset(("from_network", "from_input"))
_MAKE_THINGS_HAPPEN = frozenset(("run_code", "run_process", "delete", "load_native", "kill", "escape", "become"))
_HANDED_OVER = frozenset(("run_code", "run_process", "delete", "load_native", "kill"))
_COPIERS = frozenset(("copy", "copy2", "copyfile", "copytree", "move", "rename", "replace"))
_WRITERS = _COPIERS | {
    "write",
    "writelines",
    "add",
    "screenshot",
    "save",
    "write_text",
    "write_bytes",
    "writestr",
    "dump",
}
_PASSWORDS = frozenset(("password", "passwd", "pwd", "pass", "passphrase"))
_LOADED = frozenset(("LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "BASH_ENV", "PROMPT_COMMAND", "PYTHONSTARTUP"))
_SHELLS = re.compile(
    r"(?:/[\w/]*/)?(?:ba|z|da|k|c|tc|a|fi)?sh(?: -[il]+)*$|(?:cmd|powershell|pwsh)(?:\.exe)?$", re.IGNORECASE
)
# A program's settings, with what it needs to be let in
_IN_ITS_OWN_FOLDER = re.compile(r"(?:\./)?(?:(?:config|secrets|certs|keys)/)?\.?[\w-]+(?:\.\w+)*$")
# A module's or a class's name is often printed
_FIELD_THAT_CLIMBS = re.compile(
    r"\{(?![^{}._]*(?:\.__class__)?\.__(?:name|module|qualname|doc)__[^{}._\[]*\})[^{}]*[.\[]_"
)
_EXPRESSION_THAT_CLIMBS = re.compile(
    r"__\w+__|@\w+(?:\.\w+)*\.(?:os|sys|builtins|subprocess)\b|\b(?:system|popen)\s*\("
)
_PICKLED_CALL = re.compile(
    rb"(?:c(?:os|posix|nt|subprocess|builtins|__builtin__|sys|runpy|importlib|pty|shutil|socket|webbrowser|timeit|code|pdb)\n\w)"
    rb"|\x8c.(?:os|posix|nt|subprocess|builtins|__builtin__|pty|runpy|importlib)\x94"
)  # fmt: skip
# Modules with which code that was put together out of sight makes things happen.
_POWERFUL = frozenset(
    ("os", "subprocess", "pty", "ctypes", "socket", "shutil", "builtins", "posix", "importlib", "code")
)
# What looks something up by a text, and what is called with what was looked up.
_LOOKS_UP = frozenset(
    (
        *("getattr", "object.__getattribute__", "type.__getattribute__", "setattr", "operator.attrgetter", "vars"),
        *("inspect.getattr_static", "string.Formatter().get_field"),
    )
)
_BY_ITSELF = frozenset(
    ("__import__", "importlib.import_module", "compile", "getattr", "setattr", "builtins.__import__")
)
_SEPARATORS = re.compile(r"[.\[\]]")
_LONGEST_LOOKUP = 1000
_DEEPEST_CHAIN = 40
# Attributes that nobody needs who does not climb.
_CERTAIN = frozenset(
    (
        *(
            "__globals__",
            "func_globals",
            "f_globals",
            "f_builtins",
            "gi_frame",
            "cr_frame",
            "ag_frame",
            "gi_code",
            "cr_code",
        ),
        *("cell_contents", "__reduce_ex__"),
    )
)
_HIERARCHY = frozenset(("__objclass__", "__base__", "__bases__", "__mro__", "mro"))
_FRAMES = frozenset(("f_back", "f_locals", "tb_frame", "tb_next"))
_WAITS = frozenset(
    (
        *(
            "sleep",
            "input",
            "recv",
            "accept",
            "get",
            "wait",
            "read",
            "readline",
            "poll",
            "select",
            "recvfrom",
            "join",
            "next",
        ),
        *(
            "step",
            "update",
            "run",
            "send",
            "flip",
            "tick",
            "print",
            "write",
            "poll_events",
            "waitKey",
            "receive",
            "listen",
        ),
    )
)
_FLOODS = frozenset(("sendto", "sendall", "send", "connect"))
_GROWS = frozenset(
    ("append", "extend", "fork", "add", "start", "Thread", "Process", "Popen", "bytearray", "range", "str")
)


def read_program(program: str, readers: Readers) -> list[Fact]:
    """What a program does.

    Args:
        program (`str`): The program.
        readers (`Readers`): For commands and programs in it.

    Raises:
        `SyntaxError`, `ValueError`, `RecursionError`, `MemoryError`: If it cannot be parsed.
    """
    return _Reader(program, readers).facts()


class _Reader:
    """Reads one program."""

    def __init__(self, program: str, readers: Readers):
        self._program = program
        self._readers = readers
        self._tree = Tree(parse(program))
        self._names: Names = self._tree.names
        self._values = Values(self._names, len(program))
        self._names.value = self._values.value
        self._flow = Flow(self._names, self._values)
        self._facts: list[Fact] = []
        self._added: set[tuple[str, str, frozenset[str], str]] = set()
        self._lines: list[str] | None = None
        # Paths that the program writes to, and the commands that it runs, to see whether it runs what it wrote.
        self._written: set[str] = set()
        self._commands: list[tuple[ast.AST, str]] = []
        # Attributes that are looked up by text
        self._looked_up_names: set[str] = set(self._tree.patterns)

    def facts(self) -> list[Fact]:
        """See [`read_program`]."""
        for call in self._tree.calls:
            self._note_content(call)
        for call in self._tree.calls:
            self._call(call)
        self._references()
        self._settings()
        self._climbs()
        self._pickles()
        for loop in self._tree.loops:
            self._loop(loop)
        self._run_what_was_fetched()
        return self._facts

    def _add(
        self, node: ast.AST, act: str, target: str = "unknown", traits: Iterable[str] = (), detail: str = ""
    ) -> None:
        known = (act, target, frozenset(traits), detail)
        if known in self._added:
            return
        self._added.add(known)
        line = getattr(node, "lineno", None)
        if self._lines is None:
            self._lines = self._program.splitlines()
        text = self._lines[line - 1].strip() if line is not None and line <= len(self._lines) else ""
        self._facts.append(Fact(act, target, frozenset(traits), text[:200], line, detail[:200]))

    def _take(self, node: ast.AST, facts: Iterable[Fact]) -> None:
        """Add facts of a text in the program."""
        line = getattr(node, "lineno", None)
        self._facts += [fact._replace(line=line) for fact in facts]

    def _note_content(self, node: ast.Call) -> None:
        """Note what is written to which file, to know what is read from there."""
        function, arguments = node.func, node.args
        name = function.attr if isinstance(function, ast.Attribute) else ""
        if name not in _WRITERS or not arguments:
            return
        if name in _COPIERS:
            places = [self._values.text(place) for place in arguments[:2]]
            if len(places) == 2 and places[0] and places[1]:
                self._flow.note_content(places[1], places[0])
            return
        if name in ("screenshot", "save", "write_text", "write_bytes"):
            of = function.value if isinstance(function, ast.Attribute) and name.startswith("write_") else arguments[0]
            content: ast.AST | str = arguments[0] if name.startswith("write_") else node
            path = self._values.text(of)
        else:
            # What the file is opened by, which a name or `with` stands for
            receiver = arguments[1] if name == "dump" and len(arguments) > 1 else function.value  # type: ignore[attr-defined]
            opened = self._names.values.get(receiver.id, []) if isinstance(receiver, ast.Name) else [receiver]
            calls = [call for call in opened if isinstance(call, ast.Call) and call.args]
            path = self._values.text(calls[-1].args[0]) if calls else None
            content = arguments[0]
            if (
                name in ("add", "write")
                and calls
                and (self._names.resolve(calls[-1].func) or "").startswith(("tar", "zip"))
            ):
                content = self._values.text(arguments[0]) or ""
        if path:
            self._flow.note_content(path, content)

    def _call(self, node: ast.Call) -> None:
        function = node.func
        if type(function) is ast.Name:
            name = function.id
            if name in self._names.functions and name not in self._names.modules:
                return self._handed_over(node)
        resolved = self._names.resolve(function)
        effect = None
        if resolved is not None:
            effect = _effect(resolved)
            attribute = resolved.rpartition(".")[2]
            if effect is None and attribute in _SPECIAL:
                _SPECIAL[attribute](self, node, resolved)
            if resolved in (
                "getattr",
                "object.__getattribute__",
                "type.__getattribute__",
                "setattr",
                "operator.attrgetter",
            ):
                self._looked_up(node)
        if effect is None and isinstance(function, ast.Attribute):
            effect = CALLS.get(f"?.{function.attr}")
            if function.attr in ("format", "format_map", "vformat", "get_field") and (resolved or "?.").endswith(
                function.attr
            ):
                self._format(node)
        if (effect is not None or resolved in _BY_ITSELF) and self._is_reached(function):
            self._add(node, "escape", "runtime", (), resolved or "")
        if effect is not None:
            self._apply(effect, resolved or "", node, node.args, node.keywords)
        if (
            effect is not None
            and effect.act in ("connect", "upload", "download")
            or (resolved or "").endswith((".login", ".extractall"))
        ):
            self._guess(node)
        if resolved == "setattr" and node.args and self._names.resolve(node.args[0]) == "builtins":
            self._add(node, "escape", "runtime", (), "setattr")
        self._handed_over(node)

    def _handed_over(self, node: ast.Call) -> None:
        """Functions that are not called here, but given to what calls them: `map(os.system, commands)`."""
        if isinstance(node.func, ast.Name) and node.func.id in (
            "isinstance",
            "issubclass",
            "hasattr",
            "print",
            "type",
        ):
            return
        values = [*node.args, *(keyword.value for keyword in node.keywords)]
        for position, value in enumerate(values):
            if not isinstance(value, (ast.Name, ast.Attribute)):
                continue
            if isinstance(value, ast.Name) and value.id in self._names.functions:
                continue
            resolved = self._names.resolve(value)
            effect = _effect(resolved) if resolved is not None else None
            if effect is None or effect.act not in _HANDED_OVER:
                continue
            others = values[:position] + values[position + 1 :]
            arguments: list[ast.expr] = []
            for other in others:
                arguments += other.elts if isinstance(other, (ast.List, ast.Tuple)) else [other]
            self._apply(effect, resolved or "", node, arguments, [])

    def _looked_up(self, node: ast.Call) -> None:
        for argument in node.args:
            attribute = self._values.value(argument)
            if type(attribute) is str and len(attribute) < _LONGEST_LOOKUP:
                self._looked_up_names.update(_SEPARATORS.split(attribute))

    def _is_reached(self, node: ast.AST) -> bool:
        """Whether what is called was taken out of another module, or imported on the spot."""
        for _ in range(_DEEPEST_CHAIN):
            if node in self._names.reached:
                return True
            if isinstance(node, ast.Call):
                called = self._names.resolve(node.func)
                if (
                    called in ("__import__", "importlib.import_module", "importlib.__import__")
                    and self._names.resolve(node) in _POWERFUL
                ):
                    return True
                looks_up = called in _LOOKS_UP and node.args
                node = node.args[0] if looks_up else node.func
            elif isinstance(node, (ast.Attribute, ast.Subscript)):
                if self._names.resolve(node) == "builtins":
                    return True
                node = node.value
            else:
                return isinstance(node, ast.Name) and node.id in ("__builtins__", "__loader__", "__spec__")
        return False

    # What each kind of effect is applied to.

    def _apply(
        self, effect: Effect, name: str, node: ast.Call, arguments: Sequence[ast.expr], keywords: Sequence[ast.keyword]
    ) -> None:
        if effect.position == -1:
            argument: ast.expr | None = node.func.value if isinstance(node.func, ast.Attribute) else None
        else:
            argument = arguments[effect.position] if effect.position < len(arguments) else None
            if argument is None and keywords:
                wanted = (effect.keyword, "args", "cmd", "path", "url", "file", "filename", "host", "source", "src")
                argument = next((keyword.value for keyword in keywords if keyword.arg in wanted), None)
        apply = _APPLY.get(effect.reads)
        if apply is None:
            self._add(node, effect.act, effect.reads, effect.traits, name)
        else:
            apply(self, effect, name, node, argument, arguments, keywords)

    def _paths(self, argument: ast.expr | None) -> list[tuple[str, str, frozenset[str]]]:
        """The targets, paths and traits that an argument stands for."""
        found = []
        for path in self._values.candidates(argument):
            text = path if type(path) is str else path.decode("utf-8", "replace") if type(path) is bytes else None
            if text is not None:
                target = target_of_path(text)
                traits = frozenset(("bulk", "all")) if "*" in text else _NOTHING
                if target == "secret" and _IN_ITS_OWN_FOLDER.match(text):
                    traits |= {"own"}
                found.append((target, text, traits))
        return found or [("file", "", frozenset(("dynamic",)))]

    def _path(self, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any) -> None:
        for target, path, traits in self._paths(argument):
            if effect.act == "load_native" and target not in ("temp", "kernel"):
                target = "file"
            carried = self._flow.into([argument]) & _RUN if effect.act in ("load_native", "run_code") else _NOTHING
            self._add(node, effect.act, target, traits | effect.traits | carried, path)
            if effect.act == "write":
                self._written.add(path)

    def _two_paths(
        self, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any
    ) -> None:
        places = [*arguments[:2], *(keyword.value for keyword in keywords if keyword.arg in ("src", "dst"))][:2]
        if not places:
            return
        for target, path, traits in self._paths(places[0]):
            # A link or a copy is a way to read what it is of
            self._add(node, "move" if effect.act == "move" else "read", target, traits, path)
        for target, path, traits in self._paths(places[1]) if len(places) > 1 else ():
            self._add(node, "write", target, traits, path)
            self._written.add(path)

    def _open(self, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any) -> None:
        if name == "pathlib.Path().open" and isinstance(node.func, ast.Attribute):
            argument, mode = node.func.value, arguments[0] if arguments else None
        else:
            mode = arguments[1] if len(arguments) > 1 else None
        mode = next((keyword.value for keyword in keywords if keyword.arg in ("mode", "flags")), mode)
        text = self._values.value(mode) if mode is not None else "r"
        if name == "os.open" and mode is not None:
            flags = {self._names.resolve(part) for part in ast.walk(mode) if isinstance(part, ast.Attribute)}
            text = "w" if flags & {"os.O_WRONLY", "os.O_RDWR", "os.O_CREAT", "os.O_TRUNC", "os.O_APPEND"} else "r"
        text = text if type(text) is str else "r"
        writes = any(letter in text for letter in "wax+")
        traits = effect.traits | (frozenset(("overwrite",)) if "w" in text else _NOTHING)
        for target, path, more in self._paths(argument):
            self._add(node, "write" if writes else "read", target, traits | more, path)
            if writes:
                self._written.add(path)

    def _path_or_url(self, effect: Effect, name: str, node: ast.Call, argument: Any, *rest: Any) -> None:
        for target, path, traits in self._paths(argument):
            if path.startswith(("http://", "https://", "ftp://", "s3://")):
                self._add(node, "download", target_of_url(path), _NOTHING, path)
            else:
                self._add(node, "read", target, traits, path)

    def _mode(self, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any) -> None:
        position = 0 if effect.position == -1 else 1
        mode = (
            arguments[position]
            if len(arguments) > position
            else next((k.value for k in keywords if k.arg == "mode"), None)
        )
        value = self._values.value(mode)
        flags = (
            {self._names.resolve(part) for part in ast.walk(mode) if isinstance(part, ast.Attribute)}
            if mode
            else set()
        )
        more: set[str] = set()
        if (type(value) is int and value & 0o6000) or flags & {"stat.S_ISUID", "stat.S_ISGID"}:
            more.add("setuid")
        if (type(value) is int and value & 0o002) or flags & {"stat.S_IWOTH", "stat.S_IRWXO"}:
            more.add("world")
        for target, path, traits in self._paths(argument):
            self._add(node, "change_mode", target, traits | more, path)

    def _timestamps(self, effect: Effect, name: str, node: ast.Call, argument: Any, *rest: Any) -> None:
        for target, path, traits in self._paths(argument):
            if target not in ("file", "temp"):
                self._add(node, "hide", target, traits, path)

    def _command(self, effect: Effect, name: str, node: ast.Call, argument: Any, *rest: Any) -> None:
        for command in self._values.candidates(argument):
            text = (
                command
                if type(command) is str
                else command.decode("utf-8", "replace")
                if type(command) is bytes
                else None
            )
            if text is not None and text.strip(f" {UNKNOWN}"):
                self._take(node, self._readers.shell(text))
                self._commands.append((node, text))
                if _SHELLS.match(text.strip()):
                    self._add(node, "run_process", "unknown", ("interactive",), text)
            elif type(command) is tuple:
                self._argv_of(node, command)
        traits = self._flows_into_command(argument) | effect.traits
        self._add(node, "run_process", "unknown", traits, name)

    def _flows_into_command(self, argument: ast.expr | None) -> frozenset[str]:
        """What flows into what is run. Data that a known program is given is not run."""
        flows = self._flow.into([argument]) & _RUN
        if flows & _FROM_OTHERS:
            commands = [command for command in self._values.candidates(argument) if type(command) is str]
            if commands and not any(command.lstrip().startswith(UNKNOWN) for command in commands):
                return flows - _FROM_OTHERS
        return flows

    def _argv(self, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any) -> None:
        traits = set(effect.traits)
        ends = [keyword.value for keyword in keywords if keyword.arg in ("stdin", "stdout", "stderr")]
        if "from_network" in self._flow.into(ends):
            traits.add("reverse")
        shell = any(keyword.arg == "shell" and self._values.value(keyword.value) for keyword in keywords)
        display = argument
        if isinstance(argument, ast.Name):
            bound = [
                value for value in self._names.values.get(argument.id, ()) if isinstance(value, (ast.List, ast.Tuple))
            ]
            display = bound[-1] if bound else argument
        if isinstance(display, (ast.List, ast.Tuple)):
            words = [self._values.text(word) for word in display.elts if not isinstance(word, ast.Starred)]
            self._argv_of(node, words)
            # Data in an argument is no code, if it is none for a shell or an interpreter.
            is_code = shell or (len(words) > 2 and words[1] in ("-c", "-e", "-Command", "/c", "/C", "-r"))
            flows = self._flow.into(display.elts[2:3] if is_code and not shell else display.elts[:1])
            traits |= flows & _RUN
        else:
            for command in self._values.candidates(argument):
                if type(command) is tuple:
                    self._argv_of(node, [word if type(word) is str else None for word in command])
                elif type(command) is str and command.strip(f" {UNKNOWN}"):
                    self._take(node, self._readers.shell(command))
                    self._commands.append((node, command))
                    if _SHELLS.match(command.strip()):
                        traits.add("interactive")
            traits |= self._flows_into_command(argument)
        self._add(node, "run_process", "unknown", traits, name)

    def _argv_of(self, node: ast.AST, words: Sequence[str | None]) -> None:
        if not words:
            return
        line = " ".join(word or UNKNOWN for word in words)
        self._take(node, self._readers.argv(words))
        self._commands.append((node, line))
        if _SHELLS.match(line):
            self._add(node, "run_process", "unknown", ("interactive",), line)

    def _words(self, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any) -> None:
        words = [self._values.text(word) for word in arguments[effect.position :]]
        if name.startswith(("os.exec", "os.spawn")):
            words = words[:1] + words[2:]
        self._argv_of(node, words)
        traits = self._flow.into(arguments[effect.position : effect.position + 1]) & _RUN
        self._add(node, "run_process", "unknown", traits, name)

    def _remote_command(self, effect: Effect, name: str, node: ast.Call, argument: Any, *rest: Any) -> None:
        for command in self._values.candidates(argument):
            if type(command) is str:
                self._take(node, self._readers.shell(command))
        self._add(node, "connect", "host", _NOTHING, name)

    def _code(self, effect: Effect, name: str, node: ast.Call, argument: Any, *rest: Any) -> None:
        if argument is None:
            return
        traits = self._flow.into([argument]) & _RUN | effect.traits
        programs = self._values.candidates(argument)
        for program in programs:
            text = (
                program
                if type(program) is str
                else program.decode("utf-8", "replace")
                if type(program) is bytes
                else ""
            )
            if text:
                self._take(node, self._readers.python(text.replace(UNKNOWN, "_unknown_").strip()))
        if not programs:
            traits |= frozenset(("dynamic",))
        self._add(node, "run_code", "unknown", traits, name)

    def _pickle(self, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any) -> None:
        flows = self._flow.into([argument])
        value = self._values.value(argument)
        data = value if type(value) is bytes else value.encode("utf-8", "replace") if type(value) is str else b""
        if _PICKLED_CALL.search(data) or b"!!python/" in data or b"py/reduce" in data:
            self._add(node, "run_code", "unknown", ("hidden",), name)
        elif flows & _PACKED and "from_file" not in flows and not name.startswith(_LOADERS_OF_DATA):
            self._add(node, "run_code", "unknown", flows & _PACKED, name)
        elif "marshal" in name:
            self._add(node, "run_code", "unknown", ("hidden",), name)
        else:
            self._add(node, "read", "file", _NOTHING, name)

    def _expression(self, effect: Effect, name: str, node: ast.Call, argument: Any, *rest: Any) -> None:
        for text in self._values.candidates(argument):
            if type(text) is str and _EXPRESSION_THAT_CLIMBS.search(text):
                self._add(node, "escape", "runtime", _NOTHING, text)

    def _url(self, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any) -> None:
        others = [other for other in arguments if other is not argument]
        others += [
            keyword.value
            for keyword in keywords
            if keyword.arg not in ("headers", "auth", "timeout", "cert", "proxies")
        ]
        flows = self._flow.into(others) & _CARRIED
        flows |= self._flow.into([argument]) & {"from_secret", "from_system", "from_screen"}
        act = effect.act
        if name.endswith(("urlopen", ".Request")) and (len(arguments) > 1 or any(k.arg == "data" for k in keywords)):
            act = "upload"
        if act == "upload" and not name.endswith(("post", "put", "patch")) and not others:
            act = "download"
        for url in self._values.candidates(argument) or [""]:
            text = url if type(url) is str else ""
            target = target_of_url(text)
            self._add(node, act, "host" if target == "unknown" else target, flows, text)
        if name.endswith(("urlretrieve", "download")) and others:
            self._written.add(self._values.text(others[0]) or "")

    def _host(self, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any) -> None:
        if isinstance(argument, (ast.Tuple, ast.List)):
            return self._address(effect, name, node, argument, arguments, keywords)
        flows = self._flow.into([argument]) & {"from_secret", "from_system"}
        if effect.act == "resolve" and "hidden" in self._flow.into([argument]):
            flows |= self._flow.into([argument]) & _CARRIED
        for host in self._values.candidates(argument) or [""]:
            text = host if type(host) is str else ""
            target = target_of_host(text)
            self._add(node, effect.act, "host" if target == "unknown" else target, flows | effect.traits, text)

    def _address(
        self, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any
    ) -> None:
        pair = argument
        if isinstance(argument, ast.Name):
            bound = [value for value in self._names.values.get(argument.id, ()) if isinstance(value, ast.Tuple)]
            pair = bound[-1] if bound else argument
        host = pair.elts[0] if isinstance(pair, (ast.Tuple, ast.List)) and pair.elts else None
        for text in self._values.candidates(host) or [""]:
            target = target_of_host(text) if type(text) is str and text else "unknown"
            self._add(node, effect.act, "host" if target == "unknown" else target, effect.traits, str(text))

    def _data(self, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any) -> None:
        flows = self._flow.into([*arguments, *(keyword.value for keyword in keywords)]) & _CARRIED
        self._add(node, effect.act, "host", flows, name)

    def _pid(self, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any) -> None:
        if len(arguments) > 1 and self._values.value(arguments[1]) == 0:
            return
        traits = set()
        if self._values.value(argument) == -1:
            traits.add("all")
        called = self._names.resolve(argument) if argument is not None else None
        flows = self._flow.into([argument])
        # Looked up by a name that stands there
        looked_up = "from_system" in flows and any(
            command.startswith(("pgrep", "pidof", "ps ")) and UNKNOWN not in command for _, command in self._commands
        )
        if called == "os.getppid()" or "bulk" in flows or looked_up:
            traits.add("bulk")
        if called != "os.getpid()":
            self._add(node, "kill", "process", traits, name)

    def _uid(self, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any) -> None:
        if any(self._values.value(value) == 0 for value in arguments):
            self._add(node, "become", "account", ("privileged",), name)

    def _sql(self, effect: Effect, name: str, node: ast.Call, argument: Any, *rest: Any) -> None:
        for text in self._values.candidates(argument):
            if type(text) is str and is_sql(text):
                self._take(node, read_sql(text))

    def _registry(self, effect: Effect, name: str, node: ast.Call, *rest: Any) -> None:
        starts = re.search(r"CurrentVersion\\+Run|Winlogon|\\+Services\\+", self._program, re.IGNORECASE)
        self._add(node, "configure", "startup" if starts else "system", ("persistent",) if starts else (), name)

    # What is no call of something well known.

    def _guess(self, node: ast.Call) -> None:
        """One password after another for the same host."""
        passwords = [keyword.value for keyword in node.keywords if keyword.arg in _PASSWORDS]
        hosts = node.args[:1]
        for value in (*node.args, *(keyword.value for keyword in node.keywords)):
            if isinstance(value, ast.Dict):
                passwords += [
                    item for key, item in zip(value.keys, value.values) if self._values.value(key) in _PASSWORDS
                ]
        if isinstance(node.func, ast.Attribute) and node.func.attr == "login":
            passwords, hosts = [*passwords, *node.args[1:2]], []
        if any(map(self._is_one_after_another, passwords)) and not any(map(self._is_one_after_another, hosts)):
            self._add(node, "guess", "account", ("bulk",))

    def _is_one_after_another(self, node: ast.AST) -> bool:
        while isinstance(node, (ast.Call, ast.Attribute)):
            node = node.func if isinstance(node, ast.Call) else node.value
        bound = self._names.values.get(node.id, ()) if isinstance(node, ast.Name) else ()
        return any(isinstance(value, Item) and value.place is None for value in bound)

    def _settings(self) -> None:
        """Variables of the environment that make programs load something."""
        for target in self._tree.settings:
            if self._names.resolve(target.value) == "os.environ":
                variable = self._values.value(target.slice)
                if variable in _LOADED:
                    self._add(target, "configure", "environment", ("persistent",), variable)
                elif variable in ("HISTFILE", "HISTSIZE", "HISTCONTROL"):
                    self._add(target, "hide", "history", (), variable)

    def _format(self, node: ast.Call) -> None:
        places = [node.func.value, *node.args[:1]] if isinstance(node.func, ast.Attribute) else []
        for place in places:
            for text in self._values.candidates(place):
                if type(text) is str and _FIELD_THAT_CLIMBS.search(text):
                    self._add(node, "escape", "runtime", _NOTHING, text)

    def _encrypt(self, node: ast.Call, name: str) -> None:
        flows = self._flow.into(node.args)
        if "from_file" in flows or flows & {"from_system", "from_secret"}:
            target = "system" if "from_system" in flows else "secret" if "from_secret" in flows else "file"
            self._add(node, "encrypt", target, flows & {"bulk"}, name)

    def _dup2(self, node: ast.Call, name: str) -> None:
        if "from_network" in self._flow.into(node.args):
            self._add(node, "run_process", "unknown", ("reverse", "interactive"), name)

    def _references(self) -> None:
        """Functions that are called without a call: by a decorator, or as a method that the language calls."""
        for node, value in self._tree.references:
            if isinstance(node, ast.Attribute) and node.attr in (
                "__code__",
                "__defaults__",
                "__closure__",
                "__class__",
            ):
                if node.attr == "__code__":
                    self._add(node, "escape", "runtime", _NOTHING, node.attr)
                continue
            if isinstance(value, ast.Call):
                continue
            resolved = self._names.resolve(value)
            effect = _effect(resolved) if resolved is not None else None
            if effect is not None and effect.act in ("run_code", "run_process", "load_native"):
                self._add(node, effect.act, "unknown", ("hidden",), resolved or "")

    def _climbs(self) -> None:
        """Attributes that lead out of what a program was given, alone or together."""
        climbs = self._tree.climbs
        looked_up = self._looked_up_names & CLIMBS
        if not climbs and not looked_up:
            return
        attributes = {node.attr for node in climbs} | looked_up
        frames = len(attributes & _FRAMES) > 1
        for node in climbs:
            name = node.attr
            if (
                name in _CERTAIN
                or (name == "__subclasses__" and (attributes & _HIERARCHY or self._is_builtin_type(node.value)))
                or (name in _FRAMES and frames and attributes & {"f_locals", "tb_frame"})
                or (name == "__self__" and self._names.resolve(node) == "builtins")
                or (
                    name == "load_module"
                    and (self._names.resolve(node.value) or "").endswith(("__loader__", "Importer"))
                )
            ):
                self._add(node, "escape", "runtime", _NOTHING, name)
            elif name == "__builtins__":
                self._add(node, "escape", "runtime", _NOTHING, name)
        if looked_up & (_CERTAIN | {"__subclasses__", "__builtins__"}) or len(looked_up & _HIERARCHY) > 1:
            self._add(self._tree.root, "escape", "runtime", ("hidden",), " ".join(sorted(looked_up)))

    def _is_builtin_type(self, node: ast.AST) -> bool:
        return self._names.resolve(node) in ("object", "type", "int", "str", "list", "dict", "tuple", "set", "bytes")

    def _pickles(self) -> None:
        """Methods that tell pickle what to call when it loads."""
        for name in ("__reduce__", "__reduce_ex__"):
            for function in self._names.functions.get(name, ()):
                for node in ast.walk(function):
                    value = node.value if isinstance(node, ast.Return) else None
                    if isinstance(value, ast.Tuple) and value.elts:
                        resolved = self._names.resolve(value.elts[0])
                        effect = _effect(resolved) if resolved is not None else None
                        if effect is not None and effect.act in _MAKE_THINGS_HAPPEN:
                            self._add(node, "run_code", "unknown", ("hidden",), resolved or "")
                            arguments = (
                                value.elts[1].elts
                                if len(value.elts) > 1 and isinstance(value.elts[1], ast.Tuple)
                                else []
                            )
                            call = ast.copy_location(ast.Call(value.elts[0], list(arguments), []), value)
                            self._apply(effect, resolved or "", call, list(arguments), [])

    def _loop(self, loop: ast.While) -> None:
        """A loop that neither ends nor waits uses up the machine."""
        calls = set()
        for node in ast.walk(loop):
            if isinstance(node, (ast.Break, ast.Return, ast.Raise, ast.Yield, ast.YieldFrom, ast.Await)):
                return
            if isinstance(node, ast.Call):
                function = node.func
                calls.add(getattr(function, "attr", None) or getattr(function, "id", ""))
        if not calls & _WAITS and calls <= _GROWS:
            self._add(loop, "exhaust", "runtime", ("bulk",), "while True")
        elif calls & _FLOODS and not calls & (_WAITS - _FLOODS):
            self._add(loop, "exhaust", "host", ("bulk",), "while True")

    def _run_what_was_fetched(self) -> None:
        if not self._commands or not any(fact.act == "download" for fact in self._facts):
            return
        written = [path for path in self._written if len(path) > 2 and path != UNKNOWN]
        for node, command in self._commands:
            if any(path in command for path in written):
                self._add(node, "run_process", "file", ("from_network",), command)


def _effect(name: str) -> Effect | None:
    effect = CALLS.get(name)
    if effect is None and "." not in name:
        # Taken out of a module's names by itself
        effect = CALLS.get(f"os.{name}") if name in ("system", "popen", "execv", "execl", "fork", "spawnl") else None
    return effect


_SPECIAL: dict[str, Callable[[_Reader, ast.Call, str], None]] = {"encrypt": _Reader._encrypt, "dup2": _Reader._dup2}
_APPLY: dict[str, Callable[..., None]] = {
    "path": _Reader._path,
    "two paths": _Reader._two_paths,
    "open": _Reader._open,
    "path or url": _Reader._path_or_url,
    "mode": _Reader._mode,
    "timestamps": _Reader._timestamps,
    "command": _Reader._command,
    "argv": _Reader._argv,
    "words": _Reader._words,
    "remote command": _Reader._remote_command,
    "code": _Reader._code,
    "pickle": _Reader._pickle,
    "expression": _Reader._expression,
    "url": _Reader._url,
    "host": _Reader._host,
    "address": _Reader._address,
    "data": _Reader._data,
    "pid": _Reader._pid,
    "uid": _Reader._uid,
    "sql": _Reader._sql,
    "registry": _Reader._registry,
}
