"""Words the model's findings for the author of a policy, and finds their places in the text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, get_args, get_origin

from pydantic import Tag, ValidationError

from .document import Document, Path
from .errors import MAX_PROBLEMS, Problem, excerpt, nearest
from .loading import TOO_MUCH_ERROR
from .section import PATTERN_FORM_ERROR, VALUE_FORM_ERROR, Section, is_form


# What pydantic adds to a location to say that it means a mapping's key.
_KEY = "[key]"


def problems_of(error: ValidationError, model: type[Section], document: Document) -> list[Problem]:
    """What `model` found wrong with the document, except where the document already has a problem."""
    problems: list[Problem] = []
    has_too_much = False
    for finding in _findings(error):
        kind, location = finding["type"], finding["loc"]
        path = _path_of(location, kind, document.data)
        is_about_key = kind == "extra_forbidden" or location[-1:] == (_KEY,) != path[-1:]
        if any(path[:length] in document.unusable for length in range(len(path) + 1)):
            continue
        if kind == TOO_MUCH_ERROR and has_too_much:
            continue
        has_too_much |= kind == TOO_MUCH_ERROR
        if kind == "extra_forbidden":
            problems.append(_unknown_key(list(_sections(model, location[:-1])), path, document))
        elif kind == PATTERN_FORM_ERROR and _unknown_pattern_keys(finding["input"]):
            for key in _unknown_pattern_keys(finding["input"]):
                message = f"There is no such key. {_suggest(key, ('regex', 'glob'))}"
                problems.append(document.problem(message, (*path, key), at_key=True))
        else:
            problems.append(document.problem(_message(finding), path, at_key=is_about_key))
        if len(problems) >= MAX_PROBLEMS:
            break
    return problems[:MAX_PROBLEMS]


def _findings(error: ValidationError) -> Iterator[Mapping[str, Any]]:
    """The findings of an error; where a validator has several, each of them."""
    for finding in error.errors(include_url=False):
        several = finding.get("ctx", {}).get("error")
        if isinstance(several, ValidationError):
            for inner in _findings(several):
                yield {**inner, "loc": (*finding["loc"], *inner["loc"])}
        else:
            yield finding


def _path_of(location: Path, kind: str, data: Any) -> Path:
    """The path in the document that a location means: without the names of forms and the mark for keys."""
    # The last part may be a key that is too many, or one that is missing.
    last = location[-1:] if kind in ("extra_forbidden", "missing") else ()
    start = location[: len(location) - len(last)]
    path = _resolved(start, data)
    if path is None:
        path = tuple(part for part in start if not is_form(part) and part != _KEY)
    return (*path, *last)


def _resolved(location: Path, value: Any) -> Path | None:
    if not location or location == (_KEY,) and not (isinstance(value, Mapping) and _KEY in value):
        return ()
    part, rest = location[0], location[1:]
    if isinstance(part, int) and not isinstance(value, (list, tuple)):
        return _resolved(rest, value)  # one item, written without the list
    is_there = part < len(value) if isinstance(part, int) else isinstance(value, Mapping) and part in value
    if is_there and (path := _resolved(rest, value[part])) is not None:
        return (part, *path)
    return _resolved(rest, value) if is_form(part) else None


def _message(finding: Mapping[str, Any]) -> str:
    kind, value, context = finding["type"], finding["input"], finding.get("ctx", {})
    if kind == "missing":
        key = finding["loc"][-1]
        return f"The key `{key}` is missing. " + ("Write `version: 1`." if key == "version" else "Add it.")
    if kind == "literal_error":
        return _not_one_of(context["expected"], value)
    if kind == "string_type":
        hint = f' Write "{_yaml_word(value)}", in quotes.' if isinstance(value, (bool, int, float)) else ""
        return f"This has to be text, and is {_describe(value)}.{hint}"
    if kind == "string_unicode":
        return "This text has half a character (a lone surrogate) in it. Remove it."
    if kind in ("int_type", "int_from_float", "int_parsing", "int_parsing_size"):
        return f"This has to be a whole number, and is {_describe(value)}."
    if kind in ("float_type", "float_parsing", "finite_number"):
        return f"This has to be a number, and is {_describe(value)}."
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        words, bound = _BOUNDS[kind]
        return f"This has to be {words} {context[bound]:g}, and is {value}."
    if kind == "string_too_short":
        return "This is empty. Write something, or leave the key out."
    if kind == "string_too_long":
        return f"This may have {context['max_length']} characters at most."
    if kind == "too_short":
        return "This is empty. Write something in it, or leave the key out."
    if kind == "too_long":
        return f"This may have {context['max_length']} entries at most."
    if kind == "tuple_type":
        hint = f" Write [{value}]." if isinstance(value, str) and len(value) <= 40 else ""
        return f"This has to be a list, and is {_describe(value)}.{hint}"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return f"This has to be a mapping of keys to values, and is {_describe(value)}."
    if kind == VALUE_FORM_ERROR:
        return f"This has to be {finding['msg']}, and is {_describe(value)}."
    if kind == "value_error":
        return str(context["error"])
    return f"{finding['msg']}."


_BOUNDS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}


def _unknown_key(sections: list[type[Section]], path: Path, document: Document) -> Problem:
    valid = [field.alias or name for section in sections for name, field in section.model_fields.items()]
    return document.problem(f"There is no such key. {_suggest(str(path[-1]), valid)}", path, at_key=True)


def _unknown_pattern_keys(value: Any) -> list[str]:
    return [key for key in value if key not in ("regex", "glob")] if isinstance(value, Mapping) else []


def _suggest(word: str, valid: list[str] | tuple[str, ...]) -> str:
    guess = nearest(word, valid)
    return f"Did you mean `{guess}`?" if guess else f"The keys here are {', '.join(f'`{key}`' for key in valid)}."


def _not_one_of(expected: str, value: Any) -> str:
    """`expected` is pydantic's list of the allowed values: `'allow' or 'deny'`."""
    valid = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
    guess = nearest(value, valid) if isinstance(value, str) else None
    shown = ", ".join(f"`{word}`" for word in valid[:-1]) + (" or " if valid[1:] else "") + f"`{valid[-1]}`"
    hint = f"Did you mean `{guess}`?" if guess else f"Write {shown}."
    return f"This is {_describe(value)}, which is not a choice. {hint}"


def _describe(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"the value {_yaml_word(value)}"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {excerpt(value)}"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, Mapping):
        return "a mapping"
    return f"a Python {type(value).__name__}"


def _yaml_word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _sections(annotation: Any, location: Path) -> Iterator[type[Section]]:
    """The sections that the mapping at `location` may be, in a value of the type `annotation`."""
    part, rest = location[:1], location[1:]
    if isinstance(annotation, type) and issubclass(annotation, Section):
        if not part:
            yield annotation
        for name, field in annotation.model_fields.items():
            if part == (field.alias or name,):
                yield from _sections(field.annotation, rest)
        return
    inner = get_args(annotation)
    origin = get_origin(annotation)
    if origin is Annotated:
        tags = [mark.tag for mark in inner[1:] if isinstance(mark, Tag)]
        if not tags:
            yield from _sections(inner[0], location)
        elif part == (tags[0],):
            yield from _sections(inner[0], rest)
    elif origin in (tuple, dict):
        if part:
            yield from _sections(inner[0] if origin is tuple else inner[1], rest)
    else:
        for member in inner:
            yield from _sections(member, location)
