"""Facts: the one small vocabulary that programs, commands, tool calls and operations are read into.

A fact is what is done (`act`), to what (`target`), and how (`traits`). Readers produce facts and judge nothing; the
table of rules judges and reads nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


# What is done.
ACTS = frozenset(
    (
        "read",  # file, folder, environment, clipboard, screen
        "write",  # create, overwrite, append
        "delete",  # remove, truncate, shred, drop
        "move",
        "list",
        "change_mode",  # rights, owner, attributes, capabilities
        "run_process",
        "run_code",  # code from text, that the program or someone else made up
        "load_native",
        "connect",  # a client's connection, any protocol
        "listen",
        "resolve",
        "download",  # what is fetched is kept or used
        "upload",  # data leaves
        "send",  # a message: mail, chat
        "kill",  # processes
        "power",  # shut down, reboot
        "install",  # packages, modules of the kernel
        "configure",  # settings of the system: services, accounts, firewall, network, registry, cron
        "become",  # another user, more rights
        "mount",  # mount, format, partition
        "encrypt",  # makes data unreadable for its owner
        "guess",  # passwords and keys
        "escape",  # out of a sandbox: builtins, frames, class hierarchy, container
        "inspect",  # runtime: gc, frames, code objects
        "exhaust",  # fork bombs, endless growth
        "hide",  # logs, history, traces
        "query",  # a database
        "pay",  # money moves
        "compute",  # no effect beyond the process
    )
)

# To what.
TARGETS = frozenset(
    (
        "file",  # an ordinary one
        "temp",
        "home",
        "root",  # / or a whole tree of the system
        "system",  # /etc, /usr, /boot, C:\\Windows ...
        "device",  # /dev/sda, /dev/mem
        "kernel",  # /proc, /sys, modules
        "secret",  # keys, tokens, password files, browser data, wallets
        "keyboard",  # or microphone, camera: what a person does
        "traffic",  # of the network
        "account",  # passwd, users and groups
        "startup",  # cron, systemd, rc files, autostart, authorized_keys
        "log",
        "history",  # what a person typed or visited: of shells, of browsers
        "authority",  # who may do what, and what proves it: shadow, sudoers, PAM, the SAM
        "backup",  # snapshots, shadow copies, recovery
        "security",  # firewall, audit, SELinux, antivirus
        "service",
        "process",
        "package",
        "environment",
        "runtime",  # the interpreter itself
        "container",
        "database",
        "host",  # of the internet
        "loopback",
        "private_host",
        "metadata_host",  # of a cloud: 169.254.169.254
        "drop_host",  # paste sites, request bins, tunnels, .onion
        "person",  # to whom something is sent
        "repository",
        "unknown",
    )
)

# How. A reader gives those that it is sure of.
TRAITS = frozenset(
    (
        "recursive",
        "forced",  # no questions asked
        "all",  # a wildcard, or everything there is
        "hidden",  # the text was encoded, reversed or built from pieces
        "decoded",  # base64, hex, rot13, zlib
        "from_network",  # what is used came from the network
        "from_file",
        "from_secret",  # what is used came from a secret
        "from_system",  # ... from a file of the system, of an account, from a log or a history
        "from_screen",  # ... from the screen, the clipboard, the camera
        "from_input",
        "from_itself",  # ... from the program's own file
        "from_elsewhere",  # ... from outside of the folder that is worked in
        "dynamic",  # not known before it runs
        "privileged",  # sudo, root, setuid
        "world",  # for everybody: 777, 0.0.0.0
        "setuid",
        "reverse",  # a shell that connects back
        "interactive",  # a shell
        "background",
        "persistent",
        "disable",  # switches something off
        "overwrite",
        "bulk",  # many, in a loop
        "in_place",
        "unread",  # too long
        "dry_run",
        "question",  # a program asks for help or a version only
        "offensive",  # a tool that is made for attacks
        "own",  # belongs to what is run: a setting that it asks for by name
    )
)


class Fact(NamedTuple):
    """One fact.

    Attributes:
        act (`str`): One of `ACTS`.
        target (`str`): One of `TARGETS`.
        traits (`frozenset[str]`): Some of `TRAITS`.
        text (`str`): What says so, as it stands there.
        line (`int`, *optional*): Its line, from 1.
        detail (`str`): What exactly, if that is known: the path, host, command or function.
        where (`str`): The part of the arguments that it is from, such as `arguments.code`.
    """

    act: str
    target: str = "unknown"
    traits: frozenset[str] = frozenset()
    text: str = ""
    line: int | None = None
    detail: str = ""
    where: str = ""


def placed(facts: Iterable[Fact], where: str) -> list[Fact]:
    """Facts of a text, with the part of the arguments that it is."""
    return [
        Fact(act, target, traits, text, line, detail, where) for act, target, traits, text, line, detail, _ in facts
    ]
