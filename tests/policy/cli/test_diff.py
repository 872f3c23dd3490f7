"""`smolagents-policy diff` and `lint`."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from .conftest import POLICY


_DOCUMENTATION = Path(__file__).parents[3] / "docs" / "compare.md"


@pytest.fixture
def loosened():
    """The policy with a name more that is allowed, and fewer calls."""
    text = POLICY.replace("[web_search,", "[web_search, send_sms,").replace("tool_calls: 2", "tool_calls: 1")
    Path("new.yaml").write_text(text)
    return "new.yaml"


def test_a_policy_that_lets_more_happen_fails_with_the_call_that_became_possible(run, loosened):
    answer = run("diff", "policy.yaml", loosened, "--require-stricter")

    assert answer.code == 1
    assert "new.yaml is stricter in some things and looser in others than policy.yaml" in answer.out
    assert "send_sms(): deny -> allow" in answer.out
    assert "looser    + tools.allow: send_sms" in answer.out
    assert "tighter   ~ limits.tool_calls" in answer.out


def test_without_the_option_a_difference_is_no_failure(run, loosened):
    assert run("diff", "policy.yaml", loosened).code == 0


def test_a_policy_that_is_stricter_or_says_the_same_passes(run):
    Path("new.yaml").write_text(POLICY.replace("rm -rf", "rm"))

    assert run("diff", "policy.yaml", "new.yaml", "--require-stricter").code == 0
    assert run("diff", "policy.yaml", "policy.yaml", "--require-stricter").code == 0


def test_what_could_not_be_decided_fails_and_says_why(run):
    Path("new.yaml").write_text(POLICY + "  rates: {web_search: 5/minute}\n".replace("  ", "", 1))
    for name, store in (("old.yaml", "memory://"), ("new.yaml", "redis://localhost:6379")):
        limits = f"limits: {{rates: {{web_search: 5/minute}}, store: '{store}'}}\n"
        Path(name).write_text(POLICY.replace("limits: {tool_calls: 2}\n", limits))

    answer = run("diff", "old.yaml", "new.yaml", "--require-stricter")

    assert answer.code == 1
    assert "Could not be decided:\n  limits.store: rates are counted in another store" in answer.out


def test_programs_get_relation_witnesses_and_changes(run, loosened):
    data = run("diff", "policy.yaml", loosened, "--json").data

    assert data["relation"] == "incomparable"
    assert data["is_at_least_as_strict"] is False
    assert data["loosened"][0]["execution"]["name"] == "send_sms"
    assert data["loosened"][0]["freer"]["action"] == "allow"
    assert data["tightened"][0]["history"][0]["times"] == 1
    assert {change["entry"]: change["direction"] for change in data["changes"]} == {
        "tools.allow: send_sms": "looser",
        "limits.tool_calls": "tighter",
    }


def test_a_file_that_is_no_policy_is_told(run):
    Path("new.yaml").write_text("version: 2\n")

    answer = run("diff", "policy.yaml", "new.yaml")

    assert answer.code == 2
    assert answer.err.startswith("new.yaml:1:10: version:")


def test_a_file_that_is_not_there_is_told(run):
    answer = run("diff", "policy.yaml", "gone.yaml", "--require-stricter")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err == "gone.yaml: The file cannot be read: No such file or directory.\n"


def test_the_keys_of_the_data_are_those_of_the_documentation(run, loosened):
    text = _DOCUMENTATION.read_text()
    data = run("diff", "policy.yaml", loosened, "--json").data

    assert all(f"`{key}`" in text for key in data)
    for part in (data["loosened"][0], data["changes"][0], data["tightened"][0]["history"][0]):
        assert all(f"`{key}`" in text for key in part)


@pytest.mark.parametrize("change, code", [(("tool_calls: 2", "tool_calls: 1"), 0), (("- rm -rf", "- rm -rf /"), 1)])
def test_the_workflow_of_the_documentation_fails_if_a_policy_is_loosened(run, change, code):
    (text,) = (
        block for block in re.findall(r"```yaml\n(.*?)```", _DOCUMENTATION.read_text(), re.S) if "jobs:" in block
    )
    steps = yaml.safe_load(text)["jobs"]["stricter"]["steps"]
    *_, install, compare = (step["run"] for step in steps if "run" in step)
    folders = {step["with"]["path"]: step["with"].get("ref") for step in steps if "checkout" in step.get("uses", "")}
    for folder in folders:
        Path(folder, "policies").mkdir(parents=True)
        Path(folder, "policies", "production.yaml").write_text(POLICY if folder == "old" else POLICY.replace(*change))
    program, *arguments = shlex.split(compare)

    assert (install, program) == ("pip install 'smolagents[policy]'", "smolagents-policy")
    assert folders == {"new": None, "old": "${{ github.base_ref }}"}
    assert run(*arguments).code == code


def test_lint_tells_what_has_no_effect(run):
    Path("new.yaml").write_text(POLICY.replace("- rm -rf", "- rm -rf\n  - rm"))

    answer = run("lint", "new.yaml")

    assert answer.code == 1
    assert 'new.yaml: patterns[0]: "rm -rf" changes nothing: ' in answer.out
    assert run("lint", "new.yaml", "--json").data[0]["because_of"] == ["patterns[1]"]


def test_lint_has_nothing_to_say_about_a_policy_without_such_entries(run):
    answer = run("lint", "policy.yaml")

    assert (answer.code, answer.out) == (0, "policy.yaml: everything in it has an effect\n")
