"""Binance spot: market data and the spot account (`/api/v3`)."""

from decimal import Decimal

from connectors.sandbox.binance.common import error, integer, limited, mandatory, window
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.model import ZERO, Event
from connectors.sandbox.prices import spot_pairs, step, tick
from connectors.sandbox.wire import amount, text
from connectors.types import LedgerKind

LOCKED_EARN = frozenset({"ETH"})
ZERO_ROWS = ("ETC", "LTC", "EOS", "LDETC")


def server_time(call: Call) -> object:
    """GET /api/v3/time."""
    return {"serverTime": call.site.now_ms()}


def ping(call: Call) -> object:
    """GET /api/v3/ping."""
    return {}


def account(call: Call) -> object:
    """GET /api/v3/account: spot balances, with the LD copies of flexible earn."""
    book = call.book()
    rows = [
        (asset, total - book.locked.get(asset, ZERO), book.locked.get(asset, ZERO))
        for asset, total in book.amounts("spot").items()
    ]
    rows += [(f"LD{asset}", total, ZERO) for asset, total in book.amounts("earn").items() if asset not in LOCKED_EARN]
    if call.params.get("omitZeroBalances", "false").lower() != "true":
        rows += [(asset, ZERO, ZERO) for asset in ZERO_ROWS]
    return {
        "makerCommission": 10,
        "takerCommission": 10,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {
            "maker": "0.00100000",
            "taker": "0.00100000",
            "buyer": "0.00000000",
            "seller": "0.00000000",
        },
        "canTrade": True,
        "canWithdraw": True,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": call.site.now_ms(),
        "accountType": "SPOT",
        "balances": [{"asset": asset, "free": amount(free), "locked": amount(locked)} for asset, free, locked in rows],
        "permissions": ["SPOT"],
        "uid": int(call.uid),
    }


def ticker_price(call: Call) -> object:
    """GET /api/v3/ticker/price."""
    asked = call.params.get("symbol")
    prices = {base + quote: call.world.market.pair(base, quote, call.at) for base, quote in spot_pairs()}
    if asked is None:
        return [{"symbol": symbol, "price": amount(price)} for symbol, price in prices.items()]
    if asked not in prices:
        raise error(-1121, "Invalid symbol.")
    return {"symbol": asked, "price": amount(prices[asked])}


def exchange_info(call: Call) -> object:
    """GET /api/v3/exchangeInfo."""
    return {
        "timezone": "UTC",
        "serverTime": call.site.now_ms(),
        "rateLimits": [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000}],
        "exchangeFilters": [],
        "symbols": [_symbol(base, quote) for base, quote in spot_pairs()],
    }


def _symbol(base: str, quote: str) -> dict[str, object]:
    price_step = tick(base) if quote == "USDT" else Decimal("0.001")
    return {
        "symbol": base + quote,
        "status": "TRADING",
        "baseAsset": base,
        "baseAssetPrecision": 8,
        "quoteAsset": quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": ["LIMIT", "MARKET"],
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": text(price_step),
                "maxPrice": "10000000",
                "tickSize": text(price_step),
            },
            {"filterType": "LOT_SIZE", "minQty": text(step(base)), "maxQty": "9000000", "stepSize": text(step(base))},
        ],
        "permissions": ["SPOT"],
        "permissionSets": [["SPOT"]],
    }


def my_trades(call: Call) -> object:
    """GET /api/v3/myTrades: fills of one symbol, oldest first: from `fromId` on, of a day, or the last ones."""
    return trades_of(call, "spot")


def trades_of(call: Call, wallet: str) -> list[dict[str, object]]:
    """Return the fills of one symbol in one wallet, as the three lists of trades tell them."""
    symbol, size = call.params.get("symbol") or "", limited(call.params, 500, 1000)
    if not symbol:
        raise mandatory("symbol")
    if symbol not in {base + quote for base, quote in spot_pairs()}:
        raise error(-1121, "Invalid symbol.")
    first = integer(call.params, "fromId")
    timed = "startTime" in call.params or "endTime" in call.params
    since, until = window(call, default_days=1, max_days=1) if timed else (call.world.opened_at, call.at)
    actions: dict[int, list[Event]] = {}
    for event in call.events(since, until):
        is_fill = event.kind in (LedgerKind.TRADE, LedgerKind.FEE) and event.note in ("buy", "sell")
        if event.wallet == wallet and is_fill and event.base + event.quote == symbol:
            actions.setdefault(event.ref, []).append(event)
    rows = [_fill(symbol, events) for ref, events in actions.items() if first is None or ref >= first]
    return rows[:size] if timed or first is not None else rows[-size:]


def _fill(symbol: str, events: list[Event]) -> dict[str, object]:
    first = events[0]
    fee = next((event for event in events if event.kind is LedgerKind.FEE), None)
    return {
        "symbol": symbol,
        "id": first.ref,
        "orderId": first.ref,
        "orderListId": -1,
        "price": amount(first.price),
        "qty": amount(first.quantity),
        "quoteQty": amount(first.price * first.quantity),
        "commission": amount(-fee.amount) if fee else "0.00000000",
        "commissionAsset": fee.asset if fee else first.base,
        "time": first.at_ms,
        "isBuyer": first.note == "buy",
        "isMaker": False,
        "isBestMatch": True,
    }


ENDPOINTS = {
    ("GET", "/api/v3/ping"): Endpoint(ping, 1, signed=False),
    ("GET", "/api/v3/time"): Endpoint(server_time, 1, signed=False),
    ("GET", "/api/v3/ticker/price"): Endpoint(ticker_price, 4, signed=False),
    ("GET", "/api/v3/exchangeInfo"): Endpoint(exchange_info, 20, signed=False),
    ("GET", "/api/v3/account"): Endpoint(account, 20),
    ("GET", "/api/v3/myTrades"): Endpoint(my_trades, 20),
}
