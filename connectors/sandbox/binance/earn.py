"""What went into Binance's earn and came back (`/sapi/v1/simple-earn/…/history`): all of it flexible here."""

from connectors.sandbox.binance.common import page, window
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.model import Event
from connectors.sandbox.wire import amount
from connectors.types import LedgerKind

Row = dict[str, object]


def subscriptions(call: Call) -> object:
    """GET /sapi/v1/simple-earn/flexible/history/subscriptionRecord, newest first."""
    return page([_subscription(event) for event in _moves(call, LedgerKind.TRANSFER_IN)], call.params)


def redemptions(call: Call) -> object:
    """GET /sapi/v1/simple-earn/flexible/history/redemptionRecord, newest first."""
    return page([_redemption(event) for event in _moves(call, LedgerKind.TRANSFER_OUT)], call.params)


def nothing(call: Call) -> object:
    """GET /sapi/v1/simple-earn/locked/history/…: nothing moves there."""
    window(call, default_days=30, max_days=30)
    return page([], call.params)


def _moves(call: Call, kind: LedgerKind) -> list[Event]:
    since, until = window(call, default_days=30, max_days=30)
    return [event for event in reversed(call.events(since, until)) if event.wallet == "earn" and event.kind is kind]


def _subscription(event: Event) -> Row:
    funding = event.note.startswith("funding>")
    return {
        "amount": amount(event.amount),
        "asset": event.asset,
        "time": event.at_ms,
        "purchaseId": event.id,
        "productId": f"{event.asset}001",
        "type": "NORMAL",
        "sourceAccount": "FUNDING" if funding else "SPOT",
        "amtFromSpot": "0" if funding else amount(event.amount),
        "amtFromFunding": amount(event.amount) if funding else "0",
        "status": "SUCCESS",
    }


def _redemption(event: Event) -> Row:
    return {
        "amount": amount(-event.amount),
        "asset": event.asset,
        "time": event.at_ms,
        "projectId": f"{event.asset}001",
        "redeemId": event.id,
        "destAccount": "FUNDING" if event.note.endswith(">funding") else "SPOT",
        "status": "PAID",
    }


ENDPOINTS = {
    ("GET", "/sapi/v1/simple-earn/flexible/history/subscriptionRecord"): Endpoint(subscriptions, 150),
    ("GET", "/sapi/v1/simple-earn/flexible/history/redemptionRecord"): Endpoint(redemptions, 150),
    ("GET", "/sapi/v1/simple-earn/locked/history/subscriptionRecord"): Endpoint(nothing, 150),
    ("GET", "/sapi/v1/simple-earn/locked/history/redemptionRecord"): Endpoint(nothing, 150),
}
