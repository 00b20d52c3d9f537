"""Prices of the sandbox world: smooth seeded walks, a pure function of (seed, asset, second)."""

import hashlib
import math
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

DAY = 86_400


class Course(NamedTuple):
    """The price around which a walk goes, how wild it is against bitcoin, and its step."""

    around: str
    wild: float
    step: str


# Period in seconds and weight of each layer of noise: together about 2 % a day, hundredths of a percent in 30 s.
LAYERS = (
    (30 * DAY, 0.11),
    (8 * DAY, 0.05),
    (2 * DAY, 0.025),
    (28_800, 0.010),
    (7_200, 0.004),
    (1_200, 0.0018),
    (240, 0.0008),
    (40, 0.0004),
)
# Asset: USD price around which it walks, how wild it is against bitcoin, price tick, smallest quantity.
LISTED: dict[str, tuple[str, float, str, str]] = {
    "BTC": ("97000", 1.0, "0.01", "0.00001"),
    "ETH": ("3400", 1.3, "0.01", "0.0001"),
    "SOL": ("190", 1.7, "0.01", "0.001"),
    "BNB": ("680", 0.9, "0.01", "0.001"),
    "XRP": ("2.30", 1.5, "0.0001", "0.1"),
    "ADA": ("0.80", 1.6, "0.0001", "0.1"),
    "DOGE": ("0.18", 1.9, "0.00001", "1"),
    "LINK": ("18", 1.5, "0.001", "0.01"),
    "AVAX": ("31", 1.6, "0.001", "0.01"),
    "DOT": ("6.2", 1.4, "0.001", "0.01"),
    "LTC": ("108", 1.1, "0.01", "0.001"),
    "LDO": ("1.60", 1.8, "0.0001", "0.01"),
    "TRX": ("0.27", 0.8, "0.0001", "0.1"),
    "BGB": ("4.60", 1.2, "0.0001", "0.01"),
}
CONTRACTS = ("BTC", "ETH", "SOL", "XRP", "DOGE", "LINK")
STABLE = "USDT"
UNLISTED = "GHOST"
TINY = tuple(f"TINY{number:03d}" for number in range(1, 241))
BRL_PER_USDT = Course("5.42", 0.25, "0.001")
COURSES = {asset: Course(*row[:3]) for asset, row in LISTED.items()} | {"USDC": Course("0.9999", 0.002, "0.0001")}


class Market:
    """Prices of one seed. The same seed always gives the same prices; instants are floored to the second.

    `fixed` holds what a test wants a pair (base, quote) to cost, whatever the walk says.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.fixed: dict[tuple[str, str], Decimal] = {}

    def price(self, asset: str, at: datetime) -> Decimal | None:
        """Return the USD price of one unit, None where nobody trades the asset (USDT counts as one USD)."""
        return _usd(self.seed, asset, int(at.timestamp()))

    def pair(self, base: str, quote: str, at: datetime) -> Decimal:
        """Return units of `quote` for one `base`, on the pair's tick.

        Raises:
            KeyError: the pair is not listed.
        """
        if (base, quote) in self.fixed:
            return self.fixed[base, quote]
        if quote == STABLE and base != "BRL":
            price = self.price(base, at)
            if price is None:
                raise KeyError(base + quote)
            return price
        if quote == "BRL":
            rate = _walk(self.seed, "BRL", BRL_PER_USDT, int(at.timestamp()))
            return rate if base == STABLE else (self.pair(base, STABLE, at) * rate).quantize(Decimal("1"))
        raise KeyError(base + quote)

    def mark(self, base: str, at: datetime) -> Decimal:
        """Return the mark price of a perpetual: the spot price and a small premium."""
        spot = self.pair(base, STABLE, at)
        return (spot * (1 + Decimal(str(round(self._premium(base, at), 8))))).quantize(tick(base))

    def funding_rate(self, base: str, at: datetime) -> Decimal:
        """Return the funding rate due at `at` (longs pay shorts where positive)."""
        return Decimal(str(round(0.0001 + self._premium(base, at) / 2, 8)))

    def _premium(self, base: str, at: datetime) -> float:
        return 0.0004 * _layer(self.seed, base + "/premium", 14_400, int(at.timestamp()))


def spot_pairs() -> list[tuple[str, str]]:
    """Return the listed spot pairs (base, quote)."""
    pairs = [(asset, STABLE) for asset in (*LISTED, "USDC", *TINY)]
    return [*pairs, (STABLE, "BRL"), ("BTC", "BRL")]


def tick(asset: str) -> Decimal:
    """Return the price step of an asset against USDT."""
    return Decimal(LISTED[asset][2] if asset in LISTED else "0.000001")


def step(asset: str) -> Decimal:
    """Return the smallest quantity that trades."""
    return Decimal(LISTED[asset][3] if asset in LISTED else "0.01")


@lru_cache(maxsize=200_000)
def _usd(seed: int, asset: str, second: int) -> Decimal | None:
    if asset == STABLE:
        return Decimal(1)
    if asset == "BRL":
        return 1 / _walk(seed, "BRL", BRL_PER_USDT, second)
    if asset in COURSES:
        return _walk(seed, asset, COURSES[asset], second)
    if asset.startswith("TINY"):
        around = f"{0.002 + abs(_node(0, asset, 0, 0)):.6f}"
        return _walk(seed, asset, Course(around, 1.5, "0.000001"), second)
    return None


@lru_cache(maxsize=20_000)
def _walk(seed: int, asset: str, course: Course, second: int) -> Decimal:
    move = sum(weight * _layer(seed, asset, period, second) for period, weight in LAYERS)
    value = Decimal(course.around) * Decimal(repr(math.exp(course.wild * move)))
    return value.quantize(Decimal(course.step))


def _layer(seed: int, name: str, period: int, second: int) -> float:
    index, rest = divmod(second, period)
    at = rest / period
    smooth = at * at * (3 - 2 * at)
    left = _node(seed, name, period, index)
    return left + (_node(seed, name, period, index + 1) - left) * smooth


@lru_cache(maxsize=100_000)
def _node(seed: int, name: str, period: int, index: int) -> float:
    digest = hashlib.blake2b(f"{seed}:{name}:{period}:{index}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**63 - 1
