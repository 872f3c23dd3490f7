"""Reads a Python program by its syntax tree: which calls it makes, of what, with what, and how it got hold of them."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from . import python_disguise as disguise
from . import python_signs as signs
from .facts import Fact
from .python_calls import CALLS
from .python_effects import apply, effect_of
from .python_names import IMPORTERS
from .python_reading import Reading
from .python_signs import SPECIAL
from .python_tree import FORMATS


if TYPE_CHECKING:
    from .readers import Readers


_HANDED_OVER = frozenset(("run_code", "run_process", "delete", "load_native", "kill"))
_CALL_NOTHING = frozenset(("isinstance", "issubclass", "hasattr", "print", "type"))
_COPIERS = frozenset(("copy", "copy2", "copyfile", "copytree", "move", "rename", "replace"))
_WRITERS = _COPIERS | {
    "write",
    "writelines",
    "add",
    "screenshot",
    "imwrite",
    "save",
    "write_text",
    "write_bytes",
    "writestr",
    "dump",
}
# Modules with which code that was put together out of sight makes things happen.
_POWERFUL = frozenset(
    ("os", "subprocess", "pty", "ctypes", "socket", "shutil", "builtins", "posix", "importlib", "code")
)
# What looks something up by a text, and what is called with what was looked up.
_LOOKS_UP = frozenset(
    (
        *("getattr", "object.__getattribute__", "type.__getattribute__", "setattr", "operator.attrgetter", "vars"),
        *("inspect.getattr_static", "string.Formatter().get_field", "?.__getattribute__"),
    )
)
_LOOKS_UP_BY_NAME = frozenset(
    (
        *("getattr", "object.__getattribute__", "type.__getattribute__", "setattr", "operator.attrgetter"),
        *("inspect.getattr_static", "?.__getattribute__", "operator.methodcaller", "operator.itemgetter"),
    )
)
_BY_ITSELF = frozenset(
    ("__import__", "importlib.import_module", "compile", "getattr", "setattr", "builtins.__import__")
)
_SEPARATORS = re.compile(r"[.\[\]]")
_LONGEST_LOOKUP = 1000
_DEEPEST_CHAIN = 40


def read_program(program: str, readers: Readers) -> list[Fact]:
    """What a program does.

    Args:
        program (`str`): The program.
        readers (`Readers`): For commands and programs in it.

    Raises:
        `SyntaxError`, `ValueError`, `RecursionError`, `MemoryError`: If it cannot be parsed.
    """
    reading = Reading(program, readers)
    try:
        return _Reader(reading).facts()
    finally:
        reading.release()


class _Reader:
    """Reads the calls of a program."""

    def __init__(self, reading: Reading):
        self._reading = reading
        self._tree = reading.tree
        self._names = reading.names
        self._values = reading.values
        self._flow = reading.flow

    def facts(self) -> list[Fact]:
        """See [`read_program`]."""
        for call in self._tree.calls:
            self._note_content(call)
        for call in self._tree.calls:
            self._call(call)
        reading = self._reading
        signs.references(reading)
        signs.settings(reading)
        signs.climbs(reading)
        signs.pickles(reading)
        signs.run_by_language(reading)
        disguise.disguises(reading)
        for loop in self._tree.loops:
            signs.loop(reading, loop)
        signs.run_what_was_fetched(reading)
        return reading.facts

    def _note_content(self, node: ast.Call) -> None:
        """Note what is written to which file, to know what is read from there."""
        function, arguments = node.func, node.args
        name = function.attr if type(function) is ast.Attribute else ""
        if type(function) is ast.Name and self._names.modules.get(function.id, "").endswith("wavfile.write"):
            name = "imwrite"
        if name not in _WRITERS or not arguments:
            return
        content: ast.AST | str
        if name in _COPIERS:
            places = [self._values.text(place) for place in arguments[:2]]
            if len(places) == 2 and places[0] and places[1]:
                self._flow.note_content(places[1], places[0])
            return
        if name == "imwrite":
            path, content = self._values.text(arguments[0]), arguments[-1]
        elif name in ("screenshot", "save", "write_text", "write_bytes"):
            of = function.value if isinstance(function, ast.Attribute) and name.startswith("write_") else arguments[0]
            content = arguments[0] if name.startswith("write_") else node
            path = self._values.text(of)
        else:
            # What the file is opened by, which a name or `with` stands for
            receiver = arguments[1] if name == "dump" and len(arguments) > 1 else function.value  # type: ignore[attr-defined]
            opened = self._names.values.get(receiver.id, []) if isinstance(receiver, ast.Name) else [receiver]
            calls = [call for call in opened if isinstance(call, ast.Call) and call.args]
            path = self._values.text(calls[-1].args[0]) if calls else None
            content = arguments[0]
            if name in ("write", "writelines") and calls and "from_itself" in self._flow.into(arguments):
                if self._flow.into(calls[-1].args) & {"bulk"} or self._values.has_many(calls[-1].args[0]):
                    self._reading.add(node, "write", "file", ("from_itself", "bulk"))
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
            effect = effect_of(resolved)
            attribute = resolved.rpartition(".")[2]
            if effect is None and attribute in SPECIAL:
                SPECIAL[attribute](self._reading, node, resolved)
            if resolved in _LOOKS_UP_BY_NAME:
                self._looked_up(node)
            if type(function) is ast.Name and function.id == "getattr" and resolved != "getattr":
                self._looked_up(node)
            if resolved in IMPORTERS:
                disguise.put_together(self._reading, node, resolved)
            elif resolved in ("exec", "eval"):
                disguise.spelled_by_number(self._reading, node)
            elif resolved in ("str.format", "str.format_map") and type(function) is ast.Name:
                signs.formats(self._reading, node)
        elif type(function) is ast.Name and function.id == "getattr":
            self._looked_up(node)  # Whatever it was bound to, this is what it is called like
        if effect is None and type(function) is ast.Attribute:
            effect = CALLS.get(f"?.{function.attr}")
            if function.attr in FORMATS and (resolved or "?.").endswith(function.attr):
                signs.formats(self._reading, node)
        if (effect is not None or resolved in _BY_ITSELF) and self._is_reached(function):
            self._reading.add(node, "escape", "runtime", (), resolved or "")
        if effect is not None:
            apply(self._reading, effect, resolved or "", node, node.args, node.keywords)
        if (
            effect is not None
            and effect.act in ("connect", "upload", "download")
            or (resolved or "").endswith((".login", ".extractall"))
        ):
            signs.guess(self._reading, node)
        if resolved == "help" and not node.args:  # Without an object, it asks for one, and shows it with a pager
            self._reading.add(node, "run_code", "unknown", ("from_input",), "help")
        if resolved == "setattr" and node.args:
            of = node.args[0]
            if self._names.resolve(of) == "builtins" or (isinstance(of, ast.Call) and self._is_reached(of)):
                self._reading.add(node, "escape", "runtime", (), "setattr")
        self._handed_over(node)

    def _handed_over(self, node: ast.Call) -> None:
        """Functions that are not called here, but given to what calls them: `map(os.system, commands)`."""
        signs.handed_in_disguise(self._reading, node)
        if type(node.func) is ast.Name and node.func.id in _CALL_NOTHING:
            return
        values = [*node.args, *[keyword.value for keyword in node.keywords]] if node.keywords else node.args
        for position, value in enumerate(values):
            kind = type(value)
            if kind is ast.Name:
                if value.id in self._names.functions:  # type: ignore[attr-defined]
                    continue
            elif kind is not ast.Attribute:
                continue
            resolved = self._names.resolve(value)
            effect = effect_of(resolved) if resolved is not None else None
            if effect is None or effect.act not in _HANDED_OVER:
                continue
            # What comes after a function is mostly what it is called with
            others = values[position + 1 :] + values[:position]
            arguments: list[ast.expr] = []
            for other in others:
                arguments += other.elts if isinstance(other, (ast.List, ast.Tuple)) else [other]
            apply(self._reading, effect, resolved or "", node, arguments, [])

    def _looked_up(self, node: ast.Call) -> None:
        for argument in node.args:
            attribute = self._values.value(argument)
            if type(attribute) is str and len(attribute) < _LONGEST_LOOKUP:
                self._reading.looked_up_names.update(_SEPARATORS.split(attribute))

    def _is_reached(self, node: ast.AST) -> bool:
        """Whether what is called was taken out of another module, or imported on the spot."""
        for _ in range(_DEEPEST_CHAIN):
            if node in self._names.reached:
                return True
            if isinstance(node, ast.Call):
                called = self._names.resolve(node.func)
                resolved = self._names.resolve(node)
                if called == "importlib.util.module_from_spec" and resolved in _POWERFUL:
                    return True
                if resolved == "builtins" or (
                    called is not None
                    and (called in IMPORTERS or called.endswith((".load_module", ".find_spec")))
                    and (resolved in _POWERFUL or resolved == "<module>")
                ):
                    return True
                looks_up = called in _LOOKS_UP and node.args
                node = node.args[0] if looks_up else node.func
            elif isinstance(node, (ast.Attribute, ast.Subscript)):
                if self._names.resolve(node) == "builtins":
                    return True
                node = node.value
            else:
                if not isinstance(node, ast.Name):
                    return False
                bound = self._names.values.get(node.id, ())
                of = bound[0] if len(bound) == 1 else None
                if isinstance(of, ast.Call) and isinstance(of.func, ast.Lambda):
                    of = of.func.body
                if (isinstance(of, ast.Call) and of.args) or isinstance(of, (ast.Attribute, ast.Subscript)):
                    node = of
                    continue
                return node.id in ("__builtins__", "__loader__", "__spec__") or node.id in self._names.smuggled
        return False
