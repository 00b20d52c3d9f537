"""Equity history in buckets of 30 s, 5 min, 1 h and 1 day: folding points into rows, and rows back into points."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from core.domain.types import EquityPoint
from core.persistence.types import EPOCH, MICROS, to_micros

BUCKETS = (30, 300, 3600, 86_400)
DAY = 86_400
KEPT_SECONDS = {30: 2 * DAY, 300: 30 * DAY, 3600: 365 * DAY}


class Ids(dict[object, UUID]):
    """Ids as the driver returns them (text on SQLite) to UUIDs, each made once."""

    def __missing__(self, raw: object) -> UUID:
        self[raw] = made = raw if isinstance(raw, UUID) else UUID(str(raw))
        return made


def to_points(rows: Iterable[Sequence[Any]]) -> list[EquityPoint]:
    """Make points of rows (account, client, at, close, unrealized, complete, open, high, low), ids as raw values."""
    ids = Ids()
    points = []
    for account_id, client_id, micros, equity, unrealized, complete, *range_ in rows:
        at = EPOCH + timedelta(microseconds=micros)
        points.append(EquityPoint(ids[account_id], ids[client_id], at, equity, unrealized, complete, *range_))
    return points


def fold(points: Iterable[EquityPoint]) -> list[dict[str, Any]]:
    """Return one row per account, bucket size and bucket: first open, highest, lowest, and the newest close."""
    rows: dict[tuple[UUID, int, int], dict[str, Any]] = {}
    for point in sorted(points, key=lambda point: point.at):
        micros = to_micros(point.at)
        for seconds in BUCKETS:
            bucket = micros // (seconds * MICROS)
            row = rows.setdefault((point.account_id, seconds, bucket), _first(point, seconds, bucket))
            row["high"] = max(row["high"], point.high)
            row["low"] = min(row["low"], point.low)
            row |= {
                "at_us": micros,
                "close": point.equity,
                "unrealized": point.unrealized_pnl,
                "complete": point.complete,
            }
    return list(rows.values())


def _first(point: EquityPoint, seconds: int, bucket: int) -> dict[str, Any]:
    return {
        "account_id": point.account_id,
        "client_id": point.client_id,
        "bucket_seconds": seconds,
        "bucket": bucket,
        "open": point.open,
        "high": point.high,
        "low": point.low,
    }
