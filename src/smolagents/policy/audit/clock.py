"""The time, as records have it."""

from __future__ import annotations

import time
from functools import lru_cache


def now() -> str:
    """The time in UTC, to the microsecond: `2026-11-21T17:39:43.095123Z`."""
    seconds, nanoseconds = divmod(time.time_ns(), 10**9)
    return f"{_second(seconds)}.{nanoseconds // 1000:06}Z"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
