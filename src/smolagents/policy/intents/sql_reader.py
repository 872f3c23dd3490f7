"""Reads SQL by its words: what is dropped, emptied or changed without a condition, what is run or written outside."""

from __future__ import annotations

import re

from .facts import Fact


_LONGEST = 100_000
# What is quoted means nothing; what is a comment neither.
_TOKEN = re.compile(r"'(?:[^'\\]|''|\\.)*'|\"[^\"]*\"|`[^`]*`|--[^\n]*|/\*.*?\*/|\w+|[;=<>*(),.]", re.DOTALL)
_STARTS = frozenset(
    ("select", "insert", "update", "delete", "drop", "truncate", "alter", "create", "grant", "with", "copy", "merge")
)
_NAME = r"[\w.\"`\[\]]+"
_END = r"\s*(?:;|--|$)"
_IS_SQL = re.compile(
    r"^\s*(?:select\b.+?\bfrom\b|insert\s+into\b|with\s+\w+\s+as\s*\("
    rf"|update\s+{_NAME}\s+set\s+{_NAME}\s*=|delete\s+from\s+{_NAME}(?:\s+(?:where|using|returning)\b|{_END})"
    rf"|drop\s+(?:table|database|schema|view|user|index|column|role)\s+(?:if\s+exists\s+)?{_NAME}(?:\s+cascade)?{_END}"
    rf"|truncate\s+(?:table\s+)?{_NAME}(?:\s+cascade)?{_END}|alter\s+(?:table|user|database|role)\s+{_NAME}\s+\w+"
    r"|create\s+(?:table|database|user|view|index|role)\b|grant\s+.+\bto\b|exec(?:ute)?\s+(?:master\.*)?xp_)",
    re.IGNORECASE | re.DOTALL,
)
_ALWAYS = re.compile(r"^(?:1\s*=\s*1|true|1|'(.*)'\s*=\s*'\1)$", re.IGNORECASE)


def is_sql(text: str) -> bool:
    """Whether a text is a statement of SQL, and not a sentence that begins like one."""
    return _IS_SQL.match(text[:_LONGEST]) is not None


def read_sql(text: str) -> list[Fact]:
    """What statements do."""
    facts: list[Fact] = []
    words: list[str] = []
    for match in _TOKEN.finditer(text[:_LONGEST]):
        token = match[0]
        if token.startswith(("--", "/*")):
            continue
        if token == ";":
            facts += _statement(words, text)
            words = []
        else:
            words.append(token.lower())
    return facts + _statement(words, text)


def _statement(words: list[str], text: str) -> list[Fact]:
    def fact(act: str, target: str = "database", *traits: str) -> Fact:
        return Fact(act, target, frozenset(traits), text[:200])

    found: list[Fact] = []
    if not words:
        return found
    first = words[0]
    second = words[1] if len(words) > 1 else ""
    if first == "drop" and second in ("table", "database", "schema", "keyspace", "collection"):
        # Whoever makes a table anew says so
        found.append(fact("delete", "database", *(() if "exists" in words[2:4] and second == "table" else ("all",))))
    elif first == "truncate":
        found.append(fact("delete", "database", "all"))
    elif first in ("delete", "update"):
        where = words.index("where") if "where" in words else 0
        everything = not where or _ALWAYS.match("".join(words[where + 1 :])) is not None
        act = "delete" if first == "delete" else "write"
        found.append(fact(act, "database", *(("all",) if everything and (act == "write" or second == "from") else ())))
    elif first == "alter" and "drop" in words:
        found.append(fact("delete", "database"))
    elif first == "grant" and ("all" in words or "superuser" in words):
        found.append(fact("configure", "account", "privileged"))
    elif first in ("create", "alter") and second in ("user", "role", "login"):
        found.append(fact("configure", "account", *(("privileged",) if "superuser" in words else ())))
    elif first in _STARTS:
        found.append(fact("write" if first in ("insert", "create", "alter", "merge", "copy") else "query"))
    if any(word in ("xp_cmdshell", "sys_exec", "sys_eval", "load_extension", "dbms_scheduler") for word in words):
        found.append(fact("run_process", "unknown", "interactive"))
    if "outfile" in words or "dumpfile" in words:
        found.append(fact("write", "system"))
    if "program" in words and first == "copy":
        found.append(fact("run_process", "unknown", "interactive"))
    return found
