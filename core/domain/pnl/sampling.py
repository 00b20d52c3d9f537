"""Thinning that keeps what matters, and figures as they are shown (PNL.md sections 14 and 15)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

PLACES = {"BTC": 8, "ETH": 8}
CENTS = 2
WIDE = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Open, high, low and close of equity in one bucket of time, and the times of the points that must survive."""

    start: pd.Timestamp
    open: float
    high: float
    low: float
    close: float
    n: int
    keep: list[pd.Timestamp]


def downsample(
    points: Iterable[Mapping[str, Any]], bucket_s: int, flows: Iterable[Any] = (), tz: str = "UTC"
) -> list[Bucket]:
    """Return the buckets of points {ts, equity} (null is dropped), each keeping first, last, highest and lowest.

    Always kept as well: both points around every flow (an instant), the last at or before each local midnight, and
    both ends.
    """
    known = [
        (pd.Timestamp(point["ts"]).tz_convert("UTC"), float(point["equity"]))
        for point in points
        if point["equity"] is not None and not pd.isna(point["equity"])
    ]
    known.sort(key=lambda point: point[0])
    if not known:
        return []
    always = _always(known, flows, tz)
    buckets: dict[int, list[tuple[pd.Timestamp, float]]] = {}
    for at, equity in known:
        buckets.setdefault(int(at.timestamp() // bucket_s) * bucket_s, []).append((at, equity))
    return [_bucket(start, part, always) for start, part in sorted(buckets.items())]


def round_money(value: Any, ccy: str = "USD") -> str | None:  # noqa: ANN401 (text, Decimal or number)
    """Return an amount rounded half away from zero to the places of its currency, never "-0.00"; None for null."""
    if value is None or pd.isna(value):
        return None
    step = Decimal(1).scaleb(-PLACES.get(ccy, CENTS))
    rounded = Decimal(str(value)).quantize(step, rounding=ROUND_HALF_UP, context=WIDE)
    return f"{abs(rounded) if rounded == 0 else rounded:f}"


def _bucket(start: int, part: list[tuple[pd.Timestamp, float]], always: set[pd.Timestamp]) -> Bucket:
    high, low = max(part, key=lambda point: point[1]), min(part, key=lambda point: point[1])
    keep = {part[0][0], part[-1][0], high[0], low[0]} | {at for at, _equity in part if at in always}
    return Bucket(
        pd.Timestamp(start, unit="s", tz="UTC"), part[0][1], high[1], low[1], part[-1][1], len(part), sorted(keep)
    )


def _always(known: list[tuple[pd.Timestamp, float]], flows: Iterable[Any], tz: str) -> set[pd.Timestamp]:
    times = [at for at, _equity in known]
    keep = {times[0], times[-1]}
    for flow in flows:
        moment = pd.Timestamp(flow).tz_convert("UTC")
        keep |= {at for at in (max((t for t in times if t <= moment), default=None),) if at is not None}
        keep |= {at for at in (min((t for t in times if t > moment), default=None),) if at is not None}
    zone = ZoneInfo(tz)
    for before, after in zip(times, times[1:], strict=False):
        first_instant = after.tz_convert(zone).normalize() if after.tzinfo else after
        if before.tz_convert(zone).date() != after.tz_convert(zone).date():
            keep.add(after if after == first_instant else before)
    return keep
