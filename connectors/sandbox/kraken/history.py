"""Kraken's ledger, deposits and withdrawals, told from the world's events."""

from dataclasses import dataclass
from decimal import Decimal

from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.kraken.common import Row, code, identity, in_span, number, refused, seconds
from connectors.sandbox.model import ZERO, Event
from connectors.sandbox.wire import text
from connectors.types import LedgerKind

PAGE, MOST = 50, 500
MARGIN = ("open_long", "open_short", "close_long", "close_short")
KINDS = {
    LedgerKind.TRADE: ("trade", ""),
    LedgerKind.REWARD: ("earn", "reward"),
    LedgerKind.DEPOSIT: ("deposit", ""),
    LedgerKind.WITHDRAWAL: ("withdrawal", ""),
    LedgerKind.CONVERSION: ("conversion", ""),
    LedgerKind.BONUS: ("credit", ""),
    LedgerKind.TRANSFER_IN: ("earn", "allocation"),
    LedgerKind.TRANSFER_OUT: ("earn", "allocation"),
}
REFERENCES = {"deposit": "Q", "withdrawal": "A", "earn": "E"}


@dataclass
class Entry:
    """One row of the ledger: one asset of one action, its fee apart."""

    event: Event
    kind: str
    subtype: str
    amount: Decimal = ZERO
    fee: Decimal = ZERO
    balance: Decimal = ZERO


def entries(call: Call) -> list[Entry]:
    """Return the rows of the account's whole ledger, newest first."""
    found: dict[tuple[int, str, str], Entry] = {}
    for event in call.events(call.world.opened_at, call.at):
        if not event.counts or event.note == "spot>spot":
            continue
        kind, subtype = _kind(event)
        action = event.id if event.kind is LedgerKind.FUNDING else event.ref
        entry = found.setdefault((action, event.wallet, event.asset), Entry(event, kind, subtype))
        if event.kind is LedgerKind.FEE or (event.kind is LedgerKind.FUNDING and kind == "rollover"):
            entry.fee -= event.amount
        else:
            entry.amount += event.amount
    balances = {name: dict(assets) for name, assets in call.world.opening(call.uid).items()}
    for entry in found.values():
        purse, asset = balances.setdefault(entry.event.wallet, {}), entry.event.asset
        entry.balance = purse[asset] = purse.get(asset, ZERO) + entry.amount - entry.fee
    return list(reversed(found.values()))


def _kind(event: Event) -> tuple[str, str]:
    if event.kind is LedgerKind.FUNDING:
        return ("rollover", "") if event.amount < 0 else ("adjustment", "")
    if event.note in MARGIN:
        return "margin", ""
    return KINDS.get(event.kind, ("adjustment", ""))


def ledgers(call: Call) -> object:
    """POST /0/private/Ledgers: fifty rows from `ofs` on, and how many there are."""
    offset, wanted = int(number(call, "ofs") or 0), call.params.get("type", "all")
    found = [entry for entry in entries(call) if in_span(call, entry.event.at) and wanted in ("all", entry.kind)]
    page = found[offset : offset + PAGE]
    return {"ledger": {identity("L", call.uid, entry.event.id): _row(entry) for entry in page}, "count": len(found)}


def _row(entry: Entry) -> Row:
    event = entry.event
    return {
        "aclass": "currency",
        "amount": text(entry.amount),
        "asset": code(event.asset, event.wallet),
        "balance": text(entry.balance),
        "fee": text(entry.fee),
        "refid": identity(REFERENCES.get(entry.kind, "T"), event.ref if entry.kind != "rollover" else event.id),
        "time": seconds(event.at),
        "type": entry.kind,
        "subtype": entry.subtype,
    }


def trades(call: Call) -> object:
    """POST /0/private/TradesHistory: none are shown, the ledger tells their money."""
    return {"trades": {}, "count": 0}


def deposits(call: Call) -> object:
    """POST /0/private/DepositStatus, also of those that are on their way."""
    return _paged(call, "deposits", [_flow(event, ZERO) for event in _flows(call, LedgerKind.DEPOSIT)])


def withdrawals(call: Call) -> object:
    """POST /0/private/WithdrawStatus; the fee comes on top."""
    fees = {entry.event.ref: entry.fee for entry in entries(call) if entry.kind == "withdrawal"}
    rows = [_flow(event, fees.get(event.ref, ZERO)) for event in _flows(call, LedgerKind.WITHDRAWAL)]
    return _paged(call, "withdrawals", rows)


def _flows(call: Call, kind: LedgerKind) -> list[Event]:
    found = call.events(call.world.opened_at, call.at)
    return [event for event in reversed(found) if event.kind is kind and in_span(call, event.at)]


def _flow(event: Event, fee: Decimal) -> Row:
    letter = "Q" if event.kind is LedgerKind.DEPOSIT else "A"
    return {
        "method": f"Tether USD ({event.note})",
        "aclass": "currency",
        "asset": code(event.asset),
        "refid": identity(letter, event.ref),
        "txid": identity("0", event.id).lower(),
        "info": "T1",
        "amount": text(abs(event.amount)),
        "fee": text(fee),
        "time": int(event.at.timestamp()),
        "status": "Success" if event.counts else "Pending",
    }


def _paged(call: Call, name: str, rows: list[Row]) -> object:
    """Return a list, or with `cursor` a page of one and the cursor of the next."""
    cursor, size = call.params.get("cursor"), int(number(call, "limit") or PAGE)
    if not 1 <= size <= MOST:
        raise refused("EGeneral:Invalid arguments")
    if cursor in (None, "", "false"):
        return rows[:size]
    first = 0 if cursor == "true" else int(cursor) if cursor.isdigit() else -1
    if first < 0:
        raise refused("EGeneral:Invalid arguments")
    behind = first + size
    return {name: rows[first:behind], "next_cursor": str(behind) if behind < len(rows) else None}


ENDPOINTS = {
    ("POST", "/0/private/Ledgers"): Endpoint(ledgers, 4),
    ("POST", "/0/private/TradesHistory"): Endpoint(trades, 4),
    ("POST", "/0/private/DepositStatus"): Endpoint(deposits),
    ("POST", "/0/private/WithdrawStatus"): Endpoint(withdrawals),
}
