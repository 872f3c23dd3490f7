"""Policies of Agent-OS are converted; nothing gets looser without a word."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smolagents.policy import Policy, PolicyError
from smolagents.policy.agent_os import convert
from smolagents.policy.agent_os.patterns import NotTranslatable, translate
from smolagents.policy.replay import Rehearsal
from tests.policy.executions import code, execution


def converted(text="", **fields):
    return convert(json.dumps(fields) if fields else text, "theirs.yaml")


def action(policy, about):
    return Rehearsal(policy).decide(about).action


def notes(conversion, effect=None):
    return {note.problem.path for note in conversion.notes if effect in (None, note.effect)}


def test_what_a_file_leaves_out_has_the_value_that_it_has_there():
    limits = converted(name="x").policy.limits

    assert (limits.tool_calls, limits.tokens, limits.run_seconds) == (10, 4096, 300)


def test_an_empty_list_of_tools_allows_every_tool_and_that_is_said():
    conversion = converted(allowed_tools=[])

    assert action(conversion.policy, execution("anything")) == "allow"
    assert "allowed_tools" in notes(conversion, "different")


def test_a_list_of_tools_allows_these_and_no_other():
    policy = converted(allowed_tools=["web_search", "a*b"]).policy

    assert action(policy, execution("web_search")) == "allow"
    assert action(policy, execution("a*b")) == "allow"
    assert action(policy, execution("axb")) == "deny"


@pytest.mark.parametrize(
    "pattern, text",
    [
        ("password", "my PassWord"),
        ("a.b", "A.B"),
        ({"pattern": r"rm\s+-rf", "type": "regex"}, "RM   -rf"),
        ({"pattern": "x{,3}y", "type": "regex"}, "xxy"),
        ({"pattern": "*.exe", "type": "glob"}, "run Setup.EXE now"),
        ({"pattern": "rm*", "type": "glob"}, "farm"),
        ({"pattern": "*drop table*", "type": "glob"}, "x; DROP TABLE y"),
        ({"pattern": "substring here", "type": "substring"}, "a SUBSTRING here"),
    ],
)
def test_a_pattern_finds_what_it_found_there(pattern, text):
    policy = converted(blocked_patterns=[pattern]).policy

    assert action(policy, execution("tool", text=text)) == "deny"
    assert action(policy, code(text)) == "deny"
    assert action(policy, execution("tool", text="nothing")) == "allow"


@pytest.mark.parametrize("pattern", [r"\d", r"a\b", r"$\n", "[a$]"])
def test_a_regular_expression_that_finds_less_here_is_named(pattern):
    conversion = converted(blocked_patterns=[{"pattern": pattern, "type": "regex"}])

    assert "blocked_patterns[0]" in notes(conversion, "looser")


@pytest.mark.parametrize("pattern", ["end$", "a|b$", "(a$|b)", r"\$5"])
def test_a_regular_expression_that_finds_the_same_here_has_no_note(pattern):
    conversion = converted(blocked_patterns=[{"pattern": pattern, "type": "regex"}])

    assert "blocked_patterns[0]" not in notes(conversion)


@pytest.mark.parametrize("pattern", [r"(a)\1", "a(?=b)", "(?<!a)b", "(?x) a b", "x" * 3000, "[[:alpha:]]"])
def test_a_pattern_that_cannot_be_searched_for_here_brings_everything_before_a_person(pattern):
    conversion = converted(
        allowed_tools=["web_search"], blocked_patterns=["word", {"pattern": pattern, "type": "regex"}]
    )

    assert action(conversion.policy, execution("web_search")) == "ask"
    assert action(conversion.policy, code("1 + 1")) == "ask"
    # To ask about a tool is to open it: what the list does not name stays closed.
    assert action(conversion.policy, execution("shell")) == "deny"
    assert "blocked_patterns[1]" in notes(conversion, "stricter")


def test_a_glob_whose_range_runs_backwards_brings_everything_before_a_person():
    conversion = converted(allowed_tools=["web_search"], blocked_patterns=[{"pattern": "[z-a]", "type": "glob"}])

    assert action(conversion.policy, execution("web_search")) == "ask"
    assert "blocked_patterns[0]" in notes(conversion, "stricter")


@pytest.mark.parametrize("pattern", ["", {"pattern": ".*", "type": "regex"}, {"pattern": "**", "type": "glob"}])
def test_a_pattern_that_is_in_every_text_refuses_everything_here_too(pattern):
    conversion = converted(blocked_patterns=[pattern])

    assert action(conversion.policy, execution("tool")) == "deny"
    assert action(conversion.policy, code("1")) == "deny"
    assert "blocked_patterns[0]" in notes(conversion, "different")


def test_a_person_is_asked_about_every_tool_of_the_list_and_no_other():
    policy = converted(allowed_tools=["web_search"], require_human_approval=True).policy

    assert action(policy, execution("web_search")) == "ask"
    assert action(policy, execution("shell")) == "deny"


def test_nothing_is_allowed_if_no_name_of_the_list_can_be_one():
    policy = converted(allowed_tools=[" "], require_human_approval=True).policy

    assert action(policy, execution("web_search")) == "deny"


def test_every_field_that_is_in_the_file_and_not_in_the_policy_is_named():
    fields = {
        "confidence_threshold": 0.9,
        "drift_threshold": 0.1,
        "log_all_calls": False,
        "checkpoint_frequency": 1,
        "max_concurrent": 2,
        "backpressure_threshold": 1,
        "version": "2.0.0",
    }

    assert notes(converted(**fields), "left out") == set(fields)


def test_every_note_is_in_the_text_of_the_policy_which_loads():
    conversion = converted(name="line\u2028break", allowed_tools=["a-b"], blocked_patterns=[r"\d", "it's"])

    text = conversion.dump()

    assert Policy.loads(text) == conversion.policy
    assert all(note.problem.message in text for note in conversion.notes)


def test_notes_have_places():
    conversion = convert("name: x\nblocked_patterns:\n  - {pattern: '(a)\\1', type: regex}\n", "theirs.yaml")

    note = next(note for note in conversion.notes if note.problem.path == "blocked_patterns[0]")

    assert str(note).startswith("theirs.yaml:3:5: blocked_patterns[0]: stricter: ")


@pytest.mark.parametrize(
    "text, problem",
    [
        ("max_tool_call: 3", "1:1: max_tool_call: There is no such key. Did you mean `max_tool_calls`?"),
        ("max_tool_calls: -1", "1:17: max_tool_calls: This has to be at least 0"),
        ("max_tokens: many", "1:13: max_tokens: This has to be a whole number"),
        ("blocked_patterns: [{pattern: x, type: regx}]", "1:39: blocked_patterns[0].type: "),
        ("blocked_patterns: [{pattern: '(', type: regex}]", "1:20: blocked_patterns[0]: Agent-OS itself cannot use"),
        ("blocked_patterns: [7]", "1:20: blocked_patterns[0]: "),
        ('{"blocked_patterns": ["\\ud800"]}', "blocked_patterns[0]: This text has half a character"),
        ("[]", "1:1: This has to be a mapping"),
        ("{", "This is not YAML"),
    ],
)
def test_what_is_no_agent_os_policy_is_refused_with_its_place(text, problem):
    with pytest.raises(PolicyError) as caught:
        convert(text, "theirs.yaml")

    assert problem in str(caught.value)


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_a_substring_is_found_wherever_it_was_found_there(before, pattern, after):
    text = before + pattern.swapcase() + after
    if not pattern or pattern.lower() not in text.lower():
        return
    try:
        translation = translate("substring", pattern)
    except NotTranslatable:
        return
    if translation.losses:
        return
    policy = Policy.from_data({"version": 1, "default": "allow", "patterns": [{"regex": translation.regex}]})

    assert action(policy, execution("tool", text=text)) == "deny"
