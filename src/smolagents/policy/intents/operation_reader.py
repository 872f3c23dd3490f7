"""Reads operations: what `operations.py` announces is exact, and so is this."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .facts import Fact
from .places import target_of_host, target_of_path, target_of_url


if TYPE_CHECKING:
    from .readers import Readers


_Arguments = Mapping[str, Any]

_SET_USER = 0o6000
_WORLD_WRITES = 0o002
_LONGEST_TEXT = 200
_LOADS_CODE = frozenset(
    ("LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "BASH_ENV", "PYTHONSTARTUP")
)
_HISTORY = frozenset(("HISTFILE", "HISTSIZE", "HISTFILESIZE"))
_AUTORUN = re.compile(r"(?i)\\(?:run(?:once)?|winlogon|services|image file execution options)(?:\\|$)")


def read_operation(name: str, arguments: Mapping[str, Any], readers: Readers) -> list[Fact]:
    """What an operation does. The facts say in `where` which argument they are from.

    Args:
        name (`str`): Its name, as in docs/operations.md.
        arguments (`Mapping[str, Any]`): Its arguments by name. What the program could have defined itself is opaque,
            and not read.
        readers (`Readers`): For commands, and for code that is compiled.
    """
    read = _OPERATIONS.get(name)
    return read(arguments, readers) if read else []


def _text(arguments: _Arguments, key: str) -> str:
    value = arguments.get(key)
    return value if type(value) is str else ""


def _fact(act: str, target: str, traits: tuple[str, ...], text: str, key: str) -> Fact:
    return Fact(act, target, frozenset(traits), text[:_LONGEST_TEXT], None, text[:_LONGEST_TEXT], f"arguments.{key}")


def _process(arguments: _Arguments, readers: Readers) -> list[Fact]:
    command = arguments.get("command")
    facts: list[Fact] = []
    if type(command) is str:
        facts = readers.shell(command)
    elif isinstance(command, (list, tuple)) and type(command) in (list, tuple):
        words = [word if type(word) is str else None for word in command]
        executable = _text(arguments, "executable")
        if (
            executable
            and words
            and words[0] is not None
            and os.path.basename(executable) != os.path.basename(words[0])
        ):
            words[0] = executable  # The name that a program is told is not what is run
        facts = readers.argv(words)
    elif _text(arguments, "executable"):
        facts = readers.argv([_text(arguments, "executable")])
    if not facts:
        return [
            Fact(
                "run_process",
                text=str(command)[:_LONGEST_TEXT] if type(command) is str else "",
                where="arguments.command",
            )
        ]
    return [fact._replace(where="arguments.command") for fact in facts]


def _on_path(act: str) -> Callable[[_Arguments, Readers], list[Fact]]:
    def read(arguments: _Arguments, readers: Readers) -> list[Fact]:
        path = _text(arguments, "path")
        return [_fact(act, target_of_path(path), (), path, "path")]

    return read


def _write(arguments: _Arguments, readers: Readers) -> list[Fact]:
    path, mode = _text(arguments, "path"), _text(arguments, "mode")
    return [_fact("write", target_of_path(path), ("overwrite",) if "w" in mode else (), path, "path")]


def _rename(arguments: _Arguments, readers: Readers) -> list[Fact]:
    source, destination = _text(arguments, "source"), _text(arguments, "destination")
    act = "move" if arguments.get("how") == "rename" else "read"
    return [
        _fact(act, target_of_path(source), (), source, "source"),
        _fact("write", target_of_path(destination), (), destination, "destination"),
    ]


def _mode(arguments: _Arguments, readers: Readers) -> list[Fact]:
    path, change, values = _text(arguments, "path"), arguments.get("change"), arguments.get("values")
    target = target_of_path(path)
    if change == "chmod" and type(values) in (list, tuple) and values and type(values[0]) is int:
        mode = values[0]
        traits = (("setuid",) if mode & _SET_USER else ()) + (("world",) if mode & _WORLD_WRITES else ())
        # What takes or keeps rights, rather than giving them away, is ordinary
        target = target if traits or target == "authority" else "file"
        return [_fact("change_mode", target, traits, path, "path")]
    if change in ("chown", "chflags"):
        return [_fact("change_mode", target, (), path, "path")]
    return [_fact("change_mode", "file", (), path, "path")] if change != "lockf" else []


def _connect(arguments: _Arguments, readers: Readers) -> list[Fact]:
    host = _text(arguments, "host")
    if host:
        return [_fact("connect", target_of_host(host), (), host, "host")]
    path = _text(arguments, "address")
    target = target_of_path(path) if path else "unknown"
    return [_fact("connect", target, (), path, "address")] if target == "container" else []


def _bind(arguments: _Arguments, readers: Readers) -> list[Fact]:
    host = _text(arguments, "host")
    outside = host in ("", "0.0.0.0", "::")
    return [_fact("listen", "host" if outside else target_of_host(host), ("world",) if outside else (), host, "host")]


def _resolve(arguments: _Arguments, readers: Readers) -> list[Fact]:
    host = _text(arguments, "host")
    return [_fact("resolve", target_of_host(host), (), host, "host")] if host else []


def _url(arguments: _Arguments, readers: Readers) -> list[Fact]:
    url, method = _text(arguments, "url"), _text(arguments, "method").upper()
    if url[:5].lower() == "file:":
        return [_fact("read", target_of_url(url), (), url, "url")]
    return [_fact("upload" if method in ("POST", "PUT", "PATCH") else "connect", target_of_url(url), (), url, "url")]


def _native(arguments: _Arguments, readers: Readers) -> list[Fact]:
    path = _text(arguments, "path")
    return [
        _fact(
            "load_native", target_of_path(path) if path else "unknown", (), path or _text(arguments, "symbol"), "path"
        )
    ]


def _compile(arguments: _Arguments, readers: Readers) -> list[Fact]:
    source = _text(arguments, "source")
    return [fact._replace(where="arguments.source") for fact in readers.python(source)] if source else []


def _signal(arguments: _Arguments, readers: Readers) -> list[Fact]:
    target, signal = arguments.get("target"), arguments.get("signal")
    if signal == 0 or target in (0, os.getpid()):
        return []
    return [
        _fact("kill", "service" if target == 1 else "process", ("all",) if target == -1 else (), str(target), "target")
    ]


def _environment(arguments: _Arguments, readers: Readers) -> list[Fact]:
    name, value = _text(arguments, "name"), _text(arguments, "value")
    if name in _LOADS_CODE and value:
        return [_fact("configure", "environment", ("persistent",), name, "name")]
    if name in _HISTORY and value in ("", "0", "/dev/null"):
        return [_fact("hide", "history", (), name, "name")]
    return []


def _other(arguments: _Arguments, readers: Readers) -> list[Fact]:
    event, values = _text(arguments, "event"), arguments.get("arguments")
    if event.startswith("winreg.") and event.rpartition(".")[2] in (
        "SetValue",
        "CreateKey",
        "DeleteKey",
        "DeleteValue",
        "LoadKey",
    ):
        words = (
            [value for value in values if type(value) is str]
            if isinstance(values, (list, tuple)) and type(values) in (list, tuple)
            else []
        )
        key = "\\" + "\\".join(words)
        if _AUTORUN.search(key):
            return [_fact("configure", "startup", ("persistent",), key, "arguments")]
        return [_fact("configure", "system", (), key, "arguments")]
    if event == "winreg.SaveKey":
        return [_fact("read", "authority", (), event, "arguments")]
    if event == "_winapi.TerminateProcess":
        return [_fact("kill", "process", (), event, "event")]
    return []


def _inspect(arguments: _Arguments, readers: Readers) -> list[Fact]:
    event = _text(arguments, "event")
    return [_fact("inspect", "runtime", (), event, "event")]


_OPERATIONS: dict[str, Callable[[_Arguments, Readers], list[Fact]]] = {
    "process.run": _process,
    "file.read": _on_path("read"),
    "file.write": _write,
    "file.delete": _on_path("delete"),
    "file.rename": _rename,
    "file.mode": _mode,
    "dir.list": _on_path("list"),
    "net.connect": _connect,
    "net.bind": _bind,
    "net.resolve": _resolve,
    "url.open": _url,
    "native.load": _native,
    "code.compile": _compile,
    "signal.send": _signal,
    "env.set": _environment,
    "runtime.inspect": _inspect,
    "other": _other,
}
