"""The executor's time limit, with and without hooks: what cannot be ended is left behind."""

import logging
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import pytest

from smolagents import CodeAgent, Tool
from smolagents.hook_limits import aborting_calls
from smolagents.hooks_testing import RecordingHook, ScriptedModel, code
from smolagents.local_python_executor import (
    ExecutionTimeoutError,
    InterpreterError,
    LocalPythonExecutor,
    evaluate_python_code,
)


class Hang(Tool):
    """A tool that waits in C, where no exception reaches it, until the test lets it go on."""

    name = "hang"
    description = "Hangs."
    inputs = {}
    output_type = "string"

    def __init__(self):
        super().__init__()
        self.started, self.release = threading.Event(), threading.Event()

    def forward(self) -> str:
        self.started.set()
        self.release.wait()
        return "came too late"


class Effect(Tool):
    name = "effect"
    description = "Has an effect."
    inputs = {}
    output_type = "string"

    def __init__(self):
        super().__init__()
        self.effects = 0

    def forward(self) -> str:
        self.effects += 1
        return "done"


@pytest.fixture
def hang():
    tool = Hang()
    yield tool
    tool.release.set()
    wait_for_threads()


def threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("smolagents: ")]


def wait_for_threads():
    """Wait until what was left behind has ended, which it does once nothing holds it back."""
    for thread in threads():
        thread.join(30)
        assert not thread.is_alive()


def executor(*tools, seconds=0.2, imports=()):
    local = LocalPythonExecutor(list(imports), timeout_seconds=seconds)
    local.send_tools({tool.name: tool for tool in tools})
    return local


def limited_agent(program, *tools, hook=None):
    """A guarded agent whose first action has a limit of 0.2 s, and whose second one has time to answer."""

    def go_on(messages):
        agent.python_executor.timeout_seconds = 60
        return code("final_answer('went on')")

    agent = CodeAgent(
        tools=list(tools),
        model=ScriptedModel(code(program), go_on),
        executor_kwargs={"timeout_seconds": 0.2},
        hooks=[hook or RecordingHook()],
        verbosity_level=0,
    )
    return agent


ENDLESS = {
    "while": "while True: pass",
    "for": "import itertools\nfor i in itertools.count(): continue",
    "except-continue": """
        while True:
            try:
                while True: x = 1
            except Exception:
                continue""",
    "bare-except": """
        while True:
            try:
                while True: x = 1
            except:
                pass""",
    "finally-continue": """
        while True:
            try:
                while True: x = 1
            finally:
                continue""",
    "finally-continue-only": """
        while True:
            try: pass
            finally: continue""",
    "finally-return": """
        def f():
            while True:
                try:
                    while True: x = 1
                finally:
                    return 1
        while True: f()""",
    "finally-error": """
        while True:
            try:
                try:
                    while True: x = 1
                finally:
                    1 / 0
            except Exception:
                pass""",
    "nested-finally": """
        def f(depth):
            while True:
                try:
                    if depth: f(depth - 1)
                    while True: x = 1
                finally:
                    continue
        f(20)""",
    "exit-that-returns-true": """
        class Swallow:
            def __enter__(self): return self
            def __exit__(self, *error): return True
        while True:
            with Swallow():
                while True: x = 1""",
    "exit-that-loops": """
        class Loop:
            def __enter__(self): return self
            def __exit__(self, *error):
                while True: x = 1
        with Loop():
            while True: x = 1""",
    "enter-that-loops": """
        class Loop:
            def __enter__(self):
                while True: x = 1
            def __exit__(self, *error): return True
        with Loop(): pass""",
    "generator": "sum(1 for i in iter(lambda: 1, 2))",
    "list-comprehension": "[1 for i in iter(lambda: 1, 2)]",
    "map": "list(map(lambda x: x, iter(lambda: 1, 2)))",
    "sort-key": "import itertools\nwhile True: sorted(range(1000), key=lambda x: -x)",
    "regex-callback": "import re\nwhile True: re.sub('a', lambda m: 'b', 'a' * 1000)",
    "recursion": """
        def f(): return f()
        while True:
            try: f()
            except Exception: pass""",
    "mutual-recursion": """
        def f():
            try: return g()
            finally: return g()
        def g():
            try: return f()
            finally: return f()
        f()""",
    "del-that-loops": """
        class A:
            def __del__(self):
                while True: x = 1
        while True:
            A()""",
    "del-that-makes-another": """
        class A:
            def __del__(self):
                while True: A()
        A()
        while True: pass""",
    "str-that-loops": """
        class A:
            def __str__(self):
                while True: x = 1
        print(A())""",
    "exception-whose-str-loops": """
        class E(Exception):
            def __str__(self):
                while True: x = 1
        raise E()""",
    "comparison-that-loops": """
        class A:
            def __eq__(self, other):
                while True: x = 1
        A() in [A()]""",
    "getitem-that-loops": """
        class A:
            def __getitem__(self, i): return i
        for i in A(): continue""",
    "stdlib-loop": "import statistics\nwhile True: statistics.mean(range(100))",
}


