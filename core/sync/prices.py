"""Prices: read once per exchange for everybody, kept in USD, and merged over exchanges when accounts are valued."""

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from connectors.types import Price
from core.domain.currencies import FIAT
from core.domain.marks import PricePoint
from core.domain.pricing import CANONICAL, PAR_COINS, USD, Market, Quote
from core.domain.types import PriceQuote
from core.ports import Clock, Storage
from core.sync.clocks import Clocks
from core.sync.ports import Connector, PriceAt, PriceOf

BOARD_SECONDS = 5
STEP_SECONDS = 300
KEPT_MAX_AGE_SECONDS = 86_400
OTHER_COIN = Decimal("0.05")  # a price so far off the others belongs to another coin of the same ticker
BITCOIN = "BTC"


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
                price_of = self._own[exchange] = venue_prices(exchange, self._quotes, merged)
        return price_of

    def prices_at(self, exchange: str, wanted: Collection[tuple[str, datetime]]) -> PriceAt:
        """Return the prices kept of the past: of each (asset, instant) the last one at or before it, a day old at most.

        What was not kept then is not in it.
        """
        with self._lock:
            is_known = _recognised(exchange, self._quotes, self._market())
        wanted = [one for one in wanted if is_known(one[0])]
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
            self._merged, self._own = Market.of(market_quotes(self._quotes), now), {}
        return self._merged

    def is_fresh(self, exchange: str, max_age_seconds: float) -> bool:
        """Tell whether an exchange's stored prices are younger than that."""
        with self._storage.begin(write=False) as uow:
            newest = max((quote.as_of for quote in uow.prices.latest(exchange)), default=None)
        return newest is not None and self._clock() - newest < timedelta(seconds=max_age_seconds)


def venue_prices(exchange: str, quotes: Sequence[PriceQuote], merged: Market) -> PriceOf:
    """Return what accounts of an exchange are valued with: one price per asset for all, unless the coin is another.

    Each price is found once: one reading asks for the same ones many times. Where the exchange has no market for an
    asset, others' price counts only for what is surely the same coin; all else is unpriced rather than guessed.
    """
    pegs = [quote for quote in quotes if quote.asset in PAR_COINS and quote.exchange != exchange]
    mine = [quote for quote in quotes if quote.exchange == exchange]
    own = Market.of(market_quotes([*mine, *pegs]), merged.at)
    is_known = _recognised(exchange, quotes, merged)
    found: dict[str, Decimal | None] = {}

    def price_of(asset: str) -> Decimal | None:
        if asset not in found:
            everywhere, here = merged.resolve(asset).price, own.resolve(asset)
            if not is_known(asset):
                found[asset] = None
            elif asset in CANONICAL or (here.status == "stale" and _agreeing(asset, quotes, merged) > 1):
                found[asset] = everywhere
            else:
                found[asset] = choose_price(everywhere, here.price)
        return found[asset]

    return price_of


def _recognised(exchange: str, quotes: Sequence[PriceQuote], merged: Market) -> Callable[[str], bool]:
    """Return what tells whether an exchange's asset of a ticker is the coin that others price under that name."""
    listed = {quote.asset for quote in quotes if quote.exchange == exchange}

    def is_known(asset: str) -> bool:
        return asset in listed or asset in CANONICAL or _agreeing(asset, quotes, merged) > 1

    return is_known


def _agreeing(asset: str, quotes: Iterable[PriceQuote], merged: Market) -> int:
    """Return at how many exchanges an asset costs what it costs over all of them."""
    price = merged.resolve(asset).price
    found = (usd_price(quote, merged) for quote in quotes if quote.asset == asset)
    return 0 if price is None else sum(abs(price - one) <= one * OTHER_COIN for one in found if one)


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
        own = price if quote.asset in CANONICAL else usd_price(quote, merged)
        is_other = own is not None and choose_price(price, own) != price
        points.append(PricePoint(quote.asset, now, *((own or price, exchange) if is_other else (price, ""))))
    return points


def usd_price(quote: PriceQuote, merged: Market) -> Decimal | None:
    """Return what a stored price is in USD now, where the stablecoin that it was found in has lost its peg too."""
    unit = merged.resolve(_unit(quote)).price
    return None if unit is None else quote.price * unit


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
    """Turn markets of a stablecoin in a currency round, where the currency has no market of its own (USDT/BRL).

    Of the currencies that money is shown in, those of bitcoin too (BTC/EUR).
    """
    bases = {quote.base for quote in quotes}
    return [
        Quote(quote.quote, quote.base, 1 / quote.price, quote.ts, quote.source)
        for quote in quotes
        if quote.quote not in bases
        and quote.quote != USD
        and (quote.base in PAR_COINS or (quote.base == BITCOIN and quote.quote in FIAT))
    ]


def market_quotes(quotes: Iterable[PriceQuote]) -> list[Quote]:
    """Return stored prices as quotes in what they were found in: dollars, or a stablecoin that was taken at par.

    A stablecoin's own price that nobody measured is no quote: it would outvote the one exchange that sees it fall.
    """
    return [
        Quote(quote.asset, _unit(quote), quote.price, quote.as_of, quote.exchange)
        for quote in quotes
        if quote.path or quote.asset not in PAR_COINS
    ]


def _unit(quote: PriceQuote) -> str:
    """Return what a stored price is in: the last market on its way says so."""
    last = quote.path.rpartition("/")[2]
    return last if last in PAR_COINS and last != quote.asset else USD
