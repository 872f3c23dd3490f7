"""What a program does without a call of something well known: attributes that lead out, pickles, endless loops."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import partial

from .python_calls import CLIMBS
from .python_effects import apply, effect_of
from .python_names import BUILTINS, IMPORTERS, SMUGGLED, Item
from .python_reading import Reading
from .python_values import UNKNOWN


_NOTHING: frozenset[str] = frozenset()
_MAKE_THINGS_HAPPEN = frozenset(("run_code", "run_process", "delete", "load_native", "kill", "escape", "become"))
_PASSWORDS = frozenset(("password", "passwd", "pwd", "pass", "passphrase"))
# Modules that are taken out of `sys.modules` to import them anew, as they were
_TAKEN_BACK = frozenset(("os", "posix", "nt", "subprocess", "builtins", "importlib", "ctypes", "pty"))
_HOOKS = frozenset(("parse_int", "parse_float", "parse_constant", "object_hook", "object_pairs_hook", "default"))
_LOADED = frozenset(("LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "BASH_ENV", "PROMPT_COMMAND", "PYTHONSTARTUP"))
# A module's or a class's name is often printed
_FIELD_THAT_CLIMBS = re.compile(
    r"\{(?![^{}._]*(?:\.__class__)?\.__(?:name|module|qualname|doc)__[^{}._\[]*\})[^{}]*"
    r"[.\[](?:__|_\w+[.\[]|(?:gi|cr|ag|tb)_frame\b|f_(?:back|globals|builtins|locals)\b|func_globals\b)"
)
_TEXT_THAT_CLIMBS = re.compile(
    r"\{\w{0,40}[.\[][\w.\[\]]{0,200}__(?:globals|subclasses|builtins|mro|base|bases)__[\w.\[\]]{0,200}\}"
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
        *("cell_contents", "__reduce_ex__", "_Printer__filenames", "_Printer__setup", "_Printer__lines"),
        "_Printer__data",
    )
)
_RUN_BY_VARIABLE = re.compile(r"(?:^|[/\s|;])(?:ba|da|z)?sh\b|\bos\.system|\bcode\.|\bsubprocess|perl|-M\w|\bexec\b")
_GIVES_ADDRESS = re.compile(r"addressof|\bcast\b|VirtualAlloc|dlsym|\bmmap|address_of|from_buffer|c_void_p|\bid$")
_GLOBALS = frozenset(("__globals__", "f_globals", "func_globals"))
_NAMES_OF_MODULES = frozenset(("__name__", "__file__", "__package__", "__doc__", "__version__", "__all__"))
# Frames are walked to say where something happened, too; these are what one gets out of them
_ENDS = frozenset(("f_locals", "f_builtins", "co_consts", "co_code")) | _GLOBALS
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
_ASKS = frozenset(("get", "post", "head", "request", "urlopen", "put"))
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
        resolved = reading.names.resolve(target.value)
        if resolved == "sys.modules" and type(target.ctx) is ast.Del:
            if reading.values.value(target.slice) in _TAKEN_BACK:
                reading.add(target, "escape", "runtime", _NOTHING, "sys.modules")
        elif resolved == "os.environ":
            variable = reading.values.value(target.slice)
            if variable in _LOADED:
                reading.add(target, "configure", "environment", ("persistent",), variable)
            elif variable in ("PYTHONINSPECT", "PYTHONBREAKPOINT", "PERL5OPT", "BROWSER", "PAGER", "LESSOPEN"):
                signs_of = reading.tree.assigned.get(target)
                value = reading.values.text(signs_of) or ""
                if variable == "PYTHONINSPECT" or _RUN_BY_VARIABLE.search(value):
                    reading.add(target, "run_code", "environment", ("hidden",), variable)
            elif variable in ("HISTFILE", "HISTSIZE", "HISTCONTROL"):
                reading.add(target, "hide", "history", (), variable)


def formats(reading: Reading, node: ast.Call) -> None:
    if reading.has(_TEXT_THAT_CLIMBS):  # Wherever it is put into what is formatted
        reading.add(node, "escape", "runtime", _NOTHING, "format")
    places = [*node.args[:1], *([node.func.value] if isinstance(node.func, ast.Attribute) else [])]
    is_field = isinstance(node.func, ast.Attribute) and node.func.attr == "get_field"
    for place in places:
        for text in reading.values.candidates(place):
            if type(text) is not str:
                continue
            is_module = is_field and not SMUGGLED.isdisjoint(text.split(".")[1:])
            if is_module or _FIELD_THAT_CLIMBS.search(f"{{{text}}}" if is_field else text):
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
        if isinstance(node, ast.Attribute) and node.attr in ("__import__", "__build_class__"):
            if reading.names.resolve(node.value) == "builtins":
                reading.add(node, "write", "runtime", _NOTHING, node.attr)
        if (
            isinstance(node, ast.Name)
            and node.id == "__builtins__"
            and not isinstance(value, (ast.Dict, ast.Constant))
        ):
            reading.add(node, "escape", "runtime", _NOTHING, node.id)
        if isinstance(value, ast.Call):
            continue
        if isinstance(node, ast.Subscript) and reading.names.resolve(node.value) not in ("builtins", "<globals>"):
            continue
        resolved = reading.names.resolve(value)
        if resolved is None and isinstance(value, ast.Name) and value.id not in reading.names.values:
            resolved = value.id  # What is taken out of a module's names by itself
        is_decorated = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        is_method = isinstance(node, ast.Attribute) and node.attr in _CALLED_BY_LANGUAGE
        if (is_decorated or is_method) and resolved in _NEVER_CALLED_SO:
            reading.add(node, "run_code", "unknown", ("from_input",), resolved or "")
        effect = effect_of(resolved) if resolved is not None else None
        if effect is not None and effect.act in ("run_code", "run_process", "load_native"):
            reading.add(node, effect.act, "unknown", ("hidden",), resolved or "")


def handed_in_disguise(reading: Reading, node: ast.Call) -> None:
    """Functions that run code, handed over as what the language or a parser calls by itself."""
    pairs: list[tuple[object, ast.expr]] = []
    for keyword in node.keywords:
        if type(keyword.value) is ast.Name or type(keyword.value) is ast.Attribute:
            pairs.append((keyword.arg, keyword.value))
    if not pairs and len(node.args) < 3 and not any(type(argument) is ast.Dict for argument in node.args):
        return
    called = reading.names.resolve(node.func)
    if called in ("type", "type()", "types.new_class") or (called or "").endswith(".update"):
        for display in node.args:
            if isinstance(display, ast.Dict):
                pairs += [(reading.values.value(key), value) for key, value in zip(display.keys, display.values)]
    elif called in ("setattr", "type.__setattr__", "object.__setattr__") and len(node.args) > 2:
        pairs.append((reading.values.value(node.args[1]), node.args[2]))
    is_builtins = (called or "").startswith("builtins.") or (called or "") == "update"
    for name, value in pairs:
        if type(name) is str and (name in _HOOKS or name.startswith("__") or is_builtins):
            resolved = reading.names.resolve(value) if isinstance(value, (ast.Name, ast.Attribute)) else None
            effect = effect_of(resolved) if resolved is not None else None
            if effect is not None and effect.act in ("run_code", "run_process"):
                reading.add(node, effect.act, "unknown", ("hidden",), resolved or "")


# They are called with a class here, or with what was typed
_NEVER_CALLED_SO = frozenset(("input", "open", "__import__"))
# Methods that the language calls without that a call stands there
_CALLED_BY_LANGUAGE = frozenset(
    f"__{name}__"
    for name in (
        "class_getitem init_subclass getitem getattr getattribute setitem delitem setattr missing format prepare"
        " set_name contains add sub mul truediv mod lshift rshift and or xor matmul pow floordiv neg invert pos"
        " lt gt eq"
    ).split()
)


def run_by_language(reading: Reading) -> None:
    """Methods that run as code what the language hands to them."""
    for name in _CALLED_BY_LANGUAGE & reading.names.functions.keys():
        for function in reading.names.functions[name]:
            if isinstance(function, ast.ClassDef):
                continue
            arguments = {argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)}
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and reading.names.resolve(node.func) in ("exec", "eval"):
                    if node.args and isinstance(node.args[0], ast.Name) and node.args[0].id in arguments:
                        reading.add(node, "run_code", "unknown", ("hidden",), name)


def _dict_config(reading: Reading, node: ast.Call, name: str) -> None:
    """A configuration of logging says what is called to make its parts."""
    for argument in node.args[:1]:
        values = reading.names.values.get(argument.id, ()) if isinstance(argument, ast.Name) else (argument,)
        for display in (part for value in values if isinstance(value, ast.Dict) for part in ast.walk(value)):
            if isinstance(display, ast.Dict):
                for key, value in zip(display.keys, display.values):
                    effect = effect_of(reading.values.text(value) or "") if reading.values.value(key) == "()" else None
                    if effect is not None and effect.act in _MAKE_THINGS_HAPPEN:
                        reading.add(node, effect.act, "unknown", ("hidden",), name)


def _class_of_file(reading: Reading, node: ast.Call, name: str) -> None:
    """The class of what a file is made of opens any other, and the class of a class makes any."""
    of = node.func.value if isinstance(node.func, ast.Attribute) else None
    if isinstance(of, ast.Attribute) and of.attr in ("raw", "buffer", "__class__"):
        reading.add(node, "escape", "runtime", _NOTHING, name)


def _memory_to_run(reading: Reading, node: ast.Call, name: str) -> None:
    """Memory that may be run, which only code needs that was written there."""
    parts = (part for value in (*node.args, *(keyword.value for keyword in node.keywords)) for part in ast.walk(value))
    if any(isinstance(part, (ast.Attribute, ast.Name)) and _name_of(part) == "PROT_EXEC" for part in parts):
        reading.add(node, "write", "process", _NOTHING, name)


def _memory_of_objects(reading: Reading, node: ast.Call, name: str) -> None:
    """What is at the address of an object, past the object's own methods."""
    if not name.startswith(("ctypes.", "?.")):
        return
    for argument in node.args[:1]:
        for part in ast.walk(argument):
            bound = reading.names.values.get(part.id, ()) if isinstance(part, ast.Name) else (part,)
            if any(isinstance(of, ast.Call) and isinstance(of.func, ast.Name) and of.func.id == "id" for of in bound):
                reading.add(node, "escape", "runtime", _NOTHING, name)


