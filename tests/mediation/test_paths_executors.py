"""What an executor is given to call, and executors that are not the local one."""

import subprocess
import sys
import threading

import pytest

from smolagents import Deny, Tool
from smolagents.hooks_testing import RecordingHook
from smolagents.local_python_executor import (
    BASE_PYTHON_TOOLS,
    CodeOutput,
    FinalAnswerException,
    LocalPythonExecutor,
    PythonExecutor,
)
from smolagents.remote_executors import (
    BlaxelExecutor,
    DockerExecutor,
    E2BExecutor,
    ModalExecutor,
    RemotePythonExecutor,
)

from .conftest import DenyingHook, Shell, balance, code_agent, observations


# Executors that run code elsewhere


class CodeOnly(RecordingHook):
    kinds = {"code"}


class InAnotherProcess(RemotePythonExecutor):
    """Stands for the executors of upstream, which need an account or a daemon: runs each action in a process."""

    def __init__(self):  # Nothing to install
        pass

    def send_tools(self, tools): ...

    def send_variables(self, variables): ...

    def run_code_raise_errors(self, code):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return CodeOutput(output=None, logs=done.stdout, is_final_answer="final" in code)


@pytest.mark.row("A20")
def test_a_code_action_that_runs_elsewhere_is_guarded_on_the_host(tmp_path):
    effects = []
    for number, hooks in enumerate(([], [CodeOnly(lambda e: Deny("no") if "touch" in e.arguments["code"] else None)])):
        file = tmp_path / str(number)
        program = f"import pathlib\npathlib.Path({str(file)!r}).touch()"
        agent = code_agent(program, "'final'", tools=[], hooks=hooks, executor=InAnotherProcess(), max_steps=3)
        agent.run("task")
        effects.append(file.exists())
    assert effects == [True, False]
    assert [execution.kind for execution in hooks[0].asked][:1] == ["code"]
    asked, told = balance(hooks[0])
    assert asked == told


@pytest.mark.row("A20")
@pytest.mark.parametrize("executor", [BlaxelExecutor, DockerExecutor, E2BExecutor, ModalExecutor, InAnotherProcess])
def test_a_hook_that_wants_more_than_code_is_refused_with_an_executor_elsewhere(executor):
    elsewhere = executor.__new__(executor)  # No account and no daemon is needed to be refused
    elsewhere.cleanup = elsewhere.delete = lambda: None
    elsewhere.send_variables = elsewhere.send_tools = lambda *args, **kwargs: None
    with pytest.raises(ValueError, match=rf"{executor.__name__} delivers code actions only.*kinds = {{'code'}}"):
        code_agent(tools=[], hooks=[RecordingHook()], executor=elsewhere)
    agent = code_agent(tools=[], hooks=[RecordingHook()])
    agent.python_executor = elsewhere
    with pytest.raises(ValueError, match="delivers code actions only"):
        agent.run("task")
    code_agent(tools=[], hooks=[CodeOnly()], executor=elsewhere)


# An executor of one's own


class Direct(PythonExecutor):
    """Calls the first tool that it was sent."""

    def send_tools(self, tools):
        self.tools = tools

    def send_variables(self, variables): ...

    def __call__(self, code_action):
        self.tools["shell"]("x")
        return CodeOutput(output=None, logs="", is_final_answer=True)


@pytest.mark.row("A21")
def test_an_executor_of_ones_own_delivers_code_only_and_a_denied_action_does_not_reach_it(make_shell):
    free, denied = make_shell(), make_shell()
    with pytest.raises(ValueError, match="Direct delivers code actions only"):
        code_agent(tools=[denied], hooks=[RecordingHook()], executor=Direct())
    for agent_shell, hooks in ((free, None), (denied, [CodeOnly(lambda execution: Deny("no"))])):
        agent = code_agent(tools=[agent_shell], hooks=hooks, executor=Direct(), max_steps=1)
        agent.run("task")
    assert (free.ran(), denied.ran()) == (["x"], [])


class InThread(LocalPythonExecutor):
    """The local executor, each action in a thread that knows nothing of the run."""

    def __call__(self, code_action):
        box = []

        def work():
            try:
                box.append(LocalPythonExecutor.__call__(self, code_action))
            except Exception as error:
                box.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if isinstance(box[0], Exception):
            raise box[0]
        return box[0]


@pytest.mark.row("A21")
def test_a_local_executor_that_leaves_the_context_of_the_run_does_not_lose_the_guard(make_shell):
    free, denied = make_shell(), make_shell()
    code_agent("shell('x')", tools=[free], executor=InThread([])).run("task")
    try:
        code_agent("shell('x')", tools=[denied], hooks=[DenyingHook("shell")], executor=InThread([])).run("task")
    except ValueError:  # To be refused is as good
        pass
    assert (free.ran(), denied.ran()) == (["x"], [])


# What the local executor is given to call


