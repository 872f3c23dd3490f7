"""The key that authenticates what is written, audit trails or checkpoints: from the environment or from a file."""

from __future__ import annotations

import logging
import os


logger = logging.getLogger(__name__)

KEY_BYTES = 32  # at least
_MOST = 1 << 16  # bytes; a file with more is no key
_FOR_EVERYBODY = 0o006  # to read or to write


class KeyProblem(ValueError):
    """There is no key, or it is none: one sentence on what to do."""


def read_key(variable: str | None, file: str | None) -> bytes:
    """The key in an environment variable or, if that is not set, in a file. White space around it does not count.

    Args:
        variable (`str`, *optional*): The environment variable.
        file (`str`, *optional*): The file.

    Raises:
        `KeyProblem`: If there is none, or it has less than `KEY_BYTES` bytes.
    """
    text = "" if variable is None else os.environ.get(variable, "")
    if text:
        key, place = text.encode("utf-8", "surrogateescape"), f"the environment variable {variable}"
    elif file is not None:
        key, place = _read(file), f"the file {file}"
    else:
        raise KeyProblem(
            f"There is no key: set the environment variable {variable} or name a key file. For a new key: "
            "python -c 'import secrets; print(secrets.token_hex(32))'"
        )
    key = key.strip()
    if len(key) < KEY_BYTES:
        raise KeyProblem(
            f"The key is too short: it has {len(key)} bytes, and needs {KEY_BYTES} or more. It comes from {place}."
        )
    return key


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(_MOST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise KeyProblem(f"The key file {path} cannot be read: {reason}.") from None
    if len(text) > _MOST:
        raise KeyProblem(f"The file {path} is no key: it has more than {_MOST} bytes.")
    if os.name == "posix" and mode & _FOR_EVERYBODY:
        # No error: where containers are given secrets as files, that is often so.
        logger.warning("Everybody on this machine can read or replace the key file %s: chmod 600 it.", path)
    return text
