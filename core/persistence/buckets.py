"""Equity history in buckets of 30 s, 5 min, 1 h and 1 day: folding points into rows, and rows back into points."""

from collections.abc import Iterable
from datetime import timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

from core.domain.types import EquityPoint
from core.persistence.types import EPOCH, MICROS, to_micros

BUCKETS = (30, 300, 3600, 86_400)
WIDTHS = tuple((seconds, seconds * MICROS) for seconds in BUCKETS)
DAY = 86_400
KEPT_SECONDS = {30: 2 * DAY, 300: 30 * DAY, 3600: 365 * DAY}
SPANS = {30: 14_400, 300: 4 * DAY, 3600: 40 * DAY, DAY: 360 * DAY}  # seconds in one pack of each bucket size
Bar = tuple[int, float, float, float, float, float, bool]  # at_us, open, high, low, close, unrealized, complete


class Ids(dict[object, UUID]):
    """Ids as the driver returns them (text on SQLite) to UUIDs, each made once."""

    def __missing__(self, raw: object) -> UUID:
        self[raw] = made = raw if isinstance(raw, UUID) else UUID(str(raw))
        return made


def to_point(account_id: UUID, client_id: UUID, bar: Bar) -> EquityPoint:
    """Make a point of a row or of what a pack holds."""
    micros, open_, high, low, close, unrealized, complete = bar
    at = EPOCH + timedelta(microseconds=micros)
    return EquityPoint(account_id, client_id, at, close, unrealized, complete, open_, high, low)


def fold(points: Iterable[EquityPoint]) -> list[dict[str, Any]]:
    """Return one row per account, bucket size and bucket: first open, highest, lowest, and the newest close."""
    rows: dict[tuple[UUID, int, int], dict[str, Any]] = {}
    for point in sorted(points, key=attrgetter("at")):
        micros = to_micros(point.at)
        for seconds, width in WIDTHS:
            place = (point.account_id, seconds, micros // width)
            row = rows.get(place)
            if row is None:
                rows[place] = _first(point, micros, place)
                continue
            row["high"] = max(row["high"], point.high)
            row["low"] = min(row["low"], point.low)
            row["at_us"], row["close"] = micros, point.equity
            row["unrealized"], row["complete"] = point.unrealized_pnl, point.complete
    return list(rows.values())


def join_bars(stored: Iterable[Bar], later: Iterable[Bar], bucket_seconds: int) -> list[Bar]:
    """Return the points of both, ascending, one a bucket: what arrived later extends what is stored, as in a row."""
    width = bucket_seconds * MICROS
    found = {bar[0] // width: bar for bar in stored}
    for bar in later:
        old = found.setdefault(bar[0] // width, bar)
        close = bar if bar[0] > old[0] else old
        found[bar[0] // width] = (close[0], old[1], max(old[2], bar[2]), min(old[3], bar[3]), *close[4:])
    return [found[bucket] for bucket in sorted(found)]


def _first(point: EquityPoint, micros: int, place: tuple[UUID, int, int]) -> dict[str, Any]:
    return {
        "account_id": point.account_id,
        "client_id": point.client_id,
        "bucket_seconds": place[1],
        "bucket": place[2],
        "at_us": micros,
        "open": point.open,
        "high": point.high,
        "low": point.low,
        "close": point.equity,
        "unrealized": point.unrealized_pnl,
        "complete": point.complete,
    }