def _function_at_address(reading: Reading, node: ast.Call, name: str) -> None:
    """A function of C that is nothing but an address."""
    for argument in node.args[:1]:
        bound = reading.names.values.get(argument.id, ()) if isinstance(argument, ast.Name) else (argument,)
        for value in bound:
            is_number = isinstance(value, ast.Constant) and type(value.value) is int
            handle = isinstance(value, ast.Attribute) and value.attr in ("_handle", "value")
            called = (reading.names.resolve(value.func) or "") if isinstance(value, ast.Call) else ""
            if is_number or handle or isinstance(value, ast.BinOp) or _GIVES_ADDRESS.search(called):
                reading.add(node, "escape", "runtime", _NOTHING, name)


def _name_of(node: ast.Attribute | ast.Name) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id


def climbs(reading: Reading) -> None:
    """Attributes that lead out of what a program was given, alone or together."""
    climbs = reading.tree.climbs
    looked_up = reading.looked_up_names & CLIMBS
    if not climbs and not looked_up:
        return
    attributes = {node.attr for node in climbs} | looked_up
    frames = len(attributes & _FRAMES) > 1
    harmless = _asked_for_names(reading) if attributes & _GLOBALS else _NOTHING
    for node in climbs:
        name = node.attr
        if node in harmless or _is_its_own(reading, node):
            continue
        if (
            name in _CERTAIN
            or (
                name == "__subclasses__"
                and (attributes & _HIERARCHY or "__self__" in attributes or _is_builtin_type(reading, node.value))
            )
            or (name == "__reduce__" and (_is_value(node.value) or reading.names.resolve(node.value) in BUILTINS))
            or (name in SMUGGLED and _is_imported_here(reading, node.value))
            or (name == "f_locals" and _is_of_a_caller(reading, node.value))
            or (name in _FRAMES and frames and attributes & _ENDS)
            or (name == "__self__" and reading.names.resolve(node) == "builtins")
            or (
                name == "modules"
                and reading.names.resolve(node.value) == "sys"
                and node.value in reading.names.reached
            )
            or (name == "co_consts" and isinstance(node.value, ast.Attribute) and node.value.attr == "f_code")
            or (
                name == "load_module"
                and (reading.names.resolve(node.value) or "").endswith(("__loader__", "Importer"))
            )
        ):
            reading.add(node, "escape", "runtime", _NOTHING, name)
        elif name == "__builtins__":
            reading.add(node, "escape", "runtime", _NOTHING, name)
    if (
        looked_up & (_CERTAIN - {"__reduce_ex__"} | {"__subclasses__", "__builtins__"})
        or looked_up >= {"__getattribute__"}
        or len(looked_up & _HIERARCHY) > 1
    ):
        reading.add(reading.tree.root, "escape", "runtime", ("hidden",), " ".join(sorted(looked_up)))


