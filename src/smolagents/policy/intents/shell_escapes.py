"""Ways to make ordinary programs give somebody a shell: options, settings, and what is typed into them."""

from __future__ import annotations

import re

from .shell_call import Call


SHELLS = frozenset(
    (
        "sh",
        "bash",
        "dash",
        "zsh",
        "ksh",
        "csh",
        "tcsh",
        "fish",
        "ash",
        "rbash",
        "mksh",
        "yash",
        "sash",
        "posh",
        "elvish",
        "lksh",
    )
)

_SHELL = r"(?:/usr)?(?:/bin/|/usr/bin/)?(?:ba|z|da|k|c|tc|a|fi)?sh\b"
# Nothing follows that the shell would run: no script, and no command
_BARE = rf"{_SHELL}(?!\.|-|/)(?:\s+-[ip]+)?"

_BY_OPTION = re.compile(
    rf"-TT\s+['\"]?{_SHELL}|(?<!#)!\s*{_SHELL}|(?:proxycommand|localcommand|exec|command|pager)=[^=]*?\b{_SHELL}"
    r"|os\.execute\(|:py3?\s|:lua\s|:shell\b|:terminal\b"
    rf"|--?(?:rsh|rsh-command|ssh-cmd|to-command|use-compress-program|pipe|up|wrapper|filter|[\w-]{{1,20}}-hook)[=\s]+['\"]?{_SHELL}"
    rf"|--eval=\S*\s+[-@]*{_SHELL}|--server=[\"']?sudo\s|--(?:curl-bin|editor|askpass|use-askpass|password-command|pinentry-program)[=\s]+\S*/"
    rf"|Pre-Invoke[\s:={{\"']{{0,6}}{_SHELL}|unixexec:path={_SHELL}|(?:^|\s)-I\s*['\"]?{_SHELL}\s+-c|(?:^|\s)-[PH]\s*{_SHELL}|^stdin\s+exec:{_SHELL}"
    rf"|(?:^|\s)(?:-e|--editor|--command)[=\s]+(?:/usr)?/bin/(?:ba|z|da)?sh\s+-c\s+(?:/usr)?/bin/{_SHELL}|--regex\s+\S?\^?{_SHELL}\$?\S?\s+/bin"
    r"|--script[=\s]/(?:tmp|dev/shm)/|lua_script:/(?:tmp|dev/shm)/",
    re.IGNORECASE,
)
# A function of whatever language, with a shell and nothing else as its argument
_BY_CODE = re.compile(
    r"(?:\b(?:system|exec|execl|execlp|execv|execvp|popen|spawn|callCommand|execute|execute_process|esyscmd|term|psfile"
    rf"|shell-command|run|Process\.Start)|write18|\.shell|\.system)\s*[\[({{\"'`=\s,]{{1,8}}(?:COMMAND\s+)?(?:exec\s+)?{_BARE}\s*&?\s*(?:[\"'`)\]}},;<]|$)"
    rf"|[\"'`](?:exec\s+)?{_SHELL}\s+-i?c?\s*[\"']?\$?\\?[@*]?\s*[^\"']{{0,20}}[0-2]?<&[0-9]"
)
# Its input or output is one that is already open, which nobody does to run a script
_BY_DESCRIPTOR = re.compile(
    rf"(?:^|[\s'\"`({{;,/]){_SHELL}(?:\s+-\w+)*\s*(?:[0-2]?<\s*(?:&[0-9]|/dev/tty\b|\$\(tty\))|1>&0)"
)
# Connects, and runs something: in Lua, Java, Go, Tcl, JavaScript, PHP, Perl, Ruby or Python
_CONNECTS = re.compile(
    r"net\.Dial\(|java\.net\.Socket|\bnew\s+Socket\(|require\(\\?[\"']socket|\[\s*socket\s|IO::Socket|TCPSocket|fsockopen\("
    r"|net\.Socket\(|socket\.socket\(|\bsocket\(\)|Socket\.tcp|/dev/tcp/|net\.connect\(|Deno\.connect\("
    r"|stream_socket_(?:client|server)\("
)
_RUNS = re.compile(
    r"\bpopen\(|exec\.Command\(|ProcessBuilder|os\.execute|child_process|\bdup2\(|\.exec\(|\[\s*exec\s|proc_open\(|pty\.spawn"
    rf"|Process\.(?:new|run)\(|\bsystem\s*\$_|\bexec\s+\$\w|\$\(\s*cat\s|{_SHELL}\s+-i\b|\bspawn\(|Deno\.Command\("
    r"|shell_exec\(|`\$\w+`"
)
# What is sent in a request is run: what is written somewhere is a door
_WEB_SHELL = re.compile(
    r"(?:system|exec|shell_exec|passthru|popen|eval|assert|proc_open)\s*\(\s*@?\$_(?:GET|POST|REQUEST|COOKIE|SERVER)\b"
    r"|exec\(\s*request\.getParameter|eval\(?\s*Request\b|ProcessStartInfo.{0,200}Request\b"
)
# In languages that are compiled, or that stand in a file: what connects, and what runs something
_PROGRAM_CONNECTS = re.compile(
    r"\bnew\s+Socket\(|net\.Socket\(|net\.Dial\(|Socket\.(?:tcp|connect|new)\(|Tcp(?:Stream|Listener)::(?:connect|bind)\("
    r"|\bnew\s+Tcp(?:Client|Listener)\(|#include\s*<sys/socket\.h>|TCPSocket\.(?:new|open)\("
)
_PROGRAM_RUNS = re.compile(
    r"ProcessBuilder|getRuntime\(|exec\.Command\(|\bspawn\(|\bCommand::new\(|Process\.(?:start|run)\(|ProcessStartInfo|\.StartInfo\b"
    r"|\bexec[vl][pe]?e?\(\s*\"[^\"]*sh\"|\bpopen\("
)
_LOADS = re.compile(r"(?:^|\s)-engine\s+\.{0,2}[\w./-]*\.so\b|(?:^|\s)-[fD]\s+\.?/?[\w./-]+\.so\b")
# A library that is no part of the system, into a program that has options for that
_LOADS_ITS_OWN = re.compile(
    r"ladspa=(?:f=|file=)[^:\s]*/|--(?:default-auth|plugin-dir|plugin)[=\s]+\S*(?:\.\./|/tmp/|/dev/shm/)|load_module\s+\S*(?:/tmp/|\./)\S*\.so"
    r"|LoadLibrary\(\s*[\"'](?!lib(?:c|m)\.so)[^\"']*\.(?:so|dylib)\b|-(?:vo|vf)\s+\S*/tmp/\S*\.so|(?:^|\s)-l\s*/tmp/\S+\.so"
)
_TYPED = re.compile(
    rf"(?m)^[ \t]*(?:[\w.-]{{1,20}}>[ \t]*)?(?:\^\w)?v?(?::?![ \t]*(?:exec[ \t]+)?[\"']?{_BARE}[ \t]*&?[\"']?|:shell"
    rf"|(?:exec|system)[ \t]*\(?[ \t]*[\"'](?:/usr)?/bin/{_BARE}[\"'][ \t]*\)?|(?:reset;[ \t]*)?(?:exec["
    rf" \t]+)?{_SHELL}[ \t]+(?:1>&0|<@stdin)[^\n]{{0,40}})[ \t]*$"
)
# Programs that run what their last arguments are, and that nobody needs to be given a shell.
_RUNNERS = frozenset(
    "aa-exec agetty bundle bundler busybox capsh chrt choom cpulimit ddate dosbox doas env firejail flock genie ionice"
    " logsave multitime nice nohup perf pexec pidstat prlimit rlwrap run-parts runuser setarch setlock setpriv"
    " setsid sg softlimit ssh-agent start-stop-daemon stdbuf strace taskset time timeout toybox unbuffer valgrind"
    " watch ltrace xargs xdotool yarn unshare nsenter torsocks openvt chpst eatmydata faketime gtimeout numactl"
    " torify sshpass".split()
)
_ONLY_SHELL = re.compile(
    r"(?:exec\s+)?(?:/usr)?/bin/(?:ba|z|da|k|c|tc|a|fi)?sh(?:\s+-[ip]+)?(?:\s+[0-2]?[<>]&\s?\S+)*\s*&?$"
    r"|\{.*\"(?:pre|post)?install\"\s*:\s*\"(?:/usr)?/bin/(?:ba|z|da)?sh\".*\}$"
)
_READS_CODE_ITSELF = frozenset(("grep", "egrep", "fgrep", "rg", "ag", "ack", "apropos", "gh"))
_BY_PATH = frozenset(f"{folder}/{name}" for folder in ("/bin", "/usr/bin") for name in SHELLS)
# Their arguments are names of shells, or of files, and are not run
_SHELLS_AS_DATA = frozenset(
    "add-shell remove-shell dpkg-divert update-alternatives dpkg-statoverride ldd readlink realpath basename dirname"
    " dpkg-query debconf-set-selections update-shells test_shell".split()
)
_PAGERS = re.compile(
    r"^(?:\w*PAGER|VISUAL|\w*EDITOR|BROWSER|LESSOPEN|LESSCLOSE|GIT_SSH|GIT_SSH_COMMAND|PERL5DB|MANOPT)$"
)
_STARTS_SHELL = re.compile(rf"^\s*(?:exec\s+)?[\"']?{_SHELL}(?!\.|-)(?:\s+-[cips]|\s*[\"']?$|\s*[0-2]?<)")
_LONGEST = 4096


