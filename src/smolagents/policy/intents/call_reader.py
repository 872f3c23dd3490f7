"""Reads calls of tools: the words of a tool's name, the names of its arguments, and what their values are.

A call is read for what it does to files, hosts, databases and protections, and for commands and programs that it hands
over. Prose is no instruction: what a message, a query or a document says is not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .facts import Fact, placed
from .places import target_of_data, target_of_url
from .sql_reader import is_sql, read_sql
from .words import UNREAD, read_words


if TYPE_CHECKING:
    from .readers import Readers


# What is more is read by its words.
_MOST_TEXTS = 10_000
_LONGEST_DATA = 10_000_000
_MOST_CHARACTERS = 2_000_000
_DEEPEST_PLACE = 12
_LONGEST_PATH = 4_096
_LONGEST_TEXT = 200

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")

# What a tool does, by the first of these words in its name.
_VERBS: dict[str, str] = {
    **dict.fromkeys(
        ("read", "get", "open", "load", "view", "cat", "show", "head", "tail", "parse", "extract", "import"), "read"
    ),
    **dict.fromkeys(("retrieve", "inspect", "print", "query", "select", "describe", "check"), "read"),
    **dict.fromkeys(
        ("write", "save", "create", "append", "edit", "update", "put", "store", "insert", "replace", "set"), "write"
    ),
    **dict.fromkeys(("make", "add", "patch", "modify", "export", "touch", "generate"), "write"),
    **dict.fromkeys(
        ("delete", "remove", "erase", "trash", "destroy", "wipe", "purge", "drop", "unlink", "shred", "rm"), "delete"
    ),
    **dict.fromkeys(("move", "rename", "mv"), "move"),
    **dict.fromkeys(("list", "search", "find", "glob", "ls", "scan", "browse"), "list"),
    **dict.fromkeys(("upload", "share", "attach", "publish"), "upload"),
    **dict.fromkeys(("send", "email", "mail", "post", "message", "notify", "reply", "forward", "tweet"), "send"),
    **dict.fromkeys(
        ("fetch", "download", "curl", "wget", "visit", "navigate", "crawl", "scrape", "request", "http"), "download"
    ),
    **dict.fromkeys(("pay", "transfer", "withdraw", "purchase", "buy"), "pay"),
    **dict.fromkeys(("chmod", "chown"), "change_mode"),
}
_OF_SHELLS = frozenset(
    ("terminal", "shell", "bash", "command", "cmd", "powershell", "console", "ssh", "subprocess", "zsh", "cli")
)
_OF_CODE = frozenset(("python", "code", "interpreter", "repl", "jupyter", "notebook", "exec", "eval"))
_OF_DATABASES = frozenset(("sql", "database", "db", "postgres", "mysql", "sqlite", "bigquery", "snowflake", "query"))
_COMMANDS = frozenset(("command", "cmd", "commands", "cmds", "shell", "bash", "commandline"))
_PROGRAMS = frozenset(("code", "program", "python", "script", "snippet"))
_QUERIES = frozenset(("sql", "query", "statement", "queries"))
_PATHS = frozenset(
    (
        "path",
        "paths",
        "file",
        "files",
        "filename",
        "filepath",
        "directory",
        "dir",
        "folder",
        "attachment",
        "attachments",
    )
)
_SOURCES = frozenset(("source", "src", "from", "input"))
_ADDRESSES = frozenset(("url", "uri", "urls", "endpoint", "webhook", "link", "href", "callback", "website"))
_PROTECTIONS = frozenset(
    (
        "firewall",
        "antivirus",
        "2fa",
        "mfa",
        "authentication",
        "audit",
        "auditing",
        "logging",
        "encryption",
        "protection",
        "security",
    )
)
_OFF = frozenset(("disable", "deactivate", "off", "bypass"))

_ABSOLUTE = re.compile(r"^(?:[/~][\w.$~/-]|[a-zA-Z]:[\\/]|\\\\\w|\$HOME|%\w+%[\\/])[^\n<>|]*$")
_URL = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]{1,20}://\S+$")
_KEY_MATERIAL = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bghp_[A-Za-z0-9]{36}\b|\bxox[bp]-\d+-"
)
_ASSIGNS_OR_CALLS = re.compile(r"[=(;\n]")


@lru_cache(maxsize=1024)
def _words(name: str) -> tuple[str, ...]:
    """The words of `readFile`, `read_file` or `ReadFile`."""
    return tuple(word.lower() for word in _WORD.findall(name[:200]))


def read_call(name: str, arguments: Mapping[str, Any], readers: Readers) -> list[Fact]:
    """What a call does. The facts say in `where` which argument they are from.

    Args:
        name (`str`): The tool's name.
        arguments (`Mapping[str, Any]`): Its arguments by name; of values that are no plain data, nothing is read.
        readers (`Readers`): For commands and programs that are handed over.
    """
    words = _words(name)
    act = next((_VERBS[word] for word in words if word in _VERBS), "")
    facts = _of_name(name, words, act)
    unread = _MOST_CHARACTERS
    for where, key, value, is_read in _leaves(arguments):
        if is_read:
            facts += placed(_of_value(words, act, key, value, readers), where)
        elif value and unread >= 0:
            unread -= len(value)
            facts += placed(read_words(value) if unread >= 0 else [UNREAD], where)
    if act in ("upload", "send") and not any(fact.act == act for fact in facts):
        facts.append(Fact(act, "person" if act == "send" else "host", text=name, where="name"))
    return facts


def _leaves(arguments: Mapping[str, Any]) -> Iterator[tuple[str, str, str, bool]]:
    """The texts in arguments: where each is, the name it is under, the text, and whether it is read as what it is:
    of too many, the last are read by their words alone."""
    waiting: list[tuple[str, str, Any, int]] = [(f"arguments.{key}", key, arguments[key], 0) for key in arguments]
    waiting.reverse()
    # What is there several times is read once for each name that it is under
    seen: set[tuple[int, str]] = set()
    kept = []  # So that no other gets the same identity
    texts = 0
    while waiting:
        where, key, value, depth = waiting.pop()
        kind = type(value)
        if kind is str:
            texts += 1
            inner, is_read = _data_in(value)
            if inner is None:
                yield where, key, value, is_read and texts <= _MOST_TEXTS
                continue
            kept.append(inner)
            value, kind = inner, type(inner)
        if kind not in (dict, list, tuple) or (id(value), key) in seen:
            continue
        seen.add((id(value), key))
        depth += 1
        if kind is dict:
            inside = [
                (_place(where, f".{name}", depth), name, part, depth)
                if type(name) is str
                else (_place(where, "[]", depth), key, part, depth)
                for name, part in value.items()
            ]
        else:
            inside = [(_place(where, f"[{place}]", depth), key, part, depth) for place, part in enumerate(value)]
        waiting += reversed(inside)


def _place(where: str, part: str, depth: int) -> str:
    # As long as somebody would read it: of what is nested without end, all places together would be too long to write
    return where if depth > _DEEPEST_PLACE else where + part[:_LONGEST_TEXT]


def _data_in(text: str) -> tuple[dict[str, Any] | list[Any] | None, bool]:
    """Arguments of another call, handed over as JSON; and if there are none, whether that is sure."""
    if text[:1] not in "{[" or text[-1:] not in "}]" or len(text) < 3:
        return None, True
    if len(text) > _LONGEST_DATA:
        return None, False
    try:
        value = json.loads(text)
    except RecursionError:
        return None, False
    except ValueError:
        return None, True
    return (value if type(value) in (dict, list) else None), True


def _of_name(name: str, words: tuple[str, ...], act: str) -> list[Fact]:
    """What the name alone says."""
    found = set(words)
    if found & _OFF and (found & _PROTECTIONS or {"two", "factor"} <= found):
        return [Fact("configure", "security", frozenset(("disable",)), name, where="name")]
    if act == "delete" and words[-1] in ("repository", "repo"):
        return [Fact("delete", "repository", frozenset(), name, where="name")]
    if act == "delete" and found & {"database", "schema"}:
        return [Fact("delete", "database", frozenset(("all",)), name, where="name")]
    if act == "delete" and found & {"backup", "backups", "snapshot", "snapshots"}:
        return [Fact("delete", "backup", frozenset(), name, where="name")]
    if act == "pay":
        return [Fact("pay", "unknown", frozenset(), name, where="name")]
    return []


def _of_value(tool: tuple[str, ...], act: str, key: str, value: str, readers: Readers) -> list[Fact]:
    keys = frozenset(_words(key))
    tool_words = frozenset(tool)
    if not value:
        return []
    if keys & _COMMANDS and (tool_words & (_OF_SHELLS | {"run", "execute", "exec"}) or len(keys) == 1):
        return readers.shell(value)
    if (
        tool_words & _OF_SHELLS
        and keys & {"input", "script", "code", "args", "arguments", "line"}
        and not tool_words & {"explain"}
    ):
        return readers.shell(value)
    if (
        keys & _PROGRAMS
        and _ASSIGNS_OR_CALLS.search(value)
        and (tool_words & (_OF_CODE | {"run", "execute"}) or "python" in keys)
    ):
        return readers.python(value)
    if (keys & _QUERIES or tool_words & _OF_DATABASES) and is_sql(value):
        return read_sql(value)
    if _URL.match(value):
        return _of_url(act, value, tool_words)
    if len(value) < _LONGEST_PATH and (_ABSOLUTE.match(value) or keys & _PATHS):
        return _of_path(act, keys, value)
    if act in ("send", "upload") and _KEY_MATERIAL.search(value[:20_000]):
        return [Fact(act, "unknown", frozenset(("from_secret",)), value[:_LONGEST_TEXT])]
    return []


def _of_url(act: str, value: str, tool: frozenset[str]) -> list[Fact]:
    target = target_of_url(value)
    text = value[:_LONGEST_TEXT]
    if value[:5].lower() == "file:":
        return [Fact("read", target, text=text, detail=text)]
    # An address that is only written about or stored is not gone to, unless it is the cloud's metadata service
    if act in ("upload", "send") and tool & {"http", "request", "webhook", "url", "upload"}:
        return [Fact("upload", target, text=text, detail=text)]
    if act in ("download", "read", "list", "") or target == "metadata_host":
        return [Fact("download", target, text=text, detail=text)]
    return []


def _of_path(act: str, keys: frozenset[str], value: str) -> list[Fact]:
    target = target_of_data(value)
    text = value[:_LONGEST_TEXT]
    if act in ("send", "upload"):
        origin = {"secret": "from_secret", "authority": "from_secret"}.get(target, "")
        if not origin:
            origin = "from_system" if target in ("system", "account", "log", "history", "kernel") else "from_file"
        return [Fact(act, "unknown", frozenset((origin, "from_file")), text, detail=text)]
    if act == "move":
        return [Fact("move", target, text=text, detail=text)]
    if act in ("write", "delete", "list", "change_mode"):
        # What is copied or moved from somewhere is read there
        return [Fact("read" if keys & _SOURCES and act == "write" else act, target, text=text, detail=text)]
    return [Fact("read", target, text=text, detail=text)] if act or target not in ("file", "root", "home") else []
