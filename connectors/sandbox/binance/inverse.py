"""Binance COIN-M futures endpoints (`/dapi`)."""

from connectors.sandbox.binance import futures
from connectors.sandbox.binance.common import error
from connectors.sandbox.binance.linear import ONBOARD_MS, PERPETUAL_ENDS_MS
from connectors.sandbox.binance.spot import ping, server_time
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.life import CONTRACT_USD
from connectors.sandbox.wire import amount

WALLET = "futures_inverse"
COINS = ("BTC", "ETH")
SIZES = {"BTC": int(CONTRACT_USD), "ETH": 10}


def account(call: Call) -> object:
    """GET /dapi/v1/account."""
    rows = futures.asset_rows(call.book(), WALLET, COINS)
    return {
        "assets": rows,
        "positions": _account_positions(call),
        "canDeposit": True,
        "canTrade": True,
        "canWithdraw": True,
        "feeTier": 0,
    }


def _account_positions(call: Call) -> list[dict[str, object]]:
    book, rows = call.book(), []
    for base in COINS:
        for side in futures.sides(call):
            position = futures.find(call, book, base, side, inverse=True)
            risk = futures.risk_inverse(call, base, side, position)
            margin = amount(position.initial_margin) if position else "0"
            maintenance = amount(position.maintenance_margin) if position else "0"
            rows.append(
                {
                    "symbol": risk["symbol"],
                    "positionAmt": risk["positionAmt"],
                    "initialMargin": margin,
                    "maintMargin": maintenance,
                    "unrealizedProfit": risk["unRealizedProfit"],
                    "positionInitialMargin": margin,
                    "openOrderInitialMargin": "0",
                    "leverage": risk["leverage"],
                    "isolated": False,
                    "positionSide": side,
                    "entryPrice": risk["entryPrice"],
                    "breakEvenPrice": risk["breakEvenPrice"],
                    "maxQty": "50",
                    "updateTime": risk["updateTime"],
                }
            )
    return rows


def balance(call: Call) -> object:
    """GET /dapi/v1/balance."""
    return futures.balance_rows(call.book(), WALLET)


def position_risk(call: Call) -> object:
    """GET /dapi/v1/positionRisk: every symbol, flat ones too."""
    book = call.book()
    return [
        futures.risk_inverse(call, base, side, futures.find(call, book, base, side, inverse=True))
        for base in COINS
        for side in futures.sides(call)
        if call.params.get("pair", f"{base}USD") == f"{base}USD"
    ]


def income(call: Call) -> object:
    """GET /dapi/v1/income; ids are text here."""
    return futures.income(call, WALLET, text_ids=True)


def premium_index(call: Call) -> object:
    """GET /dapi/v1/premiumIndex."""
    asked, now = call.params.get("symbol"), call.site.now_ms()
    rows = [
        {
            "symbol": futures.inverse_symbol(base),
            "pair": f"{base}USD",
            "markPrice": amount(call.world.market.mark(base, call.at)),
            "indexPrice": amount(call.world.market.pair(base, "USDT", call.at)),
            "estimatedSettlePrice": amount(call.world.market.pair(base, "USDT", call.at)),
            "lastFundingRate": amount(call.world.market.funding_rate(base, call.at)),
            "interestRate": "0.00010000",
            "nextFundingTime": (now // 28_800_000 + 1) * 28_800_000,
            "time": now,
        }
        for base in COINS
        if asked in (None, "", futures.inverse_symbol(base))
    ]
    if not rows:
        raise error(-1121, "Invalid symbol.")
    return rows


def exchange_info(call: Call) -> object:
    """GET /dapi/v1/exchangeInfo."""
    return {
        "timezone": "UTC",
        "serverTime": call.site.now_ms(),
        "rateLimits": [],
        "symbols": [_contract(base) for base in COINS],
    }


def _contract(base: str) -> dict[str, object]:
    return {
        "symbol": futures.inverse_symbol(base),
        "pair": f"{base}USD",
        "contractType": "PERPETUAL",
        "deliveryDate": PERPETUAL_ENDS_MS,
        "onboardDate": ONBOARD_MS,
        "contractStatus": "TRADING",
        "contractSize": SIZES[base],
        "marginAsset": base,
        "baseAsset": base,
        "quoteAsset": "USD",
        "pricePrecision": 1,
        "quantityPrecision": 0,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "filters": [{"filterType": "LOT_SIZE", "minQty": "1", "maxQty": "1000000", "stepSize": "1"}],
    }


def leverage_bracket(call: Call) -> object:
    """GET /dapi/v1/leverageBracket and v2."""
    bracket = {
        "bracket": 1,
        "initialLeverage": 125,
        "qtyCap": 100_000,
        "qtyFloor": 0,
        "maintMarginRatio": 0.004,
        "cum": 0.0,
    }
    return [{"symbol": futures.inverse_symbol(base), "notionalCoef": 1.0, "brackets": [bracket]} for base in COINS]


ENDPOINTS = {
    ("GET", "/dapi/v1/ping"): Endpoint(ping, signed=False),
    ("GET", "/dapi/v1/time"): Endpoint(server_time, signed=False),
    ("GET", "/dapi/v1/exchangeInfo"): Endpoint(exchange_info, signed=False),
    ("GET", "/dapi/v1/premiumIndex"): Endpoint(premium_index, 10, signed=False),
    ("GET", "/dapi/v1/account"): Endpoint(account, 5),
    ("GET", "/dapi/v1/balance"): Endpoint(balance),
    ("GET", "/dapi/v1/positionRisk"): Endpoint(position_risk),
    ("GET", "/dapi/v1/income"): Endpoint(income, 20),
    ("GET", "/dapi/v1/leverageBracket"): Endpoint(leverage_bracket),
    ("GET", "/dapi/v2/leverageBracket"): Endpoint(leverage_bracket),
}
