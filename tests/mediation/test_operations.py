"""
Ways from generated code to an effect on the machine, with every import allowed: each works without the hook, and does
not with it. The executor is not a sandbox, and that is why the effect itself is asked about.
"""

import logging
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from smolagents import Tool
from smolagents.hooks_testing import RecordingHook
from tests.mediation.conftest import Apply
from tests.mediation.guarded import Operations, observations, run


# Programs that make a file or folder at {path}; {folder} has a module `made` whose body makes it
ESCAPES = {
    "a function by name": "import os\nos.mkdir({path!r})",
    "a shell": "import os\nfrom operator import methodcaller\nmethodcaller('system', 'touch {path}')(os)",
    "os.popen": "import os\nfrom operator import methodcaller\nmethodcaller('popen', 'touch {path}')(os).read()",
    "the class hierarchy, to Popen": """
import subprocess
from operator import attrgetter, methodcaller
classes = methodcaller('__subclasses__')(attrgetter('__class__.__base__')(()))
[found for found in classes if attrgetter('__name__')(found) == 'Popen'][0](['touch', {path!r}]).wait()""",
    "os.posix_spawn": "import os\nos.waitpid(os.posix_spawn('/bin/sh', ['sh', '-c', 'touch {path}'], os.environ), 0)",
    "posix": "import posix\nposix.close(posix.open({path!r}, posix.O_CREAT | posix.O_WRONLY))",
    "_io.open": "import _io\n_io.open({path!r}, 'w').close()",
    "_io.FileIO": "import _io\n_io.FileIO({path!r}, 'w').close()",
    "io.open with an opener": "import io, os\nio.open({path!r}, 'w', opener=os.open).close()",
    "codecs": "import codecs\ncodecs.open({path!r}, 'w').close()",
    "pathlib": "from pathlib import Path\nPath({path!r}).touch()",
    "shutil": "import shutil\nshutil.copyfile('/etc/hosts', {path!r})",
    "zipfile": "import zipfile\nzipfile.ZipFile({path!r}, 'w').close()",
    "logging": "import logging\nlogging.FileHandler({path!r}).close()",
    "sqlite3": "import sqlite3\nsqlite3.connect({path!r}).close()",
    "a URI of sqlite3": "import sqlite3\nsqlite3.connect('file:{path}?mode=rwc', uri=True).close()",
    "map": "import os\nlist(map(os.mkdir, [{path!r}]))",
    "sorted": "import os\nsorted([{path!r}], key=os.mkdir)",
    "functools.partial": "import os, functools\nfunctools.partial(os.mkdir, {path!r})()",
    "a default factory": "import os, functools, collections\n"
    "collections.defaultdict(functools.partial(os.mkdir, {path!r}))['x']",
    "a generator": "import os\nnext(os.mkdir(path) for path in [{path!r}])",
    "a str subclass": "import os\nclass Path(str):\n    pass\nos.mkdir(Path({path!r}))",
    "a module of an allowed module": "import operator, random\noperator.attrgetter('_os')(random).mkdir({path!r})",
    "a module of a module of an allowed module": "import operator, queue\n"
    "operator.attrgetter('threading._sys.modules')(queue)['os'].mkdir({path!r})",
    "sys.modules": "import sys\nsys.modules['os'].mkdir({path!r})",
    "importlib": "import importlib\nimportlib.import_module('os').mkdir({path!r})",
    "__import__": "import builtins\nfrom operator import methodcaller\n"
    "list(map(methodcaller('__import__', 'os'), [builtins]))[0].mkdir({path!r})",
    "exec": "import builtins\nfrom operator import methodcaller\n"
    "methodcaller('exec', 'import os; os.mkdir(\"{path}\")')(builtins)",
    "timeit": "import timeit\ntimeit.timeit('os.mkdir(\"{path}\")', 'import os', number=1)",
    "pickle": "import pickle\npickle.loads(b'cposix\\nmkdir\\n(V{path}\\ntR.')",
    "runpy": "import runpy\nrunpy.run_path('{folder}/made.py')",
    "ctypes": "import ctypes\nctypes.CDLL(None).mkdir(b'{path}', 511)",
    "a module written before": "import sys\nsys.path.insert(0, '{folder}')\nimport made",
    "a profiler": "import cProfile, os\ncProfile.Profile().runcall(os.mkdir, {path!r})",
    "an empty context": "import contextvars, os\ncontextvars.Context().run(os.mkdir, {path!r})",
    "an event loop": "import asyncio, os\nloop = asyncio.new_event_loop()\nloop.call_soon(os.mkdir, {path!r})\n"
    "loop.call_soon(loop.stop)\nloop.run_forever()\nloop.close()",
    "an executor of an event loop": "import asyncio, os\nloop = asyncio.new_event_loop()\n"
    "loop.run_until_complete(loop.run_in_executor(None, os.mkdir, {path!r}))\nloop.close()",
    "a pool of threads": "import os\nfrom multiprocessing.pool import ThreadPool\n"
    "with ThreadPool(1) as pool:\n    pool.map(os.mkdir, [{path!r}])",
    "a thread in an empty context": "import contextvars, os, threading\n"
    "thread = threading.Thread(target=contextvars.Context().run, args=(os.mkdir, {path!r}))\n"
    "thread.start()\nthread.join()",
    "a process that is forked": "import multiprocessing, os\n"
    "process = multiprocessing.get_context('fork').Process(target=os.mkdir, args=({path!r},))\n"
    "process.start()\nprocess.join()",
    "a pseudo-terminal": "import os, pty\npid, fd = pty.fork()\n"
    "if pid == 0:\n    os.mkdir({path!r})\n    os._exit(0)\n"
    "os.waitpid(pid, 0)",
    "a finalizer": "import os\nclass Last:\n    def __del__(self):\n"
    "        os.mkdir({path!r})\nlast = Last()\nlast = 1",
    "a finalizer in a cycle": "import os, gc\nclass Last:\n    def __del__(self):\n        os.mkdir({path!r})\n"
    "last = Last()\nlast.me = last\nlast = 1\ngc.collect()",
    "a C function as a finalizer": "import os, functools\n"
    "last = type('Last', (), {{'__del__': functools.partial(os.mkdir, {path!r})}})()\nlast = 1\nlast",
    "weakref.finalize": "import os, weakref\nclass Last:\n    pass\nlast = Last()\n"
    "weakref.finalize(last, os.mkdir, {path!r})\nlast = 1\nlast",
    "a callback of the garbage collector": "import os, gc\n"
    "gc.callbacks.append(lambda *_: os.makedirs({path!r}, exist_ok=True))\ngc.collect()\ngc.callbacks.clear()",
    "a hook of the import system": "import os, sys\nsys.path_hooks.insert(0, lambda _: os.mkdir({path!r}))\n"
    "sys.path.insert(0, '/nowhere')\ntry:\n    import nothing\nexcept Exception:\n    pass\n"
    "sys.path_hooks.pop(0)\nsys.path.pop(0)",
    "a loader that writes": "from importlib.machinery import SourceFileLoader\n"
    "SourceFileLoader('x', '/x').set_data({path!r}, b'x')",
    "a library as the text of a result": "import functools, shutil\n"
    "type('Result', (), {{'__str__': functools.partial(shutil.copyfile, '/etc/hosts', {path!r})}})()",
    "a library as the text of an answer": "import functools, shutil\n"
    "final_answer(type('Answer', (), {{'__str__': functools.partial(shutil.copyfile, '/etc/hosts', {path!r})}})())",
    "the bottom of the stack": "import os\ndef deeper(n):\n"
    "    try:\n        deeper(n + 1)\n    except RecursionError:\n"
    "        os.mkdir({path!r})\ndeeper(0)",
    "frames of a traceback": "from operator import attrgetter\ntry:\n    1 / 0\nexcept Exception as error:\n"
    "    found = attrgetter('__traceback__.tb_frame.f_globals')(error)\nfound['import_module']('os').mkdir({path!r})",
    "map of getattr": "import random\nlist(map(getattr, [random], ['_os']))[0].mkdir({path!r})",
    "getattr with a name that lies": "class Name(str):\n    def startswith(self, *a):\n        return False\n"
    "def f():\n    pass\nfound = [getattr(f, Name('__globals__'))]\n"
    "list(map(dict.get, found, ['import_module']))[0]('os').mkdir({path!r})",
    "a dunder read by augmented assignment": "found = []\nclass Grab:\n    def __rsub__(self, other):\n"
    "        found.append(other)\n        return other\ndef f():\n    pass\n"
    "try:\n    f.__globals__ -= Grab()\nexcept AttributeError:\n    pass\n"
    "list(map(dict.get, found, ['import_module']))[0]('os').mkdir({path!r})",
    "the evaluator": """
import sys
from operator import itemgetter, methodcaller
evaluate = methodcaller('evaluate_python_code', 'import os\\nos.mkdir("{path}")', authorized_imports=['*'])
list(map(evaluate, map(itemgetter('smolagents.local_python_executor'), [sys.modules])))""",
}


