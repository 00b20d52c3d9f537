"""Coinbase history: transactions of a v2 wallet, fiat deposits and withdrawals, fills with their commissions."""

from datetime import datetime, timedelta
from decimal import Decimal

from connectors.sandbox.coinbase.common import (
    FIAT,
    Purse,
    Row,
    coin,
    fraction,
    identity,
    is_spot_fill,
    product,
    refused,
    seconds,
    whole,
)
from connectors.sandbox.coinbase.wallets import paged, purse_of
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.model import ZERO, Event
from connectors.sandbox.prices import step
from connectors.sandbox.wire import text
from connectors.types import LedgerKind

V3 = "/api/v3/brokerage"
SEQUENCE_DELAY = timedelta(microseconds=3_001)
BUYS = ("buy", "open_long", "close_short")
TYPES = {
    LedgerKind.TRADE: "advanced_trade_fill",
    LedgerKind.CONVERSION: "trade",
    LedgerKind.TRANSFER_IN: "transfer",
    LedgerKind.TRANSFER_OUT: "transfer",
    LedgerKind.REWARD: "staking_reward",
    LedgerKind.INTEREST: "interest",
    LedgerKind.FEE: "subscription",
    LedgerKind.REBATE: "rebate",
    LedgerKind.SETTLEMENT: "derivatives_settlement",
}


def transactions(call: Call) -> object:
    """GET /v2/accounts/{id}/transactions, newest first."""
    purse = purse_of(call)
    lived = call.events(call.world.opened_at, call.at)
    fees = {event.ref: -event.amount for event in lived if event.note == "withdrawal"}
    rows = [_transaction(purse, event, fees) for event in _events(call, purse)]
    return paged(call, rows, f"/v2/accounts/{purse.id}/transactions")


def deposits(call: Call) -> object:
    """GET /v2/accounts/{id}/deposits: fiat only."""
    return _fiat(call, LedgerKind.DEPOSIT, "deposits")


def withdrawals(call: Call) -> object:
    """GET /v2/accounts/{id}/withdrawals: fiat only."""
    return _fiat(call, LedgerKind.WITHDRAWAL, "withdrawals")


def _events(call: Call, purse: Purse) -> list[Event]:
    """Return the changes of a wallet, newest first; commissions and network fees are no rows of their own."""
    return [
        event
        for event in reversed(call.events(call.world.opened_at, call.at))
        if (event.wallet, event.asset) == (purse.wallet, purse.asset)
        and not (event.kind is LedgerKind.FEE and (is_spot_fill(event) or event.note == "withdrawal"))
    ]


def _transaction(purse: Purse, event: Event, fees: dict[int, Decimal]) -> Row:
    name, native = coin(event.asset), identity("transaction", str(event.id))
    fee = fees.get(event.ref, ZERO) if event.kind is LedgerKind.WITHDRAWAL else ZERO
    row: Row = {
        "id": native,
        "type": _type(event),
        "status": "completed" if event.counts else "pending",
        "amount": {"amount": text(event.amount - fee), "currency": name},
        "native_amount": {"amount": "0.00", "currency": "USD"},
        "description": None,
        "created_at": seconds(event.at),
        "updated_at": seconds(event.at),
        "resource": "transaction",
        "resource_path": f"/v2/accounts/{purse.id}/transactions/{native}",
    }
    if _type(event) == "send":
        row["network"] = {"status": "confirmed", "hash": f"{event.id:064x}", "network_name": "base"}
    if fee:
        row["network"] = {
            "status": "confirmed",
            "hash": f"{event.id:064x}",
            "network_name": "base",
            "transaction_fee": {"amount": text(fee), "currency": name},
            "transaction_amount": {"amount": text(-event.amount), "currency": name},
        }
    if event.kind is LedgerKind.TRADE and event.quote:
        row["advanced_trade_fill"] = {
            "product_id": f"{coin(event.base)}-{coin(event.quote)}",
            "fill_price": text(event.price),
            "order_side": event.note,
            "order_id": identity("order", str(event.ref)),
        }
    return row


