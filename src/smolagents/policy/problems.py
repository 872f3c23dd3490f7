"""Words the model's findings for the author of a policy, and finds their places in the text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import ValidationError

from .document import Document, Path
from .errors import MAX_PROBLEMS, Problem, excerpt, nearest
from .section import PATTERN_FORM_ERROR, Section, is_form


def problems_of(error: ValidationError, model: type[Section], document: Document) -> list[Problem]:
    """What `model` found wrong with the document, except where the document already has a problem."""
    problems = []
    for finding in error.errors(include_url=False)[:MAX_PROBLEMS]:
        location = finding["loc"]
        # The last part is a key of the document or of the model, whatever it looks like.
        path = (*(part for part in location[:-1] if not is_form(part)), *location[-1:])
        if finding["type"] != "extra_forbidden" and path and is_form(path[-1]):
            path = path[:-1]
        is_about_key = path[-1:] == ("[key]",)  # As pydantic says that a mapping's key is wrong
        path = path[:-1] if is_about_key else path
        if any(path[:length] in document.unusable for length in range(len(path) + 1)):
            continue
        if finding["type"] == "extra_forbidden":
            problems.append(_unknown_key(_sections_at(model, location[:-1]), path, document))
        elif finding["type"] == PATTERN_FORM_ERROR and _unknown_pattern_keys(finding["input"]):
            for key in _unknown_pattern_keys(finding["input"]):
                message = f"There is no such key. {_suggest(key, ('regex', 'glob'))}"
                problems.append(document.problem(message, (*path, key), at_key=True))
        else:
            problems.append(document.problem(_message(finding), path, at_key=is_about_key))
    return problems


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
    if kind in ("int_type", "int_from_float", "int_parsing"):
        return f"This has to be a whole number, and is {_describe(value)}."
    if kind in ("float_type", "float_parsing"):
        return f"This has to be a number, and is {_describe(value)}."
    if kind == "greater_than":
        return f"This has to be more than {context['gt']:g}, and is {value:g}."
    if kind == "greater_than_equal":
        return f"This has to be at least {context['ge']}, and is {value}."
    if kind == "less_than_equal":
        return f"This has to be at most {context['le']}, and is {value}."
    if kind == "string_too_short":
        return "This is empty. Write something, or leave the key out."
    if kind == "string_too_long":
        return f"This may have {context['max_length']} characters at most."
    if kind == "tuple_type":
        hint = f" Write [{value}]." if isinstance(value, str) and len(value) <= 40 else ""
        return f"This has to be a list, and is {_describe(value)}.{hint}"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return f"This has to be a mapping of keys to values, and is {_describe(value)}."
    if kind == "value_error":
        return str(context["error"])
    return f"{finding['msg']}."


def _unknown_key(sections: list[type[Section]], path: Path, document: Document) -> Problem:
    key = str(path[-1])
    if any(key in section.not_known_yet for section in sections):
        message = f"`{key}` is not known yet: this version cannot enforce it. Remove it, or use a version that can."
    else:
        valid = [field for section in sections for field in section.model_fields]
        message = f"There is no such key. {_suggest(key, valid)}"
    return document.problem(message, path, at_key=True)


def _unknown_pattern_keys(value: Any) -> list[str]:
    return [key for key in value if key not in ("regex", "glob")] if isinstance(value, Mapping) else []


def _suggest(word: str, valid: list[str] | tuple[str, ...]) -> str:
    guess = nearest(word, valid)
    return f"Did you mean `{guess}`?" if guess else f"The keys here are {', '.join(f'`{key}`' for key in valid)}."


def _not_one_of(expected: str, value: Any) -> str:
    """`expected` is pydantic's list of the allowed values: `'allow' or 'deny'`."""
    valid = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
    guess = nearest(value, valid) if isinstance(value, str) else None
    hint = f"Did you mean `{guess}`?" if guess else f"Write {' or '.join(f'`{word}`' for word in valid)}."
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


def _sections_at(model: type[Section], location: Path) -> list[type[Section]]:
    """The sections that the mapping at `location` may be."""
    sections = [model]
    for part in location:
        if isinstance(part, int):
            continue
        if is_form(part):
            sections = [section for section in sections if str(part)[1:-1] in section.model_fields]
        else:
            fields = [section.model_fields[part] for section in sections if part in section.model_fields]
            sections = [section for field in fields for section in _sections_in(field.annotation)]
    return sections


def _sections_in(annotation: Any) -> Iterator[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for argument in get_args(annotation):
        yield from _sections_in(argument)