# Runs all that is to run when the process ends, also what is not the program's: tried in a process of its own
EXIT_EARLY = (
    "import atexit, os\nfrom operator import attrgetter\natexit.register(os.mkdir, {path!r})\n"
    "attrgetter('_run_exitfuncs')(atexit)()"
)


# Which rows of the matrix an escape stands for; the others stand for A24
ROWS = {
    "C1": ["getattr with a name that lies"],
    "C2": ["the class hierarchy, to Popen"],
    "C3": ["a module of an allowed module", "a module of a module of an allowed module"],
    "C4": ["sys.modules"],
    "C5": ["importlib", "__import__"],
    "C6": ["frames of a traceback"],
    "C7": ["map of getattr"],
    "C8": ["a dunder read by augmented assignment"],
    "C11": ["a finalizer", "a finalizer in a cycle", "weakref.finalize"],
    "C12": ["a C function as a finalizer"],
    "C13": ["ctypes", "posix", "pickle", "runpy"],
    "C15": ["a module written before", "a hook of the import system"],
    "C16": ["a pool of threads", "a thread in an empty context", "an executor of an event loop"],
}


# What escapes are expected to be told about: nobody can catch a denial there, or Python itself advises against it
UNRAISABLE = "ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning"
IN_A_THREAD = "ignore:Exception in thread:pytest.PytestUnhandledThreadExceptionWarning"
WARNINGS = {
    "a finalizer": [UNRAISABLE],
    "a finalizer in a cycle": [UNRAISABLE],
    "a C function as a finalizer": [UNRAISABLE, "ignore:functools.partial:FutureWarning"],
    "weakref.finalize": [UNRAISABLE],
    "a callback of the garbage collector": [UNRAISABLE],
    "a thread in an empty context": [IN_A_THREAD],
    "a process that is forked": ["ignore:.*multi-threaded:DeprecationWarning"],
    "a pseudo-terminal": ["ignore:.*multi-threaded:DeprecationWarning"],
}


