"""Commands that look for files, and list them: what they find is handed on."""

from __future__ import annotations

import re

from .places import target_of_path
from .shell_call import Call
from .shell_escapes import SHELLS
from .shell_values import EMPTY, Value, join


_KEY_FILES = re.compile(r"\.(?:pem|key|ppk|kdbx?|p12|pfx|ovpn|jks|keystore|kdb)$")
_NO_FILTERS = frozenset(
    "-delete -type -exec -execdir -print -print0 -ls -H -L -P -xdev -mount -depth -d -noleaf -follow".split()
)
_SET_USER = re.compile(r"[-/+]?0?[246]000|[-/]?[ug]+[+=]s")
_WRITABLE = re.compile(r"(?:^|\s)-writable\b|-perm\s+[-/]?(?:[0-7]{0,3}2|\w*o[=+]w)(?:\s|$)")
_FIND_RUNS = ("-exec", "-execdir", "-ok", "-okdir")


def find(call: Call) -> Value:
    args = call.args
    roots = []
    for value in args:
        if value.text[:1] in "-(!" and not value.text.startswith(("-H", "-L", "-P")):
            break
        if value.text[:1] != "-":
            roots.append(value)
    texts = call.texts
    names = [args[i + 1] for i, text in enumerate(texts[:-1]) if text in ("-name", "-iname", "-path", "-wholename")]
    filtered = any(text[:1] == "-" and text not in _NO_FILTERS for text in texts)
    root = roots[0] if roots else Value(".")
    folder = call.path(root).rstrip("/")
    found = f"{folder}/$found" if filtered else (folder or "/")
    if names:
        name = names[0].text.lstrip("*/")
        if _KEY_FILES.search(name) and target_of_path(folder or "/") in ("root", "home", "system"):
            call.fact("list", "secret", detail=name)
        if (
            not name.endswith(".pub")
            and target_of_path(f"~/{name}") in ("secret", "authority")
            or target_of_path(name) == "secret"
        ):
            call.fact("list", "secret", detail=names[0].text)
            found = f"{folder}/$found/{name}"
    if any(map(_SET_USER.fullmatch, texts)):
        call.fact("list", "system", "setuid")
    if folder in ("", "/") and _WRITABLE.search(" ".join(texts)):
        call.fact("list", "system", "setuid")  # What anybody may change, of everything
    call.fact("list", target_of_path(folder) if target_of_path(folder) == "secret" else "file", detail=folder)
    origin = frozenset(("bulk",)) | root.traits
    if target_of_path(found) in ("secret", "authority"):
        origin |= {"from_secret"}
    each = Value(found, False, origin)
    if "-delete" in texts:
        call.fact("delete", call.place(each), "recursive", "bulk", detail=found)
    end = 0
    for place, text in enumerate(texts):
        if text in _FIND_RUNS and place >= end:  # What is between is the command's own
            end = next((i for i in range(place + 1, len(texts)) if texts[i] in (";", "+", "\\;")), len(texts))
            words = [
                value._replace(text=value.text.replace("{}", found), traits=value.traits | origin)
                if "{}" in value.text
                else value
                for value in args[place + 1 : end]
            ]
            if words and words[0].text.rpartition("/")[2] in SHELLS and len(words) == 1:
                call.fact("run_process", "unknown", "interactive")
            if words:
                printed = call.run(words, "bulk", stdin=EMPTY)
                each = join((each, printed)) if printed.traits else each
    return each


def locate(call: Call) -> Value:
    if any(target_of_path(f"~/{text.lstrip('*/')}") in ("secret", "authority") for text in call.texts):
        call.fact("list", "secret")
    return Value("$(locate)", False)


def listing(call: Call) -> Value:
    operands = call.options("I w T block-size color").operands
    for operand in operands[:8]:
        target = target_of_path(call.path(operand))
        call.fact("list", target if target == "secret" else "file", detail=operand.text)
    first = operands[0].text if operands else "."
    return Value(f"{call.shell.path(first).rstrip('/')}/$found", False, frozenset(("bulk",)))


COMMANDS = {
    **dict.fromkeys(("find", "gfind"), find),
    **dict.fromkeys(("locate", "mlocate", "plocate", "mdfind"), locate),
    **dict.fromkeys(("ls", "dir", "tree", "exa", "eza", "du"), listing),
}
