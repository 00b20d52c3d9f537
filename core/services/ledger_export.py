"""The file of the Ledger page: every entry that the page's filters let through, streamed, newest first."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from core.domain.types import Scope
from core.ports import Storage
from core.services.access import clients_of, require_recent_login
from core.services.exports import Cell, Column, Export
from core.services.ledger_types import LedgerQuestion, entry_of
from core.services.ledger_view import Asked, find_asked

LEDGER = "ledger"
COLUMNS = (
    Column("at", "time"),
    Column("account", "text"),
    Column("exchange", "text"),
    Column("wallet", "text"),
    Column("kind", "text"),
    Column("venue_type", "text"),
    Column("asset", "text"),
    Column("amount", "amount"),
    Column("price_usd", "amount"),
    Column("value_usd", "money"),
    Column("symbol", "text"),
    Column("txid", "text"),
    Column("ref", "text"),
    Column("native_id", "text"),
    Column("entry", "text"),
)


def open_ledger_export(storage: Storage, scope: Scope, question: LedgerQuestion, *, now: datetime) -> Export:
    """Return the entries that a page asks for.

    Raises:
        StepUpRequiredError: the login is older than ten minutes.
        NotFoundError: the client or the account is unknown or outside the scope.
        InvalidInputError: the period or the kind is none.
    """
    require_recent_login(scope, now)
    clients_of(scope, question.client_id)
    with storage.begin(scope, write=False) as uow:
        asked = find_asked(uow, scope, question, now)
    filename = f"{LEDGER}-{now:%Y%m%dT%H%M%SZ}.csv"
    return Export(LEDGER, COLUMNS, _rows(storage, scope, asked), now, filename, question.client_id)


def _rows(storage: Storage, scope: Scope, asked: Asked) -> Iterator[Sequence[Cell]]:
    accounts = asked.accounts
    with storage.begin(scope, write=False) as uow:
        for row in uow.ledger.stream(asked.filter, asked.clients):
            entry = entry_of(row, accounts)
            yield (
                row.booked_at,
                entry.account,
                entry.exchange,
                row.wallet,
                entry.group,
                row.venue_type,
                row.asset,
                row.amount,
                row.price,
                entry.value,
                row.symbol,
                row.txid,
                row.ref,
                row.native_id,
                row.dedupe_key,
            )
