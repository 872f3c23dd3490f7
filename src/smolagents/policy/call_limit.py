"""Counting calls, exactly, in any number of threads."""

from __future__ import annotations

import threading
from collections import OrderedDict


# A run's counts are a few hundred bytes. There is no word yet that a run is over, so the oldest are forgotten.
REMEMBERED_RUNS = 4096


class CallLimit:
    """At most `limit` calls in each run, sub-agents included.

    A call takes its place before it runs and gives it back if it was not run, so however many start at once, no more
    than `limit` run. Counts are kept for the `remembered_runs` runs that called last; a run that pauses while that
    many others make calls starts again at zero, but a run with a call under way is not forgotten.
    """

    def __init__(self, limit: int, remembered_runs: int = REMEMBERED_RUNS):
        self.limit = limit
        self._remembered_runs = remembered_runs
        self._lock = threading.Lock()
        self._runs: OrderedDict[str, _Calls] = OrderedDict()

    def reserve(self, run_id: str, execution_id: str) -> bool:
        """Take a place for a call. `False` if there is none left. A call that has one keeps it."""
        with self._lock:
            calls = self._calls(run_id)
            if execution_id in calls.under_way:
                return True
            if calls.count >= self.limit:
                return False
            calls.count += 1
            calls.under_way.add(execution_id)
            return True

    def is_reached(self, run_id: str) -> bool:
        """Whether a further call would find no place. Takes none."""
        with self._lock:
            calls = self._runs.get(run_id)
            return (calls.count if calls else 0) >= self.limit

    def settle(self, run_id: str, execution_id: str, *, was_run: bool) -> None:
        """A call is over. Its place stays taken if it was run, and is free again if it was not."""
        with self._lock:
            calls = self._runs.get(run_id)
            if calls is not None and execution_id in calls.under_way:
                calls.under_way.discard(execution_id)
                if not was_run:
                    calls.count -= 1

    def _calls(self, run_id: str) -> _Calls:
        calls = self._runs.get(run_id)
        if calls is None:
            calls = self._runs[run_id] = _Calls()
            if len(self._runs) > self._remembered_runs:
                self._forget_one(except_for=run_id)
        else:
            self._runs.move_to_end(run_id)
        return calls

    def _forget_one(self, except_for: str) -> None:
        idle = (run_id for run_id, calls in self._runs.items() if not calls.under_way and run_id != except_for)
        if (run_id := next(idle, None)) is not None:
            del self._runs[run_id]


class _Calls:
    """One run's calls: how many places are taken, and by which calls that are not over."""

    __slots__ = ("count", "under_way")

    def __init__(self) -> None:
        self.count = 0
        self.under_way: set[str] = set()
