"""OKX history of the trading account: bills of a week and of three months, closed positions."""

from decimal import Decimal

from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.model import ZERO, ClosedTrip, Held, q8, to_ms
from connectors.sandbox.okx.account import position_id
from connectors.sandbox.okx.accounts import margin_mode
from connectors.sandbox.okx.books import Bill, books
from connectors.sandbox.okx.common import Row, in_contracts, kept, matching, number, page, swap
from connectors.sandbox.wire import text

RECENT_DAYS, ARCHIVE_DAYS = 7, 91
PARTLY, WHOLLY = "1", "2"


def bills(call: Call) -> object:
    """GET /api/v5/account/bills: the last seven days."""
    return _bills(call, RECENT_DAYS)


def bills_archive(call: Call) -> object:
    """GET /api/v5/account/bills-archive: the last three months."""
    return _bills(call, ARCHIVE_DAYS)


def _bills(call: Call, days: int) -> list[Row]:
    rows = kept(call, [_bill(call, bill) for bill in books(call).trading], days)
    begin, end = number(call, "begin"), number(call, "end")
    rows = [
        row
        for row in rows
        if (begin is None or int(str(row["ts"])) >= begin) and (end is None or int(str(row["ts"])) <= end)
    ]
    return page(call, matching(call, rows, "instType", "instId", "ccy", "mgnMode", "type", "subType"), "billId")


def _bill(call: Call, bill: Bill) -> Row:
    event = bill.event
    spot = bill.kind == "2" and not bill.contract
    size = event.quantity
    if bill.contract and size:
        size = in_contracts(event.base, size, inverse=bill.inverse)
    name = (
        swap(event.base, inverse=bill.inverse)
        if bill.contract
        else f"{event.base}-{event.quote}"
        if spot and event.quote
        else ""
    )
    ends = {"11": ("6", "18"), "12": ("18", "6")}.get(bill.subtype, ("", "")) if bill.kind == "1" else ("", "")
    empty = dict.fromkeys(("clOrdId", "execType", "fillTime", "notes", "tag", "tradeId"), "")
    return {
        **empty,
        "billId": str(bill.id),
        "type": bill.kind,
        "subType": bill.subtype,
        "ts": str(event.at_ms),
        "ccy": event.asset,
        "bal": text(bill.balance),
        "balChg": text(bill.change),
        "pnl": text(bill.pnl),
        "fee": text(bill.fee),
        "interest": "0",
        "posBal": "0",
        "posBalChg": text(bill.margin),
        "sz": text(size),
        "px": text(event.price) if event.price else "",
        "instType": "SWAP" if bill.contract else "SPOT" if spot else "",
        "instId": name,
        "mgnMode": margin_mode(call.account) if bill.contract else "cash" if spot else "",
        "ordId": str(event.ref) if bill.kind == "2" else "",
        "from": ends[0],
        "to": ends[1],
    }


def closed_positions(call: Call) -> object:
    """GET /api/v5/account/positions-history by last change: closed ones, and open ones of which a part is closed."""
    rows = [_closed(call, trip) for trip in call.world.closed_trips(call.uid, call.world.opened_at, call.at)]
    rows += [_partly(call, item.held) for item in call.book().positions if item.held.closed_size]
    rows = kept(call, rows, ARCHIVE_DAYS, "uTime")
    return page(call, matching(call, rows, "instType", "instId", "mgnMode", "type", "posId"), "uTime")


def _closed(call: Call, trip: ClosedTrip) -> Row:
    inverse = trip.settle == trip.base
    return {
        "type": WHOLLY,
        "instType": "SWAP",
        "instId": swap(trip.base, inverse=inverse),
        "uly": f"{trip.base}-{'USD' if inverse else 'USDT'}",
        "mgnMode": margin_mode(call.account),
        "posId": position_id(call, trip.base, trip.settle, trip.side.value),
        "direction": trip.side.value,
        "lever": "5.0",
        "ccy": trip.settle,
        "openAvgPx": text(trip.entry),
        "closeAvgPx": text(trip.exit),
        "openMaxPos": text(in_contracts(trip.base, trip.size, inverse=inverse)),
        "closeTotalPos": text(in_contracts(trip.base, trip.size, inverse=inverse)),
        "triggerPx": "",
        **_results(trip.gross, trip.open_fee + trip.close_fee, trip.funding),
        "cTime": str(to_ms(trip.opened_at)),
        "uTime": str(to_ms(trip.closed_at)),
    }


def _partly(call: Call, held: Held) -> Row:
    trip = ClosedTrip(
        id=0,
        base=held.base,
        settle=held.settle,
        side=held.side,
        size=held.closed_size,
        entry=held.entry,
        exit=q8(held.closed_cost / held.closed_size),
        gross=held.gross,
        open_fee=held.open_fee,
        close_fee=held.close_fee,
        funding=held.funding,
        opened_at=held.opened_at,
        closed_at=held.updated_at,
    )
    return {**_closed(call, trip), "type": PARTLY}


def _results(gross: Decimal, fee: Decimal, funding: Decimal) -> Row:
    return {
        "pnl": text(gross),
        "pnlRatio": "0",
        "fee": text(fee),
        "fundingFee": text(funding),
        "liqPenalty": text(ZERO),
        "settledPnl": "",
        "realizedPnl": text(gross + fee + funding),
    }


ENDPOINTS = {
    ("GET", "/api/v5/account/bills"): Endpoint(bills, 5, scope="1"),
    ("GET", "/api/v5/account/bills-archive"): Endpoint(bills_archive, 5, scope="2"),
    ("GET", "/api/v5/account/positions-history"): Endpoint(closed_positions, 10, scope="2"),
}
