"""KuCoin public reads: time, currencies, pairs, prices, contracts."""

from decimal import Decimal

from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.kucoin.common import COINS, QUOTES, Row, contract, futures_name, multiplier
from connectors.sandbox.prices import LISTED, TINY, UNLISTED, spot_pairs, step, tick
from connectors.sandbox.wire import text


def server_time(call: Call) -> object:
    """GET /api/v1/timestamp."""
    return call.site.now_ms()


def currencies(call: Call) -> object:
    """GET /api/v3/currencies."""
    names = [*LISTED, "USDT", "USDC", "BRL", UNLISTED, *TINY]
    return [
        {"currency": name, "name": name, "fullName": name, "precision": 8, "isMarginEnabled": False, "chains": []}
        for name in names
    ]


def symbols(call: Call) -> object:
    """GET /api/v2/symbols."""
    return [
        {
            "symbol": f"{base}-{quote}",
            "name": f"{base}-{quote}",
            "baseCurrency": base,
            "quoteCurrency": quote,
            "feeCurrency": quote,
            "market": quote,
            "baseMinSize": text(step(base)),
            "quoteMinSize": "0.1",
            "baseMaxSize": "10000000000",
            "quoteMaxSize": "99999999",
            "baseIncrement": text(step(base)),
            "quoteIncrement": "0.000001",
            "priceIncrement": text(tick(base)),
            "isMarginEnabled": False,
            "enableTrading": True,
        }
        for base, quote in spot_pairs()
    ]


def tickers(call: Call) -> object:
    """GET /api/v1/market/allTickers: all pairs at once."""
    return {"time": call.site.now_ms(), "ticker": [_ticker(call, base, quote) for base, quote in spot_pairs()]}


def _ticker(call: Call, base: str, quote: str) -> Row:
    last = text(call.world.market.pair(base, quote, call.at))
    rates = {"takerFeeRate": "0.001", "makerFeeRate": "0.001", "takerCoefficient": "1", "makerCoefficient": "1"}
    return {
        "symbol": f"{base}-{quote}",
        "symbolName": f"{base}-{quote}",
        "buy": last,
        "sell": last,
        "last": last,
        **rates,
    }


def margin_symbols(call: Call) -> object:
    """GET /api/v3/margin/symbols: nothing trades on margin here."""
    return {"timestamp": call.site.now_ms(), "items": []}


def isolated_symbols(call: Call) -> object:
    """GET /api/v1/isolated/symbols."""
    return []


def contracts(call: Call) -> object:
    """GET /api/v1/contracts/active."""
    listed = [(base, settle) for settle, bases in QUOTES.items() for base in bases] + [(coin, coin) for coin in COINS]
    return [_contract(call, base, settle) for base, settle in listed]


def _contract(call: Call, base: str, settle: str) -> Row:
    inverse = base == settle
    return {
        "symbol": contract(base, settle),
        "rootSymbol": futures_name(settle),
        "type": "FFWCSX",
        "expireDate": None,
        "baseCurrency": futures_name(base),
        "quoteCurrency": "USD" if inverse else settle,
        "settleCurrency": futures_name(settle),
        "maxOrderQty": 1_000_000,
        "maxPrice": Decimal("1000000.0"),
        "lotSize": 1,
        "tickSize": tick(base),
        "multiplier": multiplier(base, settle),
        "makerFeeRate": Decimal("0.0002"),
        "takerFeeRate": Decimal("0.0006"),
        "isQuanto": False,
        "isInverse": inverse,
        "status": "Open",
        "fundingFeeRate": call.world.market.funding_rate(base, call.at),
        "nextFundingRateTime": 28_800_000 - call.site.now_ms() % 28_800_000,
        "markPrice": call.world.market.mark(base, call.at),
        "lastTradePrice": call.world.market.pair(base, "USDT", call.at),
        "maxLeverage": 100,
    }


ENDPOINTS = {
    ("GET", "/api/v1/timestamp"): Endpoint(server_time, 3, signed=False, scope="public"),
    ("GET", "/api/v3/currencies"): Endpoint(currencies, 3, signed=False, scope="public"),
    ("GET", "/api/v2/symbols"): Endpoint(symbols, 4, signed=False, scope="public"),
    ("GET", "/api/v1/market/allTickers"): Endpoint(tickers, 15, signed=False, scope="public"),
    ("GET", "/api/v3/margin/symbols"): Endpoint(margin_symbols, 3, scope="spot"),
    ("GET", "/api/v1/isolated/symbols"): Endpoint(isolated_symbols, 3, scope="spot"),
    ("GET", "/api/v1/contracts/active"): Endpoint(contracts, 3, signed=False, scope="public"),
}
