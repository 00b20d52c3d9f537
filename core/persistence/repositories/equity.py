"""Equity history: written once per reading into four bucket sizes, read as curves and as points at given times."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Integer,
    String,
    Uuid,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from core.domain.types import EquityPoint, ExchangeAccount
from core.persistence.buckets import BUCKETS, KEPT_SECONDS, Ids, fold, to_points
from core.persistence.models import EquityPointRow, ExchangeAccountRow
from core.persistence.repositories.base import Query, Repository, insert_into
from core.persistence.types import MICROS, to_micros
from core.ports import ClientIds, PointRow, PointWindow

BATCH = 1000
POINT = EquityPointRow
# Ids stay as the driver gives them: making a UUID per row costs more than reading the row.
POINT_COLUMNS = (
    type_coerce(ExchangeAccountRow.id, String),
    type_coerce(POINT.client_id, String),
    POINT.at_us,
    POINT.close,
    POINT.unrealized,
    POINT.complete,
    POINT.open,
    POINT.high,
    POINT.low,
)
ROW_COLUMNS = (POINT_COLUMNS[0], POINT.account_key, POINT.at_us, POINT.close, POINT.unrealized, POINT.complete)
OWNER = and_(ExchangeAccountRow.number == POINT.account_key, ExchangeAccountRow.user_id == POINT.client_id)


class EquityRepository(Repository):
    """The history half of `core.ports.Readings`."""

    def points(
        self, account_ids: Collection[UUID], client_ids: ClientIds, windows: Sequence[PointWindow]
    ) -> list[PointRow]:
        """Return the points of all windows in one query, by account, the oldest first.

        A page draws thousands of them, so the driver's own rows are read: no row objects, no type per column.
        """
        if not windows:
            return []
        chosen = [
            self._scoped(_joined(ROW_COLUMNS), POINT.client_id, client_ids)
            .where(ExchangeAccountRow.id.in_(sorted(account_ids)))
            .where(*_within(window.bucket_seconds, window.since, window.until))
            for window in windows
        ]
        result = self.run(union_all(*chosen))
        rows = sorted(result.cursor.fetchall() if result.cursor is not None else (), key=itemgetter(1, 2))
        result.close()
        ids = Ids()
        return [(ids[raw], at, equity, unrealized, complete == 1) for raw, _, at, equity, unrealized, complete in rows]

    def last_points_before(
        self, account_ids: Collection[UUID], client_ids: ClientIds, times: Sequence[datetime]
    ) -> dict[datetime, dict[UUID, EquityPoint]]:
        """Return for each time the last point of each account at or before it, from the finest bucket that has one."""
        if not times or not account_ids:
            return {at: {} for at in times}
        statement = last_points(len(times)).where(ExchangeAccountRow.id.in_(sorted(account_ids)))
        rows = self.run(self._scoped(statement, POINT.client_id, client_ids), asked_times(times))
        return points_by_time(rows, times)

    def first_point_at(self, account_ids: Collection[UUID], client_ids: ClientIds) -> dict[UUID, EquityPoint]:
        """Return the earliest point kept of each account; its `open` is the account's first equity."""
        sizes = union_all(*(select(literal(seconds, Integer).label("seconds")) for seconds in BUCKETS)).subquery(
            "sizes"
        )
        kept = POINT.__table__.alias("kept")
        first = (
            select(kept.c.bucket)
            .where(kept.c.account_key == ExchangeAccountRow.number, kept.c.bucket_seconds == sizes.c.seconds)
            .order_by(kept.c.bucket)
            .limit(1)
            .correlate(sizes, ExchangeAccountRow)
            .scalar_subquery()
        )
        statement = (
            select(*POINT_COLUMNS)
            .select_from(sizes)
            .join(ExchangeAccountRow, ExchangeAccountRow.id.in_(sorted(account_ids)))
            .join(POINT, and_(OWNER, POINT.bucket_seconds == sizes.c.seconds, POINT.bucket == first))
        )
        rows = self.run(self._scoped(statement, POINT.client_id, client_ids))
        found: dict[UUID, EquityPoint] = {}
        for point in sorted(to_points(rows), key=lambda point: point.at, reverse=True):
            found[point.account_id] = point
        return found

    def iter_points(
        self, account_ids: Collection[UUID], client_ids: ClientIds, *, since: datetime, until: datetime
    ) -> Iterator[EquityPoint]:
        """Return points with since <= at <= until, a batch at a time, by account, the oldest first.

        Each stretch of time comes from the finest bucket size that is still kept for it.
        """
        for account_id, starts in self._starts(account_ids, client_ids).items():
            for seconds, before_us in _stretches(starts):
                chosen = self._points({account_id}, client_ids).where(*_within(seconds, since, until))
                if before_us is not None:
                    chosen = chosen.where(POINT.at_us < before_us)
                batches = self.run(chosen.order_by(POINT.bucket).execution_options(yield_per=BATCH))
                for batch in batches.partitions():
                    yield from to_points(batch)

    def thin(self, account: ExchangeAccount, now: datetime) -> int:
        """Delete an account's points that are finer than their age deserves; return how many.

        30 s are kept for 2 days, 5 min for 30, 1 h for a year; the coarser buckets of the same time are there already.
        """
        self._require_own(account.user_id)
        owner = and_(ExchangeAccountRow.id == account.id, ExchangeAccountRow.user_id == account.user_id)
        number = select(ExchangeAccountRow.number).where(owner).scalar_subquery()
        deleted = 0
        for seconds, kept_seconds in KEPT_SECONDS.items():
            before = (to_micros(now) // MICROS - kept_seconds) // seconds
            mine = and_(POINT.account_key == number, POINT.client_id == account.user_id)
            old = and_(mine, POINT.bucket_seconds == seconds, POINT.bucket < before)
            deleted += self.run(delete(POINT).where(old)).rowcount
        return deleted

    def _save_points(self, points: Iterable[EquityPoint]) -> None:
        rows, upsert = fold(points), _point_upsert(self._is_sqlite)
        for start in range(0, len(rows), BATCH):
            self.run(upsert, rows[start : start + BATCH])

    def _points(self, account_ids: Collection[UUID], client_ids: ClientIds) -> Query:
        statement = _joined(POINT_COLUMNS).where(ExchangeAccountRow.id.in_(sorted(account_ids)))
        return self._scoped(statement, POINT.client_id, client_ids)

    def _starts(self, account_ids: Collection[UUID], client_ids: ClientIds) -> dict[UUID, dict[int, int]]:
        """Return the instant (microseconds) at which each bucket size begins, by account."""
        statement = (
            select(POINT_COLUMNS[0], POINT.bucket_seconds, func.min(POINT.bucket))
            .join(ExchangeAccountRow, OWNER)
            .where(ExchangeAccountRow.id.in_(sorted(account_ids)))
            .group_by(ExchangeAccountRow.id, POINT.bucket_seconds)
            .order_by(ExchangeAccountRow.id)
        )
        ids = Ids()
        starts: dict[UUID, dict[int, int]] = {}
        for raw, seconds, bucket in self.run(self._scoped(statement, POINT.client_id, client_ids)):
            starts.setdefault(ids[raw], {})[seconds] = bucket * seconds * MICROS
        return starts


def last_points(count: int) -> Query:
    """Return the query of the last points at or before `count` times, in every bucket size; see asked_times."""
    asked = union_all(
        *(
            select(
                literal(position, Integer).label("position"),
                bindparam(f"at_{position}", type_=BigInteger).label("at_us"),
                literal(seconds, Integer).label("bucket_seconds"),
                bindparam(f"bucket_{position}_{seconds}", type_=Integer).label("bucket"),
            )
            for position in range(count)
            for seconds in BUCKETS
        )
    ).subquery("asked")
    earlier = POINT.__table__.alias("earlier")
    last = (
        select(earlier.c.bucket)
        .where(
            earlier.c.account_key == ExchangeAccountRow.number,
            earlier.c.bucket_seconds == asked.c.bucket_seconds,
            earlier.c.bucket <= asked.c.bucket,
            earlier.c.at_us <= asked.c.at_us,
        )
        .order_by(earlier.c.bucket.desc())
        .limit(1)
        .correlate(asked, ExchangeAccountRow)
        .scalar_subquery()
    )
    at_last = and_(OWNER, POINT.bucket_seconds == asked.c.bucket_seconds, POINT.bucket == last)
    return (
        select(asked.c.position, asked.c.bucket_seconds, ExchangeAccountRow.id, POINT.client_id, *POINT_COLUMNS[2:])
        .select_from(asked)
        .join(ExchangeAccountRow, true())
        .join(POINT, at_last)
    )


def asked_times(times: Sequence[datetime]) -> dict[str, int]:
    """Return the parameters of last_points."""
    parameters = {f"at_{position}": to_micros(at) for position, at in enumerate(times)}
    for position, at in enumerate(times):
        for seconds in BUCKETS:
            parameters[f"bucket_{position}_{seconds}"] = to_micros(at) // (seconds * MICROS)
    return parameters


def points_by_time(rows: Iterable[Sequence[Any]], times: Sequence[datetime]) -> dict[datetime, dict[UUID, EquityPoint]]:
    """Make the answer of last_points: of several bucket sizes the newest point counts, of equal ones the finest."""
    found: dict[datetime, dict[UUID, EquityPoint]] = {at: {} for at in times}
    coarse_first = sorted(rows, key=lambda row: (row[4], -row[1]))
    for row, point in zip(coarse_first, to_points([row[2:] for row in coarse_first]), strict=True):
        found[times[row[0]]][point.account_id] = point
    return found


@lru_cache(maxsize=2)
def _point_upsert(is_sqlite: bool) -> sqlite.Insert:
    number = (
        select(ExchangeAccountRow.number)
        .where(
            ExchangeAccountRow.id == bindparam("account_id", type_=Uuid()),
            ExchangeAccountRow.user_id == bindparam("client_id", type_=Uuid()),
        )
        .scalar_subquery()
    )
    names = ("bucket_seconds", "bucket", "at_us", "open", "high", "low", "close", "unrealized", "complete")
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    client_id = bindparam("client_id", type_=Uuid())
    insert = insert_into(POINT, is_sqlite).values(account_key=number, client_id=client_id, **values)
    return insert.on_conflict_do_update(
        index_elements=["account_key", "bucket_seconds", "bucket"], set_=_merged(insert.excluded)
    )


def _joined(columns: Sequence[Any]) -> Query:
    return select(*columns).select_from(POINT).join(ExchangeAccountRow, OWNER)


def _within(bucket_seconds: int, since: datetime, until: datetime) -> tuple[Any, ...]:
    first, last = to_micros(since), to_micros(until)
    width = bucket_seconds * MICROS
    return (
        POINT.bucket_seconds == bucket_seconds,
        POINT.bucket >= first // width,
        POINT.bucket <= last // width,
        POINT.at_us >= first,
        POINT.at_us <= last,
    )


def _stretches(starts: Mapping[int, int]) -> list[tuple[int, int | None]]:
    """Return (bucket size, read only what is before) from the coarsest to the finest size of one account."""
    stretches: list[tuple[int, int | None]] = []
    before: int | None = None
    for seconds in sorted(starts):
        if before is None or starts[seconds] < before:
            stretches.append((seconds, before))
            before = starts[seconds]
    return stretches[::-1]


def _merged(new: ReadOnlyColumnCollection[str, Any]) -> dict[str, Any]:
    """Return the columns of a bucket that meets a further reading: the newest closes, whatever the order of arrival."""
    newest = {
        name: case((new.at_us > POINT.at_us, new[name]), else_=getattr(POINT, name))
        for name in ("close", "unrealized", "complete", "at_us")
    }
    return {
        "high": case((new.high > POINT.high, new.high), else_=POINT.high),
        "low": case((new.low < POINT.low, new.low), else_=POINT.low),
        **newest,
    }
