"""The key of an audit trail, and what is derived from it.

Records, seals and digests each have a key of their own, so that none of them can be passed off as another.
"""

from __future__ import annotations

import hashlib
import hmac

from ..keys import KeyProblem, read_key
from .errors import AuditError


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
    """

    def __init__(self, secret: bytes):
        self.id = _derived(secret, "key id").hex()[:16]
        self.chain = Mac(_derived(secret, "chain"))
        self.seal = Mac(_derived(secret, "seal"))
        self.digest = Mac(_derived(secret, "digest"))


def _derived(secret: bytes, purpose: str) -> bytes:
    return hmac.digest(secret, f"smolagents audit {purpose}".encode(), "sha256")


def load_key(key_env: str, key_file: str | None = None) -> AuditKey:
    """The key in an environment variable or, if that is not set, in a file.

    Raises:
        `AuditError`: If there is none, or it is too short.
    """
    try:
        return AuditKey(read_key(key_env, key_file))
    except KeyProblem as problem:
        raise AuditError(str(problem)) from None
