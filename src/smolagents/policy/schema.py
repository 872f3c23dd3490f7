"""The JSON Schema of the policy language, from the same model that reads policies, for editors and other tools.

What a policy may be and a schema can say, it says. For the rest there are formats, which the loader checks and a
schema can only name: `policy-name` (no white space around it; a glob has no range that runs backwards), `policy-glob`
and `policy-regex` (RE2 can use it, and it is not in every text), `policy-host` (a host, an address or a network).
"""

from __future__ import annotations

import inspect
import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from .section import Section


DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(model: type[Section], title: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a section and of all that is in it."""
    schema = model.model_json_schema(by_alias=True, mode="validation", schema_generator=_Generator)
    _count_items(schema)
    return {"$schema": DIALECT, **schema, "title": title}


def _count_items(schema: Any) -> None:
    """Pydantic takes a list that is first made a tuple for a text when it says how long it may be."""
    if isinstance(schema, dict):
        if schema.get("type") == "array":
            for words, items in (("minLength", "minItems"), ("maxLength", "maxItems")):
                if words in schema:
                    schema[items] = schema.pop(words)
        for inner in schema.values():
            _count_items(inner)
    elif isinstance(schema, list):
        for inner in schema:
            _count_items(inner)


class _Generator(GenerateJsonSchema):
    """What pydantic makes of our model, without what the language does not have, and with our words."""

    def tagged_union_schema(self, schema: Any) -> Any:
        # A whole number is a number too, so exactly one form is too much to ask for.
        return {"anyOf": list(super().tagged_union_schema(schema)["oneOf"])}

    def nullable_schema(self, schema: Any) -> Any:
        # In Python `None` is a key that was left out. In a policy it is a mistake.
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: Any) -> Any:
        described = super().default_schema(schema)
        # Of a whole section or list the default is that nothing is said.
        if not isinstance(described.get("default"), (bool, int, float, str)):
            described.pop("default", None)
        return described

    def literal_schema(self, schema: Any) -> Any:
        described = super().literal_schema(schema)
        if isinstance(described.get("const"), int):
            described["type"] = "integer"
        return described

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def model_schema(self, schema: Any) -> Any:
        described = super().model_schema(schema)
        section: type[BaseModel] = schema["cls"]
        described["description"] = _summary(section)
        words = _descriptions(section)
        for name, field in section.model_fields.items():
            property_schema = described["properties"][field.alias or name]
            if (description := words.get(field.alias or name) or words.get(name)) is not None:
                # A copy: the same value, such as a pattern, has other words elsewhere.
                described["properties"][field.alias or name] = {**property_schema, "description": description}
        return described


def _summary(section: type[BaseModel]) -> str:
    text = inspect.cleandoc(section.__doc__ or "")
    return " ".join(text.split("\n\n")[0].split())


_ATTRIBUTE = re.compile(r"^    (\w+(?:, \w+)*) \(.*?\): (.*?)(?=^    \w|\Z)", re.DOTALL | re.MULTILINE)


def _descriptions(section: type[BaseModel]) -> dict[str, str]:
    """What the docstring of a section says of each of its keys."""
    _, _, attributes = inspect.cleandoc(section.__doc__ or "").partition("Attributes:\n")
    return {
        name: " ".join(words.split()) for names, words in _ATTRIBUTE.findall(attributes) for name in names.split(", ")
    }
