"""Prices: read once per exchange for everybody, kept in USD, and merged over exchanges when accounts are valued."""

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from connectors.types import Price
from core.domain.marks import PricePoint
from core.domain.pricing import PAR_COINS, USD, Market, Quote
from core.domain.types import PriceQuote
from core.ports import Clock, Storage
from core.sync.clocks import Clocks
from core.sync.ports import Connector, PriceAt, PriceOf

BOARD_SECONDS = 5
STEP_SECONDS = 300
KEPT_MAX_AGE_SECONDS = 86_400
OTHER_COIN = Decimal("0.05")  # a price so far off the others belongs to another coin of the same ticker


class PriceBoard:
    """Stored prices for the threads of one process, read again from the database every few seconds."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        make_public: Callable[[str], Connector],
        clocks: Clocks | None = None,
    ) -> None:
        """Hold an empty board; nothing is read yet. `clocks` learns the exchanges' time on the way."""
        self._storage = storage
        self._clock = clock
        self._make_public = make_public
        self._clocks = clocks or Clocks()
        self._quotes: list[PriceQuote] = []
        self._merged: Market | None = None
        self._own: dict[str, PriceOf] = {}
        self._public: dict[str, Connector] = {}
        self._lock = threading.Lock()
        self._reading: dict[str, threading.Lock] = {}
        self._stepped: dict[str, int] = {}
        self._thinned: date | None = None

    def refresh(self, exchange: str, *, max_age_seconds: float) -> None:
        """Ask the exchange for all its prices and store them, unless they are younger than that.

        Raises:
            ConnectorError: the exchange gave no prices; the stored ones stay.
        """
        with self._lock:
            reading = self._reading.setdefault(exchange, threading.Lock())
        with reading:
            if self.is_fresh(exchange, max_age_seconds):
                return
            connector = self._public.get(exchange)
            if connector is None:
                connector = self._public[exchange] = self._make_public(exchange)
            prices = connector.get_prices()
            self._clocks.measure(exchange, connector, self._clock)
            quotes = usd_quotes(exchange, self._by_our_clock(exchange, prices), self._clock())
            with self._storage.begin() as uow:
                uow.prices.save(quotes)
            with self._lock:
                self._merged = None
            self._keep_step(exchange, quotes)

    def price_of(self, exchange: str) -> PriceOf:
        """Return the prices that accounts of this exchange are valued with now."""
        with self._lock:
            merged = self._market()
            price_of = self._own.get(exchange)
            if price_of is None:
                quotes = _quotes(quote for quote in self._quotes if quote.exchange == exchange)
                price_of = self._own[exchange] = _price_of(merged, Market.of(quotes, merged.at))
        return price_of

    def prices_at(self, exchange: str, wanted: Collection[tuple[str, datetime]]) -> PriceAt:
        """Return the prices kept of the past: of each (asset, instant) the last one at or before it, a day old at most.

        What was not kept then is not in it.
        """
        if not wanted:
            return {}
        with self._storage.begin(write=False) as uow:
            return uow.price_history.prices_at(exchange, wanted, max_age_seconds=KEPT_MAX_AGE_SECONDS)

    def _by_our_clock(self, exchange: str, prices: Iterable[Price]) -> list[Price]:
        offset = self._clocks.offset(exchange) or timedelta(0)
        return [replace(price, as_of=price.as_of - offset) for price in prices]

    def _keep_step(self, exchange: str, quotes: Sequence[PriceQuote]) -> None:
        """Keep the first prices of every five minutes, and once a day let go of what has had its time."""
        now = self._clock()
        step = int(now.timestamp()) // STEP_SECONDS
        if self._stepped.get(exchange) == step:
            return
        with self._lock:
            merged = self._market()
        points = price_points(exchange, quotes, merged, now)
        with self._storage.begin() as uow:
            uow.price_history.save(points)
            if self._thinned != now.date():
                uow.price_history.thin(now)
        self._stepped[exchange], self._thinned = step, now.date()

    def _market(self) -> Market:
        now = self._clock()
        if self._merged is None or not timedelta(0) <= now - self._merged.at < timedelta(seconds=BOARD_SECONDS):
            with self._storage.begin(write=False) as uow:
                self._quotes = uow.prices.latest()
            self._merged, self._own = Market.of(_quotes(self._quotes), now), {}
        return self._merged

    def is_fresh(self, exchange: str, max_age_seconds: float) -> bool:
        """Tell whether an exchange's stored prices are younger than that."""
        with self._storage.begin(write=False) as uow:
            newest = max((quote.as_of for quote in uow.prices.latest(exchange)), default=None)
        return newest is not None and self._clock() - newest < timedelta(seconds=max_age_seconds)


def _price_of(merged: Market, own: Market) -> PriceOf:
    """Return the price of an asset, found once: one reading asks for the same ones many times."""
    found: dict[str, Decimal | None] = {}

    def price_of(asset: str) -> Decimal | None:
        if asset not in found:
            found[asset] = choose_price(merged.resolve(asset).price, own.resolve(asset).price)
        return found[asset]

    return price_of


def choose_price(merged: Decimal | None, own: Decimal | None) -> Decimal | None:
    """Return the price over all exchanges, or the exchange's own where the others' is of another coin."""
    if merged is None or own is None:
        return merged
    return own if abs(merged - own) > own * OTHER_COIN else merged


def price_points(exchange: str, quotes: Iterable[PriceQuote], merged: Market, now: datetime) -> list[PricePoint]:
    """Return what is kept of an exchange's prices: those over all exchanges, its own where that is of another coin."""
    points = []
    for quote in quotes:
        price = merged.resolve(quote.asset).price
        if price is None or quote.asset == USD:
            continue
        is_other = choose_price(price, quote.price) != price
        points.append(PricePoint(quote.asset, now, *((quote.price, exchange) if is_other else (price, ""))))
    return points


def usd_quotes(exchange: str, prices: Iterable[Price], now: datetime) -> list[PriceQuote]:
    """Return the USD price of every asset that the exchange's markets reach; the others are left out."""
    quotes = [_quote(exchange, price, now) for price in prices if price.value > 0]
    market = Market.of([*quotes, *_inverses(quotes)], now)
    assets = {quote.base for quote in quotes} | {quote.quote for quote in quotes}
    resolved = {asset: market.resolve(asset) for asset in sorted(assets)}
    return [
        PriceQuote(exchange, asset, found.price, found.ts or now, ">".join(found.path))
        for asset, found in resolved.items()
        if found.price is not None
    ]


def _quote(exchange: str, price: Price, now: datetime) -> Quote:
    return Quote(price.asset, price.quote, price.value, min(price.as_of, now), exchange)


def _inverses(quotes: list[Quote]) -> list[Quote]:
    """Turn markets of a stablecoin in a currency round, where the currency has no market of its own (USDT/BRL)."""
    bases = {quote.base for quote in quotes}
    return [
        Quote(quote.quote, quote.base, 1 / quote.price, quote.ts, quote.source)
        for quote in quotes
        if quote.base in PAR_COINS and quote.quote not in bases and quote.quote != "USD"
    ]


def _quotes(quotes: Iterable[PriceQuote]) -> list[Quote]:
    return [Quote(q.asset, "USD", q.price, q.as_of, q.exchange) for q in quotes]
