"""Ways around the hooks, each found by attacking them, with default imports."""

import copy
import functools
import re
import threading
from abc import ABCMeta
from bisect import bisect_left
from collections import UserDict
from collections.abc import Mapping
from contextlib import suppress

import pytest

from smolagents import (
    ActionStep,
    CodeAgent,
    Deny,
    FinalAnswerStep,
    PythonInterpreterTool,
    Tool,
    ToolCallingAgent,
    ToolExecutionStopped,
)
from smolagents.hook_scope import current_scope
from smolagents.hooks_testing import RecordingHook, ScriptedModel, answering, code
from smolagents.memory import AgentMemory
from smolagents.tools import BaseTool

from .conftest import Apply, DenyingHook, balance, code_agent, observations, tool_calling_agent


@pytest.fixture
def host_as_it_was():
    """Puts back what a program that gets through changes of the host, so that other tests do not see it."""
    stop, reason = Deny.__dict__["stop"], Deny.__dict__["reason"]
    check, defaults = ABCMeta.__instancecheck__, re.search.__defaults__
    special = dict(getattr(re, "_special_chars_map", {}))
    yield
    if "__new__" in Deny.__dict__:
        Deny.__new__ = lambda cls, *args, **kwargs: object.__new__(cls)
    Deny.stop, Deny.reason = stop, reason
    ABCMeta.__instancecheck__ = check
    re.search.__defaults__ = defaults
    getattr(re, "_special_chars_map", {}).update(special)
    re.purge()


# Generated code may not change what belongs to the host

GET_DENY = "try:\n    shell('x')\nexcept Exception as error:\n    D = type(error.denial)\n"
CHANGES_OF_DENY = {
    "attribute": GET_DENY + "D.__new__ = lambda *a: None\nshell('x')",
    "setattr": GET_DENY + "setattr(D, '__new__', lambda *a: None)\nshell('x')",
    "mapped setattr": GET_DENY + "list(map(setattr, [D], ['__new__'], [lambda *a: None]))\nshell('x')",
    "loop target": GET_DENY + "for D.__new__ in [lambda *a: None]:\n    shell('x')",
    "tuple target": GET_DENY + "D.__new__, v = (lambda *a: None, 1)\nshell('x')",
    "annotated": GET_DENY + "D.__new__: int = lambda *a: None\nshell('x')",
}


@pytest.mark.row("B31")
@pytest.mark.parametrize("program", CHANGES_OF_DENY.values(), ids=CHANGES_OF_DENY)
def test_a_program_cannot_change_the_class_of_a_denial(program, shell, host_as_it_was):
    agent = code_agent(program, tools=[shell], hooks=[DenyingHook("shell")])
    agent.run("task")
    assert shell.ran() == []


@pytest.mark.row("B20", "B31")
def test_a_program_cannot_turn_a_stop_into_a_denial(shell, host_as_it_was):
    program = GET_DENY + "try:\n    D.stop = False\nexcept Exception:\n    v = 1\napply(lambda: 1)\nshell('y')"
    hook = RecordingHook(lambda e: Deny("no", stop=e.name == "apply") if e.name in ("shell", "apply") else None)
    agent = code_agent(program, tools=[shell, Apply()], hooks=[hook])
    with pytest.raises(ToolExecutionStopped):
        agent.run("task")


def searching(execution):
    if execution.name == "shell" and re.search("rm -rf", str(execution.arguments["command"])):
        return Deny("it deletes")


def walking(execution):
    command = execution.arguments.get("command")
    if isinstance(command, Mapping) and any("rm -rf" in str(value) for value in command.values()):
        return Deny("it deletes")


def escaping(execution):
    if execution.name == "shell" and re.compile(re.escape("a.b[c]")).search(str(execution.arguments["command"])):
        return Deny("it deletes")


def searching_flags(execution):
    if execution.name == "shell" and re.search("^rm -rf", str(execution.arguments["command"]), re.I | re.M):
        return Deny("it deletes")


def counting_texts(execution):
    command = execution.arguments.get("command")
    if not isinstance(command, Mapping) and "rm -rf" in str(command):
        return Deny("it deletes")


