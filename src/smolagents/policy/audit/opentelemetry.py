"""Records as events of OpenTelemetry spans. Needs `opentelemetry-api`; what is done with spans is up to its SDK."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..errors import PolicyError, Problem


PREFIX = "smolagents.policy"


class OpenTelemetrySink:
    """Adds each record to the current span, as an event with attributes.

    A span in which something was refused has the attributes `smolagents.policy.denied` (true) and
    `smolagents.policy.code`. A record outside of any span is a span of its own, with that event.

    Args:
        tracer_provider (`opentelemetry.trace.TracerProvider`, *optional*): For those spans; the global one by default.

    Raises:
        `PolicyError`: If OpenTelemetry is not installed.
    """

    def __init__(self, tracer_provider: Any = None):
        try:
            from opentelemetry import trace
        except ModuleNotFoundError:
            message = "OpenTelemetrySink needs OpenTelemetry. Install it with: pip install opentelemetry-sdk"
            raise PolicyError([Problem(message, "audit", "<sinks>")]) from None
        self._current_span = trace.get_current_span
        self._tracer = trace.get_tracer("smolagents.policy", tracer_provider=tracer_provider)

    def write(self, record: Mapping[str, Any]) -> None:
        span = self._current_span()
        if span.is_recording():
            self._add(span, record)
            return
        with self._tracer.start_as_current_span(f"{PREFIX}.{record['type']}") as own:
            self._add(own, record)

    def _add(self, span: Any, record: Mapping[str, Any]) -> None:
        span.add_event(f"{PREFIX}.{record['type']}", attributes(record))
        if record["type"] == "denied":
            span.set_attribute(f"{PREFIX}.denied", True)
            span.set_attribute(f"{PREFIX}.code", record["decision"]["code"])


def attributes(record: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a record as attributes: text and numbers as they are, what is nested in JSON, no nulls."""
    return {f"{PREFIX}.{name}": _attribute(value) for name, value in record.items() if value is not None}


def _attribute(value: Any) -> Any:
    if isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, (list, tuple)) and value and all(type(item) is str for item in value):
        return list(value)
    return json.dumps(value)
