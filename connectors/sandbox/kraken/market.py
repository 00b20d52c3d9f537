"""Kraken's public reads: time, state, assets, pairs, prices."""

from decimal import Decimal

from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.kraken.common import DOLLAR, Row, code, pair, refused, short
from connectors.sandbox.prices import LISTED, TINY, UNLISTED, spot_pairs, tick
from connectors.sandbox.wire import text

DOLLAR_PAIRS = [(base, "USD") for base in ("BTC", "ETH", "DOGE", DOLLAR)]
PAIRS = [*((base, quote) for base, quote in spot_pairs() if quote == DOLLAR), *DOLLAR_PAIRS]
MARGIN = [2, 3, 4, 5]


def server_time(call: Call) -> object:
    """GET /0/public/Time."""
    return {"unixtime": call.site.now_ms() // 1000, "rfc1123": call.site.now().strftime("%a, %d %b %y %H:%M:%S +0000")}


def system_status(call: Call) -> object:
    """GET /0/public/SystemStatus."""
    return {"status": "online", "timestamp": call.site.now().strftime("%Y-%m-%dT%H:%M:%SZ")}


def assets(call: Call) -> object:
    """GET /0/public/Assets."""
    names = [*LISTED, DOLLAR, "USDC", "USD", UNLISTED, *TINY]
    return {
        code(name): {
            "aclass": "currency",
            "altname": short(name),
            "decimals": 8,
            "display_decimals": 5,
            "status": "enabled",
        }
        for name in dict.fromkeys(names)
    }


def asset_pairs(call: Call) -> object:
    """GET /0/public/AssetPairs."""
    return {pair(base, quote): _pair(base, quote) for base, quote in PAIRS}


def _pair(base: str, quote: str) -> Row:
    return {
        "altname": f"{short(base)}{quote}",
        "wsname": f"{short(base)}/{quote}",
        "aclass_base": "currency",
        "base": code(base),
        "aclass_quote": "currency",
        "quote": code(quote),
        "lot": "unit",
        "pair_decimals": 5,
        "cost_decimals": 8,
        "lot_decimals": 8,
        "lot_multiplier": 1,
        "leverage_buy": MARGIN,
        "leverage_sell": MARGIN,
        "fees": [[0, 0.1]],
        "fees_maker": [[0, 0.1]],
        "fee_volume_currency": "ZUSD",
        "margin_call": 80,
        "margin_stop": 40,
        "ordermin": "0.0001",
        "costmin": "0.5",
        "tick_size": text(tick(base)),
        "status": "online",
    }


def ticker(call: Call) -> object:
    """GET /0/public/Ticker of one pair, or of all."""
    wanted = call.params.get("pair")
    found = {pair(base, quote): _ticker(call, base) for base, quote in PAIRS if wanted in (None, pair(base, quote))}
    if not found:
        raise refused("EQuery:Unknown asset pair")
    return found


def _ticker(call: Call, base: str) -> Row:
    market = call.world.market
    price = market.fixed.get((base, "USD"), Decimal(1)) if base == DOLLAR else market.pair(base, DOLLAR, call.at)
    last = text(price)
    return {
        "a": [last, "1", "1.000"],
        "b": [last, "1", "1.000"],
        "c": [last, "0.1"],
        "v": ["1000", "1000"],
        "p": [last, last],
        "t": [1, 1],
        "l": [last, last],
        "h": [last, last],
        "o": last,
    }


ENDPOINTS = {
    ("GET", "/0/public/Time"): Endpoint(server_time, signed=False),
    ("GET", "/0/public/SystemStatus"): Endpoint(system_status, signed=False),
    ("GET", "/0/public/Assets"): Endpoint(assets, signed=False),
    ("GET", "/0/public/AssetPairs"): Endpoint(asset_pairs, signed=False),
    ("GET", "/0/public/Ticker"): Endpoint(ticker, signed=False),
}
