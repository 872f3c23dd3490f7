"""The seal of an audit trail: which record is its last one.

A chain alone cannot show that its end was cut off. The seal can, if whoever cut it has no older seal to put in its
place: so keep the last one elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .keys import AuditKey


SUFFIX = ".seal"

_FORM = re.compile(r"smolagents-audit-1 ([0-9a-f]{32}) ([0-9]{20}) ([0-9a-f]{64}) ([0-9a-f]{64})\n?")


@dataclass(frozen=True, slots=True)
class Seal:
    """
    Attributes:
        file (`str`): The id of the file that the record is in.
        seq (`int`): The number of the record.
        mac (`bytes`): The MAC of the record.
    """

    file: str
    seq: int
    mac: bytes

    def text(self, key: AuditKey) -> str:
        """The seal as it is kept: one line, always of the same length."""
        return seal_text(self.file, self.seq, self.mac, key).decode("ascii")

    @classmethod
    def of(cls, text: str, key: AuditKey) -> Seal | None:
        """The seal that a text is; `None` if it is none, or not one made with this key."""
        found = _FORM.fullmatch(text)
        if found is None:
            return None
        seal = cls(found[1], int(found[2]), bytes.fromhex(found[3]))
        return seal if seal.text(key).rstrip("\n") == text.rstrip("\n") else None


def seal_text(file: str, seq: int, mac: bytes, key: AuditKey) -> bytes:
    """A seal as it is kept. Every record has one, so nothing else is made for it."""
    said = f"smolagents-audit-1 {file} {seq:020} {mac.hex()}".encode("ascii")
    return b"%b %b\n" % (said, key.seal.of(said).hex().encode("ascii"))
