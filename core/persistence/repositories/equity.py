"""Equity history: written once per reading into four bucket sizes, read as curves and as points at given times."""

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Double,
    Integer,
    LargeBinary,
    and_,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)

from core.domain.types import EquityPoint
from core.persistence.buckets import BUCKETS, SPANS, Bar, Ids, join_bars, to_point
from core.persistence.equity_codec import EquityPack, unpack_closes, unpack_equity
from core.persistence.models import EquityPackRow, EquityPointRow, ExchangeAccountRow
from core.persistence.repositories.base import Query
from core.persistence.repositories.equity_packs import BAR_COLUMNS, EquityPackRepository
from core.persistence.repositories.equity_times import (
    ACCOUNT_ID,
    CLIENT_ID,
    asked_times,
    last_packs,
    last_points,
    owner_of,
    points_by_time,
)
from core.persistence.types import MICROS, to_micros
from core.ports import ClientIds, PointRow, PointWindow

BATCH = 1000
PACKS_AT_ONCE = 8
POINT, PACK = EquityPointRow, EquityPackRow
Close = tuple[int, float, float, bool]  # at_us, equity, unrealised P&L, complete
Span = tuple[int, int]  # microseconds, both included
_at = itemgetter(0)
NO_CLOSE = (cast(null(), BigInteger), cast(null(), Double), cast(null(), Double), cast(null(), Boolean))


