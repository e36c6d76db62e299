"""Logging of the daemons, set up once per process: JSON lines on stderr, pretty on a terminal.

An event's name is a stable snake_case key and what varies is in its fields:
`log.info("generation_published", generation=12)`. An exception goes in the field `error`.
Records of libraries that use the standard library's logging come out in the same form.
"""

import logging
import sys
from collections.abc import Callable
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from session_lattice.errors import LatticeError

LIBRARY_LEVEL = logging.WARNING
"""The least level at which libraries are heard, unless ours is debug."""


def configure(level: str, process: str, *, stream: TextIO | None = None) -> None:
    """Say where this process's events go; `process` is a field of each, `level` a LOG_LEVELS name.

    Called again it starts anew.
    """
    stream = sys.stderr if stream is None else stream
    threshold = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        _named(process),
        _explained,
    ]
    output = _output(pretty=stream.isatty())
    structlog.configure(
        processors=[*shared, *output],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *output],
        )
    )
    library_level = threshold if level == "debug" else max(threshold, LIBRARY_LEVEL)
    logging.basicConfig(handlers=[handler], level=library_level, force=True)


def _output(*, pretty: bool) -> list[Processor]:
    if pretty:
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(exception_formatter=plain, timestamp_key="ts")]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _named(process: str) -> Callable[[WrappedLogger, str, EventDict], EventDict]:
    def name(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {"process": process, **event}

    return name


def _explained(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Turn an exception in `error` into text, with the hint that ours carry."""
    error = event.get("error")
    if isinstance(error, LatticeError):
        hint = {"hint": error.hint} if error.hint else {}
        return {**event, "error": error.what, **hint}
    if isinstance(error, BaseException):
        return {**event, "error": f"{type(error).__name__}: {error}"}
    return event
