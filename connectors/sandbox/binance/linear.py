"""Binance USD-M futures endpoints (`/fapi`)."""

from connectors.sandbox.binance import futures
from connectors.sandbox.binance.common import error
from connectors.sandbox.binance.spot import ping, server_time
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.model import OpenPosition, to_ms
from connectors.sandbox.prices import CONTRACTS, step, tick
from connectors.sandbox.wire import amount, text

WALLET = "futures_linear"
PERPETUAL_ENDS_MS = 4_133_404_800_000
ONBOARD_MS = 1_569_398_400_000


def _positions(call: Call) -> list[OpenPosition]:
    asked = call.params.get("symbol")
    open_ones = [position for position in call.book().positions if position.wallet == WALLET]
    return [position for position in open_ones if asked in (None, "", futures.linear_symbol(position.base))]


def account_v3(call: Call) -> object:
    """GET /fapi/v3/account."""
    rows = futures.asset_rows(call.book(), WALLET, ("FDUSD",))
    return {
        **futures.totals(rows),
        "assets": rows,
        "positions": [futures.account_position(call, item) for item in _positions(call)],
    }


def account_v2(call: Call) -> object:
    """GET /fapi/v2/account: as v3, with the settings and every symbol."""
    book = call.book()
    rows = futures.asset_rows(book, WALLET, ("FDUSD",))
    positions = []
    for base in CONTRACTS:
        for side in futures.sides(call):
            risk = futures.risk_v2(call, base, side, futures.find(call, book, base, side, inverse=False))
            positions.append(
                {**risk, "unrealizedProfit": risk["unRealizedProfit"], "initialMargin": "0", "maintMargin": "0"}
            )
    flags = {
        "feeTier": 0,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "updateTime": 0,
        "multiAssetsMargin": False,
    }
    return {**flags, **futures.totals(rows), "assets": rows, "positions": positions}


def balance(call: Call) -> object:
    """GET /fapi/v3/balance and /fapi/v2/balance."""
    return futures.balance_rows(call.book(), WALLET)


def risk_v3(call: Call) -> object:
    """GET /fapi/v3/positionRisk: open positions only."""
    return [futures.risk_v3(call, position) for position in _positions(call)]


def risk_v2(call: Call) -> object:
    """GET /fapi/v2/positionRisk: every symbol."""
    book, asked = call.book(), call.params.get("symbol")
    return [
        futures.risk_v2(call, base, side, futures.find(call, book, base, side, inverse=False))
        for base in CONTRACTS
        for side in futures.sides(call)
        if asked in (None, "", futures.linear_symbol(base))
    ]


def symbol_config(call: Call) -> object:
    """GET /fapi/v1/symbolConfig."""
    asked = call.params.get("symbol")
    return [
        {
            "symbol": futures.linear_symbol(base),
            "marginType": "CROSSED",
            "isAutoAddMargin": False,
            "leverage": futures.leverage(base),
            "maxNotionalValue": "1000000",
        }
        for base in CONTRACTS
        if asked in (None, "", futures.linear_symbol(base))
    ]


def account_config(call: Call) -> object:
    """GET /fapi/v1/accountConfig."""
    return {
        "feeTier": 0,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "dualSidePosition": call.account.hedged,
        "updateTime": 0,
        "multiAssetsMargin": False,
        "tradeGroupId": -1,
    }


def position_mode(call: Call) -> object:
    """GET /fapi/v1/positionSide/dual."""
    return {"dualSidePosition": call.account.hedged}


def income(call: Call) -> object:
    """GET /fapi/v1/income."""
    return futures.income(call, WALLET, text_ids=False)


def premium_index(call: Call) -> object:
    """GET /fapi/v1/premiumIndex."""
    asked = call.params.get("symbol")
    rows = [_premium(call, base) for base in CONTRACTS if asked in (None, "", futures.linear_symbol(base))]
    if not rows:
        raise error(-1121, "Invalid symbol.")
    return rows[0] if asked else rows


