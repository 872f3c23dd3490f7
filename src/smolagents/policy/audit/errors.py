"""What goes wrong with an audit trail."""

from __future__ import annotations


class AuditError(Exception):
    """A record cannot be written, or a trail cannot be read: one sentence on what is wrong."""