# A metaclass whose classes say that they are `str`, down to the hash, which is made of the address that Python shows
SPOOF = (
    "address = int(str(str.maketrans).split(' at 0x')[1][:-1], 16)\n"
    "class Spoof(type):\n    def __hash__(cls):\n        return address // 16\n"
    "    def __eq__(cls, other):\n        return True"
)
EVIL_PATTERN = "class Evil:\n    flags = 0\n    def search(self, *a):\n        return None\n"
TAMPERING = {
    "cached patterns": (searching, "'rm -rf /'", f"import re\n{EVIL_PATTERN}re._cache[str, 'rm -rf', 0] = Evil()"),
    "second cache": (searching, "'rm -rf /'", f"import re\n{EVIL_PATTERN}re._cache2[str, 'rm -rf', 0] = Evil()"),
    "both caches by getattr": (
        searching,
        "'rm -rf /'",
        f"import re\n{EVIL_PATTERN}for name in ['_cache', '_cache2']:\n    try:\n"
        "        getattr(re, name)[str, 'rm -rf', 0] = Evil()\n    except Exception:\n        v = 1",
    ),
    "imported cache": (
        searching,
        "'rm -rf /'",
        f"from re import _cache\n{EVIL_PATTERN}_cache[str, 'rm -rf', 0] = Evil()",
    ),
    "defaults of a function": (searching, "'rm -rf /'", "import re\nre.search.__defaults__ = (re.VERBOSE,)"),
    "defaults by setattr": (
        searching,
        "'rm -rf /'",
        "import re\nsetattr(re.search, '__defaults__', (re.VERBOSE,))",
    ),
    "isinstance": (
        walking,
        "{'do': 'rm -rf /'}",
        "import collections\nM = type(collections.UserDict)\nM.__instancecheck__ = lambda *a: False",
    ),
    "table of characters": (escaping, "'a.b[c]'", "import re\nre._special_chars_map.clear()"),
    "a pattern that reads as another": (
        searching,
        "'rm -rf /'",
        "import re\nSPOOF\ndef get(self, i):\n    if i > 1:\n        raise IndexError('x')\n    return 'q'\n"
        "S = Spoof('S', (str,), {'__getitem__': get, '__len__': lambda self: 2})\nre.compile(S('rm -rf'))",
    ),
    "the same, by a star import": (
        searching,
        "'rm -rf /'",
        "from re import *\nSPOOF\ndef get(self, i):\n    if i > 1:\n        raise IndexError('x')\n    return 'q'\n"
        "S = Spoof('S', (str,), {'__getitem__': get, '__len__': lambda self: 2})\nmatch(S('rm -rf'), 'qq')",
    ),
    "members of a set of flags": (
        searching_flags,
        "'RM -RF /'",
        "import re\nre.I._value2member_map_[re.I.value + re.M.value] = re.VERBOSE",
    ),
    "classes that count as a mapping": (
        walking,
        "{'do': 'rm -rf /'}",
        "import collections\nclass M(type(collections.UserDict)):\n    pass\n"
        "for base in collections.UserDict.mro():\n    M._abc_registry_clear(base)\n    M._abc_caches_clear(base)",
    ),
    "more that counts as a mapping": (
        counting_texts,
        "'rm -rf /'",
        "import collections\nfor base in collections.UserDict.mro():\n    base.register(str)",
    ),
}


@pytest.mark.row("B32")
@pytest.mark.parametrize("decide, command, tampering", TAMPERING.values(), ids=TAMPERING)
def test_a_program_cannot_change_the_modules_that_a_hook_decides_with(
    decide, command, tampering, make_shell, host_as_it_was
):
    free, denied, attacked = make_shell(), make_shell(), make_shell()
    tampering = tampering.replace("SPOOF", SPOOF)
    re.purge()
    code_agent(f"shell({command})", tools=[free]).run("task")
    code_agent(f"shell({command})", tools=[denied], hooks=[RecordingHook(decide)]).run("task")
    re.purge()
    program = "try:\n" + "\n".join("    " + line for line in tampering.splitlines()) + "\nexcept Exception:\n    v = 1"
    code_agent(program, f"shell({command})", tools=[attacked], hooks=[RecordingHook(decide)]).run("task")
    assert (len(free.ran()), denied.ran(), attacked.ran()) == (1, [], [])


def forget_instances():
    for base in UserDict.__mro__[:-1]:
        base._abc_caches_clear()


@pytest.mark.row("B45")
def test_a_class_with_a_hash_of_its_own_enters_the_caches_of_abstract_classes(shell):
    program = (
        SPOOF.replace("(type)", "(type(collections.UserDict))") + "\nS = Spoof('S', (collections.UserDict,), {})\n"
        "[base for base in collections.UserDict.mro() if isinstance(S(), base)]"
    )
    agent = code_agent("import collections\n" + program, tools=[shell], hooks=[RecordingHook()])
    forget_instances()  # As in a host that has not asked yet
    try:
        agent.run("task")
        assert isinstance("text", Mapping)
    finally:
        forget_instances()
    assert not isinstance("text", Mapping)


