"""Tools that are not written as a `Tool`, and tools that run agents."""

import contextvars
import sys
import threading
from types import ModuleType

import pytest

from smolagents import PythonInterpreterTool, Tool, ToolCollection
from smolagents.hooks_testing import RecordingHook
from smolagents.tools import PipelineTool

from .conftest import DenyingHook, balance, code_agent, tool_calling_agent


def with_code(tools, hooks=None):
    return code_agent("shell(command='x')", tools=tools, hooks=hooks)


def with_code_by_position(tools, hooks=None):
    return code_agent("f = shell\nf('x')", tools=tools, hooks=hooks)


def with_tool_calls(tools, hooks=None):
    return tool_calling_agent([("shell", {"command": "x"})], tools=tools, hooks=hooks)


every_agent = pytest.mark.parametrize("make_agent", [with_code, with_code_by_position, with_tool_calls])


def assert_guarded(make_agent, make_tool, make_shell):
    """The tool that is made from a shell has its effect without hooks, with one that allows it, and not if denied."""
    effects = []
    for hooks in (None, [RecordingHook()], [DenyingHook("shell")]):
        inner = make_shell()
        assert make_agent([make_tool(inner)], hooks).run("task") == "done"
        effects.append(inner.ran())
    assert effects == [["x"], ["x"], []]
    assert dict(hooks[0].asked_about("shell").arguments) == {"command": "x"}
    asked, told = balance(hooks[0])
    assert asked == told


class Pipeline(PipelineTool):
    """
    Stands for a real pipeline, which would need torch.

    It overrides `__call__` as `PipelineTool` does: encode, forward, decode, without `Tool.__call__`.
    """

    name, description, output_type = "shell", "Runs a command in a pipeline.", "string"
    inputs = {"command": {"type": "any", "description": "The command."}}
    skip_forward_signature_validation = True

    def __init__(self, shell):
        self.shell = shell
        self.is_initialized = True

    def encode(self, command):
        return {"command": command}

    def forward(self, inputs):
        return self.shell.forward(**inputs)

    def decode(self, outputs):
        return outputs

    def __call__(self, *args, sanitize_inputs_outputs=False, **kwargs):
        return self.decode(self.forward(self.encode(*args, **kwargs)))


@pytest.mark.row("A26")
@every_agent
def test_a_tool_that_overrides_call_as_pipelines_do_is_guarded(make_agent, make_shell):
    assert "__call__" in vars(PipelineTool)  # Or the stand-in stands for nothing
    assert_guarded(make_agent, Pipeline, make_shell)


class FromLangChain:
    """What `Tool.from_langchain` reads of a tool of LangChain."""

    name, description = "Shell", "Runs a command."

    def __init__(self, shell):
        self.shell = shell
        self.args = {"command": {"type": "string", "title": "Command"}}

    def run(self, tool_input):
        return self.shell.forward(tool_input["command"])


class FromGradio:
    """What `Tool.from_gradio` reads of a tool of gradio-tools."""

    name, description = "shell", "Runs a command."

    def __init__(self, shell):
        self.shell = shell

    def run(self, command: "str") -> "str":  # It reads annotations that are strings only
        return self.shell.forward(command)


def from_gradio(shell):
    tool = Tool.from_gradio(FromGradio(shell))
    tool.is_initialized = True  # Upstream forgets it, so that no call of such a tool works
    return tool


@pytest.mark.row("A33")
@every_agent
@pytest.mark.parametrize(
    "make_tool",
    [
        lambda shell: Tool.from_langchain(FromLangChain(shell)),
        from_gradio,
        lambda shell: ToolCollection([shell]).tools[0],
    ],
    ids=["langchain", "gradio", "collection"],
)
def test_a_tool_made_from_another_kind_of_tool_is_guarded(make_agent, make_tool, make_shell):
    assert_guarded(make_agent, make_tool, make_shell)


@pytest.mark.row("A33")
@every_agent
def test_a_space_as_a_tool_is_guarded(make_agent, make_shell, monkeypatch):
    def make_tool(shell):
        class Client:  # What `Tool.from_space` uses of gradio_client
            def __init__(self, space_id, hf_token):
                pass

            def view_api(self, **kwargs):
                parameter = {
                    "parameter_name": "command",
                    "type": {"type": "string"},
                    "python_type": {"description": "The command."},
                    "parameter_has_default": False,
                }
                return {"named_endpoints": {"/run": {"parameters": [parameter], "returns": [{"component": "Text"}]}}}

            def predict(self, *args, api_name, **kwargs):
                return shell.forward(*args, **kwargs)

        client, utils = ModuleType("gradio_client"), ModuleType("gradio_client.utils")
        client.Client, client.handle_file, utils.is_http_url_like = Client, str, lambda text: False
        monkeypatch.setitem(sys.modules, "gradio_client", client)
        monkeypatch.setitem(sys.modules, "gradio_client.utils", utils)
        return Tool.from_space("some/space", "shell", "Runs a command.", api_name="/run")

    assert_guarded(make_agent, make_tool, make_shell)


