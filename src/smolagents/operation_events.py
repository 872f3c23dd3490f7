#!/usr/bin/env python
# coding=utf-8

# Copyright 2026 The HuggingFace Inc. team. All rights reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
"""
What each audit event of CPython (PEP 578) means: an operation and its arguments, part of one, or nothing.

The table covers CPython 3.10 to 3.13 on all platforms. An event that it does not know is the operation `other`. What
CPython announces nothing about is in `UNANNOUNCED_MODULES`. Who causes an event, and what is done about it, is left to
`operations.py`.
"""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias


Arguments: TypeAlias = dict[str, Any]

# Where the open descriptors of a process have names
_DESCRIPTORS = "/proc/self/fd" if sys.platform == "linux" else "/dev/fd"

# Flags with which `open` can change a file; O_ACCMODE is not there on Windows
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True, slots=True)
class Operation:
    """
    An event that is an operation.

    Args:
        name (`str`): Name of the operation.
        bind (`Callable`): Gets the arguments of the event and returns those of the operation by name. It may return a
            pair of another operation's name and its arguments, or `None` if this event is no operation after all.
        only_direct (`bool`, default `False`): Whether it counts only if generated code calls for it directly, as
            libraries do the same all the time: `namedtuple`, for one.
    """

    name: str
    bind: Callable[..., "Arguments | tuple[str, Arguments] | None"]
    only_direct: bool = False

    def arguments_of(self, event_arguments: tuple) -> tuple[str, Arguments] | None:
        """The name of the operation and its arguments by name; `None` if the event is no operation."""
        bound = self.bind(*event_arguments)
        return bound if bound is None or isinstance(bound, tuple) else (self.name, bound)


@dataclass(frozen=True, slots=True)
class Ignored:
    """
    An event that is no operation.

    Args:
        reason (`str`): Why.
    """

    reason: str


def _text(value: Any) -> Any:
    """Paths, commands and variables are announced as bytes in places."""
    return os.fsdecode(value) if type(value) is bytes else value


def _texts(values: Any) -> Any:
    return [_text(value) for value in values] if type(values) in (list, tuple) else _text(values)


def _open(path: Any, mode: Any, flags: Any) -> tuple[str, Arguments] | None:
    if type(path) is int:  # Opened before, or a pipe
        return None
    writes = bool(flags & _WRITE_FLAGS) if type(flags) is int else True
    if type(mode) is str and not set("wax+").isdisjoint(mode):
        writes = True
    return ("file.write" if writes else "file.read"), {"path": _text(path), "mode": mode}


def _database(path: Any) -> Arguments | None:
    path = _text(path)
    return None if type(path) is str and path in (":memory:", "") else {"path": path, "mode": None}


def _address(address: Any) -> Arguments:
    """Host and port of an internet address; any other address, such as the path of a Unix socket, as a whole."""
    if type(address) is tuple and len(address) >= 2:
        return {"host": _text(address[0]), "port": address[1], "address": address}
    return {"host": None, "port": None, "address": _text(address)}


def _send(socket: Any, address: Any) -> Arguments | None:
    return None if address is None else _address(address)  # Without an address it is connected


def _process(command: Any, executable: Any = None, cwd: Any = None, env: Any = None) -> Arguments:
    return {"command": _texts(command), "executable": _text(executable), "cwd": _text(cwd), "env": env}


def _exec(path: Any, args: Any, env: Any) -> Arguments:
    return _process(args, path, env=env)


def _written(path: Any, *_: Any) -> Arguments:
    return {"path": _text(path), "mode": None}


def _path(path: Any = None, *_: Any) -> Arguments:
    return {"path": "." if path is None else _text(path)}


def _at(path: Any, folder: Any) -> Any:
    """A path that counts from an open folder (`dir_fd`), with that folder: without it, it would lead elsewhere."""
    path = _text(path)
    if type(path) is not str or type(folder) is not int or folder == -1 or os.path.isabs(path):
        return path
    return f"{_DESCRIPTORS}/{folder}/{path}"


def _made(path: Any, mode: Any = None, folder: Any = -1) -> Arguments:
    return _written(_at(path, folder))


def _removed(path: Any, folder: Any = -1) -> Arguments:
    return _path(_at(path, folder))


def _symlink(source: Any, destination: Any, folder: Any = -1) -> Arguments:
    return {"source": _text(source), "destination": _at(destination, folder), "how": "symlink"}


def _rename(how: str) -> Callable[..., Arguments]:
    return lambda source, destination, source_folder=-1, destination_folder=-1: {
        "source": _at(source, source_folder),
        "destination": _at(destination, destination_folder),
        "how": how,
    }


