"""`classify` says what a program, a command or a call looks as if it were for."""

import io
import sys
from pathlib import Path


def test_a_dangerous_program_is_told_with_its_evidence_and_has_exit_code_1(run):
    Path("step.py").write_text("import shutil\nshutil.rmtree('/')\n")

    answer = run("classify", "--code", "step.py")

    assert answer.code == 1
    first, *rest = answer.out.splitlines()
    assert first.startswith("destructive_data (confidence 0.") and first.endswith(", dangerous")
    assert any("found in arguments.code, line 2: \"shutil.rmtree('/')\"" in line for line in rest)


def test_what_is_harmless_has_exit_code_0(run):
    answer = run("classify", "--command", "ls -la")

    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines() == [
        "benign (confidence 1.00), not dangerous",
        "    nothing speaks for any category",
    ]


def test_every_category_with_a_score_is_there(run):
    answer = run("classify", "--command", "cat ~/.ssh/id_rsa")

    assert answer.code == 1
    assert answer.out.splitlines()[0].startswith("data_read") and ", dangerous" in answer.out.splitlines()[0]
    assert "data_exfiltration" in answer.out


def test_a_program_from_standard_input(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"exec(input())")))

    assert run("classify", "--code", "-").out.startswith("code_execution")


def test_calls_and_operations(run):
    assert run("classify", "--tool", "read_file", "--arg", "path=/etc/shadow").code == 1
    assert run("classify", "--tool", "run", "--arg", 'cmd:=["rm", "-rf", "/"]').out.startswith("destructive_data")
    assert run("classify", "--operation", "file.write", "--arg", "path=/etc/hosts").out.startswith(
        "system_modification"
    )


def test_data_for_programs(run):
    data = run("classify", "--command", "rm -rf /", "--json").data

    assert (data["category"], data["dangerous"]) == ("destructive_data", True)
    assert data["categories"]["destructive_data"] == data["confidence"]
    assert data["evidence"][0]["where"] == "arguments.command"


def test_mistakes_are_said_in_a_sentence(run):
    for arguments, sentence in (
        (("--code", "none.py"), "smolagents-policy: none.py: No such file or directory."),
        (("--command", "ls", "--arg", "a=b"), "smolagents-policy: --arg goes with --tool or --operation."),
        (("--tool", ""), "smolagents-policy: --tool needs a name."),
        (("--tool", "x", "--arg", "a"), "smolagents-policy: --arg a: write NAME=TEXT, or NAME:=JSON."),
        (("--operation", "file.rad"), "smolagents-policy: There is no operation file.rad. Did you mean file.read?"),
    ):
        answer = run("classify", *arguments)
        assert (answer.code, answer.out, answer.err.strip()) == (2, "", sentence)


def test_something_has_to_be_named(run):
    answer = run("classify")

    assert answer.code == 2 and "one of the arguments --code --command --tool --operation is required" in answer.err
