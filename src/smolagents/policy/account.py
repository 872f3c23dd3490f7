"""What was used of one policy's limits."""

from __future__ import annotations

from collections import Counter, OrderedDict


# Denials that are told apart. A program can make up as many calls as it likes; those that it repeats are few.
REMEMBERED_DENIALS = 4096


class Account:
    """
    What one run used, or all runs of a session.

    Not safe for several threads at once: whoever holds it has a lock.

    Attributes:
        calls (`Counter`): Calls by the key of their limit (see `LayerLimits`), those under way among them.
        tokens (`int`): Tokens that models said they used.
        tokens_are_known (`bool`): Whether every model said so.
    """

    __slots__ = ("calls", "tokens", "tokens_are_known", "_denials")

    def __init__(self) -> None:
        self.calls: Counter[str | None] = Counter()
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
