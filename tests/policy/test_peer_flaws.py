"""What went wrong in the peer that this is measured against, and does not here, each in a test that shows it.

The list is from reading and running agent-os-kernel 3.7.0. What is about agents is tried on agents.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from smolagents import CodeAgent, Tool, ToolCallingAgent
from smolagents.hooks_testing import ScriptedModel, code
from smolagents.policy import Policy, PolicyHook
from smolagents.policy.leaves import Leaf
from smolagents.policy.matcher import Matcher, PatternText
from smolagents.policy.normalize import forms

from .executions import execution, hook_for, ok, problems, refused


class Shell(Tool):
    """Keeps the commands that it was given, in place of running them."""

    name = "shell"
    description = "Runs a command."
    inputs = {
        "command": {"type": "any", "description": "The command."},
        "options": {"type": "any", "description": "Options.", "nullable": True},
    }
    output_type = "string"

    def __init__(self):
        super().__init__()
        self.commands = []

    def forward(self, command, options=None) -> str:
        self.commands.append(command)
        return "done"


def agent_with(kind, shell, turns, hook, **kwargs):
    return kind(tools=[shell], model=ScriptedModel(*turns), hooks=[hook], verbosity_level=0, **kwargs)


def turns_of(kind, *arguments):
    """The turns of an agent that calls the shell with each of these arguments, one call a step, and then answers."""
    if kind is ToolCallingAgent:
        return [*([("shell", each)] for each in arguments), [("final_answer", {"answer": "done"})]]
    return [*(code(f"shell(**{each!r})") for each in arguments), code("final_answer('done')")]


def executed(kind, policy, *arguments):
    """What the shell got to run under a policy that allows it, and the answer of the run."""
    shell, hook = Shell(), hook_for(**policy)
    answer = agent_with(kind, shell, turns_of(kind, *arguments), hook).run("task")
    return shell.commands, answer


def only_tools(hook):
    """The same hook for calls alone: in code a pattern would be found before the call is made."""
    return PolicyHook(hook.policy, kinds={"tool"})


both_agents = pytest.mark.parametrize("kind", [ToolCallingAgent, CodeAgent])


@both_agents
def test_the_policy_governs_this_release_of_smolagents_and_says_so_before_the_tool_runs(kind):
    assert executed(kind, {}, {"command": "ls"})[0] == ["ls"]
    assert executed(kind, {"tools": {"deny": ["shell"]}}, {"command": "ls"})[0] == []


@pytest.mark.parametrize("key", ["tool", "blocked_patterns", "Tools", "max_tool_calls", "limit"])
def test_a_misspelt_key_is_an_error_and_not_a_permission(key):
    (problem,) = problems(f"version: 1\n{key}: [shell]")
    assert "no such key" in problem


def test_a_policy_that_says_nothing_allows_no_tool():
    assert refused(PolicyHook(Policy.loads("version: 1")), execution("shell"))


def test_an_empty_list_of_allowed_tools_allows_nothing():
    assert refused(hook_for(default="deny", tools={"allow": []}), execution("shell"))


def test_a_round_trip_keeps_the_name():
    policy = Policy.loads("{version: 1, name: production, patterns: [rm -rf]}")
    assert Policy.loads(policy.dump()) == policy
    assert Policy.loads(policy.dump()).name == "production"


@both_agents
@pytest.mark.parametrize(
    ("pattern", "arguments"),
    [
        pytest.param({"regex": "^rm"}, {"command": "rm -rf /"}, id="the start of a value"),
        pytest.param({"glob": "*.exe"}, {"command": "tool.exe"}, id="the end of a value"),
        pytest.param("a\nb", {"command": "a\nb"}, id="a newline"),
        pytest.param("C:\\Windows", {"command": "del C:\\Windows"}, id="a backslash"),
        pytest.param("it's", {"command": 'it\'s "quoted"'}, id="one quote of two kinds"),
        pytest.param('"quoted"', {"command": 'it\'s "quoted"'}, id="the other quote of two kinds"),
        pytest.param("rm -rf", {"command": ["rm", "-rf", "/"]}, id="a list of arguments"),
        pytest.param("rm -rf", {"command": {"steps": [{"run": "rm -rf /"}]}}, id="a nested value"),
        pytest.param("rm -rf", {"command": "ls", "options": "rm -rf /"}, id="a second argument"),
        pytest.param("shell", {"command": "ѕһеӏӏ"}, id="look-alike letters"),
        pytest.param("rm -rf", {"command": "r\u200bm -rf /"}, id="a zero-width space"),
    ],
)
def test_a_pattern_is_not_missed_for_how_arguments_are_printed(kind, pattern, arguments):
    shell, hook = Shell(), only_tools(hook_for(patterns=[pattern]))
    assert agent_with(kind, shell, turns_of(kind, arguments), hook).run("task") == "done"
    assert shell.commands == []


def test_a_second_positional_argument_in_code_is_looked_at():
    shell, hook = Shell(), only_tools(hook_for(patterns=["rm -rf"]))
    program = "shell('ls', 'rm -rf')"
    agent_with(CodeAgent, shell, [code(program), code("final_answer('done')")], hook).run("task")
    assert shell.commands == []


def test_case_counts_unless_the_policy_says_otherwise():
    assert not refused(hook_for(patterns=["SELECT"]), execution(sql="please select one"))
    assert not refused(hook_for(patterns=[{"regex": "SELECT"}]), execution(sql="please select one"))
    assert not refused(hook_for(patterns=[{"glob": "*.EXE"}]), execution(sql="tool.exe"))
    assert refused(hook_for(patterns=[{"regex": "(?i)SELECT"}]), execution(sql="please select one"))


@pytest.mark.parametrize(
    ("kind", "patterns", "text"),
    [
        ("glob", ["*a*a*a*a*b"], "a" * 10_000),
        ("glob", [f"*{letter}*a*a*a*b" for letter in "acdefghijk"], "a" * 100_000),
        ("regex", ["(a+)+$"], "a" * 1_000_000 + "!"),
    ],
)
def test_no_pattern_hangs_on_any_text(kind, patterns, text):
    # By backtracking the last one would take longer than the universe is old; the test run would end it
    assert Matcher([PatternText(kind, pattern) for pattern in patterns]).find([Leaf("text", forms(text))]) == []


def test_a_limit_of_ten_holds_against_fifty_threads():
    hook, start, executed = hook_for(limits={"tool_calls": 10}), Barrier(50), []

    def attempt(number):
        about = execution("shell", number=number)
        start.wait()
        if not refused(hook, about):
            executed.append(number)
            hook.after_tool_execution(about, ok())

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(attempt, range(50)))
    assert len(executed) == 10


def test_a_limit_of_ten_holds_against_fifty_parallel_calls_of_an_agent():
    shell, hook = Shell(), hook_for(limits={"tool_calls": 10})
    calls = [("shell", {"command": f"echo {number}"}) for number in range(50)]
    turns = [calls, [("final_answer", {"answer": "done"})]]
    assert agent_with(ToolCallingAgent, shell, turns, hook, max_tool_threads=50).run("task") == "done"
    assert len(shell.commands) == 10


def test_a_limit_of_two_holds_within_one_code_action():
    shell, hook = Shell(), hook_for(limits={"tool_calls": 2})
    program = "for i in range(100):\n    try:\n        shell(str(i))\n    except Exception:\n        pass"
    agent_with(CodeAgent, shell, [code(program), code("final_answer('done')")], hook).run("task")
    assert shell.commands == ["0", "1"]


@both_agents
def test_a_run_at_its_limit_may_answer_at_once(kind):
    shell, hook = Shell(), hook_for(limits={"tool_calls": 1})
    agent = agent_with(kind, shell, turns_of(kind, {"command": "1"}, {"command": "2"}), hook)
    assert agent.run("task") == "done"
    assert shell.commands == ["1"]
    assert len(agent.model.seen) == 3  # Two calls and the answer


@both_agents
def test_an_event_names_the_tool_its_arguments_the_run_and_the_policy(kind):
    shell, hook = Shell(), hook_for(name="strict", tools={"deny": ["shell"]})
    events = []
    hook.on("tool_call_blocked", events.append, synchronous=True)
    agent_with(kind, shell, turns_of(kind, {"command": "ls"}), hook).run("task")
    (event,) = events
    assert (event.execution.name, event.execution.arguments["command"]) == ("shell", "ls")
    assert event.execution.run_id and event.execution.agent_path == (kind.__name__,)
    assert (event.policy_name, event.policy_digest) == ("strict", hook.policy.digest)


def test_a_handler_can_be_removed():
    hook, events = hook_for(), []
    unsubscribe = hook.on("policy_check", events.append, synchronous=True)
    hook.before_tool_execution(execution())
    unsubscribe()
    hook.before_tool_execution(execution())
    assert len(events) == 1
