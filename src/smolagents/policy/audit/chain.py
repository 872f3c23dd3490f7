"""The lines of an audit file: each one has a MAC of itself and of the MAC before it.

    {"seq":17,"type":"before", ... ,"mac":"<64 hexadecimal digits>"}

The MAC is the last member and is over the bytes before it, so checking a line needs no JSON. docs/audit.md has the
format for other programs.
"""

from __future__ import annotations

from typing import NamedTuple

from .keys import Mac


START = bytes(32)  # In place of a MAC before the first line of a trail

_BEFORE_MAC, _AFTER_MAC = b',"mac":"', b'"}\n'
_HEX = 64
_TAIL = len(_BEFORE_MAC) + _HEX + len(_AFTER_MAC)


class Line(NamedTuple):
    """A line, taken apart.

    Attributes:
        body (`bytes`): What comes before the MAC.
        mac (`bytes`): The MAC, as 64 hexadecimal digits.
    """

    body: bytes
    mac: bytes


def make_line(mac: Mac, previous: bytes, seq: int, members: str) -> tuple[bytes, bytes]:
    """A line and its MAC.

    Args:
        mac (`Mac`): Of records.
        previous (`bytes`): The MAC before, 32 bytes.
        seq (`int`): The record's number.
        members (`str`): The record's other members in JSON, in ASCII, `"type"` first.
    """
    body = b'{"seq":%d,%b' % (seq, members.encode("ascii"))
    head = mac.of(previous + body)
    return b"".join((body, _BEFORE_MAC, head.hex().encode(), _AFTER_MAC)), head


def split(line: bytes) -> Line | None:
    """A line taken apart, with its line feed; `None` if it does not end as one does."""
    if line[-3:] != _AFTER_MAC or line[-_TAIL : -_TAIL + 8] != _BEFORE_MAC:
        return None
    return Line(line[:-_TAIL], line[-_TAIL + 8 : -3])


def check(mac: Mac, previous: bytes, line: bytes) -> bytes | None:
    """The MAC of a line if it is the right one after `previous`, or `None`."""
    if line[-3:] != _AFTER_MAC or line[-_TAIL : -_TAIL + 8] != _BEFORE_MAC:
        return None
    head = mac.of(previous + line[:-_TAIL])
    # What is compared is no secret: whoever can try many files at a verifier has its key already.
    return head if head.hex().encode() == line[-_TAIL + 8 : -3] else None
