"""Parses Python programs that are looked at and not run, without a word about their style."""

from __future__ import annotations

import ast
import re
import warnings

from .normalize import without_long_runs_of_marks


# Names no file, so that nothing else has it.
_CALLED = "<looked at>"
# Odd escapes and the like are what the author of a program is told of, once it is run. This comes before all other
# filters, so that it is parsed even where warnings are errors. Filters for a while only are not safe with threads.
warnings.filterwarnings("ignore", module=re.escape(_CALLED))


def parse(program: str) -> ast.Module:
    """The syntax tree of a program.

    Raises:
        `SyntaxError`, `ValueError`, `RecursionError`, `MemoryError`: If it cannot be parsed.
    """
    # The parser brings identifiers into the form NFKC, whatever that takes.
    return ast.parse(without_long_runs_of_marks(program), _CALLED)


def parse_expression(text: str) -> ast.expr:
    """The syntax tree of an expression, with errors as `parse` has them."""
    return ast.parse(without_long_runs_of_marks(text), _CALLED, "eval").body