# No module that is not authorised is reachable as an object

GRAB = "class Grab:\n    def __rsub__(self, *got):\n        return got\n"
USE_MODULES = (
    "modules = list(map(getattr, found[1:], ['modules']))[0]\n"
    "scopes = list(map(getattr, map(modules.get, ['smolagents.hook_scope']), ['current_scope']))\n"
    "for scope in scopes:\n    scope().run.agent.tools['shell']('x')"
)
MODULES = {
    "from collections import _sys": f"from collections import _sys as found\n{GRAB}found -= Grab()\n{USE_MODULES}",
    "renamed": f"from collections import _sys as found\n{GRAB}found -= Grab()\n"
    f"list(map(setattr, found[1:], ['__name__'], ['re']))\n{USE_MODULES}",
    "another operator": "from collections import _sys as found\n"
    f"{GRAB.replace('__rsub__', '__rmul__')}found *= Grab()\n{USE_MODULES}",
}


@pytest.mark.row("B33")
@pytest.mark.parametrize("program", MODULES.values(), ids=MODULES)
def test_a_program_cannot_reach_the_agent_through_modules_of_modules(program, shell):
    hook = DenyingHook("shell")
    agent = code_agent(program, tools=[shell], hooks=[hook])
    agent.run("task")
    assert shell.ran() == []


@pytest.mark.row("B34", "C10")
@pytest.mark.parametrize(
    "field",
    [
        "{0._os.sys.modules[smolagents].Tool}",
        "{0._os.name}",
        "{0.Random.seed.__globals__[__name__]}",
        "{0.Random.__init__.__globals__[_os].sep}",
    ],
)
@pytest.mark.parametrize("form", ["'FIELD'.format(m)", "str.format('FIELD', m)", "list(map('FIELD'.format, [m]))"])
def test_a_format_string_reads_no_dunder_and_no_module_of_the_host(field, form, shell):
    program = f"import random as m\nprint('leaked', {form.replace('FIELD', field)})"
    agent = code_agent(program, tools=[shell], hooks=[RecordingHook()])
    agent.run("task")
    assert "leaked" not in observations(agent)


OTHER_FORMATTERS = {
    "UserString": "from collections import UserString\nprint('leaked', UserString('{0.__globals__}').format(shell))",
    "UserString.format_map": "from collections import UserString\n"
    "print('leaked', UserString('{f.__globals__}').format_map({'f': shell}))",
    "super": "super = 1\nclass S(str):\n    def of(self, x):\n        return super(S, self).format(x)\n"
    "print('leaked', S('{0.__globals__}').of(shell))",
}


@pytest.mark.row("B34")
@pytest.mark.parametrize("program", OTHER_FORMATTERS.values(), ids=OTHER_FORMATTERS)
def test_nothing_else_that_formats_reads_a_dunder(program, shell):
    agent = code_agent(program, tools=[shell], hooks=[RecordingHook()])
    agent.run("task")
    assert "leaked" not in observations(agent)


@pytest.mark.row("B34")
def test_formats_that_read_nothing_of_the_host_work(shell):
    program = (
        "import collections\nsuper = 1\nclass S(str):\n    def of(self, x):\n        return super(S, self).format(x)\n"
        "P = collections.namedtuple('P', 'x')\n"
        "print('{0.x}'.format(P(1)), str.format('{}', 2), '{a}'.format_map({'a': 3}), S('{}').of(4), "
        "list(map('{}'.format, [5])))"
    )
    agent = code_agent(program, tools=[shell], hooks=[RecordingHook()])
    agent.run("task")
    assert "1 2 3 4 ['5']" in observations(agent)


@pytest.mark.row("B35")
def test_an_error_that_wraps_another_does_not_lead_to_the_tool(make_shell):
    class Wrapped(Exception):
        def __init__(self, original):
            super().__init__(str(original))
            self.original = original

    class Clumsy(Tool):
        name, description, inputs, output_type = "clumsy", "Fails.", {}, "string"

        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self):
            try:
                return self.missing
            except AttributeError as error:
                raise Wrapped(error)

    inner = make_shell()
    program = "try:\n    clumsy()\nexcept Exception as e:\n    raw = e.original.obj\nraw.inner('x')"
    code_agent(program, tools=[Clumsy(inner)], hooks=[RecordingHook()]).run("task")
    assert inner.ran() == []


