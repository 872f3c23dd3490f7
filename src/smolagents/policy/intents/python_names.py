"""What the names of a program stand for: imports, aliases, assignments, loops, arguments of its own functions.

A name is resolved to what it is called elsewhere, with dots: `import subprocess as s; s.run` is `subprocess.run`. What
a call returns is its name and `()`, an item `[]`: `pathlib.Path().unlink`, `psutil.process_iter()[].kill`. Scopes are
not told apart, and of several assignments each counts: what a program does somewhere is what it does.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from typing import NamedTuple


_DEEPEST = 60
_MOST_VALUES = 16


class Item(NamedTuple):
    """What a name is bound to by a loop or by unpacking: an item of something.

    Attributes:
        of (`ast.expr`): What it is an item of.
        place (`int`, *optional*): Which; `None` for one after the other.
    """

    of: ast.expr
    place: int | None = None


# What a name may be bound to.
Bound = ast.expr | Item

# Of every Python, as the answer is the same on all of them
STANDARD_MODULES = sys.stdlib_module_names | frozenset(
    "aifc asynchat asyncore audioop cgi cgitb chunk commands crypt distutils imghdr imp lib2to3 mailcap msilib nis"
    " nntplib ossaudiodev pipes popen2 smtpd sndhdr spwd sunau telnetlib uu xdrlib compression annotationlib"
    " pathlib tomllib _pyrepl".split()
)
# How a list is marked that stands for what is put into another
APPENDED = ast.Store()
# Names of the language that do more than compute.
BUILTINS = frozenset(
    (
        *(
            "eval",
            "exec",
            "compile",
            "open",
            "input",
            "getattr",
            "setattr",
            "delattr",
            "vars",
            "dir",
            "globals",
            "locals",
        ),
        *("breakpoint", "help", "type", "object", "str", "bytes", "bytearray", "list", "tuple", "dict", "set", "int"),
        *(
            "chr",
            "ord",
            "map",
            "reversed",
            "print",
            "super",
            "memoryview",
            "license",
            "copyright",
            "credits",
            "len",
            "any",
        ),
        *(
            "__import__",
            "__build_class__",
            "__loader__",
            "__spec__",
            "get_ipython",
            "filter",
            "sorted",
            "max",
            "min",
            "next",
            "iter",
        ),
    )
)
# Those that only compute have the module of all of them as their `__self__`, too.
_FUNCTIONS = frozenset(
    "abs aiter all anext any ascii bin callable chr divmod format hash hex id isinstance issubclass iter len max min"
    " next oct ord pow print repr round sorted sum".split()
)
# The modules that those who want out look for in other modules.
_ROOTS = frozenset(
    (
        *(
            "os",
            "_os",
            "posix",
            "nt",
            "sys",
            "_sys",
            "subprocess",
            "_subprocess",
            "builtins",
            "_builtins",
            "__builtins__",
        ),
        *("importlib", "_importlib", "ctypes", "_ctypes", "pty", "shutil", "_shutil", "socket", "_socket", "codecs"),
        *("threading", "io", "_io", "bltns"),
    )
)
# What a program does not bind and uses, an earlier step of the same agent, or cell of the same notebook, has imported.
_IMPORTED_BEFORE = frozenset(
    (
        *("base64", "codecs", "ctypes", "ftplib", "glob", "httpx", "importlib", "io", "marshal", "os", "pathlib"),
        *("pickle", "pty", "requests", "shutil", "signal", "smtplib", "socket", "subprocess", "sys", "urllib", "zlib"),
        *("code", "commands", "doctest", "imp", "linecache", "pdb", "pip"),
    )
)
_HAVE_THEM_AS_THEIR_OWN = frozenset(
    ("asyncio", "gevent", "trio", "anyio", "eventlet", "curio", "six", "scipy", "skimage")
)
# Attributes that stand for what they are of.
_TRANSPARENT = frozenset(("__dict__", "__call__", "__func__", "__wrapped__", "__get__", "__init__", "__new__"))
_LOOKUPS = frozenset(("get", "__getitem__", "pop", "setdefault", "__getattribute__", "__getattr__"))
IMPORTERS = frozenset(
    (
        *("__import__", "importlib.import_module", "importlib.__import__", "importlib._bootstrap._gcd_import"),
        *("pydoc.locate", "pkgutil.resolve_name", "pydoc.safeimport", "importlib.reload", "imp.load_module"),
        *("__loader__.load_module", "importlib.machinery.BuiltinImporter.load_module", "?.load_module"),
        *("importlib._bootstrap.BuiltinImporter.load_module", "pytest.importorskip", "unittest.mock._importer"),
        *("importlib.util.find_spec", "importlib.find_loader", "pkgutil.find_loader", "pydoc.importfile"),
    )
)
_PATHS = "pathlib.Path()"
_PATH_LISTS = (".glob()", ".rglob()", ".iterdir()", ".parents")
_PATH_MAKERS = frozenset(
    (
        *("parent", "joinpath", "expanduser", "resolve", "absolute", "with_suffix", "with_name", "home", "cwd"),
        *("relative_to", "with_stem", "readlink", "rename", "replace"),
    )
)
_SAME_MODULE = {
    "posix": "os",
    "nt": "os",
    "_os": "os",
    "_sys": "sys",
    "_subprocess": "subprocess",
    "_socket": "socket",
} | {"__builtins__": "builtins", "_builtins": "builtins", "_io": "io", "_shutil": "shutil", "_ctypes": "ctypes"}
_SAME_MODULE |= {"bltns": "builtins"}
# What modules of the language have imported for themselves, that somebody may take from there
SMUGGLED = frozenset(("os", "_os", "posix", "sys", "_sys", "subprocess", "builtins", "bltns", "pty"))
# The functions of a library of C are its items as well
_LIBRARIES = frozenset(("ctypes.CDLL()", "ctypes.PyDLL()", "ctypes.cdll.LoadLibrary()", "ctypes.WinDLL()"))
_NAMESPACES = frozenset(("<globals>", "sys.modules", "builtins"))


_NEW = "<new>"


class Names:
    """The names of one program.

    Attributes:
        modules (`dict[str, str]`): What is imported, by the name that it has here.
        values (`dict[str, list[Bound]]`): What is assigned, by name; `.name` for an attribute of `self`.
        functions (`dict[str, list]`): The program's own functions and classes.
        value (`Callable`): Gives the value of an expression made of constants, or `None`.
        reached (`set[ast.AST]`): Where a module is taken out of another.
        imported (`set[str]`): Modules of packages that are imported by their whole name.
        smuggled (`set[str]`): Modules that are imported out of another: `from random import _os`.
    """

    def __init__(self) -> None:
        self.modules: dict[str, str] = {}
        self.values: dict[str, list[Bound]] = {}
        self.functions: dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]] = {}
        self.value: Callable[[ast.expr], object] = lambda node: None
        self.reached: set[ast.AST] = set()
        self.smuggled: set[str] = set()
        self.imported: set[str] = set()
        self._resolved: dict[ast.AST, str | None] = {}
        self._depth = 0

    def import_from(self, module: str, name: str, called: str) -> None:
        """Note what is imported out of a module, and what it is called here."""
        package = module.partition(".")[0]
        if name in SMUGGLED and package in STANDARD_MODULES and package not in _HAVE_THEM_AS_THEIR_OWN:
            self.smuggled.add(called)
            self.modules[called] = _SAME_MODULE.get(name, name)
        else:
            self.modules[called] = f"{module}.{name}".lstrip(".")

    def bind(self, name: str, bound: Bound) -> None:
        """Note that a name may stand for something."""
        values = self.values.setdefault(name, [])
        if len(values) < _MOST_VALUES:
            values.append(bound)

    def append_to(self, target: ast.expr, *values: ast.expr) -> bool:
        """Note what is put into a list, and say whether it was. Of names in a loop, the loop is what tells more."""
        if not isinstance(target, ast.Name):
            return False
        names = (value.id for value in values if isinstance(value, ast.Name))
        if any(isinstance(bound, Item) for name in names for bound in self.values.get(name, ())):
            return False
        self.bind(target.id, ast.copy_location(ast.List([*values], APPENDED), target))
        return True

    def bind_target(self, target: ast.expr, value: ast.expr) -> None:
        """Note an assignment to whatever stands on its left."""
        kind = type(target)
        if kind is ast.Name:
            self.bind(target.id, value)  # type: ignore[attr-defined]
        elif isinstance(target, (ast.Tuple, ast.List)):
            others = value.elts if isinstance(value, (ast.Tuple, ast.List)) else None
            for index, item in enumerate(target.elts):
                if others is not None and len(others) == len(target.elts):
                    self.bind_target(item, others[index])
                elif isinstance(item, ast.Name):
                    self.bind(item.id, Item(value, index))
        elif isinstance(target, ast.Attribute):
            self.bind("." + target.attr, value)
        elif isinstance(target, (ast.Subscript, ast.Starred)) and isinstance(target.value, ast.Name):
            self.bind(target.value.id, value)

    def bind_items(self, target: ast.expr, of: ast.expr) -> None:
        """Note a loop."""
        if isinstance(target, ast.Name):
            self.bind(target.id, Item(of))
        elif isinstance(target, (ast.Tuple, ast.List)):
            for index, item in enumerate(target.elts):
                if isinstance(item, ast.Name):
                    self.bind(item.id, Item(of, index))

    def resolve(self, node: ast.AST) -> str | None:
        """What an expression is called elsewhere; `None` if that is not known."""
        if type(node) is ast.Name:
            module = self.modules.get(node.id)
            if module is not None:
                return module
        known = self._resolved.get(node, _NEW)
        if known is not _NEW:
            return known
        self._resolved[node] = None  # of itself, it is nothing
        resolver = _RESOLVERS.get(type(node))
        if resolver is None or self._depth >= _DEEPEST:
            return None
        self._depth += 1
        try:
            result = resolver(self, node)
        finally:
            self._depth -= 1
        self._resolved[node] = result
        return result

    def _name(self, node: ast.Name) -> str | None:
        name = node.id
        if name == "__builtins__":
            return "builtins"
        for bound in reversed(self.values.get(name, ())):
            resolved = self._bound(bound)
            if resolved is not None:
                return resolved
        if name in self.values or name in self.functions:
            return None
        if name in BUILTINS or name in _IMPORTED_BEFORE or name in STANDARD_MODULES:
            return name
        return None

    def _bound(self, bound: Bound) -> str | None:
        if not isinstance(bound, Item):
            return self.resolve(bound)
        if isinstance(bound.of, (ast.List, ast.Tuple, ast.Set)):
            for item in bound.of.elts[:_MOST_VALUES]:
                resolved = self.resolve(item)
                if resolved is not None and resolved not in _DISPLAYS:
                    return resolved
            return None
        base = self.resolve(bound.of)
        if base is not None and base.startswith(_PATHS) and base.endswith(_PATH_LISTS):
            return _PATHS
        return base and f"{base}[]"

    def _attribute(self, node: ast.Attribute) -> str | None:
        if node.attr == "__class__":
            kind = self._type_of(node.value)
            if kind != "type()":  # A function or its code, of which another is made
                return kind
        base = self.resolve(node.value)
        if base is None and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            for bound in reversed(self.values.get("." + node.attr, ())):
                resolved = self._bound(bound)
                if resolved is not None:
                    return resolved
        return self.member(base, node.attr, node)

    def _is_function_of_language(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id in _FUNCTIONS and node.id not in self.values

    def member(self, base: str | None, name: str, node: ast.AST) -> str:
        """What an attribute of something is called."""
        if base is None:
            if name == "__self__" and isinstance(node, ast.Attribute) and self._is_function_of_language(node.value):
                return "builtins"
            return "<globals>" if name in ("__globals__", "f_globals", "f_locals") else f"?.{name}"
        if name in _TRANSPARENT and not base.startswith("?"):
            return base
        if name in ("__globals__", "f_globals", "f_locals", "func_globals"):
            return "<globals>"
        if name in ("f_builtins", "__builtins__") or (name == "__self__" and base in BUILTINS):
            return "builtins"
        if name == "modules" and base.endswith("sys"):
            return "sys.modules"
        if base in _NAMESPACES:
            if name in BUILTINS:
                return name
            if base == "builtins":
                return f"builtins.{name}"
            self.reached.add(node)
            return _SAME_MODULE.get(name, name)
        # Not `socket.socket`, which is a class
        if (
            name in _ROOTS
            and name != base
            and f"{base}.{name}" not in self.imported
            and base not in _HAVE_THEM_AS_THEIR_OWN
            and not base.endswith(")")
        ):
            self.reached.add(node)
            return _SAME_MODULE.get(name, name)
        if name in _PATH_MAKERS and base.startswith("pathlib."):
            return _PATHS
        return f"{_SAME_MODULE.get(base, base)}.{name}"

    def _call(self, node: ast.Call) -> str | None:
        name = self.resolve(node.func)
        first = node.args[0] if node.args else None
        if name is None:
            function = node.func
            # A function of the program that returns nothing but one thing
            if isinstance(function, ast.Lambda):
                return self.resolve(function.body)
            return self._returned(function.id) if isinstance(function, ast.Name) else None
        if first is not None:
            if name in IMPORTERS or name.endswith((".load_module", ".find_spec")):
                module = self.value(first)
                if type(module) is str:
                    return _SAME_MODULE.get(module, module) if name != "__import__" else module.split(".")[0]
                return "<module>"
            if name in ("getattr", "object.__getattribute__", "type.__getattribute__", "inspect.getattr_static"):
                attribute = self.value(node.args[1]) if len(node.args) > 1 else None
                return self.member(self.resolve(first), attribute, node) if type(attribute) is str else None
            if name in ("vars", "functools.partial", "operator.itemgetter()", "staticmethod", "types.MethodType"):
                return self.resolve(first)
            if name == "importlib.util.module_from_spec":
                return self.resolve(first)
            if name == "inspect.getmodule":
                return "<globals>"
            if name == "type" and len(node.args) == 1:
                return self._type_of(first)
            if name == "operator.attrgetter()" and isinstance(node.func, ast.Call) and node.func.args:
                attribute = self.value(node.func.args[0])
                if type(attribute) is str:
                    resolved = self.resolve(first)
                    for part in attribute.split("."):
                        resolved = self.member(resolved, part, node)
                    return resolved
            base, _, method = name.rpartition(".")
            if method in _LOOKUPS and isinstance(node.func, ast.Attribute):
                of = self.resolve(node.func.value)
                key = self.value(first)
                if type(key) is str and (of in _NAMESPACES or method.startswith("__")):
                    return self.member(of, key, node)
        if name in ("globals", "locals", "vars"):
            return "<globals>"
        if name == "pathlib.PurePath" or name in ("pathlib.PosixPath", "pathlib.WindowsPath"):
            return _PATHS
        return name if name.startswith(_PATHS) and name == _PATHS else f"{name}()"

    def _type_of(self, node: ast.expr) -> str:
        """The type of functions and of their code has no name of its own, but for this."""
        if isinstance(node, ast.Lambda) or (isinstance(node, ast.Name) and node.id in self.functions):
            own = self.functions.get(node.id, ()) if isinstance(node, ast.Name) else ()
            return "type()" if any(isinstance(item, ast.ClassDef) for item in own) else "types.FunctionType"
        return "types.CodeType" if isinstance(node, ast.Attribute) and node.attr == "__code__" else "type()"

    def _returned(self, name: str) -> str | None:
        functions = self.functions.get(name, ())
        if len(functions) != 1 or isinstance(functions[0], ast.ClassDef):
            return None
        last = functions[0].body[-1]
        return self.resolve(last.value) if isinstance(last, ast.Return) and last.value is not None else None

    def _subscript(self, node: ast.Subscript) -> str | None:
        container, key = node.value, self.value(node.slice)
        if isinstance(container, (ast.List, ast.Tuple, ast.Dict)):
            return self._in_display(container, key)
        base = self.resolve(container)
        if isinstance(container, ast.Name) and (base is None or base in _DISPLAYS):
            displayed = (self._in_display(bound, key) for bound in self.values.get(container.id, ()))
            return next((resolved for resolved in displayed if resolved is not None), None)
        if base is None:
            return None
        if type(key) is str and (not base.endswith((")", "]")) or base in _LIBRARIES):
            return self.member(base, key, node)
        return f"{base}[]"

    def _in_display(self, bound: Bound, key: object) -> str | None:
        if isinstance(bound, ast.Dict):
            for name, value in zip(bound.keys, bound.values):
                if name is not None and key is not None and self.value(name) == key:
                    return self.resolve(value)
        elif (
            isinstance(bound, (ast.List, ast.Tuple)) and type(key) is int and -len(bound.elts) <= key < len(bound.elts)
        ):
            return self.resolve(bound.elts[key])
        return None

    def _operation(self, node: ast.BinOp) -> str | None:
        left = self.resolve(node.left) if type(node.op) is ast.Div else None
        return _PATHS if left is not None and left.startswith("pathlib.") else None

    def _choice(self, node: ast.IfExp) -> str | None:
        return self.resolve(node.body) or self.resolve(node.orelse)

    def _any(self, node: ast.BoolOp) -> str | None:
        return next(filter(None, map(self.resolve, node.values)), None)

    def _inner(self, node: ast.NamedExpr | ast.Await | ast.Starred) -> str | None:
        return self.resolve(node.value)

    def _lambda(self, node: ast.Lambda) -> str | None:
        return None

    def _display(self, node: ast.expr) -> str:
        return _TYPES[type(node)]

    def _constant(self, node: ast.Constant) -> str | None:
        return type(node.value).__name__ if type(node.value) in (str, bytes) else None


_TYPES: dict[type[ast.AST], str] = {
    ast.List: "list",
    ast.Tuple: "tuple",
    ast.Dict: "dict",
    ast.Set: "set",
    ast.JoinedStr: "str",
}
_DISPLAYS = frozenset(_TYPES.values())
_RESOLVERS: dict[type[ast.AST], Callable[..., str | None]] = {
    ast.Name: Names._name,
    ast.Attribute: Names._attribute,
    ast.Call: Names._call,
    ast.Subscript: Names._subscript,
    ast.BinOp: Names._operation,
    ast.IfExp: Names._choice,
    ast.BoolOp: Names._any,
    ast.NamedExpr: Names._inner,
    ast.Await: Names._inner,
    ast.Starred: Names._inner,
    ast.Constant: Names._constant,
    **dict.fromkeys(_TYPES, Names._display),
}
