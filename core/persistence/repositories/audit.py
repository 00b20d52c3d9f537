"""The append-only audit log: each row is chained to the one before it."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from uuid import UUID

from sqlalchemy import Connection, insert, select

from core.errors import ConfigurationError
from core.persistence.models import AuditRow
from core.persistence.repositories.base import ADVISORY_AUDIT, EVERY_CLIENT, Repository
from core.ports import AuditEntry

AuditHead = tuple[int, str]  # number and hash of the last row
AuditLink = tuple[int, str, str, str]  # number, previous hash, hash, MAC
AuditChain = Callable[[AuditEntry, AuditHead | None], AuditLink]
ENTRY_COLUMNS = (
    AuditRow.at,
    AuditRow.actor_id,
    AuditRow.action,
    AuditRow.object_type,
    AuditRow.object_id,
    AuditRow.client_id,
    AuditRow.ip,
    AuditRow.details,
)


class AuditRepository(Repository):
    """Implements `core.ports.AuditLog`."""

    def __init__(self, connection: Connection, allowed: frozenset[UUID] | None, chain: AuditChain | None) -> None:
        super().__init__(connection, allowed)
        self._chain = chain

    def append(self, entry: AuditEntry) -> None:
        """Add an entry as the next row of the chain.

        Raises:
            ConfigurationError: the storage was made without the function that chains entries.
        """
        if self._chain is None:
            raise ConfigurationError("the storage was opened without the app key: nothing can be audited")
        self._serialize(ADVISORY_AUDIT)
        seq, prev_hash, row_hash, mac = self._chain(entry, self.head())
        details = None if entry.details is None else dict(entry.details)
        link = {"seq": seq, "prev_hash": prev_hash, "hash": row_hash, "mac": mac}
        self.run(insert(AuditRow).values({**asdict(entry), "details": details, **link}))

    def head(self) -> AuditHead | None:
        """Return number and hash of the last row."""
        last = select(AuditRow.seq, AuditRow.hash).prefix_with(EVERY_CLIENT).order_by(AuditRow.seq.desc()).limit(1)
        row = self.run(last).one_or_none()
        return None if row is None else (row.seq, row.hash)

    def rows(self) -> Iterator[tuple[AuditEntry, AuditLink]]:
        """Return all rows in their order, a batch at a time."""
        link = (AuditRow.seq, AuditRow.prev_hash, AuditRow.hash, AuditRow.mac)
        statement = select(*link, *ENTRY_COLUMNS).prefix_with(EVERY_CLIENT).order_by(AuditRow.seq)
        for row in self.run(statement.execution_options(yield_per=1000)):
            seq, prev_hash, row_hash, mac, *entry = row
            yield AuditEntry(*entry), (seq, prev_hash, row_hash, mac)
