"""Whatever is loaded is a policy or a `PolicyError` with words for people, in bounded time.

`make fuzz-policy` tries 10,000 documents of each sort and asserts the time; the suite tries some.
"""

from __future__ import annotations

import os
import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smolagents.policy import Policy, PolicyError, document
from smolagents.policy.errors import MAX_PROBLEMS

from .executions import problems
from .strategies import mutated_data, policy_data, random_data


DOCUMENTS = int(os.environ.get("POLICY_DOCUMENTS", 100))
LONGEST = 1.0  # s, of the process: what others do on the machine does not count

# Words of pydantic, of Python and of our own forms that nobody who writes a policy should have to read.
JARGON = re.compile(
    r"Input should|pydantic|NoneType|literal\[|function-|tagged|union|tuple|dict\b|\bstr\b|\bint\b|Value error|<\w+>"
    r"|Traceback|_after|validation error|\bctx\b"
)


def loads_or_refuses(text: str | bytes) -> None:
    start = time.process_time()
    try:
        policy = Policy.loads(text)
    except PolicyError as error:
        assert 0 < len(error.problems) <= MAX_PROBLEMS
        assert all(problem.line or "bytes" in problem.message for problem in error.problems), error
    else:
        assert Policy.loads(policy.dump()) == policy
    if DOCUMENTS >= 10_000:
        assert time.process_time() - start < LONGEST


def without_quotes(message: str) -> str:
    """What the message says, without what the author of the policy has said."""
    return re.sub(r'"[^"]*"|`[^`]*`', "", message)


fuzz = settings(max_examples=DOCUMENTS, suppress_health_check=[HealthCheck.too_slow])


@fuzz
@given(st.binary(max_size=300))
def test_random_bytes_are_a_policy_or_a_policy_error(raw):
    loads_or_refuses(raw)


@fuzz
@given(st.text(max_size=200))
def test_random_text_is_a_policy_or_a_policy_error(text):
    loads_or_refuses(text)


_fragments = st.sampled_from("\t ' \" [ { * &a !! - : \n no 1 \\ << 2024-01-01 0x1F ~ ? | > % @ `".split(" "))


@fuzz
@given(policy_data, st.data())
def test_a_mutated_policy_is_a_policy_or_a_policy_error(policy, data):
    text = document.write(policy)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 12)))
        text = text[:start] + data.draw(_fragments | st.text(max_size=3)) + text[end:]
    loads_or_refuses(text)


@fuzz
@given(mutated_data | random_data)
def test_generated_yaml_is_a_policy_or_a_policy_error(data):
    loads_or_refuses(document.write(data))


@fuzz
@given(mutated_data | random_data)
def test_every_mistake_is_told_in_words_for_people(data):
    try:
        Policy.from_data(data)
    except PolicyError as error:
        for problem in error.problems:
            assert not JARGON.search(without_quotes(problem.message)), problem


def rule(when: str) -> str:
    return "version: 1\nrules: [{id: a, action: deny, when: {arguments: {x:\n" + when + "}}}]\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "version: 1\noperations: {file.raed: allow}",
            "2:14: operations.file.raed: There is no such key. Did you mean `file.read`?",
        ),
        (
            "version: 1\noperations: {file.read: alow}",
            '2:25: operations.file.read: This is the text "alow", which is not a choice. Did you mean `allow`?',
        ),
        (
            "version: 1\noperations: {file.read: true}",
            "2:25: operations.file.read: This has to be an action such as `deny`, or a condition such as "
            "{prefix: /tmp/}, and is the value true.",
        ),
        (
            "version: 1\noperations: {file.read: {prefx: a}}",
            "2:26: operations.file.read.prefx: There is no such key. Did you mean `prefix`?",
        ),
        (
            "version: 1\noperations: {file_read: allow}",
            "2:14: operations.file_read: There is no such key. Did you mean `file.read`?",
        ),
        (
            rule("{not: {any: [{prefx: a}]}}"),
            "3:15: rules[0].when.arguments.x.not.any[0].prefx: There is no such key. Did you mean `prefix`?",
        ),
        (
            rule("{not_: {prefix: a}}"),
            "3:2: rules[0].when.arguments.x.not_: There is no such key. Did you mean `not`?",
        ),
        (
            rule("{equals: [1]}"),
            "3:10: rules[0].when.arguments.x.equals: This has to be text, a number, true or false, and is a list.",
        ),
        (
            rule("{range: {min: '1'}}"),
            '3:15: rules[0].when.arguments.x.range.min: This has to be a number, and is the text "1".',
        ),
        (
            rule("{any: []}"),
            "3:7: rules[0].when.arguments.x.any: This is empty. Write something in it, or leave the key out.",
        ),
        (
            rule("{prefix: }"),
            "3:10: rules[0].when.arguments.x.prefix: This is empty. Write a value, or leave the key out.",
        ),
        (
            "version: 1\nrules: [{id: a, action: deny, when: {kind: tol}}]",
            '2:44: rules[0].when.kind: This is the text "tol", which is not a choice. Did you mean `tool`?',
        ),
        (
            "version: 1\nrules: [{id: a, action: deny, when: {name: ' a'}}]",
            '2:44: rules[0].when.name: The name " a" has white space around it. Remove it.',
        ),
        (
            "version: 1\nrules: [{action: deny}]",
            "2:9: rules[0].id: The key `id` is missing. Add it.",
        ),
        (
            "version: 1\nlimits: {per_tool: {' a': 1}}",
            '2:21: limits.per_tool. a: The name " a" has white space around it. Remove it.',
        ),
        (
            "version: 1\nlimits: {per_tool: {a: -1}}",
            "2:24: limits.per_tool.a: This has to be at least 0, and is -1.",
        ),
        (
            "version: 1\nlimits: {per_tool: {'[key]': -1, <regex>: -1}}",
            "2:30: limits.per_tool.[key]: This has to be at least 0, and is -1.",
        ),
        (
            "version: 1\nlimits: {run_seconds: 0}",
            "2:23: limits.run_seconds: This has to be more than 0, and is 0.",
        ),
        (
            "version: 1\nname:\n",
            "2:6: name: This is empty. Write a value, or leave the key out.",
        ),
        (
            "version: 1\ntools:\n",
            "2:7: tools: This has to be a mapping of keys to values, and is empty.",
        ),
    ],
)
def test_a_mistake_is_told_where_it_is_and_in_its_own_words(text, expected):
    assert problems(text)[0] == f"policy.yaml:{expected}"


