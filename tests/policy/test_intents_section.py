"""What the section `intents` lets happen: as a decision, and on real agents."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from smolagents import CodeAgent, ToolCallingAgent, tool
from smolagents.hooks import ToolExecutionStopped
from smolagents.hooks_testing import ScriptedModel
from smolagents.hooks_testing import code as turn
from smolagents.policy import Category, FunctionApprover, Policy, PolicyHook, classify
from smolagents.policy.intent_section import CategoryName
from smolagents.policy.intents import scoring

from .executions import code, execution, hook_for, problems, refused


DESTRUCTIVE = "import shutil\nshutil.rmtree('/')"


def decide(intents, about, **policy):
    return hook_for(intents=intents, **policy).explain(about)


def operation(name: str, /, **arguments):
    return execution(name, kind="operation", **arguments)


def test_every_category_but_benign_can_be_listed():
    assert {*get_args(get_args(CategoryName)[0])} == {category.value for category in Category} - {"benign"}


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        (
            "{deny: [destructive]}",
            '18: intents.deny[0]: This is the text "destructive", which is not a choice. '
            "Did you mean `destructive_data`?",
        ),
        (
            "{ask: [benign]}",
            "17: intents.ask[0]: `benign` is what nothing speaks against, so nothing can be done about it. Remove it.",
        ),
        (
            "{thresholds: {network: 0.6}}",
            '24: intents.thresholds.network: This is the text "network", which is not a choice. '
            "Did you mean `network_access`?",
        ),
        ("{min_confidence: 0}", "27: intents.min_confidence: This has to be more than 0, and is 0."),
        ("{thresholds: {data_read: 80}}", "35: intents.thresholds.data_read: This has to be at most 1, and is 80."),
    ],
)
def test_a_mistake_is_told_with_what_to_write_instead(section, problem):
    assert problems(f"version: 1\nintents: {section}\n") == [f"policy.yaml:2:{problem}"]


@pytest.mark.parametrize("action", ["stop", "deny", "ask", "warn"])
def test_each_list_is_an_action(action):
    decision = decide({action: ["data_exfiltration", "destructive_data"]}, code(DESTRUCTIVE))
    (reason,) = decision.reasons
    assert (decision.action, reason.code, reason.text) == (action, "intent", "destructive_data")
    assert reason.entry == f"intents.{action}[1]"


def test_of_a_category_in_several_lists_the_most_severe_action_counts_and_all_are_reasons():
    decision = decide({"warn": ["destructive_data"], "deny": ["destructive_data"]}, code(DESTRUCTIVE))
    assert decision.action == "deny"
    assert [reason.entry for reason in decision.reasons] == ["intents.deny[0]", "intents.warn[0]"]


def test_the_reason_says_what_was_found_and_where():
    (reason,) = decide({"deny": ["destructive_data"]}, code(DESTRUCTIVE), name="production").reasons
    assert reason.message == (
        'it looks like destructive_data (confidence 0.97), which the policy "production" denies (intents.deny[0]): '
        "it deletes a whole disk or file system (arguments.code, line 2, by the rule delete-everything)"
    )
    assert reason.where == "arguments.code"
    assert reason.evidence[0].text == "shutil.rmtree('/')"


def test_the_strongest_evidence_comes_first():
    text = "open('/etc/passwd', 'w')\nimport shutil\nshutil.rmtree('/')"
    (reason,) = decide({"deny": ["system_modification", "destructive_data"]}, code(text)).reasons[1:]
    assert "by the rule delete-everything" in reason.message
    weights = [evidence.weight for evidence in reason.evidence]
    assert weights == sorted(weights, reverse=True)


@pytest.mark.parametrize(
    "about",
    [
        execution("bash", command="rm -rf ~"),
        execution("bash", command=["rm", "-rf", "/"]),
        execution("shell", commands=["ls", "rm -rf ~"]),
        execution("run", arguments={"command": "rm -rf /etc"}),
        execution("helper", kind="agent", task="Run `rm -rf /` there.", additional_args=None),
        execution("helper", kind="agent", task="Do it.", additional_args={"how": [b"rm -rf /"]}),
        operation("file.delete", path="/etc/passwd"),
        operation("process.run", command=["rm", "-rf", "/"], executable=None),
        operation("process.run", command=(b"rm", b"-rf", b"/")),
        code(DESTRUCTIVE),
    ],
    ids=lambda about: f"{about.kind} {about.name}",
)
def test_tools_delegations_code_and_operations_are_judged(about):
    assert decide({"deny": ["destructive_data"]}, about).action == "deny"
    assert decide({"deny": ["privilege_escalation"]}, about).action == "allow"


def test_the_final_answer_is_text_for_a_person():
    assert decide({"deny": ["destructive_data"]}, execution("final_answer", answer="rm -rf /")).action == "allow"
    assert decide({"deny": ["destructive_data"]}, execution("final_answer", kind="agent", task="rm -rf /")).is_refusal


def test_a_category_counts_from_the_confidence_that_is_asked_for():
    about = execution("bash", command="cat ~/.ssh/id_rsa")
    score = classify("bash", {"command": "cat ~/.ssh/id_rsa"}).categories[Category.DATA_EXFILTRATION]
    assert scoring.THRESHOLD <= score < 0.9
    assert decide({"deny": ["data_exfiltration"]}, about).action == "deny"
    assert decide({"deny": ["data_exfiltration"], "min_confidence": score}, about).action == "deny"
    assert decide({"deny": ["data_exfiltration"], "min_confidence": 0.9}, about).action == "allow"


def test_a_category_may_have_a_threshold_of_its_own():
    about = execution("bash", command="cat ~/.ssh/id_rsa")
    listed = {"deny": ["data_exfiltration"], "ask": ["data_read"], "min_confidence": 0.95}
    assert decide(listed, about).action == "allow"
    assert decide({**listed, "thresholds": {"data_exfiltration": 0.5}}, about).action == "deny"
    assert decide({**listed, "thresholds": {"data_read": 0.5}}, about).action == "ask"
    assert decide({**listed, "min_confidence": 0.5, "thresholds": {"data_exfiltration": 0.9}}, about).action == "ask"


def test_what_is_not_dangerous_is_let_pass():
    assert decide({"deny": ["destructive_data", "code_execution"]}, code("model.eval()")).reasons == ()


@pytest.mark.parametrize("action", ["ask", "warn"])
def test_an_intent_opens_no_tool(action):
    decision = decide({action: ["destructive_data"]}, execution("bash", command="rm -rf ~"), default="deny")
    assert decision.action == "deny"
    assert decision.code == "not_allowed"


def test_operations_are_judged_if_intents_are_listed_and_all_others_are_allowed():
    hook = hook_for(intents={"deny": ["destructive_data"]}, default="deny")
    assert "operation" in hook.kinds
    assert not refused(hook, operation("file.write", path="notes.txt", mode="w"))
    assert "operation" not in hook_for(intents={"min_confidence": 0.5}).kinds


def test_in_shadow_nothing_is_refused_and_the_reason_is_there():
    decision = decide({"deny": ["destructive_data"]}, code(DESTRUCTIVE), mode="shadow")
    assert (decision.action, decision.shadow_action) == ("allow", "deny")


def test_every_layer_has_its_own_intents_and_what_it_is_for_is_found_once(tmp_path, monkeypatch):
    (tmp_path / "base.yaml").write_text("{version: 1, default: allow, intents: {deny: [destructive_data]}}")
    text = "{version: 1, extends: base.yaml, intents: {warn: [destructive_data], min_confidence: 0.99}}"
    hook = PolicyHook(Policy.loads(text, directory=tmp_path))
    calls = []
    monkeypatch.setattr(
        "smolagents.policy.intent_tests.classify", lambda *given: calls.append(given) or classify(*given)
    )
    decision = hook.explain(code(DESTRUCTIVE))
    assert [reason.entry for reason in decision.reasons] == ["base.yaml: intents.deny[0]"]
    assert len(calls) == 1


def test_without_intents_nothing_is_classified_and_no_parser_is_imported():
    program = (
        "import sys\nfrom smolagents.policy import Policy, PolicyHook\nPolicyHook(Policy(version=1))\n"
        "print([name for name in sys.modules if name.startswith(('tree_sitter', 'smolagents.policy.intents'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_parser_that_is_not_there_is_one_clear_sentence():
    program = "import sys\nsys.modules['tree_sitter'] = None\nfrom smolagents.policy import classify"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: smolagents.policy.intents needs tree_sitter. "
        "Install what it needs with: pip install 'smolagents[policy]'"
    )


# On real agents


def agent_with(hook: PolicyHook, *programs: str, tools=(), imports=()) -> CodeAgent:
    model = ScriptedModel(*map(turn, programs))
    return CodeAgent(
        tools=[*tools], model=model, hooks=[hook], additional_authorized_imports=[*imports], verbosity_level=0
    )


def test_a_destructive_program_is_denied_before_one_statement_of_it_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hook = hook_for(intents={"deny": ["destructive_data"]})
    program = "import pathlib, shutil\npathlib.Path('first.txt').touch()\nif False:\n    shutil.rmtree('/')"
    agent = agent_with(hook, program, "final_answer('I may not.')", imports=["pathlib", "shutil"])

    assert agent.run("Clean up.") == "I may not."
    assert "destructive_data" in agent.memory.steps[1].observations
    assert not Path("first.txt").exists()


def test_a_program_that_works_on_data_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("sales.csv").write_text("month,amount\n1,10\n2,30\n")
    hook = hook_for(
        intents={
            "deny": ["destructive_data", "data_exfiltration", "privilege_escalation", "system_modification"],
            "ask": ["code_execution"],
        }
    )
    program = (
        "import csv, io, json, os, statistics\n"
        "rows = list(csv.DictReader(io.open('sales.csv')))\n"
        "mean = statistics.mean(float(row['amount']) for row in rows)\n"
        "os.makedirs('out', exist_ok=True)\n"
        "with io.open('out/summary.json', 'w') as file:\n"
        "    json.dump({'mean': mean}, file)\n"
        "os.remove('sales.csv')\n"
        "final_answer(mean)"
    )
    agent = agent_with(hook, program, imports=["csv", "io", "json", "os", "statistics"])

    assert agent.run("What is the mean?") == 20
    assert Path("out/summary.json").read_text() == '{"mean": 20.0}'


@tool
def bash(command: str) -> str:
    """Pretends to run a command.

    Args:
        command: Which.
    """
    RAN.append(command)
    return "done"


RAN: list[str] = []


@pytest.mark.parametrize("approved", [True, False])
def test_a_person_decides_and_is_told_what_it_looks_like(approved):
    RAN.clear()
    requests = []

    def answer(request):
        requests.append(request)
        return request.approve() if approved else request.reject()

    policy = {"version": 1, "tools": {"allow": ["bash"]}, "intents": {"ask": ["system_modification"]}}
    hook = PolicyHook(Policy.from_data(policy), approver=FunctionApprover(answer))
    model = ScriptedModel(
        [("bash", {"command": "ls"})], [("bash", {"command": "shutdown -h now"})], [("final_answer", {"answer": "x"})]
    )

    ToolCallingAgent(tools=[bash], model=model, hooks=[hook], verbosity_level=0).run("Go.")

    assert RAN == ["ls", *(["shutdown -h now"] if approved else [])]
    (request,) = requests
    assert "system_modification" in " ".join(reason.message for reason in request.reasons)


def test_a_category_that_stops_ends_the_run():
    hook = hook_for(intents={"stop": ["privilege_escalation"]})
    with pytest.raises(ToolExecutionStopped, match="privilege_escalation"):
        agent_with(hook, "import os\nos.chmod('/bin/sh', 0o4755)").run("Go.")


def test_what_a_program_hides_is_judged_when_it_happens(tmp_path, monkeypatch):
    victim = tmp_path / ".ssh" / "id_rsa"
    victim.parent.mkdir()
    victim.write_text("key")
    hook = hook_for(intents={"deny": ["data_exfiltration"]})
    program = "import io\nparts = [folder, '.' + shell, 'id_' + key]\nprint(io.open('/'.join(parts)).read())"
    agent = agent_with(hook, program, "final_answer('I may not.')", imports=["io"])
    denied = []
    hook.on("tool_call_blocked", lambda event: denied.append(event.execution.kind), synchronous=True)

    assert agent.run("Go.", additional_args={"folder": str(tmp_path), "shell": "ssh", "key": "rsa"}) == "I may not."
    assert denied == ["operation"]
