"""
The matrix as data: each way in which something gets executed and each known way around a guard, and what is promised.

A test says which rows it covers with `@pytest.mark.row("A8")`. A row whose tests are still to come is `awaited`; every
other row needs one. `make mediation` plays all of it and writes docs/mediation.md.
"""

from dataclasses import dataclass
from typing import Literal


SECTIONS = {
    "A": "Ways in which something gets executed",
    "B": "Ways around a guard, for generated code with default imports",
    "C": "Published escapes from the executor, with all imports authorised",
    "E": "Attacks on the guard's own memory, with all imports authorised",
    "F": "What holds on every way",
}

Result = Literal["stopped", "holds", "not stopped"]


@dataclass(frozen=True)
class Row:
    """
    One row of the matrix.

    Args:
        id: Section and number.
        title: The way, in a few words.
        promise: What happens to it with hooks.
        result: What its tests show: what was denied has no effect ("stopped"), what is promised is so ("holds"), or
            the effect happens in spite of the hooks ("not stopped").
        awaited: Whether it may be without a test for now.
    """

    id: str
    title: str
    promise: str
    result: Result = "stopped"
    awaited: bool = False


# TCA is the ToolCallingAgent
PATHS = (
    Row(
        "A1",
        "TCA: a tool call, in `run()` or by the host through `step`, `process_tool_calls`, `execute_tool_call`",
        "Asked about after variables are filled in and arguments are checked; outside of `run()` in a run of its own.",
    ),
    Row("A2", "TCA: parallel tool calls", "Each is asked about; the siblings of a denied call keep their results."),
    Row(
        "A3",
        "TCA: streamed model output, `run(stream=True)`, a stream that is abandoned",
        "As without streaming; nothing is executed once the stream is closed.",
    ),
    Row("A4", "TCA: an argument that names a variable of the agent", "Hooks see the value."),
    Row(
        "A5",
        "TCA: equal call ids, unknown tools, arguments that do not fit",
        "A call that cannot be made is one execution with an error; of equal ids the last call is made, as upstream.",
        "holds",
    ),
    Row("A6", "TCA: a managed agent", "Asked about as kind `agent`, and so is what it does."),
    Row("A7", "TCA with `PythonInterpreterTool`", "The call is asked about, with its code."),
    Row("A8", "CodeAgent: a tool that generated code calls by its name", "Asked about, arguments by parameter name."),
    Row(
        "A9",
        "CodeAgent: a tool called through an alias, a container, a callback, a method, ...",
        "As by its name.",
    ),
    Row("A10", "`tool.__wrapped__(...)`", "Asks the hooks, as every attribute that can be called."),
    Row(
        "A11",
        "Another name for a tool, or a tool's name for something else: parameter, class, `import as`, ...",
        "Decided by what is called, whatever the program calls it.",
    ),
    Row(
        "A12", "Tools of MCP servers, over stdio and over HTTP", "As native tools; hooks see the name after renaming."
    ),
    Row("A13", "TCA: `final_answer`", "Asked about; a denied answer is not final."),
    Row("A14", "CodeAgent: `final_answer`", "Asked about; a denied answer is not final."),
    Row(
        "A15",
        "Answers without a call: at max steps, by a subclass, by an executor, by an exception",
        "Asked about as `final_answer` before they enter memory.",
    ),
    Row("A16", "CodeAgent: a managed agent that generated code calls", "Asked about as kind `agent`."),
    Row("A17", "Attributes of a managed agent: its tools, its executor", "Out of reach of generated code."),
    Row("A18", "What happens inside a managed agent, at any depth", "Asks the outer hooks, then its own, each once."),
    Row("A19", "The code action itself", "Asked about before it runs; denied, not one statement runs."),
    Row(
        "A20",
        "Executors that run code elsewhere (Docker, E2B, Modal, Blaxel)",
        "Code actions are asked about; a hook that wants more is refused, with what to do instead.",
    ),
    Row(
        "A21",
        "`executor=`: an executor of one's own",
        "As elsewhere; a closure that it calls outside of the run is denied (`no_context`).",
    ),
    Row(
        "A22", "`executor_kwargs={'additional_functions': ...}`", "Asked about as tools; the given dict is unchanged."
    ),
    Row(
        "A23", "Callables in `run(additional_args=...)`, tools among them, also in containers", "Asked about as tools."
    ),
    Row("A24", "Functions of imported modules", "Their effects are asked about as operations."),
    Row(
        "A25",
        "A tool with the name of a function of the executor, which would take its place",
        "Refused before anything runs.",
        "holds",
    ),
    Row("A26", "`PipelineTool`, which overrides `Tool.__call__`", "As any tool."),
    Row("A27", "`tool.forward(...)`", "Out of reach of generated code."),
    Row(
        "A28",
        "Generated code that runs after its step: `__del__`, `__str__` of a result, an answer that is a generator",
        "A result is rendered once, inside the action and its time limit; what runs later is denied.",
    ),
    Row("A29", "A closure kept from an earlier run", "Decided by the hooks of today; denied once its tool is gone."),
    Row("A30", "Tools added or removed after the agent was built", "Decided as they are at the call."),
    Row(
        "A31",
        "Agents that were loaded: `from_dict`, `from_folder`, `from_hub`",
        "The hooks given to the outer agent hold for its managed agents.",
    ),
    Row(
        "A32",
        "Agents that are saved: `to_dict`, `save`, the generated app.py",
        "The saved form says that there were hooks; loading asks for `hooks=`.",
        "holds",
    ),
    Row("A33", "Tools made from LangChain and Gradio tools, from Spaces and tool collections", "As any tool."),
    Row("A34", "A hook that raises, or answers neither `None` nor a `Deny`", "Denies, on every way."),
    Row(
        "A35",
        "An agent that a tool runs, by `agent(...)` or `agent.run(...)`",
        "Part of the same run. In a thread of the tool: a run of its own, unless the tool copies the context.",
    ),
    Row("A36", "A managed agent whose deadline passes", "Control comes back; it executes nothing more."),
    Row(
        "A37",
        "Tools and agents that a tool gives back, or that an object among the variables gives out",
        "Asked about if they are in a plain result; otherwise generated code may not call them, nor hand them on.",
    ),
)

