"""Reads statements of SQL, as far as they say what becomes of the data."""

from __future__ import annotations

import re

from .facts import Fact


_LONGEST = 100_000
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_TEXT = re.compile(r"'(?:[^']|'')*'")
_STATEMENT = re.compile(
    r"^(?:explain\s+)?(select|with|insert|replace|update|delete|drop|truncate|alter|create|grant|revoke|attach|pragma|copy|load"
    r"|exec(?:ute)?|merge|call|show|describe)\b",
    re.IGNORECASE,
)
_IF_EXISTS = re.compile(r"\bif\s+exists\b", re.IGNORECASE)
_WHERE = re.compile(r"\b(?:where|limit)\b", re.IGNORECASE)
_ALWAYS = re.compile(r"\bwhere\s+(?:1\s*=\s*1|true)\s*$|\bor\s+1\s*=\s*1", re.IGNORECASE)
_OBJECT = re.compile(r"\b(?:drop|truncate)\s+(table|database|schema|index|view|trigger|user|role)?", re.IGNORECASE)
_RUNS = re.compile(
    r"\bxp_cmdshell\b|\bcopy\b.*\b(?:to|from)\s+program\b|\bsys_(?:exec|eval)\b|\bload_extension\b", re.IGNORECASE
)
_READS_FILES = re.compile(
    r"\bload_file\s*\(|\bpg_read_file\b|\binto\s+(?:out|dump)file\b|\bload\s+data\b", re.IGNORECASE
)


def read_sql(text: str) -> list[Fact]:
    """What statements do; nothing if the text is not SQL."""
    facts: list[Fact] = []
    plain = _COMMENT.sub(" ", text[:_LONGEST])
    shown = text.strip()[:200]
    if _RUNS.search(plain):
        facts.append(Fact("run_process", "unknown", frozenset(("from_input",)), shown))
    if _READS_FILES.search(plain):
        facts.append(Fact("read", "file", frozenset(), shown))
    # A semicolon in quotes is none
    for statement in _TEXT.sub("''", plain).split(";")[:1000]:
        facts += _facts(statement.strip(), shown)
    return facts


def _facts(statement: str, shown: str) -> list[Fact]:
    begin = _STATEMENT.match(statement)
    if begin is None:
        return []
    verb = begin[1].lower()
    if verb in ("drop", "truncate"):
        what = (_OBJECT.search(statement) or ("", "table"))[1] or "table"
        # Whoever makes a table anew says so; an index or a view is no data.
        is_made_anew = verb == "drop" and _IF_EXISTS.search(statement)
        is_data = what.lower() in ("table", "database", "schema")
        return [Fact("delete", "database", frozenset(("all",) if is_data and not is_made_anew else ()), shown)]
    if verb in ("delete", "update"):
        is_all = verb == "delete" and (not _WHERE.search(statement) or _ALWAYS.search(statement) is not None)
        return [
            Fact("delete" if verb == "delete" else "write", "database", frozenset(("all",) if is_all else ()), shown)
        ]
    if verb in ("grant", "revoke"):
        return [Fact("configure", "account", frozenset(), shown)]
    if verb in ("insert", "replace", "alter", "create", "merge", "copy", "load"):
        return [Fact("write", "database", frozenset(), shown)]
    return [Fact("query", "database", frozenset(), shown)]
