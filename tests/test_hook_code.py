"""What an executor holds under hooks: nothing that generated code could call without the hooks being asked."""

import gc
import weakref

import pytest

from smolagents import CodeAgent, Deny, Tool
from smolagents.hooks_testing import RecordingHook, ScriptedModel, answering, code
from smolagents.local_python_executor import CodeOutput, PythonExecutor


class Effect(Tool):
    description = "Has an effect."
    inputs = {"what": {"type": "string", "description": "What to do."}}
    output_type = "string"

    def __init__(self, name="effect"):
        super().__init__()
        self.name = name
        self.effects = []

    def forward(self, what: str) -> str:
        self.effects.append(what)
        return f"did {what}"


class Elsewhere(PythonExecutor):
    """An executor that runs code out of reach, as remote ones do."""

    def send_tools(self, tools): ...

    def send_variables(self, variables): ...

    def __call__(self, code_action):
        return CodeOutput(output=code_action, logs="", is_final_answer=True)


def code_agent(*programs, hooks=None, **kwargs):
    kwargs = {"tools": [], "max_steps": 3, **kwargs}
    return CodeAgent(model=ScriptedModel(*map(code, programs)), hooks=hooks, verbosity_level=0, **kwargs)


def denying(*names):
    return RecordingHook(answering(Deny("no"), *names))


def swallowing(call):
    return f"try:\n    {call}\nexcept Exception:\n    pass"


CALLS = {
    "itself": lambda tool: (tool, "given('x')"),
    "in a list": lambda tool: ([tool], "given[0]('x')"),
    "in a dictionary": lambda tool: ({"a": {"b": (1, tool)}}, "given['a']['b'][1]('x')"),
    "its method": lambda tool: (tool.forward, "given('x')"),
    "in a lambda": lambda tool: (lambda what: tool(what), "given('x')"),
    "in a callable object": lambda tool: (
        type("Caller", (), {"__call__": lambda self, what: tool(what)})(),
        "given('x')",
    ),
}


@pytest.mark.parametrize("how", CALLS)
def test_a_callable_among_the_arguments_of_a_run_is_guarded(how):
    tool = Effect()
    given, call = CALLS[how](tool)
    code_agent(swallowing(call)).run("task", additional_args={"given": given}, max_steps=1)
    assert tool.effects == ["x"]
    tool.effects.clear()
    hook = RecordingHook(lambda execution: Deny("no") if execution.name != "python_interpreter" else None)
    code_agent(swallowing(call), hooks=[hook]).run("task", additional_args={"given": given}, max_steps=1)
    assert tool.effects == []
    assert [execution.kind for execution in hook.asked][:2] == ["code", "tool"]


def test_a_callable_in_a_list_that_contains_itself_is_guarded():
    tool = Effect()
    given = [tool]
    given.append(given)
    agent = code_agent(swallowing("given[1][0]('x')"), hooks=[denying("effect")])
    agent.run("task", additional_args={"given": given}, max_steps=1)
    assert tool.effects == []


def test_variables_that_hold_nothing_to_call_are_passed_as_they_are():
    data = {"rows": [1, 2]}
    agent = code_agent("given['rows'].append(3)", hooks=[RecordingHook()])
    agent.run("task", additional_args={"given": data}, max_steps=1)
    assert data == {"rows": [1, 2, 3]}


def test_an_additional_function_of_the_executor_is_guarded_and_not_changed_in_place():
    done = []
    functions = {"do": lambda what, times=1: done.append(what * times)}
    agent = code_agent(
        swallowing("do('x')"), hooks=[denying("do")], executor_kwargs={"additional_functions": dict(functions)}
    )
    agent.run("task", max_steps=1)
    assert done == []
    assert agent.python_executor.additional_functions == functions
    agent = code_agent(
        "do('x', times=2)", hooks=[hook := RecordingHook()], executor_kwargs={"additional_functions": functions}
    )
    agent.run("task", max_steps=1)
    assert done == ["xx"]
    assert hook.asked_about("do").arguments == {"what": "x", "times": 2}