@pytest.mark.row("A33")
@every_agent
def test_a_tool_collection_of_the_hub_is_guarded(make_agent, make_shell, monkeypatch):
    class Item:
        item_id, item_type = "some/space", "space"

    class Collection:
        items = [Item]

    def make_tool(shell):
        monkeypatch.setattr("smolagents.tools.get_collection", lambda slug, token: Collection)
        monkeypatch.setattr(Tool, "from_hub", lambda repo_id, token, trust_remote_code: shell)
        return ToolCollection.from_hub("some/collection", trust_remote_code=True).tools[0]

    assert_guarded(make_agent, make_tool, make_shell)


@pytest.mark.row("A7")
def test_code_for_the_interpreter_tool_does_nothing_if_it_is_denied(tmp_path):
    effects = []
    for number, hooks in enumerate((None, [DenyingHook("python_interpreter")])):
        file = tmp_path / str(number)
        program = f"import pathlib\npathlib.Path({str(file)!r}).touch()"
        tools = [PythonInterpreterTool(authorized_imports=["pathlib"])]
        tool_calling_agent([("python_interpreter", {"code": program})], tools=tools, hooks=hooks).run("task")
        effects.append(file.exists())
    assert effects == [True, False]


# Agents that tools run


class RunsAgent(Tool):
    name, description, inputs, output_type = "helper", "Has another agent help.", {}, "string"

    def __init__(self, agent, how):
        super().__init__()
        self.agent, self.how = agent, how

    def forward(self):
        return str(self.how(self.agent))


def run_it(agent):
    return agent.run("help")


def call_it(agent):
    return agent("help")


def stream_it(agent):
    return list(agent.run("help", stream=True))[-1]


def in_thread(target):
    thread = threading.Thread(target=target)
    thread.start()
    thread.join()


def in_thread_with_context(agent):
    in_thread(lambda context=contextvars.copy_context(): context.run(agent.run, "help"))


def in_thread_without_context(agent):
    in_thread(lambda: agent.run("help"))


def agent_with_helper(kind, inner_kind, how, inner_shell, hooks, inner_hooks=None):
    named = {"name": "inner", "description": "Helps."}
    inner = (
        code_agent("shell('x')", tools=[inner_shell], hooks=inner_hooks, **named)
        if inner_kind == "code"
        else tool_calling_agent([("shell", {"command": "x"})], tools=[inner_shell], hooks=inner_hooks, **named)
    )
    tools = [RunsAgent(inner, how)]
    return (
        code_agent("helper()", tools=tools, hooks=hooks)
        if kind == "code"
        else tool_calling_agent([("helper", {})], tools=tools, hooks=hooks)
    )


@pytest.mark.row("A35", "A18")
@pytest.mark.parametrize("how", [run_it, call_it, stream_it, in_thread_with_context])
@pytest.mark.parametrize("inner_kind", ["code", "tool calling"])
@pytest.mark.parametrize("kind", ["code", "tool calling"])
def test_an_agent_that_a_tool_runs_is_part_of_the_run(kind, inner_kind, how, make_shell):
    free, denied, hook = make_shell(), make_shell(), DenyingHook("shell")
    for inner_shell, hooks in ((free, None), (denied, [hook])):
        assert agent_with_helper(kind, inner_kind, how, inner_shell, hooks).run("task") == "done"
    assert (free.ran(), denied.ran()) == (["x"], [])
    assert hook.asked_about("shell").agent_path[1:] == ("inner",)
    assert len({execution.run_id for execution in hook.asked}) == 1


@pytest.mark.row("A35")
@pytest.mark.parametrize("kind", ["code", "tool calling"])
def test_an_agent_in_a_thread_that_a_tool_starts_is_a_run_of_its_own_with_its_own_hooks(kind, make_shell):
    outer, own = DenyingHook("shell"), DenyingHook("shell")
    free, denied = make_shell(), make_shell()
    for inner_shell, inner_hooks in ((free, None), (denied, [own])):
        agent_with_helper(kind, "code", in_thread_without_context, inner_shell, [outer], inner_hooks).run("task")
    assert (free.ran(), denied.ran()) == (["x"], [])
    assert "shell" not in outer.names()
    assert own.asked_about("shell").agent_path == ("inner",)


@pytest.mark.row("A18")
def test_what_happens_three_agents_down_asks_the_hooks_from_the_outermost_on_each_once(make_shell):
    order = []

    def noting(who, denies=False):
        hook = DenyingHook("shell" if denies else "")
        decide = hook.decide
        hook.before = lambda execution: (order.append(who) if execution.name == "shell" else None, decide(execution))[
            1
        ]
        return hook

    for denying in (None, "top", "middle", "bottom"):
        order.clear()
        agent_shell = make_shell()
        hooks = {who: [noting(who, who == denying)] for who in ("top", "middle", "bottom")}
        shared = hooks["top"]  # Given twice, asked once
        bottom = code_agent(
            "shell('x')", tools=[agent_shell], name="bottom", description="B.", hooks=shared + hooks["bottom"]
        )
        middle = tool_calling_agent(
            [("bottom", {"task": "b"})],
            tools=[],
            managed_agents=[bottom],
            name="middle",
            description="M.",
            hooks=hooks["middle"],
        )
        code_agent("middle('m')", tools=[], managed_agents=[middle], hooks=hooks["top"]).run("task")
        assert order == ["top", "middle", "bottom"]
        assert agent_shell.ran() == ([] if denying else ["x"])
