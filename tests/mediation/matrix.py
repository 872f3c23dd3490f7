"""Which tests cover which rows of the matrix, whether they agree, and the page that says so."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from .rows import ROWS, SECTIONS, Row


FOLDER = Path(__file__).parent
PAGE = FOLDER.parents[1] / "docs" / "mediation.md"
NOT_COVERED = "not covered yet"

BEFORE = """\
# What gets executed, and what hooks do about it

Each row is a way in which something gets executed, or a way around a guard, and has tests in `tests/mediation/`, with
real agents and real effects: without hooks the effect happens, with a hook that denies it does not. `make mediation`
runs them and writes this page.

- *stopped*: what the hook denies has no effect.
- *holds*: what is promised is so.
- *not stopped*: the effect happens in spite of the hooks. This is how it is, and the tests say so.
- *gap*: what is known to be missing from it; a test of it is expected to fail.
- *not covered yet*: there are no tests, and nothing is claimed.
"""

AFTER = """\
## Limits

- **This is no sandbox of the operating system.** Hooks decide about what the agent framework executes. A tool that was
  let through does what it does, and its process has all the rights that yours has. Run what you do not trust where you
  can lose it.
- **Extensions in C are outside.** What compiled code does by itself, in a module that you authorise, Python does not
  see.
- **Other processes are outside.** Once a program was started, nothing that it does is asked about; nor is what a
  remote executor, a Space or an MCP server does when it was called.
- **Memory of the same process is shared.** Generated code that may import `gc`, `ctypes`, `inspect` or `sys` can find
  the guard's objects and change them. Section E says for each way what happened when it was tried. No guard that is
  written in Python can close this class; with the default imports, none of these ways is open.
- **Threads that a tool starts** are runs of their own, unless the tool copies the context
  (`contextvars.copy_context()`).
"""


@dataclass(frozen=True)
class Covered:
    """What a test says of itself: the rows that it covers, and why it fails if it is expected to."""

    rows: tuple[str, ...]
    gap: str | None = None


Tests = Mapping[str, Covered]


class Collector:
    """A plugin of pytest that notes what tests say of themselves."""

    def __init__(self) -> None:
        self.tests: dict[str, Covered] = {}

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        rows = tuple(row for mark in item.iter_markers("row") for row in mark.args)
        expected_to_fail = item.get_closest_marker("xfail")
        self.tests[item.nodeid] = Covered(rows, expected_to_fail and expected_to_fail.kwargs["reason"])


def play(*arguments: str) -> tuple[int, Collector]:
    """Run the tests of the matrix in this process. Returns the exit code of pytest as well."""
    collector = Collector()
    code = pytest.main([os.fspath(FOLDER), "-q", *arguments], plugins=[collector])
    return int(code), collector


def tests_of(row: Row, tests: Tests) -> list[Covered]:
    return [test for test in tests.values() if row.id in test.rows]


def problems(tests: Tests) -> list[str]:
    """What tests and rows do not agree on, a sentence each."""
    found = []
    for name, test in tests.items():
        if not test.rows:
            found.append(f'{name} names no row: add @pytest.mark.row("..."), see tests/mediation/rows.py.')
        unknown = [row for row in test.rows if row not in ROWS]
        found += [f"{name} names the row {row}, which tests/mediation/rows.py does not have." for row in unknown]
    found += [
        f"Row {row.id} ({row.title}) has no test: write one, or mark the row as awaited."
        for row in ROWS.values()
        if not row.awaited and not tests_of(row, tests)
    ]
    return found


def result(row: Row, tests: Tests) -> str:
    """What the tests of a row show, with what is known to be missing."""
    if not (covering := tests_of(row, tests)):
        return NOT_COVERED
    gaps = sorted({test.gap for test in covering if test.gap})
    return f"{row.result}; **gap**: {'; '.join(gaps)}" if gaps else row.result


def table(tests: Tests, section: str) -> str:
    """One section as a Markdown table."""
    lines = ["| | way | with hooks | | tests |", "|---|---|---|---|--:|"]
    for row in ROWS.values():
        if row.id[0] == section:
            number = len(tests_of(row, tests)) or ""
            lines.append(f"| {row.id} | {row.title} | {row.promise} | {result(row, tests)} | {number} |")
    return "\n".join(lines)


def page(tests: Tests) -> str:
    """The text of docs/mediation.md."""
    sections = [f"## {section}. {title}\n\n{table(tests, section)}\n" for section, title in SECTIONS.items()]
    return "\n".join([BEFORE, *sections, AFTER])
