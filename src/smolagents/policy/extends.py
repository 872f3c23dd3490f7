"""The files that a policy extends: found from its folder, each read once, bounded in number, depth and size.

What is in them is left to the model. A mistake in one of them is told with its own place, and with the place that
led to it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from . import document
from .document import Document, Path
from .errors import PolicyError, Problem, excerpt, nearest
from .loading import Loading, Meter


if TYPE_CHECKING:
    from .model import Policy


MAX_FILES = 50
MAX_DEPTH = 10

# A file and the folder in which it was found
_Key = tuple[str, str]

# Makes a policy of a document, the policies it extends, and the problems that those have.
MakePolicy = Callable[[Document, Loading, "list[Problem]"], "Policy"]


class Family:
    """
    A policy and all that it extends, while they are being read.

    Args:
        make (`Callable`): Makes a policy of a document, the policies it extends, and the problems that those have.
    """

    def __init__(self, make: MakePolicy):
        self._make = make
        # The files that are being read, outermost first, and what the others turned out to be. By their real paths and
        # those of the folders in which they were found: what a link leads to extends the files beside the link.
        # Digests are kept because making one takes as long as writing the policy.
        self._open: list[_Key] = []
        self._done: dict[_Key, tuple[str, Policy] | None] = {}
        self._meter = Meter()
        self._depth = 0
        self._bytes = 0
        self._values = 0

    def load(self, source: str) -> Policy:
        """The policy in a file.

        Raises:
            `OSError`: If the file cannot be read.
            `PolicyError`: If it, or one that it extends, is not a policy.
        """
        with open(source, "rb") as file:
            # No further than the limit, whatever the size of the file is said to be.
            raw = file.read(document.MAX_BYTES + 1)
        self._bytes += len(raw)
        self._open.append(_key(source))
        try:
            policy = self.read(document.parse(document.decode(raw, source), source), os.path.dirname(source))
        finally:
            self._open.pop()
        return policy

    def read(self, read: Document, directory: str) -> Policy:
        """The policy in a document, whose relative paths start at `directory`.

        Raises:
            `PolicyError`: If it, or one that it extends, is not a policy.
        """
        self._values += len(read.values)
        parents: list[tuple[str, Policy]] = []
        problems: list[Problem] = []
        self._depth += 1
        for path, written in _entries(read):
            try:
                parents.append(self._parent(written, directory))
            except _CannotExtendError as error:
                read.problems.append(read.problem(str(error), path))
                read.unusable.add(path)
                problems += error.problems
        self._depth -= 1
        return self._make(read, Loading(parents, is_outermost=self._depth == 0, meter=self._meter), problems)

    def _parent(self, written: str, directory: str) -> tuple[str, Policy]:
        source = os.path.join(directory, written)
        if not os.path.isfile(source):
            raise _CannotExtendError(f"There is no file {excerpt(source, 200)}. {_suggest(source)}".rstrip())
        key = _key(source)
        if key in self._open:
            circle = [os.path.basename(file) for file, _ in (*self._open[self._open.index(key) :], key)]
            raise _CannotExtendError(f"Here a policy extends itself: {' -> '.join(circle)}. Remove one of these.")
        if key not in self._done:
            self._require_room()
            self._done[key] = None
            try:
                policy = self.load(source)
                self._done[key] = policy.digest, policy
            except OSError as error:
                reason = error.strerror or str(error)
                raise _CannotExtendError(f"The file {excerpt(source, 200)} cannot be read: {reason}.") from None
            except PolicyError as error:
                message = f"The policy {excerpt(source, 200)} has mistakes, so nothing can extend it."
                raise _CannotExtendError(message, error.problems) from None
        done = self._done[key]
        if done is None:
            raise _CannotExtendError(f"The policy {excerpt(source, 200)} has mistakes, so nothing can extend it.")
        return done

    def _require_room(self) -> None:
        if len(self._done) >= MAX_FILES:
            raise _CannotExtendError(f"A policy may extend {MAX_FILES} files at most, all counted. Join some of them.")
        if self._depth >= MAX_DEPTH:
            raise _CannotExtendError(f"A policy may extend others {MAX_DEPTH} deep at most. Join some of them.")
        if self._bytes > document.MAX_BYTES or self._values > document.MAX_VALUES:
            raise _CannotExtendError(
                f"A policy and those that it extends may have {document.MAX_BYTES} bytes and {document.MAX_VALUES} "
                "values together. Leave some out."
            )


def _key(source: str) -> _Key:
    return os.path.realpath(source), os.path.realpath(os.path.dirname(source))


class _CannotExtendError(Exception):
    """Why an entry of `extends` leads to no policy, with the problems of the file that it leads to."""

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()):
        super().__init__(message)
        self.problems = problems


def _entries(read: Document) -> list[tuple[Path, str]]:
    """The entries of `extends`, with their paths in the document; what is not text is left to the model."""
    written: Any = read.data.get("extends") if isinstance(read.data, Mapping) else None
    if isinstance(written, str):
        entries: list[tuple[Path, Any]] = [(("extends",), written)]
    elif isinstance(written, (list, tuple)):
        entries = [(("extends", index), entry) for index, entry in enumerate(written)]
    else:
        return []
    return [(path, entry) for path, entry in entries if isinstance(entry, str) and entry and path not in read.unusable]


def _suggest(source: str) -> str:
    try:
        names = os.listdir(os.path.dirname(source) or ".")
    except (OSError, ValueError):
        return ""
    guess = nearest(os.path.basename(source), (name for name in names if name.endswith((".yaml", ".yml"))))
    return f"Did you mean {guess}?" if guess else ""