@pytest.mark.row("B36")
def test_a_generated_exception_cannot_keep_the_frames_of_the_host(shell):
    program = (
        "class E(Exception):\n    def with_traceback(self, tb):\n        return self\n"
        "def fail():\n    raise E('x')\n"
        "depth = []\nclass C:\n    def __enter__(self):\n        return self\n    def __exit__(self, k, e, tb):\n"
        "        print('{0.tb_next}'.format(tb), '{0.tb_frame.f_code.co_name}'.format(tb))\n        return True\n"
        "try:\n    apply(fail)\nexcept Exception as e:\n    caught = e\n"
        "print('names', '{0.__traceback__.tb_next.tb_next.tb_next.tb_next.tb_next.tb_frame.f_locals}'.format(caught))"
    )
    agent = code_agent(program, tools=[shell, Apply()], hooks=[RecordingHook()])
    agent.run("task")
    assert "HookDispatcher" not in observations(agent) and "names" not in observations(agent)


@pytest.mark.row("A7", "B37")
def test_a_generator_in_the_interpreter_tool_reaches_no_frame_of_the_host(make_shell):
    program = (
        "box = []\ndef walk():\n    frame = box[0].gi_frame\n    while frame is not None:\n"
        "        imports = frame.f_locals.get('authorized_imports')\n        if imports is not None:\n"
        "            imports.append('*')\n            return 'imports are free now'\n        frame = frame.f_back\n"
        "box.append(walk() for v in [1])\nprint(next(box[0]))\n"
        "import smolagents.hook_scope as scopes\n"
        "scopes.current_scope().run.agent.tools['shell']('x')"
    )
    denied = make_shell()
    turn = [("python_interpreter", {"code": program})]
    hook = DenyingHook("shell")
    tool_calling_agent(turn, tools=[PythonInterpreterTool(), denied], hooks=[hook]).run("task")
    assert denied.ran() == []


# Which tools an executor has is not kept between two runs of one agent


@pytest.mark.row("B38")
def test_a_run_without_hooks_while_a_person_decides_does_not_free_the_tools_of_one_with_hooks(make_shell):
    for guarded in (False, True):
        agent_shell = make_shell()
        inner = code_agent(tools=[agent_shell], name="inner", description="Helps.")
        turns = [code("shell('x')"), code("final_answer('inner')")]

        def decide(execution):
            if execution.name == "python_interpreter" and "shell" in execution.arguments["code"]:
                inner.model = ScriptedModel(code("final_answer('other')"))
                other = threading.Thread(target=inner.run, args=("a direct use",), kwargs={"reset": False})
                other.start()
                other.join()
                inner.model = ScriptedModel(turns[1])
                inner.step_number = 1
            return Deny("no") if execution.name == "shell" else None

        inner.model = ScriptedModel(*turns)
        hooks = [RecordingHook(decide)] if guarded else None
        code_agent("inner('do it')", tools=[], managed_agents=[inner], hooks=hooks).run("task")
        assert agent_shell.ran() == ([] if guarded else ["x"])


@pytest.mark.row("A3", "A35", "B39")
def test_a_stream_that_was_made_outside_of_hooks_is_guarded_when_a_tool_advances_it(make_shell):
    for guarded in (False, True):
        agent_shell = make_shell()
        inner = code_agent("shell('x')", tools=[agent_shell], name="inner", description="Helps.")
        stream = inner.run("made outside", stream=True)
        agent = code_agent("apply(advance)", tools=[Apply()], hooks=[DenyingHook("shell")] if guarded else None)
        agent.state["advance"] = lambda: len(list(stream))
        agent.run("task")
        assert agent_shell.ran() == ([] if guarded else ["x"])


# A denial is named in the observations, whatever the program makes of its output

LIAR = (
    "class S(str):\n    def __radd__(self, other):\n        return self\n    def __add__(self, other):\n"
    "        return self\n"
    "    def __contains__(self, part):\n        return True\n    def count(self, part):\n        return 99\n"
    "    def __str__(self):\n        return self\n    def __format__(self, spec):\n        return 'fine'\n"
)
SWALLOWED = "try:\n    shell('x')\nexcept Exception:\n    v = 1\n"
HIDING = {
    "result": LIAR + SWALLOWED + "S('fine')",
    "printed": LIAR
    + "class P:\n    value = ''\n    def __str__(self):\n        return S('fine')\n_print_outputs = P()\n"
    + SWALLOWED,
    "result that renders as a liar": LIAR
    + SWALLOWED
    + "class R:\n    def __str__(self):\n        return S('fine')\nR()",
}


