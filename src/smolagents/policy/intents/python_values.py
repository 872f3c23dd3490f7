"""The values that a program makes of constants, as far as they are known, without running it.

Like `smolagents.policy.folding`, whose tables of pure functions this uses. That one tells each text that a program
makes, and only what is certain. This one is asked for single expressions, follows names to everything that they may
stand for, knows paths, decodes, and takes a text with holes: what is not known in it is `UNKNOWN`. One mechanism for
both would compute here what nobody asks for, and guess there.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator, Sequence
from typing import Any

from ..folding import FUNCTIONS, METHODS, OPERATORS
from ..program import parse_expression
from .decoders import DECODERS
from .python_names import APPENDED, Bound, Item, Names


# The shell takes it for a variable, so that a command with a hole is a command with a variable.
UNKNOWN = "${_}"

_DEEPEST = 50
_LONGEST_SUM = 20_000
_MOST_CANDIDATES = 32
_LONGEST_EXPRESSION = 200
_MAX_VALUE = 10_000
_LEAST_WORK = 50_000
_MOST_WORK = 500_000
_WORK_PER_CHARACTER = 10

# Calls whose value is a path, or their argument.
_SAME = frozenset(
    (
        *(
            "os.path.abspath",
            "os.path.realpath",
            "os.path.normpath",
            "os.fspath",
            "str",
            "pathlib.Path",
            "pathlib.PurePath",
        ),
        *(
            "os.fsencode",
            "os.fsdecode",
            "pathlib.PosixPath",
            "pathlib.WindowsPath",
            "pathlib.PurePosixPath",
            "shlex.quote",
        ),
        *(
            "os.path.expandvars",
            "urllib.request.Request",
            "repr",
            "compile",
            "bytearray",
            "memoryview",
            "iter",
            "sorted",
        ),
        *("io.BytesIO", "io.StringIO", "codeop.compile_command", "code.compile_command", "timeit.Timer"),
        *("RestrictedPython.compile_restricted", "RestrictedPython.compile_restricted_exec"),
        *("requests.Request", "textwrap.dedent", "inspect.cleandoc", "sqlalchemy.text", "ast.parse", "types.CodeType"),
    )
)
_PLACES: dict[str, Any] = {
    "os.getcwd": ".",
    "tempfile.gettempdir": "/tmp",
    "tempfile.mkdtemp": "/tmp/x",
    "tempfile.mktemp": "/tmp/x",
    "tempfile.NamedTemporaryFile": "/tmp/x",
    "tempfile.TemporaryDirectory": "/tmp/x",
    "site.getsitepackages": ("/usr/lib/python3/site-packages",),
    "site.getusersitepackages": "~/.local/lib/python3/site-packages",
}
_CONSTANTS = {
    "os.sep": "/",
    "os.path.sep": "/",
    "os.linesep": "\n",
    "sys.executable": "python",
    "os.devnull": "/dev/null",
}
_LISTS = frozenset(("os.listdir", "os.scandir", "glob.glob", "glob.iglob", "os.walk"))
_PATH_LISTS = ("iterdir", "glob", "rglob", "walk")
_WRAPPERS = frozenset(("enumerate", "sorted", "list", "tuple", "reversed", "set", "tqdm.tqdm", "iter"))


class _Unknown(Exception):
    """The value is not known."""


class Values:
    """Computes values in one program.

    Args:
        names (`Names`): What its names stand for.
        length (`int`): Its length; the work is linear in it.
    """

    def __init__(self, names: Names, length: int):
        self._names = names
        self._limit = max(_MAX_VALUE, length)
        self._work = min(_LEAST_WORK + _WORK_PER_CHARACTER * length, _MOST_WORK)
        self._known: dict[ast.AST, Any] = {}
        self._candidates: dict[str, list[Any]] = {}
        self._listed: dict[str, str | None] = {}
        self._locals: dict[str, Any] = {}
        self._evaluated: dict[ast.AST, ast.expr | None] = {}
        self._depth = 0

    def value(self, node: ast.AST | None) -> Any:
        """A `str`, `bytes`, `int` or `tuple` of such; `None` if it is not known."""
        if node is None:
            return None
        kind = type(node)
        if kind is ast.Constant:
            constant = node.value  # type: ignore[attr-defined]
            return constant if type(constant) in (str, bytes, int) else None
        if not self._locals and node in self._known:
            return self._known[node]
        evaluate = _EVALUATORS.get(kind)
        if evaluate is None or self._depth >= _DEEPEST:
            return None
        if self._locals:
            # In a loop, an expression is computed again and again
            self._work -= 1
            if self._work < 0:
                return None
        else:
            self._known[node] = None
        self._depth += 1
        try:
            result = evaluate(self, node)
        except Exception:  # Where the program would fail, or what is not in the tables
            result = None
        finally:
            self._depth -= 1
        if type(result) in (str, bytes, tuple):
            self._work -= len(result)
            if len(result) > self._limit or self._work < 0:
                result = None
        elif type(result) is not int or abs(result) > 1 << 64:
            result = None
        if not self._locals:
            self._known[node] = result
        return result

    def text(self, node: ast.AST | None) -> str | None:
        """The value as a text: bytes as UTF-8, lists as command lines."""
        return _text(self.value(node))

    def evaluated(self, node: ast.Call) -> ast.expr | None:
        """The expression that `eval` is given as a short text; `None` if it is none."""
        if node not in self._evaluated:
            self._evaluated[node] = None
            text = self.value(node.args[0]) if len(node.args) == 1 else None
            if type(text) is str and len(text) <= _LONGEST_EXPRESSION:
                try:
                    self._evaluated[node] = parse_expression(text.strip())
                except (SyntaxError, ValueError, RecursionError, MemoryError):
                    pass
        return self._evaluated[node]

    def candidates(self, node: ast.AST | None) -> list[Any]:
        """Every value that an expression may have, if it is a name; not many of them."""
        if isinstance(node, ast.Name) and node.id not in self._locals and node.id not in self._names.modules:
            known = self._candidates.get(node.id)
            if known is None:
                found = [value for bound in self._names.values.get(node.id, ()) for value in self._all(bound)]
                known = list(dict.fromkeys(value for value in found if value is not None))[:_MOST_CANDIDATES]
                self._candidates[node.id] = known
            return known
        value = self.value(node)
        return [] if value is None else [value]

    def _all(self, bound: Bound) -> list[Any]:
        if not isinstance(bound, Item):
            return [self.value(bound)]
        of = bound.of
        if isinstance(of, ast.Name):
            found = []
            for other in self._names.values.get(of.id, ()):
                if isinstance(other, (ast.List, ast.Tuple, ast.Set, ast.Dict)):
                    found += self._all(Item(other, bound.place))
            if found:
                return found
        if isinstance(of, (ast.List, ast.Tuple, ast.Set)):
            items = of.elts[:_MOST_CANDIDATES]
            if bound.place is not None and all(isinstance(item, (ast.Tuple, ast.List)) for item in items):
                items = [item.elts[bound.place] for item in items if bound.place < len(item.elts)]  # type: ignore[attr-defined]
            return [self.value(item) for item in items]
        if isinstance(of, ast.Dict):
            return [self.value(item) for item in (of.values if bound.place else of.keys)[:_MOST_CANDIDATES]]
        return [self._item(bound)]

    def _item(self, bound: Item) -> Any:
        listed = self.listed(bound.of)
        if listed is not None:
            return listed if bound.place == 0 else f"{listed}/*" if bound.place is None else "*"
        value = self.value(bound.of)
        if value == "*":
            return value  # A name of a list of names of files
        if type(value) is tuple and value:
            return value[bound.place or 0] if len(value) > (bound.place or 0) else None
        return None

    def has_many(self, node: ast.AST | None) -> bool:
        """Whether an expression is one path of many."""
        return any(type(path) is str and "*" in path for path in self.candidates(node))

    def listed(self, node: ast.AST | None) -> str | None:
        """The folder whose files an expression lists; `None` if it lists none."""
        if isinstance(node, ast.Name):
            if node.id not in self._listed:
                self._listed[node.id] = None  # `names = sorted(names)`: of itself, it lists nothing
                listed = (
                    self.listed(bound)
                    for bound in self._names.values.get(node.id, ())
                    if not isinstance(bound, (Item, ast.Name))
                )
                self._listed[node.id] = next((folder for folder in listed if folder is not None), None)
            return self._listed[node.id]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self.listed(node.right) if isinstance(node.left, ast.List) else self.listed(node.left)
        if isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp)):
            return self.listed(node.generators[0].iter)
        if not isinstance(node, ast.Call):
            return None
        name = self._names.resolve(node.func) or ""
        first = node.args[0] if node.args else None
        if name in _LISTS:
            folder = "." if first is None else self.text(first)
            folder = UNKNOWN if folder is None else folder
            before = folder.partition("*")[0] if "glob" in name else folder
            return before.rstrip("/") or ("/" if before else ".")
        if name.startswith("pathlib.") and name.endswith(_PATH_LISTS) and isinstance(node.func, ast.Attribute):
            return self.text(node.func.value) or UNKNOWN
        if (name in _WRAPPERS or name.endswith("tqdm")) and first is not None:
            return self.listed(first)
        return None

    # Each kind of expression. What they raise means that the value is not known.

    def _must(self, node: ast.AST | None) -> Any:
        value = self.value(node)
        if value is None:
            raise _Unknown
        return value

    def _name(self, node: ast.Name) -> Any:
        if node.id in self._locals:
            return self._locals[node.id]
        if node.id in self._names.modules:
            return _CONSTANTS.get(self._names.modules[node.id])
        values = self._names.values.get(node.id, ())
        if any(isinstance(bound, ast.List) and bound.ctx is APPENDED for bound in values):
            return self._filled(values)
        for bound in reversed(values):
            value = self._item(bound) if isinstance(bound, Item) else self.value(bound)
            if value is None and isinstance(bound, Item):
                value = next((other for other in self._all(bound) if other is not None), None)
            if value is not None:
                return value
        return None

    def _filled(self, values: Sequence[Bound]) -> Any:
        """What a list has that was filled piece by piece."""
        pieces: tuple[Any, ...] = ()
        for bound in values:
            piece = None if isinstance(bound, Item) else self.value(bound)
            if type(piece) is not tuple:
                return None
            is_more = isinstance(bound, ast.List) and bound.ctx is APPENDED
            pieces = pieces + piece if is_more else piece
        return pieces

    def _sum(self, node: ast.BinOp) -> Any:
        # "a" + "b" + "c" ... is as deep as it is long
        terms: list[ast.expr] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp) and type(left.op) is ast.Add and len(terms) < _LONGEST_SUM:
            terms.append(left.right)
            left = left.left
        values = [self.value(term) for term in (left, *reversed(terms))]
        kinds = {type(value) for value in values if value is not None}
        if kinds == {str}:
            return self._joined("", values)
        if None in values or len(kinds) != 1:
            return None
        kind = kinds.pop()
        if kind is int:
            return sum(values)
        return b"".join(values) if kind is bytes else tuple(item for value in values for item in value)

    def _joined(self, separator: str, values: list[Any]) -> str:
        if sum(len(value) for value in values if type(value) is str) + len(values) * 4 > self._limit:
            raise _Unknown
        return separator.join(value if type(value) is str else UNKNOWN for value in values)

    def _operation(self, node: ast.BinOp) -> Any:
        kind = type(node.op)
        if kind is ast.Add:
            return self._sum(node)
        left, right = self.value(node.left), self.value(node.right)
        if kind is ast.Div:
            if type(left) is str or type(right) is str:
                return _path([left, right])
            return None
        if kind is ast.Mod and type(left) is str:
            try:
                return OPERATORS[ast.Mod](self._limit, left, right)
            except Exception:
                return _percent_with_holes(left, self._values_of(node.right))
        if left is None or right is None:
            return None
        return OPERATORS[kind](self._limit, left, right)

    def _values_of(self, node: ast.expr) -> list[Any]:
        return [self.value(item) for item in node.elts] if isinstance(node, ast.Tuple) else [self.value(node)]

    def _unary(self, node: ast.UnaryOp) -> Any:
        return -self._must(node.operand) if isinstance(node.op, ast.USub) else None

    def _f_string(self, node: ast.JoinedStr) -> str:
        return self._joined("", [self.value(part) for part in node.values])

    def _formatted(self, node: ast.FormattedValue) -> Any:
        value = self.value(node.value)
        if value is None or type(value) is tuple:
            return UNKNOWN
        spec = self.value(node.format_spec) if node.format_spec is not None else ""
        if not spec:
            return _text(value)
        return format(value, spec) if type(spec) is str and len(spec) < 4 else UNKNOWN

    def _named(self, node: ast.NamedExpr) -> Any:
        return self.value(node.value)

    def _display(self, node: ast.List | ast.Tuple | ast.Set) -> Any:
        return tuple(self._must(item) for item in node.elts)

    def _choice(self, node: ast.IfExp) -> Any:
        value = self.value(node.body)
        return self.value(node.orelse) if value is None else value

    def _any(self, node: ast.BoolOp) -> Any:
        return next((value for value in map(self.value, node.values) if value is not None), None)

    def _subscript(self, node: ast.Subscript) -> Any:
        if self._names.resolve(node.value) == "os.environ":
            return _variable(self.value(node.slice))
        if isinstance(node.value, ast.Dict):
            return self._in_dict(node.value, node.slice)
        if isinstance(node.value, ast.Name):
            for bound in self._names.values.get(node.value.id, ()):
                if isinstance(bound, ast.Dict):
                    return self._in_dict(bound, node.slice)
        container = self._must(node.value)
        if isinstance(node.slice, ast.Slice):
            bounds = (node.slice.lower, node.slice.upper, node.slice.step)
            return container[slice(*(None if bound is None else self._must(bound) for bound in bounds))]
        return container[self._must(node.slice)]

    def _in_dict(self, node: ast.Dict, key: ast.expr) -> Any:
        wanted = self._must(key)
        for name, value in zip(node.keys, node.values):
            if name is not None and self.value(name) == wanted:
                return self.value(value)
        return None

    def _attribute(self, node: ast.Attribute) -> Any:
        name = self._names.resolve(node)
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        if node.attr == "parent":
            value = self.value(node.value)
            return posixpath.dirname(value) if type(value) is str else None
        if node.attr in ("name", "path") and name is not None and name.startswith("tempfile."):
            return "/tmp/x"
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            for bound in reversed(self._names.values.get("." + node.attr, ())):
                value = self._item(bound) if isinstance(bound, Item) else self.value(bound)
                if value is not None:
                    return value
        return None

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> Any:
        generator = node.generators[0]
        if len(node.generators) > 1 or generator.ifs:
            return None
        items = self._must(generator.iter)
        if type(items) is int or len(items) * (1 + len(self._locals)) > min(self._limit, self._work // 4):
            return None
        self._work -= 4 * len(items)
        before, results = self._locals, []
        try:
            for item in items:
                if isinstance(generator.target, ast.Name):
                    self._locals = before | {generator.target.id: item}
                elif isinstance(generator.target, ast.Tuple) and type(item) is tuple:
                    targets = [target.id for target in generator.target.elts if isinstance(target, ast.Name)]
                    self._locals = before | dict(zip(targets, item))
                results.append(self._must(node.elt))
        finally:
            self._locals = before
        return tuple(results)

    def _call(self, node: ast.Call) -> Any:
        function = node.func
        name = self._names.resolve(function) or ""
        first = node.args[0] if node.args else None
        if name in _PLACES:
            return _PLACES[name]
        if name == "pathlib.Path()" and isinstance(function, ast.Attribute) and function.attr in ("home", "cwd"):
            return "~" if function.attr == "home" else "."
        if name in ("eval", "builtins.eval"):
            return self._must(self.evaluated(node))
        if name in _SAME:
            return "." if first is None and name.startswith("pathlib") else self.value(first)
        if name in ("os.path.expanduser",):
            return self.value(first)
        if name == "os.path.join":
            return _path([self.value(part) for part in node.args])
        if name in ("os.getenv", "os.environ.get"):
            return _variable(self.value(first))
        if name in ("os.path.dirname", "os.path.basename"):
            return getattr(posixpath, name[8:])(self._must(first))
        if name == "range" or (isinstance(function, ast.Name) and function.id == "range"):
            bounds = [self._must(argument) for argument in node.args]
            return tuple(range(*bounds)) if len(range(*bounds)) <= self._limit else None
        if isinstance(function, ast.Name) and function.id in ("zip", "enumerate"):
            parts = [self._must(argument) for argument in node.args]
            return tuple(zip(*parts)) if function.id == "zip" else tuple(enumerate(parts[0]))
        if name in DECODERS:
            return DECODERS[name](self._limit, *(self._must(argument) for argument in node.args))
        if name == "map" and isinstance(first, ast.Name):
            mapped = FUNCTIONS[self._names.resolve(first) or ""]
            return FUNCTIONS["map"](self._limit, mapped, self._must(node.args[1]))
        if name == "map" and isinstance(first, ast.Lambda) and len(first.args.args) == 1:
            return self._mapped(first, self._must(node.args[1]))
        if name in FUNCTIONS and name != "map" and not _is_method_of_value(function):
            return FUNCTIONS[name](self._limit, *(self._must(argument) for argument in node.args))
        if isinstance(function, ast.Name) and function.id in self._names.functions:
            return None
        return self._method(node, function, name) if isinstance(function, ast.Attribute) else None

    def _mapped(self, function: ast.Lambda, items: Any) -> Any:
        if len(items) > min(self._limit, self._work // 4):
            return None
        before, results = self._locals, []
        try:
            for item in items:
                self._locals = before | {function.args.args[0].arg: item}
                results.append(self._must(function.body))
        finally:
            self._locals = before
        return tuple(results)

    def _method(self, node: ast.Call, function: ast.Attribute, name: str) -> Any:
        value = self.value(function.value)
        if value is None:
            return None
        method = function.attr
        if name.startswith("pathlib."):
            parts = [value, *(self.value(part) for part in node.args)] if method == "joinpath" else [value]
            return _path(parts)
        if method == "join" and type(value) is str and len(node.args) == 1:
            joined = self.value(node.args[0])
            if joined is None and isinstance(node.args[0], (ast.List, ast.Tuple)):
                joined = [self.value(item) for item in node.args[0].elts]
            if joined is None:
                raise _Unknown
            return self._joined(value, list(joined))
        arguments = [self.value(argument) for argument in node.args]
        named = {str(keyword.arg): self.value(keyword.value) for keyword in node.keywords}
        if method == "format" and type(value) is str and len(value) <= self._limit:
            if None in arguments or None in named.values():
                return _format_with_holes(value, arguments, named)
        if None in arguments:
            return None
        if (type(value), method) in METHODS:
            try:
                return METHODS[type(value), method](self._limit, value, *arguments, **named)
            except Exception:
                if f"?.{method}" not in DECODERS:
                    raise
        if f"?.{method}" in DECODERS:
            return DECODERS[f"?.{method}"](self._limit, value, *arguments)
        if method == "copy" or (method == "tolist" and type(value) is tuple):
            return value
        if method in ("tobytes", "getvalue", "read"):
            return value
        return None


def _is_method_of_value(function: ast.expr) -> bool:
    """Whether it is `"".join`, which resolves as `str.join` does."""
    return isinstance(function, ast.Attribute) and not isinstance(function.value, ast.Name)


def _text(value: Any) -> str | None:
    if type(value) is str:
        return value
    if type(value) is bytes:
        return value.decode("utf-8", "replace")
    if type(value) is int:
        return str(value)
    if type(value) is tuple and all(type(item) in (str, bytes) for item in value):
        return " ".join(_text(item) or "" for item in value)
    return None


def _path(parts: list[Any]) -> str:
    known = [part if type(part) is str else UNKNOWN for part in parts]
    return posixpath.join(*known)


def _variable(name: Any) -> str | None:
    """What a variable of the environment stands for, if it is a place."""
    if type(name) is not str:
        return None
    return {"HOME": "~", "USERPROFILE": "~", "TMPDIR": "/tmp", "TEMP": "/tmp", "TMP": "/tmp"}.get(name) or (
        f"%{name}%" if name in ("APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "SYSTEMROOT", "WINDIR") else None
    )


def _percent_with_holes(template: str, values: list[Any]) -> str:
    parts = template.split("%s")
    holes: Iterator[Any] = iter(values)
    return "".join([parts[0], *((_text(next(holes, None)) or UNKNOWN) + part for part in parts[1:])])


def _format_with_holes(template: str, arguments: list[Any], named: dict[str, Any]) -> str:
    texts = [_text(argument) or UNKNOWN for argument in arguments]
    named_texts = {name: _text(value) or UNKNOWN for name, value in named.items()}
    if sum(map(len, (*texts, *named_texts.values()))) * (1 + template.count("{")) > _MAX_VALUE:
        raise _Unknown
    if any(character in template for character in ":!.["):
        raise _Unknown
    return template.format(*texts, **named_texts)


_EVALUATORS: dict[type[ast.AST], Any] = {
    ast.Name: Values._name,
    ast.BinOp: Values._operation,
    ast.UnaryOp: Values._unary,
    ast.JoinedStr: Values._f_string,
    ast.FormattedValue: Values._formatted,
    ast.NamedExpr: Values._named,
    ast.List: Values._display,
    ast.Tuple: Values._display,
    ast.Set: Values._display,
    ast.IfExp: Values._choice,
    ast.BoolOp: Values._any,
    ast.Subscript: Values._subscript,
    ast.Attribute: Values._attribute,
    ast.ListComp: Values._comprehension,
    ast.GeneratorExp: Values._comprehension,
    ast.SetComp: Values._comprehension,
    ast.Call: Values._call,
}
