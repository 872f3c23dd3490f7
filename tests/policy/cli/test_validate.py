"""`validate` names every problem with its place, or says what the policy says."""

import io
import sys
from pathlib import Path

import pytest


def stdin(monkeypatch, text):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_a_valid_policy_is_summed_up(run):
    answer = run("validate", "policy.yaml")

    assert (answer.code, answer.err) == (0, "")
    first, *rest = answer.out.splitlines()
    assert first == "policy.yaml: valid"
    text = "\n".join(rest)
    assert '"office", enforced' in text
    assert "allowed web_search, read_*; denied shell; others denied" in text
    assert "rules: 1 ask" in text and "patterns: 1" in text and "limits: tool_calls 2" in text


def test_every_problem_is_said_with_file_line_and_column(run):
    Path("bad.yaml").write_text("version: 1\ntool: {}\ndefault: alow\n")

    answer = run("validate", "bad.yaml")

    assert answer.code == 1
    lines = answer.out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("bad.yaml:2:1: tool: ") and "`tools`" in lines[0]
    assert lines[1].startswith("bad.yaml:3:10: default: ") and "`allow`" in lines[1]


def test_one_bad_policy_among_good_ones_decides_the_exit_code(run):
    Path("bad.yaml").write_text("version: 2\n")

    answer = run("validate", "bad.yaml", "policy.yaml")

    assert answer.code == 1
    assert "policy.yaml: valid" in answer.out


def test_a_policy_is_read_from_standard_input(run, monkeypatch):
    stdin(monkeypatch, "version: 1\nnam: x\n")

    answer = run("validate", "-")

    assert answer.code == 1
    assert answer.out.startswith("<stdin>:2:1: nam: ")


def test_a_file_that_cannot_be_read_is_no_finding(run):
    answer = run("validate", "absent.yaml", "policy.yaml")

    assert answer.code == 2
    assert answer.err == "absent.yaml: The file cannot be read: No such file or directory.\n"
    assert answer.out.startswith("policy.yaml: valid\n")


def test_a_folder_is_no_policy(run, tmp_path):
    assert run("validate", str(tmp_path)).code == 2


def test_programs_get_json_with_every_problem(run):
    Path("bad.yaml").write_text("version: 1\n" + "".join(f"key{number}: 1\n" for number in range(30)))

    answer = run("validate", "--json", "bad.yaml", "policy.yaml")

    assert answer.code == 1
    bad, good = answer.data
    assert (bad["file"], bad["valid"], len(bad["problems"])) == ("bad.yaml", False, 30)
    assert bad["problems"][0]["line"] == 2 and bad["problems"][0]["column"] == 1
    assert (good["file"], good["valid"], good["name"]) == ("policy.yaml", True, "office")


def test_people_are_not_shown_all_of_very_many_problems(run):
    Path("bad.yaml").write_text("version: 1\n" + "".join(f"key{number}: 1\n" for number in range(30)))

    lines = run("validate", "bad.yaml").out.splitlines()

    assert len(lines) == 21
    assert lines[-1] == "bad.yaml: and 10 more; --json has them all"


@pytest.mark.parametrize("mode, word", [("enforce", "enforced"), ("shadow", "shadow: reports and refuses nothing")])
def test_the_summary_says_whether_the_policy_is_enforced(run, mode, word):
    Path("other.yaml").write_text(f"version: 1\nmode: {mode}\n")

    assert word in run("validate", "other.yaml").out


def test_the_summary_says_what_operations_may_do(run):
    operations = "{file.read: {path_within: [.]}, process.run: ask}"
    Path("other.yaml").write_text(f"version: 1\noperations: {operations}\n")

    line = next(line for line in run("validate", "other.yaml").out.splitlines() if "operations:" in line)

    assert line.strip() == 'operations: process.run ask, file.read if path_within ["."], others deny'
