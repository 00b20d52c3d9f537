"""The account log of Kraken futures, told from the world's events: rows of money, and of sizes beside fills."""

from dataclasses import dataclass
from decimal import Decimal

from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.krakenfutures.common import Row, code, contract, exact, margin_account, refused, stamp, whole
from connectors.sandbox.model import ZERO, Event
from connectors.types import LedgerKind

MOST = 500
COSTS = ((25, 1), (50, 2))
OUTSIDE = (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)
MOVES = (LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT)


@dataclass
class Booking:
    """One row of money: what of its change was profit, funding and fee."""

    event: Event
    info: str
    change: Decimal = ZERO
    profit: Decimal = ZERO
    funding: Decimal = ZERO
    fee: Decimal = ZERO


def cost(call: Call) -> int:
    """Return the cost of a page of the history."""
    size = whole(call, "count") or MOST
    return next((units for most, units in COSTS if size <= most), 3)


def account_log(call: Call) -> object:
    """GET /api/history/v3/account-log (v2 for older clients): ids grow with time, `to` and `from` are in the page."""
    size = whole(call, "count") or MOST
    if not 1 <= size <= MOST:
        raise refused("invalidArgument", 400)
    since, before, lowest, highest = (whole(call, name) for name in ("since", "before", "from", "to"))
    rows = [
        row
        for at_ms, number, row in _rows(call)
        if (since is None or at_ms >= since)
        and (before is None or at_ms < before)
        and (lowest is None or number >= lowest)
        and (highest is None or number <= highest)
    ]
    newest_first = call.params.get("sort", "desc") != "asc"
    return {"accountUid": call.uid, "logs": (list(reversed(rows)) if newest_first else rows)[:size]}


def _rows(call: Call) -> list[tuple[int, int, Row]]:
    balances = {
        (wallet, asset): amount
        for wallet, assets in call.world.opening(call.uid).items()
        for asset, amount in assets.items()
    }
    found: list[tuple[int, int, Row]] = []
    for booking in _bookings(call):
        event = booking.event
        place = (event.wallet, event.asset)
        old = balances.get(place, ZERO)
        new = balances[place] = old + booking.change
        if event.quantity:
            found.append((event.at_ms, len(found) + 1, _size_row(event, len(found) + 1)))
        found.append((event.at_ms, len(found) + 1, _money_row(booking, len(found) + 1, old, new)))
    return found


def _bookings(call: Call) -> list[Booking]:
    found: dict[tuple[int, str, str], Booking] = {}
    for event in call.events(call.world.opened_at, call.at):
        if event.counts:
            action = event.id if event.kind is LedgerKind.FUNDING else event.ref
            booking = found.setdefault((action, event.wallet, event.asset), Booking(event, _info(event)))
            booking.change += event.amount
            if event.kind is LedgerKind.REALIZED_PNL:
                booking.profit += event.amount
            elif event.kind is LedgerKind.FUNDING:
                booking.funding += event.amount
            elif event.kind is LedgerKind.FEE and event.quantity:
                booking.fee -= event.amount
    return list(found.values())


def _info(event: Event) -> str:
    if event.kind is LedgerKind.FUNDING:
        return "funding rate change"
    if event.quantity:
        return "futures trade"
    if event.kind in OUTSIDE:
        return "cross-exchange transfer"
    return "transfer" if event.kind in MOVES else "admin transfer"


def _contract(event: Event) -> str | None:
    return contract(event.base, inverse=event.wallet == "futures_inverse").lower() if event.base else None


def _row(event: Event, number: int) -> Row:
    return {
        "id": number,
        "date": stamp(event.at),
        "contract": _contract(event),
        "margin_account": margin_account(event),
        "booking_uid": f"b{event.id}",
        "execution": f"e{event.ref}" if event.quantity else None,
        "funding_rate": None,
        "mark_price": None,
        "trade_price": exact(event.price) if event.quantity else None,
        "conversion_spread_percentage": None,
    }


def _money_row(booking: Booking, number: int, old: Decimal, new: Decimal) -> Row:
    return {
        **_row(booking.event, number),
        "asset": code(booking.event.asset),
        "info": booking.info,
        "fee": exact(booking.fee) if booking.fee else None,
        "realized_pnl": exact(booking.profit) if booking.profit else None,
        "realized_funding": exact(booking.funding) if booking.funding else None,
        "old_balance": exact(old),
        "new_balance": exact(new),
    }


def _size_row(event: Event, number: int) -> Row:
    """Return the row about the size of a position that a fill has too."""
    empty: Row = dict.fromkeys(("fee", "realized_pnl", "realized_funding"))
    sizes: Row = {"old_balance": 0, "new_balance": exact(event.quantity)}
    return {**_row(event, number), **empty, **sizes, "asset": _contract(event), "info": "futures trade"}


def positions(call: Call) -> object:
    """GET /api/history/v3/positions: none are shown, the log tells their money."""
    return {"accountUid": call.uid, "len": 0, "elements": []}


ENDPOINTS = {
    ("GET", "/api/history/v2/account-log"): Endpoint(account_log, 3),
    ("GET", "/api/history/v3/account-log"): Endpoint(account_log, 3),
    ("GET", "/api/history/v3/positions"): Endpoint(positions, 3),
}
