"""The file of an audit trail: appended to by threads and processes, mended after a crash, continued in the next one.

Whoever appends holds a lock on the seal. What others have appended meanwhile shows in the size of the file; only then
is its end read again. Checking the whole chain is left to `verify`.
"""

from __future__ import annotations

import atexit
import errno
import json
import logging
import os
import stat
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple
from weakref import WeakSet

from . import chain
from .clock import now
from .errors import AuditError
from .keys import AuditKey
from .names import files_of, number_of, numbered
from .seal import SUFFIX, Seal, seal_text


try:
    import fcntl
except ImportError:  # On Windows
    fcntl = None  # type: ignore[assignment]

logger = logging.getLogger(__name__)

Fsync = Literal["always", "interval", "never"]

FORMAT = 1
SYNC_SECONDS = 1.0  # For `interval`
LOOK_SECONDS = 1.0  # How often to look whether the seal is in its place; for the file, before every record
_READ = 1 << 16  # bytes

# What `os.fdatasync` is, where there is one: the size of the file is on the disk too, its times are not.
_sync = getattr(os, "fdatasync", os.fsync)


class _End(NamedTuple):
    """Where the next record of a file goes.

    Attributes:
        size (`int`): The bytes up to there.
        seq (`int`): The number of the last record, 0 if there is none.
        mac (`bytes`): Its MAC.
        is_closed (`bool`): Whether it says that the trail goes on in the next file.
    """

    size: int
    seq: int
    mac: bytes
    is_closed: bool