def marks_of(escape):
    rows = [row for row, names in ROWS.items() if escape in names] or ["A24"]
    return [pytest.mark.row(*rows), *map(pytest.mark.filterwarnings, WARNINGS.get(escape, ()))]


def prepare(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    path = folder / "effect"
    (folder / "made.py").write_text(f"import os\nos.mkdir({str(path)!r})\n")
    return folder, path


@contextmanager
def interpreter():
    """Put back what a program changes in this process."""
    path, hooks = sys.path[:], sys.path_hooks[:]
    try:
        yield
    finally:
        sys.path[:], sys.path_hooks[:] = path, hooks
        sys.modules.pop("made", None)
        for entry in set(sys.path_importer_cache) - set(path):
            sys.path_importer_cache.pop(entry)


def exists(path):
    return os.path.lexists(path)


def try_escape(program, tmp_path):
    folder, path = prepare(tmp_path, "without")
    with interpreter():
        run(program.format(path=str(path), folder=folder))
    assert exists(path)
    folder, path = prepare(tmp_path, "with")
    hook = RecordingHook(Operations("process.run", "file.write", "file.mode", "native.load").before)
    hook.kinds = frozenset({"operation"})
    with interpreter():
        agent = run(program.format(path=str(path), folder=folder), hook)
    assert not exists(path)
    refused = any("Forbidden" in str(getattr(step, "error", None)) for step in agent.memory.steps)
    denied = any(outcome.status == "denied" for _, outcome in hook.told) or "was denied" in observations(agent)
    assert denied or refused


@pytest.mark.parametrize("escape", [pytest.param(name, marks=marks_of(name)) for name in ESCAPES])
def test_an_escape_reaches_its_effect_only_without_the_hook(escape, tmp_path):
    try_escape(ESCAPES[escape], tmp_path)


@pytest.mark.row("A24")
def test_what_is_run_early_in_place_of_at_exit_reaches_its_effect_only_without_the_hook(tmp_path):
    program = "import pathlib, sys\nfrom tests.mediation import test_operations as tests\n"
    program += "tests.try_escape(tests.EXIT_EARLY, pathlib.Path(sys.argv[1]))"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program, tmp_path], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


