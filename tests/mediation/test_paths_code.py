"""What a `CodeAgent` executes, with default imports."""

import collections

import pytest

from smolagents import CodeAgent, Deny, Tool
from smolagents.agents import ActionOutput
from smolagents.hooks_testing import RecordingHook, ScriptedModel

from .conftest import Apply, DenyingHook, balance, cases, code_agent, observations


# Each calls `shell("x")` once
CALLS = {
    "positional": "shell('x')",
    "by name": "shell(command='x')",
    "single dict": "shell({'command': 'x'})",
    "unpacked": "shell(*['x'])",
    "unpacked dict": "shell(**{'command': 'x'})",
    "alias": "f = shell\nf('x')",
    "list item": "[shell][0]('x')",
    "dict value": "{'f': shell}['f']('x')",
    "parameter": "def call(f):\n    return f('x')\ncall(shell)",
    "default argument": "def call(f=shell):\n    return f('x')\ncall()",
    "global of a function": "def call():\n    return shell('x')\ncall()",
    "returned": "def give():\n    return shell\ngive()('x')",
    "map": "list(map(shell, ['x']))",
    "filter": "list(filter(shell, ['x']))",
    "sorted key": "sorted(['x'], key=shell)",
    "max key": "max(['x'], ['x'], key=lambda v: 1)\nmax(['x'], key=shell)",
    "lambda": "(lambda: shell('x'))()",
    "comprehension": "[shell(v) for v in ['x']]",
    "set comprehension": "{shell(v) for v in ['x']}",
    "dict comprehension": "{v: shell(v) for v in ['x']}",
    "comprehension condition": "[v for v in ['x'] if shell(v)]",
    "generator": "list(shell(v) for v in ['x'])",
    "generator by next": "next(shell(v) for v in ['x'])",
    "f-string": "f'{shell(\"x\")}'",
    "re.sub callback": "import re\nre.sub('x', lambda match: shell(match.group()), 'x')",
    "starmap": "import itertools\nlist(itertools.starmap(shell, [('x',)]))",
    "accumulate": "import itertools\nlist(itertools.accumulate(['a', 'b'], lambda a, b: shell('x')))",
    "groupby": "import itertools\nlist(itertools.groupby(['x'], shell))",
    "defaultdict factory": "import collections\nd = collections.defaultdict(lambda: shell('x'))\nd['k']",
    "iter with sentinel": "list(iter(lambda: shell('x'), 'it ran'))",
    "__call__": "class C:\n    def __call__(self):\n        return shell('x')\nc = C()\nc()",
    "__getitem__": "class C:\n    def __getitem__(self, key):\n        return shell(key)\nC()['x']",
    "__getattr__": "class C:\n    def __getattr__(self, name):\n        return shell(name)\nc = C()\nc.x",
    "__enter__": "class C:\n    def __enter__(self):\n        shell('x')\n    def __exit__(self, *a):\n"
    "        return None\n"
    "with C():\n    pass",
    "__exit__": "class C:\n    def __enter__(self):\n        return self\n    def __exit__(self, *a):\n"
    "        shell('x')\n"
    "with C():\n    pass",
    "__eq__": "class C:\n    def __eq__(self, other):\n        return shell('x')\nC() == 1",
    "__str__": "class C:\n    def __str__(self):\n        return shell('x')\nc = str(C())",
    "__format__": "class C:\n    def __format__(self, spec):\n        return shell(spec)\n'{0:x}'.format(C())",
    "__hash__": "class C:\n    def __hash__(self):\n        shell('x')\n        return 1\nv = {C(): 1}\nv = None",
    "__iter__": "class C:\n    def __iter__(self):\n        shell('x')\n        return iter([])\nlist(C())",
    "__len__": "class C:\n    def __len__(self):\n        shell('x')\n        return 1\nlen(C())",
    "__rsub__": "class C:\n    def __rsub__(self, other):\n        return shell('x')\nv = 1 - C()",
    "__set_name__": "class D:\n    def __set_name__(self, owner, name):\n        shell(name)\nclass C:\n    x = D()",
    "metaclass": "class M(type):\n    pass\nC = M('C', (), {'f': lambda self: shell('x')})\nc = C()\nc.f()",
    "type with three arguments": "C = type('C', (), {'f': lambda self: shell('x')})\nc = C()\nc.f()",
    "class attribute": "class C:\n    f = shell('x')",
    "augmented assignment": "v = ''\nv += shell('x')",
    "conditional": "1 if shell('x') else 2",
    "boolean": "shell('x') and True",
    "assertion": "assert shell('x')",
    "subscript": "v = {'it ran': 1}\nv[shell('x')]",
    "while": "while shell('x'):\n    break",
    "finally": "try:\n    v = 1\nfinally:\n    shell('x')",
    "except": "try:\n    1 / 0\nexcept ZeroDivisionError:\n    shell('x')",
    "decorator, called by hand": "def decorate(f):\n    return lambda v: f(v)\ncall = decorate(shell)\ncall('x')",
    "functools.partial": "import functools\nfunctools.partial(shell, 'x')()",
    "functools.reduce": "import functools\nfunctools.reduce(lambda a, b: shell(b), ['w', 'x'])",
    "callback of a tool": "apply(lambda: shell('x'))",
    "callback object of a tool": "class C:\n    def __call__(self):\n        return shell('x')\napply(C())",
    "dunder attribute `__wrapped__`": "shell.__wrapped__('x')",
    "spoof: parameter named like a tool": "def h(apply):\n    return apply('x')\nh(shell)",
    "spoof: class named like a tool": "f = shell\nclass apply:\n    g = f\napply.g('x')",
    "spoof: bound with `as`": "class C:\n    def __enter__(self):\n        return shell\n    def __exit__(self, *a):\n"
    "        return None\nwith C() as apply:\n    apply('x')",
    "spoof: module named like a tool": "import math as apply\nshell('x')\napply.sqrt(4)",
    "spoof: module named like the tool": "f = shell\nimport math as shell\nf('x')",
    "spoof: error named like a tool": "try:\n    1 / 0\nexcept ZeroDivisionError as apply:\n    shell('x')",
    "spoof: class named like the tool": "f = shell\nclass shell:\n    g = f\nshell.g('x')",
    "spoof: function named like the tool": "f = shell\ndef shell(v):\n    return f(v)\nshell('x')",
}
DIRECT = {"positional", "by name", "single dict", "unpacked", "unpacked dict"}
PAYLOADS = {"alias": "B16", "list item": "B17", "map": "B18"}