@pytest.mark.parametrize("guarded", [False, True], ids=["plain", "guarded"])
@pytest.mark.parametrize("program", ENDLESS.values(), ids=ENDLESS)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # `__del__` cannot raise
def test_an_endless_program_ends_at_the_limit(program, guarded, monkeypatch):
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: None)  # The one of pytest does not bear the abort
    program = textwrap.dedent(program)
    if guarded:
        agent = limited_agent(program)
        assert agent.run("task") == "went on"
        assert "exceeded the maximum execution time of 0.2 seconds" in str(agent.memory.steps[1].error)
    else:
        with pytest.raises(ExecutionTimeoutError, match="exceeded the maximum execution time of 0.2 seconds"):
            executor()(program)
    wait_for_threads()


def test_a_program_that_is_in_time_gives_its_result_and_leaves_no_thread():
    assert executor(seconds=30)("x = 2\nx + 1").output == 3
    assert threads() == []


def test_an_error_of_a_program_reaches_the_caller_as_before():
    with pytest.raises(InterpreterError, match="ZeroDivisionError"):
        executor(seconds=30)("1 / 0")


def test_control_comes_back_while_a_tool_still_hangs(hang, caplog):
    with caplog.at_level(logging.WARNING), pytest.raises(ExecutionTimeoutError):
        executor(hang)("hang()")
    assert hang.started.is_set() and not hang.release.is_set()
    assert "left behind" in caplog.text and threads()[0].name in caplog.text


def test_no_tool_runs_after_the_limit(hang):
    effect = Effect()
    with pytest.raises(ExecutionTimeoutError):
        executor(hang, effect)("hang()\neffect()\neffect()")
    hang.release.set()
    wait_for_threads()
    assert effect.effects == 0


def test_a_tool_that_hangs_and_swallows_every_exception_does_not_let_the_program_go_on(hang):
    class Stubborn(Hang):
        name = "stubborn"

        def forward(self) -> str:
            self.started.set()
            while not self.release.is_set():
                try:
                    self.release.wait()
                except BaseException:
                    pass
            return "came too late"

    stubborn, effect = Stubborn(), Effect()
    local = executor(stubborn, effect)
    with pytest.raises(ExecutionTimeoutError):
        local("x = 1\nx = stubborn()\neffect()")
    stubborn.release.set()
    wait_for_threads()
    assert effect.effects == 0 and local.state["x"] == 1


def test_a_tool_is_not_ended_while_it_takes_a_lock():
    class Taking(Effect):
        name = "taking"
        is_taken = False

        def acquire(self):
            while not self.is_taken:
                pass

        def forward(self) -> str:
            self.acquire()
            return super().forward()

    tool = Taking()
    with pytest.raises(ExecutionTimeoutError):
        executor(tool)("taking()")
    assert tool.effects == 0
    tool.is_taken = True
    wait_for_threads()
    assert tool.effects == 1


def test_the_next_action_starts_on_a_copy_of_the_state_while_a_thread_is_left_behind(hang):
    local = executor(hang)
    with pytest.raises(ExecutionTimeoutError):
        local("x = 1\nx = hang()")
    left_behind = local.state
    assert local("x").output == 1
    assert local.state is not left_behind
    kept = local.state
    hang.release.set()
    wait_for_threads()
    assert local("x").output == 1
    assert local.state is kept


def test_the_state_is_kept_when_the_thread_has_ended():
    local = executor()
    state = local.state
    with pytest.raises(ExecutionTimeoutError):
        local("x = 1\nwhile True: pass")
    assert local("x").output == 1
    assert local.state is state


def test_a_function_of_an_action_that_timed_out_can_be_called_in_the_next():
    local = executor()
    with pytest.raises(ExecutionTimeoutError):
        local("def f(): return 'works'\nwhile True: pass")
    assert local("f()").output == "works"


def test_what_is_left_behind_does_not_slow_down_or_end_others(hang):
    with pytest.raises(ExecutionTimeoutError):
        executor(hang)("hang()")
    assert executor(seconds=None)("sum(i for i in range(100))").output == 4950
    assert executor(seconds=30)("sum(i for i in range(100))").output == 4950
    hang.release.set()
    wait_for_threads()
    assert not aborting_calls


def test_the_time_of_a_managed_agent_does_not_count_without_hooks():
    def answer(messages):
        threading.Event().wait(1.0)  # Longer than the limit
        return code("final_answer('report')")

    sub = CodeAgent(tools=[], model=ScriptedModel(answer), name="sub", description="Helps.", verbosity_level=0)
    manager = CodeAgent(
        tools=[],
        model=ScriptedModel(code("final_answer(sub('task'))")),
        managed_agents=[sub],
        executor_kwargs={"timeout_seconds": 0.5},
        verbosity_level=0,
    )
    assert "report" in manager.run("task")


