"""Bybit logs of the trading wallets, and closed positions."""

from dataclasses import dataclass
from decimal import Decimal

from connectors.sandbox.bybit.common import (
    CLASSIC,
    Row,
    contract,
    page,
    plain_cursor,
    purse,
    read_plain,
    refused,
    required,
    window,
)
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.model import ZERO, ClosedTrip, Event, to_ms
from connectors.sandbox.prices import CONTRACTS
from connectors.sandbox.wire import text
from connectors.types import LedgerKind, Side

TYPES = {
    LedgerKind.TRANSFER_IN: "TRANSFER_IN",
    LedgerKind.TRANSFER_OUT: "TRANSFER_OUT",
    LedgerKind.DEPOSIT: "TRANSFER_IN",
    LedgerKind.WITHDRAWAL: "TRANSFER_OUT",
    LedgerKind.FUNDING: "SETTLEMENT",
    LedgerKind.REWARD: "AIRDROP",
    LedgerKind.AIRDROP: "AIRDROP",
    LedgerKind.BONUS: "BONUS",
    LedgerKind.INTEREST: "INTEREST",
    LedgerKind.REBATE: "FEE_REFUND",
    LedgerKind.LIQUIDATION_FEE: "LIQUIDATION",
    LedgerKind.SETTLEMENT: "DELIVERY",
}
TRADES = frozenset({LedgerKind.TRADE, LedgerKind.FEE, LedgerKind.REALIZED_PNL})
SAVED, TAKEN_BACK = "FLEXIBLE_STAKING_SUBSCRIPTION", "FLEXIBLE_STAKING_REDEMPTION"
OTHER = "AUTO_DEDUCTION"


@dataclass(frozen=True)
class Line:
    """Events of one action in one asset: the cash that flowed, the fee (signed), the balance after both."""

    event: Event
    flow: Decimal
    fee: Decimal
    balance: Decimal


def within(event: Event) -> bool:
    """Whether a transfer only moves money inside one wallet."""
    source, _, target = event.note.partition(">")
    return bool(target) and source == target


def lines(call: Call, wallets: tuple[str, ...]) -> list[Line]:
    """Return every line of some wallets since the world opened, oldest first; a fee of a withdrawal leaves with it."""
    opening = call.world.opening(call.uid)
    balances: dict[str, Decimal] = {}
    for wallet in wallets:
        for asset, amount in opening.get(wallet, {}).items():
            balances[asset] = balances.get(asset, ZERO) + amount
    found: dict[tuple[int, str, str], Line] = {}
    for event in call.events(call.world.opened_at, call.at):
        if event.wallet not in wallets or not event.counts or within(event):
            continue
        balances[event.asset] = balances.get(event.asset, ZERO) + event.amount
        alone = event.kind is LedgerKind.FUNDING
        key = (event.id if alone else event.ref, event.asset, event.wallet)
        known = found.get(key)
        is_fee = event.kind is LedgerKind.FEE and event.note != "withdrawal"
        flow = (known.flow if known else ZERO) + (ZERO if is_fee else event.amount)
        fee = (known.fee if known else ZERO) + (event.amount if is_fee else ZERO)
        found[key] = Line(known.event if known else event, flow, fee, balances[event.asset])
    return list(found.values())


def transaction_log(call: Call) -> object:
    """GET /v5/account/transaction-log of a unified account."""
    if call.account.mode == CLASSIC:
        raise refused(10028, "The API can only be accessed by unified account users.", call.site.now_ms())
    return _log(call, purse(call, "UNIFIED"), received=1)


def contract_log(call: Call) -> object:
    """GET /v5/account/contract-transaction-log: its funding is positive where it was paid."""
    return _log(call, purse(call, "CONTRACT"), received=-1)


def _log(call: Call, wallets: tuple[str, ...], *, received: int) -> object:
    since, until = window(call, most_days=7, default_days=1)
    asked = {name: call.params.get(name) for name in ("category", "currency", "type")}
    rows: list[tuple[int, Row]] = []
    for line in lines(call, wallets):
        if since <= line.event.at <= until:
            row = _row(call, line, received)
            if all(value in (None, row[name]) for name, value in asked.items()):
                rows.append((line.event.id, row))
    found, cursor = page(call, rows, limits=(20, 50), read=read_plain, write=plain_cursor)
    return {"list": found, "nextPageCursor": cursor}


def _row(call: Call, line: Line, received: int) -> Row:
    event = line.event
    category, symbol = _market(event)
    funding = line.flow if event.kind is LedgerKind.FUNDING else ZERO
    return {
        "id": f"{call.uid}_{symbol}_{event.id}",
        "symbol": symbol,
        "category": category,
        "side": "None",
        "transactionTime": str(event.at_ms),
        "type": _type(event),
        "transSubType": "",
        "qty": text(event.quantity),
        "size": "0",
        "currency": event.asset,
        "tradePrice": text(event.price) if event.price else "",
        "funding": text(received * funding) if funding else "",
        "fee": text(-line.fee),
        "cashFlow": text(line.flow - funding),
        "change": text(line.flow + line.fee),
        "cashBalance": text(line.balance),
        "feeRate": "",
        "bonusChange": "",
        "tradeId": str(event.ref) if category else "",
        "orderId": "",
        "orderLinkId": "",
        "extraFees": "",
    }


