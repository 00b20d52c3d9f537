"""The currencies that people read their money in, and where the rates of each come from (PNL.md section 11)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

USD = "USD"
FIAT = ("BRL", "EUR")
COINS = ("USDT", "BTC")
REPORTING = ("BRL", USD, "USDT", "EUR", "BTC")
FX_MAX_AGE_SECONDS = 432_000
PRICE_MAX_AGE_SECONDS = 86_400


class FxSource(StrEnum):
    """Where rates of fiat currencies come from: the central bank's daily closing, or the exchanges' own pairs."""

    PTAX = "ptax"
    MARKET = "market"


@dataclass(frozen=True, slots=True)
class StoredRate:
    """Units of `currency` for one USD from `at` on, as `source` says; `read_at` is when we learnt it."""

    currency: str
    at: datetime
    per_usd: Decimal
    source: str
    read_at: datetime


@dataclass(frozen=True, slots=True)
class RateBatch:
    """Rates learnt together at `read_at`: the first and the last instant from which one of them counts."""

    read_at: datetime
    first: datetime
    last: datetime