@pytest.mark.parametrize("where", ["before", "after"])
def test_the_time_that_a_hook_waits_for_a_person_does_not_count(where):
    def wait(execution, outcome=None):
        if execution.name == "effect":
            threading.Event().wait(1.0)  # Longer than the limit: the person never comes

    hook, effect = RecordingHook(**{where: wait}), Effect()
    agent = CodeAgent(
        tools=[effect],
        model=ScriptedModel(code("effect()\nfinal_answer('in time')")),
        executor_kwargs={"timeout_seconds": 0.5},
        hooks=[hook],
        verbosity_level=0,
    )
    assert agent.run("task") == "in time"
    assert effect.effects == 1


def test_the_limit_holds_after_a_hook_was_waited_for():
    hook = RecordingHook(lambda execution: None if threading.Event().wait(0.3) else None)
    agent = limited_agent("effect()\nwhile True: pass", Effect(), hook=hook)
    assert agent.run("task") == "went on"
    assert "maximum execution time" in str(agent.memory.steps[1].error)


def test_every_hook_that_was_asked_is_told_when_a_tool_is_ended_at_the_limit(hang):
    hook = RecordingHook()
    agent = limited_agent("hang()", hang, hook=hook)
    assert agent.run("task") == "went on"
    hang.release.set()
    wait_for_threads()
    assert sorted(execution.id for execution in hook.asked) == sorted(execution.id for execution, _ in hook.told)


def test_the_limit_works_in_a_thread_that_is_not_the_main_one(hang):
    errors = []

    def work():
        try:
            executor(hang)("hang()")
        except ExecutionTimeoutError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(30)
    assert len(errors) == 1 and not hang.release.is_set()


def test_code_that_an_interpreter_evaluates_without_an_executor_is_limited(hang):
    with pytest.raises(ExecutionTimeoutError):
        evaluate_python_code("hang()", {"hang": hang}, timeout_seconds=0.2)
    assert not hang.release.is_set()


EXITS = {
    "time limit": """
        from smolagents.local_python_executor import ExecutionTimeoutError, LocalPythonExecutor
        executor = LocalPythonExecutor([], timeout_seconds=0.2)
        executor.send_tools({"hang": threading.Event().wait})
        try:
            executor("hang()")
        except ExecutionTimeoutError:
            print("back")
    """,
    "deadline": """
        class Hook(RecordingHook):
            def deadline(self, execution):
                return 0.2 if execution.name == "hang" else None
        model = ScriptedModel([("hang", {})], [("final_answer", {"answer": "back"})])
        print(ToolCallingAgent(tools=[hang], model=model, hooks=[Hook()], verbosity_level=0).run("task"))
    """,
    "deadline of an agent with parallel calls": """
        class Hook(RecordingHook):
            def deadline(self, execution):
                return 0.2 if execution.kind == "agent" else None
        sub = ToolCallingAgent(tools=[hang], model=ScriptedModel([("hang", {}), ("hang", {})]), verbosity_level=0,
                               name="sub", description="Helps.")
        model = ScriptedModel([("sub", {"task": "work"})], [("final_answer", {"answer": "back"})])
        agent = ToolCallingAgent(tools=[], model=model, managed_agents=[sub], hooks=[Hook()], verbosity_level=0)
        print(agent.run("task"))
    """,
    "stop of a parallel call": """
        started = threading.Event()
        class Hook(RecordingHook):
            def before_tool_execution(self, execution):
                if execution.name == "effect":
                    waiting.wait()
                    return Deny("end", stop=True)
        model = ScriptedModel([("hang", {}), ("effect", {})])
        agent = ToolCallingAgent(tools=[hang, effect], model=model, hooks=[Hook()], verbosity_level=0)
        try:
            agent.run("task")
        except ToolExecutionStopped:
            print("back")
    """,
}
TOOLS = """
import threading
from smolagents import CodeAgent, Deny, ToolCallingAgent, ToolExecutionStopped, tool
from smolagents.hooks_testing import RecordingHook, ScriptedModel, code
waiting = threading.Event()
@tool
def hang() -> str:
    "Hangs."
    waiting.set()
    threading.Event().wait()
@tool
def effect() -> str:
    "Has an effect."
"""


@pytest.mark.parametrize("program", EXITS.values(), ids=EXITS)
def test_a_process_exits_although_a_thread_was_left_behind(program, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(TOOLS + textwrap.dedent(program))
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip()) == (0, "back"), done.stderr


_trace: ContextVar[str] = ContextVar("trace", default="lost")


class Trace(Tool):
    """Tells the trace that it is called in."""

    name = "trace"
    description = "Tells."
    inputs = {}
    output_type = "string"

    def forward(self) -> str:
        return _trace.get()


@pytest.mark.parametrize("hooks", [[], [RecordingHook()]], ids=["without hooks", "with hooks"])
def test_tools_that_code_calls_are_in_the_context_of_who_runs_the_agent(hooks):
    model = ScriptedModel(code("final_answer(trace())"))
    agent = CodeAgent(tools=[Trace()], model=model, hooks=hooks, verbosity_level=0)
    token = _trace.set("kept")
    try:
        assert agent.run("Trace.") == "kept"
    finally:
        _trace.reset(token)


def test_instrumentations_find_the_executor_where_the_release_has_it():
    from smolagents import local_python_executor

    assert local_python_executor.ThreadPoolExecutor is ThreadPoolExecutor