def typed(text: str) -> bool:
    """Whether a shell is asked for in what is typed into a pager or an editor, such as `!/bin/sh` on a line."""
    return "sh" in text and _TYPED.search(text) is not None


def starts_a_shell(content: str) -> bool:
    """Whether a file that was just written is there to start a shell and for nothing else."""
    if len(content) > 2_000 or "sh" not in content:
        return False
    lines = [line.strip() for line in content.splitlines()]
    lines = [line for line in lines if line and line[0] != "#"]
    return bool(lines) and all(_ONLY_SHELL.match(line) for line in lines)


def is_remote_shell(text: str) -> bool:
    """Whether a short program of another language lets somebody far away run commands."""
    if len(text) > _LONGEST or "(" not in text:
        return False
    connects = _PROGRAM_CONNECTS.search(text) is not None and _PROGRAM_RUNS.search(text) is not None
    return connects or _WEB_SHELL.search(text) is not None


def is_shell(text: str) -> bool:
    """Whether a word is a shell, by its name or its path."""
    return text.rpartition("/")[2] in SHELLS


def starts_shell(name: str, value: str) -> bool:
    """Whether a variable tells programs to start a shell where they would start a pager or an editor."""
    return _PAGERS.match(name) is not None and _STARTS_SHELL.match(value.replace("exec ", "", 1)) is not None


