"""What is in the audit trail of real agents."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from smolagents import CodeAgent, Deny, ToolCallingAgent, ToolExecutionStopped, tool
from smolagents.hooks_testing import RecordingHook, ScriptedModel, answering, code
from smolagents.policy import FunctionApprover, Policy, PolicyError, PolicyHook
from smolagents.policy.audit import file as file_module
from smolagents.policy.recorded import load
from smolagents.policy.replay import replay

from ..executions import denied, execution, ok
from .trails import KEY, fault, hook_for, play, records


seen: list[list[str]] = []


@tool
def look(path: str) -> str:
    """Look at what the trail says while the tool runs.

    Args:
        path: The trail.
    """
    seen.append([record["type"] for record in records(Path(path)) if record.get("name") == "look"])
    return "seen"


@tool
def shell(command: str) -> str:
    """Run a command.

    Args:
        command: What to run.
    """
    if command == "fail":
        raise ValueError("no")
    return f"did {command}"


def agent_with(hook: PolicyHook, *turns: object, cls: type = ToolCallingAgent, **options: object):
    return cls(tools=[look, shell], model=ScriptedModel(*turns), hooks=[hook], verbosity_level=0, **options)


@pytest.fixture(autouse=True)
def nothing_seen():
    seen.clear()


def test_the_record_of_an_execution_is_there_before_it_runs(path):
    agent = agent_with(hook_for(path), [("look", {"path": str(path)})], [("final_answer", {"answer": "done"})])
    agent.run("Look.")

    assert seen == [["before"]]
    assert [record["type"] for record in records(path) if record.get("name") == "look"] == ["before", "after"]


def test_a_run_is_recorded_from_its_start_to_its_end(path):
    hook = hook_for(path, tools={"deny": ["shell"]})
    agent = agent_with(
        hook, code("try:\n    shell('ls')\nexcept Exception as e:\n    final_answer(str(e))"), cls=CodeAgent
    )
    agent.run("List.")

    kinds = [(record["type"], record.get("kind"), record.get("name")) for record in records(path)]
    assert kinds == [
        ("file", None, "audit.jsonl"),
        ("run_started", None, None),
        ("before", "code", "python_interpreter"),
        ("denied", "tool", "shell"),
        ("after", "tool", "shell"),
        ("before", "tool", "final_answer"),
        ("after", "tool", "final_answer"),
        ("after", "code", "python_interpreter"),
        ("step", None, None),
        ("run_finished", None, None),
    ]
    assert fault(path) is None
    (denied,) = records(path, "denied")
    (action,) = [record for record in records(path, "before") if record["kind"] == "code"]
    assert denied["parent"] == action["execution"]
    assert denied["agents"] == ["CodeAgent"] and denied["step"] == 1
    assert denied["decision"]["code"] == "tool_denied"
    assert denied["decision"]["reasons"][0]["entry"] == "tools.deny[0]"
    assert denied["policy"] == {"name": None, "digest": hook.policy.digest}
    assert len({record["run"] for record in records(path) if "run" in record}) == 1


def test_managed_agents_are_recorded_under_the_call_that_they_work_for(path):
    hook = hook_for(path)
    inner = ToolCallingAgent(
        tools=[shell],
        model=ScriptedModel([("shell", {"command": "ls"})], [("final_answer", {"answer": "done"})]),
        name="worker",
        description="Works.",
        verbosity_level=0,
    )
    outer = agent_with(
        hook, [("worker", {"task": "Work."})], [("final_answer", {"answer": "done"})], managed_agents=[inner]
    )
    outer.run("Delegate.")

    (delegation,) = [record for record in records(path, "before") if record["kind"] == "agent"]
    started = [record for record in records(path, "run_started")]
    assert [record["parent"] for record in started] == [None, delegation["execution"]]
    (call,) = [record for record in records(path, "before") if record["name"] == "shell"]
    assert call["agents"] == ["ToolCallingAgent", "worker"]


@pytest.mark.parametrize(
    "command, status, error",
    [("ls", "ok", None), ("fail", "error", "ValueError"), ("stop", "denied", None)],
)
def test_how_an_execution_ended_is_recorded(path, command, status, error):
    other = RecordingHook(before=lambda about: Deny("No.") if about.arguments.get("command") == "stop" else None)
    model = ScriptedModel([("shell", {"command": command})], [("final_answer", {"answer": "done"})])
    agent = ToolCallingAgent(tools=[shell], model=model, hooks=[hook_for(path), other], verbosity_level=0)
    agent.run("Do.")

    (after,) = [record for record in records(path, "after") if record["name"] == "shell"]
    assert after["status"] == status
    assert after["error"] == error
    assert after["duration"] >= 0
    assert ("result_digest" in after) == (status == "ok")
    assert after["denied_by"] == ("RecordingHook" if status == "denied" else None)


@pytest.mark.parametrize("approves", [True, False])
def test_what_a_person_said_is_recorded(path, approves):
    rule = {"id": "ask", "when": {"name": "shell"}, "action": "ask"}
    policy = Policy.from_data({"version": 1, "default": "allow", "rules": [rule], "audit": {"path": str(path)}})

    def answer(request):
        return request.approve(by="ann", note="fine") if approves else request.reject(by="ann", note="not now")

    hook = PolicyHook(policy, FunctionApprover(answer))
    play(hook, command="ls")

    asked, resolved, decided = records(path, "approval_requested", "approval_resolved", "before", "denied")
    assert (asked["type"], asked["name"]) == ("approval_requested", "shell")
    assert asked["call_digest"] == resolved["call_digest"]
    assert (resolved["approved"], resolved["by"]) == (approves, "ann")
    assert decided["type"] == ("before" if approves else "denied")
    assert decided["execution"] == resolved["execution"] == asked["execution"]


def test_a_policy_in_shadow_mode_records_what_it_would_have_refused(path):
    hook = hook_for(path, mode="shadow", tools={"deny": ["shell"]})
    assert play(hook, command="ls")

    (before,) = records(path, "before")
    assert (before["decision"]["action"], before["decision"]["shadow_action"]) == ("allow", "deny")


# Errors of the trail


@pytest.fixture
def full(path, monkeypatch):
    """A hook whose trail cannot be written any more."""

    def full(**options):
        hook = hook_for(path, **options)

        def no_space(*arguments):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("smolagents.policy.audit.file.os.write", no_space)
        return hook

    return full


def test_what_cannot_be_recorded_is_denied(full):
    hook = full()
    denial = hook.before_tool_execution(execution("shell", command="ls"))

    assert denial.code == "audit_error"
    assert "No space left on device" in denial.reason


def test_a_result_that_cannot_be_recorded_is_withheld(path, full):
    hook = hook_for(path)
    about = execution("shell", command="ls")
    assert hook.before_tool_execution(about) is None
    full()

    assert hook.after_tool_execution(about, ok()).code == "audit_error"


def test_a_run_that_cannot_be_recorded_is_stopped_at_its_start(full):
    agent = agent_with(full(), [("shell", {"command": "ls"})])

    with pytest.raises(ToolExecutionStopped, match="cannot be recorded"):
        agent.run("List.")


def test_a_call_that_could_not_be_recorded_takes_no_place_in_the_limits(full, monkeypatch):
    hook = full(limits={"tool_calls": 1})
    about = execution("shell", command="ls")
    assert hook.before_tool_execution(about).code == "audit_error"
    hook.after_tool_execution(about, denied())
    monkeypatch.undo()

    assert play(hook, command="ls")
    assert not play(hook, command="ls")


@pytest.mark.parametrize("options", [{"audit": {"on_audit_error": "allow"}}, {"mode": "shadow"}])
def test_a_policy_can_let_pass_what_cannot_be_recorded(full, options, caplog):
    assert play(full(**options), command="ls")
    assert "could not be recorded" in caplog.text


def test_a_disk_that_is_full_is_refused_when_the_hook_is_made(path, monkeypatch):
    def refuse(descriptor, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", refuse)

    with pytest.raises(PolicyError, match="audit: The audit file .* cannot be written: No space left on device"):
        hook_for(path)


@pytest.mark.parametrize("name", ["audit-20261121.jsonl", "a/audit-000001", "audit-0000017.x"])
def test_a_path_that_is_called_like_a_file_that_a_trail_goes_on_in_is_refused(name):
    with pytest.raises(PolicyError, match="such names are for the files that a trail goes on in"):
        hook_for(Path(name))


def test_a_folder_that_is_not_there_is_refused_when_the_hook_is_made(tmp_path):
    with pytest.raises(PolicyError, match="No such file or directory"):
        hook_for(tmp_path / "nowhere" / "audit.jsonl")


def test_a_trail_that_cannot_be_opened_may_be_let_pass(tmp_path):
    hook = hook_for(tmp_path / "nowhere" / "audit.jsonl", audit={"on_audit_error": "allow"})

    assert play(hook, command="ls")


# Keys


def test_without_a_key_there_is_no_trail(path, monkeypatch):
    monkeypatch.delenv("SMOLAGENTS_AUDIT_KEY")

    with pytest.raises(PolicyError, match="There is no key: set the environment variable SMOLAGENTS_AUDIT_KEY"):
        hook_for(path)
    assert not path.exists()


def test_a_key_that_is_too_short_is_refused(path, monkeypatch):
    monkeypatch.setenv("SMOLAGENTS_AUDIT_KEY", "short")

    with pytest.raises(PolicyError, match="too short: it has 5 bytes, and needs 32 or more"):
        hook_for(path)


def test_the_key_may_come_from_another_variable_or_from_a_file(path, monkeypatch, tmp_path):
    monkeypatch.setenv("OTHER_KEY", "k" * 32)
    (tmp_path / "key").write_text("f" * 32 + "\n")
    hook_for(path, audit={"key_env": "OTHER_KEY", "key_file": str(tmp_path / "key")})
    monkeypatch.delenv("OTHER_KEY")
    hook_for(tmp_path / "other.jsonl", audit={"key_env": "OTHER_KEY", "key_file": str(tmp_path / "key")})

    keys = [records(file)[0]["key"] for file in (path, tmp_path / "other.jsonl")]
    assert len({*keys, KEY.id}) == 3


def test_a_key_file_that_cannot_be_read_is_said(path, monkeypatch):
    monkeypatch.delenv("SMOLAGENTS_AUDIT_KEY")

    with pytest.raises(PolicyError, match="The key file nowhere cannot be read: No such file or directory"):
        hook_for(path, audit={"key_file": "nowhere"})


# Closing


def test_a_closed_hook_has_let_its_file_go_and_opens_it_again(path):
    with hook_for(path, audit={"fsync": "always"}) as hook:
        play(hook, command="ls")
        assert str(path) in open_files()
    assert str(path) not in open_files()
    hook.close()
    assert fault(path) is None

    assert play(hook, command="ls")
    assert len(records(path, "before")) == 2
    assert hook.close() is True
    assert str(path) not in open_files()
    assert fault(path) is None


def test_a_closed_hook_still_refuses_and_still_notices_what_was_done_to_its_trail(path):
    hook = hook_for(path, tools={"deny": ["shell"]})
    play(hook, "look")
    hook.close()
    path.write_bytes(path.read_bytes()[:-1])

    assert not play(hook, "shell")
    assert records(path, "lost") and records(path, "denied")


def test_closing_waits_for_handlers(path):
    hook, heard, released = hook_for(path), [], threading.Event()
    hook.on("policy_check", lambda event: (released.wait(), heard.append(event)))
    play(hook, command="ls")

    assert hook.close(0) is False
    released.set()
    assert hook.close() is True
    assert len(heard) == 1


def test_a_disk_that_fails_when_a_hook_is_closed_is_logged(path, monkeypatch, caplog):
    hook = hook_for(path, audit={"fsync": "interval"})
    play(hook, command="ls")

    def fail(descriptor):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(file_module, "_sync", fail)
    hook.close()

    assert "may not be on the disk: Input/output error" in caplog.text


def open_files() -> list[str]:
    return [os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if _is_open(name)]


def _is_open(name: str) -> bool:
    return os.path.lexists(f"/proc/self/fd/{name}")


# What is known of a run and of what it is for


def test_what_a_run_is_granted_is_recorded_at_its_start(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text("version: 1\nlimits: {tool_calls: 5, tokens: 100}\n")
    Path("child.yaml").write_text(
        "version: 1\nextends: base.yaml\ndefault: allow\naudit: {path: a.jsonl}\n"
        "limits: {tool_calls: 9, per_tool: {look: 3}, run_seconds: 7.5}\n"
    )
    hook = PolicyHook(Policy.load("child.yaml"))
    agent_with(hook, [("final_answer", {"answer": "done"})]).run("Answer.")

    (started,) = records(Path("a.jsonl"), "run_started")
    assert sorted((limit["about"], limit["name"], limit["limit"]) for limit in started["limits"]) == [
        ("per_tool", "look", 3),
        ("run_seconds", None, 7.5),
        ("tokens", None, 100),
        ("tool_calls", None, 5),
    ]


def test_what_an_execution_is_for_is_recorded_if_the_policy_judges_that(path, tmp_path):
    hook = hook_for(path, intents={"deny": ["destructive_data"]})
    for command in ("ls", "curl https://example.com", "rm -rf /home"):
        play(hook, command=command)
    play(hook, "final_answer", answer="rm -rf /")
    play(hook_for(tmp_path / "without.jsonl"), command="rm -rf /home")

    intents = [record["decision"]["intent"] for record in records(path, "before", "denied")]
    assert intents == ["benign", "network_access", "destructive_data", None]
    (without,) = records(tmp_path / "without.jsonl", "before")
    assert without["decision"]["intent"] is None


# Policies that extend others


def test_each_policy_that_decides_keeps_its_own_trail(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.yaml").write_text("version: 1\ndefault: allow\naudit: {path: base.jsonl, payload: full}\n")
    (tmp_path / "child.yaml").write_text("version: 1\nextends: base.yaml\naudit: {path: child.jsonl}\n")
    hook = PolicyHook(Policy.load("child.yaml"))
    assert play(hook, command="ls")

    assert [len(records(tmp_path / f"{name}.jsonl", "before")) for name in ("base", "child")] == [1, 1]
    assert records(tmp_path / "base.jsonl", "before")[0]["arguments"] == {"command": "ls"}


def test_a_policy_cannot_switch_off_the_trail_of_one_that_it_extends(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text("version: 1\ndefault: allow\naudit: {path: base.jsonl}\n")
    Path("child.yaml").write_text("version: 1\nextends: base.yaml\n")
    play(PolicyHook(Policy.load("child.yaml")), command="ls")

    assert len(records(Path("base.jsonl"), "before")) == 1


def test_two_policies_that_say_the_same_of_a_trail_share_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text("version: 1\ndefault: allow\naudit: {path: audit.jsonl}\n")
    Path("child.yaml").write_text("version: 1\nextends: base.yaml\naudit: {path: audit.jsonl}\n")
    play(PolicyHook(Policy.load("child.yaml")), command="ls")

    assert len(records(Path("audit.jsonl"), "before")) == 1


@pytest.mark.parametrize("other", ["./a.jsonl", "b/../a.jsonl", "link/a.jsonl"])
def test_two_policies_that_write_to_one_file_under_different_names_are_refused(tmp_path, monkeypatch, other):
    monkeypatch.chdir(tmp_path)
    Path("b").mkdir()
    Path("link").symlink_to(tmp_path)
    Path("base.yaml").write_text(f"version: 1\naudit: {{path: {other}}}\n")
    Path("child.yaml").write_text("version: 1\nextends: base.yaml\naudit: {path: a.jsonl, payload: full}\n")

    with pytest.raises(PolicyError, match="write to the same file"):
        PolicyHook(Policy.load("child.yaml"))


def test_two_policies_that_write_to_one_file_in_different_ways_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text("version: 1\ndefault: allow\naudit: {path: audit.jsonl}\n")
    Path("child.yaml").write_text("version: 1\nextends: base.yaml\naudit: {path: audit.jsonl, payload: full}\n")

    with pytest.raises(PolicyError, match="write to the same file"):
        PolicyHook(Policy.load("child.yaml"))


# Replay


def test_a_trail_with_full_payload_can_be_replayed(path):
    hook = hook_for(path, audit={"payload": "full"})
    agent = agent_with(
        hook,
        [("shell", {"command": "ls"})],
        [("shell", {"command": "rm -rf /"})],
        [("final_answer", {"answer": "done"})],
    )
    agent.run("Do.")

    recording = load(path)
    stricter = Policy.from_data({"version": 1, "default": "allow", "patterns": ["rm -rf"], "limits": {"tokens": 40}})
    decisions = [(about.name, decision.action, decision.code) for about, decision in replay(stricter, recording)]

    assert decisions == [("shell", "allow", ""), ("shell", "deny", "pattern"), ("final_answer", "allow", "")]
    assert recording.events[0].time is not None


def test_bytes_and_sets_are_replayed_as_what_they_were(path):
    hook = hook_for(path, audit={"payload": "full"})
    about = execution("shell", command=b"rm -rf", options={"a", "b"})
    hook.before_tool_execution(about)

    (event,) = load(path).events
    assert event.execution.arguments == about.arguments


def test_a_trail_of_digests_cannot_be_replayed_and_says_why(path):
    play(hook_for(path), command="ls")

    with pytest.raises(PolicyError, match="Only with `payload: full` can it be replayed"):
        load(path)


def test_denials_of_another_hook_do_not_change_what_is_recorded_before(path):
    other = RecordingHook(before=answering(Deny("No."), "shell"))
    model = ScriptedModel([("shell", {"command": "ls"})], [("final_answer", {"answer": "done"})])
    ToolCallingAgent(tools=[shell], model=model, hooks=[other, hook_for(path)], verbosity_level=0).run("Do.")

    kinds = [record["type"] for record in records(path) if record.get("name") == "shell"]
    assert kinds == ["before", "after"]


def test_a_file_name_that_no_system_has_is_said(path):
    with pytest.raises(PolicyError, match="cannot be written: .*embedded null"):
        hook_for(path.with_name("a\0b"))