LOADERS = {
    "a subclass": "class Loader(SourceFileLoader):\n    def get_data(self, path):\n        return b'x = 1'\n"
    "    def path_stats(self, path):\n        return {'mtime': 1, 'size': 5}\nloader = Loader('unheard_of', PATH)\n",
    "methods of its own": "loader = SourceFileLoader('unheard_of', PATH)\nloader.get_data = lambda path: b'x = 1'\n"
    "loader.path_stats = lambda path: {'mtime': 1, 'size': 5}\n",
}


@pytest.mark.row("C15")
@pytest.mark.parametrize("loader", LOADERS.values(), ids=LOADERS)
def test_bytecode_that_a_program_makes_up_is_not_cached(loader, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "meta_path", sys.meta_path[:])
    program = (
        "import sys\nfrom importlib.machinery import ModuleSpec, SourceFileLoader\n" + loader + "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n        if name == 'unheard_of':\n"
        "            return ModuleSpec(name, loader, origin=PATH)\n"
        "sys.meta_path.insert(0, Finder())\nimport unheard_of"
    )
    for folder, hooks in (("without", ()), ("with", (Operations("file.write"),))):
        path = tmp_path / folder / "module.py"
        path.parent.mkdir()
        run(program.replace("PATH", repr(str(path))), *hooks)
        sys.modules.pop("unheard_of", None)
        assert any(path.parent.iterdir()) == (not hooks)


@pytest.mark.row("A24")
def test_bytecode_that_the_import_system_makes_is_cached_unasked(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "unheard_of.py").write_text("x = 1")
    hook = Operations("*")
    agent = run("import unheard_of\nprint('x is', unheard_of.x)", hook)
    sys.modules.pop("unheard_of", None)
    assert "x is 1" in observations(agent)
    assert hook.names() == ["module.import"]
    assert list(tmp_path.glob("__pycache__/unheard_of.*.pyc"))


