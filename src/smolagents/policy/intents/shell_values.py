"""Values of the shell: what is known of a word, of a variable, of what flows through a pipe or lies in a file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from .places import target_of_data


# The traits that say where something comes from. They stay with it.
ORIGINS = frozenset(
    (
        "decoded",
        "from_network",
        "from_file",
        "from_secret",
        "from_system",
        "from_screen",
        "from_input",
        "bulk",
        "from_elsewhere",
    )
)
# Longer ones are cut: what a loop doubles again and again has to end.
LONGEST = 65_536
NOTHING: frozenset[str] = frozenset()


class Value(NamedTuple):
    """A value.

    Attributes:
        text (`str`): What is known of it; what is not known stands there as it does in the script (`$name`).
        known (`bool`): Whether that is all of it.
        traits (`frozenset[str]`): Where it comes from: some of `ORIGINS`.
        pieced (`bool`): Whether it was written in pieces where nothing calls for it, such as `r''m` or `$'\\x72m'`.
        quoted (`bool`): Whether wildcards and braces in it mean themselves.
    """

    text: str = ""
    known: bool = True
    traits: frozenset[str] = NOTHING
    pieced: bool = False
    quoted: bool = False


EMPTY = Value()
# To write there writes nothing.
NO_FILES = frozenset(("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/stdin", "-", "nul", "NUL", "$null"))


def join(values: Iterable[Value], between: str = "") -> Value:
    """The values one after the other."""
    values = tuple(values)
    if len(values) == 1:
        return values[0]
    return Value(
        between.join(value.text for value in values)[:LONGEST],
        all(value.known for value in values),
        frozenset().union(*(value.traits for value in values)),
        any(value.pieced for value in values),
        any(value.quoted for value in values),
    )


# What is in a file of a kind.
_CONTENT = {
    "secret": "from_secret",
    "authority": "from_secret",
    "account": "from_system",
    "system": "from_system",
    "log": "from_system",
    "history": "from_system",
    "root": "from_system",
    "home": "from_system",
    "startup": "from_system",
    "security": "from_system",
    "process": "from_secret",
    "kernel": "from_system",
}


def content_of(path: str) -> Value:
    """What is in a file that is not known otherwise."""
    origin = _CONTENT.get(target_of_data(path), "from_file")
    return Value(f"$(<{path})", False, frozenset((origin, "from_file")))


_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|(0?[0-7]{1,3})|(.))", re.DOTALL
)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v"}


def unescape(text: str) -> str:
    """What `$'...'`, `printf` and `echo -e` make of escapes."""

    def one(match: re.Match[str]) -> str:
        digits = match[1] or match[2] or match[3]
        if digits or match[4]:
            number = int(digits, 16) if digits else int(match[4], 8)
            return chr(number) if number < 0x110000 else ""
        return _LETTERS.get(match[5], match[5] if match[5] in "\\'\"?" else match[0])

    return _ESCAPE.sub(one, text) if "\\" in text else text


_BRACES = re.compile(r"\{([^{}\s]*,[^{}\s]*)\}")
_MOST_WORDS = 32


def expand_braces(text: str) -> list[str]:
    """The words that `{a,b}` stands for."""
    words = [text]
    while len(words) < _MOST_WORDS:
        for place, word in enumerate(words):
            if braces := _BRACES.search(word):
                words[place : place + 1] = [
                    word[: braces.start()] + part + word[braces.end() :] for part in braces[1].split(",")
                ]
                break
        else:
            return words
    return words


# What people put at the end of the file that their shell starts with: paths, names, completions.
_ORDINARY_SETTING = re.compile(
    r"\s*(?:#.*|export\s+(?!LD_|DYLD_|PROMPT_COMMAND|BASH_ENV|PYTHONSTARTUP)\w+=[^`;|&]*|(?!LD_|DYLD_|PROMPT_COMMAND)\w+=[^`;|&$]*"
    r"|(?:source|\.)\s+[^;|&`]*|eval\s+\"?\$\([\w./~${}\" -]*(?:init|hook|env|shellenv|completion"
    r"|activate)[\w\" -]*\)\"?"
    r"|(?:autoload|compinit|bashcompinit|shopt|bindkey|setopt|complete|umask|set\s+-o)\b[^;|&`]*"
    r"|alias\s+(?!sudo|su\b|ssh|passwd|login|cd\b)[\w.-]+=(?!.*(?:\brm\b|curl|wget|\bnc\b|/dev/|base64|sudo|\$\())[^`]*)?"
)
_PRINTS_SETTING = re.compile(r"^\$\([\w.-]+\)$")


def is_ordinary_setting(text: str) -> bool:
    """Whether what is added to a shell's own file is an ordinary setting, and no command to be run at each start."""
    lines = text.strip().splitlines()
    return (
        any(line.strip()[:1] not in ("", "#") for line in lines)
        and len(text) < 4096
        and all(_ORDINARY_SETTING.fullmatch(line) or _PRINTS_SETTING.match(line) for line in lines)
    )