BYPASSES = (
    Row("B1", "`shell._tool('x')`", "No such attribute."),
    Row("B2", "`shell._tool.forward('x')`", "No such attribute."),
    Row("B3", "`search._guardrail.allowed_tools.add('shell')`", "No such attribute."),
    Row("B4", "`search._agent.tool_callbacks.clear()`", "No such attribute."),
    Row("B5", "`search._hooks`, `search.hooks`, `search.policy`", "No such attribute."),
    Row("B6", "`shell.forward('x')`", "No such attribute, by no way of reading it."),
    Row("B7", "`shell.__wrapped__('x')`", "Asks the hooks."),
    Row("B8", "`shell.__closure__`", "Out of reach, and holds an opaque key only."),
    Row("B9", "`shell.__globals__`", "Out of reach, also through a `str` subclass or an augmented assignment."),
    Row("B10", "`shell.func`, `shell.__self__`, `shell.__code__`, `shell.__dict__`", "Out of reach."),
    Row("B11", "`sub.tools['shell']('x')`", "A managed agent is a plain function too."),
    Row("B12", "`sub.python_executor('...')`", "A managed agent is a plain function too."),
    Row("B13", "A generator's frames: `gi_frame.f_back...f_locals`, also in a callback of a tool", "Out of reach."),
    Row("B14", "The traceback of a denial, and its frames", "Cut off and out of reach."),
    Row("B15", "`contextvars.copy_context()`", "Cannot be imported, and leads to an opaque key only."),
    Row("B16", "`f = shell; f('x')`", "Asks the hooks."),
    Row("B17", "`[shell][0]('x')`", "Asks the hooks."),
    Row("B18", "`list(map(shell, ['x']))`", "Asks the hooks."),
    Row("B19", "A denial swallowed fifty times in one step", "Named in the observations, once, with its count."),
    Row(
        "B20", "A stop swallowed by `except`, `finally: return`, `finally: continue`, `finally: 1/0`", "The run stops."
    ),
    Row(
        "B21",
        "`_operations_count = ...`, and other names of the executor's bookkeeping",
        "The hooks keep nothing there.",
    ),
    Row("B22", "`del` of such a name", "The hooks keep nothing there."),
    Row("B23", "A denied `final_answer` that comes out at max steps", "It is asked about again, and stays denied."),
    Row("B24", "A `str` subclass whose `__str__` changes its answer", "Hooks and tool get the same plain `str`."),
    Row("B25", "A list that is changed after the check", "The tool gets a copy made before the check."),
    Row("B26", "`__deepcopy__`, `__len__`, `__eq__`, ... of an argument", "Never called before the tool has it."),
    Row("B27", "`d = [d, d]`, thirty times", "Denied (`arguments_too_large`)."),
    Row(
        "B28",
        "A tool call in `__del__`, also while a hook is being asked",
        "Denied; in the latter case without asking.",
    ),
    Row("B29", "`while True: try: shell() finally: continue` after a stop", "Control comes back."),
    Row("B30", "An endless `__str__` of a result", "Ends with the action's time limit."),
    Row(
        "B31", "Changes to the classes of the protocol (`Deny.__new__ = ...`), by every form of assignment", "Refused."
    ),
    Row(
        "B32",
        "Changes to modules that a hook decides with (`re._cache`, defaults of functions, metaclasses)",
        "Refused.",
    ),
    Row(
        "B33", "Modules of modules (`from collections import _sys`), renamed or taken by an operator", "Out of reach."
    ),
    Row("B34", "Fields of format strings (`'{0._os.sys.modules}'`)", "Read no dunder and no module of the host."),
    Row("B35", "Errors of tools that hold a tool (`error.original.obj`)", "What leads to the tool is cut off."),
    Row("B36", "Generated exceptions that keep frames of the host (`with_traceback`, `__exit__`)", "Out of reach."),
    Row("B37", "A generator in `PythonInterpreterTool` that frees its imports", "Frames are out of reach there too."),
    Row(
        "B38",
        "A use of the same agent without hooks in between, which leaves tools in its executor",
        "What such a run left is dropped.",
    ),
    Row("B39", "A run that was made outside of hooks and is advanced inside", "Guarded."),
    Row(
        "B40",
        "Output that hides a denial: `__str__`, `__radd__`, a `_print_outputs` of its own",
        "The observations name it.",
    ),
    Row("B41", "A closure handed to another agent", "Denied (`no_context`), and named there."),
    Row(
        "B42",
        "Argument names with `__eq__` and `__hash__` of their own; keywords that no hook sees",
        "Plain names; nothing is called.",
    ),
    Row("B43", "A denial raised again by the program", "Neither an answer nor an error."),
    Row("B44", "A code block in the text of a TCA's model", "Not executed."),
    Row(
        "B45",
        "A class whose metaclass has `__hash__` and `__eq__`, in the caches of abstract classes",
        "`isinstance(value, Mapping)` of the host may say so of other types. Compare exact ones.",
        "not stopped",
    ),
    Row(
        "B46",
        "An endless `__str__` of an argument for a managed agent, whose time does not count",
        "Ends with the program's time limit: what the program itself does there counts.",
    ),
)

