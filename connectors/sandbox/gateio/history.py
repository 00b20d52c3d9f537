"""Gate.io histories: the books of spot and futures, deposits, withdrawals."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from functools import partial

from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.gateio.common import (
    PREFIX,
    Row,
    by_offset,
    by_page,
    contract,
    is_classic,
    never_opened,
    window,
)
from connectors.sandbox.model import ZERO, Event
from connectors.sandbox.wire import amount, text
from connectors.types import LedgerKind

FUTURES_WALLETS = {"usdt": "futures_linear", "btc": "futures_inverse"}
FUTURES_TYPES = {
    LedgerKind.REALIZED_PNL: "pnl",
    LedgerKind.FEE: "fee",
    LedgerKind.FUNDING: "fund",
    LedgerKind.REBATE: "refr",
    LedgerKind.BONUS: "bonus_offset",
    LedgerKind.LIQUIDATION_FEE: "fee",
}
SPOT_TYPES = {
    LedgerKind.DEPOSIT: ("deposit", "110"),
    LedgerKind.WITHDRAWAL: ("withdraw", "4"),
    LedgerKind.FEE: ("order_fee", "151"),
    LedgerKind.REWARD: ("hodl_int", "627"),
    LedgerKind.INTEREST: ("interest_out", "685"),
    LedgerKind.AIRDROP: ("airdrop", "404"),
    LedgerKind.BONUS: ("", "681"),  # newer rows are known by their code alone
    LedgerKind.REBATE: ("", "3105"),
}
MOVES = {
    "spot>futures_linear": ("perp_in", "701"),
    "futures_linear>spot": ("perp_out", "702"),
    "spot>futures_inverse": ("perp_in", "701"),
    "futures_inverse>spot": ("perp_out", "702"),
    "spot>earn": ("lend", "662"),
    "earn>spot": ("redeem", "661"),
}
FILLS = ("open_", "close_")


def wallet_of(call: Call, settle: str) -> str | None:
    """Return the wallet that a futures read speaks of, None where it was never opened."""
    name = FUTURES_WALLETS[settle] if is_classic(call) else call.account.linear if settle == "usdt" else ""
    return name if name in call.book().wallets else None


def is_futures(event: Event) -> bool:
    """Tell whether an event of a unified wallet belongs to the book of futures."""
    by_kind = event.kind in (LedgerKind.REALIZED_PNL, LedgerKind.FUNDING)
    return by_kind or (event.kind is LedgerKind.FEE and event.note.startswith(FILLS))


def with_balances(call: Call, wallet: str) -> list[tuple[Event, Decimal]]:
    """Return the events of a wallet since the world opened with the balance after each, oldest first.

    What left and its fee are one row.
    """
    balances = dict(call.world.opening(call.uid).get(wallet, {}))
    events = [event for event in call.events(call.world.opened_at, call.at) if event.wallet == wallet and event.counts]
    found: list[tuple[Event, Decimal]] = []
    for event in _with_fees(events):
        balances[event.asset] = balances.get(event.asset, ZERO) + event.amount
        found.append((event, balances[event.asset]))
    return found


def _with_fees(events: list[Event]) -> Iterable[Event]:
    fees = {event.ref: event.amount for event in events if event.note == "withdrawal"}
    for event in events:
        if event.kind is LedgerKind.WITHDRAWAL:
            yield replace(event, amount=event.amount + fees.get(event.ref, ZERO))
        elif event.note != "withdrawal":
            yield event


def futures_book(call: Call, settle: str) -> object:
    """GET /futures/{settle}/account_book, newest first, times in seconds with a fraction."""
    wallet = wallet_of(call, settle)
    if wallet is None:
        raise never_opened("futures")
    since, until = window(call, default_days=180)
    rows = [
        _futures_row(event, balance, settle)
        for event, balance in reversed(with_balances(call, wallet))
        if since <= event.at <= until and event.asset == settle.upper() and (is_classic(call) or is_futures(event))
    ]
    for name in ("type", "contract"):
        rows = [row for row in rows if call.params.get(name, row[name]) == row[name]]
    return by_offset(call, rows)


def _futures_row(event: Event, balance: Decimal, settle: str) -> Row:
    name = contract(event.base, settle) if event.base else ""
    return {
        "time": event.at_ms / 1000,
        "change": text(event.amount),
        "balance": text(balance),
        "text": f"{name}:{event.ref}" if name else "",
        "type": FUTURES_TYPES.get(event.kind, "dnw"),
        "contract": name,
        "trade_id": str(event.ref) if event.kind in (LedgerKind.REALIZED_PNL, LedgerKind.FEE) else "",
        "id": str(event.id),
    }


def spot_book(call: Call) -> object:
    """GET /spot/account_book, newest first by page, times in milliseconds."""
    since, until = window(call, default_days=30, max_days=30)
    rows = [
        _spot_row(event, balance)
        for event, balance in reversed(with_balances(call, call.account.spot))
        if since <= event.at <= until and (is_classic(call) or not is_futures(event))
    ]
    for name in ("currency", "type", "code"):
        rows = [row for row in rows if call.params.get(name, row[name]) == row[name]]
    return by_page(call, rows)


def _spot_row(event: Event, balance: Decimal) -> Row:
    kind, code = SPOT_TYPES.get(event.kind, ("unknown", ""))
    if event.kind is LedgerKind.TRADE:
        kind, code = ("order_fill", "102") if event.amount > 0 else ("new_order", "101")
    if event.kind is LedgerKind.CONVERSION:
        kind, code = ("cv_buy", "2605") if event.amount > 0 else ("cv_sell", "2606")
    if event.kind in (LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT):
        kind, code = MOVES.get(event.note.replace("unified", "spot"), ("sub_account_transfer", "1401"))
    return {
        "id": str(event.id),
        "time": event.at_ms,
        "currency": event.asset,
        "change": text(event.amount),
        "balance": text(balance),
        "type": kind,
        "code": code,
        "text": str(event.ref),
    }


def deposits(call: Call) -> object:
    """GET /wallet/deposits; a row that does not count is pending."""
    return _records(call, LedgerKind.DEPOSIT)


def withdrawals(call: Call) -> object:
    """GET /wallet/withdrawals: `amount` is what leaves, fee included."""
    return _records(call, LedgerKind.WITHDRAWAL)


def _records(call: Call, kind: LedgerKind) -> list[Row]:
    since, until = window(call, default_days=7, max_days=30)
    events = call.events(since, until)
    fees = {event.ref: -event.amount for event in events if event.note == "withdrawal"}
    letter = "w" if kind is LedgerKind.WITHDRAWAL else "d"
    rows: list[Row] = [
        {
            "id": f"{letter}{event.id}",
            "timestamp": str(event.at_ms // 1000),
            "withdraw_order_id": "",
            "currency": event.asset,
            "address": "TSandboxAddress00000000000000000001",
            "txid": f"{event.id:064x}",
            "block_number": "41575382",
            "amount": amount(abs(event.amount) + fees.get(event.ref, ZERO)),
            "fee": amount(fees.get(event.ref, ZERO)),
            "memo": "",
            "status": "DONE" if event.counts else "PEND",
            "chain": "TRX",
        }
        for event in reversed(events)
        if event.kind is kind and call.params.get("currency", event.asset) == event.asset
    ]
    return by_offset(call, rows, most=500)


def nothing(call: Call) -> object:
    """Moves to sub-accounts and other users: there are none."""
    window(call, default_days=7)
    return []


ENDPOINTS = {
    ("GET", f"{PREFIX}/spot/account_book"): Endpoint(spot_book, 200),
    ("GET", f"{PREFIX}/wallet/deposits"): Endpoint(deposits, 200),
    ("GET", f"{PREFIX}/wallet/withdrawals"): Endpoint(withdrawals, 200),
    ("GET", f"{PREFIX}/wallet/sub_account_transfers"): Endpoint(nothing, 200),
    ("GET", f"{PREFIX}/wallet/push"): Endpoint(nothing, 200),
    **{
        ("GET", f"{PREFIX}/futures/{settle}/account_book"): Endpoint(partial(futures_book, settle=settle), 200)
        for settle in FUTURES_WALLETS
    },
}
