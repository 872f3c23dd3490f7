"""Calls in a time: moving windows, in this process and in a store that several share."""

from __future__ import annotations

import builtins
import logging
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from smolagents.policy import PolicyError, PolicyHook

from .executions import execution, problems, refused
from .limits import books, passes, policy_of
from .redis_server import redis_server


@pytest.fixture(scope="session")
def store():
    with redis_server() as url:
        yield url


_names = iter(range(10**6))


def owner(request):
    """A policy's name that no other test has, as one server serves all."""
    return f"{request.node.name} {next(_names)}"


# In this process


def test_a_window_moves():
    kept = books(rates={"shell": "2/minute"})
    assert passes(kept.budgets, execution())
    kept.clock.now += 40
    assert passes(kept.budgets, execution())
    assert not passes(kept.budgets, execution())
    kept.clock.now += 20
    assert passes(kept.budgets, execution())
    assert not passes(kept.budgets, execution())
    kept.clock.now += 40
    assert passes(kept.budgets, execution())


@pytest.mark.parametrize(
    ("rate", "seconds"),
    [("1/second", 1), ("1/5 seconds", 5), ("1/2 minutes", 120), ("1/hour", 3600), ("1/day", 86400)],
)
def test_a_rate_says_its_time(rate, seconds):
    kept = books(rates={"shell": rate})
    assert passes(kept.budgets, execution())
    kept.clock.now += seconds - 0.5
    assert not passes(kept.budgets, execution())
    kept.clock.now += 0.5
    assert passes(kept.budgets, execution())


def test_a_rate_counts_the_calls_of_all_runs():
    budgets = books(rates={"shell": "2/hour"}).budgets
    assert passes(budgets, execution(run_id="one")) and passes(budgets, execution(run_id="two"))
    (reason,) = budgets.reserve(execution(run_id="three"))
    assert (reason.code, reason.entry, reason.text) == ("limit_rate", "limits.rates.shell", "2/hour")


def test_the_tools_that_a_glob_names_share_its_rate():
    budgets = books(rates={"read_*": "2/hour"}).budgets
    assert passes(budgets, execution("read_a")) and passes(budgets, execution("read_b"))
    assert not passes(budgets, execution("read_c")) and passes(budgets, execution("write"))


def test_a_call_that_one_rate_has_no_room_for_costs_the_others_nothing():
    budgets = books(rates={"read_*": "2/hour", "read_a": "1/hour"}).budgets
    assert passes(budgets, execution("read_a"))
    assert not passes(budgets, execution("read_a")) and not passes(budgets, execution("read_a"))
    assert passes(budgets, execution("read_b"))


def test_a_call_that_was_noted_counts_also_if_it_was_not_made():
    budgets = books(rates={"shell": "1/hour"}).budgets
    first = execution()
    assert budgets.reserve(first) == []
    budgets.settle(first, was_run=False)
    assert not passes(budgets, execution())


def test_the_model_is_told_that_there_will_be_room_again():
    hook = PolicyHook(policy_of(rates={"shell": "0/hour"}))
    denial = hook.before_tool_execution(execution())
    assert denial.code == "limit_rate"
    assert 'grants "shell" a rate of 0/hour, which is used up for now' in denial.reason
    assert denial.reason.endswith("Later there is room for it again.")


def test_the_final_answer_has_no_rate():
    hook = PolicyHook(policy_of(rates={"*": "0/hour", "final_answer": "0/hour"}))
    assert not refused(hook, execution("final_answer", answer=1))


# In the policy


@pytest.mark.parametrize(
    "rate",
    ["10", "10/min", "/minute", "10/", "-1/minute", "10/0 minutes", "10/minute;5/hour", "10 per minute", "1/month"],
)
def test_a_rate_that_is_none_is_refused_with_a_word_on_what_to_write(rate):
    (problem,) = problems(f"version: 1\nlimits: {{rates: {{shell: '{rate}'}}}}\n")
    assert problem.startswith("policy.yaml:2:25: limits.rates.shell: This is ") and "Write calls and a time" in problem


