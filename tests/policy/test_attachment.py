"""A policy that names what an agent does not have is refused when the agent is built."""

from __future__ import annotations

import logging

import pytest

from smolagents import CodeAgent, PythonInterpreterTool, Tool, ToolCallingAgent, ToolExecutionStopped, tool
from smolagents.hooks_testing import ScriptedModel, code
from smolagents.policy import Policy, PolicyError, PolicyHook


class Search(Tool):
    name = "web_search"
    description = "Searches."
    inputs = {"query": {"type": "string", "description": "What for."}}
    output_type = "string"

    def forward(self, query: str) -> str:
        return query


class Remote(Tool):
    """As tools of MCP servers are: what is declared names the arguments."""

    name = "remote_rm"
    description = "Removes."
    inputs = {"path": {"type": "string", "description": "What."}}
    output_type = "string"
    skip_forward_signature_validation = True

    def forward(self, *args, **kwargs):
        return ""


@tool
def write_file(path: str, text: str = "") -> str:
    """Write a file.

    Args:
        path: Where to.
        text: What.
    """
    return path


def hook_for(check="error", **policy):
    return PolicyHook(Policy.from_data({"version": 1, **policy}), check=check)


def worker(hooks=None, tools=()):
    return ToolCallingAgent(
        tools=[write_file, *tools],
        model=ScriptedModel([("final_answer", {"answer": "done"})]),
        name="worker",
        description="Works.",
        hooks=hooks,
        verbosity_level=0,
    )


def manager(hook, kind=CodeAgent, **kwargs):
    answer = code("final_answer('done')") if kind is CodeAgent else [("final_answer", {"answer": "done"})]
    return kind(
        tools=[Search(), Remote()],
        managed_agents=[worker()],
        model=ScriptedModel(answer),
        hooks=[hook],
        name="boss",
        verbosity_level=0,
        **kwargs,
    )


def problems(kind=CodeAgent, **policy):
    with pytest.raises(PolicyError) as caught:
        manager(hook_for(name="strict", **policy), kind)
    return [str(problem) for problem in caught.value.problems]


def rule(action="deny", **when):
    return [{"id": "rule", "when": when, "action": action}]


both_agents = pytest.mark.parametrize("kind", [CodeAgent, ToolCallingAgent])


@both_agents
@pytest.mark.parametrize(
    "policy",
    [
        {"tools": {"allow": ["web_search", "write_file", "worker", "remote-rm", "remote_rm", "final_answer"]}},
        {"tools": {"deny": ["python_interpreter", "no_such_*"]}},
        {"rules": rule(name="web_search", arguments={"query": {"contains": "x"}, "*": {"contains": "y"}})},
        {"rules": rule(name=["write_file", "wri*"], arguments={"text": {"contains": "x"}})},
        {"rules": rule(name="remote-rm", arguments={"path": {"contains": "x"}})},
        {"rules": rule(kind="agent", name="worker", arguments={"task": {"contains": "x"}})},
        {"rules": rule(name="worker", arguments={"additional_args": {"contains": "x"}})},
        {"rules": rule(name="final_answer", arguments={"answer": {"contains": "x"}})},
        {"rules": rule(kind="code", arguments={"code": {"contains": "x"}})},
        {"rules": rule(arguments={"path": {"contains": "x"}})},
        {"rules": rule(kind="code", name="python_interpreter", agent=["boss", "worker", "other*"])},
        {"rules": rule(kind="operation", name="file.write", arguments={"path": {"contains": "x"}})},
        {"limits": {"per_tool": {"web_search": 1, "no_such_*": 1}}},
    ],
)
def test_what_an_agent_or_one_that_it_manages_has_can_be_named(kind, policy):
    manager(hook_for(**policy), kind)


@both_agents
@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (
            {"tools": {"allow": ["web_serach"]}},
            'tools.allow: The agent "boss" has no tool or agent "web_serach". Did you mean `web_search`?',
        ),
        (
            {"tools": {"deny": ["zzz"]}},
            'tools.deny: The agent "boss" has no tool or agent "zzz". There is `final_answer`, `python_interpreter`, '
            "`remote_rm`, `web_search`, `worker`, `write_file`.",
        ),
        (
            {"rules": rule(name="write_files")},
            'rules[0].when.name: The agent "boss" has no tool or agent or code or operation "write_files". '
            "Did you mean `write_file`?",
        ),
        (
            {"rules": rule(kind="agent", name="web_search")},
            'rules[0].when.name: The agent "boss" has no agent "web_search". There is `worker`.',
        ),
        (
            {"rules": rule(agent="workers")},
            'rules[0].when.agent: The agent "boss" has no agent in it called "workers". Did you mean `worker`?',
        ),
        (
            {"rules": rule(name="web_search", arguments={"qurey": {"contains": "x"}})},
            'rules[0].when.arguments: The agent "boss" has no "web_search" with an argument "qurey". '
            "Did you mean `query`?",
        ),
        (
            {"rules": rule(name="remote-rm", arguments={"paths": {"contains": "x"}})},
            'rules[0].when.arguments: The agent "boss" has no "remote-rm" with an argument "paths". '
            "Did you mean `path`?",
        ),
        (
            {"rules": rule(kind="tool", arguments={"quary": {"contains": "x"}})},
            'rules[0].when.arguments: The agent "boss" has no tool with an argument "quary". Did you mean `query`?',
        ),
        (
            {"limits": {"per_tool": {"websearch": 1}}},
            'limits.per_tool: The agent "boss" has no tool or agent "websearch". Did you mean `web_search`?',
        ),
        (
            {"limits": {"rates": {"websearch": "1/minute"}}},
            'limits.rates: The agent "boss" has no tool or agent "websearch". Did you mean `web_search`?',
        ),
    ],
)
def test_what_none_of_them_has_is_an_error_with_the_nearest_word(kind, policy, message):
    assert problems(kind, **policy) == [f'the policy "strict": {message}']


