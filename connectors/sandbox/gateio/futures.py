"""Gate.io perpetual and dated futures: wallets, positions, closed positions."""

from functools import partial

from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.gateio.common import (
    PREFIX,
    Row,
    by_offset,
    contract,
    is_classic,
    never_opened,
    signed_size,
    window,
)
from connectors.sandbox.gateio.history import wallet_of
from connectors.sandbox.model import ZERO, ClosedTrip, OpenPosition, to_ms
from connectors.sandbox.prices import step
from connectors.sandbox.wire import text
from connectors.sandbox.world import MAINTENANCE_RATE
from connectors.types import LedgerKind, Side

SETTLES = ("usdt", "btc")
SUMS = {LedgerKind.REALIZED_PNL: "pnl", LedgerKind.FEE: "fee", LedgerKind.FUNDING: "fund", LedgerKind.REBATE: "refr"}


def account(call: Call, settle: str) -> object:
    """GET /futures/{settle}/accounts: `total` is without open P&L; a unified account shows its money here too."""
    wallet, book, coin = wallet_of(call, settle), call.book(), settle.upper()
    if wallet is None:
        raise never_opened("futures")
    cash = book.wallets[wallet].get(coin, ZERO)
    mine = [position for position in book.positions if position.wallet == wallet and position.settle == coin]
    margin = sum((position.initial_margin for position in mine), ZERO)
    return {
        "user": int(call.uid),
        "currency": coin,
        "total": text(cash),
        "unrealised_pnl": text(sum((position.unrealized for position in mine), ZERO)),
        "position_margin": "0",
        "position_initial_margin": text(margin),
        "order_margin": "0",
        "available": text(max(cash - margin, ZERO)),
        "point": "0",
        "bonus": "0",
        "in_dual_mode": call.account.hedged,
        "margin_mode": 0 if is_classic(call) else 2 if call.account.mode == "portfolio" else 1,
        "isolated_position_margin": "0",
        "history": _history(call, wallet, coin),
    }


def _history(call: Call, wallet: str, coin: str) -> Row:
    """Return the sums of the ledger by kind, which make up the total of a classic account."""
    sums = dict.fromkeys(("dnw", "pnl", "fee", "refr", "fund"), ZERO)
    sums["dnw"] += call.world.opening(call.uid).get(wallet, {}).get(coin, ZERO)
    for event in call.events(call.world.opened_at, call.at):
        if event.wallet == wallet and event.asset == coin and event.counts:
            sums[SUMS.get(event.kind, "dnw")] += event.amount
    points = ("point_dnw", "point_fee", "point_refr", "bonus_dnw", "bonus_offset")
    return {**{name: text(value) for name, value in sums.items()}, **dict.fromkeys(points, "0")}


def positions(call: Call, settle: str) -> object:
    """GET /futures/{settle}/positions; without `holding` also a row of size 0."""
    wallet, coin = wallet_of(call, settle), settle.upper()
    if wallet is None:
        raise never_opened("futures")
    mine = [item for item in call.book().positions if item.wallet == wallet and item.settle == coin]
    rows = [_position(call, item, settle) for item in mine]
    if rows and call.params.get("holding", "").lower() != "true":
        rows.append(rows[0] | {"contract": contract("LINK", settle), "size": "0", "value": "0"})
    return by_offset(call, rows, most=100) if "limit" in call.params else rows


def _position(call: Call, position: OpenPosition, settle: str) -> Row:
    held, size = position.held, signed_size(position)
    exact = call.account.hedged  # half of the accounts send sizes as numbers, as older answers do
    value = position.size if position.inverse else position.size * position.mark
    fees = held.open_fee + held.close_fee
    return {
        "user": int(call.uid),
        "contract": contract(position.base, settle),
        "size": text(size) if exact or size % 1 else int(size),
        "leverage": "0",
        "risk_limit": "1000000",
        "leverage_max": "100",
        "maintenance_rate": text(MAINTENANCE_RATE),
        "value": text(value),
        "margin": "0",
        "entry_price": text(held.entry),
        "liq_price": "0" if position.liquidation is None else text(position.liquidation),
        "mark_price": text(position.mark),
        "initial_margin": text(position.initial_margin),
        "maintenance_margin": text(position.maintenance_margin),
        "unrealised_pnl": text(position.unrealized),
        "realised_pnl": text(held.gross + held.funding + fees),
        "pnl_pnl": text(held.gross),
        "pnl_fund": text(held.funding),
        "pnl_fee": text(fees),
        "adl_ranking": 3,
        "pending_orders": 0,
        "close_order": None,
        "mode": f"dual_{position.side.value}" if call.account.hedged else "single",
        "update_time": to_ms(held.updated_at) // 1000,
        "update_id": 1,
        "cross_leverage_limit": str(position.leverage),
        "open_time": to_ms(held.opened_at) // 1000,
        "pos_margin_mode": "cross",
        "lever": str(position.leverage),
    }


def closed(call: Call, settle: str) -> object:
    """GET /futures/{settle}/position_close, newest first, times in whole seconds."""
    if wallet_of(call, settle) is None:
        raise never_opened("futures")
    since, until = window(call, default_days=180)
    trips = call.world.closed_trips(call.uid, since, min(until, call.at))
    rows = [_closed(trip, settle) for trip in reversed(trips) if trip.settle == settle.upper()]
    return by_offset(call, rows)


def _closed(trip: ClosedTrip, settle: str) -> Row:
    long, short = (trip.entry, trip.exit) if trip.side is Side.LONG else (trip.exit, trip.entry)
    fee = trip.open_fee + trip.close_fee
    size = text(trip.size if settle == "btc" else trip.size / step(trip.base))
    return {
        "contract": contract(trip.base, settle),
        "text": "web",
        "side": trip.side.value,
        "long_price": text(long),
        "short_price": text(short),
        "pnl": text(trip.gross + fee + trip.funding),
        "pnl_pnl": text(trip.gross),
        "pnl_fee": text(fee),
        "pnl_fund": text(trip.funding),
        "accum_size": size,
        "max_size": size,
        "time": to_ms(trip.closed_at) // 1000,
        "first_open_time": to_ms(trip.opened_at) // 1000,
    }


def dated(call: Call) -> object:
    """Dated futures: nobody has ever used them here."""
    raise never_opened("delivery")


ENDPOINTS = {
    ("GET", f"{PREFIX}/futures/{settle}/{name}"): Endpoint(partial(handler, settle=settle), 200)
    for settle in SETTLES
    for name, handler in (("accounts", account), ("positions", positions), ("position_close", closed))
} | {
    ("GET", f"{PREFIX}/delivery/{settle}/{name}"): Endpoint(dated, 200)
    for settle in SETTLES
    for name in ("accounts", "positions", "account_book")
}