class AuditFile:
    """
    Safe to use from several threads, and from several processes that each have one of the same path.

    Args:
        path (`str`): The first file of the trail.
        key ([`AuditKey`]): The key.
        fsync (`str`): `always`, `interval` or `never`.
        rotate_bytes (`int`, *optional*): The size at which the next file is begun.
    """

    def __init__(self, path: str, key: AuditKey, fsync: Fsync = "always", rotate_bytes: int | None = None):
        # Where it leads to now: generated code may change the current folder.
        self._path = Path(path).absolute()
        self._key = key
        self._fsync = fsync
        self._rotate_bytes = rotate_bytes
        self._seal_path = f"{self._path}{SUFFIX}"
        self._seal_file = self._file = -1
        self._begin_process()
        _files.add(self)

    def _begin_process(self) -> None:
        # What a child has of its parent it shares with it: the locks on open files, and what its threads held.
        self._close_files()
        self._lock = threading.Lock()
        self._number = 0
        self._name = str(self._path)
        self._id = ""
        self._end: _End | None = None  # Not known
        self._synced = 0.0
        self._is_synced = True
        # Ids of executions are told apart within a process only.
        self._process = f',"process":"{os.urandom(8).hex()}"'

    def open(self) -> None:
        """Open the file now, mend it if need be, and note in it that it was; else the first record does that.

        Raises:
            `AuditError`: If that is not possible.
        """
        self._locked(self._attach)

    def append(self, members: str) -> None:
        """Append a record: when this returns, it is in the file.

        Args:
            members (`str`): The members of the record in JSON, in ASCII, without braces, `"type"` first.

        Raises:
            `AuditError`: If it cannot be written, or not be forced to the disk where `fsync` asks for that.
        """
        self._locked(self._append, members)

    def close(self) -> None:
        """Force what was written to the disk, unless `fsync` is `never`, and let the file go. The next record opens it
        again."""
        with self._lock:
            try:
                self._let_go()
            except OSError as error:
                logger.error("The audit file %s may not be on the disk: %s.", self._name, error.strerror or error)

    def __del__(self) -> None:
        # Without a lock: nobody else has it, and whoever runs this may hold that of another file of the same path.
        with suppress(Exception):  # At exit, little is left to do it with
            self._let_go()

    def _let_go(self) -> None:
        try:
            if not self._is_synced:
                self._force()
        finally:
            self._close_files()

    def _locked(self, action: Callable[..., object], *arguments: Any) -> None:
        """Do something while other threads and processes are kept away."""
        with self._lock:
            try:
                if fcntl is None:
                    raise AuditError("An audit file needs the file locks of a POSIX system, which Windows has not.")
                if self._seal_file == -1:
                    self._seal_file = _open(self._seal_path)
                    self._seal_inode = os.fstat(self._seal_file).st_ino
                    self._looked = time.monotonic()
                try:
                    fcntl.flock(self._seal_file, fcntl.LOCK_EX)
                    action(*arguments)
                finally:
                    fcntl.flock(self._seal_file, fcntl.LOCK_UN)
            except BaseException as error:
                self._close_files()  # The next record opens what is there then
                if not isinstance(error, (OSError, ValueError)):
                    raise
                reason = getattr(error, "strerror", None) or error
                raise AuditError(f"The audit file {self._name} cannot be written: {reason}.") from error

    def _append(self, members: str) -> None:
        end = self._end
        if end is None:
            end = self._attach()
        else:
            size = self._size()
            if size != end.size:
                end = self._catch_up(end, size)
        if self._rotate_bytes is not None and end.size >= self._rotate_bytes:
            end = self._rotate(end)
        self._write(end, members + self._process)

    def _size(self) -> int:
        """The size of the file, which has to be in its place still, as has the seal.

        Raises:
            `AuditError`: If one of them was removed, or something else is in its place.
        """
        name = self._name
        try:
            status = os.lstat(name)
            if status.st_ino == self._inode:
                now = time.monotonic()
                if now - self._looked < LOOK_SECONDS:
                    return status.st_size
                name = self._seal_path
                if os.lstat(name).st_ino == self._seal_inode:
                    self._looked = now
                    return status.st_size
        except FileNotFoundError:
            pass
        raise self._was_removed(name)

    def _close_files(self) -> None:
        for descriptor in (self._file, self._seal_file):
            if descriptor != -1:
                os.close(descriptor)
        self._file = self._seal_file = -1
        self._end = None

    def _attach(self) -> _End:
        """Find the last file and its end; make the first one, mend the last one, and go on in the next, if need be."""
        files = files_of(self._path)
        self._open_file(0 if not files else number_of(self._path, files[-1].name) or 0)
        previous = None
        end, torn = self._read_end()
        if end.seq == 0 and self._number > 0:
            previous = self._previous()
            end = _End(0, previous["seq"], bytes.fromhex(previous["mac"]), False)
        lost = self._lost(end)
        if end.size == 0:
            end = self._begin_file(end, previous)
        else:
            self._id = self._first()["file"]
        end = self._mend(end, torn)
        if lost is not None:
            end = self._write(end, lost)
        self._end = end
        return end

    def _catch_up(self, known: _End, size: int) -> _End:
        """The end of a file that others have written to."""
        if size < known.size:
            raise self._was_removed(self._name)
        end, torn = self._read_end()
        if end.is_closed:
            return self._attach()
        end = self._mend(end, torn)
        if end.seq <= known.seq:  # Records from before, once more
            raise self._cannot_be_continued()
        return end

    def _was_removed(self, name: str) -> AuditError:
        return AuditError(f"The audit file {name} was removed or cut while it was being written.")

    def _mend(self, end: _End, torn: bytes) -> _End:
        """Note that a torn line was cut off, and go on in the next file if this one is closed."""
        if torn:
            # What is left of a record may be short enough to guess, so a plain digest would not do.
            cut = _members("repaired", bytes=len(torn), digest=self._key.digest.of(torn).hex())
            end = self._write(end, cut)._replace(is_closed=end.is_closed)
        return self._next_file(end) if end.is_closed else end

    def _lost(self, end: _End) -> str | None:
        """A record that says that the seal is about more than there is, or was removed; `None` if it fits."""
        text = os.pread(self._seal_file, _READ, 0).decode("ascii", "replace")
        sealed = Seal.of(text, self._key)
        if sealed is None:
            # A process may have ended between the first record of a trail and its seal.
            if not text and end.seq <= 1:
                return None
            return _members("lost", sealed=None)
        if sealed.seq < end.seq or (sealed.seq == end.seq and sealed.mac == end.mac):
            return None
        return _members("lost", sealed={"file": sealed.file, "seq": sealed.seq, "mac": sealed.mac.hex()})

    def _open_file(self, number: int) -> None:
        if self._file != -1:
            os.close(self._file)
            self._file = -1
        self._number = number
        self._name = str(numbered(self._path, number))
        self._file = _open(self._name, os.O_APPEND)
        self._inode = os.fstat(self._file).st_ino

    def _read_end(self) -> tuple[_End, bytes]:
        """The end of the file; and what was cut off there, if its last line was not whole."""
        size = os.fstat(self._file).st_size
        tail = _read_lines_back(self._file, size, 3)
        whole, _, torn = tail.rpartition(b"\n")
        if torn:
            # The lock is ours, so nobody is still writing it.
            os.ftruncate(self._file, size - len(torn))
            size -= len(torn)
        if size == 0:
            return _End(0, 0, chain.START, False), torn
        lines = [line + b"\n" for line in whole.split(b"\n")]
        previous = _mac_of(lines[-2]) if len(lines) > 1 else before_first(self._first())
        last = _record(lines[-1])
        if last is None or previous is None or chain.check(self._key.chain, previous, lines[-1]) is None:
            raise self._cannot_be_continued()
        return _End(size, last["seq"], bytes.fromhex(last["mac"]), last["type"] == "rotated"), torn

    def _first(self) -> dict[str, Any]:
        """The first record of the file."""
        first = _record(os.pread(self._file, _READ, 0).partition(b"\n")[0] + b"\n")
        try:
            if first is not None and before_first(first) and type(first["file"]) is str:
                return first
        except (ValueError, KeyError, TypeError):
            pass
        raise self._cannot_be_continued()

    def _cannot_be_continued(self) -> AuditError:
        return AuditError(
            f"The audit file {self._name} cannot be continued: its first or last record was changed, or was written "
            "with another key. Move the files of this trail away, or name another `audit.path`."
        )

    def _begin_file(self, end: _End, previous: dict[str, Any] | None) -> _End:
        """Write the first record of a file."""
        self._id = os.urandom(16).hex()
        name = numbered(self._path, self._number).name
        members = _members("file", format=FORMAT, file=self._id, name=name, key=self._key.id, previous=previous)
        end = self._write(end, members)
        if self._fsync != "never":
            # From now on the seal has its size, so that a loss of power leaves an older one at worst, and never none.
            _sync(self._seal_file)
            _sync_directory(self._path.parent)
        return end

    def _previous(self) -> dict[str, Any]:
        """What the first record says of the file before, whose last record it continues."""
        path = numbered(self._path, self._number - 1)
        with open(path, "rb") as file:
            first = _record(file.readline())
            tail = _read_lines_back(file.fileno(), os.fstat(file.fileno()).st_size, 2)
        last = _record(tail[tail.rfind(b"\n", 0, -1) + 1 :])
        if first is None or last is None or last["type"] != "rotated":
            raise AuditError(f"The audit file {path} does not say that the trail goes on in {self._name}.")
        return {"name": path.name, "file": first["file"], "seq": last["seq"], "mac": last["mac"]}

    def _rotate(self, end: _End) -> _End:
        following = numbered(self._path, self._number + 1).name
        return self._next_file(self._write(end, _members("rotated", next=following)))

    def _next_file(self, end: _End) -> _End:
        before = {"name": Path(self._name).name, "file": self._id, "seq": end.seq, "mac": end.mac.hex()}
        self._force()
        self._end = None  # Until the next file has its first record
        self._open_file(self._number + 1)
        return self._begin_file(_End(0, end.seq, end.mac, False), before)

    def _write(self, end: _End, members: str) -> _End:
        """Append a record after `end`, seal it, and force it to the disk if that is asked for."""
        seq = end.seq + 1
        line, mac = chain.make_line(self._key.chain, end.mac, seq, members)
        try:
            written = os.write(self._file, line)
            while written < len(line):
                written += os.write(self._file, line[written:])
        except OSError:
            self._end = None
            with suppress(OSError):  # What is left of it is mended before the next record
                os.ftruncate(self._file, end.size)
            raise
        if self._fsync == "always":
            _sync(self._file)
        seal = seal_text(self._id, seq, mac, self._key)
        if os.pwrite(self._seal_file, seal, 0) != len(seal):
            raise OSError("the seal was not written")
        self._end = _End(end.size + len(line), seq, mac, False)
        self._is_synced = False
        if self._fsync == "interval":
            if time.monotonic() - self._synced >= SYNC_SECONDS:
                self._force()
        return self._end

    def _force(self) -> None:
        if self._fsync != "never" and self._file != -1:
            if self._fsync == "interval":
                _sync(self._file)
            _sync(self._seal_file)
            self._synced, self._is_synced = time.monotonic(), True


