"""What was used of one policy's limits."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any


# Denials that are told apart. A program can make up as many calls as it likes; those that it repeats are few.
REMEMBERED_DENIALS = 4096


class Account:
    """
    What one run used, or all runs of a session.

    Not safe for several threads at once: whoever holds it has a lock.

    Attributes:
        calls (`dict`): Calls by the key of their limit (see `LayerLimits`), those under way among them.
        tokens (`int`): Tokens that models said they used.
        tokens_are_known (`bool`): Whether every model said so.
    """

    __slots__ = ("calls", "tokens", "tokens_are_known", "_denials")

    def __init__(self) -> None:
        self.calls: dict[str | None, int] = {}
        self.tokens = 0
        self.tokens_are_known = True
        self._denials: OrderedDict[bytes, int] = OrderedDict()

    def add_denial(self, digest: bytes) -> int:
        """Note that a call was refused. Returns how often the same one was."""
        count = self._denials.pop(digest, 0) + 1
        self._denials[digest] = count
        if len(self._denials) > REMEMBERED_DENIALS:
            self._denials.popitem(last=False)
        return count

    def to_data(self) -> dict[str, Any]:
        """What was used, as JSON has it."""
        return {
            "calls": [[key, count] for key, count in self.calls.items()],
            "tokens": self.tokens,
            "tokens_are_known": self.tokens_are_known,
            "denials": [[digest.hex(), count] for digest, count in self._denials.items()],
        }

    def use(self, data: Mapping[str, Any]) -> None:
        """Take over what another account had used, as `to_data` gave it. Nothing gets less.

        For an account that others use too: what is in both may be the same, so the larger of the two counts.
        """
        for key, count in data["calls"]:
            self.calls[key] = max(count, self.calls.get(key, 0))
        self.tokens = max(data["tokens"], self.tokens)
        self.tokens_are_known &= data["tokens_are_known"]
        for written, count in data["denials"]:
            digest = bytes.fromhex(written)
            self._denials[digest] = max(count, self._denials.get(digest, 0))
