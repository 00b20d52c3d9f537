"""Logging of every process: standard library records, formatted by structlog, scrubbed once at the root handler."""

import logging
import sys
import threading
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from core.security.scrubber import Scrubber

LOUD_LIBRARIES = ("urllib3", "asyncio", "PIL", "watchdog")
CHATTY_LIBRARIES = ("alembic",)  # says at every look at the schema that it looked
OWN_HANDLERS = ("streamlit", "uvicorn", "websockets")
CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), 127, *range(128, 160), 0x2028, 0x2029)}

log = logging.getLogger(__name__)


class RootHandler(logging.StreamHandler[TextIO]):
    """Writes records; a record that cannot be formatted is named without its arguments, which may hold secrets."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the standard library's name
        """Say where the broken record came from, and nothing of it."""
        self.stream.write(f"unloggable record from {record.name} {record.filename}:{record.lineno}\n")


class ScrubbingFormatter(structlog.stdlib.ProcessorFormatter):
    """Renders a record with its exception, then takes secrets out of the finished line."""

    def __init__(self, scrubber: Scrubber, *, json: bool) -> None:
        render: Processor = (
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
            if json
            else structlog.dev.ConsoleRenderer(
                colors=False, exception_formatter=structlog.dev.plain_traceback, sort_keys=True
            )
        )
        super().__init__(
            foreign_pre_chain=[
                structlog.stdlib.add_logger_name,
                structlog.stdlib.add_log_level,
                structlog.stdlib.ExtraAdder(),
                structlog.contextvars.merge_contextvars,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _one_line,
                structlog.processors.format_exc_info,
                render,
            ],
        )
        self.scrubber = scrubber

    def format(self, record: logging.LogRecord) -> str:
        """Return the finished line without secrets."""
        return self.scrubber.scrub(super().format(record))


def configure_logging(
    level: str = "INFO", json: bool = False, *, scrubber: Scrubber | None = None, stream: TextIO | None = None
) -> Scrubber:
    """Set up logging of this process: one handler on the root, one scrubber on that handler.

    Libraries that bring handlers of their own are made to use the root's. Calling it again replaces the handler.

    Args:
        level: lowest level shown, by name; urllib3 never goes below INFO, for its debug lines hold URLs.
        json: one JSON object per line instead of text.
        scrubber: the one to use; by default the one that is there already, with its known values.
        stream: where lines go; standard error by default.

    Returns:
        The scrubber, so that values can be made known to it.
    """
    scrubber = scrubber or current_scrubber() or Scrubber()
    handler = RootHandler(stream or sys.stderr)
    handler.setFormatter(ScrubbingFormatter(scrubber, json=json))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in LOUD_LIBRARIES:
        logging.getLogger(name).setLevel(max(logging.INFO, root.level))
    for name in CHATTY_LIBRARIES:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    adopt_foreign_loggers()
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    return scrubber


def current_scrubber() -> Scrubber | None:
    """Return the scrubber of this process's root handler, or None before `configure_logging`."""
    formatters = (handler.formatter for handler in logging.getLogger().handlers)
    return next((found.scrubber for found in formatters if isinstance(found, ScrubbingFormatter)), None)


def adopt_foreign_loggers() -> None:
    """Send the records of libraries with handlers of their own through the root; call it again once they are loaded."""
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and name.partition(".")[0] in OWN_HANDLERS:
            logger.handlers.clear()
            logger.propagate = True


def log_ids(**ids: str | int) -> AbstractContextManager[None]:
    """Put these ids into every line that this thread logs within the block; a record's own extras come first."""
    return structlog.contextvars.bound_contextvars(**ids)


def _one_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Escape control characters in messages and extras, so that nobody can forge a line."""
    return {
        name: value.translate(CONTROL) if isinstance(value, str) and name != "exception" else value
        for name, value in event.items()
    }


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    log.critical("uncaught exception", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
        name = args.thread.name if args.thread else "unknown"
        log.critical("uncaught exception in thread %s", name, exc_info=args.exc_value)