# Not what a link leads to: who can write in the folder could have any file written over. And never wait for a pipe.
_OPEN = os.O_RDWR | os.O_CREAT
for _flag in ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY"):
    _OPEN |= getattr(os, _flag, 0)


def _open(path: str, flags: int = 0) -> int:
    """Open a file, or make it.

    Raises:
        `AuditError`: If what has that name is no file.
    """
    try:
        descriptor = os.open(path, _OPEN | flags, 0o600)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise AuditError(f"The audit file {path} is a link. Name the file that it leads to.") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise AuditError(f"The audit file {path} is no file, but a device or a pipe.")
    return descriptor


def _members(kind: str, **members: Any) -> str:
    return json.dumps({"type": kind, "time": now(), **members}, separators=(",", ":"))[1:-1]


def _read_lines_back(descriptor: int, size: int, breaks: int) -> bytes:
    """The end of a file with at least so many line breaks, or all of it."""
    start, parts, found = size, [], 0
    while start > 0 and found < breaks:
        length = min(_READ, start)
        start -= length
        part = os.pread(descriptor, length, start)
        parts.append(part)
        found += part.count(b"\n")
    text = b"".join(reversed(parts))
    return text if start == 0 else text[text.index(b"\n") + 1 :]


def _record(line: bytes) -> dict[str, Any] | None:
    """The record in a line, if it has what every record has."""
    if chain.split(line) is None:
        return None
    try:
        record = json.loads(line)
        bytes.fromhex(record["mac"])
        return record if type(record["seq"]) is int and type(record["type"]) is str else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _mac_of(line: bytes) -> bytes | None:
    apart = chain.split(line)
    try:
        return None if apart is None else bytes.fromhex(apart.mac.decode("ascii"))
    except ValueError:
        return None


def before_first(first: dict[str, Any]) -> bytes:
    """The MAC that a first record follows: the last one of the file before, if there is one.

    Raises:
        `ValueError`, `KeyError`, `TypeError`: If it is no first record.
    """
    previous = first["previous"]
    mac = chain.START if previous is None else bytes.fromhex(previous["mac"])
    if first["type"] != "file" or len(mac) != len(chain.START):
        raise ValueError("no first record")
    return mac


def _sync_directory(path: Path) -> None:
    with suppress(OSError):  # Windows opens no directories
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


_files: WeakSet[AuditFile] = WeakSet()


@atexit.register
def _close_all() -> None:
    for file in list(_files):
        file.close()


def _begin_process() -> None:
    for file in list(_files):
        file._begin_process()


if hasattr(os, "register_at_fork"):  # Not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_begin_process)
