"""Which tools and agents a policy's `tools` section names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import re2

from .globs import is_glob, name_expression
from .normalize import without_surrogates
from .patterns import options


# In brackets `-` and `!` are part of the glob
_NOT_IN_TOOL_NAME = re.compile(r"\[[^\]]*\]|[^\w*?\[\]]")


def as_tool_name(entry: str) -> str:
    """What agents call a tool of an MCP server that an entry names: what is no letter, digit or `_` becomes `_`."""
    return _NOT_IN_TOOL_NAME.sub(lambda found: found.group() if found.group().startswith("[") else "_", entry)


class NameList:
    """A list of names and globs, in the order of the policy. Immutable, and safe to use from several threads."""

    def __init__(self, entries: Iterable[str]):
        self._exact: dict[str, list[int]] = {}
        self._globs: list[tuple[int, str, Any]] = []
        for index, entry in enumerate(entries):
            for name in dict.fromkeys((entry, as_tool_name(entry))):
                if is_glob(name):
                    self._globs.append((index, entry, re2.compile(name_expression(name), options())))
                else:
                    self._exact.setdefault(name, []).append(index)

    def naming(self, name: str, *, by_wildcards_alone: bool = True) -> list[tuple[int, str]]:
        """The entries that name `name`, each with its index, in the order of the policy.

        Args:
            name (`str`): A tool's or an agent's name.
            by_wildcards_alone (`bool`): Whether `*` and the like count, that say nothing about the name.
        """
        name = without_surrogates(name)  # A model may write half a character, which RE2 does not take
        entries = [(index, name) for index in self._exact.get(name, ())]
        entries += [
            (index, glob)
            for index, glob, expression in self._globs
            if (by_wildcards_alone or glob.strip("*?")) and expression.fullmatch(name)
        ]
        return sorted(entries)


def keys_naming(by_name: Mapping[str, object], names: NameList, name: str) -> list[str]:
    """The keys of a mapping by names and globs, of which `names` was made, that name `name`: each once, as it is."""
    keys = list(by_name)
    return [keys[index] for index in sorted({index for index, _ in names.naming(name)})]
