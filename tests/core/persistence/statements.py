"""A hook that fails any statement on a tenant table which names no client where it chooses its rows."""

import re

from sqlalchemy import Engine, event

from core.persistence.models import Base
from core.persistence.repositories.base import EVERY_CLIENT

TENANT_COLUMNS = ("client_id", "user_id")

FREE = ("audit_log",)  # not a tenant's: its readers are administrators and the verifying command


class UnscopedStatementError(AssertionError):
    """A statement on a tenant table chose its rows without a client."""


def tenant_tables() -> set[str]:
    """Return the tables whose rows belong to one client."""
    return {
        table.name
        for table in Base.metadata.tables.values()
        if table.name not in FREE and any(name in table.columns for name in TENANT_COLUMNS)
    }


def check_statement(statement: str) -> None:
    """Refuse a statement on a tenant table that neither names a client nor carries the marker of system-wide work.

    Raises:
        UnscopedStatementError: it names none.
    """
    text = " ".join(statement.split())
    touched = set(re.findall(r"(?:FROM|JOIN|INTO|UPDATE) \"?(\w+)", text)) & tenant_tables()
    if not touched or EVERY_CLIENT in text:
        return
    chosen = text if text.startswith("INSERT") else text[text.find(" WHERE ") :] if " WHERE " in text else ""
    if not any(column in chosen for column in TENANT_COLUMNS):
        raise UnscopedStatementError(text)


def refuse_unscoped_statements(engine: Engine) -> None:
    """Check every statement of this engine from now on."""

    @event.listens_for(engine, "before_cursor_execute")
    def check(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        check_statement(statement)
