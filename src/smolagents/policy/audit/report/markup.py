"""HTML that cannot be broken out of: whatever is put into an element is escaped, unless it was made here."""

from __future__ import annotations

from html import escape

from ...readable import safe


class Html(str):
    """Markup. Nothing but this module makes any."""

    __slots__ = ()


def tag(name: str, /, *content: Html | str | int | None, **attributes: str | int | float | bool | None) -> Html:
    """An element. Its content is escaped, and shows what in it is invisible or changes the direction of writing.

    Args:
        name (`str`): What it is called.
        content: Markup and texts; `None` is nothing.
        attributes: By name, with `_` for `-` and after what Python reserves: `class_`. `True` is one without a value,
            and one that is `None` or `False` is left out.
    """
    parts = ["<", name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        parts += [" ", key.rstrip("_").replace("_", "-")]
        if value is not True:
            parts += ['="', escape(safe(str(value))), '"']
    parts.append(">")
    parts += [escaped(part) for part in content if part is not None]
    if name not in _EMPTY:
        parts += ["</", name, ">"]
    return Html("".join(parts))


def escaped(text: Html | str | int) -> Html:
    """A text as markup; markup as it is. Its line feeds are kept."""
    if isinstance(text, Html):
        return text
    if not isinstance(text, str):
        return Html(escape(str(text)))
    if "\n" in text:
        return Html("\n".join(escape(safe(line)) for line in text.split("\n")))
    return Html(escape(safe(text)))


def together(*content: Html | str | int | None) -> Html:
    """Several as one."""
    return Html("".join(escaped(part) for part in content if part is not None))


def own(text: str) -> Html:
    """What we wrote ourselves, as it is: a style sheet, a script. Never anything out of a record."""
    return Html(text)


_EMPTY = ("meta", "input")