class EquityRepository(EquityPackRepository):
    """The history half of `core.ports.Readings`."""

    def points(
        self, account_ids: Collection[UUID], client_ids: ClientIds, windows: Sequence[PointWindow]
    ) -> list[PointRow]:
        """Return the points of all windows in one query, by account, the oldest first.

        A page draws thousands of them, so the driver's own rows are read: no row objects, no type per column.
        """
        if not windows:
            return []
        chosen = []
        for number, window in enumerate(windows):
            seconds, span = window.bucket_seconds, (to_micros(window.since), to_micros(window.until))
            place = (literal(number, Integer), ACCOUNT_ID)
            close = (POINT.at_us, POINT.close, POINT.unrealized, POINT.complete)
            rows = select(*place, POINT.account_key, *close, cast(null(), LargeBinary)).select_from(POINT)
            packs = select(*place, PACK.account_key, *NO_CLOSE, PACK.points).select_from(PACK)
            chosen += [
                self._of(rows, POINT, account_ids, client_ids).where(*_within(seconds, span)),
                self._of(packs, PACK, account_ids, client_ids).where(*_packed_within(seconds, span)),
            ]
        result = self.run(union_all(*chosen))
        found = result.cursor.fetchall() if result.cursor is not None else []
        result.close()
        return _curves(found, windows)

    def last_points_before(
        self, account_ids: Collection[UUID], client_ids: ClientIds, times: Sequence[datetime]
    ) -> dict[datetime, dict[UUID, EquityPoint]]:
        """Return for each time the last point of each account at or before it, from the finest bucket that has one."""
        if not times or not account_ids:
            return {at: {} for at in times}
        mine, asked = ExchangeAccountRow.id.in_(sorted(account_ids)), asked_times(times)
        # rows first: what is packed between the two is then in both, and in none otherwise
        rows = self.run(self._scoped(last_points(len(times)).where(mine), POINT.client_id, client_ids), asked).all()
        packs = self.run(self._scoped(last_packs(len(times)).where(mine), PACK.client_id, client_ids), asked)
        return points_by_time(rows, packs, times)

    def first_point_at(self, account_ids: Collection[UUID], client_ids: ClientIds) -> dict[UUID, EquityPoint]:
        """Return the earliest point kept of each account; its `open` is the account's first equity."""
        rows = self._first(POINT, POINT.bucket, BAR_COLUMNS, account_ids, client_ids)
        bars: dict[tuple[object, object, int], Bar] = {(*row[:2], row[2]): tuple(row[3:]) for row in rows}
        for account, client, seconds, packed in self._first(PACK, PACK.period, (PACK.points,), account_ids, client_ids):
            key, first = (account, client, seconds), EquityPack(packed).bar(0)
            bars[key] = join_bars([first], [bars[key]] if key in bars else [], seconds)[0]
        ids = Ids()
        found: dict[UUID, EquityPoint] = {}
        for (account, client, _), bar in sorted(bars.items(), key=lambda item: (-item[1][0], item[0][2])):
            found[ids[account]] = to_point(ids[account], ids[client], bar)
        return found

    def iter_points(
        self, account_ids: Collection[UUID], client_ids: ClientIds, *, since: datetime, until: datetime
    ) -> Iterator[EquityPoint]:
        """Return points with since <= at <= until, a batch at a time, by account, the oldest first.

        Each stretch of time comes from the finest bucket size that is still kept for it.
        """
        for (account_id, client_id), starts in self._starts(account_ids, client_ids).items():
            for seconds, before_us in _stretches(starts):
                last = to_micros(until) if before_us is None else min(to_micros(until), before_us - 1)
                for bar in self._bars(account_id, client_id, seconds, (to_micros(since), last)):
                    yield to_point(account_id, client_id, bar)

    def _of(self, query: Query, model: Any, account_ids: Collection[UUID], client_ids: ClientIds) -> Query:  # noqa: ANN401 - either table
        joined = query.join(ExchangeAccountRow, owner_of(model))
        return self._scoped(joined.where(ExchangeAccountRow.id.in_(sorted(account_ids))), model.client_id, client_ids)

    def _first(
        self,
        model: Any,  # noqa: ANN401 - either table
        order: Any,  # noqa: ANN401 - its column
        columns: Sequence[Any],
        account_ids: Collection[UUID],
        client_ids: ClientIds,  # noqa: ANN401
    ) -> list[Sequence[Any]]:
        """Return (account, client, bucket size, columns) of the first row or pack of each size."""
        sizes = union_all(*(select(literal(seconds, Integer).label("seconds")) for seconds in BUCKETS)).subquery(
            "sizes"
        )
        kept = model.__table__.alias("kept")
        first = (
            select(kept.c[order.key])
            .where(kept.c.account_key == ExchangeAccountRow.number, kept.c.bucket_seconds == sizes.c.seconds)
            .order_by(kept.c[order.key])
            .limit(1)
            .correlate(sizes, ExchangeAccountRow)
            .scalar_subquery()
        )
        statement = (
            select(ACCOUNT_ID, CLIENT_ID, sizes.c.seconds, *columns)
            .select_from(sizes)
            .join(ExchangeAccountRow, ExchangeAccountRow.id.in_(sorted(account_ids)))
            .join(model, and_(owner_of(model), model.bucket_seconds == sizes.c.seconds, order == first))
        )
        return list(self.run(self._scoped(statement, model.client_id, client_ids)))

    def _bars(self, account_id: UUID, client_id: UUID, seconds: int, span: Span) -> Iterator[Bar]:
        """Return the points of one account and size within a span, ascending, from its rows and its packs together."""
        rows = self._of(select(*BAR_COLUMNS).select_from(POINT), POINT, {account_id}, {client_id})
        packs = self._of(select(PACK.points).select_from(PACK), PACK, {account_id}, {client_id})
        rows = rows.where(*_within(seconds, span)).order_by(POINT.bucket).execution_options(yield_per=BATCH)
        packs = packs.where(*_packed_within(seconds, span)).order_by(PACK.period)
        opened = self.run(packs.execution_options(yield_per=PACKS_AT_ONCE)).scalars()
        stored = (bar for packed in opened for bar in unpack_equity(packed) if span[0] <= bar[0] <= span[1])
        later: Iterator[Bar] = (tuple(row) for row in self.run(rows))
        width = seconds * MICROS
        both = heapq.merge(((bar[0] // width, 0, bar) for bar in stored), ((bar[0] // width, 1, bar) for bar in later))
        for _, same in groupby(both, key=itemgetter(0)):
            yield from join_bars([], (bar for *_, bar in same), seconds)

    def _starts(self, account_ids: Collection[UUID], client_ids: ClientIds) -> dict[tuple[UUID, UUID], dict[int, int]]:
        """Return the instant (microseconds) at which each bucket size begins, by account and client."""
        ids = Ids()
        starts: dict[tuple[UUID, UUID], dict[int, int]] = {}
        for model, first in ((POINT, func.min(POINT.at_us)), (PACK, func.min(PACK.first_us))):
            statement = select(ACCOUNT_ID, CLIENT_ID, model.bucket_seconds, first).select_from(model)
            grouped = (ExchangeAccountRow.id, ExchangeAccountRow.user_id, model.bucket_seconds)
            for account, client, seconds, micros in self.run(
                self._of(statement, model, account_ids, client_ids).group_by(*grouped)
            ):
                sizes = starts.setdefault((ids[account], ids[client]), {})
                start = micros // (seconds * MICROS) * (seconds * MICROS)
                sizes[seconds] = min(start, sizes.get(seconds, start))
        return dict(sorted(starts.items()))


def _curves(found: Iterable[Sequence[Any]], windows: Sequence[PointWindow]) -> list[PointRow]:
    """Make points of rows (window, account, its number, close, pack), by account number and time."""
    rows: dict[tuple[int, int], list[Close]] = {}
    packs: dict[tuple[int, int], list[bytes]] = {}
    ids, account_of = Ids(), dict[int, object]()
    for window, account, key, at, equity, unrealized, complete, packed in found:
        account_of[key] = account
        if packed is None:
            rows.setdefault((key, window), []).append((at, equity, unrealized, complete == 1))
        else:
            packs.setdefault((key, window), []).append(packed)
    points: dict[int, list[Close]] = {}
    for key, window in {*rows, *packs}:
        stored = _closes(packs.get((key, window), ()), windows[window])
        later = rows.get((key, window), [])
        points.setdefault(key, []).extend(_join_closes(stored, later, windows[window].bucket_seconds * MICROS))
    return [
        (ids[account_of[key]], *close) for key, closes in sorted(points.items()) for close in sorted(closes, key=_at)
    ]


def _closes(packs: Iterable[bytes], window: PointWindow) -> list[Close]:
    """Return what packs hold of a window, ascending in each pack."""
    first, last = to_micros(window.since), to_micros(window.until)
    closes: list[Close] = []
    for packed in packs:
        columns = unpack_closes(packed)
        begin, end = bisect_left(columns[0], first), bisect_right(columns[0], last)
        closes += zip(*(column[begin:end] for column in columns), strict=True)
    return closes


def _join_closes(stored: list[Close], later: list[Close], width: int) -> list[Close]:
    """Return the points of packs and rows, one a bucket: of two the newer."""
    packed_until = max((close[0] for close in stored), default=-1) // width
    if all(close[0] // width > packed_until for close in later):
        return stored + later
    found: dict[int, Close] = {}
    for close in (*stored, *later):
        bucket = close[0] // width
        if bucket not in found or close[0] > found[bucket][0]:
            found[bucket] = close
    return list(found.values())


def _within(seconds: int, span: Span) -> tuple[Any, ...]:
    width = seconds * MICROS
    return (
        POINT.bucket_seconds == seconds,
        POINT.bucket >= span[0] // width,
        POINT.bucket <= span[1] // width,
        POINT.at_us >= span[0],
        POINT.at_us <= span[1],
    )


def _packed_within(seconds: int, span: Span) -> tuple[Any, ...]:
    width = SPANS[seconds] * MICROS
    return (
        PACK.bucket_seconds == seconds,
        PACK.period >= span[0] // width,
        PACK.period <= span[1] // width,
        PACK.first_us <= span[1],
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