def _asked_for_names(reading: Reading) -> frozenset[ast.AST]:
    """Globals that are only asked for what a module is called, or where it is."""
    found = set()
    for node in ast.walk(reading.tree.root):
        if isinstance(node, ast.Subscript):
            of, key = node.value, node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            of, key = node.func.value, node.args[0] if node.args else node.func.value
        else:
            continue
        if isinstance(of, ast.Attribute) and of.attr in _GLOBALS and reading.values.value(key) in _NAMES_OF_MODULES:
            found.add(of)
    return frozenset(found)


def _is_its_own(reading: Reading, node: ast.Attribute) -> bool:
    """Whether an object asks itself how it is pickled, or a class for its own subclasses."""
    of = node.value
    if isinstance(of, ast.Call) and isinstance(of.func, ast.Name):
        return of.func.id == "super" and not of.args
    if not isinstance(of, ast.Name) or (of.id in reading.names.values and of.id != "self"):
        return False
    if node.attr == "__subclasses__":
        return of.id == "cls" or of.id in reading.names.functions
    return node.attr == "__reduce_ex__" and of.id == "self"


def _is_of_a_caller(reading: Reading, node: ast.AST) -> bool:
    """Whether it is the frame of somebody who called the program."""
    resolved = reading.names.resolve(node) or ""
    if resolved.startswith("inspect.stack()"):
        return True
    return resolved == "sys._getframe()" and isinstance(node, ast.Call) and bool(node.args)