def _type(event: Event) -> str:
    """Return what Coinbase calls a change; crypto comes as `send` or, newer, as `receive`."""
    if event.kind is LedgerKind.DEPOSIT:
        return "fiat_deposit" if event.asset in FIAT else "receive" if event.at_ms % 2 else "send"
    if event.kind is LedgerKind.WITHDRAWAL:
        return "fiat_withdrawal" if event.asset in FIAT else "send"
    if "futures_linear" in event.note.split(">"):
        return "derivatives_settlement"
    return TYPES.get(event.kind, "clawback")


def _fiat(call: Call, kind: LedgerKind, name: str) -> object:
    purse = purse_of(call)
    if purse.asset not in FIAT:
        return paged(call, [], f"/v2/accounts/{purse.id}/{name}")
    rows: list[Row] = []
    for event in _events(call, purse):
        if event.kind is kind:
            amount = {"amount": text(abs(event.amount)), "currency": purse.asset}
            rows.append(
                {
                    "id": identity(name, str(event.id)),
                    "status": "completed" if event.counts else "created",
                    "transaction": {"id": identity("transaction", str(event.id)), "resource": "transaction"},
                    "amount": amount,
                    "subtotal": amount,
                    "created_at": seconds(event.at),
                    "updated_at": seconds(event.at),
                    "resource": name[:-1],
                    "committed": event.counts,
                    "fee": {"amount": "0.00", "currency": purse.asset},
                }
            )
    return paged(call, rows, f"/v2/accounts/{purse.id}/{name}")


def fills(call: Call) -> object:
    """GET /api/v3/brokerage/orders/historical/fills, newest first; every page but an empty one has a cursor."""
    since, until = _instant(call, "start_sequence_timestamp"), _instant(call, "end_sequence_timestamp")
    found = _fills(call, since or call.world.opened_at, until or call.at)
    start, size = call.params.get("cursor") or "0", whole(call, "limit", 100, 250)
    if not start.isdigit():
        raise refused(400, "INVALID_ARGUMENT", "invalid cursor")
    page = found[int(start) :][:size]
    return {"fills": page, "cursor": str(int(start) + len(page)) if page else ""}


def _instant(call: Call, name: str) -> datetime | None:
    value = call.params.get(name)
    if not value:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise refused(400, "INVALID_ARGUMENT", f"invalid {name}") from None


def _fills(call: Call, since: datetime, until: datetime) -> list[Row]:
    events = call.events(since - SEQUENCE_DELAY, until - SEQUENCE_DELAY)
    fees = {event.ref: event for event in events if event.kind is LedgerKind.FEE and is_spot_fill(event)}
    rows: list[Row] = []
    for event in reversed(events):
        if event.kind is LedgerKind.TRADE and event.quote and event.asset == event.base:
            commission = -fees[event.ref].amount if event.ref in fees else ZERO
            rows.append(_fill(event, f"{coin(event.base)}-{coin(event.quote)}", text(event.quantity), commission))
        if event.kind is LedgerKind.FEE and event.wallet == "futures_linear" and event.base:
            contracts = str(int(event.quantity / step(event.base)))
            rows.append(_fill(event, product(event.base), contracts, -event.amount))
    return rows


def _fill(event: Event, product_id: str, size: str, commission: Decimal) -> Row:
    return {
        "entry_id": identity("entry", str(event.id)),
        "trade_id": identity("trade", str(event.ref)),
        "order_id": identity("order", str(event.ref)),
        "trade_time": fraction(event.at),
        "trade_type": "FILL",
        "price": text(event.price),
        "size": size,
        "commission": text(commission),
        "product_id": product_id,
        "sequence_timestamp": fraction(event.at + SEQUENCE_DELAY),
        "liquidity_indicator": "TAKER",
        "size_in_quote": False,
        "user_id": identity("user", event.note),
        "side": "BUY" if event.note in BUYS else "SELL",
    }


ENDPOINTS = {
    ("GET", "/v2/accounts/{id}/transactions"): Endpoint(transactions),
    ("GET", "/v2/accounts/{id}/deposits"): Endpoint(deposits),
    ("GET", "/v2/accounts/{id}/withdrawals"): Endpoint(withdrawals),
    ("GET", f"{V3}/orders/historical/fills"): Endpoint(fills),
}
