"""The report on a trail: what it counts and says, and that nothing in a trail can break out of the page."""

from __future__ import annotations

import json
import stat
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smolagents.policy.audit.report import History, page
from smolagents.policy.audit.report.usage import usages
from smolagents.policy.audit.seal import SUFFIX
from smolagents.policy.audit.verify import verify
from smolagents.policy.cli import main

from .reports import ATTACKS, attacked_lines, long_lines, write_trail
from .trails import KEY, fill, hook_for, play, records


# Everything that the page is made of. What else there is came from a record.
TAGS = set(
    "html head meta title style body header footer section h1 h2 h3 h4 p div span b i code a ul ol li dl dt dd "
    "details summary table thead tbody tr th td figure figcaption svg rect line path input "
    "label button output script".split()
)
ATTRIBUTES = set(
    "lang charset http-equiv content name class id href open hidden type placeholder aria-label role scope "
    "tabindex viewbox preserveaspectratio x y x1 x2 y1 y2 d width height".split()
)


class Parts(HTMLParser):
    """The elements, attributes and texts of a page."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.depth: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.depth == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "input"):
            self.depth.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.depth.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data if self.depth[-1:] not in (["style"], ["script"]) else ""

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def assert_is_ours(text: str) -> Parts:
    parts = Parts(text)
    assert {tag for tag, _ in parts.tags} <= TAGS
    assert {name for _, attributes in parts.tags for name in attributes} <= ATTRIBUTES
    links = [attributes["href"] for _, attributes in parts.tags if "href" in attributes]
    assert all(link is not None and link[:2] == "#c" and link[2:].isdigit() for link in links)
    text.encode("utf-8")
    return parts


def text_of(lines: Any, *arguments: Any, **options: Any) -> str:
    return assert_is_ours(page("audit.jsonl", History(lines), *arguments, **options)).text


@pytest.fixture
def lines(path):
    """A trail of real agents."""
    write_trail(path)
    return path.read_bytes().splitlines(keepends=True)


def test_a_run_is_told_with_its_agents_steps_tokens_and_how_it_ended(lines):
    first, second = History(lines).runs

    assert [*first.agents] == [("CodeAgent",), ("CodeAgent", "researcher")]
    assert first.agents["CodeAgent", "researcher"].steps == 3
    assert first.tokens.last == 15 * 6
    assert (first.is_over, first.error) == (True, "")
    assert second.error == "ToolExecutionStopped"
    text = text_of(lines)
    assert "finished" in text and "stopped" in text


def test_executions_are_inside_the_ones_that_made_them(lines):
    run = History(lines).runs[0]

    [code] = [call for call in run.calls if call.step == 1]
    assert [call.name for call in code.children] == ["web_search", "web_search", "shell", "researcher"]
    assert [call.name for call in code.children[3].children] == ["web_search", "shell", "final_answer"]


def test_everything_is_counted_by_tool_and_by_code(path, lines):
    history = History(lines)

    assert history.executions == len(records(path, "before", "denied"))
    assert history.refused == len(records(path, "denied"))
    assert history.totals["tool", "web_search"].executions == 5
    assert history.totals["tool", "shell"].refused == 5
    assert history.codes["tool_denied", "shell"] == 4 and history.codes["identical_denials", "shell"] == 1
    assert history.entries["deny", "pattern", "patterns[0]"] == 1
    assert history.approvals == {"asked": 1, "approved": 1}


def test_what_executions_were_for_is_counted_if_the_policy_judged_that(path, tmp_path, lines):
    hook = hook_for(tmp_path / "other.jsonl", intents={"deny": ["destructive_data"]})
    for command in ("ls", "rm -rf /home", "rm -rf /var"):
        play(hook, command=command)
    judged = (tmp_path / "other.jsonl").read_bytes().splitlines(keepends=True)

    intents = History(judged).intents

    assert {name: (total.executions, total.refused) for name, total in intents.items()} == {
        "benign": (1, 0),
        "destructive_data": (2, 2),
    }
    assert "By intent" in text_of(judged) and "By intent" not in text_of(lines)


def test_an_approval_is_told_with_who_and_why(lines):
    assert "approved by ann" in text_of(lines) and "The address is right." in text_of(lines)


def test_what_was_used_of_limits_is_known_from_refusals(lines):
    calls, searches, tokens, refused = usages(History(lines).runs[0])

    assert (calls.used, calls.limit, len(calls.refusals)) == (6, 6, 1)
    assert (searches.title, searches.used, searches.limit) == ("Calls of web_search", 4, 4)
    assert (tokens.used, tokens.limit) == (90, None)
    assert refused.used == 3
    assert [used for _, used in calls.points] == [1, 2, 3, 4, 5, 6]


def test_limits_that_were_not_reached_are_known_from_the_start_of_the_run(lines):
    run = History(lines).runs[1]

    calls, _ = usages(run)[:2]

    assert run.granted == {("tool_calls", ""): 6, ("per_tool", "web_search"): 4}
    assert (calls.used, calls.limit) == (0, 6)
    assert "0 of 6" in text_of(lines)


def test_without_payload_reasons_are_told_by_what_the_policy_says(path):
    write_trail(path, payload="digest")
    text = text_of(path.read_bytes().splitlines(keepends=True))

    assert "bob@other.org" not in text and "rm -rf /" not in text
    assert "patterns[0]: rm -rf (in arguments.command)" in text


def test_what_another_guard_refused_is_refused(path):
    from smolagents.hooks import Deny, ToolOutcome

    from ..executions import execution

    hook, about = hook_for(path), execution("shell")
    hook.before_tool_execution(about)
    denial = Deny("Not on Sundays.", code="sunday")
    hook.after_tool_execution(about, ToolOutcome("denied", denial=denial, denied_by="Calendar", duration=0.0))
    lines = path.read_bytes().splitlines()

    history = History(lines)

    assert history.refused == 1 and history.codes == {("sunday", "shell"): 1}
    assert "Calendar" in text_of(lines)


def test_what_has_no_end_is_said_to_have_none(path):
    from ..executions import execution

    hook_for(path).before_tool_execution(execution("shell"))

    text = text_of(path.read_bytes().splitlines())

    assert "no end recorded" in text and "it was under way, or the process ended" in text


def test_a_trail_that_nobody_checked_is_said_to_be_unverified(lines):
    text = text_of(lines)

    assert "Not verified" in text and "unproven" not in text


def test_a_trail_as_it_was_written_is_verified(path, lines):
    text = text_of(lines, verify(path, KEY))

    assert "Verified" in text and f"{len(lines)} records" in text and "an older copy of both would pass" in text
    assert "an older copy" not in text_of(lines, verify(path, KEY), has_kept_seal=True)


def test_after_the_first_bad_line_nothing_is_proven(path, lines):
    bad = next(number for number, line in enumerate(lines) if b"bob@other.org" in line and b'"before"' in line)
    lines[bad] = lines[bad].replace(b"bob@other.org", b"eve@other.org")
    path.write_bytes(b"".join(lines))
    found = verify(path, KEY)
    history = History(lines, found.records)

    text = assert_is_ours(page("audit.jsonl", history, found)).text

    assert "Not as it was written" in text and f"line {bad + 1}" in text
    assert found.fault is not None and found.fault.message in text
    assert f"{bad} records before that are as they were written" in text
    proven = [call for call in history.calls if call.is_proven]
    assert 0 < len(proven) < len(history.calls)
    assert all(call.line <= bad for call in proven)
    assert text.count("unproven") >= len(history.calls) - len(proven)


def test_of_very_many_executions_all_are_counted_and_those_refused_are_kept_longer():
    history = History(long_lines(10_000), kept=1_000)

    assert history.executions == 5_000 and history.refused == 100
    assert history.totals["tool", "tool_1"].executions == 715
    assert sum(call.is_refused for call in history.calls) == 100
    assert len(history.calls) + history.left_out == 5_000
    text = assert_is_ours(page("audit.jsonl", history)).text
    assert f"{history.left_out:,} more are in all numbers" in text


def test_a_refusal_that_is_repeated_is_told_once_with_how_often():
    text = text_of(long_lines(2_000))

    assert "3 times, first" in text
    assert text.index("3 times, first") < text.index("Totals")


def test_very_many_runs_are_folded():
    def record(number: int) -> bytes:
        return json.dumps({"type": "before", "run": f"run-{number}", "execution": str(number), "name": "x"}).encode()

    text = text_of(map(record, range(400)))

    assert "Runs: 400" in text and "Runs 51 to 100" in text and "Runs 351 to 400" in text


def test_nothing_that_attackers_write_becomes_part_of_the_page():
    text = text_of(attacked_lines())

    assert all(attack in text for attack in ATTACKS if attack.isascii() and attack.isprintable() and len(attack) < 100)
    assert "abc<U+202E>gnp.exe" in text and "\u202e" not in text and "\x00" not in text
    assert "This line is no record." in text


def test_executions_in_executions_without_end_are_told():
    def record(number: int) -> bytes:
        about = {"type": "before", "run": "run", "execution": str(number), "parent": str(number - 1), "name": "x"}
        return json.dumps({**about, "agents": ["a"] * (number % 60), "step": number}).encode()

    assert "2,000 executions" in text_of(map(record, range(2_000)))


def test_an_empty_trail_is_a_page():
    text = text_of([])

    assert "Nothing was refused." in text and "Runs: 0" in text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(ATTACKS[:9]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.sampled_from(["$", "items"]), inner, max_size=3)
    ),
    max_leaves=6,
)
TYPES = st.sampled_from(
    "run_started run_finished step before denied after approval_requested approval_resolved file lost repaired".split()
)
WORDS = st.sampled_from(["a", "b", "tool", "agent", "code", "ok", "denied", "limit_per_tool", "allow", "deny", "stop"])
REASONS = st.lists(st.dictionaries(st.sampled_from("action code entry text message where".split()), WORDS | JSON))
DECISIONS = st.fixed_dictionaries(
    {}, optional={"action": WORDS | JSON, "code": WORDS | JSON, "reasons": REASONS | JSON}
)
RECORDS = st.fixed_dictionaries(
    {"type": TYPES | JSON, "execution": WORDS | JSON, "run": WORDS | JSON},
    optional={
        **{name: WORDS | JSON for name in ("kind", "name", "status", "parent", "error", "denied_by", "by", "note")},
        **{name: JSON for name in ("arguments", "result", "duration", "step", "input_tokens", "seconds", "policy")},
        "agents": st.lists(WORDS | JSON, max_size=3) | JSON,
        "decision": DECISIONS | JSON,
        "denial": JSON,
        "time": st.sampled_from(["2026-11-21T17:54:15.582001Z", "0001-01-01", "9999-12-31T23:59:59"]) | JSON,
    },
)


@given(st.lists(RECORDS.map(lambda record: json.dumps(record).encode()) | st.binary(max_size=20), max_size=12))
def test_whatever_is_in_a_file_there_is_a_page_of_ours(lines):
    text_of(lines)


def command(*arguments: Any) -> int:
    return main(["audit", "report", *map(str, arguments)])


def test_the_command_writes_the_page_for_its_owner_alone(path, tmp_path, lines, capsys):
    target = tmp_path / "report.html"

    assert command(path, "-o", target) == 0

    assert "Verified" in assert_is_ours(target.read_text("utf-8")).text
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert "as it was written" in capsys.readouterr().out


def test_without_a_key_the_command_writes_that_nobody_checked(path, tmp_path, lines, monkeypatch, capsys):
    monkeypatch.delenv("SMOLAGENTS_AUDIT_KEY")
    target = tmp_path / "report.html"

    assert command(path, "-o", target) == 0

    assert "Not verified" in target.read_text("utf-8")
    assert "not verified: there was no key" in capsys.readouterr().out


@pytest.mark.parametrize(
    "options", [["--key-env", "NO_SUCH_KEY"], ["--key-file", "nothing"], ["--seal", "smolagents-audit-"]]
)
def test_a_key_that_is_named_and_not_there_is_an_error(path, tmp_path, lines, monkeypatch, capsys, options):
    monkeypatch.delenv("SMOLAGENTS_AUDIT_KEY")

    assert command(path, "-o", tmp_path / "report.html", *options) == 2

    assert "key" in capsys.readouterr().err
    assert not (tmp_path / "report.html").exists()


def test_of_a_trail_that_was_changed_the_page_is_written_and_the_exit_code_says_so(path, tmp_path, lines, capsys):
    path.write_bytes(b"".join(lines[:-1]))
    target = tmp_path / "report.html"

    assert command(path, "-o", target, "--json") == 1

    assert "The end was cut off" in target.read_text("utf-8")
    assert json.loads(capsys.readouterr().out)["valid"] is False


def test_all_files_of_a_trail_are_in_the_page_and_one_if_only_that_is_wanted(path, tmp_path):
    fill(path, 200, rotate_bytes=10_000)
    second = path.with_name("audit-000001.jsonl")
    target = tmp_path / "report.html"

    assert command(second, "-o", target) == 0
    assert "200" in (whole := target.read_text("utf-8")) and "audit-000002.jsonl begins" in whole
    assert command(second, "--only", "-o", target) == 0
    assert "audit-000002.jsonl begins" not in target.read_text("utf-8")


@pytest.mark.parametrize("suffix", ["", SUFFIX])
def test_the_trail_is_not_written_over(path, lines, capsys, suffix):
    target = Path(f"{path}{suffix}")
    before = target.read_bytes()

    assert command(path, "-o", target) == 2

    assert target.read_bytes() == before
    assert "is a file of the trail" in capsys.readouterr().err


@pytest.mark.parametrize("action", ["verify", "report"])
def test_whether_all_was_decided_under_a_policy_is_checked(path, tmp_path, lines, capsys, action):
    digest = json.loads(lines[-1])["policy"]["digest"]
    hook = hook_for(path, name="other")
    own, others = tmp_path / "own.yaml", tmp_path / "others.yaml"
    own.write_text(hook.policy.dump())
    others.write_text("version: 1\nname: neither\n")
    target = tmp_path / "report.html"
    decided = len([line for line in lines if json.loads(line)["type"] in ("before", "denied")])

    def checked(policy):
        options = ["-o", str(target)] if action == "report" else []
        code = main(["audit", action, str(path), "--policy", str(policy), *options])
        said = capsys.readouterr().out
        assert action == "verify" or said.splitlines()[-1] in Parts(target.read_text("utf-8")).text
        return code, said

    code, said = checked(own)
    assert code == 1
    assert f"{decided} of {decided} decisions were not made under {own} (digest {hook.policy_digest[:16]})" in said
    assert f"under one with the digest {digest[:16]}." in said

    play(hook)
    code, said = checked(own)
    assert code == 1 and f"{decided} of {decided + 1} decisions were not made under {own}" in said

    for file in (path, Path(f"{path}{SUFFIX}")):
        file.unlink()
    play(hook_for(path, name="other"))
    assert checked(own)[0] == 0
    code, said = checked(others)
    assert code == 1 and "1 of 1 decisions were not made under" in said


def test_a_file_that_is_not_there_is_an_error_in_a_sentence(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("SMOLAGENTS_AUDIT_KEY")

    assert command(tmp_path / "nothing.jsonl", "-o", tmp_path / "report.html") == 2

    assert "No such file" in capsys.readouterr().err
    assert not (tmp_path / "report.html").exists()


def test_what_is_recorded_after_checking_is_not_in_the_page(path, tmp_path, lines, monkeypatch):
    from smolagents.policy.cli import audit_report

    def and_then_go_on(*arguments: Any) -> Any:
        found = verify(*arguments)
        play(hook_for(path), "too_late")
        return found

    monkeypatch.setattr(audit_report, "verify", and_then_go_on)
    target = tmp_path / "report.html"

    assert command(path, "-o", target) == 0
    assert "too_late" in path.read_text() and "too_late" not in target.read_text("utf-8")
