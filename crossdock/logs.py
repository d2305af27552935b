"""How the process logs: readable lines on a terminal, JSON elsewhere; to standard error."""

import logging
import sys
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer

from crossdock.config import Settings


def configure(settings: Settings, *, unless_set: str = "info") -> None:
    """Set up logging for the whole process. unless_set: the level where the settings name none."""
    console = settings.log_format == "console" or (not settings.log_format and sys.stderr.isatty())
    # Exceptions are never told with local variables: credentials are among them.
    readable = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    as_objects = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
    renderer: Any = readable if console else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if console else [as_objects]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[(settings.log_level or unless_set).upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
