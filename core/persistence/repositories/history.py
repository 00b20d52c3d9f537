"""Kept points with their details: a row per slot at first, packs of an hour soon, thinner packs as they age."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, and_, bindparam, delete, select, text
from sqlalchemy.dialects import sqlite

from core.domain.points import DetailPoint
from core.domain.types import ExchangeAccount
from core.persistence.direct import run_direct
from core.persistence.models import DetailPackRow, ExchangeAccountRow, SnapshotDetailRow
from core.persistence.point_codec import pack_point, pack_points, unpack_points
from core.persistence.repositories.base import Query, Repository, insert_into
from core.persistence.types import MICROS, to_micros
from core.ports import ClientIds, Keep, StoredReading

RAW_SECONDS = 30
HOUR, DAY = 3600, 86_400
SPANS = {RAW_SECONDS: HOUR, 300: DAY, 3600: DAY, DAY: 30 * DAY}  # seconds in one pack of each bucket size
COARSER = {RAW_SECONDS: 300, 300: 3600, 3600: DAY}
ADVISORY_HISTORY = 7_203
SLOT, PACK, ACCOUNT = SnapshotDetailRow, DetailPackRow, ExchangeAccountRow


class HistoryRepository(Repository):
    """Implements `core.ports.History`."""

    def save(self, reading: StoredReading, details: DetailPoint) -> None:
        """Store what one slot read; a second reading in the slot takes the first one's place.

        Raises:
            ConflictError: the account is not of that client.
            NotFoundError: the client is outside the scope.
        """
        self._require_own(reading.client_id)
        row = {"account_id": reading.account_id, "client_id": reading.client_id, "slot": reading.slot}
        run_direct(self._connection, _slot_upsert, [{**row, "details": pack_point(details)}])

    def points(
        self, account_ids: Collection[UUID], client_ids: ClientIds, *, since: datetime, until: datetime
    ) -> dict[UUID, list[DetailPoint]]:
        """Return the points with since <= at <= until by account, ascending."""
        first, last = to_micros(since) // MICROS, to_micros(until) // MICROS
        found: dict[UUID, dict[datetime, DetailPoint]] = {account_id: {} for account_id in account_ids}
        within = (SLOT.slot >= first // RAW_SECONDS, SLOT.slot <= last // RAW_SECONDS)
        packs = [
            self._details(PACK, account_ids, client_ids).where(
                PACK.bucket_seconds == seconds, PACK.period >= first // span, PACK.period <= last // span
            )
            for seconds, span in SPANS.items()
        ]
        for query in (self._details(SLOT, account_ids, client_ids).where(*within), *packs):
            for account_id, packed in self.run(query):
                points = unpack_points(packed, since=since, until=until)
                found[account_id].update((point.at, point) for point in points)
        return {account_id: [points[at] for at in sorted(points)] for account_id, points in found.items()}

    def add(self, account: ExchangeAccount, points: Iterable[DetailPoint]) -> None:
        """Store points of the past, five minutes apart or more, beside what is there."""
        self._require_own(account.user_id)
        groups: dict[int, list[DetailPoint]] = defaultdict(list)
        for point in points:
            groups[to_micros(point.at) // MICROS // DAY].append(point)
        self._merge(account, self._lock(account), 300, groups)

    def pack(self, account: ExchangeAccount, *, before: datetime, limit: int) -> int:
        """Put the slots of whole hours before an instant into one pack each; return how many packs were written."""
        self._require_own(account.user_id)
        key = self._lock(account)
        per_hour = HOUR // RAW_SECONDS
        end = to_micros(before) // MICROS // HOUR
        mine = and_(SLOT.account_key == key, SLOT.client_id == account.user_id)
        rows = self.run(
            select(SLOT.slot, SLOT.details)
            .where(mine, SLOT.slot < end * per_hour)
            .order_by(SLOT.slot)
            .limit(limit * per_hour)
        ).all()
        if not rows:
            return 0
        hours: dict[int, list[DetailPoint]] = defaultdict(list)
        for slot, packed in rows:
            hours[slot // per_hour].extend(unpack_points(packed))
        whole = sorted(hours)[:limit]
        self._merge(account, key, RAW_SECONDS, {hour: hours[hour] for hour in whole})
        self.run(delete(SLOT).where(mine, SLOT.slot <= min(rows[-1].slot, whole[-1] * per_hour + per_hour - 1)))
        return len(whole)

    def coarsen(self, account: ExchangeAccount, *, bucket_seconds: int, before: datetime, keep: Keep) -> int:
        """Thin the oldest day of this bucket size that ends before an instant; return how many points it had."""
        self._require_own(account.user_id)
        key = self._lock(account)
        span = SPANS[bucket_seconds]
        mine = and_(PACK.account_key == key, PACK.client_id == account.user_id, PACK.bucket_seconds == bucket_seconds)
        end = to_micros(before) // MICROS // DAY * DAY // span
        oldest = select(PACK.period).where(mine, PACK.period < end).order_by(PACK.period).limit(1)
        period = self.run(oldest).scalar_one_or_none()
        if period is None:
            return 0
        first = period * span // DAY * DAY // span
        day = and_(mine, PACK.period >= first, PACK.period < first + DAY // span)
        packs = self.run(select(PACK.details).where(day).order_by(PACK.period)).scalars()
        points = [point for packed in packs for point in unpack_points(packed)]
        coarser = COARSER[bucket_seconds]
        groups: dict[int, list[DetailPoint]] = defaultdict(list)
        for point in keep(points):
            groups[to_micros(point.at) // MICROS // SPANS[coarser]].append(point)
        self._merge(account, key, coarser, groups)
        self.run(delete(PACK).where(day))
        return len(points)

    def _merge(
        self, account: ExchangeAccount, key: int, bucket_seconds: int, groups: Mapping[int, Iterable[DetailPoint]]
    ) -> None:
        """Write packs; what a pack holds already stays in it."""
        mine = and_(PACK.account_key == key, PACK.client_id == account.user_id, PACK.bucket_seconds == bucket_seconds)
        old = self.run(select(PACK.period, PACK.details).where(mine, PACK.period.in_(sorted(groups))))
        there: dict[int, bytes] = {period: packed for period, packed in old}
        rows: list[dict[str, Any]] = []
        for period, points in groups.items():
            stored = unpack_points(there[period]) if period in there else ()
            merged = {point.at: point for point in (*stored, *points)}
            packed = pack_points([merged[at] for at in sorted(merged)])
            rows.append({"account_key": key, "bucket_seconds": bucket_seconds, "period": period,
                         "client_id": account.user_id, "details": packed})  # fmt: skip
        self._upsert(PACK, rows)

    def _lock(self, account: ExchangeAccount) -> int:
        """Return the account's number; two who thin the same account take turns (on SQLite writers are alone)."""
        number: int = self.run(select(_number_of(account.id, account.user_id))).scalar_one()
        if not self._is_sqlite:
            lock = {"kind": ADVISORY_HISTORY, "number": number}
            self.run(text("SELECT pg_advisory_xact_lock(:kind, :number)"), lock)
        return number

    def _details(self, model: Any, account_ids: Collection[UUID], client_ids: ClientIds) -> Query:  # noqa: ANN401
        owner = and_(ACCOUNT.number == model.account_key, ACCOUNT.user_id == model.client_id)
        statement = select(ACCOUNT.id, model.details).select_from(model).join(ACCOUNT, owner)
        return self._scoped(statement.where(ACCOUNT.id.in_(sorted(account_ids))), model.client_id, client_ids)


def _slot_upsert(is_sqlite: bool) -> sqlite.Insert:
    account_id, client_id = bindparam("account_id", type_=Uuid()), bindparam("client_id", type_=Uuid())
    values = {"slot": bindparam("slot"), "client_id": client_id, "details": bindparam("details")}
    insert = insert_into(SLOT, is_sqlite).values(account_key=_number_of(account_id, client_id), **values)
    return insert.on_conflict_do_update(
        index_elements=["account_key", "slot"], set_={"details": insert.excluded.details}
    )


def _number_of(account_id: Any, client_id: Any) -> Any:  # noqa: ANN401 - ids or parameters; a scalar subquery
    owner = and_(ACCOUNT.id == account_id, ACCOUNT.user_id == client_id)
    return select(ACCOUNT.number).where(owner).scalar_subquery()
