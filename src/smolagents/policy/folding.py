"""The texts that a program puts together from constants, without running it: `"r" + "m"` is `rm`.

A program is parsed, and what its expressions make of constants is computed here, by the tables below and nothing else:
nothing of the program is called. Whatever is not in the tables is unknown, and so is what is made of it.

Time and memory are linear in the length of the program: a value may be as long as the program or `_MAX_VALUE`, and all
together `_MAX_WORK` characters and `_WORK_PER_CHARACTER` for each of the program. What goes beyond is unknown.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeAlias


# What can be computed with: constants, and lists and tuples of them as tuples.
Value: TypeAlias = "str | bytes | int | tuple[Value, ...]"

_MAX_VALUE = 10_000  # characters, bytes or items
_MAX_WORK = 100_000
_WORK_PER_CHARACTER = 10
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
        tree = ast.parse(program)
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
_PLAIN_FIELD = re.compile(r"\{\w*(?:![sr])?(?::" + _SPEC + r")?\}")
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
    values = values if type(values) is tuple else (values,)
    shown = template if type(template) is str else template.decode("latin-1")
    if "*" in shown:
        raise _Unknown  # It may be a width that is among the values
    widths = [int(number or 0) for numbers in _PERCENT.findall(shown) for number in numbers]
    _within(len(shown) + sum(widths) + sum(_scalar_lengths(values)), limit)
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


# Known and unknown parts of a text, in order. No two of a kind are side by side.
_Parts: TypeAlias = "tuple[str | bytes | None, ...]"


class _Folder:
    """Computes the value of each expression of one program once, on a stack of its own: depth does not matter."""

    def __init__(self, tree: ast.Module, length: int):
        self._limit = max(_MAX_VALUE, length)
        self._work = _MAX_WORK + _WORK_PER_CHARACTER * length
        self._expressions = [node for node in ast.walk(tree) if isinstance(node, ast.expr)]
        self._assigned = _assigned_once(tree)
        self._values: dict[ast.expr, Value | None] = {}
        # Of those whose value is not known, as far as they are known.
        self._parts: dict[ast.expr, _Parts] = {}

    def texts(self) -> list[FoldedText]:
        """See [`folded`]."""
        inner: set[ast.expr] = set()
        for node in self._expressions:
            self._compute(node)
            is_told = self._values[node] is not None or node in self._parts
            # What stands elsewhere or in a list is told for itself.
            if is_told and not isinstance(node, (ast.Name, ast.List, ast.Tuple, ast.Set)):
                inner.update(self._operands(node))
        outermost = (node for node in self._expressions if node not in inner)
        texts = dict.fromkeys(FoldedText(node.lineno, text) for node in outermost for text in self._told(node))
        return sorted(texts, key=lambda text: text.line)

    def _told(self, node: ast.expr) -> Iterator[str]:
        value = self._values[node]
        if isinstance(node, ast.Name) or _stands_there(node, value):
            return
        if type(value) is tuple:
            # As a command line, as lists among arguments are
            words = [word for word in value if type(word) is str]
            size = sum(map(len, words)) + len(words)
            if len(words) > 1 and self._can_work(size):
                yield " ".join(words)
            return
        for text in self._parts.get(node, ()) if value is None else (value,):
            if type(text) is bytes:
                yield text.decode("utf-8", "replace")
            elif type(text) is str:
                yield text

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
                waiting.append((node, True))
                waiting += [(operand, False) for operand in self._operands(node)]

    def _operands(self, node: ast.expr) -> list[ast.expr]:
        """The expressions whose values say what the value of `node` is."""
        operands: list[ast.expr | None] = []
        if isinstance(node, ast.Name):
            operands = [self._assigned.get(node.id)]
        elif isinstance(node, ast.BinOp):
            operands = [node.left, node.right]
        elif isinstance(node, ast.JoinedStr):
            operands = [*node.values]
        elif isinstance(node, ast.FormattedValue):
            operands = [node.value, node.format_spec]
        elif isinstance(node, ast.NamedExpr):
            operands = [node.value]
        elif isinstance(node, ast.UnaryOp):
            operands = [node.operand]
        elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            operands = [*node.elts]
        elif isinstance(node, ast.Subscript):
            index = node.slice
            bounds = [index.lower, index.upper, index.step] if isinstance(index, ast.Slice) else [index]
            operands = [node.value, *bounds]
        elif isinstance(node, ast.Call):
            operands = [*node.args, *(keyword.value for keyword in node.keywords)]
            if isinstance(node.func, ast.Attribute):
                operands.append(node.func.value)
        return [operand for operand in operands if operand is not None]

    def _settle(self, node: ast.expr) -> None:
        try:
            value = self._result(node)
        except Exception:  # What the program would get there is an error as well, or is not in the tables
            value = None
        if type(value) is int and abs(value) > _MAX_INTEGER:
            value = None
        # A name and a constant are there already.
        if value is not None and not isinstance(node, (ast.Name, ast.Constant)) and not self._can_work(_size(value)):
            value = None
        self._values[node] = value
        if value is None and (parts := self._known_parts(node)):
            size = sum(len(part) for part in parts if part is not None)
            if size and self._can_work(size):
                self._parts[node] = parts

    def _result(self, node: ast.expr) -> Value | None:
        if isinstance(node, ast.Constant):
            constant: Any = node.value
            return constant if type(constant) in (str, bytes, int) else None
        if isinstance(node, ast.Name):
            assigned = self._assigned.get(node.id)
            return None if assigned is None else self._values[assigned]
        if isinstance(node, ast.BinOp):
            return OPERATORS[type(node.op)](self._limit, self._known(node.left), self._known(node.right))
        if isinstance(node, ast.JoinedStr):
            return _join(self._limit, "", [self._known(part) for part in node.values])
        if isinstance(node, ast.FormattedValue):
            return self._formatted(node)
        if isinstance(node, ast.NamedExpr):
            return self._known(node.value)
        if isinstance(node, ast.UnaryOp):
            return -self._known(node.operand) if isinstance(node.op, ast.USub) else None
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return tuple(self._known(item) for item in node.elts)
        if isinstance(node, ast.Subscript):
            return self._item(node)
        return self._called(node) if isinstance(node, ast.Call) else None

    def _known(self, node: ast.expr | None) -> Any:
        value = None if node is None else self._values[node]
        if value is None:
            raise _Unknown
        return value

    def _formatted(self, node: ast.FormattedValue) -> str:
        value = self._known(node.value)
        spec = "" if node.format_spec is None else self._known(node.format_spec)
        plain = _PLAIN_SPEC.fullmatch(spec)
        if type(value) not in (str, int) or node.conversion not in (-1, ord("s")) or plain is None:
            raise _Unknown
        _within(int(plain[1] or 0), self._limit)
        return format(value, spec)

    def _item(self, node: ast.Subscript) -> Value:
        container = self._known(node.value)
        if not isinstance(node.slice, ast.Slice):
            item: Value = container[self._known(node.slice)]
            return item
        bounds = (node.slice.lower, node.slice.upper, node.slice.step)
        part: Value = container[slice(*(None if bound is None else self._known(bound) for bound in bounds))]
        return part

    def _called(self, node: ast.Call) -> Value:
        arguments = list(node.args)
        values: list[Any] = []
        function = FUNCTIONS.get(_dotted_name(node.func))
        if function is None:
            assert isinstance(node.func, ast.Attribute)
            values.append(self._known(node.func.value))
            function = METHODS[type(values[0]), node.func.attr]
        elif function is _map:
            values.append(FUNCTIONS[_dotted_name(arguments.pop(0))])
        values += [self._known(argument) for argument in arguments]
        named = {str(keyword.arg): self._known(keyword.value) for keyword in node.keywords}
        return function(self._limit, *values, **named)

    def _known_parts(self, node: ast.expr) -> _Parts:
        if isinstance(node, ast.JoinedStr):
            operands = node.values
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            operands = [node.left, node.right]
        else:
            return ()
        parts: list[str | bytes | None] = []
        for operand in operands:
            value = self._values[operand]
            known = self._parts.get(operand, (None,)) if value is None else (value,)
            for part in known:
                if type(part) not in (str, bytes):
                    part = None
                if parts and type(parts[-1]) is type(part):
                    parts[-1] = None if part is None else parts[-1] + part  # type: ignore[operator]
                else:
                    parts.append(part)  # type: ignore[arg-type]
        return tuple(parts)


def _assigned_once(tree: ast.Module) -> dict[str, ast.expr]:
    """What is assigned to the names that the program binds in one place."""
    bound: dict[str, int] = {}
    assigned: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        for name in _bound_names(node):
            bound[name] = bound.get(name, 0) + 1
        if isinstance(node, ast.Assign):
            assigned |= {target.id: node.value for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and isinstance(node.target, ast.Name) and node.value:
            assigned[node.target.id] = node.value
    return {name: value for name, value in assigned.items() if bound[name] == 1}


def _bound_names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
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


def _stands_there(node: ast.expr, value: Value | None) -> bool:
    """Whether a constant is in the program letter by letter, with nothing but quotes around it."""
    if not isinstance(node, ast.Constant) or type(value) not in (str, bytes):
        return isinstance(node, ast.Constant)
    prefix = 0 if type(value) is str else 1
    size = len(value.encode("utf-8", "surrogatepass") if type(value) is str else value)  # type: ignore
    return node.lineno == node.end_lineno and node.end_col_offset == node.col_offset + size + prefix + 2
