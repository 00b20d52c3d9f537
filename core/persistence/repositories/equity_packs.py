"""Writing equity history: a row in each bucket size at first, packs of closed stretches, and what is too fine goes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, bindparam, case, delete, func, select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from core.domain.types import EquityPoint, ExchangeAccount
from core.persistence.buckets import KEPT_SECONDS, SPANS, Bar, fold, join_bars
from core.persistence.bulk import insert_rows
from core.persistence.direct import run_direct
from core.persistence.equity_codec import count_equity, pack_equity, unpack_equity
from core.persistence.models import EquityPackRow, EquityPointRow, ExchangeAccountRow
from core.persistence.repositories.base import Repository, insert_into, plain
from core.persistence.types import MICROS, to_micros

ADVISORY_EQUITY = 7_204
CLOSED_AFTER = timedelta(minutes=15)  # a slot may be stored ten minutes late
WORTH_A_PACK = 24
POINT, PACK = EquityPointRow, EquityPackRow
BAR_COLUMNS = plain(POINT.at_us, POINT.open, POINT.high, POINT.low, POINT.close, POINT.unrealized, POINT.complete)


@dataclass(frozen=True, slots=True)
class _Line:
    """The points of one account and bucket size."""

    account_key: int
    client_id: UUID
    seconds: int

    @property
    def span(self) -> int:
        """Seconds in one pack."""
        return SPANS[self.seconds]

    def of(self, model: type[EquityPointRow] | type[EquityPackRow]) -> ColumnElement[bool]:
        """Return the condition that a row or a pack is of this line."""
        owner = and_(model.account_key == self.account_key, model.client_id == self.client_id)
        return and_(owner, model.bucket_seconds == self.seconds)


class EquityPackRepository(Repository):
    """The part of `core.ports.Readings` that writes points and keeps the past small."""

    def pack(self, account: ExchangeAccount, now: datetime) -> int:
        """Move one stretch of points that are closed for a while into its pack; return how many, 0 when none is left.

        A few closed points stay as rows until it is worth writing a pack. Doing it twice changes nothing.
        """
        self._require_own(account.user_id)
        key = self._turn(account)
        for seconds in SPANS:
            line = _Line(key, account.user_id, seconds)
            closed = to_micros(now - CLOSED_AFTER) // MICROS // seconds
            old = and_(line.of(POINT), POINT.bucket < closed)
            count, oldest = self.run(select(func.count(), func.min(POINT.bucket)).where(old)).one()
            if count >= WORTH_A_PACK:
                return self._move(line, oldest * seconds // line.span, closed)
        return 0

    def thin(self, account: ExchangeAccount, now: datetime) -> int:
        """Delete an account's points that are finer than their age deserves; return how many.

        30 s are kept for 2 days, 5 min for 30, 1 h for a year; the coarser buckets of the same time are there already.
        """
        self._require_own(account.user_id)
        key = self._turn(account)
        deleted = 0
        for seconds, kept_seconds in KEPT_SECONDS.items():
            line = _Line(key, account.user_id, seconds)
            before = (to_micros(now) // MICROS - kept_seconds) // seconds
            deleted += self.run(delete(POINT).where(line.of(POINT), POINT.bucket < before)).rowcount
            deleted += self._thin_packs(line, before)
        return deleted

    def _save_point(self, point: EquityPoint) -> None:
        run_direct(self._connection, _point_upsert, fold([point]))

    def _save_points(self, points: Iterable[EquityPoint]) -> None:
        rows = fold(points)
        owners = {(row["account_id"], row["client_id"]): None for row in rows}
        for account_id, client_id in owners:
            number = select(ExchangeAccountRow.number).where(
                ExchangeAccountRow.id == account_id, ExchangeAccountRow.user_id == client_id
            )
            owners[account_id, client_id] = self.run(number).scalar_one_or_none()
        for row in rows:
            row["account_key"] = owners[row.pop("account_id"), row["client_id"]]  # None: refused by the database
        insert_rows(self._connection, POINT, _join_stored, rows)

    def _move(self, line: _Line, period: int, closed: int) -> int:
        """Pack the rows of one period before a bucket: exactly those that are deleted, others may come meanwhile."""
        first, end = (n * line.span // line.seconds for n in (period, period + 1))
        chosen = delete(POINT).where(line.of(POINT), POINT.bucket >= first, POINT.bucket < min(end, closed))
        rows = [tuple(row) for row in self.run(chosen.returning(*BAR_COLUMNS))]
        if not rows:
            return 0
        packed = self.run(select(PACK.points).where(line.of(PACK), PACK.period == period)).scalar_one_or_none()
        stored = [] if packed is None else unpack_equity(packed)
        self._write(line, join_bars(stored, rows, line.seconds))
        return len(rows)

    def _thin_packs(self, line: _Line, before: int) -> int:
        """Delete packed points before a bucket; the pack it lies in is written anew."""
        last, limit = before * line.seconds // line.span, before * line.seconds * MICROS
        old = and_(line.of(PACK), PACK.period <= last, PACK.first_us < limit)
        packs = self.run(delete(PACK).where(old).returning(PACK.period, PACK.points)).all()
        deleted = 0
        for period, packed in packs:
            kept = [bar for bar in unpack_equity(packed) if bar[0] >= limit] if period == last else []
            deleted += count_equity(packed) - len(kept)
            if kept:
                self._write(line, kept)
        return deleted

    def _write(self, line: _Line, bars: Sequence[Bar]) -> None:
        row = {
            "account_key": line.account_key, "bucket_seconds": line.seconds,
            "period": bars[0][0] // (line.span * MICROS), "client_id": line.client_id,
            "first_us": bars[0][0], "points": pack_equity(bars, line.seconds),
        }  # fmt: skip
        self._upsert(PACK, [row])

    def _turn(self, account: ExchangeAccount) -> int:
        """Return the account's number; two who pack the same account take turns (on SQLite writers are alone)."""
        owner = and_(ExchangeAccountRow.id == account.id, ExchangeAccountRow.user_id == account.user_id)
        number: int = self.run(select(ExchangeAccountRow.number).where(owner)).scalar_one()
        if not self._is_sqlite:
            lock = {"kind": ADVISORY_EQUITY, "number": number}
            self.run(text("SELECT pg_advisory_xact_lock(:kind, :number)"), lock)
        return number


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
    return _join_stored(insert_into(POINT, is_sqlite).values(account_key=number, client_id=client_id, **values))


def _join_stored(insert: sqlite.Insert) -> sqlite.Insert:
    keys = ["account_key", "bucket_seconds", "bucket"]
    return insert.on_conflict_do_update(index_elements=keys, set_=_merged(insert.excluded))


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