def test_a_text_where_a_list_may_be_left_out_is_no_mistake():
    text = "version: 1\nrules: [{id: a, action: deny, when: {name: shell}}]"
    assert Policy.loads(text) == Policy.loads(text.replace("shell", "[shell]"))


def test_a_key_with_a_mistake_in_it_is_pointed_at():
    assert problems("version: 1\nlimits: {per_tool: {aa: -1,\n' b': 1}}") == [
        "policy.yaml:2:25: limits.per_tool.aa: This has to be at least 0, and is -1.",
        'policy.yaml:3:1: limits.per_tool. b: The name " b" has white space around it. Remove it.',
    ]


@pytest.mark.parametrize("deep", [{"not": None}, {"any": [None]}, {"all": [None]}])
def test_conditions_are_nested_only_so_deep(deep):
    condition = {"equals": 1}
    for _ in range(10_000):
        condition = {key: [condition] if isinstance(inner, list) else condition for key, inner in deep.items()}
    data = {"version": 1, "operations": {"file.read": condition}}
    with pytest.raises(PolicyError, match="nested more than 50 deep"):
        Policy.from_data(data)


def test_data_that_contains_itself_is_refused():
    data = {"version": 1}
    data["tools"] = data
    with pytest.raises(PolicyError, match="nested more than 50 deep"):
        Policy.from_data(data)
    wide: list[object] = []
    wide += [wide, wide, wide]
    with pytest.raises(PolicyError, match="more than"):
        Policy.from_data({"version": 1, "patterns": wide})


def test_very_many_mistakes_in_expressions_are_not_all_looked_for(monkeypatch):
    checked = []
    from smolagents.policy import patterns

    real_check = patterns.check
    monkeypatch.setattr(patterns, "check", lambda kind, text: (checked.append(text), real_check(kind, text))[1])
    assert len(problems("version: 1\npatterns: [" + "{regex: (}," * 9_000 + "]")) == MAX_PROBLEMS
    assert len(checked) == MAX_PROBLEMS


def test_expressions_that_are_too_much_together_are_refused_once_and_not_compiled():
    text = "version: 1\npatterns:\n" + "".join(f"- {{regex: '{i}.{{900}}'}}\n" for i in range(9_000))
    (problem,) = problems(text)
    assert re.match(r"policy\.yaml:\d+:\d+: patterns\[\d+\]\.regex: From here on .* too much together", problem)


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\ntools: {allow: [" + "a, " * 10_001 + "]}",
        "version: 1\npatterns: [" + "a, " * 10_001 + "]",
        "version: 1\nlimits: {per_tool: {" + ", ".join(f"a{number}: 1" for number in range(10_001)) + "}}",
    ],
)
def test_a_list_or_mapping_has_ten_thousand_entries_at_most(text):
    (problem,) = problems(text)
    assert problem.endswith("This may have 10000 entries at most.")


def test_a_file_of_ambiguous_words_is_given_up_after_a_hundred():
    assert len(problems("version: 1\ntools: {allow: [" + "no, " * 40_000 + "]}")) == MAX_PROBLEMS


def test_numbers_that_are_not_plain_are_refused_in_data_too():
    for number in (float("inf"), float("nan"), 10**400, 1e300):
        with pytest.raises(PolicyError):
            Policy.from_data({"version": 1, "operations": {"file.read": {"equals": number}}})


@pytest.mark.parametrize("number", [0.00020031254709185935, 1e-7, 5e-324, -1.5e-300, 1e15, 0.1 + 0.2])
def test_a_fraction_is_read_as_it_is_written(number):
    policy = Policy.from_data({"version": 1, "operations": {"file.read": {"equals": number}}})
    assert Policy.loads(policy.dump()) == policy


def test_keys_that_are_no_text_are_refused_in_data_too():
    with pytest.raises(PolicyError, match="limits.per_tool: A key has to be text."):
        Policy.from_data({"version": 1, "limits": {"per_tool": {1: 1}}})
