"""`audit verify` and `audit show`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ..audit.trails import SECRET, hook_for, play, records


TRAIL = Path("audit.jsonl")


@pytest.fixture
def trail(run, monkeypatch):
    """Runs a command in a folder with a trail of a few calls."""
    monkeypatch.setenv("SMOLAGENTS_AUDIT_KEY", SECRET)
    hook = hook_for(TRAIL, tools={"deny": ["shell"]}, audit={"payload": "redacted"}, name="office")
    for name in ("web_search", "shell", "web_search"):
        play(hook, name, query="x" if name == "web_search" else "rm")
    return run


def test_a_trail_that_is_as_it_was_written(trail):
    answer = trail("audit", "verify", "audit.jsonl")

    assert answer.code == 0
    assert "audit.jsonl: as it was written, 6 records, sealed at 6" in answer.out
    assert Path("audit.jsonl.seal").read_text() in answer.out


def test_the_first_bad_line_is_told_and_why(trail):
    lines = TRAIL.read_bytes().splitlines(keepends=True)
    TRAIL.write_bytes(b"".join(lines).replace(b'"shell"', b'"shall"'))

    answer = trail("audit", "verify", "audit.jsonl")

    assert answer.code == 1
    assert answer.out.startswith("audit.jsonl: line 4: This is not record 4 as it was written")
    assert "3 records before that are as they were written." in answer.out


def test_verifying_for_programs(trail):
    TRAIL.write_bytes(b"".join(TRAIL.read_bytes().splitlines(keepends=True)[:-2]))

    data = trail("audit", "verify", "audit.jsonl", "--json").data

    assert data["valid"] is False
    assert data["fault"] == {
        "file": "audit.jsonl",
        "line": None,
        "message": "The end was cut off: 2 records are missing after record 4.",
    }
    assert (data["records"], data["sealed"], data["files"]) == (4, 6, ["audit.jsonl"])


@pytest.mark.parametrize("as_file", [True, False])
def test_a_seal_that_was_kept_elsewhere(trail, as_file):
    older = TRAIL.read_bytes(), Path("audit.jsonl.seal").read_bytes()
    play(hook_for(TRAIL), "web_search")
    Path("kept").write_bytes(Path("audit.jsonl.seal").read_bytes())
    TRAIL.write_bytes(older[0])
    Path("audit.jsonl.seal").write_bytes(older[1])

    assert trail("audit", "verify", "audit.jsonl").code == 0
    answer = trail("audit", "verify", "audit.jsonl", "--seal", "kept" if as_file else Path("kept").read_text())
    assert answer.code == 1
    assert "2 records are missing" in answer.out


def test_the_key_is_where_the_options_say(trail, monkeypatch):
    monkeypatch.delenv("SMOLAGENTS_AUDIT_KEY")
    monkeypatch.setenv("MINE", SECRET)
    Path("key").write_text(SECRET + "\n")

    assert trail("audit", "verify", "audit.jsonl", "--key-env", "MINE").code == 0
    assert trail("audit", "verify", "audit.jsonl", "--key-file", "key").code == 0
    answer = trail("audit", "verify", "audit.jsonl")
    assert answer.code == 2
    assert "There is no key: set the environment variable SMOLAGENTS_AUDIT_KEY" in answer.err


def test_the_wrong_key_is_said(trail, monkeypatch):
    monkeypatch.setenv("SMOLAGENTS_AUDIT_KEY", "another key, which has as many bytes as one needs")

    answer = trail("audit", "verify", "audit.jsonl")

    assert answer.code == 1
    assert "This is no seal made with this key" in answer.out


@pytest.mark.parametrize("arguments", [["nowhere.jsonl"], ["audit.jsonl", "--seal", "nowhere"]])
def test_what_is_not_there_is_a_sentence(trail, arguments):
    answer = trail("audit", "verify", *arguments)

    assert answer.code in (1, 2)
    assert "Traceback" not in answer.err + answer.out
    assert "nowhere" in answer.err + answer.out


def test_a_trail_that_was_never_there_is_an_error_and_one_that_was_removed_is_a_finding(trail):
    answer = trail("audit", "verify", "nowhere.jsonl")
    assert answer.code == 2
    assert "There is no audit trail nowhere.jsonl" in answer.err

    TRAIL.unlink()
    answer = trail("audit", "verify", "audit.jsonl")
    assert answer.code == 1
    assert "audit.jsonl: This file of the trail is missing." in answer.out


def test_records_are_shown_with_their_reasons(trail):
    out = trail("audit", "show", "audit.jsonl").out

    assert "deny   " in out
    assert 'tool shell {"query": "rm"}' in out
    assert 'tools.deny[0]: the policy "office" denies it by name' in out
    assert len(trail("audit", "show", "audit.jsonl", "--json").out.splitlines()) == 6


@pytest.mark.parametrize(
    "filters, count",
    [
        (["--tool", "shell"], 1),
        (["--tool", "web_search"], 4),
        (["--decision", "deny"], 1),
        (["--decision", "allow", "--tool", "web_search"], 2),
        (["--agent", "CodeAgent"], 5),
        (["--agent", "other"], 0),
        (["--run", "ru"], 5),
        (["--run", "other"], 0),
    ],
)
def test_what_is_shown_can_be_chosen(trail, filters, count):
    shown = trail("audit", "show", "audit.jsonl", "--json", *filters).out.splitlines()

    assert len(shown) == count
    assert all(json.loads(line)["mac"] for line in shown)


def test_a_file_that_grows_is_followed_into_the_next_one(trail):
    command = [sys.executable, "-m", "smolagents.policy.cli", "audit", "show", "audit.jsonl", "--follow", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ}, text=True)
    try:
        shown = [json.loads(process.stdout.readline()) for _ in range(6)]
        hook = hook_for(TRAIL, audit={"rotate_bytes": 10_000})
        for _ in range(30):
            play(hook, "web_search")
        files = [TRAIL, *sorted(Path().glob("audit-*.jsonl"))]
        written = [record for file in files for record in records(file)]
        shown += [json.loads(process.stdout.readline()) for _ in range(len(written) - 6)]
    finally:
        process.kill()
        process.communicate()

    assert len(files) > 1
    assert shown == written


def test_a_file_that_is_not_there_yet_is_waited_for(trail):
    # The trail says where it goes on, and stops for a moment before it does.
    TRAIL.write_bytes(b'{"seq":1,"type":"rotated","next":"audit-000001.jsonl"}\n')
    command = [sys.executable, "-m", "smolagents.policy.cli", "audit", "show", "audit.jsonl", "--follow", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ}, text=True)
    try:
        assert json.loads(process.stdout.readline())["type"] == "rotated"
        Path("audit-000001.jsonl").write_bytes(b'{"seq":2,"type":"file"}\n')
        assert json.loads(process.stdout.readline())["type"] == "file"
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    "following", ['"audit.jsonl"', '"audit-000001.jsonl"', '""', "5", "null", '"/etc/passwd"', '".."', '["a"]', "NaN"]
)
def test_a_trail_that_leads_nowhere_or_in_circles_is_shown_once(trail, following):
    lines = f'{{"seq":1,"type":"rotated","next":{following}}}\n'
    Path("audit-000001.jsonl").write_text(lines)

    assert len(trail("audit", "show", "audit-000001.jsonl", "--json").out.splitlines()) == 1


@pytest.mark.parametrize(
    "value", ["5", "null", '"x"', '["x",5,null]', '{"x":{"x":5}}', "1e999", "true", '"\\ud800\\u202e"']
)
def test_whatever_a_record_says_it_is_shown_without_a_traceback(trail, value):
    names = ["type", "time", "run", "agents", "step", "execution", "kind", "name", "arguments", "decision", "status"]
    names += ["duration", "error", "code", "by", "policy", "next", "sealed"]
    lines = [f'{{"type":"{kind}","execution":"1","{name}":{value}}}' for kind in ("before", "after") for name in names]
    for name in ("action", "reasons", "code"):
        lines.append(f'{{"type":"denied","decision":{{"action":"deny","{name}":{value}}}}}')
    lines.append(f'{{"type":"denied","decision":{{"action":"deny","reasons":[{value},{{"action":{value}}}]}}}}')
    TRAIL.write_text("\n".join(lines) + "\n")

    for filters in ([], ["--agent", "x"], ["--run", "x"], ["--tool", "x"], ["--decision", "x"], ["--json"]):
        answer = trail("audit", "show", "audit.jsonl", *filters)
        assert (answer.code, answer.err) == (0, "")
        assert "\u202e" not in answer.out


def test_lines_that_are_no_records_are_shown_as_such(trail):
    with TRAIL.open("ab") as file:
        file.write(b'{"seq": 7\n[1]\n')

    assert trail("audit", "show", "audit.jsonl").out.count("a line that is no record") == 2