ESCAPES = tuple(
    Row(id, title, "Its effect is asked about as an operation, or it is refused before.")
    for id, title in (
        ("C1", "`getattr` to dunder attributes"),
        ("C2", "A walk through the class hierarchy to `subprocess.Popen`"),
        ("C3", "Modules through modules (`random._os`, `queue.threading._sys`)"),
        ("C4", "`sys.modules`"),
        ("C5", "`importlib.import_module`"),
        ("C6", "Frames of a traceback"),
        ("C7", "`map(getattr, [module], ['sys'])`"),
        ("C8", "Dunder attributes written by augmented assignment or `setattr`"),
        ("C10", "Fields of format strings"),
        ("C11", "`__del__`, `__eq__`, `__str__` of generated classes that the host calls"),
        ("C12", "`type(name, bases, dict)`"),
        ("C13", "`ctypes`, `posix`, `pickle`, `runpy`"),
        ("C15", "A module that the program writes and then imports"),
        ("C16", "Threads: `threading.Thread`, `Timer`, pools, `_thread`"),
    )
) + (
    Row("C9", "`hasattr` on dunder attributes", "Says yes or no, and leads nowhere.", "holds"),
    Row(
        "C14",
        "One huge operation in C (`10 ** 10 ** 8`)",
        "It holds up the process until it is done; only then a stop or time limit ends the program.",
        "not stopped",
    ),
)


# What the tests show with all imports authorised, not what one would like. None works with default imports.
REFUSED = "Refused where the interpreter runs the attack; works as native Python (`timeit`, `exec`)."
MEMORY = tuple(
    Row(id, title, promise, "not stopped")
    for id, title, promise in (
        ("E1", "`sys.modules['smolagents.hooks']`, or an import: the guard as a deputy", REFUSED),
        ("E2", "A scope without hooks, or a forged one", REFUSED),
        ("E3", "A patched dispatcher", REFUSED),
        ("E4", "`sys.modules['__main__'].agent`", REFUSED),
        ("E5", "`gc.get_objects()`", "Works."),
        ("E6", "`gc.get_referents(shell)`", REFUSED),
        ("E7", "`inspect` on closures, modules and frames", REFUSED),
        ("E8", "`ctypes.pythonapi`", REFUSED),
        ("E9", "Changes to modules that a hook decides with", REFUSED),
        ("E10", "`sys.settrace`, `sys.setprofile`", REFUSED),
    )
)

ALWAYS = (
    Row(
        "F1",
        "Each hook that was asked is told, once",
        "However the execution ends, and in any number of threads.",
        "holds",
    ),
    Row(
        "F2",
        "Where an execution belongs",
        "Ids, parents and steps are right, also with several runs at once.",
        "holds",
    ),
    Row(
        "F3", "What was checked is what runs", "Hooks see what the tool gets; what cannot be shown is denied.", "holds"
    ),
    Row(
        "F4", "What hooks leave as it is", "Unusual tools, copies of agents and errors work as without hooks.", "holds"
    ),
    Row("F5", "Hooks that run agents, or want some kinds only", "Free nothing for others.", "holds"),
    Row("F6", "Programs that Hypothesis makes up", "The denied tool never runs, and `run()` raises nothing new."),
    Row(
        "F7",
        "Each hook that is told that a run begins is told of its steps and its end, once",
        "However the run ends: stopped, left behind, abandoned in a step, interrupted by another hook.",
        "holds",
    ),
    Row("F8", "An agent that nobody needs any more", "Is freed, whatever errors its memory and hooks hold.", "holds"),
)

ROWS = {row.id: row for row in (*PATHS, *BYPASSES, *ESCAPES, *MEMORY, *ALWAYS)}
