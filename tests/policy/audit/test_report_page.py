"""The report in a real browser: it fits, is readable, asks for nothing, and has all that the trail has."""

from __future__ import annotations

import json

import pytest

from smolagents.policy.audit.report import History, page
from smolagents.policy.audit.verify import verify

from .chromium import Page, browser, distinct_lines
from .reports import ATTACKS, attacked_lines, long_lines, write_trail
from .trails import KEY, records


VIEWS = [(width, scheme) for width in (360, 1280) for scheme in ("light", "dark")]

# What is wider than the window, the tables aside that scroll by themselves.
TOO_WIDE = """
    const all = [...document.querySelectorAll("body *")].filter((one) => one.checkVisibility());
    const loose = all.filter((one) => !one.closest(".scroll table, svg"));
    const wide = loose.filter((one) => one.getBoundingClientRect().right > innerWidth + 1);
    const width = document.documentElement.scrollWidth;
    return [...(width > innerWidth ? [`the page: ${width}`] : []), ...wide.map((one) => one.outerHTML.slice(0, 200))];
"""

# Texts whose colour is too near to the one under them. 4.5 to 1 is what WCAG 2 asks for (success criterion 1.4.3).
HARD_TO_READ = """
    const parts = (color) => color.match(/[\\d.]+/g).map(Number);
    const light = (color) => {
        const [r, g, b] = parts(color).map((part) => part / 255)
            .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const under = (one) => {
        const color = one ? getComputedStyle(one).backgroundColor : "rgb(255, 255, 255)";
        return parts(color)[3] === 0 ? under(one.parentElement) : color;
    };
    const found = new Set();
    for (const one of document.querySelectorAll("body *")) {
        const hasText = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!hasText || one.closest("script") || !one.checkVisibility()) continue;
        const [over, below] = [light(getComputedStyle(one).color), light(under(one))];
        const contrast = (Math.max(over, below) + 0.05) / (Math.min(over, below) + 0.05);
        if (contrast < 4.5) found.add(`${one.className || one.tagName} ${contrast.toFixed(2)}`);
    }
    return [...found].join(", ");
"""


@pytest.fixture(scope="module")
def chromium():
    with browser() as started:
        yield started


@pytest.fixture
def opened(chromium, tmp_path):
    """Opens the report on some lines."""

    def opened(text: str, width: int = 1280, scheme: str = "light", **options) -> Page:
        path = tmp_path / "report.html"
        path.write_text(text, "utf-8")
        return Page(chromium, path, width, scheme, **options)

    return opened


@pytest.fixture
def trail(path):
    """A trail of real agents, as its lines."""
    write_trail(path)
    return path.read_bytes().splitlines(keepends=True)


def text_of(page: Page) -> str:
    return page.run("return document.body.textContent;")


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_the_page_fits_is_readable_and_asks_for_nothing(opened, path, trail, width, scheme):
    shown = opened(page("audit.jsonl", History(trail), verify(path, KEY)), width, scheme)

    assert shown.run("return innerWidth;") == width
    assert shown.run(TOO_WIDE) == []
    assert shown.run(HARD_TO_READ) == ""
    assert distinct_lines(shown.screenshot()) > 400
    assert len(shown.requests) == 1 and shown.requests[0].startswith("file:")
    assert shown.complaints == []


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_it_still_fits_and_is_readable_when_everything_is_unfolded(opened, trail, width, scheme):
    shown = opened(page("audit.jsonl", History(trail)), width, scheme)
    shown.run("document.querySelectorAll('details').forEach((one) => (one.open = true));")

    assert shown.run(TOO_WIDE) == []
    assert shown.run(HARD_TO_READ) == ""


def test_it_is_dark_in_the_dark(opened, trail):
    ground = "return getComputedStyle(document.body).backgroundColor;"
    text = page("audit.jsonl", History(trail))

    assert opened(text, scheme="light").run(ground) != opened(text, scheme="dark").run(ground)


def test_it_has_every_decision_with_all_reasons_arguments_results_and_approvals(opened, path, trail):
    said = text_of(opened(page("audit.jsonl", History(trail))))

    decided = records(path, "before", "denied")
    assert any(record["type"] == "denied" for record in decided)
    for record in decided:
        assert record["name"] in said and record["execution"] in said
        assert record["time"].strip("Z").replace("T", " ") in said
        assert all(reason["message"] in said and reason["entry"] in said for reason in record["decision"]["reasons"])
        for value in record["arguments"].values():
            assert str(value) in said
    for record in records(path, "approval_resolved"):
        assert f"by {record['by']}" in said and record["note"] in said
    for record in records(path, "after"):
        assert not isinstance(record.get("result"), str) or record["result"] in said


