"""The examples in the docs of the policy language say what they are said to say, and leave no key out."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smolagents.hooks import Kind
from smolagents.policy import Policy, PolicyHook
from smolagents.policy.approvals import VALID_SECONDS, WAIT_SECONDS
from smolagents.policy.cli import main
from smolagents.policy.events import EVENT_NAMES
from smolagents.policy.recorded import execution_of
from smolagents.policy.section import Section


DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "policy.md").read_text("utf-8")
CLI = (DOCS / "cli.md").read_text("utf-8")
YAML = re.compile(r"^```yaml\n(.*?)^```$", re.DOTALL | re.MULTILINE)
EXAMPLES = YAML.findall(PAGE)


def load(example: str, directory: Path) -> Policy:
    (directory / "base.yaml").write_text("version: 1", "utf-8")
    return Policy.loads(example if "version:" in example else "version: 1\n" + example, directory=directory)


def keys_of_the_language() -> set[tuple[str, str]]:
    """Each key, with the section that has it: those of `Condition` count once, however deep conditions are."""
    schema = Policy.json_schema()
    sections = {"Policy": schema, **schema["$defs"]}
    return {(name, key) for name, section in sections.items() for key in section.get("properties", ())}


def keys_in(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Section):
        for name in value.model_fields_set:
            yield type(value).__name__, type(value).model_fields[name].alias or name
            yield from keys_in(getattr(value, name))
    elif isinstance(value, (tuple, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from keys_in(item)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_policy_or_one_key_of_a_policy(example, tmp_path):
    assert load(example, tmp_path) != Policy(version=1)


def test_there_is_an_example_of_every_key_of_every_section(tmp_path):
    shown = {key for example in EXAMPLES for key in keys_in(load(example, tmp_path))}
    assert shown == keys_of_the_language()


@pytest.mark.parametrize("section, key", sorted(keys_of_the_language()))
def test_every_key_is_explained_outside_of_examples(section, key):
    assert re.search(rf"`([\w.]+\.)?{re.escape(key)}\b", YAML.sub("", PAGE))


def test_every_key_of_a_policy_has_a_section_in_the_order_of_the_language():
    keys = [field.alias or name for name, field in Policy.model_fields.items()]
    assert re.findall(r"^### `(\w+)`$", PAGE, re.MULTILINE) == keys
    assert re.findall(r"^\| \[`(\w+)`\]", PAGE, re.MULTILINE) == keys


def test_the_defaults_that_the_tables_name_are_those_of_the_language():
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", PAGE, re.MULTILINE)
    cells = {key: [cell.strip() for cell in rest.split(" | ")] for key, rest in rows}
    of_approvals = {"wait_seconds": WAIT_SECONDS, "valid_seconds": VALID_SECONDS}
    for section in (Policy(version=1).limits, Policy(version=1).approvals):
        for name in type(section).model_fields:
            default = of_approvals.get(name, getattr(section, name))
            # Nothing, or a mapping with nothing in it
            said = default if isinstance(default, str) else f"{default:g}" if default else "no limit"
            assert said in cells[name][1], name


def table(heading: str) -> list[list[str]]:
    """The rows of the table in the reference whose first line begins with `heading`, each as its cells."""
    lines = PAGE.partition(f"\n| {heading}")[2].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def quoted(cell: str) -> list[str]:
    return [text.replace("\\|", "|") for text in re.findall(r"`([^`]+)`", cell)]


def decide(policy: dict[str, Any], kind: Kind, name: str, **arguments: Any) -> str:
    hook = PolicyHook(Policy.from_data({"version": 1, "default": "allow", **policy}))
    return hook.explain(execution_of(kind, name, arguments, id="1", agent_path=("agent",))).action


def test_every_event_is_explained():
    assert [quoted(row[0])[0] for row in table("event")] == [*EVENT_NAMES, "*"]


@pytest.mark.parametrize("glob, found, not_found", table("glob"), ids=lambda cell: cell)
def test_globs_find_what_they_are_said_to_find(glob, found, not_found):
    policy = {"patterns": [{"glob": quoted(glob)[0]}]}
    for text in quoted(found):
        assert decide(policy, "tool", "shell", command=text) == "deny", text
    for text in quoted(not_found):
        assert decide(policy, "tool", "shell", command=text) == "allow", text


@pytest.mark.parametrize("cell", [row[0] for row in table("code | how")])
def test_a_pattern_is_found_in_what_code_makes_of_constants(cell):
    programs = ["\n".join(quoted(cell))] if " and anywhere " in cell else quoted(cell)
    for program in programs:
        assert "rm -rf" not in program
        assert decide({"patterns": ["rm -rf"]}, "code", "python_interpreter", code=program) == "deny", program


def test_the_tests_that_the_threat_model_names_are_there():
    named = re.findall(r"`(test_\w+\.py)`", (DOCS / "threat-model.md").read_text("utf-8"))
    assert named and all((Path(__file__).parent / name).is_file() for name in named)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """With the files that the commands in the docs are about."""
    monkeypatch.chdir(tmp_path)
    Path("step.py").write_text("print(1)", "utf-8")
    Path("run.json").write_text(json.dumps([{"task": "Look around."}]), "utf-8")
    Path("agent-os.yaml").write_text("name: acme\nallowed_tools: [web_search]", "utf-8")
    Path("main.yaml").write_text("{version: 1, default: allow}", "utf-8")


def test_the_commands_do_what_they_are_said_to_do(folder):
    lines = re.findall(r"^smolagents-policy (.*)$", CLI, re.MULTILINE)
    assert lines
    for line in lines:
        words = shlex.split(line.partition(">")[0], comments=True)
        refused = words[0] == "explain" and not {"--code", "--recorded"} & {*words}
        assert main(words) == (1 if refused else 0), line


def test_the_cases_hold(folder):
    (policy,) = YAML.findall(CLI)
    (cases,) = re.findall(r"^```\n(cases:\n.*?)^```$", CLI, re.DOTALL | re.MULTILINE)
    Path("policy.yaml").write_text(policy, "utf-8")
    Path("policy.cases.yaml").write_text(cases, "utf-8")
    assert main(["test", "policy.yaml"]) == 0
