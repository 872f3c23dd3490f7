"""Says what an execution is for."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from types import MappingProxyType
from typing import Any

from .call_reader import read_call
from .facts import Fact, placed
from .intent import Intent
from .operation_reader import read_operation
from .readers import Readers
from .scoring import score
from .words import read_words


# Tools whose argument of one of these names is a program, or a command.
_PYTHON_TOOLS = frozenset(
    (
        *(
            "python_interpreter",
            "python",
            "python3",
            "python_repl",
            "python_code",
            "python_executor",
            "execute_python",
        ),
        *("run_python", "exec_python", "ipython", "jupyter", "code_interpreter", "execute_code", "run_code", "code"),
        *("python_interpreter_tool", "execute_python_code", "run_python_code", "pythonrepl", "pythoninterpreter"),
    )
)
_SHELL_TOOLS = frozenset(
    (
        *("bash", "shell", "sh", "zsh", "terminal", "run_command", "execute_command", "run_shell", "run_bash", "exec"),
        *("shell_command", "run_shell_command", "execute_bash", "execute_shell", "bash_tool", "shell_tool", "command"),
        *("run_terminal_cmd", "execute_shell_command", "cmd", "powershell", "pwsh", "console", "command_line"),
    )
)
_PYTHON_ARGUMENTS = frozenset(("code", "program", "script", "source", "python_code", "query", "input"))
_SHELL_ARGUMENTS = frozenset(("command", "cmd", "commands", "script", "code", "input", "command_line"))
# Arguments of any tool that are a command also as a list of its words
_COMMAND_LISTS = frozenset(("command", "cmd", "commands", "cmds", "command_line", "commandline"))
_OPERATIONS = frozenset(
    (
        *(
            "process.run",
            "file.read",
            "file.write",
            "file.delete",
            "file.rename",
            "file.mode",
            "dir.list",
            "net.connect",
        ),
        *("net.bind", "net.resolve", "url.open", "module.import", "code.compile", "code.exec", "native.load"),
        *("thread.start", "signal.send", "env.set", "runtime.inspect", "other"),
    )
)

_SETS = (frozenset, set)
_LISTS = (tuple, list, *_SETS)
_DICTS = (MappingProxyType, dict)


def classify(name: str, arguments: Mapping[str, Any]) -> Intent:
    """What an execution is for.

    Args:
        name (`str`): The name of the tool, or of the operation; `python_interpreter` for code.
        arguments (`Mapping[str, Any]`): Its arguments by name. Of values that are no plain data, nothing is read.

    Returns:
        [`Intent`]: Never raises: what no parser understands is read by its words.
    """
    try:
        return score(_facts(name, _plain(arguments)))
    except Exception:
        return score(placed(read_words(name), "name") + _words(arguments))


def classify_words(arguments: Mapping[str, Any]) -> Intent:
    """What the words of arguments speak of doing: for what is neither a program nor a call, such as a task.

    Args:
        arguments (`Mapping[str, Any]`): Texts, or plain data with texts in it, by name.

    Returns:
        [`Intent`]: Never raises.
    """
    return score(_words(arguments))


def _words(arguments: Mapping[str, Any]) -> list[Fact]:
    found = [(f"arguments.{key}", text) for key in arguments for text in _texts(arguments[key])]
    return [fact for where, text in found for fact in placed(read_words(text), where)]


def _texts(value: Any) -> Iterator[str]:
    """Every text in plain data, once if it is in a container that is there several times."""
    waiting, seen = [value], set()
    while waiting:
        value = waiting.pop()
        kind = type(value)
        if kind is str:
            yield value
        elif kind is bytes:
            yield value.decode("utf-8", "replace")
        elif id(value) not in seen and (kind in _LISTS or kind in _DICTS):
            seen.add(id(value))
            waiting += reversed([*chain.from_iterable(value.items())] if kind in _DICTS else [*value])


def _plain(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What hooks see frozen, as the containers that readers know; of bytes, the text in them.

    However deep it is nested. A container that is there several times is made once.
    """
    made: dict[int, Any] = {}
    waiting: list[tuple[Any, Any]] = []

    def plain(value: Any) -> Any:
        kind = type(value)
        if kind is bytes:
            return value.decode("utf-8", "replace")
        if kind not in _LISTS and kind not in _DICTS:
            return value
        known = made.get(id(value))
        if known is None:
            known = made[id(value)] = [] if kind in _LISTS else {}
            waiting.append((value, known))
        return known

    result = {key: plain(value) for key, value in arguments.items()}
    while waiting:
        value, container = waiting.pop()
        if type(container) is dict:
            container.update((key, plain(item)) for key, item in value.items())
        else:
            container += map(plain, _in_order(value) if type(value) in _SETS else value)
    return result


def _in_order(items: set[Any] | frozenset[Any]) -> list[Any]:
    """Items of a set, of which texts are in the same order in every process."""
    return sorted(items, key=lambda item: item if type(item) is str else "")


def _facts(name: str, arguments: Mapping[str, Any]) -> list[Fact]:
    readers = Readers()
    if name in _OPERATIONS:
        return read_operation(name, arguments, readers)
    tool = name.lower().replace("-", "_")
    read: Callable[[str], list[Fact]]
    if tool in _PYTHON_TOOLS:
        programs, read = _PYTHON_ARGUMENTS, readers.python
    elif tool in _SHELL_TOOLS:
        programs, read = _SHELL_ARGUMENTS, readers.shell
        arguments = {key: _joined(value) if key in programs else value for key, value in arguments.items()}
    else:
        joined = {key: _joined(value) if key.lower() in _COMMAND_LISTS else value for key, value in arguments.items()}
        return read_call(name, joined, readers)
    texts = {key: value for key, value in arguments.items() if key in programs and type(value) is str}
    facts = [fact for key, text in texts.items() for fact in placed(read(text), f"arguments.{key}")]
    others = {key: value for key, value in arguments.items() if key not in texts}
    return facts + read_call(name, others, readers) if others else facts


def _joined(command: Any) -> Any:
    """A command that is given as a list, as one text."""
    if type(command) is not list or not command or not all(type(word) is str for word in command):
        return command
    # The words of one command, or several commands: the list does not say, so it is read as both.
    return "\n".join((shlex.join(command), *(word for word in command if " " in word)))
