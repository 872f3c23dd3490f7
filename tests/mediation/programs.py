"""
Programs that Hypothesis makes up, of what programs call tools with: aliases, containers, classes, closures,
comprehensions, exceptions, decorators, generators.

Programs always end: loops are short, and a function calls only what was defined before it.
"""

import string
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st


TOOLS = ("shell", "echo")
ERRORS = ("Exception", "ValueError", "ZeroDivisionError", "TypeError")
# Where a generated class calls, and what makes it do so
PROTOCOLS = {
    "__call__": ("self, a", "{0}({1})"),
    "__getitem__": ("self, a", "{0}[{1}]"),
    "__contains__": ("self, a", "{1} in {0}"),
    "__eq__": ("self, a", "{0} == {1}"),
    "__add__": ("self, a", "{0} + {1}"),
    "__radd__": ("self, a", "{1} + {0}"),
    "__str__": ("self, a='s'", "str({0})"),
    "__len__": ("self, a='l'", "len({0})"),
    "__iter__": ("self, a='i'", "list({0})"),
    "__bool__": ("self, a='b'", "not {0}"),
    "__enter__": ("self, a='e'", "{0}.__enter__()"),
    "method": ("self, a", "{0}.method({1})"),
}
# What leads nowhere under hooks, and is tried all the same
POKES = ("forward", "func", "__wrapped__", "__globals__", "__closure__", "__self__", "_tool", "hooks", "__dict__")
# Expressions whose value can be called with one argument, made of one that can, and of a plain one
FUNCTIONS = (
    "{plain}",
    "[{plain}, {function}][1]",
    "({function}, {plain})[0]",
    "{{'k': {function}}}['k']",
    "{{'k': {function}}}.get('k', {plain})",
    "(lambda a: {function}(a))",
    "(lambda a, f={function}: f(a))",
    "(lambda f: lambda a: f(a))({function})",
    "({function} if 1 > 2 else {plain})",
    "({plain} and {function})",
    "next(f for f in [{function}])",
    "[f for f in [{function}, {plain}] if f][0]",
    "list(filter(None, [{function}]))[0]",
    "{function}.{poke}",
    "getattr({function}, '{poke}', {plain})",
)
# Expressions of any value, most of them with a call
VALUES = (
    "{atom}",
    "{function}({value})",
    "{function}({atom})",
    "{function}(*[{value}])",
    "{function}({value}, {atom})",
    "[{function}(a) for a in [{value}]]",
    "{{a: {function}(a) for a in ['k']}}",
    "[a for a in ['k'] if {function}(a)]",
    "list({function}(a) for a in ['k', {value}])",
    "next({function}(a) for a in [{value}])",
    "list(map({function}, [{value}]))",
    "list(filter({function}, [{value}]))",
    "sorted(['b', 'a'], key={function})",
    "max(['b', 'a'], key={function})",
    "f'{{{plain}(1)}}'",
    "'{{0}}'.format({function}({atom}))",
    "apply(lambda: {function}({value}))",
    "str({value})",
    "isinstance({value}, str)",
    "({function}({atom}), {value})[0]",
    "({value} if {function}({atom}) else {atom})",
    "({function}({atom}) and {value})",
    "list(zip([{value}], [{function}({atom})]))",
)


@dataclass
class Names:
    """What a program has defined so far, where it is looked at."""

    functions: tuple[str, ...] = TOOLS
    objects: tuple[tuple[str, str], ...] = ()  # Each with the protocol of its class
    values: tuple[str, ...] = ()
    count: list[int] = field(default_factory=lambda: [0])

    def new(self, prefix: str) -> str:
        self.count[0] += 1
        return f"{prefix}{self.count[0]}"

    def inner(self, *values: str) -> "Names":
        """Those of a block: what it defines does not count outside."""
        return Names(self.functions, self.objects, self.values + values, self.count)