def _mode(change: str) -> Callable[..., Arguments]:
    return lambda path, *values: {"path": _text(path), "change": change, "values": values}


def _mode_at(change: str) -> Callable[..., Arguments]:
    return lambda path, *values: {"path": _at(path, values[-1]), "change": change, "values": values}


def _import(module: Any, filename: Any, *_: Any) -> tuple[str, Arguments]:
    if filename is not None:  # An extension module, by `_imp.create_dynamic`
        return "native.load", {"path": _text(filename), "symbol": None}
    return "module.import", {"name": module, "names": ()}


def _load(path: Any, *_: Any) -> Arguments:
    return {"path": _text(path), "symbol": None}


def _symbol(library: Any, symbol: Any) -> Arguments:
    return {"path": None, "symbol": symbol}


def _compile(source: Any, filename: Any = None, *_: Any) -> Arguments:
    return {"source": source, "filename": _text(filename)}


def _signal(target: Any, signal: Any) -> Arguments:
    return {"target": target, "signal": signal}


def _environment(name: Any, value: Any = None) -> Arguments:
    return {"name": _text(name), "value": _text(value)}


def _other(event: str) -> Operation:
    return Operation("other", lambda *arguments: {"event": event, "arguments": arguments})


def _inspect(event: str) -> Operation:
    def bind(*arguments: Any) -> Arguments:
        return {"event": event, "name": arguments[1] if event.startswith("object.") else None}

    return Operation("runtime.inspect", bind, only_direct=True)


_THREAD = Operation("thread.start", lambda function, *_: {"target": function, "name": None})
_CODE = "code.compile"
_PART = Ignored("part: what it does is announced as well")
_READS = Ignored("noise: no effect beyond the process")
_HOST = Ignored("noise: of the interpreter itself")

