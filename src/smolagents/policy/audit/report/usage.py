"""What a run used of its limits over time.

Records say what was used; how much there was is known from the start of the run, and from a refusal for a limit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import re2

from ...names import NameList
from .history import Call, Run, Series


_OF_CODES = {
    "limit_tool_calls": "tool_calls",
    "limit_per_tool": "per_tool",
    "limit_tokens": "tokens",
    "limit_run_seconds": "run_seconds",
}
_PER_TOOL = "limits.per_tool."
_MOST = 24  # Limits by tool that are shown for a run


@dataclass(frozen=True, slots=True)
class Usage:
    """
    Attributes:
        title (`str`): What is counted.
        unit (`str`): In what.
        points (`list[tuple[float, float]]`): Times in seconds since 1970, and how much was used by then.
        used (`float`): How much was used in the end.
        limit (`float`, *optional*): How much there was, if that is known.
        refusals (`list[float]`): When something was refused for this limit.
    """

    title: str
    unit: str
    points: list[tuple[float, float]]
    used: float
    limit: float | None
    refusals: list[float]


def usages(run: Run) -> list[Usage]:
    """What a run used: calls, tokens, refusals, and of each limit that is known."""
    limits, refusals = dict(run.granted), dict[tuple[str, str], list[float]]()
    for key, limit, time in _reached(run):
        limits[key] = min(limit, limits.get(key, math.inf))
        if time is not None:
            refusals.setdefault(key, []).append(time)
    about = ("tool_calls", "")
    calls = _calls(run, None)
    shown = [_usage("Calls", "calls", calls, limits.get(about), refusals.get(about, []))]
    for about in [about for about in limits if about[0] == "per_tool"][:_MOST]:
        calls = _calls(run, about[1])
        if calls.last or about in refusals:
            shown.append(_usage(f"Calls of {about[1]}", "calls", calls, limits[about], refusals.get(about, [])))
    about = ("tokens", "")
    shown.append(_usage("Tokens", "tokens", run.tokens, limits.get(about), refusals.get(about, [])))
    about = ("run_seconds", "")
    if about in limits and run.start is not None and run.end is not None:
        points = [(run.start, 0.0), (run.end, run.end - run.start)]
        shown.append(Usage("Time", "s", points, run.end - run.start, limits[about], refusals.get(about, [])))
    shown.append(_usage("Refused", "refusals", run.refusals, None, []))
    return shown


def _usage(title: str, unit: str, series: Series, limit: float | None, refusals: list[float]) -> Usage:
    return Usage(title, unit, series.points, series.last, limit, refusals)


def _calls(run: Run, glob: str | None) -> Series:
    """The calls of tools that `glob` names, of all for `None`, counted up."""
    series = Series()
    if glob is None:
        wanted = set(run.names.values())
    else:
        wanted = {number for name, number in run.names.items() if _names(glob, name)}
    count = 0
    for time, number in zip(run.counted_at, run.counted):
        if number in wanted:
            count += 1
            series.add(time if time >= 0 else None, count)
    return series


def _names(glob: str, name: str) -> bool:
    try:
        return bool(NameList([glob]).naming(name))
    except re2.error:  # Whoever wrote the file may have made it up
        return False


def _reached(run: Run) -> Iterator[tuple[tuple[str, str], float, float | None]]:
    """The limits for which something was refused, each with what it grants and when that was."""
    waiting: list[Call] = list(run.calls)
    while waiting:
        call = waiting.pop()
        waiting += call.children
        for why in call.reasons:
            about = _OF_CODES.get(why.code)
            if about is None or why.action not in ("deny", "stop"):
                continue
            try:
                limit = float(why.text)
            except ValueError:
                continue
            if math.isfinite(limit):
                yield (about, why.entry.partition(_PER_TOOL)[2] if about == "per_tool" else ""), limit, call.time