def call_rows(name: str) -> tuple[str, ...]:
    if name.startswith("spoof"):
        return ("A11",)
    if "__wrapped__" in name:
        return ("A10", "B7")
    return ("A8" if name in DIRECT else "A9", *PAYLOADS.get(name, "").split())


@pytest.mark.parametrize("program", cases(CALLS, call_rows))
def test_a_tool_that_generated_code_calls_is_guarded_however_it_is_called(program, make_shell):
    free, denied, allowed = make_shell(), make_shell(), make_shell()
    denying, allowing = DenyingHook("shell"), RecordingHook()
    for agent_shell, hooks in ((free, None), (denied, [denying]), (allowed, [allowing])):
        agent = code_agent(
            program, tools=[agent_shell, Apply()], hooks=hooks, additional_authorized_imports=["functools"]
        )
        assert agent.run("task") == "done"
    assert free.ran() and set(free.ran()) == {"x"}
    assert (denied.ran(), allowed.ran()) == ([], free.ran())
    for hook in (denying, allowing):
        calls = [execution for execution in hook.asked if execution.name == "shell"]
        assert all(dict(call.arguments) == {"command": "x"} for call in calls)
        within = {execution.id for execution in hook.asked if execution.name in ("python_interpreter", "apply")}
        assert calls and {call.parent_id for call in calls} <= within
        asked, told = balance(hook)
        assert asked == told
    assert len([execution for execution in allowing.asked if execution.name == "shell"]) == len(free.ran())


