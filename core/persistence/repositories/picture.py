"""Everything a page shows of one client, but the curve, in one query."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Uuid, bindparam, select

from core.domain.marks import MarkKind
from core.domain.types import Heartbeat, HeldBalance, LedgerRow, OpenPosition, SyncState
from core.persistence.models import (
    BalanceRow,
    ExchangeAccountRow,
    ExchangePauseRow,
    HeartbeatRow,
    JobRow,
    LedgerEntryRow,
    MarkRow,
    PositionRow,
    SyncStateRow,
    WalletStateRow,
)
from core.persistence.repositories.accounts import ACCOUNT_COLUMNS, to_account
from core.persistence.repositories.base import Query, Repository
from core.persistence.repositories.equity_times import asked_times, last_packs, last_points, points_by_time
from core.persistence.repositories.jobs import newest_jobs, to_job
from core.persistence.repositories.ledger import LEDGER_COLUMNS
from core.persistence.repositories.marks import MARK_COLUMNS, to_mark
from core.persistence.repositories.readings import BALANCE_COLUMNS, POSITION_COLUMNS, WALLET_COLUMNS, to_wallet
from core.persistence.repositories.syncing import BEAT_COLUMNS, PAUSE_COLUMNS, STATE_COLUMNS
from core.persistence.together import Together, put_together
from core.persistence.types import UtcDateTime
from core.ports import ClientPicture, ExchangePause

CLIENT = bindparam("picture_client", type_=Uuid())
NOW = bindparam("picture_now", type_=UtcDateTime())
DAY_BEFORE = bindparam("picture_day_before", type_=UtcDateTime())
FLOWS_SINCE = bindparam("picture_flows_since", type_=UtcDateTime())
MARKS_SHOWN = timedelta(days=1)
KINDS: BindParameter[str] = bindparam("picture_kinds", expanding=True)


@dataclass(frozen=True, slots=True)
class _Part:
    """One field of the picture: its query, what makes an object of a row, and the places in a row that order it."""

    query: Query
    build: Callable[[Sequence[Any]], Any]
    order: Callable[[Sequence[Any]], Any]


class PictureRepository(Repository):
    """Implements `core.ports.Pictures`."""

    def of_client(
        self,
        client_id: UUID,
        *,
        times: Sequence[datetime],
        flows_since: datetime,
        kinds: Collection[str],
        now: datetime,
    ) -> ClientPicture:
        """Return all accounts of a client with their latest state, in one query.

        Args:
            client_id: the client.
            times: for each of them the last point of each account at or before it is read.
            flows_since: ledger rows with flows_since < booked_at <= now are read.
            kinds: the kinds of those ledger rows.
            now: pauses that last longer are read.

        Raises:
            NotFoundError: the client is outside the scope.
        """
        self._require_own(client_id)
        asked = list(times) or [now]
        together = _statement(len(asked))
        parameters = {
            **asked_times(asked),
            CLIENT.key: client_id,
            NOW.key: now,
            DAY_BEFORE.key: now - MARKS_SHOWN,
            FLOWS_SINCE.key: flows_since,
            KINDS.key: sorted(kinds),
        }
        *found, points, packs = together.split(self.run(together.statement, parameters))
        fields = {
            name: [part.build(row) for row in sorted(rows, key=part.order)]
            for (name, part), rows in zip(PARTS.items(), found, strict=True)
        }
        boundaries = points_by_time(points, packs, asked)
        return ClientPicture(**fields, boundaries={at: boundaries[at] for at in times})


@lru_cache(maxsize=16)
def _statement(times: int) -> Together:
    """Build the statement once per number of times: building it costs more than running it."""
    boundaries = (query(times).where(ExchangeAccountRow.user_id == CLIENT) for query in (last_points, last_packs))
    return put_together([*(part.query for part in PARTS.values()), *boundaries])


def _of_client(columns: Sequence[Any], model: Any) -> Query:  # noqa: ANN401 - any table of a client
    return select(*columns).where(model.client_id == CLIENT)


_ACCOUNTS = select(ExchangeAccountRow.number, *ACCOUNT_COLUMNS).where(ExchangeAccountRow.user_id == CLIENT)
_FLOWS = _of_client(LEDGER_COLUMNS, LedgerEntryRow).where(
    LedgerEntryRow.booked_at > FLOWS_SINCE, LedgerEntryRow.booked_at <= NOW, LedgerEntryRow.kind.in_(KINDS)
)
_MARKS = _of_client(MARK_COLUMNS, MarkRow).where(
    MarkRow.noted_at > DAY_BEFORE, MarkRow.kind.in_([kind.value for kind in (MarkKind.LARGE_MOVE, MarkKind.SUSPECT)])
)
PARTS: dict[str, _Part] = {
    "accounts": _Part(_ACCOUNTS, lambda row: to_account(row[1:]), itemgetter(11, 0)),
    "states": _Part(_of_client(STATE_COLUMNS, SyncStateRow), lambda row: SyncState(*row), itemgetter(0)),
    "jobs": _Part(newest_jobs(JobRow.client_id == CLIENT), to_job, lambda row: (-row[5].timestamp(), row[0])),
    "wallets": _Part(_of_client(WALLET_COLUMNS, WalletStateRow), to_wallet, itemgetter(0, 2)),
    "balances": _Part(
        _of_client((BalanceRow.ordinal, *BALANCE_COLUMNS), BalanceRow),
        lambda row: HeldBalance(*row[1:]),
        itemgetter(1, 3, 0),
    ),
    "positions": _Part(
        _of_client((PositionRow.ordinal, *POSITION_COLUMNS), PositionRow),
        lambda row: OpenPosition(*row[1:]),
        itemgetter(1, 3, 0),
    ),
    "flows": _Part(_FLOWS, lambda row: LedgerRow(*row), itemgetter(8, 0, 2, 3)),
    "pauses": _Part(
        select(*PAUSE_COLUMNS).where(ExchangePauseRow.until > NOW), lambda row: ExchangePause(*row), itemgetter(0, 3)
    ),
    "marks": _Part(_MARKS, to_mark, itemgetter(0, 3)),
    "heartbeats": _Part(
        select(*BEAT_COLUMNS).select_from(HeartbeatRow), lambda row: Heartbeat(*row), lambda row: -row[2].timestamp()
    ),
}
