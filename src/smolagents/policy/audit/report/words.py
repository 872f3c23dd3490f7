"""Times, numbers and names as people read them."""

from __future__ import annotations

from datetime import datetime, timezone


VERDICTS = {
    "allow": "allowed",
    "warn": "warned",
    "ask": "approved",
    "deny": "denied",
    "stop": "stopped",
    "timeout": "timed out",
    "error": "failed",
    "open": "no end",
}


STYLES = {*VERDICTS, "unproven"}  # That the style sheet knows


def moment(seconds: float | None, exact: bool = False) -> str:
    """A time in UTC: `2026-11-21 17:39:43`, or to the microsecond."""
    if seconds is None:
        return "at an unknown time"
    return datetime.fromtimestamp(seconds, timezone.utc).strftime(f"%Y-%m-%d %H:%M:%S{'.%f' if exact else ''}")


def span(seconds: float | None) -> str:
    """A duration: `340 µs`, `27 ms`, `1.3 s`, `4 min 5 s`, `3 h 12 min`."""
    if seconds is None:
        return ""
    if not seconds:
        return "0 s"
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1e3:.3g} ms"
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


def many(count: int, one: str, more: str | None = None) -> str:
    """A number of things: `1 run`, `1,200 runs`."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def brief(text: str, length: int = 120) -> str:
    """The beginning of a text."""
    return text if len(text) <= length else text[: length - 1] + "…"