SECRET = {
    "a hook of the import system": """
import sys, _io
sys.path_hooks.insert(0, _io.open)
sys.path.insert(0, {path!r})
try:
    import nothing
except Exception:
    pass
print(sys.path_importer_cache[{path!r}].read())""",
    "a loader": "from importlib.machinery import SourceFileLoader\n"
    "print(SourceFileLoader('x', {path!r}).get_data({path!r}))",
    "linecache": "import linecache\nprint(linecache.getlines({path!r}))",
    "traceback": "import traceback\nprint(traceback.FrameSummary({path!r}, 1, 'x').line)",
    "tokenize": "import tokenize\nprint(tokenize.open({path!r}).read())",
    "mmap": "import mmap, os\nprint(mmap.mmap(os.open({path!r}, 0), 0, prot=1).read())",
    "a thread": "import threading, _io\nfound = []\n"
    "thread = threading.Thread(target=found.extend, args=(map(_io.open, [{path!r}]),))\n"
    "thread.start()\nthread.join()\nprint(found[0].read())",
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.row("A24")
@pytest.mark.parametrize("way", SECRET)
def test_a_file_is_read_only_without_the_hook(way, tmp_path):
    for hooks in ((), (Operations("file.read"),)):
        path = tmp_path / f"secret{len(hooks)}"
        path.write_text("hunter2")
        with interpreter():
            agent = run(SECRET[way].format(path=str(path)), *hooks)
        assert ("hunter2" in observations(agent)) == (not hooks)


THREADS = {
    "_thread": "_thread.start_new_thread(os.mkdir, ({path!r},))",
    "_thread, by its old name": "_thread.start_new(os.mkdir, ({path!r},))",
    "the function that threading uses": "attrgetter('_start_new_thread')(threading)(os.mkdir, ({path!r},))",
    "a method that only looks like a thread's": "_thread.start_new_thread(types.MethodType(attrgetter('_bootstrap')"
    "(threading.Thread), fake), ())",
    "a thread with another beginning": "begin(thread)",
}


@pytest.mark.filterwarnings(IN_A_THREAD)
@pytest.mark.row("C16")
@pytest.mark.parametrize("start", THREADS)
def test_threads_that_hide_their_beginning_are_not_started(start, tmp_path):
    if start == "the function that threading uses" and sys.version_info >= (3, 13):
        pytest.skip("threading has no such function any more")
    program = """
import functools, os, threading, time, types, _thread
from operator import attrgetter
class Fake:
    pass
fake = Fake()
fake._daemonic = True
fake._bootstrap_inner = functools.partial(os.mkdir, {path!r})
class Thread(threading.Thread):
    pass
thread = Thread()
thread._bootstrap = functools.partial(os.mkdir, {path!r})
def begin(thread):
    threading.Thread(target=thread.start, daemon=True).start()
START
for _ in range(WAIT):
    if os.access({path!r}, os.F_OK):
        break
    time.sleep(0.01)
""".replace("START", THREADS[start])
    path = tmp_path / "without"
    run(program.replace("WAIT", "2000").format(path=str(path)))
    assert exists(path)
    path = tmp_path / "with"
    before = set(threading.enumerate())
    agent = run(program.replace("WAIT", "0").format(path=str(path)), Operations("file.write"))
    for thread in set(threading.enumerate()) - before:
        thread.join()
    if start != "a thread with another beginning":  # It is denied in a thread that may be late for the step
        assert "'thread.start' was denied" in observations(agent)
    assert not exists(path)


# What is not announced happens. These tests say so, and would tell us of a Python that announces it.


class Join(Tool):
    name, description, output_type = "join", "Joins items.", "string"
    inputs = {"items": {"type": "any", "description": "The items."}}

    def forward(self, items):
        return ", ".join(map(str, items))


UNANNOUNCED = {
    "a FIFO": "import os\nos.mkfifo({path!r})",
    "a process that multiprocessing spawns": "import os\nfrom multiprocessing.util import spawnv_passfds\n"
    "os.waitpid(spawnv_passfds(b'/bin/sh', [b'sh', b'-c', b'touch {path}'], []), 0)",
    "a function in C that a tool calls": "import functools, os\napply(functools.partial(os.mkdir, {path!r}))",
    "an iterator in C that a tool goes through": "import os\njoin(map(os.mkdir, [{path!r}]))",
    "ATTACH of sqlite3": "import sqlite3\ndatabase = sqlite3.connect(':memory:')\n"
    "database.execute(\"attach '{path}' as other\")\ndatabase.execute('create table other.t(a)')\ndatabase.close()",
}


@pytest.mark.row("A24")
@pytest.mark.parametrize("effect", UNANNOUNCED)
def test_what_cpython_does_not_announce_is_not_stopped(effect, tmp_path):
    path = tmp_path / "effect"
    run(UNANNOUNCED[effect].format(path=str(path)), Operations("*"), tools=[Apply(), Join()])
    assert exists(path)


@pytest.mark.row("A24")
def test_a_socket_that_listens_without_an_address_is_not_announced():
    program = "import socket\nwith socket.socket() as s:\n    s.listen()\n    print('listens', s.getsockname()[1] > 0)"
    assert "listens True" in observations(run(program, Operations("*")))


@pytest.mark.row("A24")
def test_what_the_host_does_later_with_an_object_of_the_program_is_the_hosts(tmp_path):
    path = tmp_path / "effect"
    logger = logging.getLogger("tests.mediation.later")
    handler = f"logging.FileHandler({str(path)!r}, delay=True)"
    program = f"import logging\nlogging.getLogger({logger.name!r}).addHandler({handler})"
    run(program, Operations("*"))
    try:
        assert not exists(path)
        logger.error("the host logs")
        assert exists(path)
    finally:
        for handler in logger.handlers[:]:
            logger.removeHandler(handler)
            handler.close()


@pytest.mark.row("C9")
def test_hasattr_says_yes_or_no_and_nothing_else():
    program = "print(hasattr(len, '__call__'), hasattr(len, '__nothing__'), type(hasattr(len, '__self__')))"
    assert "True False <class 'bool'>" in observations(run(program, Operations()))