@pytest.mark.row("B40")
@pytest.mark.parametrize("program", CALLS.values(), ids=CALLS)
def test_a_denial_that_the_program_swallows_is_named_in_the_observations(program, shell):
    indented = "\n".join("    " + line for line in program.splitlines())
    agent = code_agent(
        f"try:\n{indented}\nexcept Exception:\n    v = 2",
        tools=[shell, Apply()],
        hooks=[DenyingHook("shell")],
        additional_authorized_imports=["functools"],
    )
    assert agent.run("task") == "done"
    assert "shell is not for agents" in agent.memory.steps[1].observations


# What would lead past the hooks, and would run without them
RAW = {
    "tool of a managed agent": "sub.tools['shell']('x')",
    "tool of a managed agent by getattr": "getattr(sub, 'tools')['shell']('x')",
    "executor of a managed agent": "sub.python_executor('shell(\"x\")')",
    "tool's own attribute": "shell.log.open('a').write('x')",
    # Upstream's attributes of a tool end at a function too, but an operator reads what is below it
    "forward": "class E:\n    def __rsub__(self, tool):\n        return tool.forward('x')\nshell.__wrapped__ -= E()",
    "forward by map": "class E:\n    def __rsub__(self, tool):\n"
    "        return list(map(getattr, [tool], ['forward']))[0]('x')\nshell.__wrapped__ -= E()",
}


def raw_rows(name: str) -> tuple[str, ...]:
    if name.startswith("forward"):
        return "A27", "B6"
    return ("A17", "B12" if "executor" in name else "B11") if "managed" in name else ("A27",)


@pytest.mark.parametrize("program", cases(RAW, raw_rows))
def test_nothing_raw_is_reachable_from_a_closure(program, make_shell):
    free, denied, hook = make_shell(), make_shell(), DenyingHook("shell")
    for agent_shell, hooks in ((free, None), (denied, [hook])):
        sub = code_agent("1", tools=[agent_shell], name="sub", description="Helps.")
        sub.run("warm up: its executor has its tools from now on")
        agent = code_agent(program, tools=[agent_shell], managed_agents=[sub], hooks=hooks)
        assert agent.run("task") == "done"
    assert (free.ran(), denied.ran()) == (["x"], [])


# Section B: what was reachable in other guards, or leads into the machinery of this one
NOWHERE = {
    "B6": [
        "shell.forward('x')",
        "getattr(shell, 'forward')('x')",
        "list(map(shell.forward, ['x']))",
        "T = type(shell)\nT.forward(shell, 'x')",
    ],
    "A11": [
        "def shell(command):\n    return 1\nshell('x')",
    ],
    "B1": [
        "shell._tool('x')",
    ],
    "B2": [
        "shell._tool.forward('x')",
    ],
    "B3": [
        "shell._guardrail.allowed_tools.add('shell')\nshell('x')",
    ],
    "B4": [
        "shell._agent.tool_callbacks.clear()\nshell('x')",
    ],
    "B5": [
        "shell._hooks.clear()\nshell('x')",
        "shell.hooks.clear()\nshell('x')",
        "shell.policy.clear()\nshell('x')",
    ],
    "B7": [
        "setattr(shell, '__wrapped__', 1)\nshell('x')",
    ],
    "B8": [
        "shell.__closure__[0].cell_contents.call(('x',), {})",
    ],
    "B9": [
        "shell.__globals__['value_of']",
        "getattr(shell, '__globals__')",
        "class S(str):\n    def startswith(self, *a):\n        return False\n"
        "    def endswith(self, *a):\n        return False\nprint(getattr(shell, S('__globals__'))['value_of'])\n"
        "shell('x')",
        "class E:\n    def __rsub__(self, other):\n        return other\nshell.__globals__ -= E()",
        "class E:\n    def __rsub__(self, other):\n        return other\nshell.__wrapped__.__globals__ -= E()",
    ],
    "B10": [
        "shell.func('x')",
        "shell.__code__\nshell('x')",
        "shell.__self__\nshell('x')",
        "shell.__dict__\nshell('x')",
        "shell.__class__.__call__(shell, 'x')",
        "shell.__code__ = (lambda: 1).__code__\nshell('x')",
        "setattr(shell, '__defaults__', (1,))\nshell('x')",
    ],
    "B15": [
        "import contextvars\ncontextvars.copy_context()\nshell('x')",
        "import collections\ncollections._sys.modules['contextvars'].copy_context()\nshell('x')",
    ],
    "B21": [
        "_operations_count = {'counter': -10**18}\nshell('x')",
        "_print_outputs = 1\nshell('x')",
    ],
    "B22": [
        "del _operations_count\nshell('x')",
        "del _print_outputs\nshell('x')",
    ],
    "B33": [
        "import random\nrandom._os.system('true')\nshell('x')",
        "import collections\ncollections._sys.modules\nshell('x')",
        "import queue\nqueue.threading._sys\nshell('x')",
        "import smolagents\nshell('x')",
        "import sys\nshell('x')",
        "list(map(getattr, [__import__('os')], ['system']))\nshell('x')",
    ],
}


