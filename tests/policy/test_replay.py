"""A recorded run is decided on call by call, without anything being executed or anybody being asked."""

import json

import pytest

from smolagents import CodeAgent, ToolCallingAgent, tool
from smolagents.hooks_testing import RecordingHook, ScriptedModel, code
from smolagents.policy import Policy, PolicyError, PolicyHook
from smolagents.policy.recorded import execution_of, from_memory, load
from smolagents.policy.replay import Rehearsal, replay
from tests.policy.executions import execution


ran = []


@tool
def act(what: str) -> str:
    """Acts.

    Args:
        what: What to do.
    """
    ran.append(what)
    return "done"


def finished(kind, *turns, **kwargs):
    """An agent that has run, without a policy."""
    agent = kind(tools=[act], model=ScriptedModel(*turns), verbosity_level=0, **kwargs)
    agent.run("task")
    return agent


def three_acts():
    turns = [[("act", {"what": str(number)})] for number in range(3)]
    return finished(ToolCallingAgent, *turns, [("final_answer", {"answer": "end"})])


def policy(**data):
    return Policy.from_data({"version": 1, "default": "allow", **data})


def actions(decisions):
    return [(execution.name, decision.action) for execution, decision in decisions]


def test_a_replay_executes_nothing():
    agent = three_acts()
    ran.clear()

    assert len(replay(policy(), agent.memory)) == 4
    assert ran == []


def test_limits_are_replayed_in_order():
    decisions = replay(policy(limits={"tool_calls": 2}), three_acts().memory)

    assert actions(decisions) == [("act", "allow"), ("act", "allow"), ("act", "deny"), ("final_answer", "allow")]
    assert decisions[2][1].code == "limit_tool_calls"


def test_the_json_of_a_memory_is_replayed_like_the_memory():
    memory = three_acts().memory
    steps = json.loads(json.dumps(memory.get_full_steps(), default=str))

    assert actions(replay(policy(limits={"tool_calls": 1}), steps)) == actions(
        replay(policy(limits={"tool_calls": 1}), memory)
    )


def test_tokens_of_recorded_steps_count():
    turns = [[("act", {"what": str(number)})] for number in range(6)]
    agent = finished(ToolCallingAgent, *turns, [("final_answer", {"answer": "end"})])

    codes = [decision.code for _, decision in replay(policy(limits={"tokens": 20}), agent.memory)]

    # 15 tokens a step: the second step uses them up. There is time to answer, and then the run is over.
    assert codes[:3] == ["", "", "limit_tokens"]
    assert codes[-1] == "run_stopped"


def test_a_call_that_a_person_would_be_asked_about_is_reported_as_that_and_counts():
    rules = [{"id": "ask-first", "when": {"name": "act"}, "action": "ask"}]

    decisions = replay(policy(rules=rules, limits={"tool_calls": 2}), three_acts().memory)

    assert [action for _, action in actions(decisions)] == ["ask", "ask", "deny", "allow"]


def test_after_a_stop_the_rest_of_the_run_is_stopped():
    rules = [{"id": "end", "when": {"name": "act", "arguments": {"what": {"equals": "1"}}}, "action": "stop"}]

    decisions = replay(policy(rules=rules), three_acts().memory)

    assert [action for _, action in actions(decisions)] == ["allow", "stop", "stop", "stop"]
    assert decisions[2][1].reasons[0].entry == "rules[end]"


def test_each_task_in_a_memory_is_a_run_with_limits_of_its_own():
    agent = finished(ToolCallingAgent, [("act", {"what": "0"})], [("final_answer", {"answer": "end"})])
    agent.model = ScriptedModel([("act", {"what": "1"})], [("final_answer", {"answer": "end"})])
    agent.run("another task", reset=False)

    decisions = replay(policy(limits={"tool_calls": 1}), agent.memory)

    assert [action for _, action in actions(decisions)] == ["allow"] * 4
    assert {execution.run_id for execution, _ in decisions} == {"run-1", "run-2"}


def test_code_is_judged_by_its_text_and_by_the_answer_it_gave():
    memory = finished(CodeAgent, code("act('42')"), code("final_answer(str(6 * len([0] * 7)))")).memory

    decisions = replay(policy(patterns=["42"]), memory)

    assert actions(decisions) == [
        ("python_interpreter", "deny"),
        ("python_interpreter", "allow"),
        ("final_answer", "deny"),
    ]
    assert decisions[2][0].arguments == {"answer": "42"}


def test_what_a_memory_does_not_hold_is_said():
    of_code = from_memory(finished(CodeAgent, code("final_answer(1)")).memory).gaps
    of_calls = from_memory(three_acts().memory).gaps

    assert any("inside generated code" in gap for gap in of_code)
    assert not any("inside generated code" in gap for gap in of_calls)
    assert any("managed agents" in gap for gap in of_calls)


def test_managed_agents_can_be_named_as_memory_does_not_tell_them_from_tools():
    recording = from_memory(three_acts().memory, managed_agents=["act"])

    assert [execution.kind for execution, _ in replay(policy(), recording)] == ["agent"] * 3 + ["tool"]