def _is_imported_here(reading: Reading, node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and (reading.names.resolve(node.func) or "") in IMPORTERS


def _is_value(node: ast.AST) -> bool:
    return isinstance(node, (ast.Constant, ast.JoinedStr, ast.List, ast.Tuple, ast.Dict, ast.Set))


def _is_builtin_type(reading: Reading, node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute) and node.attr == "__class__" and _is_value(node.value):
        return True
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


def _swapped(reading: Reading, calls: list[ast.Call]) -> None:
    """Whoever waits for what is copied, and puts something of its own in its place."""
    for call in calls:
        if reading.names.resolve(call.func) in ("pyperclip.copy", "clipboard.copy") and call.args:
            if "from_screen" not in reading.flow.into(call.args):
                reading.add(call, "hide", "person", ("bulk",), "copy")


def loop(reading: Reading, loop: ast.While) -> None:
    """A loop that neither ends nor waits uses up the machine."""
    calls = set()
    of: list[ast.Call] = []
    thrown_away: list[ast.Call] = []
    changing: set[str] = set()
    for node in ast.walk(loop):
        if isinstance(node, (ast.Break, ast.Return, ast.Raise, ast.Yield, ast.YieldFrom, ast.Await)):
            return
        if isinstance(node, ast.Call):
            function = node.func
            calls.add(getattr(function, "attr", None) or getattr(function, "id", ""))
            of.append(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            thrown_away.append(node.value)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            changing.add(node.id)
    if {"paste", "copy"} <= calls:
        _swapped(reading, of)
    if not calls & (_WAITS - _ASKS) and calls & _ASKS:
        for call in thrown_away:
            effect = effect_of(reading.names.resolve(call.func) or "")
            is_same = not any(isinstance(of, ast.Name) and of.id in changing for of in call.args)
            if effect is not None and effect.act in ("download", "upload") and is_same:
                reading.add(loop, "exhaust", "host", ("bulk",), "while True")
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


SPECIAL: dict[str, Callable[[Reading, ast.Call, str], None]] = {
    "encrypt": _encrypt,
    "dup2": _dup2,
    "dictConfig": _dict_config,
    "mmap": _memory_to_run,
    "__class__": _class_of_file,
    "from_address": _memory_of_objects,
    "cast": _memory_of_objects,
    "CFUNCTYPE()": _function_at_address,
    "PYFUNCTYPE()": _function_at_address,
    "WINFUNCTYPE()": _function_at_address,
}
