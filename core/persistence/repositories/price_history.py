"""Prices of the past: five-minute steps for a while, daily ones for ever; of reporting currencies hourly ones too."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import ColumnElement, and_, delete, or_, select

from core.domain.currencies import REPORTING
from core.domain.marks import PricePoint
from core.persistence.models import BalanceRow, LedgerEntryRow, PositionRow, PricePointRow
from core.persistence.repositories.base import EVERY_CLIENT, Repository
from core.persistence.types import EPOCH, MICROS, to_micros
from core.ports.marks import Wanted

POINT = PricePointRow
FINE_SECONDS, HOUR_SECONDS, DAY_SECONDS = 300, 3600, 86_400
STEPS = (FINE_SECONDS, HOUR_SECONDS, DAY_SECONDS)
KEPT_SECONDS = 90 * DAY_SECONDS  # of assets that somebody has; daily ones of those that nobody has are kept as long
UNUSED_SECONDS = 2 * DAY_SECONDS


class PriceHistoryRepository(Repository):
    """Implements `core.ports.PriceHistory`."""

    def save(self, points: Iterable[PricePoint]) -> None:
        """Store prices; of those in one step the first stays."""
        rows = []
        for point in points:
            micros = to_micros(point.at)
            known = {"asset": point.asset, "exchange": point.exchange, "at_us": micros, "price": point.price}
            steps = [step for step in STEPS if step != HOUR_SECONDS or point.asset in REPORTING]
            rows += [{**known, "step_seconds": step, "bucket": micros // (step * MICROS)} for step in steps]
        if rows:
            self.run(self._insert(POINT).on_conflict_do_nothing(), rows)

    def prices_at(
        self, exchange: str, wanted: Collection[Wanted], *, max_age_seconds: float
    ) -> Mapping[Wanted, Decimal]:
        """Return the last price at or before each (asset, instant), not older than that; the exchange's own first."""
        begins = {asset: self._first_day(asset, exchange) for asset in {asset for asset, _ in wanted}}
        found: dict[Wanted, Decimal] = {}
        for asset, at in wanted:
            micros, begin = to_micros(at), begins[asset]
            if begin is None or micros < begin * DAY_SECONDS * MICROS:
                continue
            best = self._last(asset, exchange, micros, micros - int(max_age_seconds * MICROS))
            if best is not None:
                found[asset, at] = best
        return found

    def series(
        self, assets: Collection[str], *, since: datetime, until: datetime, step_seconds: int = 0
    ) -> list[PricePoint]:
        """Return the prices with since <= at <= until, the finest there are from that step on, by asset and time."""
        columns = (POINT.asset, POINT.exchange, POINT.at_us, POINT.price)
        statement = select(*columns).where(
            POINT.asset.in_(sorted(assets)), POINT.step_seconds >= step_seconds, _within(since, until)
        )
        best = {(asset, at, exchange): price for asset, exchange, at, price in self.run(statement)}
        return [
            PricePoint(asset, EPOCH + timedelta(microseconds=at), price, exchange)
            for (asset, at, exchange), price in sorted(best.items())
        ]

    def thin(self, now: datetime) -> int:
        """Drop five-minute steps that have had their time, and daily ones of assets nobody has; return how many.

        What somebody holds, held or was booked keeps its steps for 90 days and its days for ever; everything else has
        steps for two days and days for 90. Reporting currencies count as held, and their hours stay for ever.
        """
        tables = (BalanceRow.asset, LedgerEntryRow.asset, PositionRow.settle_asset)
        used = set(REPORTING)
        for column in tables:
            used.update(self.run(select(column).prefix_with(EVERY_CLIENT).distinct()).scalars())
        names = sorted(used)
        old, unused_old = _before(now, KEPT_SECONDS), _before(now, UNUSED_SECONDS)
        fine, nobody = POINT.step_seconds == FINE_SECONDS, POINT.asset.not_in(names)
        gone = or_(and_(fine, old), and_(nobody, fine, unused_old), and_(nobody, old))
        return self.run(delete(POINT).where(gone)).rowcount

    def _first_day(self, asset: str, exchange: str) -> int | None:
        mine = and_(POINT.asset == asset, POINT.exchange.in_(("", exchange)), POINT.step_seconds == DAY_SECONDS)
        day: int | None = self.run(
            select(POINT.bucket).where(mine).order_by(POINT.bucket).limit(1)
        ).scalar_one_or_none()
        return day

    def _last(self, asset: str, exchange: str, micros: int, oldest: int) -> Decimal | None:
        """Return the newest price in [oldest, micros]; five-minute steps before days, the exchange's own before all."""
        for step in STEPS:
            statement = (
                select(POINT.price)
                .where(
                    POINT.asset == asset,
                    POINT.exchange.in_(("", exchange)),
                    POINT.step_seconds == step,
                    POINT.bucket.between(oldest // (step * MICROS), micros // (step * MICROS)),
                    POINT.at_us.between(oldest, micros),
                )
                .order_by(POINT.bucket.desc(), POINT.exchange.desc())
                .limit(1)
            )
            price: Decimal | None = self.run(statement).scalar_one_or_none()
            if price is not None:
                return price
        return None


def _within(since: datetime, until: datetime) -> ColumnElement[bool]:
    return POINT.at_us.between(to_micros(since), to_micros(until))


def _before(now: datetime, seconds: int) -> ColumnElement[bool]:
    return POINT.at_us < to_micros(now) - seconds * MICROS
