"""Bybit public reads: time, prices, instruments, maintenance; and the list of coins, which is signed."""

from decimal import Decimal

from connectors.sandbox.bybit.common import COINS, Row, contract, required
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.prices import CONTRACTS, LISTED, TINY, UNLISTED, spot_pairs, step, tick
from connectors.sandbox.wire import text

CATEGORIES = ("spot", "linear", "inverse", "option")


def server_time(call: Call) -> object:
    """GET /v5/market/time."""
    now = call.site.now_ms()
    return {"timeSecond": str(now // 1000), "timeNano": f"{now}000000"}


def contracts(category: str) -> list[tuple[str, str, str]]:
    """Return base, quote and settlement asset of every perpetual of a category."""
    if category == "inverse":
        return [(base, "USD", base) for base in COINS]
    return [(base, "USDT", "USDT") for base in CONTRACTS] + [(base, "USDC", "USDC") for base in COINS]


def tickers(call: Call) -> object:
    """GET /v5/market/tickers; few spot symbols have an index price."""
    category = required(call, "category", CATEGORIES)
    if category == "spot":
        rows = [_spot_ticker(call, base, quote) for base, quote in spot_pairs()]
    elif category == "option":
        rows = []
    else:
        rows = [_ticker(call, base, settle, category) for base, _quote, settle in contracts(category)]
    asked = call.params.get("symbol")
    return {"category": category, "list": [row for row in rows if asked in (None, row["symbol"])]}


def _spot_ticker(call: Call, base: str, quote: str) -> Row:
    price = text(call.world.market.pair(base, quote, call.at))
    usd = call.world.price(base, call.at) if base in COINS and quote == "USDT" else None
    return {
        "symbol": base + quote,
        **dict.fromkeys(("bid1Price", "ask1Price", "lastPrice", "prevPrice24h", "highPrice24h", "lowPrice24h"), price),
        **dict.fromkeys(("bid1Size", "ask1Size", "price24hPcnt", "turnover24h", "volume24h"), "0"),
        "usdIndexPrice": text(usd) if usd is not None else "",
    }


def _ticker(call: Call, base: str, settle: str, category: str) -> Row:
    last = text(call.world.market.pair(base, "USDT", call.at))
    return {
        "symbol": contract(base, settle, inverse=category == "inverse"),
        **dict.fromkeys(("lastPrice", "indexPrice", "bid1Price", "ask1Price", "prevPrice24h"), last),
        "markPrice": text(call.world.market.mark(base, call.at)),
        "fundingRate": text(call.world.market.funding_rate(base, call.at)),
        **dict.fromkeys(("price24hPcnt", "turnover24h", "volume24h", "openInterest"), "0"),
    }


def instruments(call: Call) -> object:
    """GET /v5/market/instruments-info, on one page."""
    category = required(call, "category", CATEGORIES)
    if category == "spot":
        rows = [_spot_instrument(base, quote) for base, quote in spot_pairs()]
    else:
        listed = [] if category == "option" else contracts(category)
        rows = [_instrument(base, quote, settle, category) for base, quote, settle in listed]
    asked = call.params.get("symbol")
    return {"category": category, "list": [r for r in rows if asked in (None, r["symbol"])], "nextPageCursor": ""}


def _spot_instrument(base: str, quote: str) -> Row:
    price_tick = "0.001" if base == "USDT" else "1" if quote == "BRL" else text(tick(base))
    return {
        "symbol": base + quote,
        "baseCoin": base,
        "quoteCoin": quote,
        "innovation": "0",
        "status": "Trading",
        "marginTrading": "none",
        "lotSizeFilter": {
            "basePrecision": text(step(base)),
            "quotePrecision": "0.00000001",
            "minOrderQty": text(step(base)),
            "maxOrderQty": "1000000",
            "minOrderAmt": "1",
            "maxOrderAmt": "4000000",
        },
        "priceFilter": {"tickSize": price_tick},
    }


def _instrument(base: str, quote: str, settle: str, category: str) -> Row:
    inverse = category == "inverse"
    return {
        "symbol": contract(base, settle, inverse=inverse),
        "contractType": "InversePerpetual" if inverse else "LinearPerpetual",
        "status": "Trading",
        "baseCoin": base,
        "quoteCoin": quote,
        "settleCoin": settle,
        "launchTime": "1585526400000",
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": "2",
        "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
        "priceFilter": {"minPrice": "0.01", "maxPrice": "1999999.98", "tickSize": text(tick(base))},
        "lotSizeFilter": {
            "maxOrderQty": "1000000",
            "minOrderQty": "1" if inverse else text(step(base)),
            "qtyStep": "1" if inverse else text(step(base)),
            "postOnlyMaxOrderQty": "1000000",
        },
        "unifiedMarginTrade": True,
        "fundingInterval": 480,
    }


def status(call: Call) -> object:
    """GET /v5/system/status: nothing goes on."""
    return {"list": []}


def coins(call: Call) -> object:
    """GET /v5/asset/coin/query-info."""
    chain = {
        "chainType": "TRC20",
        "confirmation": "100",
        "withdrawFee": "1",
        "depositMin": "0",
        "withdrawMin": "10",
        "chain": "TRX",
        "chainDeposit": "1",
        "chainWithdraw": "1",
        "minAccuracy": "8",
        "withdrawPercentageFee": "0",
    }
    names = [*LISTED, "USDT", "USDC", "BRL", UNLISTED, *TINY]
    asked = call.params.get("coin")
    rows: list[Row] = [
        {"name": name, "coin": name, "remainAmount": text(Decimal(1_000_000)), "chains": [chain]} for name in names
    ]
    return {"rows": [row for row in rows if asked in (None, row["coin"])]}


ENDPOINTS = {
    ("GET", "/v5/market/time"): Endpoint(server_time, signed=False),
    ("GET", "/v5/market/tickers"): Endpoint(tickers, signed=False),
    ("GET", "/v5/market/instruments-info"): Endpoint(instruments, signed=False),
    ("GET", "/v5/system/status"): Endpoint(status, signed=False),
    ("GET", "/v5/asset/coin/query-info"): Endpoint(coins, 5),
}
