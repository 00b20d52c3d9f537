"""What every wallet of an account held at one reading, and which readings of the past must survive thinning; pure.

Amounts are exact, prices USD. Points are never bridged: where nothing was read there is nothing.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

RAW_SECONDS = 30
BUCKET_SECONDS = (300, 3600, 86_400)
KEPT_DAYS = {RAW_SECONDS: 2, 300: 30, 3600: 365}


@dataclass(frozen=True, slots=True)
class HeldAsset:
    """What a wallet held of one asset: `amount` net of debt (it may be negative), without open P&L; `price` USD."""

    asset: str
    amount: Decimal
    price: Decimal | None


@dataclass(frozen=True, slots=True)
class OpenLeg:
    """An open position as the book needs it. `qty` is base units, for inverse contracts the face value in USD.

    `upnl` and `mm` (maintenance margin) are in `settle`, whose USD price is `settle_price`. A leg without a symbol is
    open P&L that the exchange shows in the balance and in no position.
    """

    symbol: str
    side: str
    settle: str
    inverse: bool = False
    qty: Decimal = Decimal(0)
    upnl: Decimal | None = None
    settle_price: Decimal | None = None
    mark: Decimal | None = None
    entry: Decimal | None = None
    liq: Decimal | None = None
    leverage: Decimal | None = None
    mm: Decimal | None = None


@dataclass(frozen=True, slots=True)
class WalletPoint:
    """One wallet at one reading; a wallet that failed (`ok` false) holds nothing here and counts nowhere."""

    wallet: str
    ok: bool
    assets: tuple[HeldAsset, ...] = ()
    legs: tuple[OpenLeg, ...] = ()


@dataclass(frozen=True, slots=True)
class DetailPoint:
    """All wallets of one account at one reading, asked at `at`."""

    at: datetime
    wallets: tuple[WalletPoint, ...]


def midnights(since: datetime, until: datetime, time_zone: str) -> list[datetime]:
    """Return the first instants of the local days that begin in (since, until], ascending, in the zone given."""
    zone = ZoneInfo(time_zone)
    first, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    found = (start_of_day(first + timedelta(days=n), time_zone) for n in range((last - first).days + 1))
    return [at for at in found if since < at <= until]


def start_of_day(day: date, time_zone: str) -> datetime:
    """Return the first instant of a local date (PNL.md section 5)."""
    return datetime.combine(day, time(), tzinfo=ZoneInfo(time_zone)).astimezone(ZoneInfo("UTC"))


def kept_points(
    points: Sequence[DetailPoint],
    *,
    bucket_seconds: int,
    flows: Mapping[str, Sequence[datetime]],
    boundaries: Sequence[datetime],
) -> list[DetailPoint]:
    """Return the points (ascending) that survive thinning: per wallet the last good one of each bucket, and always
    the first and the last, those on both sides of every flow, and the last at or before each boundary.

    `flows` are the times of external flows by wallet, `boundaries` the local midnights, both ascending.
    """  # noqa: D205 - one sentence
    keep: set[int] = set()
    for wallet in {wallet.wallet for point in points for wallet in point.wallets}:
        good = [n for n, point in enumerate(points) if _is_good(point, wallet)]
        if not good:
            continue
        times = [points[n].at for n in good]
        keep |= {good[0], good[-1]}
        last_of_bucket = {int(at.timestamp()) // bucket_seconds: n for n, at in zip(good, times, strict=True)}
        keep |= set(last_of_bucket.values())
        keep |= _sides(times, good, flows.get(wallet, ()))
        ends = (bisect_right(times, at) for at in boundaries)
        keep |= {good[end - 1] for end in ends if end}
    return [points[n] for n in sorted(keep)]


def _is_good(point: DetailPoint, wallet: str) -> bool:
    return any(found.ok for found in point.wallets if found.wallet == wallet)


def _sides(times: Sequence[datetime], numbers: Sequence[int], flows: Iterable[datetime]) -> set[int]:
    """Return the numbers of the last point at or before each flow and of the first after it."""
    found = set()
    for flow in flows:
        after = bisect_right(times, flow)
        found |= {numbers[n] for n in (after - 1, after) if 0 <= n < len(numbers)}
    return found