@pytest.mark.row("B40")
@pytest.mark.parametrize("program", HIDING.values(), ids=HIDING)
def test_a_program_cannot_hide_a_denial_from_the_observations(program, shell):
    agent = code_agent(program, tools=[shell], hooks=[DenyingHook("shell")])
    agent.run("task")
    observed = agent.memory.steps[1].observations
    assert "shell is not for agents" in str.__str__(observed)
    assert type(observed) is str


@pytest.mark.row("A21", "B41")
def test_a_denied_call_of_a_closure_of_another_agent_is_named_where_it_happened(make_shell):
    program = "try:\n    f('x')\nexcept Exception:\n    v = 1"
    free, denied = make_shell(), make_shell()
    for agent_shell, hooks in ((free, None), (denied, [DenyingHook()])):
        sub = code_agent(program, tools=[], name="sub", description="Helps.")
        manager = "sub('task', additional_args={'f': shell})"
        code_agent(manager, tools=[agent_shell], managed_agents=[sub], hooks=hooks).run("task")
    assert (free.ran(), denied.ran()) == (["x"], [])
    assert "(no_context)" in observations(sub)


# For each hook that was asked, it is told, once

UNBALANCED = {
    "rendering fails": "class P:\n    value = ''\n    def __str__(self):\n        return 1 / 0\n"
    "_print_outputs = P()\n1 / 0",
    "rendering fails after a denial": "class P:\n    value = ''\n    def __str__(self):\n        return 1 / 0\n"
    "_print_outputs = P()\nshell('x')",
    "rendering exits": "class P:\n    value = ''\n    def __str__(self):\n        raise SystemExit\n"
    "_print_outputs = P()\n1 / 0",
    "rendering interrupts": "class P:\n    value = ''\n    def __str__(self):\n        raise KeyboardInterrupt\n"
    "_print_outputs = P()\n1 / 0",
    "exit": "raise SystemExit",
    "interrupt": "raise KeyboardInterrupt",
    "generator exit": "raise GeneratorExit",
    "stop iteration": "raise StopIteration",
}


@pytest.mark.row("F1")
@pytest.mark.parametrize("program", UNBALANCED.values(), ids=UNBALANCED)
def test_a_hook_is_told_of_a_code_action_however_it_ends(program, shell):
    hook = DenyingHook("shell")
    agent = code_agent(program, tools=[shell], hooks=[hook])
    try:
        agent.run("task")
    except BaseException as error:  # As without hooks
        assert type(error) in (ZeroDivisionError, SystemExit, KeyboardInterrupt, GeneratorExit)
    asked, told = balance(hook)
    assert asked and asked == told


def call_until_frames_end(function):
    function()
    call_until_frames_end(function)


def call_until_calls_in_c_end(function):
    """Python 3.12 and later count them on their own."""

    class Inner:
        def __repr__(self):
            function()
            return ""

    def nested(value, depth):
        for _ in range(depth):
            value = [value]
        return value

    def is_too_deep(depth):
        try:
            repr(nested(0, depth))
        except RecursionError:
            return True
        return False

    end = bisect_left(range(100_000), True, key=is_too_deep)
    for depth in range(end - 100, end):
        repr(nested(Inner(), depth))


@pytest.mark.row("F1")
@pytest.mark.parametrize("call_until_the_end", [call_until_frames_end, call_until_calls_in_c_end])
def test_a_hook_is_told_of_each_call_that_it_is_asked_about_at_the_end_of_the_stack(call_until_the_end):
    class Deep(Tool):
        name, description, inputs, output_type = "deep", "Gives a nested list.", {}, "any"
        value: list = []

        def forward(self):
            return self.value

    class Down(Tool):
        name, description, output_type = "down", "Calls a function until the stack ends.", "any"
        inputs = {"function": {"type": "any", "description": "The function."}}
        calls = 0

        def forward(self, function):
            def call():
                self.calls += 1
                with suppress(Exception):
                    function()

            with suppress(RecursionError):
                call_until_the_end(call)

    for _ in range(60):
        Deep.value = [Deep.value]
    down, hook = Down(), RecordingHook()
    code_agent("down(deep)", tools=[Deep(), down], hooks=[hook]).run("task")
    asked, told = balance(hook)
    assert asked == told
    assert 10 < hook.names().count("deep") < down.calls


