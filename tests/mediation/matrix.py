"""Which tests cover which rows of the matrix, whether they agree, and the page that says so."""

import os
from collections.abc import Iterable, Mapping
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


class Collector:
    """A plugin of pytest that notes the rows of each test, and which tests fail."""

    def __init__(self) -> None:
        self.rows_of: dict[str, tuple[str, ...]] = {}
        self.failed: set[str] = set()

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        self.rows_of[item.nodeid] = tuple(row for mark in item.iter_markers("row") for row in mark.args)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)


def play(*arguments: str) -> tuple[int, Collector]:
    """Run the tests of the matrix in this process. Returns the exit code of pytest as well."""
    collector = Collector()
    code = pytest.main([os.fspath(FOLDER), "-q", *arguments], plugins=[collector])
    return int(code), collector


def count(rows_of: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Number of tests of each row."""
    counts = dict.fromkeys(ROWS, 0)
    for rows in rows_of.values():
        for row in set(rows) & counts.keys():
            counts[row] += 1
    return counts


def problems(rows_of: Mapping[str, Iterable[str]]) -> list[str]:
    """What tests and rows do not agree on, a sentence each."""
    found = []
    for test, rows in rows_of.items():
        if not (rows := tuple(rows)):
            found.append(f'{test} names no row: add @pytest.mark.row("..."), see tests/mediation/rows.py.')
        found += [
            f"{test} names the row {row}, which tests/mediation/rows.py does not have."
            for row in rows
            if row not in ROWS
        ]
    counts = count(rows_of)
    found += [
        f"Row {row.id} ({row.title}) has no test: write one, or mark the row as awaited."
        for row in ROWS.values()
        if not row.awaited and not counts[row.id]
    ]
    return found


def result(row: Row, tests: int) -> str:
    return row.result if tests else NOT_COVERED


def table(rows_of: Mapping[str, Iterable[str]], section: str) -> str:
    """One section as a Markdown table."""
    counts = count(rows_of)
    lines = ["| | way | with hooks | | tests |", "|---|---|---|---|--:|"]
    for row in ROWS.values():
        if row.id[0] == section:
            tests = counts[row.id]
            lines.append(f"| {row.id} | {row.title} | {row.promise} | {result(row, tests)} | {tests or ''} |")
    return "\n".join(lines)


def page(rows_of: Mapping[str, Iterable[str]]) -> str:
    """The text of docs/mediation.md."""
    sections = [f"## {section}. {title}\n\n{table(rows_of, section)}\n" for section, title in SECTIONS.items()]
    return "\n".join([BEFORE, *sections, AFTER])
