"""Commands that list and change accounts and groups."""

from __future__ import annotations

import re

from .shell_call import Call
from .shell_values import EMPTY, Value


_MASTERS = re.compile(r"^(?:sudo|wheel|root|admin|adm|docker|lxd|disk|shadow|administrators?)$")


_SERVICES = frozenset(
    ("nobody", "daemon", "bin", "sys", "mail", "www-data", "games", "lp", "news", "uucp", "proxy", "backup")
)


def account(call: Call) -> Value:
    options = call.options(
        "G g u s d c p e f k b K M U groups gid uid shell home home-dir comment password append-groups "
        "inactive expiredate "
        "user add delete members"
    )
    words = " ".join(call.texts)
    groups = [
        part for value in options.all("G", "groups", "g", "gid", "append-groups") for part in value.text.split(",")
    ]
    operands = [value.text for value in options.operands]
    joins_group = call.name in ("adduser", "gpasswd", "addgroup", "groupmems") and len(operands) > 1
    if call.name == "gpasswd":
        joins_group, groups = False, operands if options.has("a", "add") else []
    if joins_group:
        groups += operands[1:]
    is_master = any(_MASTERS.match(group) for group in groups) or "0" in groups
    is_root = options.has("o", "non-unique") and any(value.text == "0" for value in options.all("u", "uid"))
    if call.name == "pw":
        is_master = is_master or re.search(r"-G\s*(?:wheel|operator)|-u\s*0\b", words) is not None
    if call.name == "sysadminctl" and re.search(r"-resetPasswordFor\b|GuestAccess\s+on\b", words):
        is_master = True
    elif call.name == "sysadminctl":
        is_master = "-admin" in call.texts or ("-guestAccount" in call.texts and "on" in call.texts)
    if call.name in ("dseditgroup", "dscl"):
        is_master = (
            re.search(
                r"/Groups/(?:admin|wheel)|\s-t\s+user\s+(?:-\S+\s+)*(?:admin|com\.apple\.access_\w+)|(?:^|\s)-?passwd\s+/Users/|UniqueID\s+\d{1,3}$|IsHidden",
                words,
            )
            is not None
        )
        changes = re.search(
            r"-(?:create|append|merge|delete|passwd|o|change|authonly)\b|-[af]\b|\b(?:create|delete|passwd)\b", words
        )
        if changes is None:
            return Value(f"$({call.name})", False, frozenset(("from_system",)))
        if "IsHidden" in words or re.search(r"UniqueID\s+[1-4]?\d{1,2}$", words):
            call.fact("hide", "account")
    if call.name in ("userdel", "deluser"):
        call.fact("configure", "account", "disable")
        return EMPTY
    if call.name == "passwd" and re.search(r"(?:^|\s)(?:-d|--delete)\b", words):
        call.fact("configure", "account", "privileged")
        return EMPTY
    if call.name in ("passwd", "chage") and (options.has("S", "l", "status") or not operands):
        call.fact("configure", "account", *(("disable",) if options.has("l") and operands else ()))
        return EMPTY
    if call.name in ("usermod", "chsh") and any(name in _SERVICES for name in operands) and "/sh" in words + "/bash":
        is_master = is_master or re.search(r"/(?:ba|z|da|k)?sh\b", words) is not None
    root = call.name in ("passwd", "chpasswd") and ("root" in operands or "root:" in call.stdin.text)
    made = (
        call.name in ("useradd", "adduser")
        and operands
        and not joins_group
        or re.search(r"(?i)\buseradd\b|-addUser\b|-create\s+/Users/", words)
    )
    removed = re.search(r"(?i)\buserdel\b|-deleteUser\b|-delete\s+/Users/", words)
    master = is_master or is_root or root
    traits = ("privileged",) if master else ("persistent",) if made else ("disable",) if removed else ()
    call.fact("configure", "account", *traits)
    return EMPTY


def accounts_listed(call: Call) -> Value:
    """`getent`."""
    if call.texts[:1] in (["shadow"], ["gshadow"]):
        call.fact("read", "authority")
    return Value("$(getent)", False, frozenset(("from_system",)))


# What only those look for who want to crack passwords or to be an administrator of the domain
_OF_ATTACKERS = re.compile(
    r"(?i)servicePrincipalName=|ms-?Mcs-AdmPwd|1\.2\.840\.113556\.1\.4\.803:=4194304|adminCount=1|unixUserPassword"
)
_PERSON = re.compile(r"(?i)objectClass:\s*(?:person|user|posixAccount|inetOrgPerson)")


def directory(call: Call) -> Value:
    """`ldapsearch`, `ldapadd` and their like."""
    if call.name == "ldapsearch":
        if _OF_ATTACKERS.search(" ".join(call.texts)):
            call.fact("list", "authority")
        return Value("$(ldapsearch)", False, frozenset(("from_system",)))
    entries = [call.stdin, *(call.shell.content(file.text) for file in call.options("f H D w b y").all("f"))]
    if any(_PERSON.search(entry.text) for entry in entries):
        call.fact("configure", "account", "privileged")
    return EMPTY


COMMANDS = {
    **dict.fromkeys(
        ("useradd", "adduser", "usermod", "userdel", "deluser", "groupadd", "addgroup", "gpasswd"), account
    ),
    **dict.fromkeys(("passwd", "chpasswd", "chage", "chsh", "dscl", "dseditgroup", "sysadminctl", "pw"), account),
    "getent": accounts_listed,
    **dict.fromkeys(("ldapsearch", "ldapadd", "ldapmodify"), directory),
}