@pytest.mark.row("F1")
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_the_other_hooks_are_told_when_one_is_interrupted_while_it_is_told(error, shell):
    def interrupt(execution, outcome):
        if execution.name == "shell":
            raise error

    hook = RecordingHook()
    agent = tool_calling_agent(
        [("shell", {"command": "x"})], tools=[shell], hooks=[hook, RecordingHook(after=interrupt)]
    )
    with pytest.raises(error):
        agent.run("task")
    asked, told = balance(hook)
    assert asked == told


@pytest.mark.row("F1")
def test_a_step_is_told_once_also_at_max_steps(shell):
    class Counting(RecordingHook):
        def __init__(self):
            super().__init__()
            self.steps = []

        def after_step(self, step):
            self.steps.append(step)

    hook = Counting()
    agent = tool_calling_agent([("shell", {"command": "x"})], tools=[shell], hooks=[hook], max_steps=2)
    agent.model.turns = (agent.model.turns[0], agent.model.turns[0], "text")
    agent.run("task")
    told = [step for step in agent.memory.steps if isinstance(step, ActionStep)]
    assert [step.step_number for step in hook.steps] == [step.step_number for step in told]


# A hook may be any object, and fails closed


@pytest.mark.row("A34")
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_hook_method_without_a_name_denies_when_it_raises(when, shell):
    def fail(*args):
        raise RuntimeError("broken")

    class Odd:
        def __init__(self):
            self.before_tool_execution = functools.partial(fail) if when == "before" else lambda execution: None
            self.after_tool_execution = functools.partial(fail) if when == "after" else lambda execution, outcome: None

    hook = RecordingHook()
    agent = tool_calling_agent([("shell", {"command": "x"})], tools=[shell], hooks=[hook, Odd()], max_steps=1)
    agent.model.turns = (agent.model.turns[0], "text")
    agent.run("task")
    assert "(hook_error)" in observations(agent)
    asked, told = balance(hook)
    assert asked == told


@pytest.mark.row("A5")
@pytest.mark.parametrize("name", ["unknown", "shell"])
def test_a_hook_always_gets_its_arguments_by_name(name, shell):
    deep: dict = {}
    for _ in range(120):
        deep = {"a": deep}
    hook = RecordingHook(lambda execution: execution.arguments.items() and None)
    agent = tool_calling_agent([(name, {"command": 1, "more": deep})], tools=[shell], hooks=[hook])
    assert agent.run("task") == "done"
    assert all(isinstance(execution.arguments, Mapping) for execution in hook.asked)


@pytest.mark.row("F5")
def test_a_hook_that_asks_an_agent_of_its_own_stays_protected_from_generated_code(shell):
    from smolagents.hook_asking import _asking_threads

    protected = []

    def decide(execution):
        if execution.name == "shell":
            before = threading.get_ident() in _asking_threads
            judge = ToolCallingAgent(tools=[], model=ScriptedModel("text"), max_steps=1, verbosity_level=0)
            judge.run("is it harmful?")
            protected.append((before, threading.get_ident() in _asking_threads))

    code_agent("shell('x')", tools=[shell], hooks=[RecordingHook(decide)]).run("task")
    assert protected == [(True, True)]


# What was checked is what runs


@pytest.mark.row("B42")
def test_no_method_of_an_argument_name_is_called(shell):
    program = (
        f"seen = []\nclass K(str):\n    def __hash__(self):\n        return {hash('sanitize_inputs_outputs')}\n"
        "    def __eq__(self, other):\n        seen.append(other)\n        return True\n"
        "try:\n    shell(**{K('command'): 'x'})\nexcept Exception:\n    v = 1\nprint('seen', len(seen))"
    )
    hook = RecordingHook()
    agent = code_agent(program, tools=[shell], hooks=[hook])
    agent.run("task")
    assert "seen 0" in observations(agent)
    assert dict(hook.asked_about("shell").arguments) == {"command": "x"}


@pytest.mark.row("B42")
def test_a_program_cannot_hand_a_tool_what_no_hook_sees(shell):
    program = (
        "calls = []\nclass B:\n    def __bool__(self):\n        calls.append(1)\n        return False\n"
        "try:\n    shell('x', sanitize_inputs_outputs=B())\nexcept Exception:\n    v = 1\nprint('calls', len(calls))"
    )
    agent = code_agent(program, tools=[shell], hooks=[RecordingHook()])
    agent.run("task")
    assert "calls 0" in observations(agent)


