"""OKX public reads: time, prices, instruments, maintenance."""

from decimal import Decimal

from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.okx.common import CONTRACT_SIZES, INVERSE, INVERSE_USD, Row, matching, refused, swap
from connectors.sandbox.prices import spot_pairs, step, tick
from connectors.sandbox.wire import text

KINDS = ("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION")


def server_time(call: Call) -> object:
    """GET /api/v5/public/time."""
    return [{"ts": str(call.site.now_ms())}]


def kind(call: Call) -> str:
    """Return the mandatory instrument type.

    Raises:
        RefusedError: missing or unknown.
    """
    asked = call.params.get("instType", "")
    if asked not in KINDS:
        raise refused("51000", "Parameter instType error")
    return asked


def tickers(call: Call) -> object:
    """GET /api/v5/market/tickers of an instrument type; one pair has never been traded."""
    asked = kind(call)
    prices: dict[str, str] = {}
    if asked == "SPOT":
        market = call.world.market
        prices = {f"{base}-{quote}": text(market.pair(base, quote, call.at)) for base, quote in spot_pairs()}
        prices["NEW-USDT"] = ""
    elif asked == "SWAP":
        prices = {name: text(call.world.market.pair(base, "USDT", call.at)) for base, name, _ in _swaps()}
    now = str(call.site.now_ms())
    return [_ticker(asked, name, price, now) for name, price in prices.items()]


def _ticker(asked: str, name: str, price: str, now: str) -> Row:
    same = dict.fromkeys(("last", "askPx", "bidPx", "open24h", "high24h", "low24h", "sodUtc0", "sodUtc8"), price)
    zeros = dict.fromkeys(("lastSz", "askSz", "bidSz", "vol24h", "volCcy24h"), "0")
    return {"instType": asked, "instId": name, **same, **zeros, "ts": now}


def instruments(call: Call) -> object:
    """GET /api/v5/public/instruments of an instrument type; nothing is dated here, and there are no options."""
    asked = kind(call)
    rows: list[Row] = []
    if asked == "SPOT":
        rows = [_spot(base, quote) for base, quote in spot_pairs()]
    elif asked == "SWAP":
        rows = [_swap(base, name, inverse=inverse) for base, name, inverse in _swaps()]
    return matching(call, rows, "instId", "uly", "instFamily")


def _swaps() -> list[tuple[str, str, bool]]:
    linear = [(base, swap(base, inverse=False), False) for base in CONTRACT_SIZES]
    return linear + [(base, swap(base, inverse=True), True) for base in INVERSE]


def _spot(base: str, quote: str) -> Row:
    return {
        **_common("SPOT", f"{base}-{quote}", price_step=tick(base), size_step=step(base)),
        "baseCcy": base,
        "quoteCcy": quote,
    }


def _swap(base: str, name: str, *, inverse: bool) -> Row:
    family = name.removesuffix("-SWAP")
    return {
        **_common("SWAP", name, price_step=tick(base), size_step=Decimal("0.001")),
        "uly": family,
        "instFamily": family,
        "ctVal": text(INVERSE_USD if inverse else CONTRACT_SIZES[base]),
        "ctMult": "1",
        "ctValCcy": "USD" if inverse else base,
        "ctType": "inverse" if inverse else "linear",
        "settleCcy": base if inverse else "USDT",
        "lever": "100",
    }


def _common(asked: str, name: str, *, price_step: Decimal, size_step: Decimal) -> Row:
    empty = dict.fromkeys(
        ("baseCcy", "quoteCcy", "uly", "instFamily", "ctVal", "ctMult", "ctValCcy", "ctType", "settleCcy", "lever"), ""
    )
    return {
        **empty,
        "instType": asked,
        "instId": name,
        "tickSz": text(price_step),
        "lotSz": text(size_step),
        "minSz": text(size_step),
        "state": "live",
        "listTime": "1600000000000",
        "expTime": "",
        "alias": "",
        "category": "1",
        "optType": "",
        "stk": "",
    }


def status(call: Call) -> object:
    """GET /api/v5/system/status: no maintenance."""
    return []


ENDPOINTS = {
    ("GET", "/api/v5/public/time"): Endpoint(server_time, 10, signed=False, scope="2"),
    ("GET", "/api/v5/public/instruments"): Endpoint(instruments, 20, signed=False, scope="2"),
    ("GET", "/api/v5/market/tickers"): Endpoint(tickers, 20, signed=False, scope="2"),
    ("GET", "/api/v5/system/status"): Endpoint(status, 1, signed=False, scope="5"),
}