def escapes(call: Call, is_known: bool) -> bool:
    """Whether a program that does something else is made to start a shell; notes it.

    Args:
        call (`Call`): The program with its arguments.
        is_known (`bool`): Whether the program has a reader of its own.
    """
    if call.name in _READS_CODE_ITSELF or not call.args or "git" == call.name and "commit" in call.texts:
        return False
    words = " ".join(call.texts)[:_LONGEST]
    is_code = "(" in words or "[" in words or "/dev/" in words
    if is_code and _CONNECTS.search(words) and _RUNS.search(words):
        call.fact("run_process", "host", "reverse", "interactive")
        return True
    if call.name == "xterm" and _FAR_DISPLAY.search(words):
        call.fact("run_process", "host", "reverse", "interactive")
    if is_code and _WEB_SHELL.search(words):
        call.fact("run_code", "unknown", "from_input")
    if call.name in ("openssl", "enable", "ssh-keygen") and _LOADS.search(words):
        call.fact("load_native", "file", "persistent")
    elif (
        ".so" in words or ".dylib" in words or "ladspa" in words or "--default-auth" in words or "--plugin" in words
    ) and _LOADS_ITS_OWN.search(words):
        call.fact("load_native", "file", "persistent")
    found = (
        ("sh" in words or ":" in words)
        and (_BY_OPTION.search(words) or _BY_CODE.search(words) or _BY_DESCRIPTOR.search(words))
        or _runs_bare_shell(call)
        or not is_known
        and "bin/" in words
        and call.name not in _SHELLS_AS_DATA
        and _is_given_shell(call.texts)
        or call.stdin.known
        and len(call.stdin.text) < 500
        and typed(call.stdin.text)
    )
    if found:
        call.fact("run_process", "unknown", "interactive")
    return bool(found)


def _is_given_shell(texts: list[str]) -> bool:
    """Whether a shell is one of the arguments, as what is to be run. After `-s` it is somebody's shell to log"
    " in with."""
    return any(
        text.partition(";")[0].rstrip() in _BY_PATH and not (place and texts[place - 1] in ("-s", "--shell"))
        for place, text in enumerate(texts)
    )


_FAR_DISPLAY = re.compile(r"(?:^|\s)-d(?:isplay)?\s+(?!localhost|127\.|:)[\w.-]+:\d")


def _runs_bare_shell(call: Call) -> bool:
    texts = call.texts
    while texts and texts[-1] in ("-p", "-i", "-s"):
        texts.pop()
    if call.name == "service" or not texts:
        return any("../" in text and is_shell(text) for text in texts)
    if call.name == "script":
        return texts[-1] == "/dev/null" and not any("c" in text for text in texts[:-1] if text[:1] == "-")
    if call.name == "capsh":
        return texts[-1] == "--"
    if call.name == "ip":
        return texts[:2] == ["netns", "exec"] and is_shell(texts[-1])
    if call.name not in _RUNNERS or not texts or not is_shell(texts[-1]):
        return False
    # `env -i bash`, `env PATH=... bash` are for a person who wants a clean shell
    return call.name != "env" or texts[-1][:1] == "/" and len(texts) == 1