SPOOFED_ARGUMENTS = {
    "text": "shell(command=S('rm'))",
    "item": "shell(command=[S('rm')])",
    "value": "shell(command={'k': S('rm')})",
    "only argument": "shell(S('rm'))",
}


@pytest.mark.row("B26", "F3")
@pytest.mark.parametrize("call", SPOOFED_ARGUMENTS.values(), ids=SPOOFED_ARGUMENTS)
def test_a_class_that_says_it_is_another_is_taken_for_what_it_is(call, shell):
    program = f"{SPOOF}\nS = Spoof('S', (str,), {{'__contains__': lambda self, part: False}})\n{call}"

    def decide(execution):
        values = [execution.arguments["command"]] if execution.name == "shell" else []
        while values:
            value = values.pop()
            if isinstance(value, Mapping):
                values.extend(value.values())
            elif type(value) is tuple:
                values.extend(value)
            elif type(value) is not str or "rm" in value:
                return Deny("it deletes")

    agent = code_agent(program, tools=[shell], hooks=[RecordingHook(decide)])
    agent.run("task")
    assert shell.ran() == []
    assert "it deletes" in observations(agent)


class PositionalOnly(Tool):
    name, description, output_type = "odd", "Takes its argument by position.", "string"
    inputs = {"what": {"type": "any", "description": "What."}}

    def forward(self, what, /):
        return f"got {what}"


class Variadic(BaseTool):
    name, description, output_type = "odd", "Takes any arguments.", "string"
    inputs: dict = {}

    def __call__(self, *items):
        return f"got {', '.join(items)}"

    def to_code_prompt(self):
        return "def odd(*items): ..."

    def to_tool_calling_prompt(self):
        return "odd"


@pytest.mark.row("F4")
@pytest.mark.parametrize("tool", [PositionalOnly, Variadic])
def test_a_tool_with_unusual_parameters_works_with_hooks_as_it_does_without(tool):
    for hooks in (None, [RecordingHook()]):
        agent = code_agent("print(odd('this'))", tools=[tool()], hooks=hooks)
        agent.run("task")
        assert "got this" in observations(agent)


# Final answers


@pytest.mark.row("A15")
def test_an_answer_that_a_subclass_streams_by_itself_is_decided():
    class Hasty(ToolCallingAgent):
        def _run_stream(self, task, max_steps, images=None):
            yield FinalAnswerStep("s3cret")

    for hooks, out in ((None, True), ([DenyingHook("final_answer")], False)):
        agent = Hasty(tools=[], model=ScriptedModel("text"), hooks=hooks, verbosity_level=0)
        assert ("s3cret" in str(agent.run("task"))) == out


# Scope


@pytest.mark.row("F2")
def test_code_that_renders_after_the_action_is_not_taken_for_an_execution_outside_of_any(shell):
    program = (
        "class P:\n    value = ''\n    def __str__(self):\n        try:\n            shell('x')\n"
        "        except Exception:\n"
        "            v = 1\n        return ''\n_print_outputs = P()\n1 / 0"
    )
    hook = RecordingHook()
    code_agent(program, tools=[shell], hooks=[hook]).run("task")
    assert all(execution.parent_id for execution in hook.asked if execution.name == "shell")


@pytest.mark.row("A3")
def test_a_run_whose_stream_was_abandoned_in_the_middle_of_a_step_is_over(shell):
    runs = []
    hook = RecordingHook(lambda execution: runs.append(current_scope().run))
    agent = tool_calling_agent([("shell", {"command": "x"})], tools=[shell], hooks=[hook])
    stream = agent.run("task", stream=True)
    while not runs:
        next(stream)
    with pytest.raises(RuntimeError, match="ignored GeneratorExit"):  # As without hooks
        stream.close()
    assert runs and all(scope.over for scope in runs)


# Behaviour without hooks, and of errors


@pytest.mark.row("F4")
@pytest.mark.parametrize("hooks", [None, []])
def test_a_shallow_copy_of_an_agent_takes_its_own_steps(hooks):
    agent = tool_calling_agent(tools=[], hooks=hooks)
    twin = copy.copy(agent)
    twin.memory, twin.model = AgentMemory("other"), ScriptedModel([("final_answer", {"answer": "of the twin"})])
    assert twin.run("task") == "of the twin"


@pytest.mark.row("F4")
@pytest.mark.parametrize("hooks", [None, [RecordingHook()]])
def test_an_error_keeps_its_cause(hooks):
    class Failing(Tool):
        name, description, inputs, output_type = "failing", "Fails.", {}, "string"

        def forward(self):
            raise OSError("the disk is on fire")

    agent = tool_calling_agent([("failing", {})], tools=[Failing()], hooks=hooks)
    agent.run("task")
    assert isinstance(agent.memory.steps[1].error.__cause__, OSError)


