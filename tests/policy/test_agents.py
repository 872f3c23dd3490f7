"""A policy on real agents: what it refuses does not happen, the model reads why, and the run goes on."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from smolagents import CodeAgent, Deny, Tool, ToolCallingAgent
from smolagents.hooks_testing import RecordingHook, ScriptedModel, code
from smolagents.policy import Policy, PolicyHook


class Write(Tool):
    description = "Writes a file."
    inputs = {"path": {"type": "string", "description": "Where to."}}
    output_type = "string"

    def __init__(self, folder, name="write"):
        super().__init__()
        self.name, self.folder = name, folder

    def forward(self, path: str) -> str:
        (self.folder / path).touch()
        return f"wrote {path}"


def call(kind, *paths, tool="write"):
    """The turns of an agent of that kind that calls the tool with each path, one a step, and then answers."""
    if kind is ToolCallingAgent:
        return [*([(tool, {"path": path})] for path in paths), [("final_answer", {"answer": "done"})]]
    return [*(code(f"{tool}({path!r})") for path in paths), code("final_answer('done')")]


def run(kind, turns, tools, policy, **kwargs):
    model = ScriptedModel(*turns)
    hook = PolicyHook(Policy.loads(policy))
    agent = kind(tools=tools, model=model, hooks=[hook], verbosity_level=0, **kwargs)
    return agent.run("task"), model, hook


both_agents = pytest.mark.parametrize("kind", [ToolCallingAgent, CodeAgent])


@both_agents
@pytest.mark.parametrize(
    "policy",
    [
        "{version: 1, default: allow, tools: {deny: [write]}}",
        "{version: 1, default: deny}",
        "{version: 1, default: allow, patterns: ['x.txt']}",
        "{version: 1, default: allow, patterns: [{glob: '*.txt'}]}",
        "{version: 1, default: allow, patterns: [{regex: 'x[.]txt'}]}",
        "{version: 1, default: allow, limits: {tool_calls: 0}}",
    ],
)
def test_what_a_policy_refuses_does_not_happen_and_the_run_goes_on(kind, policy, tmp_path):
    answer, model, _ = run(kind, call(kind, "x.txt"), [Write(tmp_path)], policy)
    assert answer == "done"
    assert list(tmp_path.iterdir()) == []
    assert "was refused" in model.read()


@both_agents
def test_what_a_policy_allows_happens(kind, tmp_path):
    policy = "{version: 1, tools: {allow: ['wr*']}, patterns: [rm -rf], limits: {tool_calls: 1}}"
    answer, _, _ = run(kind, call(kind, "x.txt"), [Write(tmp_path)], policy)
    assert answer == "done"
    assert [path.name for path in tmp_path.iterdir()] == ["x.txt"]


@both_agents
def test_a_run_that_has_used_its_calls_can_still_answer(kind, tmp_path):
    policy = "{version: 1, default: allow, limits: {tool_calls: 2}}"
    answer, _, _ = run(kind, call(kind, "1", "2", "3", "4"), [Write(tmp_path)], policy)
    assert answer == "done"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2"]


def test_a_limit_holds_for_a_hundred_calls_in_one_code_action(tmp_path):
    program = "for i in range(100):\n    try:\n        write(str(i))\n    except Exception:\n        pass"
    policy = "{version: 1, default: allow, limits: {tool_calls: 2}}"
    run(CodeAgent, [code(program), code("final_answer('done')")], [Write(tmp_path)], policy)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_limit_is_exact_for_parallel_calls(tmp_path):
    calls = [("write", {"path": str(number)}) for number in range(50)]
    turns = [calls, [("final_answer", {"answer": "done"})]]
    policy = "{version: 1, default: allow, limits: {tool_calls: 10}}"
    run(ToolCallingAgent, turns, [Write(tmp_path)], policy, max_tool_threads=16)
    assert len(list(tmp_path.iterdir())) == 10


def test_a_limit_counts_the_calls_of_managed_agents_too(tmp_path):
    worker = CodeAgent(
        tools=[Write(tmp_path)],
        model=ScriptedModel(*call(CodeAgent, "1", "2", "3")),
        name="worker",
        description="Works.",
        verbosity_level=0,
    )
    policy = "{version: 1, default: allow, limits: {tool_calls: 3}}"
    turns = [code("worker(task='work')"), code("final_answer('done')")]
    run(CodeAgent, turns, [], policy, managed_agents=[worker])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2"]  # The delegation is a call as well


def test_a_call_that_another_hook_refuses_is_not_counted(tmp_path):
    other = RecordingHook(lambda execution: Deny("no") if execution.arguments.get("path") == "1" else None)
    hook = PolicyHook(Policy.loads("{version: 1, default: allow, limits: {tool_calls: 1}}"))
    model = ScriptedModel(*call(ToolCallingAgent, "1", "2"))
    ToolCallingAgent(tools=[Write(tmp_path)], model=model, hooks=[hook, other], verbosity_level=0).run("task")
    assert [path.name for path in tmp_path.iterdir()] == ["2"]


def test_two_runs_of_one_hook_are_counted_apart(tmp_path):
    hook = PolicyHook(Policy.loads("{version: 1, default: allow, limits: {tool_calls: 1}}"))
    barrier = threading.Barrier(2, timeout=30)
    answers = []

    def work(number):
        model = ScriptedModel(*call(ToolCallingAgent, f"{number}a", f"{number}b"))
        agent = ToolCallingAgent(tools=[Write(tmp_path)], model=model, hooks=[hook], verbosity_level=0)
        barrier.wait()
        answers.append(agent.run("task"))

    threads = [threading.Thread(target=work, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["done", "done"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1a", "2a"]


@both_agents
def test_a_pattern_in_the_final_answer_keeps_it_from_being_final(kind):
    turns = (
        [[("final_answer", {"answer": "the key is sk-1"})], [("final_answer", {"answer": "I may not say"})]]
        if kind is ToolCallingAgent
        else [code("key = 'sk' + '-1'\nfinal_answer(key)"), code("final_answer('I may not say')")]
    )
    answer, _, _ = run(kind, turns, [], "{version: 1, patterns: [sk-]}")
    assert answer == "I may not say"


@both_agents
def test_events_say_what_was_decided_and_why(kind, tmp_path):
    model = ScriptedModel(*call(kind, "x.txt"))
    hook = PolicyHook(Policy.loads("{version: 1, name: strict, default: allow, tools: {deny: [write]}}"))
    events = []
    unsubscribe = hook.on("tool_call_blocked", events.append, synchronous=True)
    agent = kind(tools=[Write(tmp_path)], model=model, hooks=[hook], verbosity_level=0)
    agent.run("task")
    (event,) = events
    assert (event.execution.name, event.policy_name) == ("write", "strict")
    assert event.decision.code == "tool_denied"
    unsubscribe()
    agent.run("task")
    assert len(events) == 1


def demo(folder, *options):
    command = [sys.executable, Path(__file__).parents[2] / "examples" / "guarded_agent.py", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_the_demo_refuses_what_the_page_asks_for(tmp_path):
    guarded = demo(tmp_path)
    assert guarded.returncode == 0, guarded.stderr
    assert guarded.stdout.count("files lost: none   sent: nothing") == 2


def test_without_hooks_the_demo_does_what_the_page_asks_for(tmp_path):
    unguarded = demo(tmp_path, "--without-hooks")
    assert unguarded.returncode == 1
    assert unguarded.stdout.count("files lost: budget.txt, notes.txt") == 2
