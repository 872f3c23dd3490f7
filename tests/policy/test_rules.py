"""Which rules match an execution, what follows, and what is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smolagents.hooks import Opaque, ToolExecution
from smolagents.policy import Policy, PolicyHook
from smolagents.policy.decision import SEVERITY

from .executions import code, execution, hook_for, problems, refused


def rule(action="deny", **keys):
    return {"id": action, "action": action, **keys}


def decide(rules, about, **policy):
    return hook_for(rules=rules, **policy).explain(about)


def by_agents(*agent_path):
    return ToolExecution("tool", "shell", {}, "1", None, "run", agent_path, 1)


def test_every_rule_that_matches_counts_and_the_most_severe_wins():
    rules = [rule(action, when={"name": "shell"}) for action in ("warn", "stop", "allow", "deny", "ask")]
    decision = decide([*rules, rule(id="other", when={"name": "search"})], execution("shell"))
    assert decision.action == "stop"
    assert [reason.entry for reason in decision.reasons] == [
        *("rules[warn]", "rules[stop]", "rules[allow]", "rules[deny]", "rules[ask]")
    ]


def test_a_stop_ends_the_run_and_a_denial_does_not():
    assert hook_for(rules=[rule("stop")]).before_tool_execution(execution()).stop
    denial = hook_for(rules=[rule("deny")]).before_tool_execution(execution())
    assert not denial.stop and denial.code == "rule"


def test_a_warning_and_an_allowance_let_pass():
    assert not refused(hook_for(rules=[rule("warn"), rule("allow")]), execution())


def test_all_keys_of_when_have_to_hold():
    arguments = {"a": {"equals": 1}, "b": {"equals": 2}}
    when = {"kind": "tool", "name": ["sh*", "run"], "agent": "Code*", "arguments": arguments}
    assert refused(hook_for(rules=[rule(when=when)]), execution("shell", a=1, b=2))
    assert refused(hook_for(rules=[rule(when=when)]), execution("run", a=1, b=2))
    for other in (
        execution("search", a=1, b=2),
        execution("shell", kind="agent", a=1, b=2),
        execution("shell", a=1, b=3),
        execution("shell", a=1),
    ):
        assert not refused(hook_for(rules=[rule(when=when)]), other)
    assert not refused(hook_for(rules=[rule(when={**when, "agent": "Tool*"})]), execution("shell", a=1, b=2))


def test_a_rule_about_an_agent_is_about_what_that_agent_executes_itself():
    hook = hook_for(rules=[rule(when={"agent": "researcher"})])
    assert refused(hook, by_agents("manager", "researcher"))
    assert not refused(hook, by_agents("manager", "researcher", "reader")) and not refused(hook, by_agents("manager"))


def test_a_star_is_every_argument():
    hook = hook_for(rules=[rule(when={"arguments": {"*": {"contains": "SECRET"}}})])
    assert refused(hook, execution(a=1, b=["x", {"k": "the SECRET"}]))
    assert not refused(hook, execution(a=1, b="public")) and not refused(hook, execution())


def test_a_rule_with_nothing_but_an_action_is_about_everything_but_the_answer():
    hook = hook_for(rules=[rule()])
    assert refused(hook, execution()) and refused(hook, code("1")) and refused(hook, execution(kind="agent"))
    assert not refused(hook, execution("final_answer", answer="x"))


@pytest.mark.parametrize("when", [{"kind": "tool"}, {"name": "*"}, {"name": ["?*"]}, {"agent": "*"}, {}])
def test_the_answer_is_not_refused_by_what_does_not_name_it(when):
    assert not refused(hook_for(rules=[rule(when=when)]), execution("final_answer", answer="x"))


@pytest.mark.parametrize(
    "when",
    [
        {"name": "final_answer"},
        {"name": ["*", "final_*"]},
        {"kind": "tool", "arguments": {"answer": {"contains": "x"}}},
        {"arguments": {"*": {"contains": "x"}}},
        {"name": "*", "arguments": {"answer": {"contains": "x"}}},
    ],
)
def test_the_answer_is_refused_by_what_names_it_or_objects_to_what_it_says(when):
    assert refused(hook_for(rules=[rule(when=when)]), execution("final_answer", answer="x"))


def test_only_a_rule_that_matches_and_grants_lets_a_tool_be_called_that_nothing_names():
    about = execution("send", to="a@example.com")
    inside = {"name": "send", "arguments": {"to": {"suffix": "@example.com"}}}
    for action, expected in (("allow", "allow"), ("warn", "warn"), ("ask", "ask"), ("deny", "deny"), ("stop", "stop")):
        assert decide([rule(action, when=inside)], about, default="deny").action == expected
    for action in ("allow", "warn", "deny"):
        decision = decide([rule(action, when=inside)], execution("send", to="a@evil.com"), default="deny")
        assert (decision.action, decision.code) == ("deny", "not_allowed")


def test_the_reason_says_which_rule_where_and_why():
    rules = [rule(id="no-secrets", when={"arguments": {"text": {"contains": "key"}}}, reason="Keys stay here.")]
    (reason,) = decide(rules, execution("send", text=["a", "my k\u200bey"]), name="mail").reasons
    assert (reason.action, reason.code, reason.entry) == ("deny", "rule", "rules[no-secrets]")
    assert (reason.where, reason.span, reason.normalized) == ("arguments.text (joined)", (5, 8), True)
    (reason,) = decide(rules, execution("send", text={"k": "my key"}), name="mail").reasons
    assert (reason.where, reason.span, reason.normalized) == ('arguments.text["k"]', (3, 6), False)
    assert reason.message == 'Keys stay here (the rule "no-secrets" of the policy "mail", arguments.text["k"])'


def test_a_rule_without_a_reason_is_named():
    (reason,) = decide([rule(id="x", when={"name": "shell"})], execution("shell")).reasons
    assert (reason.where, reason.span) == (None, None)
    assert reason.message == 'the rule "x" of the policy applies to it (deny)'


def test_two_rules_of_one_name_are_refused_with_the_line_of_the_second():
    text = "version: 1\nrules:\n- {id: a, action: deny}\n- {id: b, action: deny}\n- {id: a, action: warn}\n"
    assert problems(text) == [
        'policy.yaml:5:8: rules[2].id: The rule "a" is here twice (first in rules[0]). Rename one.'
    ]


def test_opaque_arguments_can_be_denied_wherever_they_are():
    about = execution("show", a={"b": [Opaque("Image")]}, c=Opaque("x\n" * 100))
    assert not refused(hook_for(), about)
    hook = hook_for(opaque="deny")
    first, second = hook.explain(about).reasons
    assert (first.code, first.entry, first.where) == ("opaque", "opaque", 'arguments.a["b"][0]')
    assert second.where == "arguments.c" and "\n" not in second.message and len(second.message) < 200
    assert refused(hook, about) and not refused(hook, execution("show", a="plain"))


def test_patterns_that_cannot_look_into_a_value_say_so():
    about = execution("show", image=Opaque("Image"))
    hook = hook_for(patterns=["rm -rf"])
    (reason,) = hook.explain(about).reasons
    assert (reason.action, reason.code, reason.where) == ("allow", "opaque", "arguments.image")
    assert reason.message == (
        'arguments.image is no plain data but a "Image", so that patterns cannot look into it (opaque)'
    )
    assert not refused(hook, about)


def test_what_nobody_looked_into_is_not_allowed_thereby():
    assert refused(hook_for(patterns=["rm -rf"], default="deny"), execution("show", image=Opaque("Image")))


@pytest.mark.parametrize(
    ("keys", "about", "reason_code"),
    [
        ({"rules": [rule("stop")]}, execution("shell"), "rule"),
        ({"opaque": "deny"}, execution("shell", x=Opaque("X")), "opaque"),
        ({"patterns": ["rm"]}, execution("shell", x="rm"), "pattern"),
        ({"tools": {"deny": ["shell"]}}, execution("shell"), "tool_denied"),
        ({"default": "deny"}, execution("shell"), "not_allowed"),
        ({"operations": {}}, execution("file.read", kind="operation", path="x"), "operation"),
        ({"operations": {"file.read": "stop"}}, execution("file.read", kind="operation", path="x"), "operation"),
    ],
)
def test_in_shadow_every_reason_is_reported_and_none_counts(keys, about, reason_code):
    assert refused(hook_for(**keys), about)
    hook = hook_for(mode="shadow", **keys)
    events = []
    hook.on("*", events.append, synchronous=True)
    assert not refused(hook, about)
    decision = hook.explain(about)
    assert decision.action == "allow" and decision.shadow_action in ("deny", "stop")
    assert [(reason.code, reason.counts) for reason in decision.reasons] == [(reason_code, False)]
    assert {event.name for event in events} == {"policy_check", "policy_violation"}


def test_rules_are_about_the_names_that_an_mcp_server_gives_its_tools():
    assert refused(hook_for(rules=[rule(when={"name": "remote-rm"})]), execution("remote_rm"))


def test_more_names_than_are_remembered_are_judged_alike():
    hook = hook_for(rules=[rule(when={"name": "tool_7?"})])
    for _ in range(2):
        assert sum(refused(hook, execution(f"tool_{number}")) for number in range(2000)) == 10


names = st.sampled_from(["shell", "search", "final_answer"])
whens = st.fixed_dictionaries(
    {},
    optional={
        "name": names | st.sampled_from(["*", "s*"]),
        "kind": st.sampled_from(["tool", "agent"]),
        "arguments": st.fixed_dictionaries({"x": st.sampled_from([{"prefix": "a"}, {"not": {"prefix": "a"}}])}),
    },
)
rule_lists = st.lists(st.tuples(whens, st.sampled_from(SEVERITY)), max_size=5).map(
    lambda pairs: [rule(action, id=str(number), when=when) for number, (when, action) in enumerate(pairs)]
)
kinds = st.sampled_from(["tool", "agent"])
calls = st.builds(lambda name, kind, x: execution(name, kind=kind, x=x), names, kinds, st.text("ab"))
defaults = st.sampled_from(["allow", "deny"])


@given(rule_lists, defaults, calls, whens, st.sampled_from(["deny", "stop"]))
def test_one_more_rule_that_refuses_never_lets_more_pass(rules, default, about, when, action):
    before = decide(rules, about, default=default)
    after = decide([*rules, rule(action, id="more", when=when)], about, default=default)
    assert SEVERITY.index(after.action) >= SEVERITY.index(before.action)


@given(rule_lists, defaults, calls, st.randoms(use_true_random=False))
def test_the_order_of_the_rules_changes_neither_the_action_nor_the_reasons(rules, default, about, random):
    shuffled = random.sample(rules, len(rules))
    one, other = decide(rules, about, default=default), decide(shuffled, about, default=default)
    assert one.action == other.action and set(one.reasons) == set(other.reasons)


@given(rule_lists, defaults, calls)
def test_in_shadow_a_policy_says_what_it_would_do_and_does_nothing(rules, default, about):
    enforced = decide(rules, about, default=default)
    shadowed = decide(rules, about, default=default, mode="shadow")
    assert (shadowed.action, shadowed.shadow_action) == ("allow", enforced.action)


def test_a_policy_that_only_has_rules_survives_writing_and_reading():
    text = "version: 1\nrules:\n- {id: a, when: {arguments: {x: {not: {prefix: y}}}}, action: ask, reason: Why.}\n"
    policy = Policy.loads(text)
    assert Policy.loads(policy.dump()) == policy
    assert PolicyHook(policy).kinds == {"tool", "agent", "code"}
