"""The executions of a run, each a line that opens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...readable import block, cut, literal
from .history import MISSING, Answer, Call, Run, Step, Why
from .markup import Html, tag, together
from .values import value_of
from .words import STYLES, VERDICTS, brief, many, moment, span


CHUNK = 200  # rows that are unfolded together
_DEEPEST = 6  # How far rows are indented
_UNFOLDED = 60  # rows of a run of which nothing is folded
_BRIEF = 120  # characters
_VALUES = 100  # arguments


def timeline(run: Run) -> Html:
    """All executions of a run, by steps of the outermost agent."""
    steps: dict[tuple[tuple[str, ...], int], list[Call]] = {}
    for path, parent, number in run.steps:
        if not parent:
            steps.setdefault((path, number), [])
    for call in run.calls:
        steps.setdefault((call.agents, call.step), []).append(call)
    in_order = sorted(steps.items(), key=lambda item: min((call.number for call in item[1]), default=0))
    # A step without executions comes where its number is.
    if len({path for path, _ in steps}) == 1:
        in_order.sort(key=lambda item: item[0][1])
    is_short = run.executions <= _UNFOLDED
    return together(*(_step(run, path, number, calls, is_short) for (path, number), calls in in_order))


def _step(run: Run, path: tuple[str, ...], number: int, calls: list[Call], is_short: bool) -> Html:
    rows = list(_in_order(calls))
    refused = sum(call.is_refused for call, _ in rows)
    title = tag("b", f"Step {number}" if number else "Before the first step")
    heading = tag(
        "summary",
        title,
        " ",
        tag("span", brief(" / ".join(path)), class_="by"),
        tag("span", _facts(run.steps.get((path, "", number)), len(rows)), class_="facts"),
        chip("deny", f"{refused:,} refused") if refused else None,
    )
    chunks = [rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]
    content = [_rows(run, chunks[0])] if chunks else []
    for at, chunk in enumerate(chunks[1:], start=1):
        bad = sum(call.is_refused for call, _ in chunk)
        said = f"{at * CHUNK + 1:,} to {at * CHUNK + len(chunk):,}" + (f", {bad:,} refused" if bad else "")
        content.append(tag("details", tag("summary", said), _rows(run, chunk), class_="chunk"))
    if not rows:
        content.append(tag("p", "Nothing was executed.", class_="aside"))
    return tag("details", heading, *content, class_="step", open=is_short)


def _facts(step: Step | None, executions: int) -> str:
    facts = [many(executions, "execution")]
    if step is not None:
        facts.append("tokens unknown" if step.tokens is None else many(step.tokens, "token"))
        if step.seconds is not None:
            facts.append(span(step.seconds))
    return " · ".join(facts)


def _in_order(calls: list[Call]) -> Iterator[tuple[Call, int]]:
    """Each execution before those in it, with how deep it is. Nobody is asked to be modest, so without recursion."""
    waiting = [(call, 0) for call in reversed(calls)]
    while waiting:
        call, depth = waiting.pop()
        yield call, depth
        waiting += [(child, depth + 1) for child in reversed(call.children)]


def _rows(run: Run, rows: list[tuple[Call, int]]) -> Html:
    content, last = [], None
    for call, depth in rows:
        place = (call.agents, call.step, call.parent and call.parent.id)
        if call.parent is not None and call.agents != call.parent.agents and place != last:
            content.append(_place(run, call, depth))
            last = place
        content.append(_row(run, call, depth))
    return tag("ol", *content, class_="rows")


def _place(run: Run, call: Call, depth: int) -> Html:
    """A line that says which step of which agent follows."""
    assert call.parent is not None
    step = run.steps.get((call.agents, call.parent.id, call.step))
    tokens = f" · {many(step.tokens, 'token')}" if step is not None and step.tokens is not None else ""
    name = brief(call.agents[-1] if call.agents else "?")
    words = [tag("b", name), f" · step {call.step}{tokens}"]
    return tag("li", *words, class_=f"place d{min(depth, _DEEPEST)}")


def _row(run: Run, call: Call, depth: int) -> Html:
    verdict = call.verdict
    whys = tag("span", *(_why(reason) for reason in objections(call)), class_="whys") if call.is_refused else None
    at = None if call.time is None or run.start is None else f"+{span(call.time - run.start)}"
    said = tag(
        "summary",
        chip(verdict),
        tag("span", brief(call.kind, 20), class_="kind"),
        tag("code", brief(call.name, 80), class_="name"),
        tag("span", _brief_arguments(call), class_="brief"),
        tag("span", at, tag("i", f" · {span(call.duration)}") if call.duration else None, class_="when"),
        chip("unproven", "unproven") if not call.is_proven else None,
        whys,
    )
    classes = f"row d{min(depth, _DEEPEST)} v-{verdict if verdict in VERDICTS else 'open'}"
    return tag("li", tag("details", said, _body(call)), class_=classes, id=f"c{call.number}")


def chip(style: str, words: str | None = None) -> Html:
    """A word in the colour of what became of something; that itself, if there is no other word."""
    words = VERDICTS.get(style, brief(style, 20)) if words is None else words
    return tag("span", words, class_=f"chip {style if style in STYLES else 'open'}")


def objections(call: Call) -> list[Why]:
    """Why an execution was refused: the reasons that decided, or what another guard said."""
    if call.action in ("deny", "stop"):
        found = [why for why in call.reasons if why.counts and why.action in ("stop", "deny", "ask")]
        return found or [Why(call.action, call.code, "", "", "", "", True)]
    return [Why("deny", call.denial_code, call.denied_by, "", call.denial, "", True)]


def words_of(why: Why) -> str:
    """A reason in words."""
    if why.message:
        return why.message
    about = f"{why.entry}: {why.text}" if why.entry and why.text else why.entry or why.text or why.code
    return f"{about}{f' (in {why.where})' if why.where else ''}" or "no reason is recorded"


def _why(why: Why) -> Html:
    return tag("span", brief(words_of(why), 400), class_="why")


def _body(call: Call) -> Html:
    facts: list[Html] = []
    if call.name != brief(call.name, 80):
        facts += _fact("name", _long(call.name))
    if call.reasons:
        facts += _fact("reasons", tag("ul", *map(_reason, call.reasons), class_="reasons"))
    elif call.action in ("allow", ""):
        facts += _fact("reasons", "Nothing in the policy objects." if call.action else "No decision is recorded.")
    if call.shadow_action not in ("", call.action):
        facts += _fact("mode shadow", "It would have been ", chip(call.shadow_action), ".")
    for answer in call.answers:
        facts += _fact("approval", answer_in_words(answer))
    facts += _values("arguments", call.arguments)
    if call.status:
        facts += _fact("outcome", _outcome(call))
    elif call.action not in ("deny", "stop"):
        facts += _fact("outcome", "None is recorded: it was under way, or the process ended.")
    if call.denial or call.denied_by:
        by = f" ({brief(call.denied_by)})" if call.denied_by else ""
        facts += _fact("told", _long(f"{call.denial or call.denial_code}{by}"))
    facts += _values("result", call.result)
    digests = [("arguments", call.arguments_digest), ("result", call.result_digest)]
    for name, digest in digests:
        if digest:
            facts += _fact(f"digest of {name}", tag("code", brief(digest), class_="hex"))
    facts += _fact("execution", tag("code", brief(call.id), class_="hex"), f" · record {call.line:,}")
    facts += _fact("time", f"{moment(call.time, exact=True)} UTC")
    return tag("dl", *facts)


def _fact(name: str, *content: Html | str) -> list[Html]:
    return [tag("dt", brief(name)), tag("dd", *content)]


def _reason(why: Why) -> Html:
    return tag(
        "li",
        chip(why.action, brief(why.action, 20)),
        " ",
        tag("code", brief(f"{why.entry} ({why.code})")),
        " ",
        _long(why.message or words_of(why)),
        "" if why.counts else tag("i", " (mode shadow: does not count)"),
    )


def answer_in_words(answer: Answer) -> str:
    """What a person said."""
    if answer.approved is None:
        return "A person was asked; no answer is recorded."
    words = "approved" if answer.approved else f"not approved ({brief(answer.code)})"
    by = f" by {brief(answer.by)}" if answer.by else ""
    after = f" after {span(answer.seconds)}" if answer.seconds is not None else ""
    always = ", and for the same call again" if answer.always else ""
    return f"{words}{by}{after}{always}{f': {brief(answer.note, 400)}' if answer.note else ''}"


def _outcome(call: Call) -> str:
    error = f": {brief(call.error)}" if call.error else ""
    return f"{brief(call.status)}{error}" + (f", after {span(call.duration)}" if call.duration else "")


def _values(name: str, data: Any) -> list[Html]:
    """Arguments or a result: one with names, as that of a code action is, by these."""
    if data is MISSING:
        return []
    value = value_of(data)
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        return _fact(name, _block(value))
    facts = []
    for key, item in list(value.items())[:_VALUES]:
        facts += _fact(key if name == "arguments" else f"{name}: {key}", _block(item))
    if len(value) > _VALUES:
        facts += _fact(name, f"{len(value) - _VALUES:,} more are left out here")
    return facts or _fact(name, "none")


def _block(value: Any) -> Html:
    return _long(_in_lines(value))


def _in_lines(value: Any) -> str:
    try:
        return block(value, show=str)  # What is shown is made safe where it is escaped, and that of long texts is not
    except RecursionError:
        return "<nested too deep to be shown>"


def _long(text: str) -> Html:
    """A text of any length: of a long one the beginning and the end."""
    head, left_out, tail = cut(text)
    if left_out is None:
        return tag("span", head, class_="long")
    return tag("span", head, tag("i", f" … {left_out} … "), tail, class_="long")


def _brief_arguments(call: Call) -> str:
    if call.arguments is MISSING or not isinstance(call.arguments, dict):
        return ""
    if call.kind == "code" and isinstance(code := call.arguments.get("code"), str):
        lines = [line for line in code[:4000].split("\n") if line.strip()]
        return brief(lines[0], _BRIEF) + (" …" if len(lines) > 1 else "") if lines else ""
    parts, length = [], 0
    for name, data in call.arguments.items():
        part = f"{brief(str(name), 40)}={_brief_value(data)}"
        parts.append(part)
        length += len(part)
        if length > _BRIEF:
            break
    return brief(", ".join(parts), _BRIEF)


def _brief_value(data: Any) -> str:
    if isinstance(data, str):
        return literal(brief(data, 60), str)
    if isinstance(data, list):
        shown = [_brief_value(item) if not isinstance(item, (list, dict)) else "…" for item in data[:3]]
        return f"[{', '.join(shown)}{', …' if len(data) > 3 else ''}]"
    if isinstance(data, dict):
        return f"<{brief(str(data['$']), 40)}>" if "$" in data else "{…}" if data else "{}"
    return brief(str(data), 60) if not isinstance(data, bool) and data is not None else literal(data)
