"""Checkpoints as files: written in one piece, for their owner only, and checked when they are read.

A file is two lines: the checkpoint as JSON, and the digest of that line. With a key the digest is an HMAC, and only
who has the key can write a file that is accepted; without one it tells damage, and no more.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from ..errors import PolicyError, Problem
from ..keys import KeyProblem, read_key
from .checkpoint import Checkpoint, CheckpointError
from .settings import CheckpointSettings


logger = logging.getLogger(__name__)

# More than any memory that a model could be given; a file that is no checkpoint is not read to its end.
MAX_BYTES = 1024**3

# The time comes first, so that the names of a run, and those of all runs, have the order in which they were written.
_NAME = re.compile(r"\d{8}T\d{12}-(?P<run_id>[0-9a-zA-Z_.]+)-(?P<number>\d{6,})\.json")


def key_of(settings: CheckpointSettings) -> bytes | None:
    """The key that the settings name, if they name one.

    Raises:
        `KeyProblem`: If there is none in that place, or it is too short.
    """
    if settings.key_env is None and settings.key_file is None:
        return None
    return read_key(settings.key_env, settings.key_file)


class Store:
    """
    The folder of a policy's checkpoints.

    Args:
        settings ([`CheckpointSettings`]): What the policy says.

    Raises:
        `PolicyError`: If the key that the policy names is not there.
    """

    def __init__(self, settings: CheckpointSettings):
        # Where it leads to now: generated code may change the current folder.
        self.folder = Path(settings.path).absolute()
        try:
            self.key = key_of(settings)
        except KeyProblem as problem:
            raise PolicyError([Problem(str(problem), "checkpoints", "<policy>")]) from None
        self._keep = settings.keep

    def write(self, checkpoint: Checkpoint) -> Path:
        """Write a checkpoint, and then remove what is older than those of the run that are kept.

        Who reads the folder meanwhile, or after a crash at any moment, finds the checkpoint as a whole or not at all,
        and those before it.

        Raises:
            `OSError`: If it cannot be written. What was there is as it was.
        """
        line = json.dumps(checkpoint.to_data(), separators=(",", ":")).encode()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stamp = checkpoint.time.strftime("%Y%m%dT%H%M%S%f")
        path = self.folder / f"{stamp}-{checkpoint.run_id}-{checkpoint.number:06}.json"
        unfinished = path.with_name(f".{path.name}.unfinished")
        try:
            with open(unfinished, "xb", opener=_open_for_the_owner) as file:
                file.write(line + b"\n" + _digest(line, self.key) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
        _sync_folder(self.folder)
        self.prune(checkpoint.run_id, self._keep)
        return path

    def prune(self, run_id: str, keep: int) -> None:
        """Remove all checkpoints of a run but the latest ones, and what a crash left unfinished of it."""
        superfluous = sorted(self.folder.glob(f".*-{run_id}-*.json.unfinished"))
        superfluous += list(_newest_first(self.folder, run_id))[keep:]
        for path in superfluous:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                logger.warning("The checkpoint %s cannot be removed: %s", path, error)


def read(path: str | os.PathLike[str], key: bytes | None = None) -> Checkpoint:
    """The checkpoint in a file.

    Args:
        path (`str` or `PathLike`): The file.
        key (`bytes`, *optional*): The key that it was written with.

    Raises:
        `CheckpointError`: If it cannot be read, is damaged, or was not written with that key.
    """
    try:
        with open(path, "rb") as file:
            text = file.read(MAX_BYTES)
    except OSError as error:
        raise CheckpointError(f"{os.fspath(path)}: The file cannot be read: {error.strerror or error}.") from None
    try:
        return _checkpoint(text, key)
    except CheckpointError as error:
        raise CheckpointError(f"{os.fspath(path)}: {error}") from None


def _checkpoint(text: bytes, key: bytes | None) -> Checkpoint:
    line, _, rest = text.partition(b"\n")
    is_keyed = rest.startswith(b"hmac-sha256 ")
    if not hmac.compare_digest(rest, _digest(line, key) + b"\n"):
        if is_keyed and key is None:
            raise CheckpointError("It was written with a key. Say which: key_env or key_file.")
        if not is_keyed and key is not None and hmac.compare_digest(rest, _digest(line, None) + b"\n"):
            raise CheckpointError("It was written without a key, so nobody knows who wrote it.")
        raise CheckpointError(f"It is damaged{', or was written with another key' if is_keyed else ''}.")
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        raise CheckpointError("It is not JSON.") from None
    return Checkpoint.from_data(data)


def latest(folder: str | os.PathLike[str], key: bytes | None = None, run_id: str | None = None) -> Checkpoint:
    """The latest checkpoint in a folder, of one run or of any. One that is damaged is logged, and the one before it
    taken.

    Raises:
        `CheckpointError`: If there is none that can be read.
    """
    problems = []
    for path in _newest_first(Path(folder), run_id):
        try:
            return read(path, key)
        except CheckpointError as error:
            logger.warning("A checkpoint is not used. %s", error)
            problems.append(str(error))
    what = f"checkpoint of the run {run_id}" if run_id else "checkpoint"
    found = f" The latest: {problems[0]}" if problems else ""
    raise CheckpointError(f"There is no {what} in {os.fspath(folder)} that can be read.{found}")


def _newest_first(folder: Path, run_id: str | None) -> Iterator[Path]:
    names = os.listdir(folder) if folder.is_dir() else []
    for name in sorted(names, reverse=True):
        match = _NAME.fullmatch(name)
        if match is not None and run_id in (None, match["run_id"]):
            yield folder / name


def later_than(time: datetime, previous: datetime | None) -> datetime:
    """The time, or that of the previous checkpoint if the clock was set back: names are in order of time."""
    return time if previous is None else max(time, previous)


def _digest(line: bytes, key: bytes | None) -> bytes:
    if key is None:
        return b"sha256 " + hashlib.sha256(line).hexdigest().encode()
    return b"hmac-sha256 " + hmac.new(key, line, hashlib.sha256).hexdigest().encode()


def _open_for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    """Make sure that a crash of the machine does not take the file's name away."""
    if os.name == "nt":  # There, folders cannot be opened
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