def _market(event: Event) -> tuple[str, str]:
    """Return category and symbol of what an event is about, empty for neither."""
    if event.kind is LedgerKind.FUNDING or event.note.startswith(("open_", "close_")):
        inverse = event.wallet == "futures_inverse"
        return ("inverse" if inverse else "linear"), contract(event.base, "USDT", inverse=inverse)
    if event.kind in (LedgerKind.TRADE, LedgerKind.FEE) and event.base:
        return "spot", event.base + (event.quote or "USDT")
    return ("linear", f"{event.base}USDT") if event.base in CONTRACTS else ("", "")


def _type(event: Event) -> str:
    if event.kind in TRADES:
        return "TRADE"
    if event.kind is LedgerKind.CONVERSION:
        return "CURRENCY_BUY" if event.amount > 0 else "CURRENCY_SELL"
    if event.kind is LedgerKind.TRANSFER_OUT and event.note.endswith(">earn"):
        return SAVED
    if event.kind is LedgerKind.TRANSFER_IN and event.note.startswith("earn>"):
        return TAKEN_BACK
    return TYPES.get(event.kind, OTHER)


def executions(call: Call) -> object:
    """GET /v5/execution/list: trades on spot, those of contracts are not kept here; a fee names no currency."""
    category = required(call, "category", ("spot", "linear", "inverse", "option"))
    since, until = window(call, most_days=7, default_days=7)
    actions: dict[int, list[Event]] = {}
    for event in call.events(since, until):
        if category == "spot" and event.wallet == call.account.spot and event.note in ("buy", "sell"):
            actions.setdefault(event.ref, []).append(event)
    rows = [(ref, _execution(events)) for ref, events in actions.items()]
    found, cursor = page(call, rows, limits=(50, 100), read=read_plain, write=plain_cursor)
    return {"nextPageCursor": cursor, "category": category, "list": found}


def _execution(events: list[Event]) -> Row:
    base, quote = (event for event in events if event.kind is LedgerKind.TRADE)
    fees = [event for event in events if event.kind is LedgerKind.FEE]
    fee, third = sum((event.amount for event in fees), ZERO), {event.asset for event in fees} - {base.base, base.quote}
    return {
        "symbol": base.base + base.quote,
        "orderId": str(base.ref),
        "orderType": "Market",
        "side": "Buy" if base.amount > 0 else "Sell",
        "execId": str(base.ref),
        "execPrice": text(base.price),
        "execQty": text(abs(base.amount)),
        "execValue": text(abs(quote.amount)),
        "execFee": text(-fee),
        "feeCurrency": next(iter(third), ""),
        "execType": "Trade",
        "execTime": str(base.at_ms),
        "isMaker": False,
        "feeRate": "0.001",
        "extraFees": "",
    }


def closed_pnl(call: Call) -> object:
    """GET /v5/position/closed-pnl: one row a trip here; P&L after the fees of both ways, funding apart."""
    category = required(call, "category", ("linear", "inverse", "option"))
    since, until = window(call, most_days=7, default_days=7)
    trips = call.world.closed_trips(call.uid, since, min(until, call.at))
    rows = [(trip.id, _closed(trip)) for trip in trips if (trip.settle == trip.base) is (category == "inverse")]
    found, cursor = page(
        call, rows if category != "option" else [], limits=(50, 100), read=read_plain, write=plain_cursor
    )
    return {"nextPageCursor": cursor, "category": category, "list": found}


def _closed(trip: ClosedTrip) -> Row:
    return {
        "symbol": contract(trip.base, trip.settle, inverse=trip.settle == trip.base),
        "orderType": "Market",
        "leverage": "5",
        "updatedTime": str(to_ms(trip.closed_at)),
        "createdTime": str(to_ms(trip.closed_at) - 5),
        "side": "Sell" if trip.side is Side.LONG else "Buy",
        "orderId": str(trip.id),
        "closedPnl": text(trip.gross + trip.open_fee + trip.close_fee),
        "avgEntryPrice": text(trip.entry),
        "avgExitPrice": text(trip.exit),
        "qty": text(trip.size),
        "closedSize": text(trip.size),
        "cumEntryValue": text(trip.entry * trip.size),
        "cumExitValue": text(trip.exit * trip.size),
        "orderPrice": text(trip.exit),
        "execType": "Trade",
        "fillCount": "1",
    }


ENDPOINTS = {
    ("GET", "/v5/account/transaction-log"): Endpoint(transaction_log, 25),
    ("GET", "/v5/account/contract-transaction-log"): Endpoint(contract_log, 25),
    ("GET", "/v5/execution/list"): Endpoint(executions, 50),
    ("GET", "/v5/position/closed-pnl"): Endpoint(closed_pnl, 50),
}