_OPERATIONS: dict[str, Operation] = {
    # Processes
    "os.exec": Operation("process.run", _exec),
    "os.fork": Operation("process.run", lambda *_: _process(None)),
    "os.forkpty": Operation("process.run", lambda *_: _process(None)),
    "os.posix_spawn": Operation("process.run", _exec),
    "os.spawn": Operation("process.run", lambda mode, path, args, env: _exec(path, args, env)),
    "os.startfile": Operation("process.run", lambda path, *_: _process(path)),
    "os.startfile/2": Operation("process.run", lambda path, *_: _process(path)),
    "os.system": Operation("process.run", _process),
    "subprocess.Popen": Operation("process.run", lambda executable, args, *rest: _process(args, executable, *rest)),
    "_winapi.CreateProcess": Operation("process.run", lambda name, command, cwd: _process(command, name, cwd)),
    # Files
    "open": Operation("file.read", _open),
    "os.getxattr": Operation("file.read", _written),
    "os.listxattr": Operation("file.read", _written),
    "os.mkdir": Operation("file.write", _made),
    "os.truncate": Operation("file.write", _written),
    "sqlite3.connect": Operation("file.write", _database),
    "_winapi.CreateFile": Operation("file.write", _written),
    "_winapi.CreateNamedPipe": Operation("file.write", _written),
    "os.remove": Operation("file.delete", _removed),
    "os.rmdir": Operation("file.delete", _removed),
    "os.link": Operation("file.rename", _rename("link")),
    "os.rename": Operation("file.rename", _rename("rename")),
    "os.symlink": Operation("file.rename", _symlink),
    "_winapi.CreateJunction": Operation("file.rename", _symlink),
    "os.chflags": Operation("file.mode", _mode("chflags")),
    "os.chmod": Operation("file.mode", _mode_at("chmod")),
    "os.chown": Operation("file.mode", _mode_at("chown")),
    "os.lockf": Operation("file.mode", _mode("lockf")),
    "os.removexattr": Operation("file.mode", _mode("removexattr")),
    "os.setxattr": Operation("file.mode", _mode("setxattr")),
    "os.utime": Operation("file.mode", _mode_at("utime")),
    "os.listdir": Operation("dir.list", _path),
    "os.listdrives": Operation("dir.list", _path),
    "os.listmounts": Operation("dir.list", _path),
    "os.listvolumes": Operation("dir.list", _path),
    "os.scandir": Operation("dir.list", _path),
    # Network
    "socket.bind": Operation("net.bind", lambda socket, address: _address(address)),
    "socket.connect": Operation("net.connect", lambda socket, address: _address(address)),
    "socket.sendmsg": Operation("net.connect", _send),
    "socket.sendto": Operation("net.connect", _send),
    "socket.getaddrinfo": Operation("net.resolve", lambda host, *_: {"host": _text(host)}),
    "socket.gethostbyaddr": Operation("net.resolve", lambda address: {"host": _text(address)}),
    "socket.gethostbyname": Operation("net.resolve", lambda host: {"host": _text(host)}),
    "socket.getnameinfo": Operation("net.resolve", lambda address: {"host": _address(address)["host"]}),
    "urllib.Request": Operation("url.open", lambda url, data, headers, method: {"url": url, "method": method}),
    "webbrowser.open": Operation("url.open", lambda url: {"url": url, "method": None}),
    # Modules and code
    "import": Operation("module.import", _import, only_direct=True),
    "pickle.find_class": Operation("module.import", lambda module, name: {"name": module, "names": (name,)}),
    "ctypes.dlopen": Operation("native.load", _load),
    "ctypes.dlsym": Operation("native.load", _symbol),
    "ctypes.dlsym/handle": Operation("native.load", _symbol),
    "sqlite3.enable_load_extension": Operation(
        "native.load", lambda connection, enabled: {"path": None, "symbol": None} if enabled else None
    ),
    "sqlite3.load_extension": Operation("native.load", lambda connection, path: _load(path)),
    "compile": Operation(_CODE, _compile, only_direct=True),
    "marshal.load": Operation(_CODE, lambda *_: _compile(None), only_direct=True),
    "marshal.loads": Operation(_CODE, lambda *_: _compile(None), only_direct=True),
    "exec": Operation("code.exec", lambda code: {"code": code}, only_direct=True),
    # The process and its threads
    "_thread.start_joinable_thread": _THREAD,
    "_thread.start_new_thread": _THREAD,
    "os.kill": Operation("signal.send", _signal),
    "os.killpg": Operation("signal.send", _signal),
    "signal.pthread_kill": Operation("signal.send", _signal),
    "os.putenv": Operation("env.set", _environment),
    "os.unsetenv": Operation("env.set", _environment),
    # Looking into the interpreter
    **{
        event: _inspect(event)
        for event in (
            "code.__new__",
            "ctypes.PyObj_FromPtr",
            "ctypes.addressof",
            "ctypes.call_function",
            "ctypes.cdata",
            "ctypes.cdata/buffer",
            "ctypes.string_at",
            "ctypes.wstring_at",
            "function.__new__",
            "gc.get_objects",
            "gc.get_referents",
            "gc.get_referrers",
            "object.__delattr__",
            "object.__getattr__",
            "object.__setattr__",
            "setopencodehook",
            "sys._current_exceptions",
            "sys._current_frames",
            "sys._getframe",
            "sys._getframemodulename",
            "sys.addaudithook",
            "sys.monitoring.register_callback",
            "sys.setprofile",
            "sys.settrace",
        )
    },
    # The rest that matters
    **{
        event: _other(event)
        for event in (
            "builtins.breakpoint",
            "builtins.input",
            "ensurepip.bootstrap",
            "fcntl.fcntl",
            "fcntl.ioctl",
            "os.add_dll_directory",
            "os.chdir",
            "pdb.Pdb",
            "resource.prlimit",
            "resource.setrlimit",
            "socket.sethostname",
            "syslog.closelog",
            "syslog.openlog",
            "syslog.setlogmask",
            "syslog.syslog",
            "winreg.ConnectRegistry",
            "winreg.CreateKey",
            "winreg.DeleteKey",
            "winreg.DeleteValue",
            "winreg.DisableReflectionKey",
            "winreg.EnableReflectionKey",
            "winreg.EnumKey",
            "winreg.EnumValue",
            "winreg.ExpandEnvironmentStrings",
            "winreg.LoadKey",
            "winreg.OpenKey",
            "winreg.OpenKey/result",
            "winreg.PyHKEY.Detach",
            "winreg.QueryInfoKey",
            "winreg.QueryReflectionKey",
            "winreg.QueryValue",
            "winreg.SaveKey",
            "winreg.SetValue",
            "_winapi.OpenProcess",
            "_winapi.TerminateProcess",
        )
    },
}

