"""What must be unexplained of each day, from the world's own books: the events that no history tells, at our prices."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from core.domain.points import DetailPoint
from tests.mapping.cases import Gap
from tests.mapping.lived import ZONE, Lived

Prices = Mapping[tuple[datetime, str], float]


def day_of(reading: datetime) -> date:
    """Return the local day that an interval with this end counts for: the reading at midnight ends the day before."""
    return (reading - timedelta(microseconds=1)).astimezone(ZoneInfo(ZONE)).date()


def interval_end(points: list[DetailPoint], at: datetime) -> datetime:
    """Return the first reading that has seen what happened at an instant."""
    return points[bisect_right(points, at, key=lambda point: point.at)].at


def prices_of(points: Iterable[DetailPoint]) -> Prices:
    """Return the price of each asset at each reading."""
    found: dict[tuple[datetime, str], float] = {}
    for point in points:
        for wallet in point.wallets:
            found |= {(point.at, held.asset): float(held.price) for held in wallet.assets if held.price is not None}
    return found


def price(lived: Lived, prices: Prices, at: datetime, asset: str) -> float:
    """Return what an asset cost at a reading: as we read it, or the world's price of what nobody held then."""
    if (at, asset) in prices:
        return prices[at, asset]
    known = lived.sandbox.world.price("USDT" if asset == "USD" else asset, at)
    assert known is not None, asset
    return float(known)


def untold(lived: Lived, gaps: Iterable[Gap]) -> dict[date, float]:
    """Return what must be unexplained of each day, in USD."""
    points = lived.points
    prices = prices_of(points)
    found: defaultdict[date, float] = defaultdict(float)
    for gap in gaps:
        if gap.by_worth:
            for day, change in _changes_of_worth(points, gap.wallet):
                found[day] += change
            continue
        for event in lived.happened:
            if event.wallet == gap.home and gap.untold(event) and event.at < points[-1].at:
                end = interval_end(points, event.at)
                found[day_of(end)] += float(event.amount) * price(lived, prices, end, event.asset)
                if gap.told_at is not None and gap.told_at(event) < points[-1].at:
                    end = interval_end(points, gap.told_at(event))
                    found[day_of(end)] -= float(event.amount) * price(lived, prices, end, event.asset)
    return found


def _changes_of_worth(points: list[DetailPoint], wallet: str) -> list[tuple[date, float]]:
    worth = [(point.at, _worth(point, wallet)) for point in points]
    return [(day_of(at), float(now - before)) for (_then, before), (at, now) in zip(worth, worth[1:], strict=False)]


def _worth(point: DetailPoint, wallet: str) -> Decimal:
    (found,) = (item for item in point.wallets if item.wallet == wallet)
    return sum((held.amount for held in found.assets), Decimal(0))
