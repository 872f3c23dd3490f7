"""Commands that only macOS has: what it starts, its protections, its key chain."""

from __future__ import annotations

import re

from .shell_call import Call
from .shell_protection import protects
from .shell_values import EMPTY, Value


def launchctl(call: Call) -> Value:
    words = call.texts
    verb = words[0] if words else ""
    if verb in ("load", "bootstrap", "submit", "enable"):
        call.fact("configure", "startup", "persistent")
    elif verb in ("unload", "bootout", "remove", "stop", "disable"):
        disables = protects(" ".join(words)) or "com.apple.alf" in call.text
        call.fact("configure", "security" if disables else "service", "disable")
    elif verb == "setenv":
        call.fact("configure", "environment", *(("persistent",) if "DYLD" in call.text else ()))
    return EMPTY


def extended_attributes(call: Call) -> Value:
    if "com.apple.quarantine" in call.text and re.search(r"\s-\w*d", call.text):
        call.fact("configure", "security", "disable")
    return EMPTY


def backups(call: Call) -> Value:
    words = " ".join(call.texts)
    if re.search(r"\b(?:disable|delete\w*|thinlocalsnapshots)\b", words):
        call.fact("delete", "backup", "all")
    return EMPTY


_SECRETS_IN_LOG = re.compile(r"(?i)passw|token|secret|credential|\beyJ")


def mac_log(call: Call) -> Value:
    if _SECRETS_IN_LOG.search(" ".join(call.texts)):
        call.fact("list", "secret")
    if "erase" in call.texts:
        call.fact("delete", "log")
    return EMPTY


def defaults(call: Call) -> Value:
    words = " ".join(call.texts)
    if re.match(r"(?:-\w+\s+)*(?:write|delete)\b", words):
        if re.search(r"LoginHook|LogoutHook|loginwindow|LaunchAgents|AutoLaunched", words):
            call.fact("configure", "startup", "persistent")
        elif re.search(
            r"(?i)com\.apple\.(?:alf|screensaver|security|SoftwareUpdate|commerce)|LSQuarantine|firewall", words
        ):
            call.fact("configure", "security", "disable")
    return EMPTY


def keychain(call: Call) -> Value:
    """macOS: `security`."""
    words = call.texts
    verb = next((word for word in words if word[:1] != "-"), "")
    if re.match(r"dump-|export|find-(?:generic|internet)-password|unlock-|show-keychain", verb):
        call.fact("read", "secret")
        return Value("$(security)", False, frozenset(("from_secret",)))
    if verb in ("add-trusted-cert", "authorizationdb", "set-keychain-settings", "import"):
        call.fact("configure", "security", *(("disable",) if verb != "import" else ()))
    elif verb.startswith("delete-"):
        call.fact("delete", "secret")
    return EMPTY


def remote_management(call: Call) -> Value:
    """macOS: `kickstart`, `systemsetup`, `dsenableroot`."""
    words = " ".join(call.texts)
    if call.name == "dsenableroot":
        call.fact("configure", "account", "privileged")
    elif re.search(r"-activate|-allowAccessFor|-setremote(?:login|appleevents)\s+on", words):
        call.fact("configure", "security", "disable")
    return EMPTY


def file_attributes(call: Call) -> Value:
    """macOS: `SetFile`: hides a file, or gives it another age."""
    if any(text == "V" or text.startswith(("-d", "-m")) for text in call.texts):
        call.fact("hide", "file")
    return EMPTY


def property_list(call: Call) -> Value:
    """`PlistBuddy`: commands after `-c`, and the file."""
    options = call.options("c")
    commands = " ".join(value.text for value in options.all("c"))
    if re.match(r"(?i)\s*(?:add|set|delete|merge|import)\b", commands):
        for file in options.operands:
            call.fact("write", call.place(file), "in_place", detail=file.text)
        if ":mechanisms" in commands:
            call.fact("configure", "security", "disable")
    return EMPTY


def passwords(call: Call) -> Value:
    """`pwpolicy`."""
    if re.search(r"-(?:clear|set)accountpolicies|-setpassword|-disableuser|-enableuser", " ".join(call.texts)):
        call.fact("configure", "account", "privileged")
    return EMPTY


def login_items(call: Call) -> Value:
    """`sfltool`: what was allowed to start is forgotten."""
    if {"resetbtm", "reset"} & set(call.texts):
        call.fact("configure", "security", "disable")
    return EMPTY


COMMANDS = {
    "launchctl": launchctl,
    "xattr": extended_attributes,
    "tmutil": backups,
    "log": mac_log,
    "defaults": defaults,
    "security": keychain,
    **dict.fromkeys(("kickstart", "systemsetup", "dsenableroot"), remote_management),
    "setfile": file_attributes,
    "plistbuddy": property_list,
    "pwpolicy": passwords,
    "sfltool": login_items,
}
