"""Reads, applies and writes the patches: zero-context diffs with a mail-like header.

Stricter than `patch`, and than the libraries that were tried, which let a wrong line number or lines beyond a hunk's
count pass without a word. Here a line of a patch takes effect exactly where it says, or the patch is refused.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fork import ForkError


_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_NO_NEWLINE = rb"\ No newline at end of file"


@dataclass(frozen=True)
class Hunk:
    """Lines taken out at one place and lines put there instead.

    Attributes:
        old: How many lines of the old file come before this place.
        new: How many lines of the new file come before it.
        removed: Lines taken out, each with its line end.
        added: Lines put in, each with its line end.
    """

    old: int
    new: int
    removed: tuple[bytes, ...]
    added: tuple[bytes, ...]


@dataclass(frozen=True)
class Patch:
    """One concern: why, and what it changes in upstream's files.

    Attributes:
        name: File name in patches/, which also gives the order.
        header: The text before the diffs: `Subject:` and `New-files:` lines, an empty line, paragraphs.
        diffs: Path in the project to hunks.
    """

    name: str
    header: str
    diffs: dict[str, tuple[Hunk, ...]]

    @property
    def subject(self) -> str:
        return self._fields("Subject")[0]

    @property
    def body(self) -> str:
        return self.header.partition("\n\n")[2].strip()

    @property
    def new_files(self) -> list[str]:
        """Files of ours that belong to this concern when it is offered upstream."""
        return [path for line in self._fields("New-files") for path in line.split()]

    @property
    def stays_here(self) -> bool:
        """Whether it is of the fork alone, and not offered upstream."""
        return bool(self._fields("Stays-here"))

    def _fields(self, name: str) -> list[str]:
        lines = self.header.partition("\n\n")[0].splitlines()
        return [line.partition(":")[2].strip() for line in lines if line.startswith(f"{name}:")]


def read_series(folder: Path) -> list[Patch]:
    """All patches in `folder`, in order.

    Raises:
        ForkError: If one is not well-formed.
    """
    return [parse(path.name, path.read_bytes()) for path in sorted(folder.glob("*.patch"))]


def parse(name: str, content: bytes) -> Patch:
    """Read one patch file.

    Raises:
        ForkError: If any line is not what it should be; the message names the line.
    """
    lines = content.split(b"\n")
    if lines.pop():
        raise ForkError(f"patches/{name}: the last line has no line end, so the file may have been cut off")
    at = next((n for n, line in enumerate(lines) if line.startswith(b"diff --git ")), len(lines))
    header = _parse_header(name, lines[:at])
    diffs: dict[str, tuple[Hunk, ...]] = {}
    while at < len(lines):
        path, at = _parse_paths(name, lines, at)
        if path in diffs:
            raise ForkError(f"patches/{name}, line {at}: a second diff of {path}; put its hunks into the first")
        hunks: list[Hunk] = []
        while at < len(lines) and not lines[at].startswith(b"diff --git "):
            hunk, at = _parse_hunk(name, lines, at)
            hunks.append(hunk)
        if not hunks:
            raise ForkError(f"patches/{name}, line {at}: a diff of {path} without a hunk")
        diffs[path] = tuple(hunks)
    return Patch(name, header, diffs)


def apply(patch: Patch, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """All of `files`, with `patch` applied.

    Raises:
        ForkError: If a hunk does not fit exactly where it says.
    """
    patched = dict(files)
    for path, hunks in patch.diffs.items():
        if path not in files:
            raise ForkError(f"patches/{patch.name}: {path} is not a file of the upstream release")
        patched[path] = _apply_hunks(patch.name, path, hunks, files[path])
    return patched


def apply_series(patches: Sequence[Patch], files: Mapping[str, bytes]) -> list[dict[str, bytes]]:
    """What the files are before the first patch, after the first, ... after the last.

    Raises:
        ForkError: If a patch does not apply.
    """
    states = [dict(files)]
    for patch in patches:
        states.append(apply(patch, states[-1]))
    return states


def render(patch: Patch) -> bytes:
    """The patch as a file; `parse` reads it back."""
    out = [patch.header.rstrip("\n").encode(), b"\n\n"]
    for path in sorted(patch.diffs):
        out.append(f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n".encode())
        for hunk in patch.diffs[path]:
            old, new = _range(hunk.old, hunk.removed), _range(hunk.new, hunk.added)
            out.append(f"@@ -{old} +{new} @@\n".encode())
            for sign, side in ((b"-", hunk.removed), (b"+", hunk.added)):
                for line in side:
                    out += [sign, line] if line.endswith(b"\n") else [sign, line, b"\n", _NO_NEWLINE, b"\n"]
    return b"".join(out)


def write(folder: Path, patches: Sequence[Patch]) -> None:
    """Write `patches` into `folder`, each file whole or not at all."""
    folder.mkdir(exist_ok=True)
    staged = [(folder / f".{patch.name}.new", patch) for patch in patches]
    for file, patch in staged:
        file.write_bytes(render(patch))
    for file, patch in staged:
        file.replace(folder / patch.name)


def _range(before: int, lines: tuple[bytes, ...]) -> str:
    # An empty side is written as the number of the line before it, any other side as the number of its first line.
    return f"{before + 1 if lines else before},{len(lines)}"


def _parse_header(name: str, lines: list[bytes]) -> str:
    where = f"patches/{name}"
    for number, line in enumerate(lines, 1):
        if line[:1] in (b" ", b"+", b"-"):
            raise ForkError(f"{where}, line {number}: a line of the header must not begin with a space, '+' or '-'")
    try:
        text = b"\n".join(lines).decode()
    except UnicodeDecodeError:
        raise ForkError(f"{where}: the header is not UTF-8") from None
    fields = text.partition("\n\n")[0].splitlines()
    for number, field in enumerate(fields, 1):
        if not re.match(r"(Subject|New-files|Stays-here): \S", field):
            raise ForkError(f"{where}, line {number}: expected 'Subject: ...' or 'New-files: ...', then an empty line")
    if sum(field.startswith("Subject:") for field in fields) != 1:
        raise ForkError(f"{where}: the header needs one line 'Subject: ...'")
    return text


def _parse_paths(name: str, lines: list[bytes], at: int) -> tuple[str, int]:
    """The path that the diff starting at line `at` is of, and the line after the diff's head."""
    head = re.fullmatch(rb"diff --git a/(src/smolagents/\S+) b/(\S+)", lines[at])
    if not head or head[1] != head[2]:
        raise ForkError(f"patches/{name}, line {at + 1}: expected 'diff --git a/src/smolagents/X b/src/smolagents/X'")
    at += 1
    if at < len(lines) and lines[at].startswith(b"index "):
        at += 1
    for expected in (b"--- a/" + head[1], b"+++ b/" + head[1]):
        if at >= len(lines) or lines[at] != expected:
            raise ForkError(
                f"patches/{name}, line {at + 1}: expected '{expected.decode()}' (only edits, no new files)"
            )
        at += 1
    return head[1].decode(), at


