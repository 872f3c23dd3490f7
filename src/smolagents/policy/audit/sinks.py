"""Where records go besides the file: anything with one method. Here, the standard library's logging."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any, Protocol


class AuditSink(Protocol):
    """Takes records, in several threads at once.

    What it raises is an audit error: by default, what was to be recorded is then denied.
    """

    def write(self, record: Mapping[str, Any]) -> None:
        """Take a record: plain data, as docs/audit.md has it, without `seq`, `process` and `mac`."""
        ...


class LoggingSink:
    """Logs each record: refusals as warnings, all else as information.

    The message is the record in JSON; the log record has it as `audit` too, for handlers that want its parts.

    Args:
        logger (`logging.Logger` or `str`): The logger, or its name.
    """

    def __init__(self, logger: logging.Logger | str = "smolagents.audit"):
        self._logger = logging.getLogger(logger) if isinstance(logger, str) else logger

    def write(self, record: Mapping[str, Any]) -> None:
        level = logging.WARNING if record["type"] == "denied" else logging.INFO
        if self._logger.isEnabledFor(level):
            self._logger.log(level, "%s", json.dumps(record), extra={"audit": record})
