"""What calls of well-known functions do, to which paths, hosts and processes, with which commands and data."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from typing import Any

from .places import target_of_host, target_of_path, target_of_url
from .python_calls import CALLS, Effect
from .python_names import APPENDED
from .python_reading import Reading
from .python_values import UNKNOWN
from .sql_reader import is_sql, read_sql


_NOTHING: frozenset[str] = frozenset()
_CARRIED = frozenset(("from_secret", "from_system", "from_file", "from_screen", "hidden", "bulk"))
_RUN = frozenset(("from_network", "decoded", "hidden", "from_input"))
_PACKED = frozenset(("from_network", "decoded"))
_LOADERS_OF_DATA = ("yaml", "torch", "joblib", "pandas")
_FROM_OTHERS = frozenset(("from_network", "from_input"))
_SHELLS = re.compile(
    r"(?:/[\w/]*/)?(?:ba|z|da|k|c|tc|a|fi)?sh(?: -[il]+)*$|(?:cmd|powershell|pwsh)(?:\.exe)?$", re.IGNORECASE
)
# A program's settings, with what it needs to be let in
_IN_ITS_OWN_FOLDER = re.compile(r"(?:\./)?(?:(?:config|secrets|certs|keys)/)?\.?[\w-]+(?:\.\w+)*$")
_EXPRESSION_THAT_CLIMBS = re.compile(
    r"__\w+__|@\w+(?:\.\w+)*\.(?:os|sys|builtins|subprocess|read_pickle|eval)\b|\b(?:system|popen)\s*\("
)
_TEMPLATE_THAT_CLIMBS = re.compile(
    r"(?:\{[{%]|<%|\$\{|#\{).{0,200}?(?:__(?:subclasses|globals|builtins|mro|bases?|init|import|getattribute|dict|code|self)__"
    r"|\battr\(\s*[\"'][_\\]|\bos\s*\.\s*\w+\s*\(|\bpopen\b|\bimport\s+(?:os|subprocess)\b)",
    re.DOTALL,
)
_LONGEST_TEMPLATE = 20_000
# What gives somebody a prompt or takes what it runs from the network, when it is run as a program
_INTERACTIVE_MODULES = frozenset(
    ("code", "pdb", "idlelib", "IPython", "asyncio", "pip", "ensurepip", "bpython", "ptpython")
)
_PLACE_OF_OTHERS = re.compile(
    r"(?:git\+|hg\+)?(?:https?|ftp)://(?!(?:[\w.-]+\.)?(?:github\.com|gitlab\.com|pypi\.org|pythonhosted\.org|pytorch\.org|python\.org)/)"
)
_RANDOM = re.compile(r"(?:urandom|randbytes|token_bytes)\(\)$")
_PICKLED_CALL = re.compile(
    rb"(?:[ci](?:os|posix|nt|subprocess|builtins|__builtin__|sys|runpy|importlib|pty|shutil|socket|webbrowser|timeit|code|pdb)\n\w)"
    rb"|\x8c.(?:os|posix|nt|subprocess|builtins|__builtin__|pty|runpy|importlib)\x94"
)  # fmt: skip


def effect_of(name: str) -> Effect | None:
    """What a function does, by its name with dots; `None` if that is not known."""
    effect = CALLS.get(name)
    if effect is None and name.startswith("<module>."):  # Whatever module it is, this is what it is for
        function = name[9:]
        if function in (
            "system",
            "popen",
            "execv",
            "execve",
            "execl",
            "execvp",
            "spawnl",
            "check_output",
            "getoutput",
        ):
            return CALLS.get(f"os.{function}") or CALLS.get(f"subprocess.{function}")
    if effect is None and "." not in name:
        # Taken out of a module's names by itself
        effect = CALLS.get(f"os.{name}") if name in ("system", "popen", "execv", "execl", "fork", "spawnl") else None
    return effect


def apply(
    reading: Reading,
    effect: Effect,
    name: str,
    node: ast.Call,
    arguments: Sequence[ast.expr],
    keywords: Sequence[ast.keyword],
) -> None:
    if effect.position == -1:
        argument: ast.expr | None = node.func.value if isinstance(node.func, ast.Attribute) else None
    else:
        argument = arguments[effect.position] if effect.position < len(arguments) else None
        if argument is None and keywords:
            wanted = (effect.keyword, "args", "cmd", "path", "url", "file", "filename", "host", "source", "src")
            argument = next((keyword.value for keyword in keywords if keyword.arg in wanted), None)
    apply_to = _APPLY.get(effect.reads)
    if apply_to is None:
        reading.add(node, effect.act, effect.reads, effect.traits, name)
    else:
        apply_to(reading, effect, name, node, argument, arguments, keywords)


def _paths(reading: Reading, argument: ast.expr | None) -> list[tuple[str, str, frozenset[str]]]:
    """The targets, paths and traits that an argument stands for."""
    found = []
    for path in reading.values.candidates(argument):
        text = path if type(path) is str else path.decode("utf-8", "replace") if type(path) is bytes else None
        if text is not None:
            target = target_of_path(text)
            traits = frozenset(("bulk", "all")) if "*" in text else _NOTHING
            if target == "secret" and _IN_ITS_OWN_FOLDER.match(text):
                traits |= {"own"}
            found.append((target, text, traits))
    return found or [("file", "", frozenset(("dynamic",)))]


def _path(
    reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any
) -> None:
    if effect.act == "delete" and reading.flow.is_itself(argument):
        reading.add(node, "hide", "file", ("from_itself",), name)
    for target, path, traits in _paths(reading, argument):
        if effect.act == "load_native" and target not in ("temp", "kernel"):
            target = "file"
        # A path that somebody typed is how one says which file is meant
        carried = reading.flow.into([argument]) & _PACKED if effect.act in ("load_native", "run_code") else _NOTHING
        reading.add(node, effect.act, target, traits | effect.traits | carried, path)
        if effect.act == "write":
            reading.written.add(path)


def _two_paths(
    reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any
) -> None:
    places = [*arguments[:2], *(keyword.value for keyword in keywords if keyword.arg in ("src", "dst"))][:2]
    if not places:
        return
    for target, path, traits in _paths(reading, places[0]):
        # A link or a copy is a way to read what it is of
        reading.add(node, "move" if effect.act == "move" else "read", target, traits, path)
    for target, path, traits in _paths(reading, places[1]) if len(places) > 1 else ():
        reading.add(node, "write", target, traits, path)
        reading.written.add(path)


def _open(
    reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any
) -> None:
    if name == "pathlib.Path().open" and isinstance(node.func, ast.Attribute):
        argument, mode = node.func.value, arguments[0] if arguments else None
    else:
        mode = arguments[1] if len(arguments) > 1 else None
    mode = next((keyword.value for keyword in keywords if keyword.arg in ("mode", "flags")), mode)
    text = reading.values.value(mode) if mode is not None else "r"
    if name == "os.open" and mode is not None:
        flags = {reading.names.resolve(part) for part in ast.walk(mode) if isinstance(part, ast.Attribute)}
        text = "w" if flags & {"os.O_WRONLY", "os.O_RDWR", "os.O_CREAT", "os.O_TRUNC", "os.O_APPEND"} else "r"
    text = text if type(text) is str else "r"
    writes = any(letter in text for letter in "wax+")
    traits = effect.traits | (frozenset(("overwrite",)) if "w" in text else _NOTHING)
    for target, path, more in _paths(reading, argument):
        reading.add(node, "write" if writes else "read", target, traits | more, path)
        if writes:
            reading.written.add(path)


def _path_or_url(reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, *rest: Any) -> None:
    for target, path, traits in _paths(reading, argument):
        if path.startswith(("http://", "https://", "ftp://", "s3://")):
            reading.add(node, "download", target_of_url(path), _NOTHING, path)
        elif name == "numpy.load" and any(keyword.arg == "allow_pickle" for keyword in node.keywords):
            _pickle(reading, effect, name, node, node.args[0] if node.args else None, (), ())
        else:
            reading.add(node, "read", target, traits, path)


def _mode(
    reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any
) -> None:
    position = 0 if effect.position == -1 else 1
    mode = (
        arguments[position]
        if len(arguments) > position
        else next((k.value for k in keywords if k.arg == "mode"), None)
    )
    value = reading.values.value(mode)
    flags = (
        {reading.names.resolve(part) for part in ast.walk(mode) if isinstance(part, ast.Attribute)} if mode else set()
    )
    more: set[str] = set()
    if (type(value) is int and value & 0o6000) or flags & {"stat.S_ISUID", "stat.S_ISGID"}:
        more.add("setuid")
    if (type(value) is int and value & 0o002) or flags & {"stat.S_IWOTH", "stat.S_IRWXO"}:
        more.add("world")
    for target, path, traits in _paths(reading, argument):
        reading.add(node, "change_mode", target, traits | more, path)


def _timestamps(reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, *rest: Any) -> None:
    for target, path, traits in _paths(reading, argument):
        if target not in ("file", "temp"):
            reading.add(node, "hide", target, traits, path)


def _command(reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, *rest: Any) -> None:
    for command in reading.values.candidates(argument):
        text = (
            command if type(command) is str else command.decode("utf-8", "replace") if type(command) is bytes else None
        )
        if text is not None and text.strip(f" {UNKNOWN}"):
            reading.take(node, reading.readers.shell(text))
            reading.commands.append((node, text))
            if _SHELLS.match(text.strip()):
                reading.add(node, "run_process", "unknown", ("interactive",), text)
        elif type(command) is tuple:
            _argv_of(reading, node, command)
    traits = _flows_into_command(reading, argument) | effect.traits
    reading.add(node, "run_process", "unknown", traits, name)


def _flows_into_command(reading: Reading, argument: ast.expr | None) -> frozenset[str]:
    """What flows into what is run. Data that a known program is given is not run."""
    flows = reading.flow.into([argument]) & _RUN
    if flows & _FROM_OTHERS:
        commands = [command for command in reading.values.candidates(argument) if type(command) is str]
        if commands and not any(command.lstrip().startswith(UNKNOWN) for command in commands):
            return flows - _FROM_OTHERS
    return flows


def _argv(
    reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any
) -> None:
    traits = set(effect.traits)
    ends = [keyword.value for keyword in keywords if keyword.arg in ("stdin", "stdout", "stderr")]
    if "from_network" in reading.flow.into(ends):
        traits.add("reverse")
    shell = any(keyword.arg == "shell" and reading.values.value(keyword.value) for keyword in keywords)
    display = argument
    if isinstance(argument, ast.Name):
        lists = [
            value for value in reading.names.values.get(argument.id, ()) if isinstance(value, (ast.List, ast.Tuple))
        ]
        whole = [value for value in lists if value.ctx is not APPENDED]
        if whole:
            more = [word for value in lists if value.ctx is APPENDED for word in value.elts]
            display = ast.copy_location(ast.List([*whole[-1].elts, *more], ast.Load()), argument)
    if isinstance(display, (ast.List, ast.Tuple)):
        words = [reading.values.text(word) for word in display.elts if not isinstance(word, ast.Starred)]
        _argv_of(reading, node, words)
        # Data in an argument is no code, if it is none for a shell or an interpreter.
        is_code = shell or (len(words) > 2 and words[1] in ("-c", "-e", "-Command", "/c", "/C", "-r"))
        flows = reading.flow.into(display.elts[2:3] if is_code and not shell else display.elts[:1])
        traits |= flows & _RUN
    else:
        for command in reading.values.candidates(argument):
            if type(command) is tuple:
                _argv_of(reading, node, [word if type(word) is str else None for word in command])
            elif type(command) is str and command.strip(f" {UNKNOWN}"):
                reading.take(node, reading.readers.shell(command))
                reading.commands.append((node, command))
                if _SHELLS.match(command.strip()):
                    traits.add("interactive")
        traits |= _flows_into_command(reading, argument)
    reading.add(node, "run_process", "unknown", traits, name)


def _argv_of(reading: Reading, node: ast.AST, words: Sequence[str | None]) -> None:
    if not words:
        return
    line = " ".join(word or UNKNOWN for word in words)
    reading.take(node, reading.readers.argv(words))
    reading.commands.append((node, line))
    if _SHELLS.match(line):
        reading.add(node, "run_process", "unknown", ("interactive",), line)


def _words(
    reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any
) -> None:
    words = [reading.values.text(word) for word in arguments[effect.position :]]
    if name.startswith(("os.exec", "os.spawn")):
        words = words[:1] + words[2:]
    _argv_of(reading, node, words)
    traits = reading.flow.into(arguments[effect.position : effect.position + 1]) & _RUN
    reading.add(node, "run_process", "unknown", traits, name)


def _remote_command(reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, *rest: Any) -> None:
    for command in reading.values.candidates(argument):
        if type(command) is str:
            reading.take(node, reading.readers.shell(command))
    reading.add(node, "connect", "host", _NOTHING, name)


def _code(reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, *rest: Any) -> None:
    setups = [keyword.value for keyword in node.keywords if keyword.arg == "setup"]
    if argument is None and not setups:
        return
    traits = reading.flow.into([argument, *setups]) & _RUN | effect.traits
    programs = [
        program for part in (argument, *setups) if part is not None for program in reading.values.candidates(part)
    ]
    for program in programs:
        text = (
            program if type(program) is str else program.decode("utf-8", "replace") if type(program) is bytes else ""
        )
        if text:
            reading.take(node, reading.readers.python(text.replace(UNKNOWN, "_unknown_").strip()))
    if not programs:
        traits |= frozenset(("dynamic",))
    reading.add(node, "run_code", "unknown", traits, name)


def _compiled(reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, *rest: Any) -> None:
    """What is compiled is mostly run elsewhere; nobody compiles what somebody types for anything else."""
    if isinstance(argument, ast.Call) and reading.names.resolve(argument.func) in ("input", "raw_input"):
        reading.add(node, "run_code", "unknown", ("from_input",), name)


def _module(reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, *rest: Any) -> None:
    for module in reading.values.candidates(argument):
        if type(module) is str and module.partition(".")[0] in _INTERACTIVE_MODULES:
            reading.add(node, "run_code", "unknown", ("from_input",), module)


def _pip(reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, *rest: Any) -> None:
    for words in reading.values.candidates(argument):
        if type(words) is tuple and any(type(word) is str and _PLACE_OF_OTHERS.match(word) for word in words):
            reading.add(node, "run_code", "package", ("from_network",), name)
    reading.add(node, effect.act, "package", _NOTHING, name)


_OF_THE_HOST = re.compile(r"^(?:/|/(?:etc|root|home|proc|var/run/docker\.sock|run/docker\.sock)/?)(?::|$)")


def _container(reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, *rest: Any) -> None:
    for keyword in node.keywords:
        given = keyword.value
        if keyword.arg == "privileged" and isinstance(given, ast.Constant) and given.value is True:
            reading.add(node, "escape", "container", _NOTHING, name)
        elif keyword.arg in ("volumes", "binds"):
            places = given.keys if isinstance(given, ast.Dict) else given.elts if isinstance(given, ast.List) else []
            if any(_OF_THE_HOST.match(reading.values.text(place) or "") for place in places):
                reading.add(node, "escape", "container", _NOTHING, name)


def _drop(reading: Reading, effect: Effect, name: str, node: ast.Call, *rest: Any) -> None:
    """Whoever makes the tables again, starts afresh, as examples and tests do."""
    if not reading.has("create_all("):
        reading.add(node, effect.act, "database", effect.traits, name)


def _tcl(reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, *rest: Any) -> None:
    for text in reading.values.candidates(argument):
        if type(text) is str and text.lstrip().startswith("exec "):
            command = text.lstrip().removeprefix("exec ").strip()
            reading.take(node, reading.readers.shell(command))
            traits = ("interactive",) if _SHELLS.match(command) else ()
            reading.add(node, "run_process", "unknown", traits, name)


def _pickle(
    reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any
) -> None:
    flows = reading.flow.into([argument])
    value = reading.values.value(argument)
    data = value if type(value) is bytes else value.encode("utf-8", "replace") if type(value) is str else b""
    if _PICKLED_CALL.search(data) or b"!!python/" in data or b"py/reduce" in data:
        reading.add(node, "run_code", "unknown", ("hidden",), name)
    elif flows & _PACKED and "from_file" not in flows and not name.startswith(_LOADERS_OF_DATA):
        reading.add(node, "run_code", "unknown", flows & _PACKED, name)
    else:
        reading.add(node, "read", "file", _NOTHING, name)


def _expression(reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, *rest: Any) -> None:
    for text in reading.values.candidates(argument):
        if type(text) is str and _EXPRESSION_THAT_CLIMBS.search(text):
            reading.add(node, "escape", "runtime", _NOTHING, text)


def _evaluated(reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, *rest: Any) -> None:
    for text in reading.values.candidates(argument):
        if type(text) is str and len(text) > 3:
            if _EXPRESSION_THAT_CLIMBS.search(text):
                reading.add(node, "escape", "runtime", _NOTHING, text)
            reading.take(node, reading.readers.python(text))


def _template(reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, *rest: Any) -> None:
    for text in reading.values.candidates(argument):
        if type(text) is str and _TEMPLATE_THAT_CLIMBS.search(text, 0, _LONGEST_TEMPLATE):
            reading.add(node, "escape", "runtime", _NOTHING, text)


def _url(
    reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any
) -> None:
    others = [other for other in arguments if other is not argument]
    others += [
        keyword.value for keyword in keywords if keyword.arg not in ("headers", "auth", "timeout", "cert", "proxies")
    ]
    flows = reading.flow.into(others) & _CARRIED
    flows |= reading.flow.into([argument]) & {"from_secret", "from_system", "from_screen"}
    act = effect.act
    if name.endswith(("urlopen", ".Request")) and (len(arguments) > 1 or any(k.arg == "data" for k in keywords)):
        act = "upload"
    if act == "upload" and not name.endswith(("post", "put", "patch")) and not others:
        act = "download"
    for url in reading.values.candidates(argument) or [""]:
        text = url if type(url) is str else ""
        target = target_of_url(text)
        reading.add(node, act, "host" if target == "unknown" else target, flows, text)
    if name.endswith(("urlretrieve", "download")) and others:
        reading.written.add(reading.values.text(others[0]) or "")


def _host(
    reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any
) -> None:
    if isinstance(argument, (ast.Tuple, ast.List)):
        return _address(reading, effect, name, node, argument, arguments, keywords)
    flows = reading.flow.into([argument]) & {"from_secret", "from_system"}
    if effect.act == "resolve" and "hidden" in reading.flow.into([argument]):
        flows |= reading.flow.into([argument]) & _CARRIED
    for host in reading.values.candidates(argument) or [""]:
        text = host if type(host) is str else ""
        target = target_of_host(text)
        reading.add(node, effect.act, "host" if target == "unknown" else target, flows | effect.traits, text)


def _address(
    reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any
) -> None:
    pair = argument
    if isinstance(argument, ast.Name):
        bound = [value for value in reading.names.values.get(argument.id, ()) if isinstance(value, ast.Tuple)]
        pair = bound[-1] if bound else argument
    host = pair.elts[0] if isinstance(pair, (ast.Tuple, ast.List)) and pair.elts else None
    for text in reading.values.candidates(host) or [""]:
        target = target_of_host(text) if type(text) is str and text else "unknown"
        reading.add(node, effect.act, "host" if target == "unknown" else target, effect.traits, str(text))


def _data(
    reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any
) -> None:
    flows = reading.flow.into([*arguments, *(keyword.value for keyword in keywords)]) & _CARRIED
    reading.add(node, effect.act, "host", flows, name)
    if name.endswith(".sendto") and arguments and _RANDOM.search(reading.names.resolve(arguments[0]) or ""):
        reading.add(node, "exhaust", "host", ("bulk",), name)  # Nobody makes anything of noise


def _pid(
    reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any
) -> None:
    if len(arguments) > 1 and reading.values.value(arguments[1]) == 0:
        return
    traits = set()
    if reading.values.value(argument) == -1:
        traits.add("all")
    called = reading.names.resolve(argument) if argument is not None else None
    flows = reading.flow.into([argument])
    # Looked up by a name that stands there
    looked_up = "from_system" in flows and any(
        command.startswith(("pgrep", "pidof", "ps ")) and UNKNOWN not in command for _, command in reading.commands
    )
    if called == "os.getppid()" or "bulk" in flows or looked_up:
        traits.add("bulk")
    if called != "os.getpid()":
        reading.add(node, "kill", "process", traits, name)


def _uid(
    reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, arguments: Any, keywords: Any
) -> None:
    if any(reading.values.value(value) == 0 for value in arguments):
        reading.add(node, "become", "account", ("privileged",), name)


def _sql(reading: Reading, effect: Effect, name: str, node: ast.Call, argument: Any, *rest: Any) -> None:
    for text in reading.values.candidates(argument):
        if type(text) is str and is_sql(text):
            reading.take(node, read_sql(text))


_STARTED_BY_REGISTRY = re.compile(r"CurrentVersion\\+Run|Winlogon|\\+Services\\+", re.IGNORECASE)


def _registry(reading: Reading, effect: Effect, name: str, node: ast.Call, *rest: Any) -> None:
    starts = reading.has(_STARTED_BY_REGISTRY)
    reading.add(node, "configure", "startup" if starts else "system", ("persistent",) if starts else (), name)


_APPLY: dict[str, Callable[..., None]] = {
    "path": _path,
    "two paths": _two_paths,
    "open": _open,
    "path or url": _path_or_url,
    "mode": _mode,
    "timestamps": _timestamps,
    "command": _command,
    "argv": _argv,
    "words": _words,
    "remote command": _remote_command,
    "code": _code,
    "pickle": _pickle,
    "expression": _expression,
    "evaluated": _evaluated,
    "template": _template,
    "compiled": _compiled,
    "module": _module,
    "pip": _pip,
    "tcl": _tcl,
    "drop": _drop,
    "container": _container,
    "url": _url,
    "host": _host,
    "address": _address,
    "data": _data,
    "pid": _pid,
    "uid": _uid,
    "sql": _sql,
    "registry": _registry,
}
