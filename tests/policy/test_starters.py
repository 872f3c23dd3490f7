"""The policies that ship with the package do what their cases say, and every rule of theirs is tried by a case."""

from importlib.resources import files

import pytest

from smolagents import CodeAgent, VisitWebpageTool, WebSearchTool
from smolagents.hooks_testing import ScriptedModel
from smolagents.policy import Policy, PolicyHook, starters
from smolagents.policy.cases import load


@pytest.fixture(params=starters.STARTERS)
def starter(request, tmp_path):
    """The policy and its cases."""
    path = tmp_path / "cases.yaml"
    path.write_text(starters.cases(request.param))
    return Policy.loads(starters.policy(request.param)), load(path)


def test_all_cases_pass(starter):
    policy, cases = starter

    assert [result for result in cases.run(policy) if result.failure is not None] == []


def test_every_rule_is_expected_by_a_case(starter):
    policy, cases = starter
    expected = {name for case in cases.cases for call in case.each_call() for name in call.because or ()}

    assert {rule.id for rule in policy.rules} <= expected


def test_it_fits_an_agent_with_the_tools_that_smolagents_comes_with(starter):
    policy, _ = starter
    tools = [] if policy.name == "no-network" else [WebSearchTool(), VisitWebpageTool()]

    CodeAgent(tools=tools, model=ScriptedModel("nothing"), hooks=[PolicyHook(policy)])


def test_the_list_names_every_file_and_no_other():
    there = {file.name for file in files(starters).iterdir() if file.name.endswith(".yaml")}

    assert there == {f"{name}{suffix}" for name in starters.STARTERS for suffix in (".yaml", ".cases.yaml")}


def test_a_policy_is_named_like_its_file():
    assert [Policy.loads(starters.policy(name)).name for name in starters.STARTERS] == [*starters.STARTERS]
