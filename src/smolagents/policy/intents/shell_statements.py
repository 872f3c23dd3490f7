"""What the statements of a shell's script do: commands, pipelines, redirections, loops, functions, settings.

The nodes are those of the parser (`tree_sitter_bash`). Every branch is taken, once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .places import target_of_path
from .shell_values import EMPTY, NO_FILES, Value, join
from .shell_words import text_of, value_of, words_of


if TYPE_CHECKING:
    from tree_sitter import Node

    from .shell_reader import Shell


_FEW = 8
_MANY = frozenset(("bulk",))
_NETWORK = frozenset(("from_network",))
_REDIRECTS = frozenset(("file_redirect", "heredoc_redirect", "herestring_redirect"))
_SHELLS = frozenset(("bash", "sh", "zsh", "ksh", "dash", "ash", "csh"))
_KEPT = ("HIST", "LD_", "DYLD_", "PROMPT_COMMAND", "BASH_ENV", "ENV")


def run_statement(shell: Shell, node: Node, stdin: Value) -> Value:
    """Runs a statement, and says what it prints."""
    return _STATEMENTS.get(node.type, _all)(shell, node, stdin)


def _all(shell: Shell, node: Node, stdin: Value) -> Value:
    return joined([shell.run(child, stdin) for child in node.named_children])


def joined(printed: list[Value]) -> Value:
    """What statements print one after the other."""
    printed = [value for value in printed if value is not EMPTY]
    return join(printed) if printed else EMPTY


def _nothing(shell: Shell, node: Node, stdin: Value) -> Value:
    return EMPTY


def _word(shell: Shell, node: Node, stdin: Value) -> Value:
    value_of(shell, node)
    return EMPTY


def _command(shell: Shell, node: Node, stdin: Value) -> Value:
    words: list[Value] = []
    settings: list[tuple[str, Value]] = []
    redirects = []
    for child in node.children:
        kind = child.type
        if kind == "word":
            words += words_of(shell, child)
        elif kind == "command_name":
            words += words_of(shell, child.children[0] if child.children else child)
        elif kind == "variable_assignment":
            settings.append(_assignment(shell, child))
        elif kind in _REDIRECTS:
            redirects.append(child)
        elif child.is_named or not words or kind not in ("$", '"'):
            words += words_of(shell, child)
    shell.line = node.start_point.row + 1
    if not words:
        shell.variables.update(settings)
        return EMPTY
    text = text_of(node)
    if settings:
        _note_settings(shell, settings, text)
    if not redirects:
        return shell.command(words, stdin, text)
    return _redirected(shell, redirects, stdin, lambda given: shell.command(words, given, text), text)


def _note_settings(shell: Shell, settings: list[tuple[str, Value]], text: str) -> None:
    shell.command([Value("env"), *(Value(f"{name}={value.text}") for name, value in settings)], EMPTY, text)


# Redirections


def _redirected_statement(shell: Shell, node: Node, stdin: Value) -> Value:
    children = node.children
    bodies = [child for child in children if child.is_named and child.type not in _REDIRECTS]
    redirects = [child for child in children if child.type in _REDIRECTS]

    def body(given: Value) -> Value:
        with_input = [shell.run_with_input(child, given) for child in bodies]
        return join(with_input) if with_input else EMPTY

    return _redirected(shell, redirects, stdin, body, text_of(node))


def _redirected(shell: Shell, redirects: list[Node], stdin: Value, body: Callable[[Value], Value], text: str) -> Value:
    """Runs something with its redirections."""
    outputs: list[tuple[str, bool]] = []
    pipelines: list[Node] = []
    files: list[Node] = []
    more: list[Node] = []
    network = False
    for redirect in redirects:
        kind = redirect.type
        if kind == "file_redirect":
            files.append(redirect)
        elif kind == "herestring_redirect":
            stdin = join([value_of(shell, child) for child in redirect.named_children] or [EMPTY])
        else:
            for child in redirect.children:
                inner = child.type
                if inner == "heredoc_body":
                    stdin = _here_document(shell, child, redirect)
                elif inner in ("pipeline", "list", "command") or inner.endswith("_statement"):
                    pipelines.append(child)
                elif inner == "file_redirect":
                    more.append(child)
    for redirect in files + more:
        parts = redirect.children
        operator = next((text_of(part) for part in parts if "<" in part.type or ">" in part.type), ">")
        target = redirect.child_by_field_name("destination") or parts[-1]
        name = value_of(shell, target).text
        if operator.endswith("&") and (name.isdigit() or name == "-"):
            if f"&{name}" in shell.variables:
                network = network or ">" in operator
                stdin = shell.variables[f"&{name}"] if "<" in operator else stdin
            continue
        if target.type == "process_substitution" or name in NO_FILES or not name:
            continue
        if name.startswith(("/dev/tcp/", "/dev/udp/")):
            network = True
            connection = shell.variables[f"&{text_of(parts[0])}"] = Value("$(network)", False, _NETWORK)
            if "<" in operator:
                stdin = connection
        elif "<" in operator:
            shell.fact("read", target_of_path(shell.path(name)), (), text, name)
            stdin = shell.content(name)
        else:
            outputs.append((name, ">>" in operator))
    printed = body(stdin)
    if network:
        _to_network(shell, text, printed)
    for name, append in outputs:
        shell.write(name, printed, text, append)
    for pipeline in pipelines:
        printed = shell.run(pipeline, printed if printed is not EMPTY else stdin)
    return EMPTY if outputs else printed


def _to_network(shell: Shell, text: str, printed: Value) -> None:
    text = text.lstrip("(").removeprefix("exec ") or text
    first = text.split(None, 1)[0].rpartition("/")[2] if text.strip() else ""
    if first in _SHELLS or "sh -i" in text:
        shell.fact("run_process", "host", ("reverse", "interactive"), text)
    elif printed.traits:
        shell.fact("upload", "host", printed.traits, text)
    else:
        shell.fact("connect", "host", ("bulk", "offensive") if shell.in_loop else (), text)


def _here_document(shell: Shell, body: Node, redirect: Node) -> Value:
    quoted = any(c.type == "heredoc_start" and text_of(c)[:1] in "'\"\\" for c in redirect.children)
    if quoted:
        return Value(text_of(body), quoted=True)
    known = True
    traits: frozenset[str] = frozenset()
    for child in body.children:
        if child.type in ("command_substitution", "simple_expansion", "expansion"):
            value = value_of(shell, child)
            traits |= value.traits
            known = known and value.known
    return Value(text_of(body), known, traits, quoted=True)


# Commands together


def _pipeline(shell: Shell, node: Node, stdin: Value) -> Value:
    value = stdin
    for child in node.named_children:
        value = shell.run_with_input(child, value)
    return value


def _list(shell: Shell, node: Node, stdin: Value) -> Value:
    """Commands with `&&` or `||`: of alternatives, what the first prints stands for all."""
    printed = [value for child in node.named_children if (value := shell.run(child, stdin)) is not EMPTY]
    if len(printed) > 1 and any(child.type == "||" for child in node.children):
        return printed[0]
    return joined(printed)


def _loop(shell: Shell, node: Node, stdin: Value) -> Value:
    shell.loops += 1
    try:
        return _all(shell, node, stdin)
    finally:
        shell.loops -= 1


def _for(shell: Shell, node: Node, stdin: Value) -> Value:
    name = node.child_by_field_name("variable")
    body = node.child_by_field_name("body")
    values: list[Value] = []
    for child in node.children_by_field_name("value"):
        values += words_of(shell, child)
    shell.loops += 1
    printed = EMPTY
    try:
        # A few known ones are tried one by one; of many, the first stands for all
        for value in values[:_FEW] if len(values) <= _FEW else [join(values, " ")]:
            if name is not None:
                many = not value.known or "*" in value.text or len(values) > _FEW
                shell.variables[text_of(name)] = value._replace(traits=value.traits | _MANY) if many else value
            if body is not None:
                printed = shell.run(body, stdin)
        if not values and body is not None:
            printed = shell.run(body, stdin)
    finally:
        shell.loops -= 1
    return printed


def _define(shell: Shell, node: Node, stdin: Value) -> Value:
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if name is None or body is None:
        return EMPTY
    word = text_of(name)
    if f"{word}|{word}" in text_of(body).replace(" ", ""):
        shell.fact("exhaust", "process", (), text_of(node))
    shell.define(word, body)
    return EMPTY


# Variables


def _declaration(shell: Shell, node: Node, stdin: Value) -> Value:
    settings = [_assignment(shell, child) for child in node.children if child.type == "variable_assignment"]
    shell.variables.update(settings)
    if settings and (text := text_of(node)).startswith("export"):
        _note_settings(shell, settings, text)
    return EMPTY


def _assign(shell: Shell, node: Node, stdin: Value) -> Value:
    name, value = _assignment(shell, node)
    append = any(child.type == "+=" for child in node.children)
    shell.variables[name] = join((shell.variables.get(name, EMPTY), value)) if append else value
    if name.startswith(_KEPT):
        _note_settings(shell, [(name, value)], text_of(node))
    return EMPTY


def _assignment(shell: Shell, node: Node) -> tuple[str, Value]:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    return (text_of(name) if name is not None else ""), (value_of(shell, value) if value is not None else EMPTY)


def _unset(shell: Shell, node: Node, stdin: Value) -> Value:
    words = [Value("unset"), *(Value(text_of(child)) for child in node.children[1:])]
    return shell.command(words, EMPTY, text_of(node))


_STATEMENTS: dict[str, Callable[[Shell, Node, Value], Value]] = {
    "command": _command,
    "redirected_statement": _redirected_statement,
    "pipeline": _pipeline,
    "for_statement": _for,
    "while_statement": _loop,
    "c_style_for_statement": _loop,
    "function_definition": _define,
    "declaration_command": _declaration,
    "variable_assignment": _assign,
    "unset_command": _unset,
    "comment": _nothing,
    **dict.fromkeys(
        ("word", "string", "raw_string", "concatenation", "expansion", "simple_expansion", "command_substitution"),
        _word,
    ),
    "list": _list,
}
