"""Coinbase US derivatives: balance summary, positions, sweeps. Who never traded there is refused, or told nothing."""

from decimal import Decimal

from connectors.sandbox.coinbase.common import EXPIRY, Row, dollars, product, refused
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.model import ZERO, OpenPosition
from connectors.sandbox.prices import step
from connectors.sandbox.wire import text
from connectors.types import Side

V3 = "/api/v3/brokerage"
WALLET = "futures_linear"


def cfm_cash(call: Call) -> Decimal | None:
    """Return the cash of the derivatives wallet, None where there is no such wallet."""
    assets = call.book().wallets.get(WALLET)
    return None if assets is None else sum(assets.values(), ZERO)


def balance_summary(call: Call) -> object:
    """GET /api/v3/brokerage/cfm/balance_summary; null for an account without any history."""
    cash = _cash_or_refusal(call)
    if cash is None:
        return {"balance_summary": None}
    book = call.book()
    pnl = sum(book.unrealized(WALLET).values(), ZERO)
    margin = sum((position.initial_margin for position in book.positions), ZERO)
    beside = sum((amount for asset, amount in book.amounts("spot").items() if asset == "USDT"), ZERO)
    return {
        "balance_summary": {
            "futures_buying_power": dollars(max(cash + pnl - margin, ZERO)),
            "total_usd_balance": dollars(cash + beside),
            "cbi_usd_balance": dollars(beside),
            "cfm_usd_balance": dollars(cash),
            "total_open_orders_hold_amount": dollars(ZERO),
            "unrealized_pnl": dollars(pnl),
            "daily_realized_pnl": dollars(ZERO),
            "initial_margin": dollars(margin),
            "available_margin": dollars(cash + pnl - margin),
            "liquidation_threshold": dollars(ZERO),
            "liquidation_buffer_amount": dollars(cash + pnl),
            "liquidation_buffer_percentage": "1000",
            "funding_pnl": dollars(ZERO),
        }
    }


def positions(call: Call) -> object:
    """GET /api/v3/brokerage/cfm/positions."""
    if _cash_or_refusal(call) is None:
        return {"positions": []}
    rows = [
        {
            "product_id": product(position.base),
            "expiration_time": EXPIRY,
            "side": "LONG" if position.side is Side.LONG else "SHORT",
            "number_of_contracts": _contracts(position),
            "current_price": text(position.mark),
            "avg_entry_price": text(position.entry),
            "unrealized_pnl": text(position.unrealized),
            "daily_realized_pnl": "0",
        }
        for position in call.book().positions
    ]
    flat = {"side": "UNKNOWN", "number_of_contracts": "0", "avg_entry_price": "0", "unrealized_pnl": "0"}
    return {"positions": [*rows, {"product_id": product("LINK"), "current_price": "1", **flat}]}


def breakdown_positions(call: Call) -> list[Row]:
    """Return the positions as a valued portfolio lists them, in JSON numbers."""
    return [
        {
            "product_id": product(position.base),
            "contract_size": float(step(position.base)),
            "side": f"FUTURES_POSITION_SIDE_{position.side.value.upper()}",
            "amount": int(_contracts(position)),
            "avg_entry_price": float(position.entry),
            "current_price": float(position.mark),
            "unrealized_pnl": float(position.unrealized),
            "expiry": EXPIRY,
            "underlying_asset": position.base,
        }
        for position in call.book().positions
    ]


def sweeps(call: Call) -> object:
    """GET /api/v3/brokerage/cfm/sweeps: none is ever pending."""
    _cash_or_refusal(call)
    return {"sweeps": []}


def _contracts(position: OpenPosition) -> str:
    return str(int(position.size / step(position.base)))


def _cash_or_refusal(call: Call) -> Decimal | None:
    cash = cfm_cash(call)
    if cash is None and call.book().wallets:
        raise refused(403, "PERMISSION_DENIED", "user is not onboarded to FCM")
    return cash


ENDPOINTS = {
    ("GET", f"{V3}/cfm/balance_summary"): Endpoint(balance_summary),
    ("GET", f"{V3}/cfm/positions"): Endpoint(positions),
    ("GET", f"{V3}/cfm/sweeps"): Endpoint(sweeps),
}
