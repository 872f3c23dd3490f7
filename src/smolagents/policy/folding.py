"""The texts that a program puts together from constants, without running it: `"r" + "m"` is `rm`.

A program is parsed, and what its expressions make of constants is computed here, by the tables below and nothing else:
nothing of the program is called. Whatever is not in the tables is unknown, and so is what is made of it.

Time and memory are linear in the length of the program: a value may be as long as the program or `_MAX_VALUE`, and all
together `_MAX_WORK` characters and `_WORK_PER_CHARACTER` for each of the program, those that they are made of counted
as well. What goes beyond is unknown.

`intents.python_values` takes the tables from here and has a mechanism of its own. It needs the values of a few
expressions, with holes where something is not known, and guesses for names that are bound several times. Here every
expression is computed, as a pattern may name any text, and nothing is guessed, as a pattern must not match what no run
of the program makes. Nothing is decoded either (`intents.decoders`): what is packed is data until something is done
with it, and to tell that is what intents are for.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeAlias

from .program import parse


# What can be computed with: constants, and lists and tuples of them as tuples.
Value: TypeAlias = "str | bytes | int | tuple[Value, ...]"

_MAX_VALUE = 10_000  # characters, bytes or items
_MAX_WORK = 100_000
_WORK_PER_CHARACTER = 20
_MAX_INTEGER = 1 << 64


class FoldedText(NamedTuple):
    """A text that a program makes of constants.

    Attributes:
        line (`int`): The line in the program where the expression starts, from 1.
        value (`str`): The text; of bytes, as UTF-8.
    """

    line: int
    value: str


def folded(program: str) -> list[FoldedText]:
    """The texts that the expressions of a Python program come to and that do not stand in it letter by letter.

    Of nested expressions only the outermost is told; of one that is known in part, each part. What cannot be parsed
    has none, and cannot be run either.
    """
    try:
        tree = parse(program)
    # The last two are for deep nesting, on which the interpreter of generated code gives up much sooner.
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return _Folder(tree, len(program)).texts()


class _Unknown(Exception):
    """The value of an expression cannot be told."""


def _size(value: Value) -> int:
    return 1 if type(value) is int else len(value)  # type: ignore[arg-type]


def _within(size: int, limit: int) -> None:
    if size > limit:
        raise _Unknown


# Functions and methods. Each gets the most characters that its result may have, and then what it is called with. It
# raises what it likes, but it must not take more time or memory than its arguments and its result are long.


def _replace(limit: int, text: Any, old: Any, new: Any, count: Any = -1) -> Value:
    _within(len(text) + (len(text) + 1) * len(new) if not old else len(text) + text.count(old) * len(new), limit)
    result: Value = text.replace(old, new, count)
    return result


def _join(limit: int, separator: Any, items: Any) -> Value:
    _within(sum(map(len, items)) + len(separator) * len(items), limit)
    result: Value = separator.join(items)
    return result


# A codec may be anything: one that unpacks makes much of little.
_ENCODINGS = ("utf-8", "utf8", "utf_8", "ascii", "latin-1", "latin1", "latin_1", "iso-8859-1")


def _decode(limit: int, data: Any, encoding: str = "utf-8", errors: str = "strict") -> str:
    if encoding.lower() not in _ENCODINGS:
        raise _Unknown
    result: str = data.decode(encoding, errors)
    return result


def _encode(limit: int, text: Any, encoding: str = "utf-8", errors: str = "strict") -> bytes:
    if encoding.lower() not in _ENCODINGS:
        raise _Unknown
    result: bytes = text.encode(encoding, errors)
    return result


# A width, and nothing that is looked up in a value.
_SPEC = r"(?:[^{}]?[<>=^])?[+ -]?0?(\d*)[sdcxXob]?"
_PLAIN_SPEC = re.compile(_SPEC)
_PLAIN_FIELD = re.compile(r"\{\{|\}\}|\{\w*(?:![sr])?(?::" + _SPEC + r")?\}")
_PERCENT = re.compile(r"%[-+ #0]*(\d*)(?:\.(\d*))?")


def _scalar_lengths(values: Iterable[Any]) -> Iterator[int]:
    for value in values:
        if type(value) not in (str, bytes, int):
            raise _Unknown
        yield len(str(value))


def _format(limit: int, template: Any, *arguments: Any, **named: Any) -> str:
    widths = [int(width or 0) for width in _PLAIN_FIELD.findall(template)]
    # Other fields may have their width among the arguments, or name an attribute.
    if any(brace in _PLAIN_FIELD.sub("", template) for brace in "{}"):
        raise _Unknown
    longest = max(_scalar_lengths((*arguments, *named.values())), default=0)
    _within(len(template) + sum(widths) + len(widths) * longest, limit)
    result: str = template.format(*arguments, **named)
    return result


def _percent(limit: int, template: Any, values: Any) -> Value:
    shown = template if type(template) is str else template.decode("latin-1")
    if "*" in shown:
        raise _Unknown  # It may be a width that is among the values
    widths = [int(number or 0) for numbers in _PERCENT.findall(shown) for number in numbers]
    lengths = _scalar_lengths(values if type(values) is tuple else (values,))
    _within(len(shown) + sum(widths) + sum(lengths), limit)
    # As it was given: Python takes bytes alone for a mapping, of which a template need not use anything.
    result: Value = template % values
    return result


def _integer(limit: int, text: Any, base: int = 10) -> int:
    _within(len(text), 64)
    return int(text, base)


def _list(limit: int, items: Any = ()) -> Value:
    _within(len(items), limit)
    return tuple(items)


def _map(limit: int, function: Any, items: Any) -> Value:
    results: list[Value] = []
    size = 0
    for item in items:
        results.append(function(limit, item))
        size += _size(results[-1])
        _within(size, limit)
    return tuple(results)


def _method(name: str) -> Callable[..., Value]:
    """A method whose result is not longer than what it is called on."""

    def apply(limit: int, value: Any, *arguments: Any) -> Value:
        result: Any = operator.methodcaller(name, *arguments)(value)
        return tuple(result) if type(result) is list else result

    return apply


_SHRINKING = (
    *("capitalize", "casefold", "lower", "swapcase", "title", "upper"),
    *("lstrip", "rstrip", "strip", "removeprefix", "removesuffix", "split", "rsplit", "splitlines"),
)

# By the type that they are methods of, and their name.
METHODS: dict[tuple[type, str], Callable[..., Value]] = {
    **{(kind, name): _method(name) for kind in (str, bytes) for name in _SHRINKING if hasattr(kind, name)},
    **{(kind, name): function for kind in (str, bytes) for name, function in (("replace", _replace), ("join", _join))},
    (str, "format"): _format,
    (str, "encode"): _encode,
    (bytes, "decode"): _decode,
    (bytes, "hex"): lambda limit, data: data.hex(),
}

# By the name that a program calls them by, with dots.
FUNCTIONS: dict[str, Callable[..., Value]] = {
    "chr": lambda limit, number: chr(number),
    "ord": lambda limit, text: ord(text),
    "int": _integer,
    "str": lambda limit, value="": value if type(value) is str else str(int(value)),
    "bytes": lambda limit, items: items if type(items) is bytes else bytes(_tuple(items)),
    "bytearray": lambda limit, items: items if type(items) is bytes else bytes(_tuple(items)),
    "bytes.fromhex": lambda limit, text: bytes.fromhex(text),
    "list": _list,
    "tuple": _list,
    "reversed": lambda limit, items: tuple(items[::-1]),
    "map": _map,
    "str.join": _join,
}


def _tuple(value: Any) -> tuple[Any, ...]:
    # bytes(5) is five zeros, and bytes(10**10) a lot of memory
    if type(value) is not tuple:
        raise _Unknown
    return value


def _add(limit: int, left: Any, right: Any) -> Value:
    if type(left) is not int:
        _within(len(left) + len(right), limit)
    result: Value = left + right
    return result


def _multiply(limit: int, left: Any, right: Any) -> Value:
    if type(left) is int and type(right) is not int:
        left, right = right, left
    if type(right) is not int:
        raise _Unknown
    if type(left) is not int:
        _within(len(left) * right, limit)
    result: Value = left * right
    return result


def _integers(function: Callable[[Any, Any], Any]) -> Callable[..., Value]:
    def apply(limit: int, left: Any, right: Any) -> Value:
        if type(left) is not int or type(right) is not int:
            raise _Unknown
        result: Value = function(left, right)
        return result

    return apply


def _remainder(limit: int, left: Any, right: Any) -> Value:
    return left % right if type(left) is int and type(right) is int else _percent(limit, left, right)


OPERATORS: dict[type[ast.operator], Callable[..., Value]] = {
    ast.Add: _add,
    ast.Mult: _multiply,
    ast.Mod: _remainder,
    ast.Sub: _integers(operator.sub),
    ast.FloorDiv: _integers(operator.floordiv),
    ast.BitXor: _integers(operator.xor),
    ast.BitAnd: _integers(operator.and_),
    ast.BitOr: _integers(operator.or_),
}


# Parts of a text in order, those that are not known as `None`. No two of a kind are side by side.
_Parts: TypeAlias = "tuple[str | bytes | None, ...]"


class _Folder:
    """Computes the value of each expression of one program once, on a stack of its own: depth does not matter."""

    def __init__(self, tree: ast.Module, length: int):
        self._limit = max(_MAX_VALUE, length)
        self._work = _MAX_WORK + _WORK_PER_CHARACTER * length
        nodes = list(ast.walk(tree))
        self._constants = [node for node in nodes if isinstance(node, ast.Constant)]
        self._made: list[Any] = [node for node in nodes if type(node) in _OPERANDS]
        self._assigned = _assigned_once(nodes)
        # Values, or `None` for what is not known; of those, what is known of its parts.
        self._values: dict[ast.expr, Value | None] = {}
        self._parts: dict[ast.expr, _Parts] = {}

    def texts(self) -> list[FoldedText]:
        """See [`folded`]."""
        inner: set[ast.expr] = set()
        for node in self._made:
            self._compute(node)
            is_told = self._values[node] is not None or node in self._parts
            # What is in a list is told for itself.
            if is_told and type(node) not in _DISPLAYS:
                inner.update(self._operands(node))
        found = [
            FoldedText(node.lineno, text)
            for node in (*self._constants, *self._made)
            if node not in inner
            for text in self._told(node)
        ]
        return sorted(dict.fromkeys(found), key=lambda text: text.line)

    def _told(self, node: ast.expr) -> Iterator[str]:
        values: Iterable[Any]
        if isinstance(node, ast.Constant):
            values = () if _stands_there(node) else (node.value,)
        elif (value := self._values[node]) is None:
            values = self._parts.get(node, ())
        elif type(value) is tuple:
            # As a command line, as lists among arguments are.
            words = [word for word in value if type(word) is str]
            size = sum(map(len, words)) + len(words)
            values = (" ".join(words),) if len(words) > 1 and self._can_work(size) else ()
        else:
            values = (value,)
        for told in values:
            if told and type(told) is bytes:
                yield told.decode("utf-8", "replace")
            elif told and type(told) is str:
                yield told

    def _can_work(self, size: int) -> bool:
        self._work -= min(size, self._limit)
        return size <= self._limit and self._work >= 0

    def _compute(self, outermost: ast.expr) -> None:
        waiting = [(outermost, False)]
        while waiting:
            node, is_ready = waiting.pop()
            if is_ready:
                self._settle(node)
            elif node not in self._values:
                # Unknown until its operands are known, and for good if it is one of them: `x = x + "a"`.
                self._values[node] = None
                if isinstance(node, ast.Constant):
                    constant: Any = node.value
                    self._values[node] = constant if type(constant) in (str, bytes, int) else None
                elif operands := self._operands(node):
                    waiting.append((node, True))
                    waiting += [(operand, False) for operand in operands if operand not in self._values]

    def _operands(self, node: ast.expr) -> list[ast.expr]:
        """The expressions whose values say what the value of `node` is."""
        if isinstance(node, ast.Name):
            return [self._assigned[node.id]] if node.id in self._assigned else []
        operands = _OPERANDS.get(type(node))
        return [] if operands is None else operands(node)

    def _settle(self, node: ast.expr) -> None:
        operands = self._operands(node)
        value: Value | None = None
        known = [self._values[operand] for operand in operands]
        if not isinstance(node, ast.Name):
            # To make little of much takes time as well.
            self._work -= sum(_size(each) for each in known if each is not None)
        if None not in known and self._work >= 0:
            try:
                value = self._result(node)
            except Exception:  # The program would get an error there as well, or it is not in the tables
                pass
        if type(value) is int and abs(value) > _MAX_INTEGER:
            value = None
        # What a name stands for was paid for where it was made.
        if value is not None and (isinstance(node, ast.Name) or self._can_work(_size(value))):
            self._values[node] = value
        elif type(node) is ast.JoinedStr or (type(node) is ast.BinOp and type(node.op) is ast.Add):
            self._keep_parts(node, operands)

    def _keep_parts(self, node: ast.expr, operands: list[ast.expr]) -> None:
        parts: list[Any] = []
        for operand in operands:
            value = self._values[operand]
            known: Iterable[Any] = self._parts.get(operand, (None,)) if value is None else (value,)
            for part in known:
                if type(part) not in (str, bytes):
                    part = None
                if not parts or type(parts[-1]) is not type(part):
                    parts.append(part)
                elif part is not None:
                    parts[-1] += part
        size = sum(len(part) for part in parts if part is not None)
        if size and self._can_work(size + len(parts)):
            self._parts[node] = tuple(parts)

    def _result(self, expression: ast.expr) -> Any:
        """The value of an expression whose operands are all known."""
        node: Any = expression
        known: Any = self._values
        if isinstance(node, ast.Name):
            return known[self._assigned[node.id]]
        if isinstance(node, ast.BinOp):
            return OPERATORS[type(node.op)](self._limit, known[node.left], known[node.right])
        if isinstance(node, ast.JoinedStr):
            return _join(self._limit, "", [known[part] for part in node.values])
        if isinstance(node, ast.FormattedValue):
            spec = "" if node.format_spec is None else known[node.format_spec]
            return _formatted(self._limit, node.conversion, known[node.value], spec)
        if isinstance(node, ast.NamedExpr):
            return known[node.value]
        if isinstance(node, ast.UnaryOp):
            return -known[node.operand] if isinstance(node.op, ast.USub) else None
        if isinstance(node, ast.Subscript):
            if not isinstance(node.slice, ast.Slice):
                return known[node.value][known[node.slice]]
            bounds = (node.slice.lower, node.slice.upper, node.slice.step)
            return known[node.value][slice(*(None if bound is None else known[bound] for bound in bounds))]
        if isinstance(node, ast.Call):
            return self._called(node)
        return tuple(known[item] for item in node.elts)

    def _called(self, node: ast.Call) -> Value:
        known: Any = self._values
        function = FUNCTIONS.get(_dotted_name(node.func))
        first: Any = ()
        arguments = node.args
        if function is _map:
            first, arguments = [FUNCTIONS[_dotted_name(node.args[0])]], node.args[1:]
        elif function is None and isinstance(node.func, ast.Attribute):
            first = [known[node.func.value]]
            function = METHODS[type(first[0]), node.func.attr]
        assert function is not None  # Else it had no operands
        named = {str(keyword.arg): known[keyword.value] for keyword in node.keywords}
        return function(self._limit, *first, *(known[argument] for argument in arguments), **named)


def _formatted(limit: int, conversion: int, value: Any, spec: Any) -> str:
    plain = _PLAIN_SPEC.fullmatch(spec)
    if type(value) not in (str, int) or conversion not in (-1, ord("s")) or plain is None:
        raise _Unknown
    _within(int(plain[1] or 0), limit)
    return format(value, spec)


def _subscript_operands(node: ast.Subscript) -> list[ast.expr]:
    if not isinstance(node.slice, ast.Slice):
        return [node.value, node.slice]
    bounds = (node.slice.lower, node.slice.upper, node.slice.step)
    return [node.value, *(bound for bound in bounds if bound is not None)]


def _call_operands(node: ast.Call) -> list[ast.expr]:
    """Its arguments, and what its method is of. Nothing if it is in no table: then its value is never known."""
    name = _dotted_name(node.func)
    arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
    if name in FUNCTIONS:
        return arguments[1:] if FUNCTIONS[name] is _map else arguments
    if isinstance(node.func, ast.Attribute) and node.func.attr in _METHOD_NAMES:
        return [node.func.value, *arguments]
    return []


_METHOD_NAMES = frozenset(name for _, name in METHODS)
_DISPLAYS = (ast.List, ast.Tuple, ast.Set)
# The operands of each kind of expression that is computed, but for constants and names.
_OPERANDS: dict[type[ast.AST], Callable[[Any], list[ast.expr]]] = {
    ast.BinOp: lambda node: [node.left, node.right],
    ast.UnaryOp: lambda node: [node.operand],
    ast.JoinedStr: lambda node: node.values,
    ast.FormattedValue: lambda node: [node.value] if node.format_spec is None else [node.value, node.format_spec],
    ast.NamedExpr: lambda node: [node.value],
    ast.Subscript: _subscript_operands,
    ast.Call: _call_operands,
    **{display: lambda node: node.elts for display in _DISPLAYS},
}


def _assigned_once(nodes: Iterable[ast.AST]) -> dict[str, ast.expr]:
    """What is assigned to the names that the program binds in one place."""
    bound: dict[str, int] = {}
    assigned: dict[str, ast.expr] = {}
    for node in nodes:
        if type(node) not in _BINDING or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)):
            continue
        for name in _bound_names(node):
            bound[name] = bound.get(name, 0) + 1
        if isinstance(node, ast.Assign):
            assigned |= {target.id: node.value for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and isinstance(node.target, ast.Name) and node.value:
            assigned[node.target.id] = node.value
    return {name: value for name, value in assigned.items() if bound[name] == 1}


# What `_bound_names` and `_assigned_once` look at.
_BINDING = frozenset(
    (
        *(ast.Name, ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.arg, ast.alias, ast.ExceptHandler),
        *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.MatchAs, ast.MatchStar, ast.MatchMapping),
    )
)


def _bound_names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.alias):
        yield node.asname or node.name.split(".")[0]
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest


def _dotted_name(node: ast.expr) -> str:
    """`base64.b64decode` for an expression that is that name, and nothing for another expression."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(names)]) if isinstance(node, ast.Name) else ""


def _stands_there(node: ast.Constant) -> bool:
    """Whether a constant is in the program letter by letter, with nothing but quotes around it."""
    value: Any = node.value
    if type(value) is str:
        size = len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
    elif type(value) is bytes:
        size = len(value) + 1
    else:
        return True
    return node.lineno == node.end_lineno and node.end_col_offset == node.col_offset + size + 2
