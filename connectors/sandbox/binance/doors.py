"""The other doors of a Binance account: trades between people, Pay, cards, the master account; and conversions.

The world's events say in their note which door they came through.
"""

from connectors.sandbox.binance.common import error, integer, limited, window
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.model import Event
from connectors.sandbox.wire import amount
from connectors.types import LedgerKind

P2P, PAY, CARD, MASTER = "P2P", "Pay", "Card", "master"
DOORS = frozenset({P2P, PAY, CARD})
BORDER = (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)
FIAT_PRICE = 5
Row = dict[str, object]


def p2p(call: Call) -> object:
    """GET /sapi/v1/c2c/orderMatch/listUserOrderHistory of one `tradeType`, newest first; some were called off."""
    side = call.params.get("tradeType", "BUY")
    since, until = window(call, default_days=30, max_days=30, start="startTimestamp", end="endTimestamp")
    kind = LedgerKind.DEPOSIT if side == "BUY" else LedgerKind.WITHDRAWAL
    rows: list[Row] = [
        {
            "orderNumber": str(event.id),
            "tradeType": side,
            "asset": event.asset,
            "fiat": "BRL",
            "amount": amount(abs(event.amount)),
            "totalPrice": amount(abs(event.amount) * FIAT_PRICE),
            "unitPrice": str(FIAT_PRICE),
            "orderStatus": "COMPLETED" if event.counts else "CANCELLED",
            "createTime": event.at_ms,
            "commission": "0",
            "takerCommission": "0",
            "advertisementRole": "TAKER",
        }
        for event in _through(call.events(since, until), P2P)
        if event.kind is kind
    ]
    return _numbered(call, rows, default=100, most=100)


def pay(call: Call) -> object:
    """GET /sapi/v1/pay/transactions, newest first: what was spent is negative."""
    since, until = window(call, default_days=90, max_days=90)
    rows: list[Row] = [
        {
            "orderType": "C2C",
            "transactionId": f"M_P_{event.id}",
            "transactionTime": event.at_ms,
            "amount": amount(event.amount),
            "currency": event.asset,
            "walletType": 1,
            "fundsDetail": [
                {
                    "currency": event.asset,
                    "amount": amount(abs(event.amount)),
                    "walletAssetCost": {"1" if event.wallet == "funding" else "2": amount(abs(event.amount))},
                }
            ],
        }
        for event in reversed(_through(call.events(since, until), PAY))
    ]
    return {"code": "000000", "message": "success", "data": rows[: limited(call.params, 100, 100)], "success": True}


def payments(call: Call) -> object:
    """GET /sapi/v1/fiat/payments of one `transactionType`: coins bought by card (0) or sold to one (1)."""
    since, until = window(call, default_days=30, max_days=3650, start="beginTime", end="endTime")
    kind = LedgerKind.DEPOSIT if call.params.get("transactionType") == "0" else LedgerKind.WITHDRAWAL
    rows: list[Row] = [
        {
            "orderNo": f"{event.id:032x}",
            "sourceAmount": amount(abs(event.amount) * FIAT_PRICE),
            "fiatCurrency": "BRL",
            "obtainAmount": amount(abs(event.amount)),
            "cryptoCurrency": event.asset,
            "totalFee": "0.2",
            "price": str(FIAT_PRICE),
            "status": "Completed" if event.counts else "Failed",
            "paymentMethod": "Credit Card",
            "createTime": event.at_ms,
            "updateTime": event.at_ms,
        }
        for event in _through(call.events(since, until), CARD)
        if event.kind is kind
    ]
    return _numbered(call, rows, default=100, most=500)


def conversions(call: Call) -> object:
    """GET /sapi/v1/convert/tradeFlow, newest first."""
    since, until = window(call, default_days=30, max_days=30)
    actions: dict[int, list[Event]] = {}
    for event in call.events(since, until):
        if event.kind is LedgerKind.CONVERSION and event.wallet == "spot":
            actions.setdefault(event.ref, []).append(event)
    rows = [_conversion(events) for events in reversed(actions.values())]
    size = limited(call.params, 100, 1000)
    return {"list": rows[:size], "limit": size, "moreData": len(rows) > size}


def _conversion(events: list[Event]) -> Row:
    given, got = sorted(events, key=lambda event: event.amount)
    return {
        "quoteId": f"{given.ref:032x}",
        "orderId": given.ref,
        "orderStatus": "SUCCESS",
        "fromAsset": given.asset,
        "fromAmount": amount(-given.amount),
        "toAsset": got.asset,
        "toAmount": amount(got.amount),
        "createTime": given.at_ms,
    }


def sub_history(call: Call) -> object:
    """GET /sapi/v1/sub-account/transfer/subUserHistory: refused to whoever has no master."""
    events = [event for event in call.events(call.world.opened_at, call.at) if event.note == MASTER]
    if not events:
        raise error(-9000, "This action is for sub-accounts only.")
    since, until = window(call, default_days=30, max_days=30)
    kind = LedgerKind.TRANSFER_IN if call.params.get("type") == "1" else LedgerKind.TRANSFER_OUT
    rows: list[Row] = [
        {
            "counterParty": MASTER,
            "email": "master@example.com",
            "type": 1 if kind is LedgerKind.TRANSFER_IN else 2,
            "asset": event.asset,
            "qty": amount(abs(event.amount)),
            "fromAccountType": "SPOT",
            "toAccountType": "SPOT",
            "status": "SUCCESS",
            "tranId": event.id,
            "time": event.at_ms,
        }
        for event in reversed(events)
        if event.kind is kind and since <= event.at <= until
    ]
    return rows[: limited(call.params, 500, 500)]


def _through(events: list[Event], door: str) -> list[Event]:
    return [event for event in events if event.kind in BORDER and event.note == door]


def _numbered(call: Call, rows: list[Row], *, default: int, most: int) -> Row:
    rows.reverse()
    size, number = limited(call.params, default, most, "rows"), max(integer(call.params, "page", 1) or 1, 1)
    data = rows[(number - 1) * size : number * size]
    return {"code": "000000", "message": "success", "data": data, "total": len(rows), "success": True}


ENDPOINTS = {
    ("GET", "/sapi/v1/c2c/orderMatch/listUserOrderHistory"): Endpoint(p2p),
    ("GET", "/sapi/v1/pay/transactions"): Endpoint(pay, 3_000, scope="uid"),
    ("GET", "/sapi/v1/fiat/payments"): Endpoint(payments),
    ("GET", "/sapi/v1/convert/tradeFlow"): Endpoint(conversions, 3_000, scope="uid"),
    ("GET", "/sapi/v1/sub-account/transfer/subUserHistory"): Endpoint(sub_history),
}