@pytest.mark.parametrize(
    "program", [pytest.param(program, marks=pytest.mark.row(row)) for row, all in NOWHERE.items() for program in all]
)
def test_an_attempt_at_the_machinery_leads_nowhere(program, shell):
    lines = "\n".join("    " + line for line in program.splitlines())
    hook = DenyingHook("shell")
    agent = code_agent(program, f"try:\n{lines}\nexcept Exception:\n    shell('x')", tools=[shell], hooks=[hook])
    assert agent.run("task") == "done"
    assert shell.ran() == []
    asked, told = balance(hook)
    assert asked == told


FRAMES = {
    "generator": "g = (v for v in [1])\ng.gi_frame.f_back",
    "generator by getattr": "g = (v for v in [1])\ngetattr(g, 'gi_frame').f_back",
    "generator by map": "g = (v for v in [1])\nlist(map(getattr, [g], ['gi_frame']))[0].f_back",
    "running generator": "box = []\ndef walk():\n    return box[0].gi_frame.f_back\n"
    "box.append(walk() for v in [1])\nnext(box[0])",
    "running generator in a callback": "box = []\ndef walk():\n    return box[0].gi_frame.f_back\n"
    "box.append(walk() for v in [1])\napply(lambda: next(box[0]))",
    "super": "g = (v for v in [1])\nsuper(type(g), g).gi_frame",
    "code": "g = (v for v in [1])\ng.gi_code.co_consts",
    "traceback of a denial": "try:\n    shell('x')\nexcept Exception as e:\n    e.__traceback__.tb_frame",
    "traceback in __exit__": "class C:\n    def __enter__(self):\n        return self\n"
    "    def __exit__(self, k, e, t):\n"
    "        self.frame = t.tb_frame\n        return True\nc = C()\nwith c:\n    shell('x')\nc.frame.f_back",
    "next traceback in __exit__": "class C:\n    def __enter__(self):\n        return self\n"
    "    def __exit__(self, k, e, t):\n"
    "        self.frame = t.tb_next\n        return True\nc = C()\nwith c:\n    shell('x')\nc.frame.tb_frame",
    "cause": "try:\n    shell('x')\nexcept Exception as e:\n    e.__context__",
}


@pytest.mark.parametrize("limit", [None, 30])
@pytest.mark.parametrize(
    "program", cases(FRAMES, lambda name: ("B14" if "trace" in name or name == "cause" else "B13",))
)
def test_no_frame_of_the_host_is_reachable(program, limit, shell):
    agent = code_agent(
        f"{program}\nprint('reached')",
        tools=[shell, Apply()],
        hooks=[DenyingHook("shell")],
        executor_kwargs={"timeout_seconds": limit},
    )
    assert agent.run("task") == "done"
    assert "reached" not in observations(agent)


# Rule 9: what was checked is what runs

