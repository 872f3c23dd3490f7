"""The policy as a value, and what is refused when it is read."""

from __future__ import annotations

import os
import pickle

import pytest
from hypothesis import example, given
from pydantic import ValidationError

from smolagents.policy import GlobPattern, Limits, Policy, PolicyError, RegexPattern, Tools, document

from .executions import problems
from .strategies import policies, policy_data


WHOLE_POLICY = r"""
version: 1
name: production
default: deny
tools: {allow: [web_search, "read_*"], deny: [shell]}
patterns:
  - rm -rf
  - {regex: '(?i)drop\s+table'}
  - {glob: '*.pem'}
limits: {tool_calls: 50}
"""


def test_a_policy_is_read_as_it_is_written():
    assert Policy.loads(WHOLE_POLICY) == Policy(
        version=1,
        name="production",
        default="deny",
        tools=Tools(allow=("web_search", "read_*"), deny=("shell",)),
        patterns=("rm -rf", RegexPattern(regex=r"(?i)drop\s+table"), GlobPattern(glob="*.pem")),
        limits=Limits(tool_calls=50),
    )


def test_what_a_policy_does_not_say_is_the_careful_choice():
    policy = Policy.loads("version: 1")
    assert (policy.default, policy.name, policy.patterns, policy.limits.tool_calls) == ("deny", None, (), None)


@given(policies)
@example(Policy(version=1, name="no", tools=Tools(deny=("2024-01-01", "1", "~", "=", "<<"))))
@example(Policy(version=1, patterns=("a\nb", " x ", "#", ": ", "\x85\u2028\ufeff", "\x00\x1b")))
def test_a_policy_that_is_written_and_read_again_is_the_same(policy):
    again = Policy.loads(policy.dump())
    assert again == policy
    assert again.digest == policy.digest
    assert again.dump() == policy.dump()


@given(policy_data)
def test_a_policy_that_is_made_from_data_is_the_one_that_the_text_makes(data):
    assert Policy.from_data(data) == Policy.loads(document.write(data))


@given(policies, policies)
def test_two_policies_have_the_same_digest_exactly_if_they_are_equal(one, other):
    assert (one == other) == (one.digest == other.digest)
    assert one != other or hash(one) == hash(other)


def test_true_is_not_one_though_they_are_equal_to_python():
    def rule(value):
        return {"id": "x", "action": "deny", "when": {"arguments": {"a": {"equals": value, "one_of": [value]}}}}

    policies = [Policy.from_data({"version": 1, "rules": [rule(value)]}) for value in (True, 1, "1", 1.5)]
    assert len({policy.digest for policy in policies}) == len(set(policies)) == 4
    assert not any(one == other for one in policies for other in policies if one is not other)
    assert Policy.from_data({"version": 1, "rules": [rule(1.0)]}) == policies[1]


@pytest.mark.parametrize("written", [{"default": "deny"}, {"limits": {}}, {"limits": {"scope": "run"}}, {"rules": []}])
def test_saying_what_holds_anyway_makes_no_other_policy(written):
    assert Policy.from_data({"version": 1, **written}) == Policy(version=1)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"default": "allow"},
        {"tools": {"deny": ["shell"]}},
        {"patterns": ["rm -rf"]},
        {"patterns": [{"glob": "rm -rf"}]},
        {"limits": {"tool_calls": 0}},
    ],
)
def test_every_section_counts_for_equality_and_digest(change):
    plain, changed = Policy.from_data({"version": 1}), Policy.from_data({"version": 1, **change})
    assert plain != changed
    assert plain.digest != changed.digest


def test_the_digest_is_the_same_in_every_process_and_release():
    assert Policy(version=1).digest == "2430f1a2ad2982d0067885488a4c89e21ad1d7c83b115ba8f1b20acc88dfaea8"


def test_a_policy_cannot_be_changed():
    policy = Policy.loads(WHOLE_POLICY)
    with pytest.raises(ValidationError):
        policy.default = "allow"
    with pytest.raises(ValidationError):
        policy.tools.deny = ()
    assert isinstance(policy.patterns, tuple) and isinstance(hash(policy), int)


def test_a_policy_survives_saving_and_loading(tmp_path):
    path = tmp_path / "policy.yaml"
    policy = Policy.loads(WHOLE_POLICY)
    policy.save(path)
    assert Policy.load(path) == Policy.load(str(path)) == policy
    assert os.listdir(tmp_path) == ["policy.yaml"]


def test_a_policy_that_cannot_be_saved_leaves_the_old_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "policy.yaml"
    Policy.loads(WHOLE_POLICY).save(path)

    def no_space(source, target):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", no_space)
    with pytest.raises(OSError):
        Policy(version=1).save(path)
    assert Policy.load(path) == Policy.loads(WHOLE_POLICY)
    assert os.listdir(tmp_path) == ["policy.yaml"]


def test_a_file_that_is_not_there_is_one_clear_sentence(tmp_path):
    with pytest.raises(PolicyError, match=r"nothing\.yaml: The file cannot be read: No such file"):
        Policy.load(tmp_path / "nothing.yaml")
    with pytest.raises(PolicyError, match="cannot be read"):
        Policy.load(tmp_path)