def test_all_mistakes_are_told_at_once():
    found = problems(tools={"allow": ["a", "b"]}, rules=rule(name="c", agent="d"))
    assert len(found) == 4


def test_an_argument_has_to_be_one_of_each_tool_that_a_rule_names():
    (found,) = problems(rules=rule(name=["web_search", "write_file"], arguments={"path": {"contains": "x"}}))
    assert '"web_search" with an argument "path"' in found


def test_a_managed_agent_that_inherits_the_hook_is_not_asked_for_what_its_manager_has():
    hook = hook_for(tools={"allow": ["web_search", "worker"]})
    assert manager(hook).run("task") == "done"


def test_an_agent_that_is_built_in_a_run_is_not_asked_for_what_the_run_has():
    @tool
    def delegate() -> str:
        """Ask another agent."""
        return worker().run("task")

    hook = hook_for(tools={"allow": ["delegate"]})
    model = ScriptedModel([("delegate", {})], [("final_answer", {"answer": "done"})])
    agent = ToolCallingAgent(tools=[delegate], model=model, hooks=[hook], verbosity_level=0)
    agent.run("task")
    assert "done" in agent.memory.steps[1].observations


def test_a_managed_agent_with_a_hook_of_its_own_is_checked_for_it():
    with pytest.raises(PolicyError, match="web_search"):
        worker(hooks=[hook_for(tools={"allow": ["web_search"]})])


def test_a_tool_that_takes_any_argument_may_be_asked_about_any():
    class Generic(Tool):
        name = "generic"
        description = "Takes anything."
        inputs = {}
        output_type = "string"
        skip_forward_signature_validation = False

        def forward(self, **kwargs):
            return ""

        def validate_arguments(self):
            pass

    hook = hook_for(rules=rule(name="generic", arguments={"anything": {"contains": "x"}}))
    ToolCallingAgent(tools=[Generic()], model=ScriptedModel("x"), hooks=[hook], verbosity_level=0)


def test_further_functions_of_the_executor_can_be_named():
    def shout(text):
        return text.upper()

    hook = hook_for(tools={"allow": ["shout"]}, rules=rule(name="shout", arguments={"text": {"contains": "x"}}))
    manager(hook, executor_kwargs={"additional_functions": {"shout": shout}})


def test_the_interpreter_as_a_tool_can_be_named():
    hook = hook_for(rules=rule(kind="tool", name="python_interpreter", arguments={"code": {"contains": "x"}}))
    ToolCallingAgent(tools=[PythonInterpreterTool()], model=ScriptedModel("x"), hooks=[hook], verbosity_level=0)


def test_a_hook_that_several_agents_share_can_warn_instead(caplog):
    hook = hook_for("warn", tools={"allow": ["web_serach"]})
    with caplog.at_level(logging.WARNING, logger="smolagents.policy.attachment"):
        manager(hook)
    assert caplog.text.count("web_serach") == 1
    with pytest.raises(ValueError, match="Write 'error' or 'warn'"):
        hook_for("warning")


# At run time


def test_an_agent_that_lost_a_tool_since_it_was_built_is_stopped_before_it_runs():
    hook = hook_for(tools={"allow": ["web_search"]})
    agent = manager(hook, ToolCallingAgent)
    agent.run("task")
    del agent.tools["web_search"]
    with pytest.raises(ToolExecutionStopped) as stopped:
        agent.run("task")
    assert stopped.value.denial.code == "policy_mismatch" and "web_search" in stopped.value.denial.reason
    assert len(agent.model.seen) == 1
    agent.tools["web_search"] = Search()
    assert agent.run("task") == "done"


def test_a_code_agent_that_lost_a_tool_is_refused_as_when_it_is_built():
    agent = manager(hook_for(tools={"allow": ["web_search"]}))
    del agent.tools["web_search"]
    with pytest.raises(PolicyError, match="web_search"):
        agent.run("task")


# What the policy does not speak of


def test_tools_that_no_entry_names_are_listed():
    hook = hook_for(tools={"allow": ["web_*"], "deny": ["remote-rm"]}, rules=rule(kind="tool", name="write_*"))
    assert hook.uncovered(manager(hook)) == ["worker"]
    hook = hook_for(rules=rule(kind=["code", "agent"], name="*"))
    assert hook.uncovered(manager(hook)) == ["remote_rm", "web_search", "write_file"]


@pytest.mark.parametrize(
    ("default", "level", "verdict"), [("allow", logging.WARNING, "allows"), ("deny", logging.INFO, "denies")]
)
def test_they_are_logged_once_when_the_agent_is_built(default, level, verdict, caplog):
    hook = hook_for(name="strict", default=default, tools={"allow": ["web_search", "write_file"]})
    with caplog.at_level(logging.INFO, logger="smolagents.policy.attachment"):
        manager(hook).run("task")
    (record,) = caplog.records
    assert record.levelno == level
    assert record.getMessage() == (
        f'For the agent "boss", the policy "strict" does not name remote_rm, worker, which `default` {verdict}.'
    )
