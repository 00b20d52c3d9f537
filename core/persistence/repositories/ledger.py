"""Ledger rows: unique by (account, wallet, dedupe_key); storing one again changes nothing."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.dialects import sqlite

from core.domain.transfer_links import LegKey
from core.domain.types import LedgerRow
from core.persistence.bulk import insert_rows
from core.persistence.models import LedgerEntryRow
from core.persistence.repositories.base import Query, Repository, plain, row_of
from core.ports import ClientIds, LedgerFilter, LedgerPlace, LedgerSize

ENTRY = LedgerEntryRow
KEYS_AT_ONCE = 500
ROWS_AT_ONCE = 1000
LEDGER_COLUMNS = plain(
    LedgerEntryRow.account_id,
    LedgerEntryRow.client_id,
    LedgerEntryRow.wallet,
    LedgerEntryRow.dedupe_key,
    LedgerEntryRow.native_id,
    LedgerEntryRow.kind,
    LedgerEntryRow.asset,
    LedgerEntryRow.amount,
    LedgerEntryRow.booked_at,
    LedgerEntryRow.price,
    LedgerEntryRow.symbol,
    LedgerEntryRow.txid,
    LedgerEntryRow.ref,
    LedgerEntryRow.venue_type,
    LedgerEntryRow.internal,
)


SEARCHED = (ENTRY.symbol, ENTRY.asset, ENTRY.txid, ENTRY.ref, ENTRY.native_id)
ORDER = plain(ENTRY.booked_at, ENTRY.account_id, ENTRY.wallet, ENTRY.dedupe_key)


class LedgerRepository(Repository):
    """Implements `core.ports.Ledger`."""

    def add(self, rows: Iterable[LedgerRow]) -> int:
        """Store rows and return how many were new.

        Raises:
            ConflictError: an account is not of the client named beside it.
            NotFoundError: a client is outside the scope.
        """
        values: list[dict[str, Any]] = []
        for row in rows:
            self._require_own(row.client_id)
            values.append(row_of(row))
        return insert_rows(self._connection, LedgerEntryRow, _keep_stored, values)

    def unknown(self, rows: Iterable[LedgerRow]) -> list[LedgerRow]:
        """Return those of these rows that are not stored yet."""
        given = list(rows)
        known: set[tuple[Any, ...]] = set()
        for start in range(0, len(given), KEYS_AT_ONCE):
            some = given[start : start + KEYS_AT_ONCE]
            columns = (LedgerEntryRow.account_id, LedgerEntryRow.wallet, LedgerEntryRow.dedupe_key)
            clients = {row.client_id for row in some}
            statement = self._scoped(select(*columns), LedgerEntryRow.client_id, clients).where(
                LedgerEntryRow.account_id.in_(sorted({row.account_id for row in some})),
                LedgerEntryRow.dedupe_key.in_(sorted({row.dedupe_key for row in some})),
            )
            known |= {tuple(row) for row in self.run(statement)}
        return [row for row in given if (row.account_id, row.wallet, row.dedupe_key) not in known]

    def flows(
        self,
        account_ids: Collection[UUID],
        client_ids: ClientIds,
        *,
        since: datetime,
        until: datetime,
        kinds: Collection[str],
    ) -> list[LedgerRow]:
        """Return the rows of these kinds with since < booked_at <= until, the oldest first."""
        statement = self._scoped(select(*LEDGER_COLUMNS), LedgerEntryRow.client_id, client_ids).where(
            LedgerEntryRow.account_id.in_(sorted(account_ids)),
            LedgerEntryRow.booked_at > since,
            LedgerEntryRow.booked_at <= until,
            LedgerEntryRow.kind.in_(sorted(kinds)),
        )
        order = (LedgerEntryRow.booked_at, LedgerEntryRow.account_id, LedgerEntryRow.wallet, LedgerEntryRow.dedupe_key)
        return [LedgerRow(*row) for row in self.run(statement.order_by(*order))]

    def find(self, keys: Collection[LegKey], client_ids: ClientIds) -> list[LedgerRow]:
        """Return the entries of these keys, the oldest first; what is unknown or of other clients is left out."""
        wanted = sorted(set(keys))
        found: list[LedgerRow] = []
        for start in range(0, len(wanted), KEYS_AT_ONCE):
            some = set(wanted[start : start + KEYS_AT_ONCE])
            statement = self._scoped(select(*LEDGER_COLUMNS), ENTRY.client_id, client_ids).where(
                ENTRY.account_id.in_(sorted({key.account_id for key in some})),
                ENTRY.dedupe_key.in_(sorted({key.dedupe_key for key in some})),
            )
            rows = (LedgerRow(*row) for row in self.run(statement))
            found += [row for row in rows if LegKey(row.account_id, row.wallet, row.dedupe_key) in some]
        return sorted(found, key=lambda row: (row.booked_at, row.account_id, row.wallet, row.dedupe_key))

    def page(
        self, asked: LedgerFilter, client_ids: ClientIds, *, place: LedgerPlace | None, newer: bool, limit: int
    ) -> list[LedgerRow]:
        """Return at most `limit` entries next to a place, newest first: the older ones, or the newer ones.

        Without a place: the newest, or (`newer`) the oldest of all. Each account is walked along its own index, so
        that a page costs the same however long the ledger is.
        """
        order = ORDER if newer else [column.desc() for column in ORDER]
        found: list[LedgerRow] = []
        for account_id in sorted(asked.account_ids):
            statement = self._asked(select(*LEDGER_COLUMNS), asked, client_ids).where(ENTRY.account_id == account_id)
            if place is not None:
                statement = statement.where(_beyond(place, newer=newer))
            found += [LedgerRow(*row) for row in self.run(statement.order_by(*order).limit(limit))]
        found.sort(key=lambda row: (row.booked_at, row.account_id), reverse=not newer)
        return found[:limit][::-1] if newer else found[:limit]

    def count(self, asked: LedgerFilter, client_ids: ClientIds, *, newer_than: LedgerPlace | None = None) -> int:
        """Return how many entries are asked for, or how many of them are newer than a place."""
        statement = self._of_accounts(select(func.count()).select_from(ENTRY), asked, client_ids)
        if newer_than is not None:
            statement = statement.where(_beyond(newer_than, newer=True))
        return int(self.run(statement).scalar_one())

    def assets(self, asked: LedgerFilter, client_ids: ClientIds) -> list[str]:
        """Return the assets that occur in what is asked for, by name."""
        statement = self._of_accounts(select(ENTRY.asset), asked, client_ids)
        return sorted(self.run(statement.distinct()).scalars())

    def sizes(self, asked: LedgerFilter, client_ids: ClientIds) -> Iterator[LedgerSize]:
        """Return kind, asset, amount and price of each entry asked for, in no order, a batch at a time."""
        columns = plain(ENTRY.kind, ENTRY.asset, ENTRY.amount, ENTRY.price)
        statement = self._of_accounts(select(*columns), asked, client_ids)
        for row in self.run(statement.execution_options(yield_per=ROWS_AT_ONCE)):
            yield row[0], row[1], row[2], row[3]

    def stream(self, asked: LedgerFilter, client_ids: ClientIds) -> Iterator[LedgerRow]:
        """Return every entry asked for, newest first, a batch at a time."""
        statement = self._of_accounts(select(*LEDGER_COLUMNS), asked, client_ids)
        ordered = statement.order_by(*(column.desc() for column in ORDER))
        for row in self.run(ordered.execution_options(yield_per=ROWS_AT_ONCE)):
            yield LedgerRow(*row)

    def _of_accounts(self, statement: Query, asked: LedgerFilter, client_ids: ClientIds) -> Query:
        return self._asked(statement, asked, client_ids).where(ENTRY.account_id.in_(sorted(asked.account_ids)))

    def _asked(self, statement: Query, asked: LedgerFilter, client_ids: ClientIds) -> Query:
        chosen = self._scoped(statement, ENTRY.client_id, client_ids).where(
            ENTRY.booked_at >= asked.since, ENTRY.booked_at < asked.until, ENTRY.kind.in_(sorted(asked.kinds))
        )
        if asked.asset is not None:
            chosen = chosen.where(ENTRY.asset == asked.asset)
        if asked.text:
            chosen = chosen.where(or_(*(column.icontains(asked.text, autoescape=True) for column in SEARCHED)))
        return chosen


def _beyond(place: LedgerPlace, *, newer: bool) -> ColumnElement[bool]:
    """Return the condition that an entry comes after a place (`newer`) or before it, in the order of ORDER.

    The bound on the first column alone is what an index is entered by.
    """
    values = (place.booked_at, place.account_id, place.wallet, place.dedupe_key)
    steps = []
    for n, (column, value) in enumerate(zip(ORDER, values, strict=True)):
        same = [ORDER[m] == values[m] for m in range(n)]
        steps.append(and_(*same, column > value if newer else column < value))
    bound = ORDER[0] >= place.booked_at if newer else ORDER[0] <= place.booked_at
    return and_(bound, or_(*steps))


def _keep_stored(insert: sqlite.Insert) -> sqlite.Insert:
    return insert.on_conflict_do_nothing(index_elements=["account_id", "wallet", "dedupe_key"])
