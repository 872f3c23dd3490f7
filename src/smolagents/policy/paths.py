"""Whether a path is in one of a policy's folders.

As the operating system sees it: relative to the current folder, with `..` and symbolic links followed. What some tools
read differently (`~`, `file://`, a backslash) is unknown, which a policy never allows.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable


# PATH_MAX of Linux, in bytes there. Following more links than fit would only take time.
_LONGEST = 4096
# Read by some as something other than the characters of a path: a home folder, a variable, an escape, a URL (a single
# letter and a colon are a drive), and what stands for bytes that are no text.
_READ_DIFFERENTLY = re.compile(r"^~|\$|%[0-9A-Fa-f]{2}|^[A-Za-z][A-Za-z0-9+.-]+:|\ufffd")
_BACKSLASH_IS_A_SEPARATOR = os.sep == "\\"


class FolderSet:
    """Folders and files of a policy. Where they are is settled when this is made, and not moved by links.

    Args:
        roots (`Iterable[str]`): Folders, with all that is in them, or single files; `~` is the home folder.
    """

    def __init__(self, roots: Iterable[str]):
        self._roots = [_resolve(os.path.expanduser(root)) for root in roots]

    def has(self, path: str) -> bool | None:
        """Whether a path is one of the roots or in one of them; `None` if that cannot be said."""
        if not path or len(path) > _LONGEST or not path.isprintable() or _READ_DIFFERENTLY.search(path):
            return None
        if "\\" in path and not _BACKSLASH_IS_A_SEPARATOR:
            return None
        try:
            readings = {_resolve(path)}
            if ".." in path:
                # The system follows a link before it goes up; some tools take `..` and what is before it away first.
                readings.add(_resolve(os.path.abspath(path)))
        except (OSError, ValueError):
            return None
        answers = {self._contains(resolved) for resolved in readings}
        return answers.pop() if len(answers) == 1 else None

    def _contains(self, resolved: str) -> bool | None:
        if any(_is_within(resolved, root) for root in self._roots):
            return True
        # On file systems that ignore case, and on no others, these are the same.
        folded = resolved.casefold()
        return None if any(_is_within(folded, root.casefold()) for root in self._roots) else False


def _resolve(path: str) -> str:
    return os.path.normcase(os.path.realpath(path))


def _is_within(path: str, root: str) -> bool:
    return path == root or path.startswith(root if root.endswith(os.sep) else root + os.sep)
