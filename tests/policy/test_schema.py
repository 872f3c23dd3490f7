"""The JSON Schema and the loader accept and refuse the same documents."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
from hypothesis import example, given
from pydantic import TypeAdapter, ValidationError

import smolagents.policy
from smolagents.policy import Policy, PolicyError
from smolagents.policy.conditions import Host
from smolagents.policy.fields import GlobSource, Name, RegexSource

from .strategies import mutated_data, policy_data, random_data


SHIPPED = Path(smolagents.policy.__file__).with_name("schema.json")
FORMATS = {"policy-name": Name, "policy-regex": RegexSource, "policy-glob": GlobSource, "policy-host": Host}

# What the loader refuses and a schema cannot say, by the loader's words. docs/policy.md lists them.
BEYOND_A_SCHEMA = re.compile(
    "No number is at least"
    "|half a character"
    "|is here twice"
    "|together"
    "|There is no file"
)  # fmt: skip


def _is_whole(checker, value):
    # To JSON Schema 1.0 is whole; to a reader of the policy it is not.
    return isinstance(value, int) and not isinstance(value, bool)


def validator() -> jsonschema.protocols.Validator:
    formats = jsonschema.FormatChecker(formats=())
    for name, kind in FORMATS.items():
        # A format is about texts; what has to be one, `type` says.
        def is_valid(value, adapter=TypeAdapter(kind)):
            return not isinstance(value, str) or adapter.validate_python(value) is not None

        formats.checks(name, raises=ValidationError)(is_valid)
    strict = jsonschema.validators.extend(
        jsonschema.Draft202012Validator,
        type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_whole),
    )
    return strict(Policy.json_schema(), format_checker=formats)


VALIDATOR = validator()


def agree(data, tmp_path) -> None:
    accepted = VALIDATOR.is_valid(data)
    try:
        Policy.from_data(data, directory=tmp_path)
    except PolicyError as error:
        assert not accepted or all(BEYOND_A_SCHEMA.search(problem.message) for problem in error.problems), error
    else:
        assert accepted, list(VALIDATOR.iter_errors(data))


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(Policy.json_schema())


def test_the_shipped_schema_is_the_one_that_the_model_makes():
    assert json.loads(SHIPPED.read_text("utf-8")) == Policy.json_schema(), "Run `make schema`."


def test_every_section_and_every_key_is_described():
    schema = Policy.json_schema()
    for section in [schema, *schema["$defs"].values()]:
        assert section["description"] and section["title"]
        for key, about in section["properties"].items():
            assert about.get("description"), f"{section['title']}.{key}"


def test_no_default_is_anything_but_a_word_or_a_number():
    assert '"default": null' not in json.dumps(Policy.json_schema())


def test_every_format_is_one_that_the_loader_checks():
    named = set(re.findall(r'"format": "([^"]+)"', json.dumps(Policy.json_schema())))
    assert named == set(FORMATS)


@given(data=policy_data)
def test_both_accept_what_is_a_policy(tmp_path_factory, data):
    assert VALIDATOR.is_valid(data)
    Policy.from_data(data)


@given(data=mutated_data)
@example(data={"version": 1.0})
@example(data={"version": True})
@example(data={"version": 1, "limits": {"tool_calls": True}})
@example(data={"version": 1, "limits": {"run_seconds": True}})
@example(data={"version": 1, "limits": {"run_seconds": float("inf")}})
@example(data={"version": 1, "limits": {"per_tool": {"a ": 1}}})
@example(data={"version": 1, "name": None})
@example(data={"version": 1, "extends": []})
@example(data={"version": 1, "patterns": [{"regex": "a", "glob": "a"}]})
@example(data={"version": 1, "patterns": [{"regex": "(a)\\1"}]})
@example(data={"version": 1, "patterns": [{"glob": "*"}, {"regex": ".*"}]})
@example(data={"version": 1, "tools": {"allow": ["[b-a]*"]}})
@example(data={"version": 1, "written_default": "allow"})
@example(data={"version": 1, "operations": {"file_read": "allow"}})
@example(data={"version": 1, "rules": [{"id": "a", "action": "deny", "when": {"arguments": {"x": {"not_": {}}}}}]})
@example(data={"version": 1, "rules": [{"id": "a", "action": "deny", "when": {"arguments": {"x": {}}}}]})
def test_both_say_the_same_of_what_was_a_policy_before_it_was_changed(tmp_path_factory, data):
    agree(data, tmp_path_factory.getbasetemp())


@given(data=random_data)
def test_both_say_the_same_of_anything(tmp_path_factory, data):
    agree(data, tmp_path_factory.getbasetemp())


@pytest.mark.parametrize("data", [None, [], "version: 1", 1])
def test_both_refuse_what_is_no_mapping(tmp_path, data):
    agree(data, tmp_path)
