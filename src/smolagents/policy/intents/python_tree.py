"""One walk over the tree of a program: its names, and the few nodes that the reader looks at again."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from typing import Any

from ..program import parse as parse_program
from .python_calls import CALLS, CLIMBS, SOURCES
from .python_names import Item, Names


# The fields of each kind of node that lead to more nodes. Names and constants lead nowhere.
_LEAD_NOWHERE = frozenset(
    (
        *("ctx", "op", "ops", "kind", "type_comment", "name", "id", "attr", "arg", "level", "asname", "type_ignores"),
        *(
            "conversion",
            "annotation",
            "returns",
            "simple",
            "is_async",
            "module",
            "names",
            "rest",
            "kwd_attrs",
            "lineno",
        ),
        *("type_params", "tag"),
    )
)
_LEAVES = (ast.Name, ast.Constant, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)


def _children(kind: type[ast.AST]) -> tuple[Callable[[Any], Any], bool] | None:
    """What gets the fields of a node, the last first, and whether there is but one."""
    fields = [field for field in reversed(kind._fields) if field not in _LEAD_NOWHERE]
    if not fields or kind in _LEAVES:
        return None
    return operator.attrgetter(*fields), len(fields) == 1


_CHILDREN = {
    kind: get
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
    for get in (_children(kind),)
    if get is not None
}

# The last part of everything in the tables: what else an attribute is called needs no second look.
FORMATS = frozenset(("format", "format_map", "vformat", "get_field"))
INTERESTING = frozenset(name.rpartition(".")[2] for name in CALLS) | FORMATS | frozenset(
    ("encrypt", "dup2", "__reduce_ex__", "update", "partial", "submit", "apply_async", "Thread", "Process", "register",
     "attrgetter", "methodcaller", "itemgetter", "getattr_static", "import_module",
     "__getattribute__", "write", "writelines", "add", "screenshot", "login", "save",
     "extractall", "writestr", "dump", "dictConfig", "mmap", "get_original", "load_module", "find_spec",
     "from_address", "cast", "imwrite", "encrypt_and_digest", "__class__")
)  # fmt: skip


# What `from module import *` brings, as far as it matters.
_STARS: dict[str, set[str]] = {}
for _name in (*CALLS, *SOURCES):
    _parts = re.split(r"\.|\(|\[", _name)
    for _end in range(1, len(_parts)):
        _STARS.setdefault(".".join(_parts[:_end]), set()).add(_parts[_end])


# F-strings take the parser time with the square of their fields.
_MOST_FIELDS = 10_000
_F_STRING = re.compile(r"[fF][rR]?[\"']")


def parse(program: str) -> ast.Module:
    """Parse a program.

    Raises:
        `SyntaxError`, `ValueError`, `RecursionError`, `MemoryError`: If it cannot be parsed in a reasonable time.
    """
    if program.count("{") > _MOST_FIELDS and _F_STRING.search(program):
        raise ValueError("too many fields in f-strings")
    return parse_program(program)


# Decorators of what is called with what others send, and what they send.
_HANDLERS = frozenset(
    ("message_handler", "route", "command", "event", "on_message", "on", "handler", "listen", "websocket")
)
_HANDED_IN = ast.parse("input()", mode="eval").body
# Functions of one name, of those that a program has.
_MOST_OF_A_NAME = 16


class Tree:
    """What one walk finds.

    Attributes:
        root (`ast.AST`): The tree.
        names (`Names`): What the program's names stand for.
        calls (`list[ast.Call]`): The calls that may do something.
        climbs (`list[ast.Attribute]`): Attributes by which one climbs.
        references (`list`): Where something is assigned to an attribute, or decorated: pairs of node and value.
        loops (`list[ast.While]`): Loops without a condition.
        settings (`list[ast.Subscript]`): Items that are assigned or deleted.
        assigned (`dict[ast.AST, ast.expr]`): What is assigned to them.
        patterns (`set[str]`): Attributes that `match` looks up.
    """

    def __init__(self, root: ast.AST):
        self.root = root
        self.names = Names()
        self.calls: list[ast.Call] = []
        self.climbs: list[ast.Attribute] = []
        self.references: list[tuple[ast.AST, ast.expr]] = []
        self.loops: list[ast.While] = []
        self.settings: list[ast.Subscript] = []
        self.assigned: dict[ast.AST, ast.expr] = {}
        self.patterns: set[str] = set()
        self._local_calls: list[tuple[str, ast.Call]] = []
        self._walk(root)
        self._bind_arguments()

    def _walk(self, root: ast.AST) -> None:
        kinds = _KINDS.get
        waiting = [root]
        pop, push = waiting.pop, waiting.append
        while waiting:
            node = pop()
            kind = kinds(type(node))
            if kind is None:
                continue
            visit, children, is_one = kind
            if visit is not None:
                visit(self, node)
            if is_one:
                value = children(node)
                if type(value) is list:
                    waiting += value[::-1]
                elif value is not None:
                    push(value)
            elif children is not None:
                for value in children(node):
                    if type(value) is list:
                        if value:
                            waiting += value[::-1]
                    elif value is not None:
                        push(value)

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            if "." in alias.name:
                self.names.imported.add(alias.name)
            self.names.modules[alias.asname or alias.name.split(".")[0]] = (
                alias.name if alias.asname else alias.name.split(".")[0]
            )

    def _import_from(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name != "*":
                module = "." * node.level + (node.module or "")
                self.names.import_from(module, alias.name, alias.asname or alias.name)
                if alias.asname is not None and alias.asname.startswith("__"):  # The language calls it by this name
                    called = ast.copy_location(ast.Name(alias.asname, ast.Load()), node)
                    self.references.append((called, called))
            else:
                for name in _STARS.get(node.module or "", ()):
                    self.names.modules.setdefault(name, f"{node.module}.{name}")

    def _assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._assign_to(target, node.value)

    def _assign_to(self, target: ast.expr, value: ast.expr) -> None:
        self.names.bind_target(target, value)
        if type(target) is ast.Subscript:
            self.settings.append(target)
            self.assigned[target] = value
        if type(target) in (ast.Attribute, ast.Subscript) or (type(target) is ast.Name and target.id.startswith("__")):
            self.references.append((target, value))

    def _delete(self, node: ast.Delete) -> None:
        self.settings += [target for target in node.targets if type(target) is ast.Subscript]

    def _assign_one(self, node: ast.AnnAssign | ast.NamedExpr) -> None:
        if node.value is not None:
            self._assign_to(node.target, node.value)

    def _add_to(self, node: ast.AugAssign) -> None:
        if isinstance(node.value, ast.List) and self.names.append_to(node.target, *node.value.elts):
            return
        self.names.bind_target(node.target, node.value)
        if type(node.target) is ast.Name and type(node.op) is ast.Add:
            before = self.names.values[node.target.id][:-1]
            of = before[-1] if before and not isinstance(before[-1], Item) else None
            left = of or ast.copy_location(ast.Name(node.target.id, ast.Load()), node)
            self.names.bind(node.target.id, ast.copy_location(ast.BinOp(left, node.op, node.value), node))

    def _loop(self, node: ast.For | ast.AsyncFor | ast.comprehension) -> None:
        self.names.bind_items(node.target, node.iter)
        # `for x.y in [z]` is an assignment as well
        if type(node.target) in (ast.Attribute, ast.Subscript) and isinstance(node.iter, (ast.List, ast.Tuple)):
            for value in node.iter.elts[:_MOST_OF_A_NAME]:
                self._assign_to(node.target, value)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            if item.optional_vars is not None:
                self.names.bind_target(item.optional_vars, item.context_expr)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._define(node)
        defaults = node.args.defaults
        for argument, default in zip(node.args.args[len(node.args.args) - len(defaults) :], defaults):
            self.names.bind(argument.arg, default)
        for argument, keyword_default in zip(node.args.kwonlyargs, node.args.kw_defaults):
            if keyword_default is not None:
                self.names.bind(argument.arg, keyword_default)
        for decorator in node.decorator_list:
            self.references.append((node, decorator))
            named = decorator.func if type(decorator) is ast.Call else decorator
            if type(named) is ast.Attribute and named.attr in _HANDLERS:
                for argument in node.args.args:
                    self.names.bind(argument.arg, _HANDED_IN)

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        functions = self.names.functions.setdefault(node.name, [])
        if len(functions) < _MOST_OF_A_NAME:
            functions.append(node)

    def _class(self, node: ast.ClassDef) -> None:
        self._define(node)
        for base in node.bases:
            called = base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""
            if called.endswith("HTTPRequestHandler"):
                for attribute in (".path", ".rfile", ".headers"):
                    self.names.bind(attribute, _HANDED_IN)
        for decorator in node.decorator_list:
            self.references.append((node, decorator))

    def _while(self, node: ast.While) -> None:
        if type(node.test) is ast.Constant and node.test.value:
            self.loops.append(node)

    def _call(self, node: ast.Call) -> None:
        function = node.func
        kind = type(function)
        if kind is ast.Attribute:
            attribute = function.attr  # type: ignore[attr-defined]
            self._local_calls.append((attribute, node))
            if attribute == "append" and node.args:
                self.names.append_to(function.value, node.args[0])  # type: ignore[attr-defined]
            if attribute not in INTERESTING and not self._has_reference(node):
                return
        elif kind is ast.Lambda:
            for parameter, argument in zip(function.args.args, node.args):  # type: ignore[attr-defined]
                self.names.bind(parameter.arg, argument)
        elif kind is ast.Name:
            self._local_calls.append((function.id, node))  # type: ignore[attr-defined]
        self.calls.append(node)

    @staticmethod
    def _has_reference(node: ast.Call) -> bool:
        return any(type(argument) is ast.Attribute or type(argument) is ast.Name for argument in node.args)

    def _attribute(self, node: ast.Attribute) -> None:
        if node.attr in CLIMBS:
            self.climbs.append(node)

    def _match_class(self, node: ast.MatchClass) -> None:
        self.patterns.update(node.kwd_attrs)

    def _bind_arguments(self) -> None:
        """Bind what the program's own functions are called with."""
        functions = self.names.functions
        if not functions:
            return
        for name, call in self._local_calls:
            for function in functions.get(name, ()):
                if isinstance(function, ast.ClassDef):
                    initializers = [item for item in function.body if isinstance(item, ast.FunctionDef)]
                    function_or_none = next((item for item in initializers if item.name == "__init__"), None)
                    if function_or_none is None:
                        continue
                    function = function_or_none
                parameters = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
                if parameters[:1] == ["self"] or parameters[:1] == ["cls"]:
                    parameters = parameters[1:]
                for parameter, argument in zip(parameters, call.args):
                    if isinstance(argument, ast.Starred):
                        self.names.bind(parameter, Item(argument.value))
                    else:
                        self.names.bind(parameter, argument)
                for keyword in call.keywords:
                    if keyword.arg is not None:
                        self.names.bind(keyword.arg, keyword.value)


_VISITORS: dict[type[ast.AST], Callable[[Tree, Any], None]] = {
    ast.Import: Tree._import,
    ast.ImportFrom: Tree._import_from,
    ast.Assign: Tree._assign,
    ast.AnnAssign: Tree._assign_one,
    ast.Delete: Tree._delete,
    ast.AugAssign: Tree._add_to,
    ast.NamedExpr: Tree._assign_one,
    ast.For: Tree._loop,
    ast.AsyncFor: Tree._loop,
    ast.comprehension: Tree._loop,
    ast.With: Tree._with,
    ast.AsyncWith: Tree._with,
    ast.FunctionDef: Tree._function,
    ast.AsyncFunctionDef: Tree._function,
    ast.ClassDef: Tree._class,
    ast.While: Tree._while,
    ast.Call: Tree._call,
    ast.Attribute: Tree._attribute,
    ast.MatchClass: Tree._match_class,
}
# What to do with each kind of node, and what it leads to: one look-up a node. There is nothing to do with most.
_KINDS = {kind: (_VISITORS.get(kind), *_CHILDREN.get(kind, (None, False))) for kind in {*_VISITORS, *_CHILDREN}}
