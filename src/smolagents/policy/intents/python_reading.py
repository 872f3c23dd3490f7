"""One program while it is read: its tree, what is known of its names and values, and the facts that were found."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from .facts import Fact
from .python_flow import Flow
from .python_names import Names
from .python_tree import Tree, parse
from .python_values import Values


if TYPE_CHECKING:
    from .readers import Readers

_LONGEST_TEXT = 200


class Reading:
    """A program while it is read.

    Args:
        program (`str`): The program.
        readers (`Readers`): For commands and programs in it.

    Attributes:
        tree (`Tree`): What one walk over it found.
        names (`Names`): What its names stand for.
        values (`Values`): What its expressions come to.
        flow (`Flow`): What flows into them.
        facts (`list[Fact]`): What was found.
        written (`set[str]`): Paths that it writes to.
        commands (`list[tuple[ast.AST, str]]`): Commands that it runs.
        looked_up_names (`set[str]`): Attributes that are looked up by text.
    """

    def __init__(self, program: str, readers: Readers):
        self.program = program
        self.readers = readers
        self.tree = Tree(parse(program))
        self.names: Names = self.tree.names
        self.values = Values(self.names, len(program))
        self.names.value = self.values.value
        self.flow = Flow(self.names, self.values)
        self.facts: list[Fact] = []
        self.written: set[str] = set()
        self.commands: list[tuple[ast.AST, str]] = []
        self.looked_up_names: set[str] = set(self.tree.patterns)
        self._added: set[tuple[str, str, frozenset[str], str]] = set()
        self._lines: list[str] | None = None
        self._encoded: list[bytes] | None = None
        self._found: dict[str | re.Pattern[str], bool] = {}

    def release(self) -> None:
        """Lets go of the program. Names and values know each other: the collector would be busy with them for long."""
        self.names.value = lambda node: None

    def has(self, part: str | re.Pattern[str]) -> bool:
        """Whether something stands anywhere in the program. It is looked for once, however many calls ask."""
        if part not in self._found:
            self._found[part] = part in self.program if type(part) is str else part.search(self.program) is not None  # type: ignore[union-attr]
        return self._found[part]

    @cached_property
    def texts(self) -> frozenset[str]:
        """The texts that the program has as constants."""
        constants = (node.value for node in ast.walk(self.tree.root) if isinstance(node, ast.Constant))
        return frozenset(value for value in constants if type(value) is str)

    def source_of(self, node: ast.expr) -> str:
        """How an expression stands in the program."""
        if self._encoded is None:
            self._encoded = self.program.encode("utf-8", "replace").splitlines(keepends=True)
        lines = self._encoded[node.lineno - 1 : node.end_lineno]
        if not lines:
            return ""
        # From its end: if there is one line only, both are about that
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        return b"".join(lines).decode("utf-8", "replace")

    def add(
        self, node: ast.AST, act: str, target: str = "unknown", traits: Iterable[str] = (), detail: str = ""
    ) -> None:
        """Notes a fact, once."""
        known = (act, target, frozenset(traits), detail)
        if known in self._added:
            return
        self._added.add(known)
        line = getattr(node, "lineno", None)
        if self._lines is None:
            self._lines = self.program.splitlines()
        text = self._lines[line - 1].strip() if line is not None and line <= len(self._lines) else ""
        self.facts.append(Fact(act, target, frozenset(traits), text[:_LONGEST_TEXT], line, detail[:_LONGEST_TEXT]))

    def take(self, node: ast.AST, facts: Iterable[Fact]) -> None:
        """Notes facts of a text in the program."""
        line = getattr(node, "lineno", None)
        self.facts += [fact._replace(line=line) for fact in facts]
