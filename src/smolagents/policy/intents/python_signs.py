"""What a program does without a call of something well known: attributes that lead out, pickles, endless loops."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import partial

from .python_calls import CLIMBS
from .python_effects import apply, effect_of
from .python_names import Item
from .python_reading import Reading
from .python_values import UNKNOWN


_NOTHING: frozenset[str] = frozenset()
_MAKE_THINGS_HAPPEN = frozenset(("run_code", "run_process", "delete", "load_native", "kill", "escape", "become"))
_PASSWORDS = frozenset(("password", "passwd", "pwd", "pass", "passphrase"))
_LOADED = frozenset(("LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "BASH_ENV", "PROMPT_COMMAND", "PYTHONSTARTUP"))
# A module's or a class's name is often printed
_FIELD_THAT_CLIMBS = re.compile(
    r"\{(?![^{}._]*(?:\.__class__)?\.__(?:name|module|qualname|doc)__[^{}._\[]*\})[^{}]*[.\[]_"
)
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


def guess(reading: Reading, node: ast.Call) -> None:
    """One password after another for the same host."""
    passwords = [keyword.value for keyword in node.keywords if keyword.arg in _PASSWORDS]
    hosts = node.args[:1]
    for value in (*node.args, *(keyword.value for keyword in node.keywords)):
        if isinstance(value, ast.Dict):
            passwords += [
                item for key, item in zip(value.keys, value.values) if reading.values.value(key) in _PASSWORDS
            ]
    if isinstance(node.func, ast.Attribute) and node.func.attr == "login":
        passwords, hosts = [*passwords, *node.args[1:2]], []
    if any(map(partial(_is_one_after_another, reading), passwords)) and not any(
        map(partial(_is_one_after_another, reading), hosts)
    ):
        reading.add(node, "guess", "account", ("bulk",))


def _is_one_after_another(reading: Reading, node: ast.AST) -> bool:
    while isinstance(node, (ast.Call, ast.Attribute)):
        node = node.func if isinstance(node, ast.Call) else node.value
    bound = reading.names.values.get(node.id, ()) if isinstance(node, ast.Name) else ()
    return any(isinstance(value, Item) and value.place is None for value in bound)


def settings(reading: Reading) -> None:
    """Variables of the environment that make programs load something."""
    for target in reading.tree.settings:
        if reading.names.resolve(target.value) == "os.environ":
            variable = reading.values.value(target.slice)
            if variable in _LOADED:
                reading.add(target, "configure", "environment", ("persistent",), variable)
            elif variable in ("HISTFILE", "HISTSIZE", "HISTCONTROL"):
                reading.add(target, "hide", "history", (), variable)


def formats(reading: Reading, node: ast.Call) -> None:
    places = [node.func.value, *node.args[:1]] if isinstance(node.func, ast.Attribute) else []
    for place in places:
        for text in reading.values.candidates(place):
            if type(text) is str and _FIELD_THAT_CLIMBS.search(text):
                reading.add(node, "escape", "runtime", _NOTHING, text)


def _encrypt(reading: Reading, node: ast.Call, name: str) -> None:
    flows = reading.flow.into(node.args)
    if "from_file" in flows or flows & {"from_system", "from_secret"}:
        target = "system" if "from_system" in flows else "secret" if "from_secret" in flows else "file"
        reading.add(node, "encrypt", target, flows & {"bulk"}, name)


def _dup2(reading: Reading, node: ast.Call, name: str) -> None:
    if "from_network" in reading.flow.into(node.args):
        reading.add(node, "run_process", "unknown", ("reverse", "interactive"), name)


def references(reading: Reading) -> None:
    """Functions that are called without a call: by a decorator, or as a method that the language calls."""
    for node, value in reading.tree.references:
        if isinstance(node, ast.Attribute) and node.attr in (
            "__code__",
            "__defaults__",
            "__closure__",
            "__class__",
        ):
            if node.attr == "__code__":
                reading.add(node, "escape", "runtime", _NOTHING, node.attr)
            continue
        if isinstance(value, ast.Call):
            continue
        resolved = reading.names.resolve(value)
        effect = effect_of(resolved) if resolved is not None else None
        if effect is not None and effect.act in ("run_code", "run_process", "load_native"):
            reading.add(node, effect.act, "unknown", ("hidden",), resolved or "")


def climbs(reading: Reading) -> None:
    """Attributes that lead out of what a program was given, alone or together."""
    climbs = reading.tree.climbs
    looked_up = reading.looked_up_names & CLIMBS
    if not climbs and not looked_up:
        return
    attributes = {node.attr for node in climbs} | looked_up
    frames = len(attributes & _FRAMES) > 1
    for node in climbs:
        name = node.attr
        if (
            name in _CERTAIN
            or (name == "__subclasses__" and (attributes & _HIERARCHY or _is_builtin_type(reading, node.value)))
            or (name in _FRAMES and frames and attributes & {"f_locals", "tb_frame"})
            or (name == "__self__" and reading.names.resolve(node) == "builtins")
            or (
                name == "load_module"
                and (reading.names.resolve(node.value) or "").endswith(("__loader__", "Importer"))
            )
        ):
            reading.add(node, "escape", "runtime", _NOTHING, name)
        elif name == "__builtins__":
            reading.add(node, "escape", "runtime", _NOTHING, name)
    if looked_up & (_CERTAIN | {"__subclasses__", "__builtins__"}) or len(looked_up & _HIERARCHY) > 1:
        reading.add(reading.tree.root, "escape", "runtime", ("hidden",), " ".join(sorted(looked_up)))


def _is_builtin_type(reading: Reading, node: ast.AST) -> bool:
    return reading.names.resolve(node) in ("object", "type", "int", "str", "list", "dict", "tuple", "set", "bytes")


def pickles(reading: Reading) -> None:
    """Methods that tell pickle what to call when it loads."""
    for name in ("__reduce__", "__reduce_ex__"):
        for function in reading.names.functions.get(name, ()):
            for node in ast.walk(function):
                value = node.value if isinstance(node, ast.Return) else None
                if isinstance(value, ast.Tuple) and value.elts:
                    resolved = reading.names.resolve(value.elts[0])
                    effect = effect_of(resolved) if resolved is not None else None
                    if effect is not None and effect.act in _MAKE_THINGS_HAPPEN:
                        reading.add(node, "run_code", "unknown", ("hidden",), resolved or "")
                        arguments = (
                            value.elts[1].elts if len(value.elts) > 1 and isinstance(value.elts[1], ast.Tuple) else []
                        )
                        call = ast.copy_location(ast.Call(value.elts[0], list(arguments), []), value)
                        apply(reading, effect, resolved or "", call, list(arguments), [])


def loop(reading: Reading, loop: ast.While) -> None:
    """A loop that neither ends nor waits uses up the machine."""
    calls = set()
    for node in ast.walk(loop):
        if isinstance(node, (ast.Break, ast.Return, ast.Raise, ast.Yield, ast.YieldFrom, ast.Await)):
            return
        if isinstance(node, ast.Call):
            function = node.func
            calls.add(getattr(function, "attr", None) or getattr(function, "id", ""))
    if not calls & _WAITS and calls <= _GROWS:
        reading.add(loop, "exhaust", "runtime", ("bulk",), "while True")
    elif calls & _FLOODS and not calls & (_WAITS - _FLOODS):
        reading.add(loop, "exhaust", "host", ("bulk",), "while True")


def run_what_was_fetched(reading: Reading) -> None:
    if not reading.commands or not any(fact.act == "download" for fact in reading.facts):
        return
    written = [path for path in reading.written if len(path) > 2 and path != UNKNOWN]
    for node, command in reading.commands:
        if any(path in command for path in written):
            reading.add(node, "run_process", "file", ("from_network",), command)


SPECIAL: dict[str, Callable[[Reading, ast.Call, str], None]] = {"encrypt": _encrypt, "dup2": _dup2}