@pytest.mark.parametrize(
    "url",
    ["memory", "memory://x", "redis://", "redis://h:port", "http://host", "redis://ann:secret@", "memcached://h"],
)
def test_a_store_that_is_none_is_refused_and_not_repeated(url):
    (problem,) = problems(f"version: 1\nlimits: {{store: '{url}'}}\n")
    assert problem.startswith("policy.yaml:2:17: limits.store: This is not a store. Write `memory://`")
    assert "secret" not in problem


@pytest.mark.parametrize(
    "url",
    [
        "memory://",
        "redis://localhost",
        "redis://:secret@10.0.0.1:6379/0",
        "rediss://ann:secret@[::1]:1/2?ssl_cert_reqs=required",
        "redis+unix:///run/redis.sock",
    ],
)
def test_a_store_is_kept_as_it_is_written(url):
    assert policy_of(store=url).limits.store == url


@pytest.mark.parametrize("section", ["per_tool", "rates"])
@pytest.mark.parametrize("name", ['""', '" shell"', '"a[z-a]"'])
def test_a_key_that_can_name_nothing_is_refused_at_its_place(section, name):
    value = "1" if section == "per_tool" else "1/day"
    (problem,) = problems(f"version: 1\nlimits:\n  {section}: {{{name}: {value}}}\n")
    assert problem.startswith(f"policy.yaml:3:{len(section) + 6}: limits.{section}")


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("run_seconds: 0", "more than 0"),
        ("run_seconds: true", "a number"),
        ("call_seconds: .nan", "Write"),
        ("tokens: 1.5", "whole number"),
        ("per_tool: {a: -1}", "at least 0"),
        ("identical_denials: 0", "at least 1"),
        ("scope: fleet", "`run` or `session`"),
        ("on_store_error: ignore", "`deny` or `allow`"),
    ],
)
def test_a_limit_that_means_nothing_is_refused(limit, words):
    (problem,) = problems(f"version: 1\nlimits: {{{limit}}}\n")
    assert words in problem


# In a store that several share


def test_hooks_that_share_a_store_share_the_rates_of_policies_of_one_name(store, request):
    name = owner(request)
    policy = policy_of(name=name, rates={"shell": "2/hour"}, store=store)
    first, second = PolicyHook(policy), PolicyHook(policy)
    other = PolicyHook(policy_of(name=f"not {name}", rates={"shell": "2/hour"}, store=store))
    assert [refused(hook, execution()) for hook in (first, second, first, other)] == [False, False, True, False]


def test_a_store_is_exact_for_many_threads(store, request):
    budgets = books(policy_of(name=owner(request), rates={"shell": "20/day"}, store=store)).budgets
    start = threading.Barrier(20, timeout=60)

    def attempt(_):
        start.wait()
        return sum(passes(budgets, execution()) for _ in range(5))

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(attempt, range(20))) == 20


WORKER = """
import sys
from smolagents import Tool, ToolCallingAgent
from smolagents.hooks_testing import ScriptedModel
from smolagents.policy import Policy, PolicyHook

class Tick(Tool):
    name, description, output_type = "tick", "Counts.", "string"
    inputs = {"label": {"type": "string", "description": "Anything."}}
    runs = []

    def forward(self, label):
        self.runs.append(label)
        return label

model = ScriptedModel([("tick", {"label": str(n)}) for n in range(100)], [("final_answer", {"answer": "done"})])
hook = PolicyHook(Policy.load(sys.argv[1]))
agent = ToolCallingAgent(tools=[Tick()], model=model, hooks=[hook], verbosity_level=-1, max_tool_threads=20)
print("ready", flush=True)
sys.stdin.readline()
assert agent.run("task") == "done"
print(len(Tick.runs), flush=True)
"""


def test_two_processes_with_one_store_make_exactly_as_many_calls_as_allowed(store, request, tmp_path):
    path = tmp_path / "policy.yaml"
    policy_of(name=owner(request), rates={"t*": "50/day"}, store=store).save(path)
    command = [sys.executable, "-c", WORKER, path]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as one, subprocess.Popen(command, **pipes) as other:
        for process in (one, other):
            assert process.stdout.readline() == "ready\n"
        for process in (one, other):
            process.stdin.write("go\n")
            process.stdin.flush()
        made = [int(process.stdout.readline()) for process in (one, other)]
    assert sum(made) == 50 and [one.returncode, other.returncode] == [0, 0]


