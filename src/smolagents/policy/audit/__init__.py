"""The audit trail: a file that says what was decided, on what, why, and what came of it.

One record before an execution that is let pass, one after it, and one for each denial, chained so that nothing can be
changed, left out or put in without the key. docs/audit.md has the format and what it does not protect from.
"""

from .errors import AuditError
from .opentelemetry import OpenTelemetrySink
from .sinks import AuditSink, LoggingSink


__all__ = ["AuditError", "AuditSink", "LoggingSink", "OpenTelemetrySink"]