def test_an_unknown_key_is_named_with_its_place_and_the_nearest_word():
    assert problems("version: 1\ntool: {deny: [shell]}\n") == [
        "policy.yaml:2:1: tool: There is no such key. Did you mean `tools`?"
    ]
    assert problems("version: 1\ntools: {Deny: [shell]}\n") == [
        "policy.yaml:2:9: tools.Deny: There is no such key. Did you mean `deny`?"
    ]
    assert problems("version: 1\nlimits: {tool-calls: 1}\n") == [
        "policy.yaml:2:10: limits.tool-calls: There is no such key. Did you mean `tool_calls`?"
    ]


def test_an_unknown_key_without_a_near_word_is_told_the_valid_ones():
    assert problems("version: 1\ntools: {zzz: []}\n") == [
        "policy.yaml:2:9: tools.zzz: There is no such key. The keys here are `allow`, `deny`."
    ]


def test_a_key_that_looks_like_an_internal_name_is_an_unknown_key_like_any_other():
    assert "There is no such key" in problems('version: 1\n"<regex>": 1\n')[0]
    assert "There is no such key" in problems('version: 1\npatterns: [{regex: a, "<regex>": 1}]\n')[0]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file():
    found = problems("vresion: 1\ndefault: alow\ntools: {deny: shell}\npatterns: ['', 5]\nlimits: {tool_calls: -1}\n")
    assert [problem.split(": ")[0] for problem in found] == [
        "policy.yaml:1:1",  # the missing key
        "policy.yaml:1:1",  # the misspelt one
        "policy.yaml:2:10",
        "policy.yaml:3:15",
        "policy.yaml:4:12",
        "policy.yaml:4:16",
        "policy.yaml:5:22",
    ]


def test_a_file_full_of_mistakes_does_not_fill_the_screen():
    with pytest.raises(PolicyError) as caught:
        Policy.loads("version: 1\n" + "".join(f"key{number}: 1\n" for number in range(10_000)))
    assert len(caught.value.problems) == 100
    assert len(str(caught.value).splitlines()) == 21


@pytest.mark.parametrize("version", ["2", '"1"', "1.0", "true", "[1]", ""])
def test_only_version_one_is_read(version):
    (problem,) = problems(f"version: {version}\n")
    assert "Write `version: 1`." in problem


def test_a_missing_version_is_asked_for():
    assert problems("name: x\n") == ["policy.yaml:1:1: version: The key `version` is missing. Write `version: 1`."]


def test_a_misspelt_choice_is_told_the_nearest_one():
    assert problems("version: 1\ndefault: Deny\n") == [
        'policy.yaml:2:10: default: This is the text "Deny", which is not a choice. Did you mean `deny`?'
    ]


def test_a_choice_that_is_near_to_none_is_told_all_of_them():
    assert problems("version: 1\nrules: [{id: x, action: block}]\n") == [
        'policy.yaml:2:25: rules[0].action: This is the text "block", which is not a choice. '
        "Write `allow`, `warn`, `ask`, `deny` or `stop`."
    ]


def test_whole_numbers_are_written_as_such():
    policy = Policy.loads("{version: 1, limits: {run_seconds: 600, call_seconds: 0.5}}")
    assert policy.to_data()["limits"] == {"run_seconds": 600, "call_seconds": 0.5}
    assert "run_seconds: 600\n" in policy.dump()


def test_a_text_where_a_list_is_meant_is_not_taken_for_its_letters():
    assert problems("version: 1\ntools: {allow: web_search}\n") == [
        'policy.yaml:2:16: tools.allow: This has to be a list, and is the text "web_search". Write [web_search].'
    ]


@pytest.mark.parametrize("name", ['""', '" shell"', '"shell "', '" "'])
def test_a_name_that_can_name_nothing_is_refused(name):
    assert problems(f"version: 1\ntools: {{deny: [{name}]}}\n")[0].startswith("policy.yaml:2:16: tools.deny[0]: ")


@pytest.mark.parametrize(
    ("limit", "words"), [("-1", "at least 0"), ("1.5", "whole number"), ("10000000000", "at most")]
)
def test_a_limit_is_a_number_of_calls(limit, words):
    (problem,) = problems(f"version: 1\nlimits: {{tool_calls: {limit}}}\n")
    assert problem.startswith("policy.yaml:2:22: limits.tool_calls: ") and words in problem


def test_a_pattern_has_one_form():
    for pattern in ("{}", "{regex: a, glob: b}", "{regexp: a}", "[a]", "~"):
        (problem,) = problems(f"version: 1\npatterns: [{pattern}]\n")
        assert problem.startswith("policy.yaml:2:1"), problem
    assert "Did you mean `regex`?" in problems("version: 1\npatterns: [{regexp: a}]\n")[0]


def test_data_is_checked_as_text_is():
    with pytest.raises(PolicyError, match="<data>: tols: There is no such key. Did you mean `tools`?"):
        Policy.from_data({"version": 1, "tols": {}})


def test_an_error_can_be_sent_to_another_process():
    with pytest.raises(PolicyError) as caught:
        Policy.loads("name: x")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.problems) == (str(caught.value), caught.value.problems)
