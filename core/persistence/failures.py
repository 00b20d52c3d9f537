"""What the drivers raise, as the platform's errors: down or locked, a clash with stored rows, or our own mistake."""

import re
import sqlite3
from typing import TypeVar

import psycopg
from sqlalchemy import ExceptionContext
from sqlalchemy.exc import IntegrityError, OperationalError

from core.errors import ConfigurationError, ConflictError, PlatformError, StorageUnavailableError

DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
RETRYABLE_STATES = ("40", "53", "55", "57", "58")
NO_ROLE = re.compile(r'role "ga_\w+" does not exist|permission denied to set role')
E = TypeVar("E", bound=PlatformError)


def translate_failure(context: ExceptionContext) -> BaseException | None:
    """Return the platform's error for a failed statement, or None to let the driver's error through.

    The texts name a constraint or a state, never a value: the drivers' own messages quote rows.
    """
    error = context.sqlalchemy_exception
    if isinstance(error, IntegrityError):
        return ConflictError(_name_of(context.original_exception))
    if NO_ROLE.search(str(context.original_exception)):
        return ConfigurationError("the database has no roles for the processes: run `python -m core migrate`")
    if context.is_disconnect or _is_unavailable(error, context.original_exception):
        return StorageUnavailableError(_name_of(context.original_exception))
    return None


def platform_error(original: psycopg.Error) -> PlatformError:
    """Return the platform's error for a failure of the PostgreSQL driver outside a statement."""
    if isinstance(original, psycopg.IntegrityError):
        return ConflictError(_name_of(original))
    return StorageUnavailableError(_name_of(original))


def forget_values(error: E) -> E:
    """Cut the driver's error off, whose message may quote stored values."""
    error.__cause__ = None
    error.__context__ = None
    return error


def _is_unavailable(error: BaseException | None, original: BaseException) -> bool:
    if isinstance(original, sqlite3.Error):
        code = getattr(original, "sqlite_errorcode", None)
        if code is not None and code & 0xFF in DAMAGED:
            return True
        return isinstance(error, OperationalError) and code != sqlite3.SQLITE_ERROR
    state = getattr(original, "sqlstate", None)
    if state is None:
        return isinstance(error, OperationalError)
    return state[:2] in RETRYABLE_STATES or state[:2] == "08"


def _name_of(original: BaseException) -> str:
    if isinstance(original, sqlite3.Error):
        return str(getattr(original, "sqlite_errorname", type(original).__name__))
    diagnostic = getattr(original, "diag", None)
    constraint = getattr(diagnostic, "constraint_name", None)
    return str(constraint or getattr(original, "sqlstate", None) or type(original).__name__)
