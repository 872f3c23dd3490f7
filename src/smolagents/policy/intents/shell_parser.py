"""Parses scripts of the shell with `tree_sitter_bash`, in pieces where all at once would take too long.

The parser's time is not linear in the length of a pipe, in brackets that do not belong together, and in what is no
script at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import tree_sitter_bash
from tree_sitter import Language, Node, Parser


_BASH = Language(tree_sitter_bash.language())

_MOST_BRACKETS = 4_000
_LONG = 32_768
_MOST_PIPES = 200
# Of what is no script, more than so much is never parsed at once.
_SHORT = 4_096
# The parser's scanner asks the C library what kind of character it sees, with a table that does not reach that far:
# the process may end there.
_FAR = re.compile("[\U00010000-\U0010ffff]")
_MOST_ERRORS = 400  # Of such a piece, in the mean


def parsed(script: str) -> Iterator[tuple[str, Node | None]]:
    """The pieces of a script with their trees; `None` for one that is not to be parsed."""
    garbled = _garbled_pieces(script)
    if garbled:
        yield from garbled
        return
    for piece in _pieces(script):
        yield piece, _parse(piece) if _brackets(piece) <= _MOST_BRACKETS else None


def _brackets(text: str) -> int:
    return sum(map(text.count, "()["))


def _parse(script: str) -> Node:
    return Parser(_BASH).parse(_FAR.sub("\ufffd", script.replace("\0", "")).encode("utf-8", "replace")).root_node


def _garbled_pieces(script: str) -> list[tuple[str, Node | None]]:
    """Short pieces of what is long and hardly a script; none of all else."""
    if len(script) <= 2 * _SHORT:
        return []
    pieces = [script[place : place + _SHORT] for place in range(0, len(script), _SHORT)]
    trees = [(piece, _parse(piece) if _brackets(piece) <= _MOST_BRACKETS // 8 else None) for piece in pieces]
    errors = sum(_SHORT if root is None else _errors(root) for _, root in trees)
    return trees if errors > _MOST_ERRORS * len(pieces) else []


def _errors(root: Node) -> int:
    """How many parts the parser could not place."""
    errors = 0
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.has_error:
            if node.type == "ERROR":
                errors += 1 + node.child_count
            waiting += node.children
    return errors


def _pieces(text: str) -> list[str]:
    """The script in pieces, as the time that the parser needs is not linear in the length of a pipe."""
    if len(text) < _LONG and text.count("|") < _MOST_PIPES:
        return [text]
    pieces: list[str] = []
    start = pipes = 0
    goes_on = False
    for line in text.splitlines(keepends=True):
        pipes = (pipes if goes_on else 0) + line.count("|")
        goes_on = line.rstrip()[-1:] in ("|", "\\")
        if pipes > _MOST_PIPES:
            pipes = 0
            parts = line.split("|")
            for place in range(0, len(parts), _MOST_PIPES):
                pieces.append("|".join(parts[place : place + _MOST_PIPES]))
            start = len(pieces)
        elif start < len(pieces) and len(pieces[-1]) + len(line) < _LONG:
            pieces[-1] += line
        else:
            pieces.append(line)
    return pieces
