"""Prices: read once per exchange for everybody, kept in USD, and merged over exchanges when accounts are valued."""

import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from connectors.types import Price
from core.domain.pricing import PAR_COINS, Market, Quote
from core.domain.types import PriceQuote
from core.ports import Clock, Storage
from core.sync.ports import Connector, PriceOf

BOARD_SECONDS = 5
OTHER_COIN = Decimal("0.05")  # a price so far off the others belongs to another coin of the same ticker


class PriceBoard:
    """Stored prices for the threads of one process, read again from the database every few seconds."""

    def __init__(self, storage: Storage, clock: Clock, make_public: Callable[[str], Connector]) -> None:
        """Hold an empty board; nothing is read yet."""
        self._storage = storage
        self._clock = clock
        self._make_public = make_public
        self._quotes: list[PriceQuote] = []
        self._merged: Market | None = None
        self._own: dict[str, Market] = {}
        self._public: dict[str, Connector] = {}
        self._lock = threading.Lock()
        self._reading: dict[str, threading.Lock] = {}

    def refresh(self, exchange: str, *, max_age_seconds: float) -> None:
        """Ask the exchange for all its prices and store them, unless they are younger than that.

        Raises:
            ConnectorError: the exchange gave no prices; the stored ones stay.
        """
        with self._lock:
            reading = self._reading.setdefault(exchange, threading.Lock())
        with reading:
            if self._is_fresh(exchange, max_age_seconds):
                return
            connector = self._public.get(exchange)
            if connector is None:
                connector = self._public[exchange] = self._make_public(exchange)
            prices = connector.get_prices()
            quotes = usd_quotes(exchange, prices, self._clock())
            with self._storage.begin() as uow:
                uow.prices.save(quotes)
            with self._lock:
                self._merged = None

    def price_of(self, exchange: str) -> PriceOf:
        """Return the prices that accounts of this exchange are valued with now."""
        with self._lock:
            merged = self._market()
            own = self._own.get(exchange)
            if own is None:
                quotes = _quotes(quote for quote in self._quotes if quote.exchange == exchange)
                own = self._own[exchange] = Market.of(quotes, merged.at)
        return lambda asset: choose_price(merged.resolve(asset).price, own.resolve(asset).price)

    def _market(self) -> Market:
        now = self._clock()
        if self._merged is None or not timedelta(0) <= now - self._merged.at < timedelta(seconds=BOARD_SECONDS):
            with self._storage.begin(write=False) as uow:
                self._quotes = uow.prices.latest()
            self._merged, self._own = Market.of(_quotes(self._quotes), now), {}
        return self._merged

    def _is_fresh(self, exchange: str, max_age_seconds: float) -> bool:
        with self._storage.begin(write=False) as uow:
            newest = max((quote.as_of for quote in uow.prices.latest(exchange)), default=None)
        return newest is not None and self._clock() - newest < timedelta(seconds=max_age_seconds)


def choose_price(merged: Decimal | None, own: Decimal | None) -> Decimal | None:
    """Return the price over all exchanges, or the exchange's own where the others' is of another coin."""
    if merged is None or own is None:
        return merged
    return own if abs(merged - own) > own * OTHER_COIN else merged


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