def test_refusals_are_seen_without_unfolding_anything_and_lead_to_where_they_happened(opened, path, trail):
    shown = opened(page("audit.jsonl", History(trail)))

    for record in records(path, "denied"):
        for reason in record["decision"]["reasons"]:
            if reason["action"] in ("deny", "stop"):
                assert reason["message"] in shown.run("return document.getElementById('refused').innerText;")
    leads = "return [...document.querySelectorAll('#refused a')].every((one) => document.querySelector(one.hash));"
    assert shown.run(leads)


def test_the_place_that_a_refusal_leads_to_is_unfolded(opened):
    shown = opened(page("audit.jsonl", History(long_lines(2_000))), scripts=False)
    row = "document.querySelector(document.querySelector('#refused a').hash)"
    assert not shown.run(f"return {row}.checkVisibility();")

    shown.run("document.querySelector('#refused a').click();")

    assert shown.run(f"return {row}.checkVisibility();")


def test_it_has_everything_without_scripts(opened, path, trail):
    text = page("audit.jsonl", History(trail))
    shown = opened(text, scripts=False)
    rows = shown.run("return document.querySelectorAll('.row').length;")

    assert rows == len(records(path, "before", "denied"))
    assert shown.run("return document.querySelector('div.tools').checkVisibility();") is False
    assert text_of(shown) == text_of(opened(text))


def test_searching_and_only_what_was_refused_hide_the_rest(opened, path, trail):
    shown = opened(page("audit.jsonl", History(trail)))
    seen = "return [...document.querySelectorAll('.row')].filter((one) => one.checkVisibility()).length;"

    shown.run("document.getElementById('only').click();")
    assert shown.run(seen) == len(records(path, "denied"))

    shown.run("document.getElementById('only').click();")
    shown.run(
        "const box = document.getElementById('search'); box.value = 'BOB@'; box.dispatchEvent(new Event('input'));"
    )
    about_bob = [record for record in records(path, "before", "denied") if "bob@" in json.dumps(record)]
    assert shown.run(seen) == len(about_bob) > 0


def test_on_paper_it_has_what_is_folded_and_no_buttons(opened, trail):
    text = page("audit.jsonl", History([*trail, *trail, *trail, *trail]))
    shown = opened(text, media="print", scheme="dark")
    shown.run("dispatchEvent(new Event('beforeprint'));")

    assert shown.run("return document.querySelector('div.tools').checkVisibility();") is False
    assert shown.run("return [...document.querySelectorAll('.row')].every((one) => one.checkVisibility());")
    assert shown.run(HARD_TO_READ) == ""
    assert len(shown.call("Page.printToPDF", printBackground=False)["data"]) > 10_000


@pytest.mark.parametrize("width", [360, 1280])
def test_what_attackers_write_is_shown_and_does_nothing(opened, width):
    shown = opened(page(f"{ATTACKS[0]}.jsonl", History(attacked_lines())), width)
    shown.run("document.querySelectorAll('details').forEach((one) => (one.open = true));")

    assert shown.run("return window.attacked === undefined;")
    assert shown.run("return document.querySelectorAll('script, style').length;") == 2
    assert (
        shown.run(
            "return document.querySelectorAll('img, iframe, object, base, form, link, a:not([href^=\"#c\"])').length;"
        )
        == 0
    )
    assert shown.run(TOO_WIDE) == []
    assert len(shown.requests) == 1
    assert shown.complaints == []
    assert "</script><script>attacked=1</script>" in text_of(shown)


def test_a_script_that_got_into_the_page_would_not_run(opened, trail):
    text = page("audit.jsonl", History(trail))
    broken = text.replace(
        "<footer>", "<script>attacked=1</script><img src=x onerror=attacked=1><footer style='top:0'>"
    )

    shown = opened(broken)

    assert shown.run("return window.attacked === undefined;")
    assert len(shown.complaints) >= 3  # Each of them was refused
    assert shown.requests[1:] == shown.blocked != []


def test_ten_thousand_records_can_be_read(opened):
    lines = long_lines(10_000)
    history = History(lines)

    for width in (360, 1280):
        shown = opened(page("audit.jsonl", history), width)
        assert shown.run("return document.querySelectorAll('.row').length;") == history.executions
        assert shown.run("return document.documentElement.scrollHeight;") < 100 * 800  # Screens
        assert shown.run(TOO_WIDE) == []
        assert shown.complaints == []
