"""KuCoin histories: the books of main, trade and futures wallets, funding, deposits, withdrawals."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.kucoin.common import (
    HIGH_FREQUENCY,
    Row,
    bad_parameter,
    by_offset,
    by_page,
    contract,
    futures_name,
    number,
    size,
    window,
)
from connectors.sandbox.model import ZERO, Event, to_ms
from connectors.sandbox.wire import text
from connectors.types import LedgerKind

KEPT, HF_KEPT = timedelta(days=365), timedelta(days=3)
PERIOD = timedelta(hours=8)
TYPES = {"spot": "TRADE", "funding": "MAIN"}
WORDS = {
    LedgerKind.DEPOSIT: "Deposit",
    LedgerKind.WITHDRAWAL: "Withdrawal",
    LedgerKind.TRANSFER_IN: "Transfer",
    LedgerKind.TRANSFER_OUT: "Transfer",
    LedgerKind.TRADE: "Exchange",
    LedgerKind.BONUS: "KuCoin Bonus",
    LedgerKind.REBATE: "Fee Rebate",
}
FUTURES_WALLETS = ("futures_linear", "futures_inverse")
MOVES = {LedgerKind.TRANSFER_IN: "TransferIn", LedgerKind.TRANSFER_OUT: "TransferOut"}


@dataclass(frozen=True)
class Bill:
    """What one action did to one coin in one wallet: the whole change, and the fee that is inside it."""

    event: Event
    change: Decimal
    fee: Decimal


def _bills(call: Call, since: datetime, until: datetime) -> list[Bill]:
    """Return the bills of main and trade wallet, newest first."""
    found: dict[tuple[int, str, str], Bill] = {}
    for event in call.events(since, until):
        if event.wallet in TYPES and event.counts:
            key = (event.ref, event.wallet, event.asset)
            known = found.get(key) or Bill(event, ZERO, ZERO)
            fee = known.fee - event.amount if event.kind is LedgerKind.FEE else known.fee
            found[key] = Bill(known.event, known.change + event.amount, fee)
    return sorted(found.values(), key=lambda bill: (bill.event.at, bill.event.id), reverse=True)


def _row(bill: Bill, *, fast: bool) -> Row:
    event, trade = bill.event, bill.event.kind is LedgerKind.TRADE
    symbol = f"{event.base}-{event.quote}" if trade else ""
    return {
        "id": str(event.id),
        "currency": event.asset,
        "amount": text(abs(bill.change)),
        "fee": text(bill.fee),
        "balance": "0",
        "accountType": TYPES[event.wallet] + ("_HF" if fast else ""),
        "bizType": "TRADE_EXCHANGE" if trade and fast else WORDS.get(event.kind, "Other rewards"),
        "direction": "in" if bill.change > 0 else "out",
        "createdAt": event.at_ms,
        "context": f'{{"symbol":"{symbol}","orderId":"{event.ref}"}}' if trade else "",
    }


def _narrowed(call: Call, rows: list[Row]) -> list[Row]:
    coins = call.params.get("currency", "")
    for name in ("bizType", "direction"):
        rows = [row for row in rows if call.params.get(name, row[name]) == row[name]]
    return [row for row in rows if not coins or row["currency"] in coins.split(",")]


def account_book(call: Call) -> object:
    """GET /api/v1/accounts/ledgers: a day at most, a year back; a high-frequency wallet has a book of its own."""
    since, until = window(call, days=1)
    fast = call.account.mode == HIGH_FREQUENCY
    bills = [
        bill for bill in _bills(call, max(since, call.at - KEPT), until) if not (fast and bill.event.wallet == "spot")
    ]
    return by_page(call, _narrowed(call, [_row(bill, fast=False) for bill in bills]))


def high_frequency_book(call: Call) -> object:
    """GET /api/v1/hf/accounts/ledgers: three days back whatever is asked, below `lastId`."""
    since, until = window(call, days=None)
    below, count = number(call, "lastId", 0), size(call, "limit", default=100, most=200)
    fast = call.account.mode == HIGH_FREQUENCY
    bills = _bills(call, max(since, call.at - HF_KEPT), until) if fast else []
    rows = [_row(bill, fast=True) for bill in bills if bill.event.wallet == "spot"]
    return [row for row in _narrowed(call, rows) if not below or int(str(row["id"])) < below][:count]


def margin_book(call: Call) -> object:
    """GET /api/v3/hf/margin/account/ledgers: nobody trades on margin here."""
    window(call, days=None)
    return []


def futures_book(call: Call) -> object:
    """GET /api/v1/transaction-history: a day at most; the running settlement period comes first and is pending."""
    since, until = window(call, days=1)
    rows = [row for row in _futures_rows(call) if to_ms(since) <= int(str(row["time"])) <= to_ms(until)]
    for name in ("currency", "type"):
        rows = [row for row in rows if call.params.get(name, row[name]) == row[name]]
    return by_offset(call, rows, lambda row: int(str(row["offset"])), default=50, most=50)


def _futures_rows(call: Call) -> list[Row]:
    """Return every row since the world opened, newest first: moves, and results by contract and period."""
    periods: dict[tuple[datetime, str, str], Decimal] = {}
    rows: list[Row] = []
    for event in call.events(call.world.opened_at, call.at):
        if event.wallet not in FUTURES_WALLETS or not event.counts:
            continue
        if event.kind in MOVES or not event.base:
            rows.append(_futures_row(event.at, MOVES.get(event.kind, "Deposit"), event.asset, event.amount))
        else:
            key = (_period_end(event.at), contract(event.base, event.asset), event.asset)
            periods[key] = periods.get(key, ZERO) + event.amount
    pending = [
        _futures_row(call.at, "RealisedPNL", coin, amount) | {"remark": name, "status": "Pending", "offset": -1}
        for (end, name, coin), amount in periods.items()
        if end > call.at
    ]
    rows += [
        _futures_row(end, "RealisedPNL", coin, amount) | {"remark": name}
        for (end, name, coin), amount in periods.items()
        if end <= call.at
    ]
    rows.sort(key=lambda row: (int(str(row["time"])), str(row["remark"])))
    numbered = [row | {"offset": index} for index, row in enumerate(rows, start=1)]
    return pending + numbered[::-1]


def _period_end(at: datetime) -> datetime:
    """Return the end of the settlement period that an instant belongs to; the end itself is inside."""
    midnight = datetime(at.year, at.month, at.day, tzinfo=UTC)
    return midnight + -(-(at - midnight) // PERIOD) * PERIOD


def _futures_row(at: datetime, kind: str, coin: str, amount: Decimal) -> Row:
    return {
        "time": to_ms(at),
        "type": kind,
        "amount": amount,
        "fee": ZERO,
        "accountEquity": ZERO,
        "status": "Completed",
        "remark": "Transferred",
        "offset": 0,
        "currency": futures_name(coin),
    }


def funding_history(call: Call) -> object:
    """GET /api/v1/funding-history of one contract, newest first."""
    name = call.params.get("symbol", "")
    if not name:
        raise bad_parameter("symbol is required")
    since, until = window(call, days=None)
    rows: list[Row] = [
        {
            "id": event.id,
            "symbol": name,
            "timePoint": event.at_ms,
            "fundingRate": call.world.market.funding_rate(event.base, event.at),
            "markPrice": call.world.market.mark(event.base, event.at),
            "funding": event.amount,
            "settleCurrency": futures_name(event.asset),
            "marginMode": "CROSS",
        }
        for event in reversed(call.events(since, until))
        if event.kind is LedgerKind.FUNDING and contract(event.base, event.asset) == name
    ]
    return by_offset(call, rows, lambda row: int(str(row["id"])), default=10, most=100)


def deposits(call: Call) -> object:
    """GET /api/v1/deposits; a row that does not count is still under way."""
    return _records(call, LedgerKind.DEPOSIT)


def withdrawals(call: Call) -> object:
    """GET /api/v1/withdrawals: the fee leaves on top of `amount`."""
    return _records(call, LedgerKind.WITHDRAWAL)


def _records(call: Call, kind: LedgerKind) -> Row:
    events = call.events(*window(call, days=None))
    fees = {event.ref: -event.amount for event in events if event.note == "withdrawal"}
    rows: list[Row] = [
        {
            **({"id": f"{event.id:024x}"} if kind is LedgerKind.WITHDRAWAL else {}),
            "currency": event.asset,
            "chain": "trx",
            "status": "SUCCESS" if event.counts else "PROCESSING",
            "address": "TSandboxAddress00000000000000000001",
            "memo": "",
            "isInner": False,
            "amount": text(abs(event.amount)),
            "fee": text(fees.get(event.ref, ZERO)),
            "walletTxId": f"{event.id:064x}@TSandboxAddress",
            "createdAt": event.at_ms,
            "updatedAt": event.at_ms,
            "remark": "",
            "arrears": False,
        }
        for event in reversed(events)
        if event.kind is kind and call.params.get("currency", event.asset) == event.asset
    ]
    return by_page(call, rows)


ENDPOINTS = {
    ("GET", "/api/v1/accounts/ledgers"): Endpoint(account_book, 2, scope="management"),
    ("GET", "/api/v1/hf/accounts/ledgers"): Endpoint(high_frequency_book, 2, scope="spot"),
    ("GET", "/api/v3/hf/margin/account/ledgers"): Endpoint(margin_book, 2, scope="spot"),
    ("GET", "/api/v1/transaction-history"): Endpoint(futures_book, 2, scope="futures"),
    ("GET", "/api/v1/funding-history"): Endpoint(funding_history, 5, scope="futures"),
    ("GET", "/api/v1/deposits"): Endpoint(deposits, 5, scope="management"),
    ("GET", "/api/v1/withdrawals"): Endpoint(withdrawals, 20, scope="management"),
}