class ProgramMaker:
    """Draws parts of a program."""

    def __init__(self, draw):
        self._draw = draw

    def one_of(self, options):
        return self._draw(st.sampled_from(list(options)))

    def chance(self, of: int) -> bool:
        return self._draw(st.integers(1, of)) == 1

    def fill(self, template: str, **parts: Callable[[], str]) -> str:
        """Draw the parts that a template has."""
        wanted = {name for _, name, _, _ in string.Formatter().parse(template) if name}
        return template.format(**{name: part() for name, part in parts.items() if name in wanted})

    # Expressions

    def function(self, names: Names, depth: int) -> str:
        """An expression whose value can be called with one argument."""

        def plain():  # The newest are drawn more often, or what they lead to would hardly be called
            return self.one_of((*names.functions, *names.functions[-2:]))

        return self.fill(
            self.one_of(FUNCTIONS) if depth > 0 else "{plain}",
            plain=plain,
            function=lambda: self.function(names, depth - 1),
            poke=lambda: self.one_of(POKES),
        )

    def value(self, names: Names, depth: int) -> str:
        """An expression, most of the time with a call in it."""
        if depth > 0 and names.objects and self.chance(5):
            name, protocol = self.one_of(names.objects)
            return PROTOCOLS[protocol][1].format(name, self.value(names, depth - 1))
        return self.fill(
            self.one_of(VALUES) if depth > 0 else "{atom}",
            atom=lambda: self.one_of(("'x'", "1", "None", "[]", *names.values)),
            plain=lambda: self.function(names, 0),
            function=lambda: self.function(names, depth - 1),
            value=lambda: self.value(names, depth - 1),
        )

    # Statements

    def block(self, names: Names, depth: int, most: int = 3, in_loop: bool = False, in_function: bool = False) -> str:
        statements = [
            self.statement(names, depth, in_loop, in_function) for _ in range(self._draw(st.integers(1, most)))
        ]
        return "\n".join(statements)

    def indented(self, *args, **kwargs) -> str:
        return textwrap.indent(self.block(*args, **kwargs), "    ")

    def statement(self, names: Names, depth: int, in_loop: bool, in_function: bool) -> str:
        simple = ["value", "alias", "print", "store", "augment", "assert", "raise", "poke", "spoof", "answer"]
        simple += ["return"] * 2 * in_function + ["break", "continue"] * in_loop
        compound = ["def", "class", "try", "try", "finally", "for", "while", "with", "if", "decorate"]
        kind = self.one_of(simple if depth <= 0 else [*simple, *compound, *compound])
        inside = {"in_loop": in_loop, "in_function": in_function}
        match kind:
            case "value":
                value = self.value(names, 3)
                name = names.new("v")
                names.values += (name,)
                return f"{name} = {value}"
            case "alias":
                function = self.function(names, 2)
                name = names.new("f")
                names.functions += (name,)
                return self.one_of((f"{name} = {function}", f"{name}, _ = {function}, 1", f"({name} := {function})"))
            case "print":
                return f"print({self.value(names, 3)})"
            case "store":
                return f"d = {{}}\nd['k'] = {self.function(names, 1)}\nd['k']({self.value(names, 1)})"
            case "augment":
                return f"n = ''\nn += {self.value(names, 2)}"
            case "assert":
                return f"assert {self.value(names, 2)}"
            case "raise":
                return f"raise {self.one_of(ERRORS)}({self.value(names, 1)})"
            case "poke":
                return f"{self.function(names, 1)}.{self.one_of(POKES)} = {self.value(names, 1)}"
            case "spoof":
                tool = self.one_of(TOOLS)
                return self.one_of((f"import math as {tool}", f"{tool} = lambda a: a", f"del {tool}", f"{tool} = 1"))
            case "answer":
                return f"final_answer({self.value(names, 1)})" if self.chance(8) else self.value(names, 3)
            case "return":
                return f"return {self.value(names, 2)}"
            case "break" | "continue":
                return kind
            case "def":
                name = names.new("f")
                default = f", b={self.value(names, 1)}" if self.chance(3) else ""
                body = self.indented(names.inner("a"), depth - 1, in_function=True)
                names.functions += (name,)
                return f"def {name}(a{default}):\n{body}"
            case "decorate":
                name, function = names.new("f"), self.function(names, 1)
                names.functions += (name,)
                by_hand = f"def {name}_of(g):\n    return lambda a: g({function}(a))\n{name} = {name}_of({function})"
                return self.one_of((by_hand, f"@{function}\ndef {name}(a):\n    return {function}(a)"))
            case "class":
                name, protocol = names.new("C"), self.one_of(PROTOCOLS)
                body = textwrap.indent(self.indented(names.inner("a"), depth - 1, in_function=True), "    ")
                names.objects += ((name.lower(), protocol),)
                head = f"class {name}:\n    def {protocol}({PROTOCOLS[protocol][0]}):\n{body}"
                return f"{head}\n{name.lower()} = {name}()"
            case "try":
                caught = self.one_of(ERRORS)
                handler = self.one_of(("e", "shell", "echo", "e"))
                text = f"try:\n{self.indented(names.inner(), depth - 1, **inside)}\nexcept {caught} as {handler}:\n"
                text += self.indented(names.inner(), depth - 1, 2, **inside)
                return f"{text}\nfinally:\n{self.indented(names.inner(), 0, 1, **inside)}" if self.chance(2) else text
            case "finally":
                end = self.one_of(
                    ["1 / 0", "pass", self.value(names, 2), *["return 1"] * in_function, *["continue"] * in_loop]
                )
                return f"try:\n{self.indented(names.inner(), depth - 1, **inside)}\nfinally:\n    {end}"
            case "for":
                over = self.one_of(("[1, 2]", f"[{self.value(names, 2)}]", f"map({self.function(names, 1)}, ['x'])"))
                body = self.indented(names.inner("i"), depth - 1, in_loop=True, in_function=in_function)
                return f"for i in {over}:\n{body}"
            case "while":
                name = names.new("n")
                body = self.indented(names.inner(), depth - 1, in_loop=True, in_function=in_function)
                return f"{name} = 0\nwhile {name} < 2:\n    {name} += 1\n{body}"
            case "with":
                name, function = names.new("W"), self.function(names, 1)
                swallow = self.one_of(("True", "False", f"{function}('x')"))
                text = f"class {name}:\n    def __enter__(self):\n        return {function}\n"
                text += f"    def __exit__(self, k, e, t):\n        return {swallow}\n"
                inner = names.inner()
                inner.functions += ("w",)
                return f"{text}with {name}() as w:\n{self.indented(inner, depth - 1, **inside)}"
            case _:
                text = f"if {self.value(names, 2)}:\n{self.indented(names.inner(), depth - 1, **inside)}"
                return f"{text}\nelse:\n{self.indented(names.inner(), depth - 1, 2, **inside)}"


@st.composite
def programs(draw) -> str:
    """Programs for an agent with the tools `shell`, `echo` and `apply`. Each has a result that is plain data."""
    maker, names = ProgramMaker(draw), Names()
    parts = []
    for _ in range(draw(st.integers(1, 5))):
        part = maker.statement(names, depth=2, in_loop=False, in_function=False)
        if maker.chance(2):  # Or the first error would end most programs
            part = f"try:\n{textwrap.indent(part, '    ')}\nexcept Exception as e:\n    print(e)"
        parts.append(part)
    return "\n".join([*parts, "'result'"])
