"""What the hook lets pass and what it refuses."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from smolagents.hooks import Deny, Opaque
from smolagents.policy import Policy, PolicyHook

from .executions import code, denied, execution, failed, hook_for, ok, refused


def denial(hook: PolicyHook, about) -> Deny:
    answer = hook.before_tool_execution(about)
    assert type(answer) is Deny and not answer.stop
    return answer


def test_without_a_word_about_it_a_tool_is_denied_and_code_and_the_answer_are_not():
    hook = PolicyHook(Policy(version=1))
    assert denial(hook, execution("search")).code == "not_allowed"
    assert denial(hook, execution("researcher", kind="agent", task="x")).code == "not_allowed"
    assert not refused(hook, code("print(1)"))
    assert not refused(hook, execution("final_answer", answer="done"))


def test_a_tool_or_an_agent_that_is_allowed_by_name_or_glob_may_be_called():
    hook = hook_for(default="deny", tools={"allow": ["search", "read_*", "researcher"]})
    assert not refused(hook, execution("search"))
    assert not refused(hook, execution("read_file"))
    assert not refused(hook, execution("researcher", kind="agent"))
    assert refused(hook, execution("write_file"))


def test_denying_beats_allowing():
    hook = hook_for(tools={"allow": ["shell", "*"], "deny": ["sh*"]})
    assert denial(hook, execution("shell")).code == "tool_denied"
    assert not refused(hook, execution("search"))


def test_the_final_answer_is_denied_only_by_what_names_it():
    assert not refused(hook_for(default="deny", tools={"deny": ["*"]}), execution("final_answer"))
    assert not refused(hook_for(tools={"deny": ["??*"]}), execution("final_answer"))
    assert refused(hook_for(tools={"deny": ["final_answer"]}), execution("final_answer"))
    assert refused(hook_for(tools={"deny": ["final_*"]}), execution("final_answer"))


def test_code_is_denied_by_what_names_its_interpreter():
    assert not refused(hook_for(default="deny", tools={"deny": ["*"]}), code("1 + 1"))
    for entry in ("python_interpreter", "python_*"):
        assert denial(hook_for(tools={"deny": [entry]}), code("1 + 1")).code == "tool_denied"
    hook = hook_for(default="deny", tools={"allow": ["python_interpreter"]}, patterns=["rm -rf"])
    assert refused(hook, code("'rm -rf'")) and not refused(hook, code("1 + 1"))


def test_the_final_answer_is_denied_for_what_it_says():
    hook = hook_for(patterns=["SECRET"])
    assert denial(hook, execution("final_answer", answer="the SECRET is 5")).code == "pattern"
    assert not refused(hook, execution("final_answer", answer="no"))


def test_an_agent_that_is_called_final_answer_is_no_final_answer():
    assert refused(hook_for(default="deny"), execution("final_answer", kind="agent"))


def test_patterns_are_looked_for_in_tools_agents_and_code():
    hook = hook_for(patterns=["rm -rf", {"regex": r"(?i)drop\s+table"}, {"glob": "*.pem"}])
    assert refused(hook, execution("shell", command="rm -rf /"))
    assert refused(hook, execution("researcher", kind="agent", task="please DROP  TABLE users"))
    assert refused(hook, code("open('key.pem').read()"))
    assert not refused(hook, code("open('key.txt').read()"))


def test_the_name_of_the_argument_that_holds_code_is_not_code():
    assert not refused(hook_for(patterns=["code"]), code("x = 1"))


def test_opaque_arguments_are_passed_over():
    assert not refused(hook_for(patterns=["Image"]), execution("show", image=Opaque("Image")))


def test_the_reason_says_what_was_refused_by_what_and_that_repeating_it_is_no_use():
    hook = hook_for(
        name="production", default="deny", tools={"deny": ["shell"], "allow": ["run"]}, patterns=["rm -rf"]
    )
    assert denial(hook, execution("shell")).reason == (
        'The tool "shell" was refused: the policy "production" denies it by name (tools.deny: "shell"). '
        "The same call will be refused again, so do not repeat it."
    )
    assert denial(hook, execution("helper", kind="agent")).reason == (
        'The agent "helper" was refused: the policy "production" does not allow it '
        "(tools.allow does not name it, and `default` is deny). "
        "The same call will be refused again, so do not repeat it."
    )
    assert denial(hook, execution("run", argv=["rm", "-rf"])).reason == (
        'The tool "run" was refused: arguments.argv (joined) contains what the policy "production" forbids '
        '(patterns[0], a substring: "rm -rf"). The same call will be refused again, so do not repeat it.'
    )
    assert denial(hook, code("r\u200bm -rf")).reason == (
        "The code was refused: it contains, disguised by look-alike or invisible characters or white space, "
        'what the policy "production" forbids (patterns[0], a substring: "rm -rf"). '
        "The same call will be refused again, so do not repeat it."
    )


def test_every_reason_is_in_the_decision_with_its_place():
    hook = hook_for(
        tools={"allow": ["sh*"], "deny": ["shell"]}, patterns=["ls", {"regex": "rm.*"}], limits={"tool_calls": 0}
    )
    decisions = []
    hook.on("policy_check", lambda event: decisions.append(event.decision), synchronous=True)
    hook.before_tool_execution(execution("shell", command="sudo rm -rf"))
    (decision,) = decisions
    assert decision.action == "deny"
    assert [(reason.action, reason.code, reason.entry, reason.text) for reason in decision.reasons] == [
        ("deny", "tool_denied", "tools.deny[0]", "shell"),
        ("allow", "tool_allowed", "tools.allow[0]", "sh*"),
        ("deny", "pattern", "patterns[1]", "rm.*"),
        ("deny", "limit_tool_calls", "limits.tool_calls", "0"),
    ]
    pattern = decision.reasons[2]
    assert (pattern.where, pattern.span, pattern.normalized) == ("arguments.command", (5, 11), False)


def test_a_limit_counts_tools_and_delegations_but_neither_code_nor_the_answer():
    hook = hook_for(limits={"tool_calls": 2})
    for about in (execution(), execution("helper", kind="agent"), code("x"), execution("final_answer"), code("y")):
        assert not refused(hook, about)
        hook.after_tool_execution(about, ok())
    over = denial(hook, execution())
    assert over.code == "limit_tool_calls"
    assert "all 2 calls" in over.reason and "final answer" in over.reason
    assert not refused(hook, execution("final_answer")) and not refused(hook, code("z"))


def test_runs_have_limits_of_their_own():
    hook = hook_for(limits={"tool_calls": 1})
    assert not refused(hook, execution(run_id="one")) and not refused(hook, execution(run_id="two"))
    assert refused(hook, execution(run_id="one")) and refused(hook, execution(run_id="two"))


def test_a_call_that_another_hook_denied_does_not_count_and_one_that_failed_does():
    hook = hook_for(limits={"tool_calls": 1})
    first, second = execution(), execution()
    assert not refused(hook, first)
    hook.after_tool_execution(first, denied())
    assert not refused(hook, second)
    hook.after_tool_execution(second, failed())
    assert refused(hook, execution())


def test_a_call_that_the_policy_denies_anyway_takes_no_place():
    hook = hook_for(tools={"deny": ["shell"]}, limits={"tool_calls": 1})
    for _ in range(5):
        about = execution("shell")
        assert denial(hook, about).code == "tool_denied"
        hook.after_tool_execution(about, denied())
    assert not refused(hook, execution("search"))


def test_fifty_threads_at_a_limit_of_ten_execute_exactly_ten():
    hook = hook_for(limits={"tool_calls": 10})
    start = threading.Barrier(50)
    executed = []

    def attempt(number: int) -> None:
        about = execution("shell", number=number)
        start.wait()
        if hook.before_tool_execution(about) is None:
            executed.append(number)
            hook.after_tool_execution(about, ok())
        else:
            hook.after_tool_execution(about, denied())

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(attempt, range(50)))
    assert len(executed) == 10


def test_a_hundred_calls_in_one_step_at_a_limit_of_two_execute_two():
    hook = hook_for(limits={"tool_calls": 2})
    assert sum(not refused(hook, execution()) for _ in range(100)) == 2


def test_the_hook_wants_what_it_judges_and_refuses_what_it_does_not():
    hook = hook_for()
    assert hook.kinds == {"tool", "agent", "code"}
    assert denial(hook, execution("file.read", kind="operation", path="/etc/passwd")).code == "kind_not_judged"


def test_a_path_in_place_of_a_policy_is_told_how_to_load_it():
    with pytest.raises(TypeError, match=r"Write PolicyHook\(Policy.load\('policy.yaml'\)\)"):
        PolicyHook("policy.yaml")


def test_a_policy_without_a_name_is_spoken_of_without_one():
    assert "the policy denies it by name" in denial(hook_for(tools={"deny": ["x"]}), execution("x")).reason


def test_the_hook_only_reads_the_arguments():
    hook = hook_for(patterns=["x"], limits={"tool_calls": 5})
    about = execution("shell", a={"b": ["x", "y"]}, c=b"x")
    before = repr(about.arguments)
    hook.before_tool_execution(about)
    assert repr(about.arguments) == before


def test_a_tool_whose_name_is_no_text_is_decided_on_like_any_other():
    hook = hook_for(default="deny", tools={"deny": ["shell*"]}, limits={"per_tool": {"*": 1}, "identical_denials": 2})
    denials = [hook.before_tool_execution(execution("shell\ud800")) for _ in range(2)]
    assert [(denial.code, denial.stop) for denial in denials] == [("tool_denied", False), ("identical_denials", True)]
