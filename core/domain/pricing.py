"""What an asset costs in USD, from the quotes of many markets (PNL.md section 12); pure.

Prices stay exact Decimals. All fresh routes are tried before any stale one; a price is never from the future, never
zero or below, and never guessed: what has no route is unpriced.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any, Literal

USD = "USD"
PAR_COINS = ("USDT", "USDC")
BRIDGES = ("USDT", "USDC", "FDUSD", "BTC", "ETH")
# tickers that mean one coin or currency at every exchange, also where it has no market of its own
CANONICAL = frozenset(
    (*BRIDGES, "USD", "BRL", "EUR", "GBP", "SOL", "XRP", "BNB", "ADA", "DOGE", "TRX", "LTC", "BCH", "DOT", "LINK",
     "AVAX", "XLM", "ATOM", "UNI", "ETC", "DAI")
)  # fmt: skip


# all legs fresh, one stale, a stablecoin at par or off par, or no price at all
PriceStatus = Literal["fresh", "stale", "par", "depeg", "unpriced"]


@dataclass(frozen=True, slots=True)
class Quote:
    """One market's price at one source: `price` units of `quote` for one `base`."""

    base: str
    quote: str
    price: Decimal
    ts: datetime
    source: str


@dataclass(frozen=True, slots=True)
class PricingRules:
    """Ages in seconds up to which a quote is fresh and usable at all, and how far off par is a depeg (ratio)."""

    quote_max_age_s: float = 300
    price_max_age_s: float = 86400
    depeg: float = 0.01


@dataclass(frozen=True, slots=True)
class ResolvedPrice:
    """USD per unit or None, the markets on the way, and the time of the oldest of them (None without a market)."""

    price: Decimal | None
    status: PriceStatus
    path: tuple[str, ...] = ()
    ts: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Leg:
    price: Decimal
    ts: datetime
    path: tuple[str, ...]


_ONE = Decimal(1)
UNPRICED = ResolvedPrice(None, "unpriced")


@dataclass(slots=True)
class Market:
    """The quotes of one instant, indexed by pair; asks for many assets share it."""

    at: datetime
    rules: PricingRules = PricingRules()
    _fresh: dict[tuple[str, str], _Leg] = field(default_factory=dict)
    _stale: dict[tuple[str, str], _Leg] = field(default_factory=dict)

    @classmethod
    def of(cls, quotes: Iterable[Quote], at: datetime, rules: PricingRules | None = None) -> "Market":
        """Index the usable quotes: the latest of each source, the median over the sources of a pair."""
        market = cls(at, rules or PricingRules())
        latest: dict[tuple[str, str], dict[str, Quote]] = defaultdict(dict)
        oldest_usable = at - timedelta(seconds=market.rules.price_max_age_s)
        for quote in quotes:
            if quote.price <= 0 or not oldest_usable <= quote.ts <= at:
                continue
            known = latest[quote.base, quote.quote].get(quote.source)
            if known is None or known.ts < quote.ts:
                latest[quote.base, quote.quote][quote.source] = quote
        fresh_since = at - timedelta(seconds=market.rules.quote_max_age_s)
        for pair, by_source in latest.items():
            fresh = [quote for quote in by_source.values() if quote.ts >= fresh_since]
            if fresh:
                market._fresh[pair] = _merge(pair, fresh)
            market._stale[pair] = market._fresh.get(pair) or _merge(pair, list(by_source.values()))
        return market

    def resolve(self, asset: str) -> ResolvedPrice:
        """Return the USD price of an asset: direct, else over the bridges in their order."""
        if asset == USD:
            return ResolvedPrice(_ONE, "fresh", (), self.at)
        if asset in PAR_COINS:
            return self._par(asset)
        fresh = self._route(asset, self._fresh)
        if fresh is not None:
            return ResolvedPrice(fresh.price, "fresh", fresh.path, fresh.ts)
        stale = self._route(asset, self._stale)
        return UNPRICED if stale is None else ResolvedPrice(stale.price, "stale", stale.path, stale.ts)

    def _par(self, coin: str) -> ResolvedPrice:
        own = self._fresh.get((coin, USD))
        if own is not None and abs(own.price - 1) > Decimal(str(self.rules.depeg)):
            return ResolvedPrice(own.price, "depeg", own.path, own.ts)
        return ResolvedPrice(_ONE, "par", (), self.at)

    def _route(self, asset: str, legs: Mapping[tuple[str, str], _Leg]) -> _Leg | None:
        direct = legs.get((asset, USD))
        if direct is not None:
            return direct
        for bridge in BRIDGES:
            first = legs.get((asset, bridge)) if bridge != asset else None
            second = self._bridge(bridge, legs) if first is not None else None
            if first is not None and second is not None:
                return _join(first, second)
        return None

    def _bridge(self, bridge: str, legs: Mapping[tuple[str, str], _Leg]) -> _Leg | None:
        if bridge in PAR_COINS:
            par = self._par(bridge)
            return _Leg(par.price or _ONE, par.ts or self.at, par.path)
        direct = legs.get((bridge, USD))
        if direct is not None:
            return direct
        for coin in PAR_COINS:
            first = legs.get((bridge, coin))
            second = self._bridge(coin, legs) if first is not None else None
            if first is not None and second is not None:
                return _join(first, second)
        return None


def resolve_price(
    asset: str, quotes: Iterable[Mapping[str, Any]], t: datetime | str, cfg: Mapping[str, float] | None = None
) -> ResolvedPrice:
    """Return the USD price of one asset at `t` from quotes {base, quote, price, ts, source} (price text or Decimal)."""
    known = {name: (cfg or {})[name] for name in ("quote_max_age_s", "price_max_age_s", "depeg") if name in (cfg or {})}
    parsed = (
        Quote(str(q["base"]), str(q["quote"]), Decimal(q["price"]), _instant(q["ts"]), str(q["source"])) for q in quotes
    )
    return Market.of(parsed, _instant(t), PricingRules(**known)).resolve(asset)


def _instant(value: datetime | str) -> datetime:
    instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    if instant.tzinfo is None:
        raise ValueError("a naive time is no instant")
    return instant


def _merge(pair: tuple[str, str], quotes: list[Quote]) -> _Leg:
    return _Leg(median(quote.price for quote in quotes), min(quote.ts for quote in quotes), (f"{pair[0]}/{pair[1]}",))


def _join(first: _Leg, second: _Leg) -> _Leg:
    return _Leg(first.price * second.price, min(first.ts, second.ts), first.path + second.path)