VALUES = {
    "str subclass that lies": "class S(str):\n    def __str__(self):\n        return 'lie'\nshell(S('x'))",
    "str subclass in a list": "class S(str):\n    def __str__(self):\n        return 'lie'\n    def __repr__(self):\n"
    "        return 'lie'\nshell([S('x')])",
    "int subclass": "class I(int):\n    def __int__(self):\n        return 1\n    def __str__(self):\n"
    "        return 'lie'\n"
    "shell(I(7))",
    "list that is changed afterwards": "class L:\n    pass\nv = ['x']\nshell(v)\nv.append('y')",
    "dict with keys of a str subclass": "class S(str):\n    pass\nshell({S('k'): 'x'})",
    "argument name of a str subclass": "class S(str):\n    pass\nshell(**{S('command'): 'x'})",
    "single dict with a key of a str subclass": "class S(str):\n    pass\nshell({S('command'): 'x'})",
    "dict subclass": "import collections\nshell(collections.OrderedDict(command='x'))",
    "enum": "import re\nshell(re.IGNORECASE)",
    "nested": "shell([{'a': ('x', {1, 2}), 'b': None}, b'y', 1.5])",
    "empty dict": "shell({'command': {}})",
}
VALUE_ROWS = {
    "str subclass that lies": ("B24", "F3"),
    "str subclass in a list": ("B24", "F3"),
    "list that is changed afterwards": ("B25", "F3"),
}


