"""What commands mean: finds who knows a command."""

from __future__ import annotations

import re
from collections.abc import Callable

from . import (
    cloud_commands,
    shell_accounts,
    shell_coding,
    shell_databases,
    shell_files,
    shell_macos,
    shell_network,
    shell_programs,
    shell_protection,
    shell_searches,
    shell_system,
    windows_commands,
    windows_system,
)
from .attack_tools import guesses, mines, offensive
from .places import target_of_path
from .shell_call import Call
from .shell_escapes import SHELLS, escapes
from .shell_values import Value


__all__ = ["Call", "run"]

COMMANDS: dict[str, Callable[[Call], Value]] = {
    **windows_commands.COMMANDS,
    **windows_system.COMMANDS,
    **cloud_commands.COMMANDS,
    **shell_system.COMMANDS,
    **shell_protection.COMMANDS,
    **shell_accounts.COMMANDS,
    **shell_macos.COMMANDS,
    **shell_databases.COMMANDS,
    **shell_network.COMMANDS,
    **shell_programs.COMMANDS,
    **shell_files.COMMANDS,
    **shell_searches.COMMANDS,
    **shell_coding.COMMANDS,
}
_QUESTIONS = frozenset(("--help", "--version", "-h", "-V", "-?", "/?", "help", "version"))
_NAME_WITH_WILDCARDS = re.compile(r"^/[\w?*/\[\]]*[?*\[][\w?*/\[\]-]*$")


_NAMED_AS_VARIABLE = re.compile(r"^\$\{?(?:which|path|bin|cmd|exe)?_?(\w+?)_?(?:bin|cmd|path|exe)?\}?$")


def _command_of_variable(name: str) -> str:
    """What a variable is called that holds a command: `$PYTHON`, `$which_curl`, `${TAR_BIN}`."""
    match = _NAMED_AS_VARIABLE.match(name)
    return match[1] if match and (match[1] in COMMANDS or shell_programs.interpreter(match[1])) else name


# Those whose arguments are commands, which are read as commands.
_RUN_SCRIPTS = frozenset((*SHELLS, "sudo", "su", "eval", "exec", "trap", "source", "."))
# They do not give out what is in the files that they are given, or have their own say.
_DO_NOT_READ = frozenset(
    "ls dir tree stat file test [ [[ echo printf which touch mkdir chmod chown chgrp chattr lsattr setfacl getfacl rm"
    " unlink cd export visudo pwck grpck pwconv find sudo su env ln mv install rsync".split()
)
_MOST_ARGUMENTS = 64


_PASSWORDS = re.compile(r"/etc/(?:g?shadow|sudoers|security/opasswd|master\.passwd|spwd\.db)\b")


def _look_at_authority(call: Call) -> None:
    """Whatever program is given the system's store of passwords or rights as a file reads it."""
    if call.name in _DO_NOT_READ or call.name in SHELLS or call.name == "history":
        return
    for text in call.texts[:_MOST_ARGUMENTS]:
        if "_history" in text and text[:2] in ("~/", "$H", "/r", "/h", "/U") and target_of_path(text) == "history":
            call.fact("read", "history", detail=text)
        if "/etc/" not in text or " " in text.strip():
            continue
        path = text[text.index("/etc/") :]
        if _PASSWORDS.match(path):
            call.fact("read", "authority", detail=path)


def run(call: Call) -> Value:
    """Reads what a command does, and says what it prints."""
    name = call.words[0]
    if len(call.words) == 2 and call.words[1].text in _QUESTIONS and call.name not in ("at",):
        return call.through()
    if name.pieced or (not name.quoted and _NAME_WITH_WILDCARDS.match(name.text)):
        call.fact("run_process", "unknown", "hidden")
    if guesses(call.name) and len(call.words) > 1:
        call.fact("guess", "account")
    elif offensive(call.name) or len(call.words) > 2 and mines(call.text):
        shell_programs.run_offensive(call, call.name)
    if name.text.startswith("$") and not name.known:
        call.name = _command_of_variable(call.name)
    command = COMMANDS.get(call.name) or shell_programs.interpreter(call.name)
    if call.name not in _RUN_SCRIPTS:
        escapes(call, command is not None)
    _look_at_authority(call)
    if name.text.startswith("./") and call.name in SHELLS and not any(text[:1] not in "-+" for text in call.texts):
        call.fact("run_process", "unknown", "interactive")  # A shell that somebody has put there
    if command is None or (name.text.startswith("./") and call.shell.path(name.text) in call.shell.files):
        return shell_programs.run_file(call)
    if "/" in name.text and not name.text.startswith(("/usr", "/bin", "/sbin")):
        shell_programs.run_file(Call(call.shell, call.words[:1], call.stdin, call.text, call.line, call.traits))
    return command(call)
