"""Charts in SVG. They have no text: that is beside them in HTML, where it wraps and can be read at any width."""

from __future__ import annotations

from collections.abc import Iterable

from .history import Agent, Call
from .markup import Html, tag
from .usage import Usage


_WIDTH, _HEIGHT = 600, 100
_COLUMNS = 240  # Places for executions on a time line
_RANKS = ("allow", "warn", "ask", "error", "timeout", "open", "deny", "stop")


def usage_chart(usage: Usage, start: float, end: float) -> Html:
    """How much was used by when, with the limit and what was refused for it."""
    highest = max(usage.used, usage.limit or 0, 1) * 1.08
    across = _Across(start, end)

    def up(value: float) -> float:
        return round(_HEIGHT - 4 - value / highest * (_HEIGHT - 8), 1)

    corners = [f"M0 {up(0)}"]
    for time, value in usage.points:
        corners.append(f"H{across(time)}V{up(value)}")
    line = "".join([*corners, f"H{_WIDTH}"])
    marks = [
        tag("line", class_="refusal", x1=x, x2=x, y1=up(usage.limit or usage.used), y2=_HEIGHT)
        for x in sorted({across(time) for time in usage.refusals})
    ]
    limit = None
    if usage.limit is not None:
        limit = tag("line", class_="limit", x1=0, x2=_WIDTH, y1=up(usage.limit), y2=up(usage.limit))
    label = f"{usage.title}: {usage.used:,.6g} {usage.unit}" + (f" of {usage.limit:,.6g}" if usage.limit else "")
    return _svg(
        label,
        tag("path", class_="area", d=f"{line}V{_HEIGHT}H0Z"),
        tag("path", class_="used", d=line),
        limit,
        *marks,
        class_="chart",
    )


def lane(agent: Agent, calls: Iterable[Call], start: float, end: float) -> Html:
    """When an agent ran, and its executions: where there are many, the worst of them."""
    across = _Across(start, end)
    spans = []
    for began, ended in agent.spans[:_COLUMNS]:
        if began is not None:
            x = across(began)
            width = max(across(end if ended is None else ended) - x, 1)
            spans.append(tag("rect", class_="span", x=x, y=38, width=width, height=24))
    worst: dict[int, int] = {}
    for call in calls:
        if call.time is not None:
            column = int(across(call.time) / _WIDTH * (_COLUMNS - 1))
            worst[column] = max(_RANKS.index(call.verdict), worst.get(column, 0))
    ticks = []
    wide = _WIDTH / _COLUMNS
    for column, rank in sorted(worst.items(), key=lambda item: item[1]):  # The worst on top
        is_bad = _RANKS[rank] in ("deny", "stop")
        y, height = (8, 84) if is_bad else (24, 52)
        x, width = round(column * wide, 1), 4 if is_bad else 2
        ticks.append(tag("rect", class_=f"tick {_RANKS[rank]}", x=x, y=y, width=width, height=height))
    return _svg(f"When {'/'.join(agent.path)[:200]} was at work", *spans, *ticks, class_="lane")


def _svg(label: str, *content: Html | None, class_: str) -> Html:
    return tag(
        "svg",
        *content,
        class_=class_,
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        preserveAspectRatio="none",
        role="img",
        aria_label=label,
    )


class _Across:
    """Where a time is between start and end."""

    def __init__(self, start: float, end: float):
        self._start, self._seconds = start, max(end - start, 1e-6)

    def __call__(self, time: float) -> float:
        return round(min(max((time - self._start) / self._seconds, 0), 1) * _WIDTH, 1)
