"""BingX spot orders and fills; every order here is filled at once, by one fill. Commissions are negative numbers."""

from connectors.sandbox.bingx.common import Row, bad_parameter, by_page, number, required, window
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.model import Event
from connectors.sandbox.wire import text
from connectors.types import LedgerKind

USUAL_DAYS = 7


def finished_orders(call: Call) -> object:
    """GET /openApi/spot/v1/trade/historyOrders, newest first, of one pair or of all."""
    page, size = number(call, "pageIndex", 1), number(call, "pageSize", 100, most=100)
    if page * size > 10_000:
        raise bad_parameter(call, "pageIndex")
    wanted = call.params.get("symbol")
    rows = [_order(legs) for legs in reversed(_trades(call))]
    return {"orders": by_page(call, [row for row in rows if wanted in (None, "", row["symbol"])])}


def fills(call: Call) -> object:
    """GET /openApi/spot/v1/trade/myTrades of one pair, newest first."""
    symbol = required(call, "symbol")
    rows = [_fill(legs) for legs in reversed(_trades(call))]
    return {"fills": [row for row in rows if row["symbol"] == symbol][: number(call, "limit", 500, most=1_000)]}


def _trades(call: Call) -> list[list[Event]]:
    """Return the events of each spot trade in the asked window, oldest first: base, quote, fee."""
    since, until = window(call, usual_days=USUAL_DAYS)
    found: dict[int, list[Event]] = {}
    for event in call.events(since, until):
        if event.wallet == "spot" and event.base and event.kind in (LedgerKind.TRADE, LedgerKind.FEE):
            found.setdefault(event.ref, []).append(event)
    return list(found.values())


def _order(legs: list[Event]) -> Row:
    base, quote = legs[0], legs[1]
    return {
        "symbol": f"{base.base}-{base.quote}",
        "orderId": base.ref,
        "price": text(base.price),
        "origQty": text(abs(base.amount)),
        "executedQty": text(abs(base.amount)),
        "cummulativeQuoteQty": text(abs(quote.amount)),
        "status": "FILLED",
        "type": "MARKET",
        "side": base.note.upper(),
        "time": base.at_ms,
        "updateTime": base.at_ms,
    }


def _fill(legs: list[Event]) -> Row:
    base, quote, *fees = legs
    return {
        "symbol": f"{base.base}-{base.quote}",
        "id": base.id,
        "orderId": base.ref,
        "price": text(base.price),
        "qty": text(abs(base.amount)),
        "quoteQty": text(abs(quote.amount)),
        "commission": float(fees[0].amount) if fees else 0,
        "commissionAsset": fees[0].asset if fees else quote.asset,
        "time": base.at_ms,
        "isBuyer": base.amount > 0,
        "isMaker": False,
    }


ENDPOINTS = {
    ("GET", "/openApi/spot/v1/trade/historyOrders"): Endpoint(finished_orders, 2, scope="10"),
    ("GET", "/openApi/spot/v1/trade/myTrades"): Endpoint(fills, 2, scope="5"),
}
