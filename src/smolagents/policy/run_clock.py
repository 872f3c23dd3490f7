"""How long a run has taken."""

from __future__ import annotations


class RunClock:
    """
    Counts seconds from its making, except for those in which a person is waited for.

    Not safe for several threads at once: whoever holds it has a lock.

    Args:
        now (`float`): The time, in seconds, as for all methods.
    """

    __slots__ = ("_started_at", "_paused_at", "_pauses")

    def __init__(self, now: float):
        self._started_at = now
        self._paused_at = now
        self._pauses = 0

    def elapsed(self, now: float) -> float:
        return (self._paused_at if self._pauses else now) - self._started_at

    def pause(self, now: float) -> None:
        """Stand still until as many calls of `resume` as there were of `pause`."""
        if self._pauses == 0:
            self._paused_at = now
        self._pauses += 1

    def resume(self, now: float) -> None:
        self._pauses -= 1
        if self._pauses == 0:
            self._started_at += now - self._paused_at
