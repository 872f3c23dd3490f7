"""What generated code does to the machine is asked about: names, arguments, whose it is, and who is left alone."""

import os
import socket
import sys
import threading

import pytest

from smolagents import CodeAgent, Deny, PythonInterpreterTool, Tool, ToolCallingAgent
from smolagents.hooks_testing import RecordingHook, ScriptedModel, code
from smolagents.local_python_executor import LocalPythonExecutor, evaluate_python_code
from tests.mediation.guarded import Operations, observations, run


def operations_of(hook, name):
    return [dict(execution.arguments) for execution in hook.asked if execution.name == name]


# Name of the operation, a program whose effect is the file {path}, and arguments that the hook must be shown
EFFECTS = {
    "run a command": (
        "process.run",
        "import subprocess\nsubprocess.run(['touch', {path!r}])",
        lambda path: {"command": ("touch", path), "executable": "touch", "cwd": None, "env": None},
    ),
    "run a shell command": (
        "process.run",
        "import os, operator\noperator.methodcaller('system', 'touch ' + {path!r})(os)",
        lambda path: {"command": f"touch {path}", "executable": None, "cwd": None, "env": None},
    ),
    "spawn a process": (
        "process.run",
        "import os\nos.waitpid(os.posix_spawn('/bin/sh', ['sh', '-c', 'touch ' + {path!r}], os.environ), 0)",
        lambda path: {"command": ("sh", "-c", f"touch {path}"), "executable": "/bin/sh", "cwd": None},
    ),
    "write a file": (
        "file.write",
        "import io\nwith io.open({path!r}, 'w') as file:\n    file.write('x')",
        lambda path: {"path": path, "mode": "w"},
    ),
    "write a file by descriptor": (
        "file.write",
        "import os\nos.close(os.open({path!r}, os.O_CREAT | os.O_WRONLY))",
        lambda path: {"path": path, "mode": None},
    ),
    "make a folder": (
        "file.write",
        "from pathlib import Path\nPath({path!r}).mkdir()",
        lambda path: {"path": path, "mode": None},
    ),
    "open a database": (
        "file.write",
        "import sqlite3\nsqlite3.connect({path!r}).close()",
        lambda path: {"path": path, "mode": None},
    ),
    "rename a file": (
        "file.rename",
        "import os\nos.rename({existing!r}, {path!r})",
        lambda path: {"destination": path, "how": "rename"},
    ),
    "link a file": (
        "file.rename",
        "import os\nos.link({existing!r}, {path!r})",
        lambda path: {"destination": path, "how": "link"},
    ),
    "make a symbolic link": (
        "file.rename",
        "import os\nos.symlink({existing!r}, {path!r})",
        lambda path: {"destination": path, "how": "symlink"},
    ),
}
effects = pytest.mark.parametrize("effect", EFFECTS)


@effects
def test_an_effect_happens_without_hooks(effect, tmp_path):
    _, program, _ = EFFECTS[effect]
    (tmp_path / "existing").write_text("x")
    path = str(tmp_path / "path")
    run(program.format(path=path, existing=str(tmp_path / "existing")))
    assert os.path.lexists(path)


@effects
def test_an_effect_happens_if_the_hook_has_no_objection_and_the_hook_is_told_before_it(effect, tmp_path):
    name, program, arguments = EFFECTS[effect]
    (tmp_path / "existing").write_text("x")
    path, seen = str(tmp_path / "path"), []
    hook = Operations()
    hook.after = lambda execution, outcome: seen.append(os.path.lexists(path)) if execution.name == name else None
    run(program.format(path=path, existing=str(tmp_path / "existing")), hook)
    assert os.path.lexists(path)
    assert seen == [False]
    outcome = hook.outcome_of(name)
    assert (outcome.status, outcome.duration, outcome.result) == ("ok", 0, None)
    (shown,) = operations_of(hook, name)
    expected = arguments(path)
    assert {key: shown[key] for key in expected} == expected


