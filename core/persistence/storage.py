"""The storage: gives out units of work on SQLite or PostgreSQL."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from core.domain.types import Scope
from core.errors import ConflictError, StorageUnavailableError
from core.persistence.engine import BUSY_SECONDS, WRITE, StorageRole, make_engine, parse_url, sqlite_path
from core.persistence.failures import forget_values
from core.persistence.repositories.audit import AuditChain
from core.persistence.rights import SET_CLIENTS
from core.persistence.schema import is_current
from core.persistence.unit_of_work import SqlUnitOfWork

READ_ONLY = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


class SqlStorage:
    """Implements `core.ports.Storage`. Nothing is connected before the first use; an SQLite file is never created.

    Args:
        url: sqlite:///file or postgresql://…
        role: web may not read sealed columns (on SQLite by an authorizer).
        audit_chain: makes (seq, previous hash, hash, MAC) of an audit entry; without it nothing can be audited.
    """

    def __init__(self, url: str, *, role: str = StorageRole.SYNC, audit_chain: AuditChain | None = None) -> None:
        self._url = parse_url(url)
        self._role = StorageRole(role)
        self._audit_chain = audit_chain
        self._writer = threading.Lock()
        self.engine = make_engine(self._url, role=self._role)

    @cached_property
    def is_sqlite(self) -> bool:
        """Tell whether the database is one SQLite file."""
        return sqlite_path(self._url) is not None

    @contextmanager
    def begin(self, scope: Scope | None = None, *, write: bool = True) -> Iterator[SqlUnitOfWork]:
        """Give out one transaction; it commits at the end of the block; reading, or an exception, rolls back.

        Within a scope the repositories touch rows of its clients only, whatever client ids they are asked for.

        Raises:
            StorageUnavailableError: the database is down, full, damaged or still locked after ten seconds.
            ConflictError: what was written clashes with stored rows.
        """
        try:
            with self._turn(write), self._connect(write) as connection:
                allowed = None if scope is None else scope.client_ids
                if self._is_bound:
                    self._name_clients(connection, scope)
                yield SqlUnitOfWork(connection, allowed=allowed, audit_chain=self._audit_chain)
                if write:
                    connection.commit()
        except PoolTimeoutError as e:
            raise StorageUnavailableError("no free connection") from e
        except (ConflictError, StorageUnavailableError) as e:
            raise forget_values(e) from None

    @cached_property
    def _is_bound(self) -> bool:
        """Tell whether the database itself holds transactions to the clients they name."""
        return self._role is StorageRole.WEB and not self.is_sqlite

    @staticmethod
    def _name_clients(connection: Connection, scope: Scope | None) -> None:
        """Tell PostgreSQL whose rows this transaction may touch; without a scope nobody's."""
        every = scope is not None and scope.client_ids is None
        named = "" if scope is None else ",".join(sorted(map(str, scope.client_ids or ())))
        connection.execute(text(SET_CLIENTS), {"client_ids": named, "every": "on" if every else ""})

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            StorageUnavailableError: it gives none.
        """
        with self.begin(write=False) as uow:
            uow.connection.execute(text("SELECT 1"))

    def schema_is_current(self) -> bool:
        """Tell whether every migration has run."""
        path = sqlite_path(self._url)
        if path is not None and not path.exists():
            return False
        try:
            with self.begin(write=False) as uow:
                return is_current(uow.connection)
        except ProgrammingError:  # PostgreSQL: this process's role has no rights here yet
            return False

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _connect(self, write: bool) -> Connection:
        connection = self.engine.connect()
        if self.is_sqlite:
            return connection.execution_options(**{WRITE: write})
        return connection if write else connection.execution_options(**READ_ONLY)

    @contextmanager
    def _turn(self, write: bool) -> Iterator[None]:
        """Queue this process's writers on SQLite: waiting for a lock is fairer and cheaper than polling the file."""
        if not (write and self.is_sqlite):
            yield
            return
        if not self._writer.acquire(timeout=BUSY_SECONDS):
            raise StorageUnavailableError("another writer of this process holds the database")
        try:
            yield
        finally:
            self._writer.release()