_IGNORED: dict[str, Ignored] = {
    **dict.fromkeys(
        (
            "ftplib.connect",
            "ftplib.sendcmd",
            "glob.glob",
            "glob.glob/2",
            "http.client.connect",
            "http.client.send",
            "imaplib.open",
            "imaplib.send",
            "nntplib.connect",
            "nntplib.putline",
            "os.fwalk",
            "os.walk",
            "pathlib.Path.glob",
            "pathlib.Path.rglob",
            "pathlib.Path.walk",
            "poplib.connect",
            "poplib.putline",
            "pty.spawn",
            "shutil.chown",
            "shutil.copyfile",
            "shutil.copymode",
            "shutil.copystat",
            "shutil.copytree",
            "shutil.make_archive",
            "shutil.move",
            "shutil.rmtree",
            "shutil.unpack_archive",
            "smtplib.connect",
            "smtplib.send",
            "socket.__new__",
            "sqlite3.connect/handle",
            "telnetlib.Telnet.open",
            "telnetlib.Telnet.write",
            "tempfile.mkdtemp",
            "tempfile.mkstemp",
        ),
        _PART,
    ),
    **dict.fromkeys(
        (
            "_winapi.CreatePipe",
            "array.__new__",
            "builtins.id",
            "builtins.input/result",
            "ctypes.create_string_buffer",
            "ctypes.create_unicode_buffer",
            "ctypes.get_errno",
            "ctypes.get_last_error",
            "ctypes.set_errno",
            "ctypes.set_exception",
            "ctypes.set_last_error",
            "fcntl.flock",
            "fcntl.lockf",
            "marshal.dumps",
            "mmap.__new__",
            "msvcrt.get_osfhandle",
            "msvcrt.locking",
            "msvcrt.open_osfhandle",
            "socket.gethostname",
            "socket.getservbyname",
            "socket.getservbyport",
            "time.sleep",
        ),
        _READS,
    ),
    **dict.fromkeys(
        (
            "cpython.PyInterpreterState_Clear",
            "cpython._PySys_ClearAuditHooks",
            "cpython.run_command",
            "cpython.run_file",
            "cpython.run_interactivehook",
            "cpython.run_module",
            "cpython.run_startup",
            "cpython.run_stdin",
            "sys.excepthook",
            "sys.set_asyncgen_hook_finalizer",
            "sys.set_asyncgen_hook_firstiter",
            "sys.set_asyncgen_hooks_finalizer",
            "sys.set_asyncgen_hooks_firstiter",
            "sys.unraisablehook",
        ),
        _HOST,
    ),
}

# Announced up to 3.12; Python 3.12 crashes if it is prevented
_INTERPRETER = _other("cpython.PyInterpreterState_New") if sys.version_info < (3, 12) else _HOST

# What each audit event means
EVENTS: Mapping[str, Operation | Ignored] = MappingProxyType(
    {**_OPERATIONS, **_IGNORED, "cpython.PyInterpreterState_New": _INTERPRETER}
)

# Modules with which a program can do what CPython does not announce, and what that is; a name covers its submodules.
# Where operations are denied, deny `module.import` of these. `os` and `socket` are not among them, although a few of
# their functions are announced no better (`os._exit`, `os.mkfifo`, `send` on an open socket): too much needs them.
UNANNOUNCED_MODULES: Mapping[str, str] = MappingProxyType(
    {
        "_ctypes": "calls native functions",
        "_imp": "loads native code",
        "_interpreters": "runs code in an interpreter without audit hooks",
        "_posixshmem": "makes shared memory",
        "_posixsubprocess": "starts processes",
        "_testcapi": "calls into the interpreter",
        "_winapi": "calls into the operating system",
        "_xxsubinterpreters": "runs code in an interpreter without audit hooks",
        "atexit": "calls a function after the step, when the process ends",
        "cffi": "calls native functions",
        "ctypes": "calls native functions",
        "curses": "writes to the terminal",
        "dbm": "native databases read and write files",
        "faulthandler": "writes to open descriptors, and can end the process",
        "gc": "reaches any object of the process, through C functions too",
        "h5py": "a native library reads and writes files",
        "importlib": "imports without the evaluator, so that `module.import` is not asked about",
        "lxml": "a native library reads files and opens URLs",
        "multiprocessing": "starts processes without an announcement when it spawns them",
        "netCDF4": "a native library reads and writes files",
        "numba": "compiles and loads native code",
        "nt": "the functions of `os`",
        "posix": "the functions of `os`",
        "psycopg2": "a native library opens connections",
        "pycurl": "a native library opens connections",
        "readline": "reads and writes its history file",
        "signal": "alarms and handlers",
        "sqlite3": "ATTACH and VACUUM INTO write files",
        "termios": "controls the terminal",
        "tkinter": "Tcl reads and writes files and starts processes",
        "uvloop": "a native library opens connections and starts processes",
        "zmq": "a native library opens connections",
    }
)

__all__ = ["EVENTS", "Ignored", "Operation", "UNANNOUNCED_MODULES"]
