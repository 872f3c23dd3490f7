"""Names that a program takes care not to spell: looked up in a namespace, put together, or in other letters."""

from __future__ import annotations

import ast
import builtins
import re

from .python_effects import effect_of
from .python_names import IMPORTERS, Names
from .python_reading import Reading


# What nobody looks up in a namespace who does not climb
_CLIMBS_BY_TEXT = frozenset(
    (
        *("__getattribute__", "__subclasses__", "__globals__", "__builtins__", "__self__", "__base__", "__bases__"),
        *("__mro__", "_Printer__filenames", "_Printer__lines", "_Printer__setup", "_Printer__data"),
    )
)
_OWN_NAMES = frozenset(("globals", "locals", "vars", "dir"))
# Modules whose name nobody puts together who has nothing to hide
_POWERFUL = frozenset(
    ("os", "posix", "subprocess", "pty", "ctypes", "socket", "shutil", "builtins", "importlib", "commands", "pickle")
)
_OF_LANGUAGE = frozenset(name for name in vars(builtins) if len(name) > 3)
# Letters of other alphabets that look like ours
_LOOK_ALIKE = str.maketrans("асԁеһіјӏорԛѕυνѡхуα", "acdehijlopqsuvwxya")
# Encodings in which the text of a program is not what it looks like
_ENCODING = re.compile(
    r"\A(?:[^\n]*\n)?[ \t\f]*#[^\n]*coding[:=][ \t]*(?:utf[-_]?7|hz|rot[-_]?13|punycode|\w*unicode\w*escape)"
)
_SPELLED_BY_NUMBER = re.compile(r"(?:\\(?:x[2-7][0-9a-fA-F]|1[0-7]{2}|0?[4-7][0-7])\w?){2}")


def disguises(reading: Reading) -> None:
    """Names that are not spelled where they are used."""
    program = reading.program
    if "vars(" in program or "__dict__" in program:
        _in_namespaces(reading)
    if not program.isascii():
        _in_other_letters(reading)
    if "coding" in program[:200] and _ENCODING.match(program):
        reading.add(reading.tree.root, "run_code", "unknown", ("hidden",), "coding")


def _in_namespaces(reading: Reading) -> None:
    """Items of a namespace by which one climbs, and namespaces of what is found by its place in another."""
    for node in ast.walk(reading.tree.root):
        if isinstance(node, ast.Subscript):
            key = reading.values.value(node.slice)
            if type(key) is str and key in _CLIMBS_BY_TEXT and _is_namespace(reading.names, node.value):
                reading.add(node, "escape", "runtime", ("hidden",), key)
        elif isinstance(node, ast.Call) and _is_call_of(node, "vars") and node.args:
            of = node.args[0]
            is_computed = isinstance(of, ast.Subscript) and not isinstance(of.slice, (ast.Constant, ast.Name))
            if is_computed and isinstance(of, ast.Subscript) and isinstance(of.value, ast.Call):
                if any(_is_call_of(of.value, name) and not of.value.args for name in _OWN_NAMES):
                    reading.add(node, "escape", "runtime", ("hidden",), "vars")


def _is_call_of(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _is_namespace(names: Names, node: ast.expr) -> bool:
    """Whether it is what `vars` gives for an object, or its `__dict__`."""
    if isinstance(node, ast.Name):
        return any(
            _is_namespace(names, bound) for bound in names.values.get(node.id, ()) if isinstance(bound, ast.AST)
        )
    if isinstance(node, ast.Call):
        return _is_call_of(node, "vars") and bool(node.args)
    return isinstance(node, ast.Attribute) and node.attr == "__dict__"


def _in_other_letters(reading: Reading) -> None:
    """Names that the parser reads as ones of the language, though they stand nowhere, and names that look so."""
    for call in reading.tree.calls:
        function = call.func
        if isinstance(function, ast.Name):
            name, is_known = function.id, function.id in _OF_LANGUAGE
        elif isinstance(function, ast.Attribute):
            name = function.attr
            is_known = effect_of(reading.names.resolve(function) or "") is not None
        else:
            continue
        is_lookalike = not name.isascii() and name.translate(_LOOK_ALIKE) in _OF_LANGUAGE
        if is_lookalike or (is_known and not reading.has(name)):
            reading.add(call, "escape", "runtime", ("hidden",), name)


def put_together(reading: Reading, node: ast.Call, called: str) -> None:
    """Modules whose name is nowhere a text of the program that imports them."""
    if called in IMPORTERS and node.args and not isinstance(node.args[0], ast.Constant):
        module = reading.values.value(node.args[0])
        if type(module) is str and module in _POWERFUL and module not in reading.texts:
            reading.add(node, "escape", "runtime", ("hidden",), module)


def spelled_by_number(reading: Reading, node: ast.Call) -> None:
    """Programs in a constant, whose letters stand there by their numbers or as others that look like them."""
    for argument in node.args[:1] if reading.has("\\") else ():
        if isinstance(argument, ast.Constant) and type(argument.value) is str:
            if len(_SPELLED_BY_NUMBER.findall(reading.source_of(argument))) > 1:
                reading.add(node, "run_code", "unknown", ("hidden",), argument.value)
