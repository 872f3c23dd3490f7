"""What flows where: of what is handed to a call, where it came from and what was done to it on the way.

Flow is followed through assignments, loops, the program's own functions, and whatever is made of something: what is
made of a secret counts as the secret.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from .places import target_of_path
from .python_calls import CALLS, SOURCES
from .python_names import Bound, Item, Names
from .python_values import Values


_NOTHING: frozenset[str] = frozenset()
_DEEPEST = 60
_BY_TARGET = {
    **dict.fromkeys(("secret", "authority", "history"), frozenset(("from_secret",))),
    **dict.fromkeys(
        ("system", "account", "startup", "log", "kernel", "security", "container", "home", "root"),
        frozenset(("from_system",)),
    ),
}
_FROM_SECRET = frozenset(("from_secret",))
_NEVER_SENT = re.compile(
    r"AWS_SECRET|AWS_SESSION|PRIVATE_KEY|AZURE_CLIENT_SECRET|MNEMONIC|SEED_PHRASE|(?:NPM|PYPI|TWINE|VAULT)_(?:TOKEN|PASSWORD)"
)
_FROM_FILE = frozenset(("from_file",))
_FROM_NETWORK = frozenset(("from_network",))
_HIDDEN = frozenset(("hidden",))
_BULK = frozenset(("bulk",))
_FROM_ITSELF = frozenset(("from_itself", "from_file"))
_FROM_SYSTEM = frozenset(("from_system",))
_ENCODERS = frozenset(
    ("base64.b64encode", "base64.b32encode", "binascii.hexlify", "base64.urlsafe_b64encode", "zlib.compress")
)
# What a secret is turned into by these is no secret any more, and what is only asked about a file is not the file.
_FORGET = frozenset(
    ("len", "bool", "isinstance", "hash", "type", "os.path.exists", "os.path.getsize", "os.stat", "id")
)
_IGNORED = (ast.Constant, ast.Lambda, ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)


class Flow:
    """The flow in one program."""

    def __init__(self, names: Names, values: Values):
        self._names = names
        self._values = values
        # What is written to files: expressions, and targets of files that are copied there
        self._contents: dict[str, list[ast.AST | str]] = {}
        self._known: dict[object, frozenset[str]] = {}
        self._depth = 0

    def note_content(self, path: str, content: ast.AST | str) -> None:
        """Note that the value of an expression, or the file at a path, is written to a file."""
        self._contents.setdefault(path, []).append(content)

    def _of_content(self, path: str) -> frozenset[str]:
        found = _NOTHING
        for content in self._contents.pop(path, ()):  # Once: what is followed in a circle ends there
            if isinstance(content, str):
                found |= _BY_TARGET.get(target_of_path(content), _NOTHING)
            else:
                found |= self._of(content)
        if found:
            self._known["content", path] = found
        return found | self._known.get(("content", path), _NOTHING)

    def into(self, nodes: Iterable[ast.AST | None]) -> frozenset[str]:
        """What flows into any of some expressions."""
        found = _NOTHING
        for node in nodes:
            if node is not None and type(node) is not ast.Constant:
                found |= self._of(node)
        return found

    def _of(self, node: ast.AST) -> frozenset[str]:
        if isinstance(node, _IGNORED):
            return _NOTHING
        key: object = node.id if isinstance(node, ast.Name) else node
        known = self._known.get(key)
        if known is not None:
            return known
        if self._depth >= _DEEPEST:
            return _HIDDEN  # Nobody who has nothing to hide nests as deep
        self._known[key] = _NOTHING
        self._depth += 1
        try:
            found = self._found(node)
        finally:
            self._depth -= 1
        self._known[key] = found
        return found

    def _found(self, node: ast.AST) -> frozenset[str]:
        if isinstance(node, ast.Name):
            return self._of_name(node)
        if isinstance(node, ast.Call):
            return self._of_call(node)
        if isinstance(node, ast.Attribute):
            name = self._names.resolve(node)
            if name is not None and name in SOURCES:
                return SOURCES[name]
            found = self._of(node.value)
            if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
                for bound in self._names.values.get("." + node.attr, ()):
                    found |= self._of_bound(bound)
            return found
        if isinstance(node, ast.Subscript):
            if self._names.resolve(node.value) == "os.environ":
                return self._of_variable(node.slice)
            if isinstance(node.slice, ast.Slice) and self._values.value(node.slice.step) == -1:
                return self._of(node.value) | _HIDDEN
            return self._of(node.value)
        if isinstance(node, ast.BinOp):
            found = _NOTHING
            left: ast.AST = node
            while isinstance(left, ast.BinOp):
                found |= self._of(left.right)
                if type(left.op) is ast.BitXor:
                    found |= _HIDDEN
                left = left.left
            return found | self._of(left)
        found = _NOTHING
        for child in ast.iter_child_nodes(node):
            found |= self._of(child.iter if isinstance(child, ast.comprehension) else child)
        return found

    def _of_name(self, node: ast.Name) -> frozenset[str]:
        module = self._names.modules.get(node.id)
        found = SOURCES.get(module or self._names.resolve(node) or "", _NOTHING)
        for bound in self._names.values.get(node.id, ()):
            found |= self._of_bound(bound)
        return found

    def _of_bound(self, bound: Bound) -> frozenset[str]:
        if not isinstance(bound, Item):
            return self._of(bound)
        found = self._of(bound.of)
        return found | _BULK if self._values.listed(bound.of) is not None else found

    def _of_call(self, node: ast.Call) -> frozenset[str]:
        name = self._names.resolve(node.func)
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        if name is not None:
            if name in ("os.getenv", "os.environ.get"):
                return self._of_variable(arguments[0] if arguments else None)
            if name in SOURCES:
                return SOURCES[name] | self.into(arguments)
            if name in _FORGET:
                return _NOTHING
            if name in ("eval", "builtins.eval"):
                evaluated = self._values.evaluated(node)
                if evaluated is not None:
                    return self._of(evaluated)
            effect = CALLS.get(name)
            if effect is not None:
                if effect.act in ("download", "upload", "connect") and effect.reads in ("url", "host"):
                    carried = self.into(arguments[effect.position + 1 :]) if name.endswith("Request") else _NOTHING
                    return _FROM_NETWORK | carried
                if effect.act == "run_process":
                    return _FROM_SYSTEM
                if effect.act in ("read", "list") and effect.reads in ("open", "path", "path or url", "pickle"):
                    of = node.func if effect.position == -1 else arguments[0] if arguments else None
                    if effect.position == -1 and isinstance(of, ast.Attribute):
                        of = of.value
                    if effect.reads == "pickle":
                        return self.into(arguments)
                    return _NOTHING if effect.act == "list" else self._of_file(of)
            if name in _ENCODERS:
                return self.into(arguments) | _HIDDEN if arguments else _NOTHING
        found = self.into(arguments)
        if isinstance(node.func, ast.Attribute):
            if node.func.attr in ("translate", "recv", "recvfrom", "decrypt"):
                found |= SOURCES[f"?.{node.func.attr}"]
            if node.func.attr == "decode" and "rot" in (self._values.text(node.args[0] if node.args else None) or ""):
                found |= frozenset(("decoded",))
            found |= self._of(node.func.value)
        elif isinstance(node.func, ast.Name):
            for function in self._names.functions.get(node.func.id, ()):
                found |= self._returned(function)
            for bound in self._names.values.get(node.func.id, ()):
                if isinstance(bound, ast.Lambda):
                    found |= self._of(bound.body)
        else:
            found |= self._of(node.func)
        return found

    def _of_variable(self, node: ast.AST | None) -> frozenset[str]:
        # One variable, by its name, is a setting; but for those that no service wants to have sent
        name = self._values.value(node)
        return _FROM_SECRET if type(name) is str and _NEVER_SENT.search(name) else _NOTHING

    def is_itself(self, node: ast.AST | None) -> bool:
        """Whether an expression is the path of the program."""
        for _ in range(_DEEPEST):
            if isinstance(node, ast.Call) and node.args:
                node = node.args[0]  # `os.path.abspath` and the like
            elif (
                isinstance(node, ast.Name) and node.id != "__file__" and len(self._names.values.get(node.id, ())) == 1
            ):
                bound = self._names.values[node.id][0]
                node = None if isinstance(bound, Item) else bound
            else:
                break
        if isinstance(node, ast.Subscript):
            return self._names.resolve(node.value) == "sys.argv" and self._values.value(node.slice) == 0
        return isinstance(node, ast.Name) and node.id == "__file__"

    def _of_file(self, node: ast.AST | None) -> frozenset[str]:
        found = _FROM_ITSELF if self.is_itself(node) else _NOTHING
        for path in self._values.candidates(node):
            if type(path) is str:
                if path.startswith(("http://", "https://", "ftp://")):
                    found |= _FROM_NETWORK
                else:
                    found |= _BY_TARGET.get(target_of_path(path), _FROM_FILE) | self._of_content(path)
            if type(path) is str and "*" in path:
                found |= _BULK | _FROM_FILE
        return (found or _FROM_FILE) | (self.into([node]) & _BULK)

    def _returned(self, function: ast.AST) -> frozenset[str]:
        known = self._known.get(("returned", function))
        if known is not None:
            return known
        self._known["returned", function] = _NOTHING
        found = _NOTHING
        if not isinstance(function, ast.ClassDef):
            for node in ast.walk(function):
                if isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom)) and node.value is not None:
                    found |= self._of(node.value)
        self._known["returned", function] = found
        return found
