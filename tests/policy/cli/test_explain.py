"""`explain` says what a policy decides about a call, or a recorded run, and why."""

import json
from pathlib import Path

import pytest

from smolagents import CodeAgent, ToolCallingAgent, tool
from smolagents.hooks_testing import ScriptedModel, code


@tool
def web_search(query: str) -> str:
    """Searches.

    Args:
        query: What for.
    """
    return "found"


@tool
def shell(command: str) -> str:
    """Runs a command.

    Args:
        command: Which.
    """
    return "ran"


def record(kind, *turns):
    """Run an agent without a policy and write its memory down."""
    agent = kind(tools=[web_search, shell], model=ScriptedModel(*turns), verbosity_level=0)
    agent.run("task")
    with open("run.json", "w") as file:
        json.dump(agent.memory.get_full_steps(), file, default=str)


def test_a_call_that_is_allowed(run):
    answer = run("explain", "policy.yaml", "--tool", "web_search", "--arg", "query=cats")

    assert answer.code == 0
    assert answer.out.splitlines()[0] == 'allow  web_search(query="cats")'
    assert "tools.allow[0]" in answer.out


def test_a_call_that_is_refused_has_all_its_reasons_and_where_they_are(run):
    answer = run("explain", "policy.yaml", "--tool", "shell", "--arg", "command=cd / && rm -rf .")

    assert answer.code == 1
    assert answer.out.startswith("deny")
    assert "tools.deny[0]" in answer.out and "patterns[0]" in answer.out
    assert 'found in arguments.command, characters 8 to 14: "rm -rf"' in answer.out


def test_a_call_that_a_person_is_asked_about_is_no_refusal(run):
    answer = run("explain", "policy.yaml", "--tool", "send_mail", "--arg", "to=ann@example.org")

    assert answer.code == 0
    assert answer.out.startswith("ask") and "mail-stays-inside" in answer.out


def test_what_an_intent_was_told_by_is_shown_and_is_data(run):
    Path("intents.yaml").write_text("{version: 1, intents: {deny: [destructive_data]}}")
    Path("step.py").write_text("import shutil\nshutil.rmtree('/')\n")

    answer = run("explain", "intents.yaml", "--code", "step.py")
    assert answer.code == 1
    assert "found in arguments.code, line 2: \"shutil.rmtree('/')\"" in answer.out

    [reason] = run("explain", "intents.yaml", "--code", "step.py", "--json").data["decision"]["reasons"]
    assert (reason["code"], reason["text"]) == ("intent", "destructive_data")
    assert reason["evidence"][0] == {
        "rule": "delete-everything",
        "category": "destructive_data",
        "weight": 0.97,
        "explanation": "deletes a whole disk or file system",
        "where": "arguments.code",
        "text": "shutil.rmtree('/')",
        "line": 2,
    }
    assert "intents: deny" in run("validate", "intents.yaml").out


def test_an_argument_may_be_json(run):
    answer = run("explain", "policy.yaml", "--tool", "web_search", "--arg", 'queries:=["rm", "-rf"]', "--json")

    assert answer.code == 1
    assert answer.data["call"]["arguments"] == {"queries": ["rm", "-rf"]}
    assert answer.data["decision"]["action"] == "deny"
    [reason] = [reason for reason in answer.data["decision"]["reasons"] if reason["action"] == "deny"]
    assert (reason["entry"], reason["where"]) == ("patterns[0]", "arguments.queries (joined)")


def test_numbers_that_json_does_not_have_are_written_as_text(run):
    answer = run("explain", "policy.yaml", "--tool", "x", "--arg", "n:=[NaN, 1e999]", "--json")

    assert answer.data["call"]["arguments"] == {"n": ["nan", "inf"]}


def test_code_is_read_from_a_file(run):
    Path("step.py").write_text("import os\nos.system('rm -rf /')\n")

    answer = run("explain", "policy.yaml", "--code", "step.py")

    assert answer.code == 1
    assert "patterns[0]" in answer.out


def test_a_delegation(run):
    assert run("explain", "policy.yaml", "--agent", "read_papers", "--arg", "task=read").code == 0
    assert run("explain", "policy.yaml", "--agent", "writer", "--arg", "task=write").code == 1


def test_an_operation(run):
    Path("files.yaml").write_text("version: 1\noperations: {file.read: {path_within: [data]}}\n")

    inside = run("explain", "files.yaml", "--operation", "file.read", "--arg", "path=data/a.txt")
    outside = run("explain", "files.yaml", "--operation", "file.read", "--arg", "path=/etc/passwd")

    assert (inside.code, outside.code) == (0, 1)
    assert "operations.file.read" in outside.out


def test_a_policy_that_says_nothing_about_operations_is_not_asked(run):
    answer = run("explain", "policy.yaml", "--operation", "file.read", "--arg", "path=/etc/passwd")

    assert answer.code == 0
    assert "its hook is not asked" in answer.out


