"""What the words of a shell's script stand for: quoting, variables, substitutions, braces.

The nodes are those of the parser (`tree_sitter_bash`). What stands in a substitution is run by the shell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .places import target_of_path
from .shell_values import EMPTY, Value, expand_braces, join, unescape


if TYPE_CHECKING:
    from tree_sitter import Node

    from .shell_reader import Shell


# What is nested deeper is not followed.
DEEPEST = 60
_MOST_SPLIT = 64
_ROOT_FOLDER = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "PWD": "/", "HOME": "/", "SHELL": "/"}
_NAMES = ("variable_name", "special_variable_name")
_EXPANSIONS = ("simple_expansion", "expansion")
_SPLIT = ("simple_expansion", "expansion", "command_substitution")


def text_of(node: Node) -> str:
    """What stands there."""
    return (node.text or b"").decode("utf-8", "replace")


def words_of(shell: Shell, node: Node) -> list[Value]:
    """The words that stand there: more than one if there are braces, or a variable that is split."""
    value = value_of(shell, node)
    text = value.text
    if value.quoted or not text:
        return [value]
    if "{" in text and "," in text and value.known:
        words = expand_braces(text)
        return [value._replace(text=word, pieced=True) for word in words] if len(words) > 1 else [value]
    if value.known and (" " in text or "\n" in text) and (value.pieced or node.type in _SPLIT):
        return [value._replace(text=word) for word in text.split()[:_MOST_SPLIT]] or [value]
    return [value]


def value_of(shell: Shell, node: Node) -> Value:
    """What a word stands for."""
    kind = node.type
    simple = _SIMPLE.get(kind)
    if simple is not None:
        return simple(text_of(node))
    if shell.depth >= DEEPEST:
        return Value(text_of(node), False)
    shell.depth += 1
    try:
        part = _PARTS.get(kind)
        return part(shell, node) if part is not None else _joined(shell, node.named_children, node)
    finally:
        shell.depth -= 1


def _word(text: str) -> Value:
    if "\\" not in text:
        return Value(text)
    return Value(text.replace("\\\n", "").replace("\\", ""), pieced=_is_pieced(text))


def _other_word(text: str) -> Value:
    return Value(_unescaped_in_string(text), quoted=True) if "\\" in text else Value(text)


def _content(text: str) -> Value:
    return Value(_unescaped_in_string(text) if "\\" in text else text, quoted=True)


def _raw_string(text: str) -> Value:
    return Value(text[1:-1], quoted=True)


def _c_string(text: str) -> Value:
    raw = text[2:-1]
    return Value(unescape(raw), pieced="\\x" in raw or "\\u" in raw or "\\0" in raw or "\\1" in raw, quoted=True)


def _is_pieced(text: str) -> bool:
    """Whether letters are escaped for no reason: `\\rm` only avoids an alias, `c\\at` hides."""
    return any(text[place] == "\\" and text[place + 1 : place + 2].isalpha() for place in range(1, len(text)))


def _unescaped_in_string(text: str) -> str:
    for escaped in ('\\"', "\\$", "\\`", "\\\\"):
        text = text.replace(escaped, escaped[1])
    return text.replace("\\\n", "")


def _joined(shell: Shell, parts: list[Node], node: Node) -> Value:
    return join([value_of(shell, part) for part in parts])._replace(quoted=False) if parts else Value(text_of(node))


def _string(shell: Shell, node: Node) -> Value:
    children = node.named_children
    data, values, place = node.text or b"", [], 1
    if len(children) == 1 and children[0].type == "string_content" and len(children[0].text or b"") == len(data) - 2:
        return value_of(shell, children[0])
    begin = node.start_byte
    # White space between the parts belongs to no node
    for child in children:
        start = child.start_byte - begin
        if start > place:
            values.append(Value(data[place:start].decode("utf-8", "replace")))
        values.append(value_of(shell, child))
        place = child.end_byte - begin
    if len(data) - 1 > place:
        values.append(Value(data[place:-1].decode("utf-8", "replace")))
    return join(values)._replace(quoted=True) if values else Value(quoted=True)


def _concatenation(shell: Shell, node: Node) -> Value:
    children = node.named_children
    value = _joined(shell, children, node)
    raw = text_of(node)
    if "{" in raw and "," in raw and "'" not in raw and '"' not in raw and "$" not in raw:
        return Value(raw)
    if value.pieced:
        return value
    empty = broken = False
    variables = 0
    for child in children:
        kind = child.type
        if kind in _EXPANSIONS:
            variables += 1
            continue
        text = text_of(child)
        empty = empty or (len(text) <= 3 and kind in ("string", "raw_string", "ansi_c_string"))
        broken = broken or (text[-1:].isalpha() and kind in ("word", "string", "raw_string"))
    if (empty and broken) or (variables > 1 and value.known and value.text.isalpha()):
        return value._replace(pieced=True)
    return value


def _simple_expansion(shell: Shell, node: Node) -> Value:
    raw = text_of(node)
    return _variable(shell, raw.strip()[1:], raw)  # White space before it may belong to it


def _expansion(shell: Shell, node: Node) -> Value:
    raw = text_of(node)
    children = node.children
    name = next((text_of(child) for child in children if child.type in _NAMES), "") or raw.strip("${}")[:1]
    inside = node.named_children[1:]
    if not inside or name == "IFS":
        return _variable(shell, name, raw)
    value = shell.variables.get(name)
    operators = [child.type for child in children]
    if value is None and (":-" in operators or "-" in operators or ":=" in operators):
        return value_of(shell, inside[0])
    if ":" in operators:
        return _part_of(value or Value(_ROOT_FOLDER.get(name, raw), name in _ROOT_FOLDER), inside)
    if "/" in operators or "//" in operators:
        return _replaced(shell, value, inside, raw)
    for child in inside:
        value_of(shell, child)
    return _variable(shell, name, raw)


def _variable(shell: Shell, name: str, raw: str) -> Value:
    if name == "IFS":
        return Value(" ", pieced=True)
    value = shell.variables.get(name)
    if value is None:
        return Value(raw, False)
    return value._replace(quoted=False) if value.quoted else value


def _part_of(value: Value, places: list[Node]) -> Value:
    numbers = [text_of(place).strip() for place in places]
    if not value.known or not all(number.lstrip("-").isdigit() for number in numbers) or not numbers:
        return value._replace(known=False)
    start = int(numbers[0][:6])
    end = start + int(numbers[1][:6]) if len(numbers) > 1 else None
    return value._replace(text=value.text[start:end], pieced=True)


def _replaced(shell: Shell, value: Value | None, parts: list[Node], raw: str) -> Value:
    if value is None or not value.known or not parts:
        return value or Value(raw, False)
    old = value_of(shell, parts[0]).text
    new = value_of(shell, parts[1]).text if len(parts) > 1 else ""
    return value._replace(text=value.text.replace(old, new), pieced=True) if old else value


def _substitution(shell: Shell, node: Node) -> Value:
    printed = EMPTY
    for child in node.named_children:
        if child.type == "file_redirect":  # $(<file)
            name = value_of(shell, child.children[-1]).text
            shell.fact("read", target_of_path(shell.path(name)), (), text_of(node), name)
            printed = shell.content(name)
        else:
            printed = shell.run(child, shell.input)
    text = printed.text.rstrip("\n")
    known = printed.known and bool(text)
    return printed._replace(text=text if known or text.startswith(("/", "~", "$(<")) else text_of(node), known=known)


def _process_substitution(shell: Shell, node: Node) -> Value:
    value = _substitution(shell, node)
    name = f"/dev/fd/{node.start_byte}"
    shell.files[name] = value
    return Value(name, traits=value.traits)


def _arithmetic(shell: Shell, node: Node) -> Value:
    for child in node.named_children:
        value_of(shell, child)
    return Value(text_of(node), False)


# What stands for itself, and what has to be put together
_SIMPLE: dict[str, Callable[[str], Value]] = {
    "word": _word,
    **dict.fromkeys(("number", "variable_name", "special_variable_name", "heredoc_content"), _other_word),
    "string_content": _content,
    "raw_string": _raw_string,
    "ansi_c_string": _c_string,
}
_PARTS: dict[str, Callable[[Shell, Node], Value]] = {
    "string": _string,
    "translated_string": _string,
    "concatenation": _concatenation,
    "simple_expansion": _simple_expansion,
    "expansion": _expansion,
    "command_substitution": _substitution,
    "process_substitution": _process_substitution,
    "arithmetic_expansion": _arithmetic,
}