def _parse_hunk(name: str, lines: list[bytes], at: int) -> tuple[Hunk, int]:
    """The hunk that starts at line `at`, and the line after it."""
    head = _HUNK.match(lines[at])
    if not head:
        raise ForkError(
            f"patches/{name}, line {at + 1}: expected a hunk ('@@ -1,0 +2,1 @@'); if this is part of the hunk above, "
            "that hunk's counts are wrong, or it has context lines (make it with `git diff -U0`)"
        )
    starts = int(head[1]), int(head[3])
    counts = [1 if count is None else int(count) for count in (head[2], head[4])]
    place = at + 1
    at += 1
    sides: list[tuple[bytes, ...]] = []
    for sign, count in zip((b"-", b"+"), counts):
        side: list[bytes] = []
        for _ in range(count):
            if at >= len(lines) or lines[at][:1] != sign:
                raise ForkError(
                    f"patches/{name}, line {at + 1}: the hunk at line {place} announces {count} "
                    f"'{sign.decode()}' lines and has {len(side)} (no context lines: make it with `git diff -U0`)"
                )
            side.append(lines[at][1:] + b"\n")
            at += 1
        if side and at < len(lines) and lines[at] == _NO_NEWLINE:
            side[-1] = side[-1][:-1]
            at += 1
        sides.append(tuple(side))
    before = [start - 1 if count else start for start, count in zip(starts, counts)]
    return Hunk(before[0], before[1], sides[0], sides[1]), at


def _apply_hunks(name: str, path: str, hunks: tuple[Hunk, ...], content: bytes) -> bytes:
    lines = re.findall(rb"[^\n]*\n|[^\n]+", content)
    patched: list[bytes] = []
    done = 0  # how many of `lines` are accounted for
    for hunk in hunks:
        end = hunk.old + len(hunk.removed)
        where = f"patches/{name} does not apply: {path}, line {hunk.old + 1}"
        if hunk.old < done or end > len(lines):
            raise ForkError(f"{where}: out of order, or after the end of the file")
        for number in range(hunk.old, end):
            if lines[number] != hunk.removed[number - hunk.old]:
                raise ForkError(f"{where}: line {number + 1} is not the one that the patch removes")
        patched += lines[done : hunk.old]
        if len(patched) != hunk.new:
            raise ForkError(f"{where}: would be line {len(patched) + 1} of the result, the patch says {hunk.new + 1}")
        patched += hunk.added
        done = end
    patched += lines[done:]
    if any(not line.endswith(b"\n") for line in patched[:-1]):
        raise ForkError(
            f"patches/{name} does not apply: it adds lines after the last line of {path}, which has no end"
        )
    return b"".join(patched)
