"""`init`, `schema` and `import`, and what all commands have in common."""

import json
from pathlib import Path

import pytest

from smolagents.policy import Policy, starters


AGENT_OS = """\
name: theirs
max_tool_calls: 3
allowed_tools: [web_search]
blocked_patterns:
  - password
  - {pattern: '(a)\\1', type: regex}
"""


@pytest.mark.parametrize("name", starters.STARTERS)
def test_a_starter_policy_and_its_cases_are_written(run, name):
    answer = run("init", name, "-o", "mine.yaml")

    assert answer.code == 0
    assert Policy.load("mine.yaml").name == name
    assert run("test", "mine.yaml").code == 0


@pytest.mark.parametrize("there", ["policy.yaml", "mine.yaml", "mine.cases.yaml"])
def test_files_that_are_there_are_not_written_over(run, there):
    Path(there).write_text("mine")
    target = there.replace(".cases", "")

    answer = run("init", "strict", "-o", target)

    assert answer.code == 2
    assert Path(there).read_text() == "mine"
    assert there in answer.err and "--force" in answer.err
    assert run("init", "strict", "-o", target, "--force").code == 0


def test_nothing_is_written_if_only_the_cases_are_in_the_way(run):
    Path("mine.cases.yaml").write_text("mine")

    assert run("init", "strict", "-o", "mine.yaml").code == 2
    assert not Path("mine.yaml").exists()


@pytest.mark.parametrize("name", [".", "", "/"])
def test_a_folder_is_no_place_for_a_starter_policy(run, name):
    answer = run("init", "strict", "-o", name, "--force")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.endswith(" is a folder. Name the file to write with -o.\n")


def test_a_starter_policy_that_does_not_exist_is_answered_with_those_that_do(run):
    answer = run("init", "lax")

    assert answer.code == 2
    assert all(name in answer.err for name in starters.STARTERS)


def test_the_schema_is_json(run):
    schema = json.loads(run("schema").out)

    assert {"version", "default", "tools", "rules", "limits"} <= set(schema["properties"])


def test_an_imported_policy_loads_and_says_what_is_different(run):
    Path("theirs.yaml").write_text(AGENT_OS)

    answer = run("import", "theirs.yaml")

    assert answer.code == 0
    policy = Policy.loads(answer.out)
    assert (policy.name, policy.default, policy.tools.allow) == ("theirs", "deny", ("web_search",))
    assert "theirs.yaml:6:5: blocked_patterns[1]: stricter: " in answer.err
    # Who reads the policy reads it too.
    assert "# blocked_patterns[1]: stricter: " in answer.out


def test_an_imported_policy_is_written_to_a_file(run):
    Path("theirs.json").write_text('{\n\t"allowed_tools": [\n\t\t"web_search"\n\t]\n}\n')

    answer = run("import", "theirs.json", "-o", "ours.yaml")

    assert (answer.code, answer.out) == (0, "")
    assert Policy.load("ours.yaml").tools.allow == ("web_search",)


def test_an_import_for_programs(run):
    Path("theirs.yaml").write_text(AGENT_OS)

    data = run("import", "theirs.yaml", "--json").data

    assert Policy.from_data(data["policy"]).tools.allow == ("web_search",)
    assert {note["effect"] for note in data["notes"]} <= {"looser", "stricter", "different", "left out"}


def test_a_misspelt_key_is_not_imported_as_its_default(run):
    Path("theirs.yaml").write_text("alowed_tools: [web_search]\n")

    answer = run("import", "theirs.yaml", "-o", "ours.yaml")

    assert answer.code == 2
    assert answer.err.startswith("theirs.yaml:1:1: alowed_tools: ") and "`allowed_tools`" in answer.err
    assert not Path("ours.yaml").exists()


@pytest.mark.parametrize("command", ["init", "validate", "explain", "test", "schema", "import"])
def test_every_command_helps(run, command):
    answer = run(command, "--help")

    assert answer.code == 0
    assert answer.out.startswith(f"usage: smolagents-policy {command}")


def test_the_help_names_commands_and_exit_codes(run):
    out = run("--help").out

    assert all(command in out for command in ("init", "validate", "explain", "test", "schema", "import"))
    assert "exit codes" in out


@pytest.mark.parametrize("arguments", [(), ("validte",), ("validate",), ("test",), ("validate", "--jsn", "x")])
def test_a_wrong_command_line_is_a_usage_error(run, arguments):
    answer = run(*arguments)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("usage: smolagents-policy")