def _premium(call: Call, base: str) -> dict[str, object]:
    now = call.site.now_ms()
    return {
        "symbol": futures.linear_symbol(base),
        "markPrice": amount(call.world.market.mark(base, call.at)),
        "indexPrice": amount(call.world.market.pair(base, "USDT", call.at)),
        "estimatedSettlePrice": amount(call.world.market.pair(base, "USDT", call.at)),
        "lastFundingRate": amount(call.world.market.funding_rate(base, call.at)),
        "interestRate": "0.00010000",
        "nextFundingTime": (now // 28_800_000 + 1) * 28_800_000,
        "time": now,
    }


def ticker_price(call: Call) -> object:
    """GET /fapi/v1/ticker/price and v2."""
    asked = call.params.get("symbol")
    rows = [
        {
            "symbol": futures.linear_symbol(base),
            "price": text(call.world.market.pair(base, "USDT", call.at)),
            "time": to_ms(call.at),
        }
        for base in CONTRACTS
        if asked in (None, "", futures.linear_symbol(base))
    ]
    if not rows:
        raise error(-1121, "Invalid symbol.")
    return rows[0] if asked else rows


def exchange_info(call: Call) -> object:
    """GET /fapi/v1/exchangeInfo."""
    return {
        "timezone": "UTC",
        "serverTime": call.site.now_ms(),
        "rateLimits": [],
        "symbols": [_contract(base) for base in CONTRACTS],
    }


def _contract(base: str) -> dict[str, object]:
    return {
        "symbol": futures.linear_symbol(base),
        "pair": futures.linear_symbol(base),
        "contractType": "PERPETUAL",
        "deliveryDate": PERPETUAL_ENDS_MS,
        "onboardDate": ONBOARD_MS,
        "status": "TRADING",
        "baseAsset": base,
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "pricePrecision": -int(tick(base).as_tuple().exponent),
        "quantityPrecision": -int(step(base).as_tuple().exponent),
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": text(tick(base)),
                "maxPrice": "10000000",
                "tickSize": text(tick(base)),
            },
            {"filterType": "LOT_SIZE", "minQty": text(step(base)), "maxQty": "100000", "stepSize": text(step(base))},
        ],
    }


def leverage_bracket(call: Call) -> object:
    """GET /fapi/v1/leverageBracket."""
    bracket = {
        "bracket": 1,
        "initialLeverage": 125,
        "notionalCap": 100_000_000,
        "notionalFloor": 0,
        "maintMarginRatio": 0.004,
        "cum": 0.0,
    }
    return [{"symbol": futures.linear_symbol(base), "notionalCoef": 1.0, "brackets": [bracket]} for base in CONTRACTS]


ENDPOINTS = {
    ("GET", "/fapi/v1/ping"): Endpoint(ping, signed=False),
    ("GET", "/fapi/v1/time"): Endpoint(server_time, signed=False),
    ("GET", "/fapi/v1/exchangeInfo"): Endpoint(exchange_info, signed=False),
    ("GET", "/fapi/v1/premiumIndex"): Endpoint(premium_index, 10, signed=False),
    ("GET", "/fapi/v1/ticker/price"): Endpoint(ticker_price, 2, signed=False),
    ("GET", "/fapi/v2/ticker/price"): Endpoint(ticker_price, 2, signed=False),
    ("GET", "/fapi/v3/account"): Endpoint(account_v3, 5),
    ("GET", "/fapi/v2/account"): Endpoint(account_v2, 5),
    ("GET", "/fapi/v3/balance"): Endpoint(balance, 5),
    ("GET", "/fapi/v2/balance"): Endpoint(balance, 5),
    ("GET", "/fapi/v3/positionRisk"): Endpoint(risk_v3, 5),
    ("GET", "/fapi/v2/positionRisk"): Endpoint(risk_v2, 5),
    ("GET", "/fapi/v1/symbolConfig"): Endpoint(symbol_config, 5),
    ("GET", "/fapi/v1/accountConfig"): Endpoint(account_config, 5),
    ("GET", "/fapi/v1/positionSide/dual"): Endpoint(position_mode, 30),
    ("GET", "/fapi/v1/income"): Endpoint(income, 30),
    ("GET", "/fapi/v1/leverageBracket"): Endpoint(leverage_bracket),
}
