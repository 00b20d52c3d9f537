"""Bybit's funding wallet: deposits, withdrawals, its history, transfers.

Money from and to outside passes through this wallet: what the world books in another one is moved on at once.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from connectors.sandbox.accounts import FIAT
from connectors.sandbox.bybit.common import (
    CLASSIC,
    PURSES,
    Row,
    packed_cursor,
    page,
    read_packed,
    window,
)
from connectors.sandbox.bybit.history import within
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.model import ZERO, Event
from connectors.sandbox.wire import text
from connectors.types import LedgerKind

OUTSIDE = (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)
CHECKING = timedelta(minutes=4)
SAVINGS = "INVESTMENT"


@dataclass(frozen=True)
class Move:
    """A change of the funding wallet: signed, with the words that tell of it."""

    number: int
    event: Event
    amount: Decimal
    kind: str
    words: str


def everything(call: Call) -> list[Event]:
    """Return every event of the account so far."""
    return call.events(call.world.opened_at, call.at)


def fees(events: list[Event]) -> dict[int, Decimal]:
    """Return the fees of withdrawals by their action, positive."""
    return {e.ref: -e.amount for e in events if e.kind is LedgerKind.FEE and e.note == "withdrawal"}


def moves(call: Call) -> list[Move]:
    """Return all changes of the funding wallet, oldest first."""
    events, found = everything(call), list[Move]()
    taken = fees(events)
    for event in events:
        number = event.id * 2
        if _paid_to_spot(call, event):
            words = "Easy Earn | Flexible Interest Distribution"
            found += [
                Move(number, event, event.amount, "Earn", words),
                Move(number + 1, event, -event.amount, "Transfer", "Transfer"),
            ]
        elif event.kind in OUTSIDE and event.counts:
            comes = event.kind is LedgerKind.DEPOSIT
            amount = event.amount - taken.get(event.ref, ZERO) if not comes else event.amount
            word = "Deposit" if comes else "Withdraw"
            kind = "Fiat" if event.asset == FIAT else word
            border = Move(number + (0 if comes else 1), event, amount, kind, word)
            onward = Move(number + (1 if comes else 0), event, -amount, "Transfer", "Transfer")
            found += [border] if event.wallet == "funding" else sorted((border, onward), key=lambda move: move.number)
        elif event.wallet == "funding" and event.counts and not within(event):
            if event.kind is LedgerKind.FEE and event.note == "withdrawal":
                continue
            moved = event.kind in (LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT)
            name = "Transfer" if moved else event.kind.value.replace("_", " ").title()
            to_earn = moved and "earn" in event.note.split(">")
            words = f"Easy Earn | Flexible {'Redemption' if event.amount > 0 else 'Subscription'}" if to_earn else name
            found.append(Move(number, event, event.amount, "Earn" if to_earn else name, words))
    return found


def _paid_to_spot(call: Call, event: Event) -> bool:
    """Whether Earn paid a classic account, whose spot wallet has no history: it pays funding, that moves it on."""
    return call.account.mode == CLASSIC and event.kind is LedgerKind.REWARD and event.wallet == "spot"


def fund_history(call: Call) -> object:
    """GET /v5/asset/fundinghistory, in seconds."""
    since, until = window(call, most_days=7, default_days=7, names=("createTimeFrom", "createTimeTo"), unit=1000)
    balances = dict(call.world.opening(call.uid).get("funding", {}))
    rows: list[tuple[int, Row]] = []
    for move in moves(call):
        asset = move.event.asset
        balances[asset] = balances.get(asset, ZERO) + move.amount
        if since <= move.event.at <= until:
            row: Row = {
                "memberId": call.uid,
                "currency": asset,
                "ioDirection": "I" if move.amount > 0 else "O",
                "txnAmt": text(abs(move.amount)),
                "afterAmt": text(balances[asset]),
                "createTime": str(move.event.at_ms // 1000),
                "showBusiType": f"fundingAccountRecord{move.kind}",
                "showBusiTypeEn": move.kind,
                "description": f"fundingAccountRecord{move.words}",
                "descriptionEn": move.words,
            }
            rows.append((move.number, row))
    found, cursor = page(call, rows, limits=(10, 100), read=read_packed, write=packed_cursor)
    return {"nextPageCursor": cursor, "list": found}


def deposits(call: Call) -> object:
    """GET /v5/asset/deposit/query-record: coins only; a row that does not count is still to be confirmed."""
    since, until = window(call, most_days=30, default_days=30)
    rows: list[tuple[int, Row]] = [
        (
            event.id,
            {
                "coin": event.asset,
                "chain": "TRX",
                "amount": text(event.amount),
                "txID": f"{event.id:064x}",
                "status": 3 if event.counts else 1,
                "toAddress": "TSandboxAddress00000000000000000001",
                "tag": "",
                "depositFee": "",
                "successAt": str(event.at_ms),
                "confirmations": "50",
                "txIndex": "0",
                "blockHash": "",
                "depositType": "0",
                "id": str(event.id),
            },
        )
        for event in call.events(since, until)
        if event.kind is LedgerKind.DEPOSIT and event.asset != FIAT
    ]
    return _records(call, rows)


def internal_deposits(call: Call) -> object:
    """GET /v5/asset/deposit/query-internal-record: nobody sends anything."""
    window(call, most_days=30, default_days=30)
    return _records(call, [])


def withdrawals(call: Call) -> object:
    """GET /v5/asset/withdraw/query-record: coins only, found by when they were asked for; the fee is on top."""
    since, until = window(call, most_days=30, default_days=30)
    taken = fees(everything(call))
    rows: list[tuple[int, Row]] = [
        (
            event.id,
            {
                "coin": event.asset,
                "chain": "TRX",
                "amount": text(-event.amount),
                "txID": f"{event.id:064x}",
                "status": "success" if event.counts else "SecurityCheck",
                "toAddress": "TSandboxAddress00000000000000000002",
                "tag": "",
                "withdrawFee": text(taken.get(event.ref, ZERO)),
                "createTime": str(event.at_ms - int(CHECKING.total_seconds()) * 1000),
                "updateTime": str(event.at_ms),
                "withdrawId": str(event.id),
                "withdrawType": 0,
            },
        )
        for event in call.events(since + CHECKING, until + CHECKING)
        if event.kind is LedgerKind.WITHDRAWAL and event.asset != FIAT
    ]
    return _records(call, rows)


def _records(call: Call, rows: list[tuple[int, Row]]) -> object:
    found, cursor = page(call, rows, limits=(50, 50), read=read_packed, write=packed_cursor)
    return {"rows": found, "nextPageCursor": cursor}


def transfers(call: Call) -> object:
    """GET /v5/asset/transfer/query-inter-transfer-list."""
    since, until = window(call, most_days=7, default_days=7)
    names = {wallet: name for name, wallets in PURSES[call.account.mode].items() for wallet in wallets}
    taken = fees(everything(call))
    rows: list[tuple[int, Row]] = []
    for event in call.events(since, until):
        if not event.counts or within(event):
            continue
        home = names.get(event.wallet, SAVINGS)
        if (event.kind is LedgerKind.DEPOSIT and home != "FUND") or _paid_to_spot(call, event):
            way = ("FUND", home)
        elif event.kind is LedgerKind.WITHDRAWAL and home != "FUND":
            way = (home, "FUND")
        elif event.kind is LedgerKind.TRANSFER_OUT:
            way = (home, names.get(event.note.partition(">")[2], SAVINGS))
        else:
            continue
        amount = abs(event.amount) + (taken.get(event.ref, ZERO) if event.kind is LedgerKind.WITHDRAWAL else ZERO)
        rows.append((event.id, _transfer(event, way, amount)))
    found, cursor = page(call, rows, limits=(20, 50), read=read_packed, write=packed_cursor)
    return {"list": found, "nextPageCursor": cursor}


def _transfer(event: Event, way: tuple[str, str], amount: Decimal) -> Row:
    return {
        "transferId": f"selfTransfer_{event.id}",
        "coin": event.asset,
        "amount": text(amount),
        "fromAccountType": way[0],
        "toAccountType": way[1],
        "timestamp": str(event.at_ms),
        "status": "SUCCESS",
    }


def universal_transfers(call: Call) -> object:
    """GET /v5/asset/transfer/query-universal-transfer-list: nobody has a second account."""
    window(call, most_days=7, default_days=7)
    return {"list": [], "nextPageCursor": ""}


ENDPOINTS = {
    ("GET", "/v5/asset/fundinghistory"): Endpoint(fund_history, 30),
    ("GET", "/v5/asset/deposit/query-record"): Endpoint(deposits, 100, scope="minute"),
    ("GET", "/v5/asset/deposit/query-internal-record"): Endpoint(internal_deposits, 100, scope="minute"),
    ("GET", "/v5/asset/withdraw/query-record"): Endpoint(withdrawals, 300, scope="minute"),
    ("GET", "/v5/asset/transfer/query-inter-transfer-list"): Endpoint(transfers, 60, scope="minute"),
    ("GET", "/v5/asset/transfer/query-universal-transfer-list"): Endpoint(universal_transfers, 60, scope="minute"),
}