@effects
def test_an_effect_that_is_denied_does_not_happen_and_the_model_is_told(effect, tmp_path):
    name, program, _ = EFFECTS[effect]
    (tmp_path / "existing").write_text("x")
    path = str(tmp_path / "path")
    hook = Operations(name)
    agent = run(program.format(path=path, existing=str(tmp_path / "existing")), hook)
    assert not os.path.lexists(path)
    assert (tmp_path / "existing").exists()
    assert f"'{name}' was denied and not executed: not on this machine. (machine)" in observations(agent)
    assert hook.outcome_of(name).status == "denied"


def test_a_deny_after_an_operation_prevents_it_too(tmp_path):
    hook = Operations()
    hook.after = lambda execution, outcome: Deny("no") if execution.name == "file.write" else None
    agent = run(f"import os\nos.mkdir({str(tmp_path / 'made')!r})", hook)
    assert not (tmp_path / "made").exists()
    assert "'file.write' was denied and not executed: no. (denied)" in observations(agent)


def test_reading_listing_deleting_and_changing_files_have_names_of_their_own(tmp_path):
    (tmp_path / "file").write_text("secret")
    hook = Operations()
    program = f"""
import os, io, shutil
io.open({str(tmp_path / "file")!r}).read()
os.listdir({str(tmp_path)!r})
os.chmod({str(tmp_path / "file")!r}, 0o600)
os.remove({str(tmp_path / "file")!r})
os.chdir('/')
os.environ['SMOLAGENTS_TEST'] = '1'
del os.environ['SMOLAGENTS_TEST']
os.kill(os.getpid(), 0)
"""
    folder = os.getcwd()
    try:
        run(program, hook)
    finally:
        os.chdir(folder)
    asked = [(execution.name, dict(execution.arguments)) for execution in hook.asked]
    assert asked[3:] == [
        ("file.read", {"path": str(tmp_path / "file"), "mode": "r"}),
        ("dir.list", {"path": str(tmp_path)}),
        ("file.mode", {"path": str(tmp_path / "file"), "change": "chmod", "values": (0o600, -1)}),
        ("file.delete", {"path": str(tmp_path / "file")}),
        ("other", {"event": "os.chdir", "arguments": ("/",)}),
        ("env.set", {"name": "SMOLAGENTS_TEST", "value": "1"}),
        ("env.set", {"name": "SMOLAGENTS_TEST", "value": None}),
        ("signal.send", {"target": os.getpid(), "signal": 0}),
    ]