@pytest.mark.parametrize(
    "keep", ["kept = effect", "kept = [effect]", "def kept(x):\n    return effect(x)", "kept = lambda x: effect(x)"]
)
def test_what_a_run_without_hooks_left_behind_is_not_called_in_a_run_with_hooks(keep):
    tool = Effect()
    worker = CodeAgent(
        tools=[tool],
        model=ScriptedModel(
            code(keep),
            code("final_answer('kept')"),
            code(swallowing("kept('y')\n    kept[0]('y')")),
            code("final_answer('done')"),
        ),
        name="worker",
        description="Works.",
        verbosity_level=0,
    )
    assert worker.run("task") == "kept"
    manager = code_agent(
        "worker(task='work')", "final_answer('done')", managed_agents=[worker], hooks=[denying("effect")]
    )
    manager.run("task")
    assert tool.effects == []


def test_plain_variables_of_a_run_without_hooks_are_kept():
    agent = code_agent("total = [1, 2]", "final_answer('done')", "final_answer(total)")
    agent.run("task", max_steps=2)
    agent.hook_dispatcher = type(agent.hook_dispatcher)(agent, [RecordingHook()])
    assert agent.run("task") == [1, 2]


def test_a_managed_agent_whose_executor_delivers_too_little_is_refused_with_its_manager():
    worker = code_agent("1", executor=Elsewhere(), name="worker", description="Works.")
    with pytest.raises(ValueError, match="Elsewhere delivers code actions only"):
        code_agent("1", managed_agents=[worker], hooks=[RecordingHook()])


def test_an_agent_that_a_tool_runs_is_refused_if_its_executor_delivers_too_little():
    inner = code_agent("1", executor=Elsewhere())

    class RunInner(Effect):
        def forward(self, what: str) -> str:
            return str(inner.run(what))

    tool = RunInner()
    agent = code_agent("effect('x')", "final_answer('done')", tools=[tool], hooks=[hook := RecordingHook()])
    agent.run("task")
    assert "delivers code actions only" in str(hook.outcome_of("effect").error)


@pytest.mark.parametrize(
    "program",
    [
        "'{0.name}'.format(found)",
        "'{a.name}'.format_map({'a': found})",
        "f'{found.name}'",
        "'{}-{:>4}-{x!r}'.format(1, 2, x='y')",
    ],
)
def test_format_strings_still_work(program):
    agent = code_agent(f"class A:\n    name = 'n'\nfound = A()\nfinal_answer({program})", hooks=[RecordingHook()])
    assert agent.run("task") == {"'{}-": "1-   2-'y'"}.get(program[:4], "n")


@pytest.mark.parametrize(
    "program, answer",
    [
        ("class A:\n    n = 0\nA.n = 5\nfinal_answer(A.n)", 5),
        ("class A:\n    def __init__(self):\n        self._x = 1\na = A()\na._x = 2\nfinal_answer(a._x)", 2),
        ("from collections import namedtuple\nP = namedtuple('P', 'x y')\nfinal_answer(P(1, 2)._asdict()['y'])", 2),
        ("def f():\n    return 1\nf.count = 3\nfinal_answer(f.count)", 3),
        ("from enum import Enum\nclass E(Enum):\n    A = 1\nfinal_answer(E.A.value)", 1),
        ("x = 1\nx += 2\nfinal_answer(x)", 3),
        ("a = getattr('text', 'upper')()\nfinal_answer(a + str(getattr(a, 'nope', '!')))", "TEXT!"),
    ],
)
def test_what_ordinary_programs_do_with_attributes_works_under_hooks(program, answer):
    agent = code_agent(program, hooks=[RecordingHook()], additional_authorized_imports=["enum"])
    assert agent.run("task") == answer


@pytest.mark.parametrize("held", ["error.tool.forward('x')", "error.method('x')", "list(map(error.method, ['x']))"])
def test_what_an_error_of_a_tool_holds_of_the_tool_is_out_of_reach(held):
    class Leaking(Effect):
        def forward(self, what: str) -> str:
            if what == "fail":
                error = ValueError("failed")
                error.tool, error.method = self, self.forward
                raise error
            return super().forward(what)

    program = f"try:\n    effect('fail')\nexcept Exception as error:\n    {held}"
    for hooks, effects in ((None, ["x"]), ([RecordingHook()], [])):
        tool = Leaking()
        code_agent(program, tools=[tool], hooks=hooks).run("task", max_steps=1)
        assert tool.effects == effects


def test_an_agent_whose_state_holds_closures_is_freed():
    agent = code_agent(
        "kept = effect\ndef again():\n    return kept",
        "final_answer('done')",
        tools=[Effect()],
        hooks=[RecordingHook()],
    )
    agent.run("task")
    assert "kept" in agent.python_executor.state
    freed = weakref.ref(agent)
    del agent
    gc.collect()
    assert freed() is None
