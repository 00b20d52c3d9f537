"""Rates of reporting currencies: what a dollar was worth at an instant, from stored rates only.

Every service that shows money asks here: `load_rates(uow, currency, since, until)`, then `rates.at(instant)`. None is
known where no rate is: never 1, never a later one (PNL.md section 11).
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import pandas as pd

from core.domain.currencies import (
    FIAT,
    FX_MAX_AGE_SECONDS,
    PRICE_MAX_AGE_SECONDS,
    REPORTING,
    USD,
    FxSource,
    RateBatch,
)
from core.domain.types import Scope
from core.errors import InvalidInputError
from core.ports import Storage, UnitOfWork
from core.services.access import clients_of

SOURCE_FACT = "fx_source"
FINE_FOR = timedelta(days=100)
HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Rate:
    """Units of a currency for one USD, since when, and who says so ("ptax", "market"; "" for the dollar itself)."""

    per_usd: float
    as_of: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Rates:
    """The known rates of one currency, ascending by time; `max_age_seconds` is how long one counts."""

    currency: str
    source: str
    max_age_seconds: float
    times: Sequence[datetime] = field(default_factory=tuple)
    values: Sequence[float] = field(default_factory=tuple)

    def at(self, when: datetime | None) -> Rate | None:
        """Return the last rate at or before an instant, None where there is none or it is too old."""
        if when is None:
            return None
        if self.currency == USD:
            return Rate(1.0, when, "")
        index = bisect_right(self.times, when) - 1
        if index < 0 or (when - self.times[index]).total_seconds() > self.max_age_seconds:
            return None
        return Rate(self.values[index], self.times[index], self.source)

    def convert(self, usd: float | None, when: datetime | None) -> float | None:
        """Return dollars of an instant in the currency; None where they or the rate are unknown."""
        rate = self.at(when)
        return None if usd is None or rate is None else usd * rate.per_usd

    def worth(self, usd: Iterable[tuple[float | None, datetime | None]]) -> float | None:
        """Return the sum of dollars of several instants, each at its own rate; what is None was never read.

        None where nothing was read, or a rate is unknown.
        """
        values = [self.convert(value, when) for value, when in usd if value is not None]
        known = [value for value in values if value is not None]
        return sum(known) if known and len(known) == len(values) else None

    def with_prices(self, prices: Iterable[tuple[datetime, float]]) -> "Rates":
        """Return the rates with what the coin itself cost in USD at more instants; a fiat currency has none."""
        if self.source != FxSource.MARKET or self.currency == USD:
            return self
        known = dict(zip(self.times, self.values, strict=True)) | {at: 1 / price for at, price in prices if price > 0}
        times = sorted(known)
        return Rates(self.currency, self.source, self.max_age_seconds, times, [known[at] for at in times])


def check_currency(currency: str) -> str:
    """Return a currency that money can be shown in.

    Raises:
        InvalidInputError: another one.
    """
    if currency not in REPORTING:
        raise InvalidInputError("currency", "unknown_currency")
    return currency


def load_rates(uow: UnitOfWork, currency: str, since: datetime, until: datetime) -> Rates:
    """Return the rates of a currency for instants in [since, until]."""
    if currency == USD:
        return Rates(USD, "", 0)
    if currency in FIAT and _source(uow) is FxSource.PTAX:
        age = timedelta(seconds=FX_MAX_AGE_SECONDS)
        stored = uow.fx.series(currency, FxSource.PTAX, since=since - age, until=until)
        times, values = [rate.at for rate in stored], [float(rate.per_usd) for rate in stored]
        return Rates(currency, FxSource.PTAX, FX_MAX_AGE_SECONDS, times, values)
    known = _market(uow, currency, since, until)
    times, values = [at for at, _price in known], [1 / price for _at, price in known]
    return Rates(currency, FxSource.MARKET, PRICE_MAX_AGE_SECONDS, times, values)


def rate_tables(uow: UnitOfWork, currency: str, since: datetime, until: datetime) -> dict[str, pd.DataFrame]:
    """Return the tables `fx` and `prices` of a book in a currency for instants in [since, until].

    A currency that the market prices is given as a price, so that the engine finds the rate of the very instant at
    which a wallet was read, where that wallet holds it.
    """
    rates = load_rates(uow, currency, since, until)
    fx = pd.DataFrame([], columns=["ts", "ccy", "per_usd"])
    prices = pd.DataFrame([], columns=["ts", "asset", "price"])
    if rates.source == FxSource.PTAX:
        rows = [(at, currency, value) for at, value in zip(rates.times, rates.values, strict=True)]
        unknown = [(since, currency, float("nan"))]  # else the engine would take the market's word for the bank's
        return {"fx": pd.DataFrame(rows or unknown, columns=fx.columns), "prices": prices}
    rows = [(at, currency, 1 / value) for at, value in zip(rates.times, rates.values, strict=True)]
    return {"fx": fx, "prices": pd.DataFrame(rows, columns=prices.columns)}


def late_rates(uow: UnitOfWork, currency: str, since: datetime, until: datetime) -> list[RateBatch]:
    """Return the rates learnt in [since, until], reading by reading: days made before may have lacked them.

    Prices of the market are learnt the moment they count, so there are none of them.
    """
    if currency not in FIAT or _source(uow) is not FxSource.PTAX:
        return []
    found = uow.fx.batches(currency, FxSource.PTAX, read_since=since)
    return [batch for batch in found if batch.read_at <= until]


def note_currency(storage: Storage, scope: Scope, client_id: UUID, currency: str, *, now: datetime) -> None:
    """Note that a client's results are read in a currency, so that its days are computed in it from now on.

    Raises:
        InvalidInputError: money cannot be shown in it.
        NotFoundError: the client is outside the scope.
    """
    check_currency(currency)
    ids = clients_of(scope, client_id)
    if currency == USD:
        return
    with storage.begin(scope, write=False) as uow:
        is_known = currency in uow.fx.wanted(ids).get(client_id, {})
    if not is_known:
        with storage.begin(scope) as uow:
            uow.fx.want(client_id, currency, now)


def _source(uow: UnitOfWork) -> FxSource:
    """Return where the sidecar takes fiat rates from."""
    return FxSource(uow.facts.get(SOURCE_FACT) or FxSource.PTAX)


def _market(uow: UnitOfWork, currency: str, since: datetime, until: datetime) -> list[tuple[datetime, float]]:
    """Return what the currency cost in USD over all exchanges; another coin of its name at one of them is left out."""
    step = 0 if until - since <= FINE_FOR else HOUR_SECONDS
    begin = since - timedelta(seconds=PRICE_MAX_AGE_SECONDS)
    points = uow.price_history.series({currency}, since=begin, until=until, step_seconds=step)
    return [(point.at, float(point.price)) for point in points if not point.exchange]