def plain(value):
    """What a frozen value stands for."""
    if hasattr(value, "items"):
        return {plain(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if type(value) in (list, tuple) else value


@pytest.mark.parametrize("program", cases(VALUES, lambda name: VALUE_ROWS.get(name, ("F3",))))
def test_the_hook_sees_what_the_tool_gets(program, make_shell):
    got = []

    class Keep(Tool):
        name, description, output_type = "shell", "Keeps.", "string"
        inputs = {"command": {"type": "any", "description": "What to keep."}}

        def forward(self, command):
            got.append(command)
            return "kept"

    hook = RecordingHook()
    agent = code_agent(program, tools=[Keep()], hooks=[hook])
    assert agent.run("task") == "done"
    (argument,) = got
    seen = hook.asked_about("shell").arguments["command"]
    assert plain(seen) == plain(argument)
    assert type(argument) in (str, int, list, dict) or type(argument).__name__ == "OrderedDict"


@pytest.mark.row("B27", "F3")
@pytest.mark.parametrize(
    "program, code",
    [
        ("d = []\nd.append(d)\nshell(d)", "arguments_too_deep"),
        ("d = {}\nd['d'] = d\nshell(d)", "arguments_too_deep"),
        ("d = 1\nfor i in range(150):\n    d = [d]\nshell(d)", "arguments_too_deep"),
        ("d = [1]\nfor i in range(30):\n    d = [d, d]\nshell(d)", "arguments_too_large"),
        ("shell(list(range(1000001)))", "arguments_too_large"),
    ],
)
def test_arguments_that_cannot_be_shown_are_denied(program, code, make_shell):
    denied, hook = make_shell(), RecordingHook()
    agent = code_agent(program, tools=[denied], hooks=[hook])
    assert agent.run("task") == "done"
    assert denied.ran() == []
    assert f"({code})" in observations(agent)


@pytest.mark.row("B26")
@pytest.mark.parametrize(
    "methods",
    ["__str__", "__len__", "__eq__", "__repr__", "__deepcopy__", "__copy__", "__reduce_ex__", "__iter__", "__hash__"],
)
def test_no_method_of_an_argument_is_called_before_the_tool_has_it(methods, shell):
    program = (
        f"calls = []\nclass C:\n    def {methods}(self, *a):\n        calls.append(1)\n        return 'x'\n"
        "c = C()\ntry:\n    shell(c)\nexcept Exception:\n    v = 1\nprint('calls', len(calls))"
    )
    hook = DenyingHook("shell")
    agent = code_agent(program, tools=[shell], hooks=[hook])
    assert agent.run("task") == "done"
    assert "calls 0" in observations(agent)
    assert hook.asked_about("shell").arguments["command"].type_name == "C"


# Answers, delegations, code actions, what changes between runs

ANSWERS = {
    "direct": "final_answer('s3cret')",
    "alias": "f = final_answer\nf('s3cret')",
    "map": "list(map(final_answer, ['s3cret']))",
    "in a function": "def f():\n    final_answer('s3cret')\nf()",
    "callback of a tool": "apply(lambda: final_answer('s3cret'))",
    "swallowed": "try:\n    final_answer('s3cret')\nexcept Exception:\n    v = 1",
    "finally": "try:\n    final_answer('s3cret')\nfinally:\n    v = 1",
    "by name": "final_answer(answer='s3cret')",
}


@pytest.mark.row("A14")
@pytest.mark.parametrize("program", ANSWERS.values(), ids=ANSWERS)
def test_a_denied_final_answer_of_a_program_is_not_final(program):
    def decide(execution):
        return Deny("a secret") if execution.arguments.get("answer") == "s3cret" else None

    free = code_agent(program, tools=[Apply()]).run("task")
    agent = code_agent(program, tools=[Apply()], hooks=[RecordingHook(decide)])
    assert (free, agent.run("task")) == ("s3cret", "done")
    assert "a secret" in agent.memory.steps[1].observations


@pytest.mark.row("A15", "B23")
def test_a_final_answer_that_is_always_denied_does_not_come_out_at_max_steps():
    agent = code_agent("final_answer('s3cret')", tools=[], hooks=[DenyingHook("final_answer")], max_steps=1)
    agent.model.turns = (agent.model.turns[0], "s3cret")
    answer = agent.run("task")
    assert "s3cret" not in answer and "final_answer is not for agents" in answer


@pytest.mark.row("A15")
def test_an_answer_that_another_executor_calls_final_is_decided():
    class Eager(CodeAgent):
        def _step_stream(self, memory_step):
            yield ActionOutput(output="s3cret", is_final_answer=True)

    for hooks, out in ((None, True), ([DenyingHook("final_answer")], False)):
        agent = Eager(tools=[], model=ScriptedModel("text"), hooks=hooks, verbosity_level=0, max_steps=1)
        assert ("s3cret" in agent.run("task")) == out


@pytest.mark.row("A16", "A18")
@pytest.mark.parametrize("what", ["sub", "shell", "python_interpreter"])
def test_a_managed_agent_that_a_program_calls_is_guarded_and_so_is_what_it_does(what, make_shell):
    free, denied, hook = make_shell(), make_shell(), DenyingHook(what)
    for agent_shell, hooks in ((free, None), (denied, [hook])):
        sub = code_agent("shell('x')", tools=[agent_shell], name="sub", description="Helps.")
        assert code_agent("sub('do it')", tools=[], managed_agents=[sub], hooks=hooks, max_steps=3).run("task")
    assert (free.ran(), denied.ran()) == (["x"], [])


@pytest.mark.row("A18", "F2")
def test_executions_of_a_managed_agent_are_in_the_delegation(shell):
    hook = RecordingHook()
    sub = code_agent("shell('x')", tools=[shell], name="sub", description="Helps.")
    code_agent("sub('do it')", tools=[], managed_agents=[sub], hooks=[hook]).run("task")
    by_id = {execution.id: execution for execution in hook.asked}
    call = hook.asked_about("shell")
    action = by_id[call.parent_id]
    delegation = by_id[action.parent_id]
    outer = by_id[delegation.parent_id]
    assert [action.name, delegation.name, outer.name] == ["python_interpreter", "sub", "python_interpreter"]
    assert (call.agent_path, delegation.agent_path, outer.parent_id) == (("CodeAgent", "sub"), ("CodeAgent",), None)


@pytest.mark.row("A19")
def test_of_a_denied_code_action_not_one_statement_runs(make_shell):
    free, denied = make_shell(), make_shell()
    hook = RecordingHook(lambda execution: Deny("no") if "shell" in execution.arguments.get("code", "") else None)
    for agent_shell, hooks in ((free, None), (denied, [hook])):
        agent = code_agent("print('started')\nshell('x')", tools=[agent_shell], hooks=hooks)
        assert agent.run("task") == "done"
    assert (free.ran(), denied.ran()) == (["x"], [])
    assert "started" not in observations(agent)
    assert agent.memory.steps[1].error is None


@pytest.mark.row("A29", "A30")
def test_a_closure_saved_in_one_run_is_decided_by_the_next_and_denied_once_its_tool_is_gone(make_shell):
    free, denied = make_shell(), make_shell()
    for agent_shell, hooks in ((free, None), (denied, [DenyingHook("shell")])):
        agent = code_agent("saved = shell", tools=[agent_shell], hooks=hooks)
        agent.run("task")
        del agent.tools["shell"]
        agent.model = code_agent("saved('x')", tools=[]).model
        assert agent.run("task", reset=False) == "done"
    assert (free.ran(), denied.ran()) == (["x"], [])
    assert "(unknown_tool)" in observations(agent)


@pytest.mark.row("A30")
def test_a_tool_added_after_the_agent_was_built_is_guarded(make_shell):
    free, denied = make_shell(), make_shell()
    for agent_shell, hooks in ((free, None), (denied, [DenyingHook("shell")])):
        agent = code_agent("shell('x')", tools=[], hooks=hooks)
        agent.tools["shell"] = agent_shell
        agent.run("task")
    assert (free.ran(), denied.ran()) == (["x"], [])


def fail(execution):
    raise RuntimeError("broken")


@pytest.mark.row("A34")
@pytest.mark.parametrize("answer", [lambda e: False, lambda e: True, lambda e: "no", lambda e: 0, fail])
@pytest.mark.parametrize("name", ["shell", "python_interpreter"])
def test_a_hook_that_fails_or_answers_anything_else_denies_in_code(name, answer, shell):
    hook = RecordingHook(lambda execution: answer(execution) if execution.name == name else None)
    agent = code_agent("shell('x')", tools=[shell], hooks=[hook], max_steps=2)
    agent.run("task")
    assert shell.ran() == []


@pytest.mark.row("B19")
def test_a_denial_swallowed_fifty_times_is_named_once_with_its_count(shell):
    program = "for i in range(50):\n    try:\n        shell('x')\n    except Exception:\n        v = 1"
    agent = code_agent(program, tools=[shell], hooks=[DenyingHook("shell")])
    assert agent.run("task") == "done"
    assert agent.memory.steps[1].observations.count("shell is not for agents") == 1
    assert "(50 times)" in agent.memory.steps[1].observations


@pytest.mark.row("B28")
def test_generated_code_that_starts_while_a_hook_is_asked_is_denied_without_asking(shell):
    import gc

    class Collecting(DenyingHook):
        def decide(self, execution):
            gc.collect()
            return super().decide(execution)

    program = (
        "class C:\n    def __del__(self):\n        try:\n            shell('from __del__')\n"
        "        except Exception as e:\n"
        "            print(e)\nc = C()\nc.me = c\nc = None\napply(lambda: 1)"
    )
    hook = Collecting()
    gc.collect()
    gc.disable()
    try:
        code_agent(program, tools=[shell, Apply()], hooks=[hook]).run("task")
    finally:
        gc.enable()
    assert shell.ran() == [] and "shell" not in hook.names()


@pytest.mark.row("F3")
def test_an_opaque_value_is_shown_by_its_type_only_and_passed_as_it_is(shell):
    hook = RecordingHook()
    program = "class C:\n    def __str__(self):\n        return 'x'\nshell(C())"
    code_agent(program, tools=[shell], hooks=[hook]).run("task")
    assert shell.ran() == ["x"]
    assert str(hook.asked_about("shell").arguments["command"]) == "Opaque(type_name='C')"


class Registry:
    """An object of the host that gives out a tool in many ways."""

    def __init__(self, tool):
        self._tool = tool
        self.tools = {"shell": tool}

    def get(self):
        return self._tool

    def call(self):
        return self._tool.forward

    def __getitem__(self, name):
        return self._tool

    def __iter__(self):
        return iter([self._tool])


class Find(Tool):
    name, description, inputs, output_type = "find", "Finds tools.", {}, "any"

    def __init__(self, tool):
        super().__init__()
        self.found = {"tool": tool, "tools": [tool], "registry": Registry(tool), "method": tool.forward}

    def forward(self):
        return self.found


GIVEN_OUT = {
    "a result": "find()['tool']('x')",
    "an item of a result": "find()['tools'][0]('x')",
    "a result, by map": "import itertools\nlist(map(list, itertools.starmap(map, zip(find()['tools'], [['x']]))))",
    "a bound method": "find()['method']('x')",
    "a method": "find()['registry'].get()('x')",
    "a method that gives a method": "find()['registry'].call()('x')",
    "a method, by map": "list(map(find()['registry'].get(), ['x']))",
    "a method, as a key": "sorted(['x'], key=find()['registry'].get())",
    "a method, by a partial": "import functools\nfunctools.partial(find()['registry'].get(), 'x')()",
    "an item of an object": "find()['registry']['shell']('x')",
    "an iterator": "for tool in find()['registry']:\n    tool('x')",
    "an attribute": "find()['registry'].tools['shell']('x')",
    "a variable": "registry.get()('x')",
    "a container that is not plain": "queue[0]('x')",
}


@pytest.mark.row("A37")
@pytest.mark.parametrize("program", GIVEN_OUT.values(), ids=GIVEN_OUT)
def test_a_tool_that_something_gives_out_is_guarded(program, make_shell):
    free, denied = make_shell(), make_shell()
    for agent_shell, hooks in ((free, None), (denied, [DenyingHook("shell")])):
        agent = code_agent(
            program,
            tools=[agent_shell, Find(agent_shell)],
            hooks=hooks,
            additional_authorized_imports=["functools"],
        )
        given = {"registry": Registry(agent_shell), "queue": collections.deque([agent_shell])}
        assert agent.run("task", additional_args=given) == "done"
    assert (free.ran(), denied.ran()) == (["x"], [])


@pytest.mark.row("A37")
def test_an_agent_that_a_tool_gives_back_is_asked_about(shell):
    class Hire(Tool):
        name, description, inputs, output_type = "hire", "Finds a helper.", {}, "any"

        def forward(self):
            return code_agent("shell('x')", tools=[shell], name="helper", description="Helps.")

    hook = DenyingHook("helper")
    agent = code_agent("hire()('do it')", tools=[Hire()], hooks=[hook])
    assert agent.run("task") == "done"
    assert shell.ran() == [] and "helper" in hook.names()


@pytest.mark.row("A37")
def test_functions_that_a_tool_gives_back_are_what_they_were(shell):
    program = "def f():\n    return 3\ng = apply(lambda: f)\nprint(g is f, g())"
    agent = code_agent(program, tools=[Apply()], hooks=[DenyingHook()])
    agent.run("task")
    assert "True 3" in observations(agent)


# A property that notes that it is read
MAKES_UP_ITS_CLASS = (
    "import statistics\nproperty = type(statistics.NormalDist.mean)\n"
    "def of(me, *args):\n    apply(lambda: 1)\n    return int\n"
)
WAYS_TO_MAKE_IT_UP = {
    "property": "Answer = type('Answer', (), {'__class__': property(of)})\n",
    "__getattribute__": "Answer = type('Answer', (), {'__getattribute__': of})\n",
}


@pytest.mark.row("A28")
@pytest.mark.parametrize("way", WAYS_TO_MAKE_IT_UP.values(), ids=WAYS_TO_MAKE_IT_UP)
def test_an_answer_is_not_asked_for_its_class_after_the_action(way):
    hook = RecordingHook()
    program = MAKES_UP_ITS_CLASS + way + "final_answer(Answer())"
    sub = code_agent(program, tools=[Apply()], name="sub", description="Helps.", hooks=[hook])
    sub.run("alone")
    code_agent("sub('task')", tools=[], managed_agents=[sub], hooks=[RecordingHook()]).run("task")
    actions = {execution.id for execution in hook.asked if execution.kind == "code"}
    assert all(execution.parent_id in actions for execution in hook.asked if execution.name == "apply")