def test_the_rates_of_a_store_are_warned_of(store, request):
    kept = books(policy_of(name=owner(request), rates={"shell": "5/hour"}, store=store))
    for _ in range(6):
        passes(kept.budgets, execution())
    assert [(warning.entry, warning.used, warning.limit) for warning in kept.warnings] == [
        ("limits.rates.shell", 4, 5)
    ]


def test_looking_at_a_store_takes_nothing(store, request):
    budgets = books(policy_of(name=owner(request), rates={"shell": "1/hour"}, store=store)).budgets
    assert budgets.reached(execution()) == budgets.reached(execution()) == []
    assert passes(budgets, execution())
    assert [reason.code for reason in budgets.reached(execution())] == ["limit_rate"]


# Without its store


def no_store(tmp_path: Path, **limits):
    return policy_of(rates={"shell": "5/hour"}, store=f"redis+unix://{tmp_path}/none", **limits)


def test_a_call_is_refused_when_the_store_was_never_there(tmp_path, caplog):
    hook = PolicyHook(no_store(tmp_path, tool_calls=1))
    denial = hook.before_tool_execution(execution())
    assert denial.code == "limit_store" and "does not answer" in denial.reason
    assert denial.reason.endswith("Later the store may answer again.")
    assert "The store of limits.rates does not answer" in caplog.text
    # It gave its place back, and what has no rate does not need the store
    assert not refused(hook, execution("other"))


def test_a_call_is_made_without_a_store_if_the_policy_says_so(tmp_path, caplog):
    hook = PolicyHook(no_store(tmp_path, on_store_error="allow"))
    decisions = []
    hook.on("policy_check", lambda event: decisions.append(event.decision), synchronous=True)
    assert not refused(hook, execution())
    assert (decisions[0].action, decisions[0].code) == ("warn", "limit_store")
    assert caplog.records[0].levelno == logging.WARNING


def test_a_call_is_refused_when_the_store_goes_away(request):
    with redis_server() as url:
        hook = PolicyHook(policy_of(name=owner(request), rates={"shell": "5/hour"}, store=url))
        assert not refused(hook, execution())
    denial = hook.before_tool_execution(execution())
    assert denial.code == "limit_store"


def test_a_store_that_comes_back_is_used_again(tmp_path, request):
    path = tmp_path / "socket"
    policy = policy_of(name=owner(request), rates={"shell": "5/hour"}, store=f"redis+unix://{path}")
    hook = PolicyHook(policy)
    for _ in range(2):
        assert hook.before_tool_execution(execution()).code == "limit_store"
        with redis_server() as url:
            path.symlink_to(url.removeprefix("redis+unix://"))
            assert not refused(hook, execution())
            path.unlink()


def test_a_store_that_does_not_answer_does_not_hang_the_agent(monkeypatch):
    monkeypatch.setattr("smolagents.policy.rates.STORE_SECONDS", 0.01)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        hook = PolicyHook(policy_of(rates={"shell": "5/hour"}, store=store))
        assert hook.before_tool_execution(execution()).code == "limit_store"


def test_a_password_is_not_told(caplog):
    hook = PolicyHook(policy_of(rates={"shell": "5/hour"}, store="redis://ann:secret@127.0.0.1:1"))
    denial = hook.before_tool_execution(execution())
    assert "secret" not in denial.reason + caplog.text


def test_a_store_whose_client_is_not_installed_is_refused_when_the_hook_is_made(monkeypatch):
    real_import = builtins.__import__

    def without_redis(name, *args, **kwargs):
        if name.partition(".")[0] == "redis":
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_redis)
    with pytest.raises(PolicyError, match=r"limits.store: .*pip install 'smolagents\[policy-redis\]'"):
        PolicyHook(policy_of(rates={"shell": "5/hour"}, store="redis://localhost"))


def test_a_policy_without_rates_needs_no_store():
    assert not refused(PolicyHook(policy_of(store="redis://nowhere.invalid", tool_calls=1)), execution())
