"""What a record says, whatever it says: the file may have been written by anybody."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ..encoding import decoded


_MANY = 1e15  # More than anything that is counted here
_SHOWN = 200  # characters, of what should be a text and is none


def text_of(value: Any) -> str:
    """A text as it is, and of anything else the beginning of its JSON; empty for `None`."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    try:
        return json.dumps(value)[:_SHOWN]
    except (ValueError, RecursionError):
        return "<cannot be shown>"


def number_of(value: Any) -> float | None:
    """A number from 0 that can be worked with, or `None`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < _MANY:
        return None
    return float(value) if math.isfinite(value) else None


def count_of(value: Any) -> int:
    """A whole number, 0 if it is none."""
    return int(number_of(value) or 0)


def seconds_of(value: Any) -> float | None:
    """A time in UTC as seconds since 1970, or `None`."""
    try:
        time = datetime.fromisoformat(value[:-1] if value.endswith("Z") else value)
        return time.replace(tzinfo=timezone.utc).timestamp()
    except (AttributeError, TypeError, ValueError, OverflowError):
        return None


def mapping_of(value: Any) -> Mapping[str, Any]:
    """A JSON object as it is, and an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """A JSON array as it is, and an empty one in place of anything else."""
    return value if isinstance(value, list) else []


def value_of(data: Any) -> Any:
    """An argument or a result as hooks saw it; what has no such form is shown as the JSON that it is."""
    try:
        return decoded(data)
    except (ValueError, TypeError, RecursionError):
        return text_of(data)
