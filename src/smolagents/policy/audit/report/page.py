"""The page: whether the trail is as it was written, what was refused, totals, and every run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from ..clock import now
from ..policies import PolicyCheck
from ..verify import Verification
from .history import Call, History, Run
from .markup import Html, own, tag, together
from .rows import answer_in_words, chip, objections, words_of
from .run_section import run_section
from .words import brief, many, moment, span


_UNFOLDED_RUNS = 3
_RUNS_TOGETHER = 50
_REFUSALS = 100  # Kinds of refusals that are shown at once
_MOST_REFUSALS = 1_000
_LINES = 20  # of a table that are shown at once
_MOST_LINES = 500
_MOST_APPROVALS = 500

_ANSWERS = {True: ("allow", "approved"), False: ("deny", "not approved"), None: ("open", "no answer")}


def page(
    name: str,
    history: History,
    verification: Verification | None = None,
    *,
    has_kept_seal: bool = False,
    policy_check: PolicyCheck | None = None,
) -> str:
    """The report as HTML.

    Args:
        name (`str`): What the trail is called.
        history ([`History`]): What happened.
        verification ([`Verification`], *optional*): What checking the trail found, if it was checked.
        has_kept_seal (`bool`): Whether it was checked with a seal that was kept elsewhere.
        policy_check (`PolicyCheck`, *optional*): Whether a certain policy decided all, if that was checked.
    """
    style, script = _part("report.css"), _part("report.js")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src 'sha256-{_digest(style)}'",
            f"script-src 'sha256-{_digest(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"Audit report: {brief(name)}"),
        tag("style", own(style)),
    )
    body = tag(
        "body",
        tag("header", tag("h1", "Audit report"), tag("p", tag("code", brief(name, 300)), class_="file")),
        _verification(history, verification, has_kept_seal),
        None if policy_check is None else _policy(policy_check),
        _summary(history),
        _refusals(history),
        _approvals(history),
        _totals(history),
        _runs(history),
        _notes(history),
        tag("footer", f"Made {now()[:19].replace('T', ' ')} UTC. All times are UTC."),
        tag("script", own(script)),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


@cache
def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _verification(history: History, found: Verification | None, has_kept_seal: bool) -> Html:
    if found is None:
        said = "No key was given, so nobody looked whether what is shown here is what was recorded."
        return _banner("unknown", "Not verified", said)
    if (fault := found.fault) is not None:
        where = f"{brief(fault.file, 300)}{'' if fault.line is None else f', line {fault.line:,}'}"
        rest = f"{many(found.records, 'record')} before that are as they were written."
        if history.records > found.records:
            rest += " What is not proven is marked."
        return _banner("bad", "Not as it was written", f"{where}: {fault.message}", rest)
    sealed = "" if found.sealed is None else f", sealed at {found.sealed:,}"
    files = f" in {many(len(found.files), 'file')}" if len(found.files) > 1 else ""
    said = f"{many(found.records, 'record')}{files}{sealed}. Nothing was changed, moved, left out or put in."
    if has_kept_seal:
        return _banner("good", "Verified", said)
    rest = "The seal is the one beside the trail, so an older copy of both would pass. One kept elsewhere shows that."
    return _banner("good", "Verified", said, rest)


def _policy(found: PolicyCheck) -> Html:
    return tag("p", found.message, class_="aside" if found.is_of_all else "notice", id="policy")


def _banner(kind: str, title: str, *sentences: str) -> Html:
    said = [tag("p", sentence) for sentence in sentences]
    return tag("section", tag("h2", title), *said, class_=f"banner {kind}", id="verification")


def _summary(history: History) -> Html:
    times = [time for run in history.runs for time in (run.start, run.end) if time is not None]
    approvals = history.approvals
    cards = [
        (f"{len(history.runs):,}", "run" if len(history.runs) == 1 else "runs", ""),
        (f"{history.executions:,}", "execution" if history.executions == 1 else "executions", ""),
        (f"{history.refused:,}", "refused", "bad" if history.refused else ""),
        (f"{approvals['approved']:,} of {approvals['asked']:,}", "approved", ""),
        (f"{history.tokens:,}", "tokens", ""),
        (span(max(times) - min(times)) if times else "–", "from first to last", ""),
    ]
    cards = [card for card in cards if card[1] != "approved" or approvals["asked"]]
    shown = [
        tag("div", tag("b", number), tag("span", what), class_=f"card {kind}".strip()) for number, what, kind in cards
    ]
    when = f"{moment(min(times))} to {moment(max(times))} UTC, " if times else ""
    return together(
        tag("section", *shown, class_="cards"),
        tag("p", f"{when}{many(history.records, 'record')}.", class_="aside"),
    )


def _refusals(history: History) -> Html:
    groups: dict[tuple[str, str, str, tuple[str, ...]], list[Call]] = {}
    for call in history.calls:
        if call.is_refused:
            whys = tuple(brief(words_of(why), 400) for why in objections(call))
            groups.setdefault((call.verdict, call.kind, call.name, whys), []).append(call)
    if not history.refused:
        return tag("section", tag("h2", "Refused"), tag("p", "Nothing was refused."), id="refused")
    # Stops first, then as they came
    found = sorted(groups.items(), key=lambda item: item[0][0] != "stop")
    items = [
        _refusal(verdict, kind, name, whys, calls) for (verdict, kind, name, whys), calls in found[:_MOST_REFUSALS]
    ]
    parts = [tag("ul", *items[:_REFUSALS], class_="cases")]
    if len(items) > _REFUSALS:
        rest = tag("ul", *items[_REFUSALS:], class_="cases")
        parts.append(tag("details", tag("summary", f"{len(items) - _REFUSALS:,} more"), rest, class_="chunk"))
    if len(found) > _MOST_REFUSALS:
        parts.append(tag("p", f"{len(found) - _MOST_REFUSALS:,} more are in the runs below.", class_="notice"))
    if (missing := history.refused - sum(map(len, groups.values()))) > 0:
        parts.append(tag("p", f"{many(missing, 'refusal')} are counted and not shown.", class_="notice"))
    return tag("section", tag("h2", f"Refused: {history.refused:,}"), *parts, id="refused")


def _refusal(verdict: str, kind: str, name: str, whys: tuple[str, ...], calls: list[Call]) -> Html:
    first = calls[0]
    by = sorted({" / ".join(call.agents) for call in calls})
    who = brief(by[0] if by else "") + (f" and {len(by) - 1} more" if len(by) > 1 else "")
    times = f"{len(calls):,} times, first " if len(calls) > 1 else ""
    return tag(
        "li",
        tag(
            "div",
            chip(verdict),
            tag("span", brief(kind, 20), class_="kind"),
            tag("code", brief(name, 80), class_="name"),
            chip("unproven", "unproven") if not all(call.is_proven for call in calls) else None,
            class_="what",
        ),
        *(tag("p", why, class_="why") for why in whys),
        tag(
            "p",
            f"{who}, step {first.step} · {times}",
            tag("a", moment(first.time), href=f"#c{first.number}"),
            class_="aside",
        ),
        class_=verdict,
    )


def _approvals(history: History) -> Html | None:
    asked = [(call, answer) for call in history.calls for answer in call.answers]
    if not asked:
        return None
    items = []
    for call, answer in asked[:_MOST_APPROVALS]:
        style, word = _ANSWERS[answer.approved]
        what = (chip(style, word), tag("span", brief(call.kind, 20), class_="kind"))
        when = tag("a", moment(call.time), href=f"#c{call.number}")
        items.append(
            tag(
                "li",
                tag("div", *what, tag("code", brief(call.name, 80), class_="name"), class_="what"),
                tag("p", answer_in_words(answer)),
                tag("p", f"{brief(' / '.join(call.agents))}, step {call.step} · ", when, class_="aside"),
                class_=style,
            )
        )
    left = len(asked) - len(items)
    more = tag("p", f"{left:,} more are in the runs below.", class_="notice") if left else None
    title = f"Approvals: {history.approvals['asked'] or len(asked):,}"
    return tag("section", tag("h2", title), tag("ul", *items, class_="cases"), more, id="approvals")


def _totals(history: History) -> Html:
    by_name = sorted(history.totals.items(), key=lambda item: (-item[1].executions, item[0]))
    tools = [
        tag(
            "tr",
            tag("td", tag("span", brief(kind, 20), class_="kind"), " ", tag("code", brief(name, 80)), class_="wide"),
            tag("td", f"{total.executions:,}"),
            tag("td", f"{total.refused:,}", class_="bad" if total.refused else None),
            tag("td", f"{total.failed:,}"),
            tag("td", span(total.seconds)),
        )
        for (kind, name), total in by_name[:_MOST_LINES]
    ]
    codes: dict[str, dict[str, int]] = {}
    for (code, name), count in history.codes.items():
        codes.setdefault(code, {})[name] = count
    by_code = sorted(codes.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    refusals = [
        tag(
            "tr",
            tag("td", tag("code", brief(code, 80) or "none"), class_="wide"),
            tag("td", f"{sum(names.values()):,}"),
            tag("td", _most(names), class_="wide"),
        )
        for code, names in by_code[:_MOST_LINES]
    ]
    entries = [
        tag(
            "tr",
            tag("td", chip(action, brief(action, 20))),
            tag("td", f"{count:,}"),
            tag("td", tag("code", brief(entry, 80)), class_="wide"),
            tag("td", tag("code", brief(code, 80)), class_="wide"),
        )
        for (action, code, entry), count in history.entries.most_common(_MOST_LINES)
    ]
    intents = [
        tag(
            "tr",
            tag("td", tag("code", brief(category, 40)), class_="wide"),
            tag("td", f"{total.executions:,}"),
            tag("td", f"{total.refused:,}", class_="bad" if total.refused else None),
        )
        for category, total in sorted(history.intents.items(), key=lambda item: (-item[1].executions, item[0]))
    ][:_MOST_LINES]
    by_intent = together(
        tag("h3", "By intent"),
        _table(("intent", "executions", "refused"), intents, "By intent", "intents", len(history.intents)),
    )
    return tag(
        "section",
        tag("h2", "Totals"),
        tag("h3", "By tool, agent, code and operation"),
        _table(("what", "executions", "refused", "failed", "time"), tools, "By tool", "tools", len(by_name)),
        by_intent if intents else None,
        tag("h3", "Refusals by code"),
        _table(("code", "refused", "what"), refusals, "By code", "codes", len(by_code)),
        tag("h3", "Entries of the policy that had something to say"),
        _table(("action", "executions", "entry", "code"), entries, "By entry", "entries", len(history.entries)),
        id="totals",
    )


def _most(names: dict[str, int]) -> str:
    first = sorted(names.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{brief(name, 40)} {count:,}" for name, count in first[:4])
    return shown + (f" and {len(first) - 4:,} more" if len(first) > 4 else "")


def _table(columns: Iterable[str], rows: list[Html], label: str, class_: str, count: int = 0) -> Html:
    """A table that is folded after its first lines. On a narrow screen it scrolls by itself."""
    if not rows:
        return tag("p", "None.", class_="aside")
    head = tag("thead", tag("tr", *(tag("th", column, scope="col") for column in columns)))

    def part(some: list[Html]) -> Html:
        table = tag("table", head, tag("tbody", *some), class_=class_)
        return tag("div", table, class_="scroll", tabindex=0, role="region", aria_label=label)

    if len(rows) <= _LINES:
        return part(rows)
    said = f"{max(count, len(rows)) - _LINES:,} more" + (
        f", of which {len(rows) - _LINES:,} are shown" if count > len(rows) else ""
    )
    return together(part(rows[:_LINES]), tag("details", tag("summary", said), part(rows[_LINES:]), class_="chunk"))


def _runs(history: History) -> Html:
    tools = tag(
        "div",
        tag("input", type="search", id="search", placeholder="Search in what was executed", aria_label="Search"),
        tag("label", tag("input", type="checkbox", id="only"), " only refused"),
        tag("button", "Unfold all", type="button", id="unfold"),
        tag("button", "Fold all", type="button", id="fold"),
        tag("output", id="found"),
        class_="tools",
        hidden=True,
    )
    said = [tag("h2", f"Runs: {len(history.runs):,}"), tools]
    if history.left_out:
        words = (
            f"The first {len(history.calls):,} executions are shown; {history.left_out:,} more are in all numbers, "
            "and `smolagents-policy audit show` has them."
        )
        said.append(tag("p", words, class_="notice"))
    unfolded = _unfolded(history.runs)
    sections = [run_section(run, run in unfolded) for run in history.runs]
    parts = sections[:_RUNS_TOGETHER]
    for start in range(_RUNS_TOGETHER, len(sections), _RUNS_TOGETHER):
        some = sections[start : start + _RUNS_TOGETHER]
        refused = sum(run.refused for run in history.runs[start : start + _RUNS_TOGETHER])
        words = f"Runs {start + 1:,} to {start + len(some):,}" + (f", {refused:,} refused" if refused else "")
        parts.append(tag("details", tag("summary", words), *some, class_="chunk"))
    return tag("section", *said, *parts, id="runs")


def _unfolded(runs: list[Run]) -> list[Run]:
    """The runs that are unfolded: of few all, of many the first in which something was refused."""
    if len(runs) <= _UNFOLDED_RUNS:
        return runs
    return [run for run in runs if run.refused][:_UNFOLDED_RUNS]


def _notes(history: History) -> Html | None:
    if not history.notes:
        return None
    items = [
        tag("li", tag("b", f"Record {note.line:,}: "), note.what, class_="bad" if note.is_bad else None)
        for note in history.notes
    ]
    return tag("section", tag("h2", "The file itself"), tag("ul", *items, class_="notes"), id="notes")
