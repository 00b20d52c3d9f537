"""Kraken futures' public reads: contracts and tickers."""

from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.krakenfutures.common import Row, code, contract, envelope, exact, stamp
from connectors.sandbox.prices import CONTRACTS, tick

INVERSE = ("BTC", "ETH")
LISTED = [*((base, False) for base in CONTRACTS), *((base, True) for base in INVERSE)]


def instruments(call: Call) -> object:
    """GET /derivatives/api/v3/instruments."""
    rows: list[Row] = [
        {
            "symbol": contract(base, inverse=inverse),
            "type": "futures_inverse" if inverse else "flexible_futures",
            "underlying": f"rr_{code(base)}usd",
            "tickSize": exact(tick(base)),
            "contractSize": 1,
            "tradeable": True,
            "contractValueTradePrecision": 0 if inverse else 4,
            "openingDate": "2022-01-01T00:00:00.000Z",
        }
        for base, inverse in LISTED
    ]
    return envelope(call, instruments=rows)


def tickers(call: Call) -> object:
    """GET /derivatives/api/v3/tickers: contracts with their marks, indices without."""
    rows: list[Row] = []
    for base, inverse in LISTED:
        mark = exact(call.world.market.mark(base, call.at))
        symbol = contract(base, inverse=inverse)
        rows.append({"tag": "perpetual", "symbol": symbol, "markPrice": mark, "last": mark, "suspended": False})
    for base in CONTRACTS:
        spot = exact(call.world.market.pair(base, "USDT", call.at))
        rows.append({"symbol": f"in_{code(base)}usd", "last": spot, "lastTime": stamp(call.at)})
    return envelope(call, tickers=rows)


ENDPOINTS = {
    ("GET", "/derivatives/api/v3/instruments"): Endpoint(instruments, signed=False),
    ("GET", "/derivatives/api/v3/tickers"): Endpoint(tickers, signed=False),
}
