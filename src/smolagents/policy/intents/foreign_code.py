"""Code in languages that have no reader here (Perl, Ruby, PHP, JavaScript, AWK, AppleScript ...), by its words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .places import target_of_path
from .shell_values import EMPTY


if TYPE_CHECKING:
    from .shell_call import Call


_LONGEST = 20_000
_MOST = 20

_STRING = r"""(?:"((?:[^"\\]|\\.){1,20000})"|'((?:[^'\\]|\\.){1,20000})')"""
_RUNS = re.compile(
    r"(?:\b(?:system|exec|popen|spawn|execSync|spawnSync|shell_exec|passthru|proc_open|os\.execute|do\s+(?:shell\s+)?script"
    r"|execl|execvp|doShellScript)\b\s*\(?\s*|\bqx\s*)" + _STRING
)
_BACKTICKS = re.compile(r"`([^`]{2,500})`")
_MACRO = re.compile(r"\besyscmd\(\s*[`'\"]?([^)'\"]{1,2000})")
_READS = re.compile(
    r"(?:\b(?:open|fopen|file_get_contents|readFileSync|readFile|File\.read|IO\.read)\b\s*\(?[^'\"]{0,20})" + _STRING
)
_QUOTED = re.compile(r'"([^"]{3,200})"')
_SOCKET = re.compile(
    r"\b(?:IO::Socket|use\s+Socket|TCPSocket|fsockopen|socket_create|net\.(?:Socket|connect)|socket\.tcp|/inet/tcp|Socket\.tcp"
    r"|TcpClient|stream_socket_(?:client|server))\b"
)
_SHELL = re.compile(r"(?:/bin/|\b)(?:ba|z|k|c|da)?sh\b|cmd\.exe|powershell", re.IGNORECASE)
_BECOMES_SHELL = re.compile(
    r"(?:exec|system|os\.execute|spawn|pty\.spawn|execl|:!|!)\s*\(?\s*[\[\(]?['\"]?(?:/usr)?/?(?:bin/)?(?:ba|z|da)?sh\b['\"]?"
)
# What it has read is a command: there is a variable where a command is run
_RUNS_WHAT_COMES = re.compile(r"`\$\w+`|\b(?:system|exec|shell_exec|passthru|popen|proc_open)\b\s*\(?\s*\$\w")
_DECODES = re.compile(
    r"decode_base64|base64_decode|Base64\.decode64|MIME::Base64|atob\s*\(|['\"]base64['\"]|str_rot13|gzinflate|pack\s*\(?\s*['\"]H"
    r"|unpack1?\s*\(?\s*['\"]m",
)
_EVALS = re.compile(r"\beval\b|\bassert\s*\(|Function\s*\(|instance_eval|vm\.run|loadstring|create_function")
_FETCHES = re.compile(r"https?://|LWP::|open-uri|require\(['\"]https?['\"]\)|\bfetch\(|Net::HTTP")
_ASKS = re.compile(r"hidden\s+answer|requires?\s+.{0,40}\bpassword|passphrase", re.IGNORECASE)
# `gdb` writes what it likes where it likes
_DUMPS = re.compile(r"^dump\s+\w+\s+(?:\w+\s+)?(/\S+)")
_DELETES = re.compile(
    r"\b(?:unlink|rmtree|FileUtils\.rm_rf?|rmSync|unlinkSync|File\.delete|remove_entry)\b\s*\(?\s*\[?" + _STRING
)


def read_foreign(call: Call, code: str) -> None:
    """Notes what code does, as far as its words say.

    Args:
        call (`Call`): The command that runs it.
        code (`str`): The code.
    """
    code = code[:_LONGEST]
    if _SOCKET.search(code) and (_SHELL.search(code) or _RUNS_WHAT_COMES.search(code)):
        call.fact("run_process", "host", "reverse", "interactive")
    elif "/inet/tcp/" in code and "|&" in code:  # What AWK gets from the network, it runs
        call.fact("run_process", "host", "reverse")
    elif _BECOMES_SHELL.search(code):
        call.fact("run_process", "unknown", "interactive")
    if _EVALS.search(code) and _DECODES.search(code):
        call.fact("run_code", "unknown", "decoded")
    elif _EVALS.search(code) and _FETCHES.search(code):
        call.fact("run_code", "host", "from_network")
    if _ASKS.search(code) and "dialog" in code:
        call.fact("read", "keyboard")
    commands = [match[1] or match[2] for match in _RUNS.finditer(code)][:_MOST]
    commands += [match[1] for match in _BACKTICKS.finditer(code)][:_MOST]
    commands += _MACRO.findall(code)[:_MOST]
    for command in commands:
        call.shell.script(re.sub(r"\\(.)", r"\1", command), EMPTY)
    for match in list(_READS.finditer(code))[:_MOST]:
        path = match[1] or match[2]
        call.fact("read", target_of_path(path), detail=path)
    if dumped := _DUMPS.match(code):
        call.fact("write", target_of_path(dumped[1]), detail=dumped[1])
    if "tell app" in code:
        for name in _QUOTED.findall(code)[:_MOST]:
            target = target_of_path(name.replace(":", "/"))
            if target in ("secret", "log", "history"):
                call.fact("delete" if re.search(r"\bdelete\b", code) else "read", target, detail=name)
        if "login item" in code:
            call.fact("configure", "startup", "persistent")
    for match in list(_DELETES.finditer(code))[:_MOST]:
        path = match[1] or match[2]
        call.fact("delete", target_of_path(path), detail=path)