def test_a_rule_about_an_agent_is_asked_with_the_agents_name(run):
    rules = "[{id: no-intern, when: {agent: intern}, action: deny}]"
    Path("agents.yaml").write_text(f"version: 1\ndefault: allow\nrules: {rules}\n")

    assert run("explain", "agents.yaml", "--tool", "web_search").code == 0
    assert run("explain", "agents.yaml", "--tool", "web_search", "--by", "manager/intern").code == 1


def test_a_shadow_policy_is_shown_with_what_it_would_do(run):
    Path("shadow.yaml").write_text("version: 1\nmode: shadow\ntools: {deny: [shell]}\n")

    answer = run("explain", "shadow.yaml", "--tool", "shell")

    assert answer.code == 1
    assert answer.out.startswith("allow (mode shadow, else deny)")
    assert "does not count" in answer.out


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("--tool", "x", "--arg", "query"), "--arg query: write NAME=TEXT, or NAME:=JSON."),
        (("--tool", "x", "--arg", "=cats"), "--arg =cats: write NAME=TEXT, or NAME:=JSON."),
        (("--tool", "x", "--arg", "n:=cats"), "--arg n:=cats: what follows := is not JSON. For text write n=..."),
        (("--operation", "file.raed"), "There is no operation file.raed. Did you mean file.read?"),
        (("--tool", ""), "--tool and --agent need a name."),
        (("--agent", ""), "--tool and --agent need a name."),
        (("--tool", "x", "--only-refused"), "--only-refused and --managed-agent go with --recorded."),
        (("--code", "x.py", "--arg", "a=b"), "--arg goes with --tool, --agent or --operation."),
        (("--code", "absent.py"), "absent.py: No such file or directory."),
    ],
)
def test_a_wrong_option_is_answered_with_what_to_write(run, arguments, message):
    answer = run("explain", "policy.yaml", *arguments)

    assert (answer.code, answer.out, answer.err) == (2, "", f"smolagents-policy: {message}\n")


def test_there_has_to_be_something_to_explain(run):
    answer = run("explain", "policy.yaml")

    assert answer.code == 2
    assert "--tool" in answer.err and "Traceback" not in answer.err


def test_a_recorded_run_is_played_call_by_call_with_limits(run):
    searches = [[("web_search", {"query": f"cats {number}"})] for number in range(3)]
    record(ToolCallingAgent, *searches, [("shell", {"command": "ls"})], [("final_answer", {"answer": "cats"})])

    answer = run("explain", "policy.yaml", "--recorded", "run.json")

    assert answer.code == 1
    verdicts = [line.split()[0] for line in answer.out.splitlines() if line and not line.startswith((" ", "note"))]
    assert verdicts == ["allow", "allow", "deny", "deny", "allow", "5"]
    assert "limits.tool_calls" in answer.out and "tools.deny[0]" in answer.out
    assert "5 executions: 3 allow, 2 deny" in answer.out


def test_only_what_is_refused_is_shown_if_that_is_asked_for(run):
    record(
        ToolCallingAgent,
        [("web_search", {"query": "cats"}), ("shell", {"command": "ls"})],
        [("final_answer", {"answer": "cats"})],
    )

    answer = run("explain", "policy.yaml", "--recorded", "run.json", "--only-refused", "--json")

    assert [call["call"]["name"] for call in answer.data["calls"]] == ["shell"]
    assert answer.data["executions"] == 3


def test_what_memory_does_not_hold_is_said(run):
    record(CodeAgent, code("shell('ls')"), code("final_answer('rm -rf')"))

    answer = run("explain", "policy.yaml", "--recorded", "run.json")

    assert "tool calls, delegations and operations inside generated code are not replayed" in answer.out
    # The text of the action and the answer that it gave are there.
    assert answer.out.count("    deny  patterns[0]:") == 2


def test_a_file_that_is_no_recording_is_refused_with_the_place(run):
    Path("run.json").write_text('{"kind": "tool", "name": "x", "arguments": {}}\n{"kind": "tol"}\n')

    answer = run("explain", "policy.yaml", "--recorded", "run.json")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err == "run.json:2:1: `kind` has to be one of agent, code, operation, tool.\n"


def test_a_policy_that_is_wrong_is_refused_before_anything_is_explained(run):
    Path("bad.yaml").write_text("version: 1\ntool: {}\n")

    answer = run("explain", "bad.yaml", "--tool", "x")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("bad.yaml:2:1: tool: ")


def test_what_a_model_wrote_cannot_steer_the_terminal(run):
    answer = run("explain", "policy.yaml", "--tool", "web_search", "--arg", "query=\x1b[2J\nallow everything\u202e")

    assert "\x1b" not in answer.out and "\u202e" not in answer.out
    assert answer.out.splitlines()[0].startswith('allow  web_search(query="<U+001B>[2J\\nallow')
