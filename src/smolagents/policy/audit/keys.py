"""The key of an audit trail, and what is derived from it.

Records, seals and digests each have a key of their own, so that none of them can be passed off as another.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from .errors import AuditError


KEY_BYTES = 32  # at least
_BLOCK = 64  # bytes, of SHA-256
_TO_INNER, _TO_OUTER = (bytes(number ^ pad for number in range(256)) for pad in (0x36, 0x5C))


class Mac:
    """HMAC-SHA256 with one key. The standard library's works out the key anew each time, which takes twice as long."""

    def __init__(self, key: bytes):
        padded = (key if len(key) <= _BLOCK else hashlib.sha256(key).digest()).ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(padded.translate(_TO_INNER))
        self._outer = hashlib.sha256(padded.translate(_TO_OUTER))

    def of(self, message: bytes) -> bytes:
        """The MAC of a message: 32 bytes."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()


class AuditKey:
    """
    Args:
        secret (`bytes`): The key: 32 bytes or more that nobody can guess.

    Attributes:
        id (`str`): Says which key it is without giving it away.
        chain (`Mac`): Of records.
        seal (`Mac`): Of seals.
        digest (`Mac`): Of arguments and results.

    Raises:
        `AuditError`: If it is too short.
    """

    def __init__(self, secret: bytes):
        if len(secret) < KEY_BYTES:
            raise AuditError(f"The key is too short: it has {len(secret)} bytes, and needs {KEY_BYTES} or more.")
        self.id = _derived(secret, "key id").hex()[:16]
        self.chain = Mac(_derived(secret, "chain"))
        self.seal = Mac(_derived(secret, "seal"))
        self.digest = Mac(_derived(secret, "digest"))


def _derived(secret: bytes, purpose: str) -> bytes:
    return hmac.digest(secret, f"smolagents audit {purpose}".encode(), "sha256")


def load_key(key_env: str, key_file: str | None = None) -> AuditKey:
    """The key in an environment variable or, if that is not set, in a file. White space around it does not count.

    Raises:
        `AuditError`: If there is none, or it is too short.
    """
    text = os.environ.get(key_env)
    if text:
        secret, place = text.encode("utf-8", "surrogateescape"), f"the environment variable {key_env}"
    elif key_file is not None:
        try:
            secret, place = Path(key_file).read_bytes(), f"the file {key_file}"
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise AuditError(f"The key file {key_file} cannot be read: {reason}.") from None
    else:
        raise AuditError(
            f"There is no key: set the environment variable {key_env} or name a key file. For a new key: "
            "python -c 'import secrets; print(secrets.token_hex(32))'"
        )
    try:
        return AuditKey(secret.strip())
    except AuditError as error:
        raise AuditError(f"{error} It comes from {place}.") from None