def test_one_effect_of_a_library_is_as_many_operations_as_it_takes(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("x")
    hook = Operations("file.delete")
    run(f"import shutil\nshutil.rmtree({str(tmp_path / 'folder')!r}, ignore_errors=True)", hook)
    assert (tmp_path / "folder" / "file").exists()
    assert {execution.name for execution in hook.asked} == {
        "module.import",
        "file.read",
        "dir.list",
        "file.delete",
    } or {execution.name for execution in hook.asked} == {"module.import", "dir.list", "file.delete"}


@pytest.fixture
def server():
    """A socket on the loopback interface that counts who reaches it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def reached(listening):
    listening.settimeout(0.05)
    try:
        listening.accept()[0].close()
        return True
    except TimeoutError:
        return False


@pytest.mark.parametrize(
    "program",
    [
        "import socket\nsocket.create_connection(('127.0.0.1', {port})).close()",
        "import socket\ns = socket.socket()\ns.connect_ex(('127.0.0.1', {port}))\ns.close()",
        "from http.client import HTTPConnection\nHTTPConnection('127.0.0.1', {port}).connect()",
        "import ftplib\nftplib.FTP(timeout=0.05).connect('127.0.0.1', {port})",
    ],
)
def test_a_connection_is_asked_about(program, server):
    program = program.format(port=server.getsockname()[1])
    run(program)
    assert reached(server)
    hook = Operations()
    run(program, hook)
    assert reached(server)
    assert operations_of(hook, "net.connect") == [
        {"host": "127.0.0.1", "port": server.getsockname()[1], "address": server.getsockname()}
    ]
    hook = Operations("net.connect")
    run(program, hook)
    assert not reached(server)


def test_binding_resolving_and_opening_a_url_are_asked_about():
    hook = Operations("net.bind", "net.resolve", "url.open")
    run("import socket\nsocket.socket().bind(('127.0.0.1', 0))", hook)
    run("import socket\nsocket.getaddrinfo('localhost', 80)", hook)
    run("from urllib.request import urlopen\nurlopen('http://127.0.0.1:9/')", hook)
    assert operations_of(hook, "net.bind") == [{"host": "127.0.0.1", "port": 0, "address": ("127.0.0.1", 0)}]
    assert operations_of(hook, "net.resolve") == [{"host": "localhost"}]
    assert operations_of(hook, "url.open") == [{"url": "http://127.0.0.1:9/", "method": "GET"}]
    assert {outcome.status for execution, outcome in hook.told if execution.name != "module.import"} == {"denied"}


# Imports


def test_imports_are_asked_about_whether_or_not_the_module_is_loaded():
    hook = Operations()
    run("import os, collections.abc as abc\nfrom math import sqrt, pi\nfrom string import *", hook)
    assert operations_of(hook, "module.import") == [
        {"name": "os", "names": ()},
        {"name": "collections.abc", "names": ()},
        {"name": "math", "names": ("sqrt", "pi")},
        {"name": "string", "names": ("*",)},
    ]


def test_a_denied_import_binds_nothing_and_the_others_of_the_statement_stay():
    class NoMath(Operations):
        def before_tool_execution(self, execution, /):
            super().before_tool_execution(execution)
            return Deny("no", code="math") if execution.arguments.get("name") == "math" else None

    hook = NoMath()
    agent = run("try:\n    import string, math, random\nexcept Exception as e:\n    print(type(e).__name__, e)", hook)
    assert "(math)" in observations(agent)
    assert agent.python_executor.state["string"].digits == "0123456789"
    assert not {"math", "random"} & agent.python_executor.state.keys()


def test_an_import_that_the_executor_refuses_is_not_asked_about():
    hook = Operations()
    agent = run("import os", hook, imports=[])
    assert hook.asked == []
    assert "Import of os is not allowed" in str(agent.memory.steps[1].error)


def module(tmp_path, monkeypatch, body):
    """A module of a new name in a folder that is searched for modules."""
    name = f"module_{abs(hash((str(tmp_path), body)))}"
    (tmp_path / f"{name}.py").write_text(body)
    monkeypatch.syspath_prepend(tmp_path)
    return name


def test_what_the_import_system_does_is_not_asked_about(tmp_path, monkeypatch):
    name = module(tmp_path, monkeypatch, "import typing, collections\nA = collections.namedtuple('A', 'b c')\n")
    hook = Operations()
    run(f"import {name}", hook)
    assert hook.names() == ["module.import"]
    assert (tmp_path / "__pycache__").exists() or sys.dont_write_bytecode


def test_what_the_body_of_a_module_does_has_the_import_as_its_parent(tmp_path, monkeypatch):
    name = module(tmp_path, monkeypatch, f"import os\nos.mkdir({str(tmp_path / 'made')!r})\n")
    hook = Operations()
    run(f"import {name}\nimport os\nos.mkdir({str(tmp_path / 'other')!r})", hook)
    outer, inner, second, direct = hook.asked
    assert (outer.name, inner.name, second.name, direct.name) == (
        "module.import",
        "file.write",
        "module.import",
        "file.write",
    )
    assert inner.parent_id == outer.id
    assert direct.parent_id == outer.parent_id == second.parent_id


def test_the_body_of_a_module_does_not_what_is_denied(tmp_path, monkeypatch):
    body = f"import os\nos.mkdir({str(tmp_path / 'made')!r})\n"
    run(f"import {module(tmp_path, monkeypatch, body)}")
    assert (tmp_path / "made").exists()
    (tmp_path / "made").rmdir()
    agent = run(f"import {module(tmp_path, monkeypatch, body + '# again')}", Operations("file.write"))
    assert not (tmp_path / "made").exists()
    assert "'file.write' was denied" in observations(agent)


@pytest.mark.parametrize(
    "statement", ["import smolagents", "from smolagents.hooks import Deny", "import smolagents.hooks"]
)
def test_generated_code_does_not_import_the_modules_of_the_host(statement):
    hook = RecordingHook()  # Whatever kinds the hook wants
    agent = run(statement + "\nprint('imported')", hook)
    assert "imported" not in observations(agent)
    assert "'module.import' was denied and not executed: generated code may not import" in observations(agent)


@pytest.mark.parametrize(
    "expression",
    [
        "sys.modules['smolagents']",
        "sys.modules.get('smolagents.hooks')",
        "list(sys.modules.values())[list(sys.modules).index('smolagents.hook_scope')]",
        "[m for n, m in sys.modules.items() if n == 'smolagents'][0]",
    ],
)
def test_guarded_code_is_not_handed_a_module_of_the_host(expression):
    program = f"import sys\nx = {expression}\nprint('got it')"
    assert "got it" in observations(run(program))
    assert "got it" not in observations(run(program, RecordingHook()))


# Looking into the interpreter, and code made by code


@pytest.mark.parametrize(
    "program",
    [
        "import operator, sys\noperator.attrgetter('_getframe')(sys)()",
        "import gc\ngc.get_objects()",
        "import gc\ngc.get_referents([])",
        "import operator, sys\noperator.attrgetter('_current_frames')(sys)()",
        "import operator, sys\nlist(map(operator.attrgetter('_getframe')(sys), [0]))",
        "import sys\nsys.settrace(None)",
        "import operator\noperator.attrgetter('__code__')(lambda: 0)",
    ],
)
def test_looking_into_the_interpreter_is_denied_without_asking(program):
    hook = Operations()
    agent = run(program + "\nprint('looked')", hook)
    assert "looked" not in observations(agent)
    assert "'runtime.inspect' was denied and not executed" in observations(agent)
    assert "runtime.inspect" not in hook.names()
    assert "looked" in observations(run(program + "\nprint('looked')"))


def test_what_a_library_compiles_for_itself_is_not_asked_about():
    program = """
import collections, dataclasses, logging
Pair = collections.namedtuple('Pair', 'a b')
make = dataclasses.make_dataclass('Point', ['x', 'y'])
print(Pair(1, 2), make(1, 2))
"""
    hook = Operations("*")
    agent = run(program, hook)
    assert "Pair(a=1, b=2)" in observations(agent)
    assert set(hook.names()) == {"module.import"}


def test_what_the_program_compiles_and_runs_is_asked_about():
    hook = Operations()
    program = "import operator, builtins\nprint(operator.methodcaller('eval', '6 * 7')(builtins))"
    agent = run(program, hook)
    assert "42" in observations(agent)
    assert operations_of(hook, "code.compile") == [{"source": "6 * 7", "filename": "<string>"}] or operations_of(
        hook, "code.compile"
    ) == [{"source": b"6 * 7", "filename": "<string>"}]
    assert len(operations_of(hook, "code.exec")) == 1
    agent = run(program, Operations("code.exec"))
    assert "42" not in observations(agent)


# Threads


def touching(path):
    return f"methodcaller('system', 'touch {path}')"


THREADS = {
    "a C function as the target": "threading.Thread(target=touch, args=(os,))",
    "a generated function as the target": "threading.Thread(target=lambda: touch(os))",
    "a timer": "threading.Timer(0, touch, (os,))",
}


@pytest.mark.filterwarnings("ignore:Exception in thread:pytest.PytestUnhandledThreadExceptionWarning")  # As denied
@pytest.mark.parametrize("thread", THREADS)
def test_threads_of_a_program_are_watched(thread, tmp_path):
    program = f"""
import os, threading
from operator import methodcaller
touch = {touching(tmp_path / "touched")}
thread = {THREADS[thread]}
thread.start()
thread.join()
"""
    run(program)
    assert (tmp_path / "touched").exists()
    (tmp_path / "touched").unlink()
    hook = Operations("process.run")
    run(program, hook)
    assert not (tmp_path / "touched").exists()
    (start,) = [execution for execution in hook.asked if execution.name == "thread.start"]
    (command,) = [execution for execution in hook.asked if execution.name == "process.run"]
    assert command.parent_id == start.parent_id


@pytest.mark.filterwarnings("ignore:Exception in thread:pytest.PytestUnhandledThreadExceptionWarning")  # As denied
def test_threads_that_a_thread_starts_and_those_of_a_pool_are_watched(tmp_path):
    program = f"""
import os, threading
from concurrent.futures import ThreadPoolExecutor
from operator import methodcaller
touch = {touching(tmp_path / "touched")}
pool = ThreadPoolExecutor(1)
pool.submit(touch, os).exception()
pool.submit(threading.Thread(target=touch, args=(os,)).start).exception()
pool.shutdown()
for thread in threading.enumerate():
    if thread is not threading.current_thread() and thread is not threading.main_thread():
        thread.join(1)
"""
    hook = Operations("process.run")
    run(program, hook)
    assert not (tmp_path / "touched").exists()
    assert hook.names().count("process.run") == 2


def test_the_start_of_a_thread_can_be_denied():
    hook = Operations("thread.start")
    agent = run("import threading\nthreading.Thread(target=print, name='mine').start()", hook)
    assert "'thread.start' was denied and not executed: not on this machine" in observations(agent)
    (arguments,) = operations_of(hook, "thread.start")
    assert arguments["name"] == "mine"


@pytest.mark.parametrize("start", ["_thread.start_new_thread", "_thread.start_new"])
def test_a_thread_that_is_not_of_threading_is_denied(start, tmp_path):
    program = f"""
import _thread, os
from operator import methodcaller
lock = _thread.allocate_lock()
lock.acquire()
def work():
    os.mkdir({str(tmp_path / "made")!r})
    lock.release()
{start}(work, ())
lock.acquire(True, 5)
"""
    run(program)
    assert (tmp_path / "made").exists()
    (tmp_path / "made").rmdir()
    hook = Operations()
    agent = run(program.replace("lock.acquire(True, 5)", ""), hook)
    assert not (tmp_path / "made").exists()
    assert "'thread.start' was denied and not executed: generated code starts threads by" in observations(agent)


# Whose it is


class Touch(Tool):
    """A tool with an effect of its own."""

    name = "touch"
    description = "Makes a file."
    inputs = {"path": {"type": "string", "description": "Path."}}
    output_type = "string"

    def forward(self, path: str) -> str:
        with open(path, "w"):
            return "made"


class Call(Tool):
    name = "call"
    description = "Calls what it is given."
    inputs = {"function": {"type": "any", "description": "What to call."}}
    output_type = "any"

    def forward(self, function):
        return function()


def test_what_a_tool_does_is_not_an_operation_of_the_program(tmp_path):
    hook = Operations("*")
    run(f"touch({str(tmp_path / 'file')!r})\nlist(map(touch, [{str(tmp_path / 'second')!r}]))", hook, tools=[Touch()])
    assert (tmp_path / "file").exists() and (tmp_path / "second").exists()
    assert hook.asked == []


def test_what_a_generated_function_does_that_a_tool_calls_is_an_operation_of_the_program(tmp_path):
    program = f"import os\ncall(lambda: os.mkdir({str(tmp_path / 'made')!r}))"
    hook = Operations("file.write")
    hook.kinds = frozenset({"tool", "operation"})
    run(program, hook, tools=[Call()])
    assert not (tmp_path / "made").exists()
    (call,) = [execution for execution in hook.asked if execution.name == "call"]
    (write,) = [execution for execution in hook.asked if execution.name == "file.write"]
    assert write.parent_id == call.id


def test_what_a_hook_does_is_not_an_operation_of_the_program(tmp_path):
    class Log(Operations):
        def before_tool_execution(self, execution, /):
            with open(tmp_path / "log", "a") as log:
                log.write(execution.name + "\n")
            return super().before_tool_execution(execution)

    hook = Log()
    run(f"import os\nos.mkdir({str(tmp_path / 'made')!r})", hook)
    assert hook.names() == ["module.import", "file.write"]
    assert (tmp_path / "log").read_text().split() == ["module.import", "file.write"]


def test_a_denial_that_the_program_swallows_is_told_all_the_same(tmp_path):
    program = f"""
import os
for i in range(30):
    try:
        os.mkdir({str(tmp_path / "made")!r})
    except Exception:
        pass
print('all done')
"""
    hook = Operations("file.write")
    agent = run(program, hook)
    assert not (tmp_path / "made").exists()
    assert "all done" in observations(agent)
    assert "'file.write' was denied" in observations(agent) and "(30 times)" in observations(agent)


def test_a_stop_denies_all_that_follows(tmp_path):
    from smolagents import ToolExecutionStopped

    hook = Operations()
    hook.before = lambda execution: Deny("enough", stop=True) if execution.name == "file.write" else None
    program = f"""
import os
for name in ('a', 'b'):
    try:
        os.mkdir({str(tmp_path)!r} + '/' + name)
    except Exception:
        pass
"""
    with pytest.raises(ToolExecutionStopped, match="enough"):
        run(program, hook)
    assert list(tmp_path.iterdir()) == []
    assert hook.names().count("file.write") == 1


def test_code_of_the_python_interpreter_tool_is_watched(tmp_path):
    def agent(*hooks):
        return ToolCallingAgent(
            tools=[PythonInterpreterTool(authorized_imports=["os", "contextvars"])],
            model=ScriptedModel(
                [("python_interpreter", {"code": f"import os\nos.mkdir({str(tmp_path / 'made')!r})"})],
                [
                    (
                        "python_interpreter",
                        {
                            "code": "import os, contextvars\n"
                            f"contextvars.Context().run(os.mkdir, {str(tmp_path / 'second')!r})"
                        },
                    )
                ],
                [("final_answer", {"answer": "done"})],
            ),
            hooks=hooks,
            verbosity_level=0,
        )

    agent().run("task")
    assert {path.name for path in tmp_path.iterdir()} == {"made", "second"}
    for path in tmp_path.iterdir():
        path.rmdir()
    hook = Operations("file.write")
    hook.kinds = frozenset({"tool", "operation"})
    agent(hook).run("task")
    assert list(tmp_path.iterdir()) == []
    first, second = (execution for execution in hook.asked if execution.name == "python_interpreter")
    assert [execution.parent_id for execution in hook.asked if execution.name == "file.write"] == [first.id, second.id]


def test_code_of_a_managed_agent_is_watched_by_the_hooks_of_its_manager(tmp_path):
    sub = CodeAgent(
        tools=[],
        model=ScriptedModel(code(f"import os\nos.mkdir({str(tmp_path / 'made')!r})"), code("final_answer('I tried')")),
        name="worker",
        description="Works.",
        additional_authorized_imports=["*"],
        verbosity_level=0,
    )
    hook = Operations("file.write")
    run("worker('work')", hook, managed_agents=[sub])
    assert not (tmp_path / "made").exists()
    (write,) = [execution for execution in hook.asked if execution.name == "file.write"]
    assert write.agent_path == ("CodeAgent", "worker")


def test_functions_of_an_earlier_step_belong_to_the_step_that_calls_them(tmp_path):
    hook = Operations()
    hook.kinds = frozenset({"code", "operation"})
    run(
        f"import os, threading\ndef make(name):\n    os.mkdir({str(tmp_path)!r} + '/' + name)",
        hook,
        turns=(
            "make('direct')\nthread = threading.Thread(target=make, args=('thread',))\nthread.start()\nthread.join()",
            "final_answer('done')",
        ),
    )
    assert {path.name for path in tmp_path.iterdir()} == {"direct", "thread"}
    _, second, _ = (execution for execution in hook.asked if execution.kind == "code")
    writes = [execution for execution in hook.asked if execution.name == "file.write"]
    assert [execution.parent_id for execution in writes] == [second.id, second.id]
    assert {execution.step_number for execution in writes} == {2}


def test_functions_of_an_earlier_run_belong_to_the_run_that_calls_them(tmp_path):
    hook = Operations()
    agent = run(f"import os\ndef make():\n    os.mkdir({str(tmp_path / 'made')!r})", hook)
    agent.model = ScriptedModel(
        code("import threading\nthread = threading.Thread(target=make)\nthread.start()\nthread.join()"),
        code("final_answer('done')"),
    )
    agent.run("again", reset=False)
    assert (tmp_path / "made").exists()
    (write,) = [execution for execution in hook.asked if execution.name == "file.write"]
    (start,) = [execution for execution in hook.asked if execution.name == "thread.start"]
    assert (write.run_id, write.parent_id) == (start.run_id, start.parent_id)


def test_a_generated_function_does_nothing_once_its_code_action_is_over(tmp_path):
    hook, kept = Operations(), []
    agent = run(
        f"import os\ndef make():\n    os.mkdir({str(tmp_path / 'made')!r})\nkeep(make)", hook, tools=[Keep(kept)]
    )
    (make,) = kept
    with pytest.raises(Exception, match="no code action of its agent is executing"):
        make()
    thread = threading.Thread(target=make)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading, "excepthook", lambda arguments: None)
        thread.start()
        thread.join()
    assert not (tmp_path / "made").exists()
    assert agent is not None


class Keep(Tool):
    name = "keep"
    description = "Keeps what it is given."
    inputs = {"function": {"type": "any", "description": "What to keep."}}
    output_type = "null"

    def __init__(self, kept):
        super().__init__()
        self.kept = kept

    def forward(self, function):
        self.kept.append(function)


def test_what_a_result_does_when_it_is_shown_happens_in_the_action(tmp_path):
    program = f"""
import os
class Result:
    def __str__(self):
        try:
            os.mkdir({str(tmp_path / "made")!r})
        except Exception as error:
            return str(error)
        return 'made'
    def __repr__(self):
        return 'result'
result = Result()
result
"""
    run(program)
    assert (tmp_path / "made").exists()
    (tmp_path / "made").rmdir()
    agent = run(program, hook := Operations("file.write"))
    assert not (tmp_path / "made").exists()
    assert "'file.write' was denied" in observations(agent)
    assert hook.asked[-1].parent_id is not None


# Who is left alone


def test_agents_without_hooks_in_the_same_process_are_not_affected(tmp_path):
    run("import os", Operations("*"))  # From now on there is an audit hook
    program = f"import os, sys, threading\nos.mkdir({str(tmp_path / 'made')!r})\nprint(sys._getframe() is None)"
    agent = run(
        program + "\nthread = threading.Thread(target=os.listdir)\nthread.start()\nthread.join()\nprint('end')"
    )
    assert (tmp_path / "made").exists()
    assert "end" in observations(agent)


def test_agents_whose_hooks_do_not_want_operations_are_not_affected(tmp_path):
    run("import os", Operations("*"))
    hook = RecordingHook()
    agent = run(f"import os, sys\nos.mkdir({str(tmp_path / 'made')!r})\nsys.exc_info()\nprint('end')", hook)
    assert "end" in observations(agent)
    assert set(hook.names()) == {"python_interpreter", "final_answer"}


def test_a_host_that_calls_an_executor_directly_is_not_affected(tmp_path):
    run("import os", Operations("*"))
    executor = LocalPythonExecutor(["*"])
    executor.send_tools({})
    executor(f"import os\nos.mkdir({str(tmp_path / 'made')!r})")
    evaluate_python_code(f"import os\nos.mkdir({str(tmp_path / 'second')!r})", authorized_imports=["os"])
    assert {path.name for path in tmp_path.iterdir()} == {"made", "second"}


def test_a_host_that_calls_an_executor_while_a_guarded_agent_works_is_not_affected(tmp_path):
    class Host(RecordingHook):
        def before_tool_execution(self, execution, /):
            thread = threading.Thread(target=lambda: evaluate_python_code(program, authorized_imports=["os"]))
            thread.start()
            thread.join()

    program = f"import os\nos.makedirs({str(tmp_path / 'made')!r}, exist_ok=True)"
    run("1 + 1", Host(), Operations("*"))
    assert (tmp_path / "made").exists()


def test_the_host_itself_is_not_affected(tmp_path):
    hook = Operations("*")
    run("import os", hook)
    asked = len(hook.asked)
    (tmp_path / "file").write_text("x")
    threading.Thread(target=(tmp_path / "folder").mkdir).start()
    assert sys._getframe() is not None
    assert len(hook.asked) == asked


# The table


def test_hooks_do_not_import_operations_unless_one_is_wanted():
    import subprocess

    program = """
import sys
from smolagents import CodeAgent
from smolagents.hooks_testing import RecordingHook, ScriptedModel, code
model = ScriptedModel(code("final_answer(1)"))
CodeAgent(tools=[], model=model, hooks=[RecordingHook()], verbosity_level=0).run("task")
sys.exit("smolagents.operations" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