@pytest.mark.row("A22")
@pytest.mark.parametrize("call", ["do('x')", "f = do\nf('x')", "list(map(do, ['x']))", "[do][0](command='x')"])
def test_an_additional_function_is_guarded_as_a_tool_and_the_given_dict_is_unchanged(call, make_shell):
    free, denied = make_shell(), make_shell()
    hook = DenyingHook("do")
    for agent_shell, hooks in ((free, None), (denied, [hook])):
        functions = {"do": agent_shell.forward}
        given = dict(functions)
        agent = code_agent(call, tools=[], hooks=hooks, executor_kwargs={"additional_functions": functions})
        assert agent.run("task") == "done"
        assert functions == given == agent.python_executor.additional_functions
    assert (free.ran(), denied.ran()) == (["x"], [])
    assert hook.asked_about("do").kind == "tool" and hook.asked_about("do").arguments == {"command": "x"}


GIVEN = {
    "tool": (lambda tool: tool, "given('x')"),
    "method": (lambda tool: tool.forward, "given('x')"),
    "lambda": (lambda tool: lambda command: tool(command), "given('x')"),
    "in a list": (lambda tool: [0, tool], "given[1]('x')"),
    "in a dict of tuples": (lambda tool: {"a": (1, [tool])}, "given['a'][1][0]('x')"),
    "in a set": (lambda tool: {tool}, "for f in given:\n    f('x')"),
}


@pytest.mark.row("A23")
@pytest.mark.parametrize("given, call", GIVEN.values(), ids=GIVEN)
def test_a_callable_among_the_arguments_of_a_run_is_guarded(given, call, make_shell):
    free, denied = make_shell(), make_shell()
    hook = RecordingHook(lambda execution: Deny("no") if execution.arguments.get("command") == "x" else None)
    for agent_shell, hooks in ((free, None), (denied, [hook])):
        agent = code_agent(call, tools=[], hooks=hooks)
        assert agent.run("task", additional_args={"given": given(agent_shell)}) == "done"
    assert (free.ran(), denied.ran()) == (["x"], [])


@pytest.mark.row("A23")
def test_a_tool_that_is_an_attribute_of_an_argument_is_no_callable_of_the_program(make_shell):
    class Box:
        pass

    program = "given.tool('x')"
    free, denied = make_shell(), make_shell()
    for agent_shell, hooks in ((free, None), (denied, [DenyingHook("shell")])):
        box = Box()
        box.tool = agent_shell
        code_agent(program, tools=[], hooks=hooks).run("task", additional_args={"given": box})
    assert (free.ran(), denied.ran()) == (["x"], [])


class Named(Shell):
    def __init__(self, log, name):
        super().__init__(log)
        self.name = name


@pytest.mark.row("A25")
@pytest.mark.parametrize("name", ["filter", "log", "print", "map", "len"])
def test_a_tool_with_the_name_of_a_base_function_is_refused_with_hooks_and_replaced_without(name, tmp_path):
    log = tmp_path / "log"
    tool = Named(log, name)
    assert name in BASE_PYTHON_TOOLS
    code_agent(f"{name}('x')", tools=[tool]).run("task")
    assert tool.ran() == []  # Not the tool was called, and nobody was told
    agent = code_agent(f"{name}('x')", tools=[tool], hooks=[hook := RecordingHook()])
    with pytest.raises(ValueError, match=f"{name} cannot be guarded.*another name"):
        agent.run("task")
    assert hook.asked == []


@pytest.mark.row("A25")
def test_a_tool_with_the_name_of_an_additional_function_is_refused_with_hooks(make_shell):
    functions = {"shell": lambda command: "not the tool"}
    agent = code_agent(
        "shell('x')",
        tools=[make_shell()],
        hooks=[RecordingHook()],
        executor_kwargs={"additional_functions": functions},
    )
    with pytest.raises(ValueError, match="shell cannot be guarded"):
        agent.run("task")


# An answer that is raised


class RaisesAnswer(Tool):
    name, description, output_type = "hasty", "Answers in place of the agent.", "string"
    inputs = {"answer": {"type": "string", "description": "The answer."}}

    def forward(self, answer):
        raise FinalAnswerException(answer)


@pytest.mark.row("A15")
@pytest.mark.parametrize(
    "program", ["hasty('s3cret')", "f = hasty\nf('s3cret')", "list(map(hasty, ['s3cret']))", "[hasty][0]('s3cret')"]
)
def test_an_answer_that_a_tool_raises_by_hand_is_decided(program):
    answers = []
    for hooks in (None, [DenyingHook("final_answer")]):
        agent = code_agent(program, tools=[RaisesAnswer()], hooks=hooks)
        agent.model.turns = (*agent.model.turns[:1], "no code")
        answers.append("s3cret" in str(agent.run("task")))
    assert answers == [True, False]
    assert "final_answer is not for agents" in observations(agent)
