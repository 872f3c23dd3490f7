"""Commands that run other commands and programs: shells, interpreters, `sudo`, `env`, `xargs` and their like."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from .attack_tools import guesses, offensive, purpose
from .foreign_code import read_foreign
from .places import target_of_path
from .shell_call import Call
from .shell_escapes import SHELLS, is_shell, starts_shell
from .shell_protection import protects
from .shell_values import EMPTY, ORIGINS, Value, join


_PYTHON = re.compile(r"^(?:python|pypy|ipython)[\d.]*w?$")
_FOREIGN = re.compile(
    r"^(?:perl|ruby|node|nodejs|php|lua|deno|bun|tclsh|swift|osascript|rscript|jrunscript|gdb|jshell|expect|julia|octave(?:-cli)?|slsh|guile|crystal|jjs|jython|groovy|gnuplot|m4|scala)[\d.]*$"
)
_WORTH_RUNNING = ORIGINS - {"from_file", "bulk"}


def _runs(call: Call, value: Value, where: str = "unknown") -> None:
    """Notes that what a value holds is run."""
    traits = {trait for trait in value.traits & _WORTH_RUNNING if trait in ("from_network", "decoded", "from_input")}
    if traits:
        call.fact("run_process", where, *traits)


def shell(call: Call) -> Value:
    args = call.args
    place = 0
    while place < len(args):
        text = args[place].text
        if text in ("-o", "+o", "-O", "--rcfile", "--init-file"):
            place += 2
            continue
        if text[:1] in "-+" and not text.startswith("--") and "c" in text[1:] and place + 1 < len(args):
            script = args[place + 1]
            _runs(call, script)
            if script.pieced:
                call.fact("run_process", "unknown", "hidden")
            return call.shell.script(script.text, call.stdin)
        if text in ("-p", "-ip", "-pi"):
            call.fact("become", "account", "privileged")  # Keeps the rights that a set-user bit gave it
        if text == "-s":
            break
        if text[:1] not in "-+" or text == "-":
            return _script_file(call, args[place]) if text != "-" else _from_input(call)
        place += 1
    return _from_input(call)


def _from_input(call: Call) -> Value:
    _runs(call, call.stdin)
    if call.stdin.text and not call.stdin.text.startswith("$("):
        return call.shell.script(call.stdin.text)
    return Value("$(sh)", False, call.stdin.traits)


# A program that is called as if it was a picture or a document
_DISGUISED = re.compile(
    r"\.(?:png|jpe?g|gif|bmp|ico|pdf|docx?|xlsx?|pptx?|mp[34]|wav)(?:\.(?:sh|py|pl|rb|js|exe|bat|ps1|command|app))?$"
)


def run_offensive(call: Call, name: str) -> None:
    """Notes that a tool is run that is made for attacks, and what it is for if that is known."""
    call.fact("run_process", "unknown", "offensive")
    if fact := purpose(name):
        call.fact(*fact)


def _name_of_script(call: Call, file: Value) -> None:
    """A script may say in its name that it attacks, or hide what it is."""
    if _DISGUISED.search(file.text.lower()):
        call.fact("hide", "process", detail=file.text)
    name = file.text.replace("\\", "/").rpartition("/")[2].lower()
    if guesses(name):
        call.fact("guess", "account")
    elif offensive(name):
        run_offensive(call, name)


def _script_file(call: Call, file: Value) -> Value:
    _name_of_script(call, file)
    content = call.shell.files.get(call.path(file)) or call.shell.files.get(file.text)
    if content is None:
        target = target_of_path(call.path(file))
        if target == "temp":
            call.fact("run_process", "temp", detail=file.text)
        return Value("$(script)", False)
    _runs(call, content)
    # What was written there a moment ago is known, and counts for what it is
    if content.text and not content.text.startswith("$("):
        return call.shell.script(content.text)
    return Value("$(script)", False)


def run_file(call: Call) -> Value:
    """Runs a program that is named by its path, or by something that is not known."""
    name = call.words[0]
    path = call.path(name)
    if _DISGUISED.search(path.lower()):
        call.fact("hide", "process", detail=path)
    if "uninst" in call.name and protects(path.replace("/", " ").replace("_", " ")):
        call.fact("kill", "security", detail=path)
    content = call.shell.files.get(path) or call.shell.files.get(name.text)
    if content is not None:
        _runs(call, content)
        if content.text.startswith("#!/usr/bin/env python") or content.text.startswith("#!/usr/bin/python"):
            call.shell.facts += call.shell.readers.python(content.text)
        elif content.text and not content.text.startswith("$(") and content.known:
            return call.shell.script(content.text)
        if target_of_path(path) == "temp" and not content.known:
            call.fact("run_process", "temp", detail=path)
        return Value("$(program)", False)
    if "from_screen" in name.traits:
        call.fact("run_process", "unknown", "from_input")
    if name.traits & {"from_network", "decoded", "from_input"}:
        call.fact("run_process", "unknown", *(name.traits & ORIGINS))
    elif target_of_path(path) == "temp":
        call.fact("run_process", "temp", detail=path)
    elif "/" in name.text:
        call.fact("run_process", "unknown", detail=path)
    return call.through()


def evaluate(call: Call) -> Value:
    script = join(call.args, " ") if call.args else EMPTY
    _runs(call, script)
    return call.shell.script(script.text, call.stdin) if script.text else EMPTY


def source(call: Call) -> Value:
    if not call.args:
        return EMPTY
    file = call.args[0]
    if file.text.startswith("/dev/fd/") or file.text in ("/dev/stdin", "-"):
        content = call.shell.files.get(file.text, call.stdin)
        _runs(call, content)
        return call.shell.script(content.text) if content.known else EMPTY
    return _script_file(call, file)


def python(call: Call) -> Value:
    args = call.args
    for place, value in enumerate(args):
        text = value.text
        if re.fullmatch(r"-[bBdEiIOPqsSuvxX]*c", text) and place + 1 < len(args):
            code = args[place + 1]
            _runs(call, code)
            call.shell.facts += call.shell.readers.python(code.text)
            return call.through(code)
        if text == "-m" and place + 1 < len(args):
            return _module(call, args[place + 1].text, args[place + 2 :])
        if text == "-":
            break
        if text[:1] != "-":
            _name_of_script(call, value)
            content = call.shell.files.get(call.path(value)) or call.shell.files.get(text)
            if content is None:
                return run_file(Call(call.shell, args[place:], call.stdin, call.text, call.line, call.traits))
            _runs(call, content)
            if content.known:
                call.shell.facts += call.shell.readers.python(content.text)
            return call.through()
    if call.stdin.text or call.stdin.traits:
        _runs(call, call.stdin)
        if call.stdin.known:
            call.shell.facts += call.shell.readers.python(call.stdin.text)
    return call.through()


def _module(call: Call, module: str, rest: list[Value]) -> Value:
    if module in ("http.server", "SimpleHTTPServer", "pyftpdlib", "uploadserver"):
        call.fact("listen", "host")
        for place, value in enumerate(rest[:-1]):
            if value.text in ("-d", "--directory"):
                served = call.shell.path(rest[place + 1].text)
                if target_of_path(served) in ("root", "home", "secret", "system"):
                    call.fact("upload", "host", "from_system")
        if call.shell.folder and target_of_path(call.shell.folder) in ("root", "home", "secret", "system"):
            call.fact("upload", "host", "from_system")
    elif module in ("pip", "venv", "ensurepip"):
        return call.run([Value(module), *rest])
    elif module == "base64" and any(value.text == "-d" for value in rest):
        return call.run([Value("base64"), *rest])
    return call.through()


def foreign(call: Call) -> Value:
    args = call.args
    read = False
    if call.name == "osascript":  # Its lines, one after `-e` each, are one script
        lines = [args[place + 1] for place, value in enumerate(args[:-1]) if value.text == "-e"]
        if len(lines) > 1:
            read_foreign(call, "\n".join(line.text for line in lines))
    for place, value in enumerate(args):
        text = value.text
        if place + 1 == len(args) and len(text) < 7:
            break
        runs = re.fullmatch(r"-[a-zA-Z]*[eErpn]\d*|--eval|--print|-ex?|--execute|-c", text)
        if runs and place + 1 < len(args) and text not in ("-n", "-p", "-i"):
            code = args[place + 1]
            _runs(call, code)
            read_foreign(call, code.text)
            read = True
        elif len(text) > 6 and re.match(r"-[a-zA-Z]{0,4}e\W|-e\w.*[ (;]", text):
            read_foreign(call, text.partition("e")[2])
            read = True
    if (
        any(value.text == "-i" or re.fullmatch(r"-p?i(?:\.\w+)?(?:e)?|-[np]*i[np]*e?", value.text) for value in args)
        and call.name == "perl"
    ):
        for value in args[2:]:
            if value.text[:1] != "-" and "/" in value.text and not re.match(r"s?[/|#]", value.text):
                call.fact("write", call.place(value), "in_place", detail=value.text)
    if not read and (call.stdin.known and call.stdin.text):
        _runs(call, call.stdin)
        read_foreign(call, call.stdin.text)
    elif not read:
        _runs(call, call.stdin)
        files = [value for value in args if value.text[:1] != "-"]
        if files:
            _name_of_script(call, files[0])
            content = call.shell.files.get(call.path(files[0])) or call.shell.files.get(files[0].text)
            if content is not None:
                _runs(call, content)
                read_foreign(call, content.text)
            elif target_of_path(call.path(files[0])) == "temp":
                call.fact("run_process", "temp", detail=files[0].text)
    return call.through()


# Nothing but windows with shells in them
_OPEN_SHELLS = frozenset(("tmux", "screen", "byobu", "zellij", "tmate", "xterm", "script", "login", "sulogin"))


def sudo(call: Call) -> Value:
    options = call.options("u g h p C r t T U D R user group host prompt close-from chroot", stop=True)
    words = _without_settings(options.operands)
    for value in options.operands[: len(options.operands) - len(words)]:
        name, _, setting = value.text.partition("=")
        _setting(call, name, setting)
    user = next((value.text for value in options.all("u", "user")), "root")
    is_root = user in ("root", "0", "#0", "#-1", "#4294967295") or user.startswith("$")
    if not words:
        if options.has("i", "s", "login", "shell"):
            call.fact("become", "account", *(("privileged", "interactive") if is_root else ()))
        return EMPTY
    call.fact("become", "account")
    name = words[0].text.rpartition("/")[2]
    if is_root and (name in SHELLS and len(words) == 1 or name == "su" and len(words) < 3):
        call.fact("become", "account", "privileged")
    if is_root and name in _OPEN_SHELLS and len(words) == 1:
        call.fact("become", "account", "privileged")
    if is_root and name in _WRAPPERS or name == "env":
        if len(words) > 1 and words[-1].text.rpartition("/")[2] in SHELLS:
            call.fact("become", "account", "privileged")
    return call.run(words)


def su(call: Call) -> Value:
    options = call.options("c s g G w command shell group")
    user = next((value.text for value in options.operands if value.text != "-"), "root")
    commands = options.all("c", "command")
    call.fact("become", "account", *(("privileged",) if user == "root" and not commands else ()))
    printed = EMPTY
    for command in commands:
        if is_shell(command.text):
            call.fact("become", "account", "privileged")
        printed = call.shell.script(command.text, call.stdin)
    return printed


def _without_settings(words: list[Value]) -> list[Value]:
    place = 0
    while place < len(words) and re.match(r"^\w+=", words[place].text):
        place += 1
    return words[place:]


def env(call: Call) -> Value:
    options = call.options("u S C unset split-string chdir", stop=True)
    words = options.operands
    for value in words[: len(words) - len(_without_settings(words))]:
        name, _, path = value.text.partition("=")
        _setting(call, name, path)
    for script in options.all("S", "split-string"):
        return call.shell.script(script.text, call.stdin)
    words = _without_settings(words)
    return call.run(words) if words else Value("$(env)", False, frozenset(("from_secret",)))


def _setting(call: Call, name: str, value: str) -> None:
    if name in ("LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES") and value:
        if not re.match(r"^(?:/usr)?/lib|^\$LD_PRELOAD|^lib\w+[\w.-]*\.so|^/usr/local/lib|^/opt/", value):
            call.fact("configure", "environment", "persistent", detail=value)
    elif name in ("HISTFILE", "HISTSIZE", "HISTFILESIZE") and value in ("/dev/null", "0", ""):
        call.fact("hide", "history")
    elif name == "HISTCONTROL" and "ignore" in value:
        call.fact("hide", "history", "own")
    elif starts_shell(name, value):
        call.fact("run_process", "unknown", "interactive")
    elif name == "PROMPT_COMMAND" and re.search(r"\b(?:tee|logger|curl|wget|nc|history)\b|/dev/tcp", value):
        call.fact("configure", "environment", "persistent")
        call.shell.script(value)


# How many operands come before the command, and which options have values.
_WRAPPERS: dict[str, tuple[int, str]] = {
    **dict.fromkeys(
        ("nohup", "setsid", "command", "builtin", "chronic", "unbuffer", "time", "busybox", "toybox"), (0, "f o")
    ),
    **dict.fromkeys(
        ("torify", "torsocks", "proxychains", "proxychains4", "fakeroot", "firejail", "dbus-run-session"), (0, "f")
    ),
    **dict.fromkeys(
        ("stdbuf", "ionice", "nice", "chrt", "exec", "caffeinate", "rlwrap"), (0, "i o e c n p a t w adjustment")
    ),
    "timeout": (1, "s k signal kill-after"),
    "gtimeout": (1, "s k signal kill-after"),
    "watch": (0, "n interval"),
    "doas": (0, "u C"),
    "pkexec": (0, "user"),
    "runuser": (0, "u g G"),
    "flock": (1, "w E timeout"),
    "taskset": (1, "p"),
    "numactl": (0, "N m C"),
    "strace": (0, "e o p s E P u"),
    "ltrace": (0, "e o p s"),
    "valgrind": (0, ""),
    "sshpass": (0, "p f d e"),
    "cpulimit": (0, "l p e"),
    "prlimit": (0, "p"),
    "entr": (0, ""),
    "systemd-inhibit": (0, "what who why mode"),
    "xvfb-run": (0, "s n e f p server-args"),
    "parallel": (0, "j I a N n C S jobs"),
    "unshare": (0, "S G R w"),
    "setpriv": (0, "reuid regid"),
    "setarch": (1, ""),
    "faketime": (1, ""),
    "choom": (0, "n p"),
    "noglob": (0, ""),
    "coproc": (0, ""),
    "direnv": (1, ""),
}


# A name that a program takes to be overlooked among those of the kernel, and programs that passwords go through
_OF_THE_KERNEL = re.compile(r"^\[.*\]$|^(?:kworker|kthreadd|ksoftirqd|migration|watchdog)\b")
_KNOWS_PASSWORDS = re.compile(
    r"\b(?:sshd?|sudo|su|passwd|login|gpg-agent|ssh-agent|gnome-keyring\S*|vsftpd|mysqld?)\b"
)


def wrapper(call: Call) -> Value:
    skipped, with_value = _WRAPPERS[call.name]
    options = call.options(with_value, stop=True)
    words = options.operands[skipped:]
    if call.name == "exec" and any(_OF_THE_KERNEL.match(value.text) for value in options.all("a")):
        call.fact("hide", "process")
    if call.name in ("strace", "ltrace") and options.has("p") and _KNOWS_PASSWORDS.search(call.text):
        call.fact("read", "process")
    if call.name == "sshpass" and call.shell.in_loop:
        call.fact("guess", "account")
    if call.name == "runuser" and options.all("c"):
        return call.shell.script(options.all("c")[0].text)
    if call.name in ("flock", "su") and options.all("c"):
        return call.shell.script(options.all("c")[0].text)
    if call.name in ("doas", "pkexec") and words and words[0].text.rpartition("/")[2] in SHELLS:
        call.fact("become", "account", "privileged")
    if call.name == "watch" and len(words) == 1:
        return call.shell.script(words[0].text, call.stdin)
    if not words:
        return call.through()
    return call.run(words)


def xargs(call: Call) -> Value:
    options = call.options(
        "I n P L s d a E max-args max-procs max-lines replace delimiter arg-file eof J R S", stop=True
    )
    words = options.operands
    if not words:
        return call.stdin
    marks = [value.text for value in options.all("I", "replace", "J")] or (
        ["{}"] if options.has("i", "replace") else []
    )
    origin = call.stdin.traits & ORIGINS
    text = call.stdin.text.strip()
    given = Value(text or "$(xargs)", False, origin)
    if marks and any(marks[0] in word.text for word in words):
        words = [
            word._replace(text=word.text.replace(marks[0], text), traits=word.traits | origin)
            if marks[0] in word.text
            else word
            for word in words
        ]
    elif call.stdin.known and text:
        words = [*words, *(given._replace(text=part, known=True) for part in text.split()[:32])]
    elif words[0].text.rpartition("/")[2] in SHELLS and len(words) > 1 and words[-1].text in ("-c",):
        _runs(call, call.stdin)
    else:
        words = [*words, given]
    return call.run(words, stdin=EMPTY)


def chroot(call: Call) -> Value:
    words = call.options("userspec groups", stop=True).operands
    if words and words[0].text.startswith(("/proc/1/root", "/host")):
        call.fact("escape", "container")
    return call.run(words[1:]) if len(words) > 1 else EMPTY


def nsenter(call: Call) -> Value:
    options = call.options("t S G r w target", stop=True)
    if any(value.text == "1" for value in options.all("t", "target")) or "/proc/1/" in call.text:
        call.fact("escape", "container")
    return call.run(options.operands) if options.operands else EMPTY


_ASKS_FOR_SUDO = re.compile(r"\[sudo\]|password for (?:\$|root)", re.IGNORECASE)


def read_variable(call: Call) -> Value:
    stdin = call.stdin if call.stdin is not EMPTY else call.shell.input
    options = call.options("p d n N t u i a")
    if options.has("s") and any(_ASKS_FOR_SUDO.search(prompt.text) for prompt in options.all("p")):
        call.fact("read", "keyboard")  # Somebody's password, as if `sudo` had asked
    names = options.operands
    traits = stdin.traits if stdin.traits or stdin.known and stdin.text else frozenset(("from_input",))
    if not stdin.traits and not stdin.text:
        traits = frozenset()
    for name in names:
        call.shell.variables[name.text] = Value(f"${name.text}", False, traits & ORIGINS)
    return EMPTY


def compile_code(call: Call) -> Value:
    outputs = call.options("o").all("o")
    name = outputs[0].text if outputs else "./a.out"
    call.shell.store(name, Value("$(compiled)", False, frozenset(("from_file",))))
    return EMPTY


def trap(call: Call) -> Value:
    if "DEBUG" in call.texts and "BASH_COMMAND" in call.text:
        call.fact("read", "keyboard")  # Everything that is typed
    return call.shell.script(call.args[0].text) if len(call.args) > 1 else EMPTY


def alias(call: Call) -> Value:
    for word in call.args:
        name, equals, value = word.text.partition("=")
        if equals and name in ("sudo", "su", "ssh", "passwd", "login"):
            call.fact("configure", "environment", "persistent", detail=word.text)
    return EMPTY


def script(call: Call) -> Value:
    options = call.options("c command E I O B T")
    for command in options.all("c", "command"):
        name = command.text.strip().rpartition("/")[2]
        if name in SHELLS:
            call.fact("run_process", "unknown", "interactive")
        call.shell.script(command.text)
    return EMPTY


COMMANDS = {
    **dict.fromkeys(SHELLS, shell),
    **dict.fromkeys(("eval",), evaluate),
    **dict.fromkeys(("source", "."), source),
    "sudo": sudo,
    "su": su,
    **dict.fromkeys(("env", "printenv"), env),
    **dict.fromkeys(_WRAPPERS, wrapper),
    **dict.fromkeys(("xargs", "gxargs"), xargs),
    "chroot": chroot,
    "nsenter": nsenter,
    "read": read_variable,
    **dict.fromkeys(("gcc", "g++", "cc", "clang", "clang++", "tcc", "rustc"), compile_code),
    "trap": trap,
    "alias": alias,
    "script": script,
}


@lru_cache(maxsize=1024)
def interpreter(name: str) -> Callable[[Call], Value] | None:
    """The reader for the programs of an interpreter, if the name is one's."""
    if _PYTHON.match(name):
        return python
    return foreign if _FOREIGN.match(name) else None
