"""What went wrong in the peer and does not here: limits of time and tokens, approvals, policies that extend others."""

from __future__ import annotations

from threading import Event, Thread

from smolagents.hooks_testing import ScriptedModel
from smolagents.policy import FunctionApprover, Policy, PolicyHook

from .executions import execution, hook_for, refused
from .test_peer_flaws import Shell, agent_with, both_agents, turns_of


def extending(folder, child, **parents):
    """A policy in a folder that extends these others there."""
    for name, text in parents.items():
        (folder / f"{name}.yaml").write_text(text)
    (folder / "child.yaml").write_text(
        f"version: 1\nextends: [{', '.join(f'{name}.yaml' for name in parents)}]\n{child}"
    )
    return Policy.load(folder / "child.yaml")


def test_two_allow_lists_without_a_common_tool_allow_nothing(tmp_path):
    one, other = "{version: 1, tools: {allow: [read]}}", "{version: 1, tools: {allow: [write]}}"
    hook = PolicyHook(extending(tmp_path, "default: allow", one=one, other=other))
    assert refused(hook, execution("read"))
    assert refused(hook, execution("write"))
    assert refused(hook, execution("shell"))


def test_what_a_parent_denies_no_child_allows(tmp_path):
    policy = extending(
        tmp_path, "default: allow\ntools: {allow: [shell]}", base="{version: 1, tools: {deny: [shell]}}"
    )
    assert refused(PolicyHook(policy), execution("shell"))


@both_agents
def test_tokens_are_counted(kind):
    shell = Shell()
    turns = turns_of(kind, {"command": "1"}, {"command": "2"}, {"command": "3"})
    # The model says that it used 15 for each of its turns, which is known after the step
    hook = hook_for(limits={"tokens": 20})
    assert agent_with(kind, shell, turns, hook).run("task") == "done"
    assert shell.commands == ["1", "2"]


@both_agents
def test_the_clock_of_a_run_starts_with_the_run(kind):
    now = [0.0]
    policy = Policy.from_data({"version": 1, "default": "allow", "limits": {"run_seconds": 60}})
    hook = PolicyHook(policy, clock=lambda: now[0])
    now[0] = 1000.0
    for _ in range(2):
        shell = Shell()
        assert agent_with(kind, shell, turns_of(kind, {"command": "1"}), hook).run("task") == "done"
        assert shell.commands == ["1"]
        now[0] += 1000.0


@both_agents
def test_a_tool_that_takes_longer_than_it_may_is_left(kind):
    released, ended = Event(), []

    class Slow(Shell):
        def forward(self, command, options=None) -> str:
            released.wait()
            ended.append(command)
            return "late"

    agent = agent_with(kind, Slow(), turns_of(kind, {"command": "1"}), hook_for(limits={"call_seconds": 0.05}))
    try:
        assert agent.run("task") == "done"
        assert ended == []
        assert "did not end within" in agent.model.read()
    finally:
        released.set()


ASKING = {"version": 1, "default": "allow", "rules": [{"id": "ask", "when": {"name": "shell"}, "action": "ask"}]}


@both_agents
def test_an_approval_applies_to_the_call_that_it_was_asked_for(kind):
    shell, asked = Shell(), []

    def approve(request):
        asked.append(request.execution.arguments["command"])
        return request.approve(by="ann")

    hook = PolicyHook(Policy.from_data(ASKING), approver=FunctionApprover(approve))
    assert agent_with(kind, shell, turns_of(kind, {"command": "ls"}), hook).run("task") == "done"
    assert (shell.commands, asked) == (["ls"], ["ls"])


@both_agents
def test_a_call_that_was_refused_for_want_of_an_approval_applies_once_it_is_given(kind):
    shell, requests = Shell(), []
    hook = PolicyHook(Policy.from_data(ASKING), approver=FunctionApprover(requests.append))
    assert agent_with(kind, shell, turns_of(kind, {"command": "ls"}), hook).run("task") == "done"
    assert shell.commands == []
    hook.approve(requests[0].digest)
    # Another run, so the execution has another id; it is the same call all the same
    agent_with(kind, shell, turns_of(kind, {"command": "ls"}, {"command": "ls"}), hook).run("task")
    assert shell.commands == ["ls"]


@both_agents
def test_an_approval_is_for_its_arguments_alone_in_this_run_and_the_next(kind):
    shell, kept = Shell(), []

    def approve_once(request):
        if not kept:
            kept.append(request.approve(by="ann"))
        return kept[0]  # For whatever else is asked, the same old approval

    hook = PolicyHook(Policy.from_data(ASKING), approver=FunctionApprover(approve_once))
    agent = agent_with(kind, shell, turns_of(kind, {"command": "ls"}, {"command": "rm"}, {"command": "ls"}), hook)
    agent.run("task")
    agent.model = ScriptedModel(*turns_of(kind, {"command": "rm"}))
    agent.run("another", reset=True)
    assert shell.commands == ["ls"]


def test_a_slow_handler_does_not_delay_the_decision():
    released, decided, hook = Event(), Event(), hook_for(tools={"deny": ["shell"]})
    hook.on("policy_check", lambda event: released.wait())

    def decide():
        assert refused(hook, execution("shell"))
        decided.set()

    thread = Thread(target=decide, daemon=True)
    thread.start()
    try:
        assert decided.wait(30)
    finally:
        released.set()
        thread.join()


@both_agents
def test_a_run_whose_time_is_up_may_answer(kind):
    now = [0.0]
    policy = Policy.from_data({"version": 1, "default": "allow", "limits": {"run_seconds": 60}})
    hook = PolicyHook(policy, clock=lambda: now[0])

    class Slow(Shell):
        def forward(self, command, options=None) -> str:
            now[0] += 61
            return super().forward(command)

    assert agent_with(kind, Slow(), turns_of(kind, {"command": "1"}), hook).run("task") == "done"
