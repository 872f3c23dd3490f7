"""A person decides what a policy leaves open: what they approve happens once, and all else does not."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from smolagents import CodeAgent, Deny, Tool, ToolCallingAgent, ToolExecutionStopped
from smolagents.hooks import Opaque
from smolagents.hooks_testing import RecordingHook, ScriptedModel, code
from smolagents.policy import FunctionApprover, Policy, PolicyHook
from smolagents.policy.approval_digest import approval_digest

from .executions import denied, execution, ok


ASK_ABOUT_SHELL = {"id": "shell", "when": {"name": "shell"}, "action": "ask", "reason": "A person looks at it."}


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Asked:
    """An approver that answers with a function of the request, and remembers the requests."""

    def __init__(self, answer=lambda request: request.approve(by="ann")):
        self.answer = answer
        self.requests = []

    def approve(self, request):
        self.requests.append(request)
        return self.answer(request)


def asking_hook(approver=None, clock=None, rules=(ASK_ABOUT_SHELL,), **policy):
    policy = Policy.from_data({"version": 1, "default": "allow", "rules": list(rules), **policy})
    return PolicyHook(policy, approver=approver, **({} if clock is None else {"clock": clock}))


def code_of(hook, about):
    """The code of the denial, or `None` if the execution is let pass."""
    denial = hook.before_tool_execution(about)
    return None if denial is None else denial.code


def heard(hook, name):
    events = []
    hook.on(name, events.append, synchronous=True)
    return events


# Who is asked, and what they may answer


def test_what_a_person_approves_is_let_pass_and_they_are_told_what_and_why():
    approver = Asked()
    hook = asking_hook(approver)
    about = execution("shell", command="ls")
    assert hook.before_tool_execution(about) is None
    (request,) = approver.requests
    assert request.execution is about
    assert [reason.entry for reason in request.reasons] == ["rules[shell]"]
    assert re.fullmatch("[0-9a-f]{64}", request.digest)


def test_nobody_is_asked_about_what_nothing_asks_about_or_what_is_denied_anyway():
    approver = Asked()
    hook = asking_hook(approver, patterns=["rm -rf"])
    assert hook.before_tool_execution(execution("search")) is None
    assert code_of(hook, execution("shell", command="rm -rf /")) == "pattern"
    assert approver.requests == []


def test_without_an_approver_it_is_denied_and_the_denial_says_what_to_do():
    denial = asking_hook().before_tool_execution(execution("shell"))
    assert denial.code == "no_approver"
    assert re.fullmatch(
        'The tool "shell" was refused: it needs an approval: A person looks at it .the rule "shell" of the policy.; '
        "there is nobody to ask .digest [0-9a-f]{64}.. "
        "Do not repeat the call unless you are told that it was approved.",
        denial.reason,
    )
    assert "unless you are told that it was approved" in denial.reason


def test_a_note_on_a_denial_reaches_the_model():
    hook = asking_hook(Asked(lambda request: request.reject(by="ann", note="use the\nstaging copy")))
    denial = hook.before_tool_execution(execution("shell"))
    assert denial.code == "not_approved"
    assert '"ann" did not approve it, and says: "use the\\nstaging copy"' in denial.reason


@pytest.mark.parametrize("answer", [True, False, 1, "yes", object(), Deny("no"), {"approved": True}])
def test_what_is_no_approval_denies(answer):
    assert code_of(asking_hook(Asked(lambda request: answer)), execution("shell")) == "approval_invalid"


def test_no_answer_denies():
    assert code_of(asking_hook(Asked(lambda request: None)), execution("shell")) == "not_approved"


@pytest.mark.parametrize("error", [RuntimeError("the secret"), SystemExit(), KeyboardInterrupt()])
def test_an_approver_that_raises_denies_and_the_text_of_its_error_stays_in_the_log(error, caplog):
    def fail(request):
        raise error

    denial = asking_hook(Asked(fail)).before_tool_execution(execution("shell"))
    assert denial.code == "approval_error"
    assert type(error).__name__ in denial.reason and "the secret" not in denial.reason
    assert type(error).__name__ in caplog.text


@pytest.mark.parametrize(
    "forged",
    [
        {"digest": "0" * 64},
        {"approved": 1},
        {"always": "yes"},
        {"note": object()},
        {"by": 5},
        {"expires": "never"},
    ],
)
def test_an_approval_that_is_not_of_this_call_or_not_well_formed_denies(forged):
    hook = asking_hook(Asked(lambda request: replace(request.approve(), **forged)))
    assert code_of(hook, execution("shell")) == "approval_invalid"


def test_an_approval_of_another_call_denies():
    first = []

    def answer(request):
        first.append(request)
        return first[0].approve()

    hook = asking_hook(Asked(answer))
    assert code_of(hook, execution("shell", command="ls")) is None
    assert code_of(hook, execution("shell", command="rm")) == "approval_invalid"


def test_an_approval_is_used_once_even_if_the_approver_gives_it_again():
    given = []

    def answer(request):
        given.append(given[0] if given else request.approve())
        return given[0]

    hook = asking_hook(Asked(answer))
    assert code_of(hook, execution("shell", command="ls")) is None
    assert code_of(hook, execution("shell", command="ls")) == "approval_invalid"


def test_an_approval_that_expired_before_it_was_given_denies():
    clock = Clock()

    def answer(request):
        approval = request.approve()
        clock.now += 10
        return approval

    hook = asking_hook(Asked(answer), clock, approvals={"valid_seconds": 10})
    assert code_of(hook, execution("shell")) == "approval_expired"


@pytest.mark.parametrize("expires", [float("nan"), float("inf"), 10**400, 10**6])
def test_an_approver_cannot_make_an_approval_hold_longer_than_the_policy_says(expires):
    hook = asking_hook(Asked(lambda request: replace(request.approve(always=True), expires=expires)), Clock())
    assert [code_of(hook, execution("shell")) for _ in range(2)] == ["approval_expired"] * 2


def test_a_clock_that_jumps_brings_no_approval_back_and_makes_none_hold_longer():
    clock, given = Clock(), []

    def answer(request):
        given.append(given[0] if given else request.approve())
        return given[0]

    hook = asking_hook(Asked(answer), clock, approvals={"valid_seconds": 60})
    assert code_of(hook, execution("shell")) is None
    clock.now += 1000
    hook.approve("0" * 64)
    clock.now -= 999
    assert code_of(hook, execution("shell")) == "approval_invalid"
    hook = asking_hook(clock=clock, approvals={"valid_seconds": 60})
    hook.approve(approval_digest(execution("shell"), hook.policy.digest)[0])
    clock.now -= 1000
    assert code_of(hook, execution("shell")) == "no_approver"


def test_control_comes_back_when_nobody_answers_and_a_late_answer_is_dropped():
    late, answered = threading.Event(), threading.Event()

    def answer(request):
        if late.is_set():
            return None
        late.wait(60)
        is_open.append(request.is_open())
        answered.set()
        return request.approve(always=True)

    is_open = []
    hook = asking_hook(Asked(answer), approvals={"wait_seconds": 0.05})
    assert code_of(hook, execution("shell")) == "approval_timeout"
    late.set()
    assert answered.wait(60) and is_open == [False]
    assert code_of(hook, execution("shell")) == "not_approved"


def test_a_function_can_be_the_approver_and_a_bare_function_is_told_how():
    hook = asking_hook(FunctionApprover(lambda request: request.approve()))
    assert code_of(hook, execution("shell")) is None
    with pytest.raises(TypeError, match=r"Write FunctionApprover\(function\)"):
        asking_hook(lambda request: None)
    with pytest.raises(TypeError, match=r"Write Asked\(\)"):
        asking_hook(Asked)
    with pytest.raises(TypeError, match="needs a function"):
        FunctionApprover(None)


# What is kept


def test_always_holds_for_the_exact_call_until_it_expires():
    clock = Clock()
    approver = Asked(lambda request: request.approve(always=True))
    hook = asking_hook(approver, clock, approvals={"valid_seconds": 60})
    for _ in range(3):
        assert code_of(hook, execution("shell", command="ls")) is None
    assert len(approver.requests) == 1
    hook.before_tool_execution(execution("shell", command="ls -l"))
    assert len(approver.requests) == 2
    clock.now += 60
    hook.before_tool_execution(execution("shell", command="ls"))
    assert len(approver.requests) == 3


def test_always_has_no_effect_for_a_call_with_an_opaque_argument():
    approver = Asked(lambda request: request.approve(always=True))
    hook = asking_hook(approver)
    for _ in range(2):
        assert code_of(hook, execution("shell", image=Opaque("Image"))) is None
    assert [request.is_repeatable for request in approver.requests] == [False, False]
    assert approver.requests[0].digest != approver.requests[1].digest


def test_a_denied_call_passes_once_after_it_was_approved_by_its_digest():
    hook = asking_hook()
    digest = re.search("digest ([0-9a-f]{64})", hook.before_tool_execution(execution("shell")).reason).group(1)
    resolved = heard(hook, "approval_resolved")
    hook.approve(digest, by="ann", note="fine")
    assert code_of(hook, execution("shell", command="other")) == "no_approver"
    assert code_of(hook, execution("shell")) is None
    assert code_of(hook, execution("shell")) == "no_approver"
    assert [(event.approved, event.by, event.note) for event in resolved] == [
        (False, None, None),
        (True, "ann", "fine"),
        (False, None, None),
    ]


def test_an_approval_in_advance_expires():
    clock = Clock()
    hook = asking_hook(clock=clock, approvals={"valid_seconds": 60})
    requested = heard(hook, "approval_requested")
    hook.before_tool_execution(execution("shell"))
    hook.approve(requested[0].request.digest)
    clock.now += 60
    assert code_of(hook, execution("shell")) == "no_approver"


def test_an_approval_by_digest_reaches_the_call_that_waits_for_one():
    asked, end = threading.Event(), threading.Event()

    def answer(request):
        asked.set()
        end.wait(60)

    approver = Asked(answer)
    hook = asking_hook(approver)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(code_of, hook, execution("shell"))
        assert asked.wait(60)
        hook.approve(approver.requests[0].digest, by="phone")
        assert waiting.result(60) is None
        assert not approver.requests[0].is_open()
        end.set()


def test_a_handler_of_the_request_may_approve_it():
    hook = asking_hook()
    hook.on("approval_requested", lambda event: hook.approve(event.request.digest, by="rota"), synchronous=True)
    assert code_of(hook, execution("shell")) is None
    hook.on("approval_requested", lambda event: 1 / 0, synchronous=True)
    assert code_of(hook, execution("shell")) is None


@pytest.mark.parametrize("digest", ["", "abc", "0" * 63, "G" * 64, None, "0" * 64 + "\n"])
def test_only_a_digest_can_be_approved(digest):
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        asking_hook().approve(digest)


# Several at once


def test_one_approval_does_not_serve_two_parallel_calls():
    hook = asking_hook()
    requested = heard(hook, "approval_requested")
    hook.before_tool_execution(execution("shell"))
    hook.approve(requested[0].request.digest)
    start = threading.Barrier(16)

    def attempt(_):
        about = execution("shell")
        start.wait(60)
        return code_of(hook, about)

    with ThreadPoolExecutor(16) as pool:
        codes = list(pool.map(attempt, range(16)))
    assert sorted(map(str, codes)) == ["None"] + ["no_approver"] * 15


def test_calls_that_ask_at_the_same_time_get_their_own_answers():
    together = threading.Barrier(4)

    def answer(request):
        together.wait(60)
        return request.approve() if request.execution.arguments["number"] % 2 else request.reject()

    hook = asking_hook(Asked(answer))
    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(lambda number: code_of(hook, execution("shell", number=number)), range(4)))
    assert codes == ["not_approved", None, "not_approved", None]


def test_a_call_that_waits_for_a_person_holds_its_place_in_the_limit_and_gives_it_back_if_refused():
    asked, end = threading.Event(), threading.Event()

    def answer(request):
        asked.set()
        end.wait(60)
        return request.reject()

    hook = asking_hook(Asked(answer), limits={"tool_calls": 1})
    about = execution("shell")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(code_of, hook, about)
        assert asked.wait(60)
        assert code_of(hook, execution("search")) == "limit_tool_calls"
        end.set()
        assert waiting.result(60) == "not_approved"
    hook.after_tool_execution(about, denied())
    assert code_of(hook, execution("search")) is None


def test_time_that_a_person_takes_is_told_to_the_budgets():
    waited = []

    class Waiting:
        def __enter__(self):
            waited.append("begins")

        def __exit__(self, *error):
            waited.append("ends")

    hook = asking_hook(Asked(lambda request: waited.append("asked")))
    hook.budgets.waiting = lambda run_id: Waiting()
    hook.before_tool_execution(execution("shell"))
    assert waited == ["begins", "asked", "ends"]


# Events, and explaining


def test_events_say_who_was_asked_about_what_and_what_came_of_it():
    clock = Clock()

    def answer(request):
        clock.now += 7
        return request.approve(by="ann", note="go ahead", always=True)

    hook = asking_hook(Asked(answer), clock, name="production")
    events = heard(hook, "*")
    about = execution("shell", command="ls")
    hook.before_tool_execution(about)
    requested, resolved, check = events
    assert [event.name for event in events] == ["approval_requested", "approval_resolved", "policy_check"]
    assert requested.request is resolved.request and requested.execution is about
    assert (resolved.approved, resolved.code, resolved.seconds) == (True, "approved", 7)
    assert (resolved.by, resolved.note, resolved.always) == ("ann", "go ahead", True)
    for event in events:
        assert (event.run_id, event.agent_path, event.step_number) == ("run", ("CodeAgent",), 1)
        assert (event.policy_name, event.policy_digest) == ("production", hook.policy.digest)
    assert (check.decision.action, check.decision.reasons[-1].code) == ("ask", "approved")


def test_explaining_asks_nobody_uses_nothing_up_and_tells_nobody():
    approver = Asked(lambda request: request.reject())
    hook = asking_hook(approver, limits={"tool_calls": 1})
    requested = heard(hook, "approval_requested")
    about = execution("shell", command="ls")
    hook.before_tool_execution(about)
    hook.after_tool_execution(about, denied())
    hook.approve(requested[0].request.digest)
    events = heard(hook, "*")
    for _ in range(5):
        assert hook.explain(execution("shell", command="ls")).action == "ask"
        assert hook.explain(execution("search")).action == "allow"
    assert events == [] and len(approver.requests) == 1
    about = execution("shell", command="ls")
    assert code_of(hook, about) is None  # The approval and the place in the limit are still there
    hook.after_tool_execution(about, ok())
    assert hook.explain(execution("search")).code == "limit_tool_calls"


# Real agents


class Shell(Tool):
    name = "shell"
    description = "Runs a command."
    inputs = {"command": {"type": "string", "description": "The command."}}
    output_type = "string"

    def __init__(self):
        super().__init__()
        self.ran = []

    def forward(self, command: str) -> str:
        self.ran.append(command)
        return f"ran {command}"


def turns(kind, *commands):
    if kind is ToolCallingAgent:
        return [*([("shell", {"command": command})] for command in commands), [("final_answer", {"answer": "done"})]]
    return [*(code(f"shell({command!r})") for command in commands), code("final_answer('done')")]


@pytest.mark.parametrize("kind", [ToolCallingAgent, CodeAgent])
def test_an_agent_runs_what_was_approved_and_reads_the_note_on_what_was_not(kind):
    def answer(request):
        if request.execution.arguments["command"] == "ls":
            return request.approve(by="ann")
        return request.reject(by="ann", note="never in production")

    shell, model = Shell(), ScriptedModel(*turns(kind, "ls", "rm"))
    agent = kind(tools=[shell], model=model, hooks=[asking_hook(Asked(answer))], verbosity_level=0)
    assert agent.run("task") == "done"
    assert shell.ran == ["ls"]
    assert "never in production" in model.read()


@pytest.mark.parametrize("kind", [ToolCallingAgent, CodeAgent])
def test_an_agent_that_is_refused_can_repeat_the_call_once_somebody_approved_it(kind):
    hook = asking_hook()
    shell, model = Shell(), ScriptedModel(*turns(kind, "ls", "ls", "ls"))
    hook.on("approval_resolved", lambda event: event.approved or hook.approve(event.request.digest), synchronous=True)
    kind(tools=[shell], model=model, hooks=[hook], verbosity_level=0).run("task")
    assert shell.ran == ["ls"]  # Refused, approved; repeated and run; refused again


def test_what_generated_code_does_to_the_machine_can_be_asked_about(tmp_path):
    approver = Asked(lambda request: request.approve() if "yes" in request.execution.arguments["path"] else None)
    hook = asking_hook(approver, rules=[{"id": "files", "when": {"name": "file.write"}, "action": "ask"}])
    program = (
        "import pathlib\nfor name in ('no', 'yes', 'no'):\n    try:\n"
        f"        pathlib.Path({str(tmp_path)!r}, name).write_text('x')\n    except Exception:\n        pass"
    )
    model = ScriptedModel(code(program), code("final_answer('done')"))
    agent = CodeAgent(
        tools=[], model=model, hooks=[hook], additional_authorized_imports=["pathlib"], verbosity_level=0
    )
    agent.run("task")
    assert [path.name for path in tmp_path.iterdir()] == ["yes"]
    assert [request.execution.kind for request in approver.requests] == ["operation"] * 3


def test_an_approver_may_run_an_agent_of_its_own():
    def answer(request):
        judge = ToolCallingAgent(
            tools=[], model=ScriptedModel([("final_answer", {"answer": "yes"})]), verbosity_level=0
        )
        return request.approve(by="judge") if judge.run("May it?") == "yes" else None

    shell = Shell()
    hook = asking_hook(Asked(answer))
    model = ScriptedModel(*turns(CodeAgent, "ls"))
    CodeAgent(tools=[shell], model=model, hooks=[hook], verbosity_level=0).run("task")
    assert shell.ran == ["ls"]


def test_a_stop_while_a_person_is_asked_ends_the_waiting_and_what_they_say_then_does_not_count():
    asked, end = threading.Event(), threading.Event()

    def answer(request):
        asked.set()
        end.wait(60)
        return request.approve()

    def stop_once_asked(execution):
        if execution.name == "other" and asked.wait(60):
            return Deny("that is enough", stop=True)

    class Other(Shell):
        name = "other"

    shell, approver = Shell(), Asked(answer)
    hook = asking_hook(approver)
    resolved = heard(hook, "approval_resolved")
    model = ScriptedModel([("shell", {"command": "ls"}), ("other", {"command": "ls"})])
    agent = ToolCallingAgent(
        tools=[shell, Other()], model=model, hooks=[hook, RecordingHook(stop_once_asked)], verbosity_level=0
    )
    with pytest.raises(ToolExecutionStopped, match="that is enough"):
        agent.run("task")
    assert shell.ran == [] and not approver.requests[0].is_open()
    assert [event.code for event in resolved] == ["approval_withdrawn"]
    end.set()
