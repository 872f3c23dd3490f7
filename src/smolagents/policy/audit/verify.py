"""Checks that an audit trail is as it was written: nothing changed, moved, left out, put in or cut off."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from . import chain
from .errors import AuditError
from .file import before_first
from .keys import AuditKey
from .names import files_of, first_of, number_of
from .seal import SUFFIX, Seal


# Longer than any record: a file without line feeds must not be read into memory as one line.
MAX_LINE = 1 << 30  # bytes
# A seal may be read while it is being written over.
_LOOKS = 5


@dataclass(frozen=True, slots=True)
class Fault:
    """
    Attributes:
        file (`str`): The file that is not as it was written.
        line (`int`, *optional*): The first line that is not, from 1; `None` if it is about the file as a whole.
        message (`str`): What is wrong with it.
    """

    file: str
    line: int | None
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {'' if self.line is None else f'line {self.line}: '}{self.message}"


@dataclass(frozen=True, slots=True)
class Verification:
    """
    Attributes:
        fault (`Fault`, *optional*): The first thing that is wrong; `None` if nothing is.
        files (`tuple[str, ...]`): The files that were looked at.
        records (`int`): The records that are as they were written, in order, up to there.
        sealed (`int`, *optional*): The number of the record that the seal is about.
        head (`Seal`, *optional*): A seal of the last of these records.
    """

    fault: Fault | None
    files: tuple[str, ...]
    records: int
    sealed: int | None
    head: Seal | None


def verify(path: Path, key: AuditKey, seal: str | None = None, only: bool = False) -> Verification:
    """Check a trail.

    Args:
        path (`Path`): Any file of it.
        key ([`AuditKey`]): The key that it was written with.
        seal (`str`, *optional*): The last seal, as it was kept elsewhere. The one beside the trail counts too; without
            `seal` it has to be there.
        only (`bool`): Look at this file alone, not at those before and after it.

    Raises:
        `AuditError`: If a file cannot be read, or `seal` is no seal made with this key.
    """
    first = first_of(path)
    seals = _seals(first, key, seal)
    if isinstance(seals, Fault):
        return Verification(seals, (), 0, None, None)
    checker = _Checker(key, *seals)
    files = [path] if only else files_of(first)
    if not only and first not in files:
        return checker.result(Fault(str(first), None, "This file of the trail is missing."))
    for file in files:
        fault = checker.missing_before(first, file) or checker.check_file(file, is_alone=only)
        if fault is not None:
            return checker.result(fault)
    return checker.result(checker.end(first, is_alone=only))


class _Checker:
    """Goes through the files of a trail, in order."""

    def __init__(self, key: AuditKey, *seals: Seal):
        self._key = key
        self._seals = seals
        self._sealed = {seal.seq for seal in seals}
        self._files: list[str] = []
        self._records = 0
        self._id = ""
        self._seq = 0
        self._mac = chain.START
        self._next: str | None = None  # The file in which the last one said that the trail goes on

    def result(self, fault: Fault | None) -> Verification:
        head = Seal(self._id, self._seq, self._mac) if self._id else None
        return Verification(fault, tuple(self._files), self._records, max(self._sealed), head)

    def missing_before(self, first: Path, file: Path) -> Fault | None:
        """A file that has to come before this one and is not there."""
        number = number_of(first, file.name) or 0
        if not self._files or number == 0:
            return None
        if self._next is None:
            return Fault(self._files[-1], None, f"It ends before it says that the trail goes on in {file.name}.")
        if self._next != file.name:
            return Fault(str(first.with_name(self._next)), None, "This file of the trail is missing.")
        self._next = None
        return None

    def check_file(self, path: Path, is_alone: bool) -> Fault | None:
        """What is wrong with a file."""
        name = str(path)
        self._files.append(name)
        try:
            with open(path, "rb") as file:
                line = file.readline(MAX_LINE)
                if (fault := self._begin(path, line, is_alone)) is not None:
                    return fault
                message, number = self.check_lines(iter(partial(file.readline, MAX_LINE), b""))
        except OSError as error:
            raise AuditError(f"The file {name} cannot be read: {error.strerror or error}.") from None
        return None if message is None else Fault(name, number, message)

    def _begin(self, path: Path, line: bytes, is_alone: bool) -> Fault | None:
        """Check the first record of a file, and go on after it."""
        name = str(path)
        if not line:
            return Fault(name, None, "It is empty.")
        try:
            first = json.loads(line)
            previous, before, file_id = before_first(first), first["previous"], str(first["file"])
            seq = 1 if before is None else before["seq"] + 1
            said_name, key_id = first["name"], first["key"]
            if type(seq) is not int:
                raise TypeError("no number of a record")
        except (ValueError, KeyError, TypeError, RecursionError):
            return Fault(name, 1, "This is not the first record of an audit file.")
        if key_id != self._key.id:
            return Fault(name, 1, f"This was written with another key (its id is {key_id!r:.20}), or was changed.")
        if is_alone:
            self._seq, self._mac = seq - 1, previous
        if previous != self._mac or seq != self._seq + 1:
            return Fault(name, 1, "This does not continue the file before.")
        self._id = file_id
        if (fault := self._check(line)) is not None:
            return Fault(name, 1, fault)
        if said_name != path.name:
            return Fault(name, 1, f"This was written as the file {said_name!r:.200}, and has another name now.")
        return None

    def check_lines(self, lines: Iterable[bytes], number: int = 1) -> tuple[str | None, int]:
        """What is wrong with the first bad line of those that follow, and its number."""
        for line in lines:
            number += 1
            if (message := self._check(line)) is not None:
                return message, number
        return None, number

    def _check(self, line: bytes) -> str | None:
        """What is wrong with the next line."""
        if self._next is not None:
            return "This follows a record that says that the trail goes on in another file."
        seq = self._seq + 1
        beginning = b'{"seq":%d,"type":"' % seq
        mac = chain.check(self._key.chain, self._mac, line)
        if mac is None or not line.startswith(beginning):
            if line[-1:] != b"\n":
                return "This record is not whole. If that was a crash, the next record mends it and says so."
            return (
                f"This is not record {seq} as it was written after the one before: one of them was changed, or "
                "something was moved, put in or left out here."
            )
        self._seq, self._mac = seq, mac
        self._records += 1
        if seq in self._sealed and {Seal(self._id, seq, mac)} != {seal for seal in self._seals if seal.seq == seq}:
            return "This is not the record that was sealed: the trail was replaced by another one."
        # It says what kind of record it is, and it is true, since its MAC is right.
        kind = line[len(beginning) : len(beginning) + 8]
        if kind == b'rotated"':
            self._next = json.loads(line)["next"]
        return _lost(line) if kind.startswith(b'lost"') else None

    def end(self, first: Path, is_alone: bool) -> Fault | None:
        """What is missing after the last file."""
        if self._next is not None and not is_alone:
            return Fault(str(first.with_name(self._next)), None, "This file of the trail is missing.")
        missing = max(self._sealed) - self._seq
        if missing <= 0 or self._next is not None:
            return None
        said = f"{missing} records are" if missing != 1 else "1 record is"
        return Fault(self._files[-1], None, f"The end was cut off: {said} missing after record {self._seq}.")


def _lost(line: bytes) -> str:
    sealed = json.loads(line).get("sealed")
    if sealed is None:
        return "When the trail was opened here, its seal was gone or damaged, so records before this may be missing."
    return (
        f"When the trail was opened here, records before this were missing: it had been sealed at record "
        f"{sealed['seq']}."
    )


def _seals(first: Path, key: AuditKey, text: str | None) -> list[Seal] | Fault:
    """The seals that the trail has to fit: the one that was given, and the one beside it."""
    given = []
    if text is not None:
        if (kept := Seal.of(text.strip(), key)) is None:
            raise AuditError("What was given as the seal is none, or was made with another key.")
        given = [kept]
    beside = Path(f"{first}{SUFFIX}")
    try:
        for _ in range(_LOOKS):
            if (seal := Seal.of(beside.read_text("ascii", "replace"), key)) is not None:
                return [*given, seal]
    except FileNotFoundError:
        if not given and not files_of(first):
            raise AuditError(
                f"There is no audit trail {first}: neither a file of it is there, nor its seal."
            ) from None
        return given or Fault(str(beside), None, "The seal is missing, so nobody can say whether the end was cut off.")
    except OSError as error:
        raise AuditError(f"The file {beside} cannot be read: {error.strerror or error}.") from None
    return Fault(str(beside), None, "This is no seal made with this key, or it was changed.")
