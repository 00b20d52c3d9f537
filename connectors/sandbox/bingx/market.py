"""BingX public reads: time, symbols, contracts, tickers, mark prices. Spot sends prices as numbers, futures as text."""

from decimal import Decimal

from connectors.sandbox.bingx.common import COINS, Row, refused
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.life import CONTRACT_USD
from connectors.sandbox.prices import CONTRACTS, LISTED, TINY, UNLISTED, spot_pairs, step, tick
from connectors.sandbox.wire import text

BASES = [base for base, quote in spot_pairs() if quote == "USDT"]
ONLINE_MS = 1_702_684_800_000


def server_time(call: Call) -> object:
    """GET /openApi/swap/v2/server/time."""
    return {"serverTime": call.site.now_ms()}


def _asked(call: Call, names: list[str]) -> list[str]:
    wanted = call.params.get("symbol")
    found = [name for name in names if wanted in (None, "", name)]
    if not found:
        raise refused(109400, "Invalid parameters, err:symbol: symbol not exist", call.site.now_ms())
    return found


def spot_symbols(call: Call) -> object:
    """GET /openApi/spot/v1/common/symbols."""
    return {
        "symbols": [
            {
                "symbol": f"{base}-USDT",
                "tickSize": float(tick(base)),
                "stepSize": float(step(base)),
                "minQty": float(step(base)),
                "maxQty": 900_000_000,
                "minNotional": 1,
                "maxNotional": 200_000,
                "status": 1,
                "apiStateSell": True,
                "apiStateBuy": True,
                "timeOnline": ONLINE_MS,
            }
            for base in BASES
        ]
    }


def swap_contracts(call: Call) -> object:
    """GET /openApi/swap/v2/quote/contracts: USDT for all, USDC for some."""
    pairs = [(base, "USDT") for base in CONTRACTS] + [(base, "USDC") for base in COINS]
    return [
        {
            "contractId": str(100 + index),
            "symbol": f"{base}-{quote}",
            "size": text(step(base)),
            "quantityPrecision": _places(step(base)),
            "pricePrecision": _places(tick(base)),
            "feeRate": 0.0005,
            "makerFeeRate": 0.0002,
            "takerFeeRate": 0.0005,
            "tradeMinLimit": 0,
            "tradeMinQuantity": float(step(base)),
            "tradeMinUSDT": 2,
            "currency": quote,
            "asset": base,
            "status": 1,
            "apiStateOpen": "true",
            "apiStateClose": "true",
        }
        for index, (base, quote) in enumerate(pairs)
    ]


def coin_contracts(call: Call) -> object:
    """GET /openApi/cswap/v1/market/contracts."""
    return [
        {
            "symbol": f"{base}-USD",
            "pricePrecision": _places(tick(base)),
            "minTickSize": text(CONTRACT_USD),
            "minTradeValue": text(CONTRACT_USD),
            "minQty": "1.00000000",
            "status": 1,
            "timeOnline": ONLINE_MS,
        }
        for base in COINS
    ]


def spot_tickers(call: Call) -> object:
    """GET /openApi/spot/v1/ticker/24hr: always a list."""
    rows: list[Row] = []
    for symbol in _asked(call, [f"{base}-USDT" for base in BASES]):
        price = float(call.world.market.pair(symbol.removesuffix("-USDT"), "USDT", call.at))
        same = dict.fromkeys(("openPrice", "highPrice", "lowPrice", "lastPrice", "askPrice", "bidPrice"), price)
        rows.append({"symbol": symbol, **same, "priceChange": 0, "priceChangePercent": "0.00%", "volume": 0})
    return rows


def swap_tickers(call: Call) -> object:
    """GET /openApi/swap/v2/quote/ticker."""
    return _one_or_many(call, [_ticker(call, symbol) for symbol in _asked(call, _linear())])


def coin_tickers(call: Call) -> object:
    """GET /openApi/cswap/v1/market/ticker."""
    return [_ticker(call, symbol) for symbol in _asked(call, _inverse())]


def _ticker(call: Call, symbol: str) -> Row:
    price = text(call.world.market.pair(symbol.split("-")[0], "USDT", call.at))
    same = dict.fromkeys(("openPrice", "highPrice", "lowPrice", "lastPrice", "askPrice", "bidPrice"), price)
    return {"symbol": symbol, **same, "priceChange": "0", "priceChangePercent": "0.00%", "volume": "0"}


def swap_marks(call: Call) -> object:
    """GET /openApi/swap/v2/quote/premiumIndex."""
    return _one_or_many(call, [_mark(call, symbol) for symbol in _asked(call, _linear())])


def coin_marks(call: Call) -> object:
    """GET /openApi/cswap/v1/market/premiumIndex."""
    return [_mark(call, symbol) for symbol in _asked(call, _inverse())]


def _mark(call: Call, symbol: str) -> Row:
    base = symbol.split("-")[0]
    return {
        "symbol": symbol,
        "markPrice": text(call.world.market.mark(base, call.at)),
        "indexPrice": text(call.world.market.pair(base, "USDT", call.at)),
        "lastFundingRate": text(call.world.market.funding_rate(base, call.at)),
        "nextFundingTime": (call.site.now_ms() // 28_800_000 + 1) * 28_800_000,
    }


def coins(call: Call) -> object:
    """GET /openApi/wallets/v1/capital/config/getall (signed)."""
    network = {
        "name": "TRC20",
        "network": "TRC20",
        "isDefault": True,
        "minConfirm": "12",
        "withdrawEnable": True,
        "depositEnable": True,
        "withdrawFee": "1",
        "withdrawMax": "100000",
        "withdrawMin": "10",
        "depositMin": "1",
        "withdrawPrecision": "8",
        "depositPrecision": "8",
    }
    names = [*LISTED, "USDT", "USDC", UNLISTED, *TINY]
    return [{"coin": coin, "name": coin, "networkList": [network]} for coin in names]


def _linear() -> list[str]:
    return [*(f"{base}-USDT" for base in CONTRACTS), *(f"{base}-USDC" for base in COINS)]


def _inverse() -> list[str]:
    return [f"{base}-USD" for base in COINS]


def _one_or_many(call: Call, rows: list[Row]) -> object:
    return rows[0] if call.params.get("symbol") else rows


def _places(value: Decimal) -> int:
    return -int(value.as_tuple().exponent)


ENDPOINTS = {
    ("GET", "/openApi/swap/v2/server/time"): Endpoint(server_time, 1, signed=False),
    ("GET", "/openApi/spot/v1/common/symbols"): Endpoint(spot_symbols, 1, signed=False),
    ("GET", "/openApi/swap/v2/quote/contracts"): Endpoint(swap_contracts, 1, signed=False),
    ("GET", "/openApi/cswap/v1/market/contracts"): Endpoint(coin_contracts, 1, signed=False),
    ("GET", "/openApi/spot/v1/ticker/24hr"): Endpoint(spot_tickers, 1, signed=False),
    ("GET", "/openApi/swap/v2/quote/ticker"): Endpoint(swap_tickers, 1, signed=False),
    ("GET", "/openApi/cswap/v1/market/ticker"): Endpoint(coin_tickers, 1, signed=False),
    ("GET", "/openApi/swap/v2/quote/premiumIndex"): Endpoint(swap_marks, 1, signed=False),
    ("GET", "/openApi/cswap/v1/market/premiumIndex"): Endpoint(coin_marks, 1, signed=False),
    ("GET", "/openApi/wallets/v1/capital/config/getall"): Endpoint(coins, 2, scope="2"),
}
