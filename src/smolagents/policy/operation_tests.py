"""The `operations` section, compiled: what it says about an effect of generated code."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from smolagents.hooks import ToolExecution
from smolagents.operation_events import UNANNOUNCED_MODULES

from .condition_tests import Test, compile_condition, find
from .conditions import Condition
from .decision import Reason
from .errors import excerpt
from .hosts import addresses_of
from .leaves import leaves
from .operations import Operations


# The arguments that say what an operation is done to. All of them have to meet an entry's condition.
SUBJECTS = {
    "process.run": ("command", "executable"),
    "file.read": ("path",),
    "file.write": ("path",),
    "file.delete": ("path",),
    "file.rename": ("source", "destination"),
    "file.mode": ("path",),
    "dir.list": ("path",),
    "net.connect": ("host",),
    "net.bind": ("host",),
    "net.resolve": ("host",),
    "url.open": ("url",),
    "module.import": ("name",),
    "native.load": ("path",),
    "code.compile": ("source",),
    "code.exec": ("code",),
    "thread.start": ("name",),
    "signal.send": ("target",),
    "env.set": ("name",),
    "other": ("event",),
}


class OperationTests:
    """The entries of one policy. Immutable, and safe to use from several threads.

    Args:
        operations ([`Operations`]): The section.
        called (`str`): What messages call the policy.
    """

    def __init__(self, operations: Operations, called: str):
        self._default = operations.default
        self._called = called
        # Generated code can change `os.environ` without the environment, and thus without being asked about.
        self._environment = dict(os.environ)
        self._actions: dict[str, Any] = {}
        self._tests: dict[str, Test] = {}
        self._named_modules: frozenset[str] = frozenset()
        for name, entry in operations.entries().items():
            if isinstance(entry, Condition):
                # Libraries look a name up first and connect to the address that they were given.
                self._tests[name] = compile_condition(entry, addresses_of if name == "net.connect" else None)
            else:
                self._actions[name] = entry
        imports = operations.entries().get("module.import")
        if isinstance(imports, Condition):
            self._named_modules = frozenset(literals(imports))

    def reasons(self, execution: ToolExecution, *, is_granted: bool) -> Iterator[Reason]:
        """What the section says about an operation.

        Args:
            is_granted (`bool`): Whether a rule lets it happen if nothing here speaks of it.
        """
        name = execution.name
        entry = f"operations.{name}"
        if name in self._actions:
            action = self._actions[name]
            yield Reason(action, "operation", entry, action, f"{self._called} says so ({entry}: {action})")
        elif name in self._tests:
            yield self._tested(execution, self._tests[name])
        elif self._default == "deny" and not is_granted:
            message = f"{self._called} does not allow it (operations has no entry {name}, and its `default` is deny)"
            yield Reason("deny", "operation", "operations.default", "deny", message)
        if name == "module.import" and self._default == "deny":
            yield from self._unannounced(execution.arguments.get("name"))

    def _tested(self, execution: ToolExecution, test: Test) -> Reason:
        entry = f"operations.{execution.name}"
        where = None
        for name, value in _subjects(execution):
            where = f"arguments.{name}"
            if find(test, leaves(where, value), "allow") is None:
                message = f"{where} is not what {self._called} allows ({entry})"
                return Reason("deny", "operation", entry, "deny", message, where)
        if execution.name == "process.run" and (stray := _stray_surroundings(execution.arguments, self._environment)):
            name, what = stray
            message = f"{what}, and what {self._called} allows is a command in this process's own ({entry})"
            return Reason("deny", "operation", entry, "deny", message, f"arguments.{name}")
        return Reason("allow", "operation", entry, "allow", f"{self._called} allows it ({entry})", where)

    def _unannounced(self, module: Any) -> Iterator[Reason]:
        """What a module does that CPython announces to nobody, nobody can deny: only its import."""
        if type(module) is not str or module in self._named_modules:
            return
        parent = next((each for each in UNANNOUNCED_MODULES if f"{module}.".startswith(f"{each}.")), None)
        if parent is not None:
            message = (
                f"the module {excerpt(module)} {UNANNOUNCED_MODULES[parent]}, and no policy is asked about that; "
                f"{self._called} does not name it (operations.module.import)"
            )
            yield Reason("deny", "operation", "operations.module.import", module, message, "arguments.name")


def _subjects(execution: ToolExecution) -> Iterator[tuple[str, Any]]:
    """What an operation is done to, by the arguments' names, in the form that a condition is about."""
    arguments = execution.arguments
    for name in SUBJECTS[execution.name]:
        value = arguments.get(name)
        if execution.name == "process.run":
            if name == "executable" and (value is None or value == _program(arguments.get("command"))):
                continue
            value = _command_line(value)
        elif name == "source" and arguments.get("how") == "symlink":
            value = _link_target(value, arguments.get("destination"))
        yield name, value


def _stray_surroundings(arguments: Mapping[str, Any], own: Mapping[str, str]) -> tuple[str, str] | None:
    """Which argument of a command has it run elsewhere than in the folder and the environment of this process, and
    what that is. There the same words are another command: `cat notes.txt`, or `git status` with a setting of git
    that names a program."""
    folder, environment = arguments.get("cwd"), arguments.get("env")
    if folder is not None and not (type(folder) is str and os.path.realpath(folder) == os.path.realpath(os.curdir)):
        return "cwd", "the command would run in another folder"
    if environment is None:
        return None
    variables = _texts_of(environment)
    if variables is None or not variables.items() <= own.items():
        return "env", "the command would run with other environment variables"
    return None


def _texts_of(environment: Any) -> dict[str, str] | None:
    """Environment variables as texts; `None` if one of them is neither that nor bytes."""
    if not isinstance(environment, Mapping):
        return None
    items = [part for item in environment.items() for part in item]
    if not all(type(part) in (str, bytes) for part in items):
        return None
    return {os.fsdecode(name): os.fsdecode(value) for name, value in environment.items()}


def _program(command: Any) -> Any:
    """The program that a command starts, unless it is told to start another under that name."""
    return command[0] if type(command) is tuple and command else command


def _command_line(command: Any) -> Any:
    """A command as one text. A word with spaces in it is in quotes: without them it would say what is not run."""
    if type(command) is tuple and all(type(word) is str for word in command):
        return shlex.join(command)
    return command


def _link_target(source: Any, destination: Any) -> Any:
    """What a symbolic link leads to: it counts from the folder that the link is in."""
    if type(source) is str and type(destination) is str:
        return os.path.join(os.path.dirname(destination), source)
    return source


def literals(condition: Condition) -> Iterator[str]:
    """The texts that a condition names one by one."""
    choices: Iterable[Any] = (condition.equals, *(condition.one_of or ()))
    yield from (choice for choice in choices if type(choice) is str)
    for part in (*(condition.any_ or ()), *(condition.all_ or ())):
        yield from literals(part)
