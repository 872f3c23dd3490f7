"""Checks that an audit trail is as it was written: nothing changed, moved, left out, put in or cut off."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import chain
from .errors import AuditError
from .file import before_first
from .keys import AuditKey
from .names import files_of, first_of, number_of, numbered
from .seal import SUFFIX, Seal


# Longer than any record: a file without line feeds must not be read into memory as one line.
MAX_LINE = 1 << 30  # bytes

_LOST = re.compile(rb'\{"seq":[0-9]+,"type":"lost"')
_ROTATED = re.compile(rb'\{"seq":[0-9]+,"type":"rotated"')
_MAC_DIGITS = 64


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
        seal (`str`, *optional*): The last seal, as it was kept elsewhere; by default the one beside the trail.
        only (`bool`): Look at this file alone, not at those before and after it.

    Raises:
        `AuditError`: If a file cannot be read, or `seal` is no seal made with this key.
    """
    begin = path if only else first_of(path)
    if begin != path and not begin.exists():
        first = begin  # Told as missing below
    checker = _Checker(key)
    first = begin
    kept = _kept_seal(first_of(path), key, seal)
    if isinstance(kept, Fault):
        return checker.result(kept, None)
    checker.expect(kept)
    files = [path] if only else files_of(first)
    if not files or files[0] != begin:
        return checker.result(Fault(str(begin), None, "This file of the trail is missing."), kept)
    for file in files:
        fault = checker.missing_before(first, file) or checker.check_file(file, is_alone=only)
        if fault is not None:
            return checker.result(fault, kept)
    return checker.result(checker.end(first, is_alone=only), kept)


class _Checker:
    """Goes through the files of a trail, in order."""

    def __init__(self, key: AuditKey):
        self._key = key
        self._files: list[str] = []
        self._records = 0
        self._seal: Seal | None = None
        self._has_sealed = False
        self._id: str | None = None
        self._seq = 0
        self._mac = chain.START
        self._next: str | None = None  # The file in which the last one said that the trail goes on

    def expect(self, seal: Seal) -> None:
        self._seal = seal

    def result(self, fault: Fault | None, seal: Seal | None) -> Verification:
        head = None if self._id is None or self._seq == 0 else Seal(self._id, self._seq, self._mac)
        return Verification(fault, tuple(self._files), self._records, None if seal is None else seal.seq, head)

    def missing_before(self, first: Path, file: Path) -> Fault | None:
        """A file that has to come before this one and is not there."""
        number = number_of(first, file.name) or 0
        if not self._files or number == 0:
            return None
        if self._next is None:
            return Fault(self._files[-1], None, f"It ends before it says that the trail goes on in {file.name}.")
        if self._next != file.name:
            return Fault(str(first.with_name(self._next)), None, "This file of the trail is missing.")
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
                message, number = self.check_lines(file)
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
        except (ValueError, KeyError, TypeError, RecursionError):
            return Fault(name, 1, "This is not the first record of an audit file.")
        if key_id != self._key.id and chain.check(self._key.chain, previous, line) is None:
            return Fault(name, 1, f"This was written with another key (its id is {key_id!r:.20}), or was changed.")
        if (number := len(self._files)) == 1 and (before is None or is_alone):
            self._seq, self._mac = seq - 1, previous
        elif number == 1:
            return Fault(name, 1, "This continues another file, which is missing.")
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
        mac = chain.check(self._key.chain, self._mac, line)
        seq = self._seq + 1
        if mac is None or not line.startswith(b'{"seq":%d,"type":"' % seq):
            if line[-1:] != b"\n":
                return "This record is not whole. If that was a crash, the next record mends it and says so."
            return f"This is not record {seq}, as it was written after the one before: it or what comes before it was changed, moved, put in or left out."
        self._seq, self._mac = seq, mac
        self._records += 1
        seal = self._seal
        if seal is not None and seq == seal.seq:
            if mac != seal.mac or self._id != seal.file:
                return "This is not the record that was sealed: the trail was replaced by another one."
            self._has_sealed = True
        # What a record's beginning says is true, since its MAC is right.
        if line.startswith(b'"lost"', line.index(b":", 7) + 1):
            return _lost(line)
        if line.startswith(b'"rotated"', line.index(b":", 7) + 1):
            self._next = json.loads(line)["next"]
        return None

    def end(self, first: Path, is_alone: bool) -> Fault | None:
        """What is missing after the last file."""
        if self._next is not None and not is_alone:
            return Fault(str(first.with_name(self._next)), None, "This file of the trail is missing.")
        seal = self._seal
        if seal is None or self._has_sealed or (is_alone and not self._is_in_this_file(seal)):
            return None
        missing = seal.seq - self._seq
        said = f"{missing} records are" if missing != 1 else "1 record is"
        return Fault(self._files[-1], None, f"The end was cut off: {said} missing after record {self._seq}.")

    def _is_in_this_file(self, seal: Seal) -> bool:
        return seal.file == self._id


def _lost(line: bytes) -> str:
    sealed = json.loads(line).get("sealed")
    if sealed is None:
        return "When the trail was opened here, its seal was gone or damaged, so records before this may be missing."
    return (
        f"When the trail was opened here, records before this were missing: it had been sealed at record "
        f"{sealed['seq']}."
    )


def _kept_seal(first: Path, key: AuditKey, text: str | None) -> Seal | Fault:
    beside = Path(f"{first}{SUFFIX}")
    if text is not None:
        if (kept := Seal.of(text.strip(), key)) is None:
            raise AuditError("What was given as the seal is none, or was made with another key.")
        return kept
    try:
        kept = Seal.of(beside.read_text("ascii", "replace"), key)
    except FileNotFoundError:
        return Fault(str(beside), None, "The seal is missing, so nobody can say whether the end was cut off.")
    except OSError as error:
        raise AuditError(f"The file {beside} cannot be read: {error.strerror or error}.") from None
    if kept is None:
        return Fault(str(beside), None, "This is no seal made with this key, or it was changed.")
    return kept


__all__ = ["Fault", "Verification", "numbered", "verify"]
