"""Tools of MCP servers, real ones: one over stdio and one over HTTP on loopback."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from mcp import StdioServerParameters

from smolagents import Deny, MCPClient, ToolCollection
from smolagents.hooks_testing import RecordingHook
from smolagents.policy import Policy, PolicyHook

from .conftest import balance, code_agent, observations, tool_calling_agent


ROOT = Path(__file__).parents[2]
SERVER = ["-m", "tests.mediation.mcp_server"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


@contextmanager
def over_stdio(log: Path) -> Iterator[list]:
    parameters = StdioServerParameters(command=sys.executable, args=[*SERVER, str(log)], env=ENVIRONMENT)
    with ToolCollection.from_mcp(parameters, trust_remote_code=True, structured_output=False) as collection:
        yield collection.tools


@contextmanager
def over_http(log: Path) -> Iterator[list]:
    command = [sys.executable, *SERVER, str(log), "--http"]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as server:
        try:
            url = server.stdout.readline().strip()
            with MCPClient({"url": url, "transport": "streamable-http"}, structured_output=False) as tools:
                yield tools
        finally:
            server.kill()


def code_agent_that_calls_both(tools, hooks):
    program = (
        "calls = [lambda: shell('x'), lambda: remote_rm(path='y')]\n"
        "for call in calls:\n    try:\n        call()\n    except Exception:\n        v = 1"
    )
    return code_agent(program, tools=tools, hooks=hooks)


def tool_calling_agent_that_calls_both(tools, hooks):
    return tool_calling_agent([("shell", {"command": "x"}), ("remote_rm", {"path": "y"})], tools=tools, hooks=hooks)


def removed(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


@pytest.mark.row("A12")
@pytest.mark.parametrize("connect", [over_stdio, over_http])
@pytest.mark.parametrize("make_agent", [code_agent_that_calls_both, tool_calling_agent_that_calls_both])
def test_a_tool_of_an_mcp_server_is_guarded_as_a_native_one_is(make_agent, connect, make_shell, tmp_path):
    log = tmp_path / "removed.log"
    effects = []
    with connect(log) as tools:
        for denied_names in (None, (), ("shell",), ("remote_rm",), ("shell", "remote_rm")):
            native = make_shell()
            log.unlink(missing_ok=True)
            hook = RecordingHook(lambda e: Deny("not for agents") if e.name in denied_names else None)
            agent = make_agent([native, *tools], None if denied_names is None else [hook])
            assert agent.run("task") == "done"
            effects.append((native.ran(), removed(log)))
            if denied_names is not None:
                assert hook.asked_about("shell").arguments == {"command": "x"}
                assert hook.asked_about("remote_rm").arguments == {"path": "y"}
                assert (hook.outcome_of("remote_rm").status == "denied") == ("remote_rm" in denied_names)
                asked, told = balance(hook)
                assert asked == told
    assert effects == [(["x"], ["y"]), (["x"], ["y"]), ([], ["y"]), (["x"], []), ([], [])]
    assert "'remote_rm' was denied" in observations(agent)


@pytest.mark.row("A12")
def test_generated_code_reaches_no_session_of_an_mcp_tool(tmp_path):
    log = tmp_path / "removed.log"
    program = (
        "class E:\n    def __rsub__(self, tool):\n        return tool.forward(path='y')\nremote_rm.__wrapped__ -= E()"
    )
    effects = []
    with over_stdio(log) as tools:
        for hooks in (None, [RecordingHook(lambda e: Deny("no") if e.name == "remote_rm" else None)]):
            code_agent(program, tools=tools, hooks=hooks).run("task")
            effects.append(removed(log))
            log.unlink(missing_ok=True)
    assert effects == [["y"], []]


@pytest.mark.row("A12")
@pytest.mark.parametrize(
    "written",
    [
        "remote_rm",
        "remote_r?",
        "remote-rm",
    ],
)
def test_a_policy_may_write_the_name_of_an_mcp_tool_as_the_server_does_or_as_agents_do(written, tmp_path):
    log = tmp_path / "removed.log"
    effects = []
    policy = Policy.loads(f"{{version: 1, default: allow, tools: {{deny: [{written}]}}}}")
    with over_stdio(log) as tools:
        for hooks in (None, [PolicyHook(policy)]):
            tool_calling_agent([("remote_rm", {"path": "y"})], tools=tools, hooks=hooks).run("task")
            effects.append(removed(log))
            log.unlink(missing_ok=True)
    assert effects == [["y"], []]
