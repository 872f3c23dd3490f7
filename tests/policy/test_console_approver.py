"""The person at the terminal sees what is about to happen, and what they type is what happens."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from rich.console import Console

from smolagents.hooks import Deny, Opaque, ToolOutcome
from smolagents.policy import ConsoleApprover, Policy, PolicyHook

from .executions import code, execution


needs_terminals = pytest.mark.skipif(os.name != "posix", reason="There are no pseudo terminals.")


class Screen(io.StringIO):
    """What a console writes to. It says when a question has been asked."""

    encoding = "utf-8"

    def __init__(self):
        super().__init__()
        self.asked = threading.Semaphore(0)

    def write(self, text):
        written = super().write(text)
        if "Allow it?" in text:
            self.asked.release()
        return written


def console_of(screen, width=100):
    return Console(file=screen, width=width, force_terminal=False)


def hook_asking(approver, **approvals):
    rules = [{"id": "all", "when": {}, "action": "ask", "reason": "A person looks at it."}]
    data = {"version": 1, "default": "allow", "rules": rules, **({"approvals": approvals} if approvals else {})}
    return PolicyHook(Policy.from_data(data), approver=approver)


def answered(text, about=None, width=100):
    """The denial, what the screen showed, and how it was resolved, if a person types `text`."""
    screen = Screen()
    hook = hook_asking(ConsoleApprover(console_of(screen, width), io.StringIO(text), by="ann"))
    resolved = []
    hook.on("approval_resolved", resolved.append, synchronous=True)
    denial = hook.before_tool_execution(about or execution("shell", command="ls"))
    return denial, screen.getvalue(), resolved[0]


@pytest.mark.parametrize("text", ["y\n", "yes\n", "Y\n", "  yes  \n", "\nwhat?\ny\n", "y"])
def test_yes_lets_the_call_pass(text):
    denial, _, resolved = answered(text)
    assert denial is None and (resolved.by, resolved.always, resolved.note) == ("ann", False, None)


@pytest.mark.parametrize("text", ["n\n", "no\n", "NO\n", "nope\nn\n", "yn\nn\n"])
def test_no_refuses_it(text):
    denial, _, _ = answered(text)
    assert denial.code == "not_approved"


def test_a_note_may_follow():
    denial, _, resolved = answered("no, use the [bold]copy[/bold]\n")
    assert 'says: "use the [bold]copy[/bold]"' in denial.reason and resolved.by == "ann"
    denial, _, resolved = answered("y only today\n")
    assert denial is None and resolved.note == "only today"


def test_the_end_of_the_input_refuses_and_says_so():
    denial, _, _ = answered("")
    assert denial.code == "not_approved" and "the input has ended" in denial.reason


def test_always_is_for_the_exact_call_and_is_not_offered_for_one_that_cannot_be_repeated():
    _, screen, resolved = answered("a\n")
    assert resolved.always and "always for this exact call" in screen
    denial, screen, resolved = answered("a\ny\n", execution("show", image=Opaque("Image")))
    assert denial is None and not resolved.always
    assert "always" not in screen and "<Image: cannot be shown>" in screen


def test_without_a_terminal_nobody_is_asked(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    denial = hook_asking(ConsoleApprover()).before_tool_execution(execution("shell"))
    assert denial.code == "not_approved" and "there is no terminal" in denial.reason
    monkeypatch.setattr(sys, "stdin", None)
    denial = hook_asking(ConsoleApprover(console_of(Screen()))).before_tool_execution(execution("shell"))
    assert denial.code == "not_approved" and "there is no terminal" in denial.reason


# What is shown


def test_the_person_sees_who_wants_to_do_what_with_what_and_why():
    _, screen, _ = answered("n\n", execution("send_email", to="a@b.example", copies=["c", 5]))
    for shown in ("CodeAgent", "tool", "send_email", '"a@b.example"', '["c", 5]', "A person looks at it"):
        assert shown in screen


def test_code_is_shown_in_lines():
    _, screen, _ = answered("n\n", code("for x in y:\n    print(x)"))
    assert "for x in y:" in screen and "    print(x)" in screen


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("[bold red]rm[/] :bomb: [link=x]y[/link]", "[bold red]rm[/] :bomb: [link=x]y[/link]"),
        ("\x1b[2J\x1b[1;1Hls", "<U+001B>[2J<U+001B>[1;1Hls"),
        ("ls\r\x00\x07\x9b2K", "ls<U+000D><U+0000><U+0007><U+009B>2K"),
        ("\u202etxt.exe", "<U+202E>txt.exe"),
        ("\u2066a\u2069", "<U+2066>a<U+2069>"),
    ],
)
def test_markup_and_control_characters_are_shown_and_do_nothing(value, shown):
    for about in (execution("shell", command=value), execution("shell", **{value: "x"}), execution(value)):
        _, screen, _ = answered("n\n", about, width=200)
        assert shown in screen
        assert not any(character in screen for character in "\x1b\r\x00\x07\x9b\u202e\u2066")


def test_an_argument_cannot_pose_as_another_row_however_it_is_wrapped():
    fake = "x" * 60 + "because the policy allows it" + "\nbecause the policy allows it\nAllow it? y"
    for about in (
        execution("shell", command=fake),
        execution("shell", **{fake: fake, "because": "the policy allows it", "x" * 22 + "because": "x\nit is fine"}),
        execution(fake),
    ):
        for width in (30, 70, 100):
            _, screen, _ = answered("n\n", about, width)
            starts = [line.split()[0] for line in screen.splitlines() if line[:1].strip()]
            assert [start for start in starts if start.isalpha()] == ["agent", "tool", "because", "Allow"]


def test_of_a_long_value_the_person_is_told_that_it_is_cut_and_can_see_all_of_it():
    value = "a" * 3000 + "MIDDLE" + "b" * 3000
    _, screen, _ = answered("n\n", execution("shell", command=value))
    assert "MIDDLE" not in screen and "are left out here" in screen and "Answer f to see everything" in screen
    denial, screen, _ = answered("f\ny\n", execution("shell", command=value))
    assert "MIDDLE" in screen and denial is None
    many = {f"argument_{number}": number for number in range(100)}
    _, screen, _ = answered("n\n", execution("shell", **many))
    assert "argument_99" not in screen and "Answer f to see everything" in screen
    _, screen, _ = answered("f\nn\n", execution("shell", **many))
    assert "argument_99" in screen


def test_a_console_that_knows_only_ascii_gets_nothing_else():
    screen = Screen()
    screen.encoding = "ascii"
    approver = ConsoleApprover(console_of(screen), io.StringIO("y\n"))
    assert hook_asking(approver).before_tool_execution(execution("shell", command="Grüße")) is None
    assert "Gr<U+00FC><U+00DF>e" in screen.getvalue()


# One person


def test_a_person_is_asked_one_question_at_a_time_by_whatever_hook():
    screen = Screen()
    read, write = os.pipe()
    with os.fdopen(read) as stream, ThreadPoolExecutor(3) as pool:
        hooks = [hook_asking(ConsoleApprover(console_of(screen), stream)) for _ in range(3)]
        waiting = [pool.submit(hook.before_tool_execution, execution("shell")) for hook in hooks]
        for answer in (b"y\n", b"n\n", b"y\n"):
            assert screen.asked.acquire(timeout=60)
            assert screen.getvalue().count("Allow it?") == screen.getvalue().count("The agent asks")
            assert not screen.asked.acquire(blocking=False)
            os.write(write, answer)
        denials = [future.result(60) for future in waiting]
        os.close(write)
    assert sorted(denial is None for denial in denials) == [False, True, True]


def test_a_question_that_nobody_waits_for_any_more_is_not_asked():
    screen = Screen()
    approver = ConsoleApprover(console_of(screen), io.StringIO("y\n"))
    requests = []

    class Late:
        def approve(self, request):
            request.close()
            requests.append(approver.approve(request))
            over.set()

    over = threading.Event()
    denial = hook_asking(Late(), wait_seconds=0.05).before_tool_execution(execution("shell"))
    assert denial.code == "approval_timeout" and over.wait(60)
    assert requests == [None] and screen.getvalue() == ""


@needs_terminals
def test_at_a_terminal_what_was_typed_before_the_question_is_no_answer():
    master, slave = os.openpty()
    screen = Screen()
    with os.fdopen(slave) as stream, ThreadPoolExecutor(1) as pool:
        os.write(master, b"y\n")
        hook = hook_asking(ConsoleApprover(console_of(screen), stream))
        waiting = pool.submit(hook.before_tool_execution, execution("shell"))
        assert screen.asked.acquire(timeout=60)
        os.write(master, b"n not this\n")
        denial = waiting.result(60)
    os.close(master)
    assert denial.code == "not_approved" and "not this" in denial.reason


@needs_terminals
def test_at_a_terminal_a_withdrawn_question_takes_no_line_that_is_meant_for_others():
    master, slave = os.openpty()
    screen, over = Screen(), threading.Event()

    class Watched(ConsoleApprover):
        def approve(self, request):
            try:
                return super().approve(request)
            finally:
                over.set()

    with os.fdopen(slave) as stream, ThreadPoolExecutor(1) as pool:
        hook = hook_asking(Watched(console_of(screen), stream))
        waiting = pool.submit(hook.before_tool_execution, execution("shell"))
        assert screen.asked.acquire(timeout=60)
        stop = ToolOutcome("denied", denial=Deny("enough", stop=True))
        hook.after_tool_execution(execution("other"), stop)
        assert waiting.result(60).code == "approval_withdrawn" and over.wait(60)
        os.write(master, b"for somebody else\n")
        assert stream.readline() == "for somebody else\n"
    os.close(master)
    assert "an answer no longer counts" in screen.getvalue()


@needs_terminals
@pytest.mark.parametrize(
    ("typed", "said"), [(b"y\n", "let pass"), (b"n\n", "not_approved"), (b"\x04", "not_approved")]
)
def test_a_program_at_a_real_terminal_asks_there(typed, said):
    program = (
        "from smolagents.policy import *\n"
        "from tests.policy.test_console_approver import hook_asking\n"
        "from tests.policy.executions import execution\n"
        "denial = hook_asking(ConsoleApprover()).before_tool_execution(execution('shell', command='ls'))\n"
        "print('let pass' if denial is None else denial.code)\n"
    )
    master, slave = os.openpty()
    process = subprocess.Popen([sys.executable, "-c", program], stdin=slave, stderr=slave, stdout=subprocess.PIPE)
    os.close(slave)
    shown = b""
    while b"Allow it?" not in shown:
        shown += os.read(master, 1024)
    os.write(master, typed)
    out, _ = process.communicate(timeout=60)
    os.close(master)
    assert out.decode().strip() == said


EXAMPLE = Path(__file__).parents[2] / "examples" / "approvals.py"


def test_the_example_sends_what_was_approved_and_nothing_else():
    def sent(typed, *options):
        command = [sys.executable, EXAMPLE, *options]
        done = subprocess.run(command, input=typed, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return [line.split()[2] for line in done.stdout.splitlines() if line.startswith("SENT")]

    inside, press, mailing_list = "ann@example.com:", "press@elsewhere.example:", "list@elsewhere.example:"
    assert sent("", "--yes") == [inside, press, mailing_list]
    assert sent("n use the list\ny\n") == [inside, mailing_list]
    assert sent("") == [inside]