def test_operations_that_the_policy_does_not_speak_of_are_let_pass_as_its_hook_is_not_asked():
    about = execution("file.read", kind="operation", path="/etc/passwd")

    decision = Rehearsal(policy()).decide(about)

    assert (decision.action, decision.code) == ("allow", "kind_not_judged")


def test_a_replay_agrees_with_a_hook_that_was_there():
    hook = PolicyHook(policy(limits={"tool_calls": 2}, tools={"deny": ["final_*"]}, patterns=["1"]))
    seen = []
    hook.on("policy_check", lambda event: seen.append((event.execution.name, event.decision.action)), synchronous=True)
    turns = [[("act", {"what": str(number)})] for number in range(4)]
    agent = finished(ToolCallingAgent, *turns, [("final_answer", {"answer": "end"})], hooks=[hook], max_steps=5)

    replayed = actions(replay(hook.policy, agent.memory))

    assert replayed == seen[: len(replayed)]
    assert [action for _, action in replayed] == ["allow", "deny", "allow", "deny", "deny"]


def test_a_rehearsal_counts_rates_here_and_not_in_the_store_that_a_fleet_shares():
    limits = {"rates": {"act": "1/minute"}, "store": "redis://nowhere.invalid:1/0"}
    rehearsal = Rehearsal(policy(limits=limits))

    decided = [rehearsal.decide(execution("act")).action]
    decided.append(rehearsal.decide(execution("act")).code)
    rehearsal.wait(61)
    decided.append(rehearsal.decide(execution("act")).action)

    assert decided == ["allow", "limit_rate", "allow"]


def lines(tmp_path, *records):
    path = tmp_path / "audit.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_a_file_with_an_execution_a_line_is_replayed(tmp_path):
    hook = RecordingHook()
    finished(CodeAgent, code("act('secret')"), code("final_answer('end')"), hooks=[hook])
    records = [
        {
            "kind": execution.kind,
            "name": execution.name,
            "arguments": dict(execution.arguments),
            "id": execution.id,
            "parent_id": execution.parent_id,
            "run_id": execution.run_id,
            "agent_path": execution.agent_path,
            "step_number": execution.step_number,
            "time": "what else a record has is not looked at",
        }
        for execution in hook.asked
    ]

    decisions = replay(policy(tools={"deny": ["act"]}), load(lines(tmp_path, *records)))

    assert [action for _, action in actions(decisions)] == ["allow", "deny", "allow", "allow"]
    assert [execution.id for execution, _ in decisions] == [execution.id for execution in hook.asked]
    assert decisions[1][0].parent_id == hook.asked[0].id
    assert decisions[1][0].agent_path == ("CodeAgent",)


@pytest.mark.parametrize(
    "text, problem",
    [
        ("", "There is nothing in it"),
        ("[1]", "[0]: This is no step"),
        ('[{"step_number": 1, "tool_calls": [{"function": {}}]}]', "[0]: This has a tool call without a name"),
        ("[", "audit.jsonl:1:2: This is not JSON"),
        ('{"kind": "tool", "name": "act"}\n', "audit.jsonl:1:1: `arguments` has to be an object"),
        ('\n{"kind": "tool", "name": 1, "arguments": {}}\n', "audit.jsonl:2:1: `name` has to be text"),
        ('{"kind": ["tool"], "name": "act", "arguments": {}}\n', "audit.jsonl:1:1: `kind` has to be one of"),
        (
            '{"kind": "tool", "name": "act", "arguments": {}, "agent_path": []}\n',
            "audit.jsonl:1:1: `agent_path` has to be a list of names",
        ),
        ("nothing\n", "audit.jsonl:1:1: This is not JSON"),
        ("1\n", "audit.jsonl:1:1: This is no record"),
        ("9" * 5000, "audit.jsonl:1:1: This is "),
        ("[" * 100_000, "This is nested too deep"),
    ],
)
def test_a_file_that_is_no_recording_is_refused_with_a_sentence(tmp_path, text, problem):
    path = tmp_path / "audit.jsonl"
    path.write_text(text)

    with pytest.raises(PolicyError) as caught:
        load(path)

    assert problem in str(caught.value)


@pytest.mark.parametrize("time", [10**400, float("nan"), float("inf"), "noon", True])
def test_a_time_that_cannot_be_is_not_known(time):
    call = {"function": {"name": "act", "arguments": {}}}
    timing = {"start_time": time, "end_time": time}
    recording = from_memory([{"step_number": 1, "timing": timing, "tool_calls": [call]}])
    assert [event.time for event in recording.events] == [None, None]
    assert replay(policy(limits={"run_seconds": 1, "rates": {"act": "1/minute"}}), recording)[0][1].action == "allow"


def test_arguments_that_are_no_mapping_go_by_the_name_the_host_gives_them():
    assert execution_of("tool", "act", "not json", id="1").arguments == {"args": ("not json",)}
