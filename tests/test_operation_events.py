"""The table of events knows every event that this Python announces, and the documentation every operation."""

import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from smolagents.operation_events import EVENTS, UNANNOUNCED_MODULES, Operation


STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib"))
NAMES = {
    *("process.run", "file.read", "file.write", "file.delete", "file.rename", "file.mode", "dir.list"),
    *("net.connect", "net.bind", "net.resolve", "url.open", "module.import", "code.compile", "code.exec"),
    *("native.load", "thread.start", "signal.send", "env.set", "runtime.inspect", "other"),
}
AUDIT = re.compile(r"\baudit\(\s*[\"']([^\"']+)[\"']")
# Text in the interpreter's binaries that looks like the name of an event
NAME = re.compile(rb"(?<=\0)(_?[a-z][a-z0-9_]*(?:\.[A-Za-z_][A-Za-z_0-9]*)+(?:/[a-z0-9]+)?)(?=\0)")
PREFIXES = {event.partition(".")[0] for event in EVENTS if "." in event}
NO_EVENTS = {
    *("cpython.run_", "ctypes.error_object", "os.path", "pdb.set_trace", "posix.fork", "signal.itimer_error"),
    *("sqlite3.dump", "sys.legacy_event_handler", "sys.monitoring", "resource.struct_rusage", "time.struct_time"),
    *("signal.struct_siginfo", "socket.gaierror", "socket.herror", "array.arrayiterator"),
    *("_thread.lock", "_thread._local", "_thread._localdummy"),
    *("array.array", "mmap.mmap", "os.stat_result", "os.statvfs_result", "os.terminal_size"),
    *("sys.flags", "sys.float_info", "sys.hash_info", "sys.int_info", "sys.thread_info", "sys.version_info"),
}


def test_every_event_of_the_standard_library_is_known():
    sources = [path for path in STANDARD_LIBRARY.rglob("*.py") if not {"test", "site-packages"} & set(path.parts)]
    events = {event for path in sources for event in AUDIT.findall(path.read_text(errors="replace"))}
    assert {"subprocess.Popen", "shutil.rmtree"} <= events
    assert events - EVENTS.keys() == set()


def binaries():
    yield Path(sys.executable).resolve()
    directory = Path(sysconfig.get_config_var("LIBDIR") or STANDARD_LIBRARY)
    yield from directory.glob(f"libpython{sys.version_info[0]}.{sys.version_info[1]}*.so*")
    yield from (STANDARD_LIBRARY / "lib-dynload").glob("*.so")


@pytest.mark.skipif(sys.platform != "linux", reason="reads ELF binaries")
def test_every_event_of_the_interpreter_is_known():
    names = {name.decode() for path in binaries() for name in NAME.findall(path.read_bytes().replace(b"\0", b"\0\0"))}
    names = {name for name in names if name.partition(".")[0] in PREFIXES}
    assert {"os.system", "socket.connect", "sys._getframe"} <= names
    types = {name for name in names if re.search(r"\.[A-Z]\w+$|\._[A-Za-z]*[A-Z]\w*$|\.[ch]$|_(result|param)$", name)}
    unknown = names - EVENTS.keys() - NO_EVENTS - types
    assert unknown == set()


def test_every_event_that_ordinary_work_announces_is_known():
    program = """
import sys
seen = set()
sys.addaudithook(lambda event, arguments: seen.add(event))
import asyncio, concurrent.futures, ctypes, gc, glob, http.server, logging, multiprocessing, os, pickle, shutil, socket
import sqlite3, subprocess, tempfile, threading, time, urllib.request, venv, xml.etree.ElementTree, zipfile
asyncio.run(asyncio.sleep(0))
with tempfile.TemporaryDirectory() as folder:
    for path in (folder, os.path.join(folder, "a")):
        os.chmod(folder, 0o700)
    shutil.make_archive(os.path.join(folder, "b"), "zip", folder)
    sqlite3.connect(os.path.join(folder, "c")).close()
    glob.glob(folder + "/*")
with concurrent.futures.ThreadPoolExecutor(1) as pool:
    pool.submit(gc.collect).result()
pickle.loads(pickle.dumps(len))
subprocess.run([sys.executable, "-c", ""])
print("\\n".join(seen))
"""
    seen = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert {"open", "subprocess.Popen", "pickle.find_class"} <= set(seen)
    assert set(seen) - EVENTS.keys() == set()


def test_every_operation_is_documented_by_name():
    documented = set(re.findall(r"^\| `([a-z.]+)` \|", Path("docs/operations.md").read_text(), re.MULTILINE))
    assert documented == NAMES
    assert {meaning.name for meaning in EVENTS.values() if isinstance(meaning, Operation)} <= NAMES


def test_modules_with_unannounced_effects_say_which():
    assert {
        "_posixsubprocess",
        "ctypes",
        "multiprocessing",
        "readline",
        "lxml",
        "sqlite3",
    } <= UNANNOUNCED_MODULES.keys()
    assert all(UNANNOUNCED_MODULES.values())