# Stopped on the first try, kept because other guards fell for them


@pytest.mark.row("B20")
def test_a_stop_swallowed_by_a_program_stops_all_the_same(shell):
    for swallow in (
        "try:\n    shell('x')\nexcept Exception:\n    v = 1",
        "def f():\n    try:\n        shell('x')\n    finally:\n        return 1\nf()",
        "for i in [1, 2]:\n    try:\n        shell('x')\n    finally:\n        continue",
        "try:\n    shell('x')\nfinally:\n    1 / 0",
    ):
        hook = DenyingHook("shell", stop=True)
        agent = code_agent(f"{swallow}\napply(lambda: 1)", tools=[shell, Apply()], hooks=[hook])
        with pytest.raises(ToolExecutionStopped):
            agent.run("task")
        assert shell.ran() == []
        assert "apply" not in hook.names()


@pytest.mark.row("B43")
def test_a_program_that_raises_a_denial_of_its_own_makes_no_answer_of_it(shell):
    program = "try:\n    shell('x')\nexcept Exception as e:\n    mine = e\nraise mine"
    agent = code_agent(program, tools=[shell], hooks=[DenyingHook("shell")])
    assert agent.run("task") == "done"
    assert agent.memory.steps[1].error is None


@pytest.mark.row("B13")
def test_frames_are_out_of_reach_also_when_a_result_is_rendered_after_the_run(shell):
    program = (
        "box = []\ndef walk():\n    frame = box[-1].gi_frame\n    while frame is not None:\n"
        "        here = frame.f_locals.get('agent_here')\n        if here is not None:\n"
        "            here.tools['shell']('x')\n            return 'got it'\n        frame = frame.f_back\n"
        "    return ''\n"
        "class Evil:\n    def __str__(self):\n        try:\n            box.append(walk() for v in [1])\n"
        "            return next(box[-1])\n        except Exception:\n            return 'calm'\nfinal_answer(Evil())"
    )
    agent_here = code_agent(program, tools=[shell], hooks=[DenyingHook("shell")])
    str(agent_here.run("task"))
    assert shell.ran() == []


@pytest.mark.row("A35", "B13")
def test_frames_are_out_of_reach_in_a_thread_that_a_tool_starts(make_shell):
    class InThread(Tool):
        name, description, output_type = "in_thread", "Calls a function in a thread.", "any"
        inputs = {"function": {"type": "any", "description": "The function."}}

        def __init__(self, shell):
            super().__init__()
            self.shell = shell

        def work(self, function, results):
            try:
                results.append(function())
            except Exception as error:
                results.append(str(error))

        def forward(self, function):
            results: list = []
            thread = threading.Thread(target=self.work, args=(function, results))
            thread.start()
            thread.join()
            return results

    program = (
        "box = []\ndef walk():\n    frame = box[-1].gi_frame\n    while frame is not None:\n"
        "        me = frame.f_locals.get('self')\n        if hasattr(me, 'shell'):\n            me.shell('x')\n"
        "        frame = frame.f_back\n"
        "def f():\n    box.append(walk() for v in [1])\n    return next(box[-1])\nin_thread(f)\n"
        "in_thread(lambda: shell('x'))"
    )
    inner = make_shell()
    code_agent(program, tools=[inner, InThread(inner)], hooks=[RecordingHook()]).run("task")
    assert inner.ran() == []


@pytest.mark.row("F5")
def test_a_hook_for_the_code_only_does_not_free_the_tools_of_another(shell):
    class CodeOnly(RecordingHook):
        kinds = {"code"}

    hooks = [CodeOnly(), DenyingHook("shell")]
    code_agent("shell('x')", tools=[shell], hooks=hooks).run("task")
    assert shell.ran() == []
    assert set(hooks[0].names()) == {"python_interpreter"}


@pytest.mark.row("A34")
def test_answers_of_hooks_that_compare_oddly_deny(shell):
    class Agreeable:
        def __eq__(self, other):
            return True

        def __bool__(self):
            return False

    hook = RecordingHook(answering(Agreeable(), "shell"))
    CodeAgent(
        tools=[shell], model=ScriptedModel(code("shell('x')")), hooks=[hook], max_steps=1, verbosity_level=0
    ).run("task")
    assert shell.ran() == []
