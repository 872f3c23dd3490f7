"""A run: what became of it, its agents, what it used, and everything that it executed."""

from __future__ import annotations

from collections.abc import Iterator

from .charts import lane, usage_chart
from .history import Call, Run
from .markup import Html, tag, together
from .rows import chip, timeline
from .usage import Usage, usages
from .words import brief, many, moment, span


_AGENTS = 40  # of a run that are shown


def run_section(run: Run, is_open: bool) -> Html:
    """
    Args:
        run (`Run`): The run.
        is_open (`bool`): Whether it is unfolded.
    """
    seconds = None if run.start is None or run.end is None else run.end - run.start
    facts = [many(run.executions, "execution"), many(int(run.tokens.last), "token"), span(seconds)]
    heading = tag(
        "summary",
        tag("h3", "Run ", tag("code", brief(run.id, 12) or "without an id")),
        tag("span", *_ending(run), class_="ending"),
        chip("deny", f"{run.refused:,} refused") if run.refused else None,
        tag("span", " · ".join([f"{moment(run.start)} UTC", *filter(None, facts)]), class_="facts"),
    )
    of = "policy"
    if run.policy:
        of += f" {brief(run.policy)}"
    digest = tag("code", brief(run.policy_digest, 17) or "unknown", class_="hex")
    identity = tag(
        "p", "Run ", tag("code", brief(run.id, 200), class_="hex"), f", {of}, digest ", digest, class_="aside"
    )
    left_out = None
    if run.left_out:
        said = f"{many(run.left_out, 'execution')} of this run are counted and not shown: the trail is long."
        left_out = tag("p", said, class_="notice")
    body = together(
        identity,
        tag("h4", "Agents"),
        _agents(run),
        tag("h4", "Used over time"),
        _used(run),
        tag("h4", "What was executed"),
        left_out,
        timeline(run),
    )
    return tag("details", heading, tag("div", body, class_="inside"), class_="run", open=is_open)


def _ending(run: Run) -> tuple[Html, ...]:
    if not run.is_over:
        return (chip("open", "no end recorded"),)
    if run.error:
        is_stopped = run.error == "ToolExecutionStopped"
        word, style = ("stopped", "stop") if is_stopped else (f"ended by {brief(run.error, 60)}", "error")
        return (chip(style, word),)
    return (chip("allow", "finished"),)


def _agents(run: Run) -> Html:
    start, end = run.start or 0.0, run.end or 0.0
    by_agent: dict[tuple[str, ...], list[Call]] = {}
    for call in _all_calls(run):
        by_agent.setdefault(call.agents, []).append(call)
    shown = sorted(run.agents)[:_AGENTS]  # Each below the one that it works for
    lanes = []
    for path in shown:
        agent = run.agents[path]
        facts = [f"ran {len(agent.spans):,} times"] if len(agent.spans) > 1 else []
        counts = {"execution": agent.executions, "step": agent.steps, "token": agent.tokens}
        facts += [many(count, what) for what, count in counts.items() if count]
        lanes.append(
            tag(
                "li",
                tag(
                    "div",
                    tag("b", brief(path[-1] if path else "an agent without a name")),
                    chip("deny", f"{agent.refused:,} refused") if agent.refused else None,
                    tag("span", " · ".join(facts), class_="facts"),
                    class_=f"d{min(max(len(path) - 1, 0), 6)}",
                ),
                lane(agent, by_agent.get(path, ()), start, end),
                class_="agent",
            )
        )
    if len(run.agents) > len(shown):
        lanes.append(tag("li", f"and {many(len(run.agents) - len(shown), 'more agent')}", class_="aside"))
    return tag("ul", *lanes, class_="agents")


def _all_calls(run: Run) -> Iterator[Call]:
    waiting = list(run.calls)
    while waiting:
        call = waiting.pop()
        yield call
        waiting += call.children


def _used(run: Run) -> Html:
    start, end = run.start or 0.0, run.end or 0.0
    return tag("div", *(_usage(usage, start, end) for usage in usages(run)), class_="charts")


def _usage(usage: Usage, start: float, end: float) -> Html:
    used = f"{usage.used:,.4g}" if usage.unit == "s" else f"{usage.used:,.0f}"
    of = "" if usage.limit is None else f" of {usage.limit:,.10g}"
    is_full = usage.limit is not None and usage.used >= usage.limit
    refused = f"{len(usage.refusals):,} refused for it" if usage.refusals else ""
    return tag(
        "figure",
        tag(
            "figcaption",
            tag("span", brief(usage.title, 80)),
            tag("b", f"{used}{of}", class_="full" if is_full else None),
            chip("deny", refused) if refused else None,
        ),
        usage_chart(usage, start, end),
        tag("div", tag("span", "0"), tag("span", span(end - start)), class_="axis"),
    )
