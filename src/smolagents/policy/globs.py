"""Globs, for names of tools and for text, as RE2 expressions.

`*` is any run of characters, `?` is one, `[abc]`, `[a-z]` and `[!abc]` are one of a set; all else, a backslash
included, stands for itself. Case counts.

In text a glob is looked for as the whole value and as a word in it. It matches a word if what it covers begins and
ends at an end of the text or next to a character other than ASCII letters, digits, `_`, `-` and `.`. So `*.pem` finds
`cat key.pem`, `/etc/ssl/key.pem` and `open('key.pem')` but not `key.pemx`; `id_rsa` finds `/home/ann/.ssh/id_rsa`.
Dots after the word are ignored, as Windows does in file names. In a word `*` and `?` stop at white space, unless the
glob itself has white space in it: then they cover it too, so that `curl * | sh` finds `curl -s example.com | sh`.
"""

from __future__ import annotations

from functools import lru_cache

import re2


WILDCARDS = "*?["

# Letters outside ASCII end a word, as if they were marks: their classes would make a glob's expression some hundred
# times larger, and a word too many is the better mistake.
_BEFORE = r"[^0-9A-Za-z_.\-]"
_LEFT = rf"(?:\A|{_BEFORE})"
_RIGHT = r"\.*(?:\z|[^0-9A-Za-z_.\-])"


def is_glob(text: str) -> bool:
    """Whether `text` has a wildcard, so that it can stand for more than itself."""
    return any(character in WILDCARDS for character in text)


def name_expression(glob: str) -> str:
    """An RE2 expression that matches a whole name.

    Raises:
        `ValueError`: If a range in brackets runs backwards.
    """
    return rf"\A(?:{_translate(glob, any_character='(?s:.)')})\z"


def text_expression(glob: str) -> str:
    """An RE2 expression that finds the glob in a text; what the glob covers is its first or its second group.

    Raises:
        `ValueError`: If a range in brackets runs backwards.
    """
    has_space = any(character.isspace() for character in glob)
    whole = _translate(glob, any_character="(?s:.)")
    word = whole if has_space else _translate(glob, any_character=r"\S")
    return rf"\A({whole})\z|{_LEFT}({word}){_RIGHT}"


def presence_expressions(glob: str) -> list[str]:
    """RE2 expressions one of which is in a text if and only if `text_expression(glob)` is, made for a set of many.

    A star at an end of the glob is left out: in a word it reaches to white space or to the end of the text, and there
    a word ends. A set with thousands of such stars would be slow, as each is a search of its own once a word begins.
    All other expressions start with a plain character or an anchor, which a set looks for together.

    Raises:
        `ValueError`: If a range in brackets runs backwards.
    """
    has_space = any(character.isspace() for character in glob)
    core = glob.strip("*")
    # A bracket is closed by the first one that follows, so stars at the ends are in no set.
    word = _translate(core, any_character="(?s:.)" if has_space else r"\S")
    right = "" if glob.endswith("*") else _RIGHT
    found = [word + right] if glob.startswith("*") else [rf"\A{word}{right}", f"{_BEFORE}{word}{right}"]
    # The whole text may have white space where the glob has a wildcard; apart from that a whole text is a word.
    if not has_space and is_glob(core):
        found.append(rf"\A{_translate(glob, any_character='(?s:.)')}\z")
    return found


# Escaping takes RE2 longer than all the rest of a translation.
_escape = lru_cache(maxsize=1024)(re2.escape)


def _translate(glob: str, any_character: str) -> str:
    parts: list[str] = []
    position = 0
    while position < len(glob):
        character = glob[position]
        position += 1
        if character == "*":
            # A run of stars is one star; keeping them all would only make the expression larger.
            if not parts or parts[-1] != any_character + "*":
                parts.append(any_character + "*")
        elif character == "?":
            parts.append(any_character)
        elif character == "[" and (end := _end_of_set(glob, position)) is not None:
            parts.append(_character_set(glob[position:end]))
            position = end + 1
        else:
            parts.append(_escape(character))
    return "".join(parts)


def _end_of_set(glob: str, start: int) -> int | None:
    """The index of the bracket that closes the set; a bracket that comes first in a set is a member of it."""
    first = start + 1 if glob.startswith("!", start) else start
    end = glob.find("]", first + 1)
    return None if end == -1 else end


def _character_set(members: str) -> str:
    negated = members.startswith("!")
    members = members[1:] if negated else members
    parts = []
    position = 0
    while position < len(members):
        low = members[position]
        if members[position + 1 : position + 2] == "-" and position + 2 < len(members):
            high = members[position + 2]
            if high < low:
                raise ValueError(f"The range `{low}-{high}` runs backwards. Write `{high}-{low}`.")
            parts.append(f"{re2.escape(low)}-{re2.escape(high)}")
            position += 3
        else:
            parts.append(re2.escape(low))
            position += 1
    return ("[^" if negated else "[") + "".join(parts) + "]"
