"""Parsers of Gate.io's records of money that crosses the account's border, and the pairing of these with the books."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from connectors._parse import from_ms, milliseconds, natural, number, number_or_zero, rows, text, text_or_none
from connectors._reading import Answer, Reading
from connectors.gateio.kinds import BORDER
from connectors.gateio.ledger import Line, reading
from connectors.gateio.public import next_offset
from connectors.types import LedgerEntry, LedgerKind

OK, PENDING, FAILED = "ok", "pending", "failed"
DEPOSIT_STATUS = {"DONE": OK, "DEP_CREDITED": OK, "BLOCKED": FAILED, "INVALID": FAILED}
WITHDRAWAL_STATUS = {"DONE": OK, "BCODE": OK, "CANCEL": FAILED, "FAIL": FAILED, "INVALID": FAILED}
NETWORK = re.compile(r"_[A-Z0-9]+$")
RECORD_REACH = timedelta(days=3)
OWN_REACH = timedelta(minutes=1)


def deposits(answer: Answer) -> Reading:
    """Read a page of deposits; DEP_CREDITED is in the balance already, only its withdrawal is locked."""
    items = rows(answer.payload)
    return reading([_record(row, DEPOSIT_STATUS) for row in items], next_offset(answer, len(items)))


def withdrawals(answer: Answer) -> Reading:
    """Read a page of withdrawals, which may come as a list in a list; the amount is what leaves, fee included."""
    payload = answer.payload
    if isinstance(payload, list) and payload and isinstance(payload[0], list):
        payload = [row for part in payload for row in part]
    items = rows(payload)
    return reading([_record(row, WITHDRAWAL_STATUS) for row in items], next_offset(answer, len(items)))


def sub_transfers(answer: Answer) -> Reading:
    """Read moves between the main account and its sub-accounts; `to` leaves the main account."""
    items = rows(answer.payload)
    done = [row for row in items if text(row.get("status", "success")) == "success"]
    return reading([_sub_transfer(row) for row in done], next_offset(answer, len(items)))


def pushes(answer: Answer) -> Reading:
    """Read moves to and from other users of the exchange."""
    items = rows(answer.payload)
    return reading([_push(row) for row in items], next_offset(answer, len(items)))


def with_records(entries: Sequence[LedgerEntry], records: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """Give deposits and withdrawals of the books the id and transaction of the record each one fits.

    What the books say of amount and time stays: they alone explain the balance. Records that fit nothing are left out.
    """
    left, found = list(records), []
    for entry in entries:
        if entry.kind in BORDER and entry.wallet == "spot":
            fit = _nearest(entry, [item for item in left if item.kind is entry.kind], RECORD_REACH)
            if fit is not None:
                left = [item for item in left if (item.kind, item.id) != (fit.kind, fit.id)]
                entry = replace(entry, id=fit.id, txid=fit.txid, ref=entry.id)
        found.append(entry)
    return found


def with_fees(page: Reading) -> list[LedgerEntry]:
    """Return the withdrawals of a page of records once more, should their fee lie beside the amount and not in it."""
    told = zip(page.ledger or (), page.details.get("ledger") or (), strict=True)
    return [
        replace(entry, amount=entry.amount - more["fee"], dedupe_key=f"{entry.dedupe_key}:fee")
        for entry, more in told
        if entry.kind is LedgerKind.WITHDRAWAL and more.get("fee")
    ]


def with_origins(entries: Sequence[LedgerEntry], others: Iterable[LedgerEntry], *, internal: bool) -> list[LedgerEntry]:
    """Say of futures transfers of unknown origin whether they are internal, where another row has the same sum."""
    left, found = list(others), []
    for entry in entries:
        if entry.venue_type == "dnw" and entry.internal is None:
            fit = _nearest(entry, left, OWN_REACH)
            if fit is not None:
                left.remove(fit)
                entry = replace(entry, internal=internal, ref=fit.id)
        found.append(entry)
    return found


def opposite(entry: LedgerEntry) -> LedgerEntry:
    """Return the other leg of a transfer between own wallets."""
    kind = LedgerKind.TRANSFER_OUT if entry.amount > 0 else LedgerKind.TRANSFER_IN
    return replace(entry, amount=-entry.amount, kind=kind)


def _nearest(entry: LedgerEntry, candidates: Iterable[LedgerEntry], reach: timedelta) -> LedgerEntry | None:
    fits = [
        item
        for item in candidates
        if item.asset == entry.asset and item.amount == entry.amount and abs(item.booked_at - entry.booked_at) <= reach
    ]
    return min(fits, key=lambda item: abs(item.booked_at - entry.booked_at), default=None)


def _record(row: Mapping[str, Any], statuses: Mapping[str, str]) -> Line:
    native, status = text(row["id"]), statuses.get(text(row["status"]), PENDING)
    amount, fee = (
        number(row["amount"]),
        abs(number_or_zero(row["fee"] if statuses is WITHDRAWAL_STATUS else row.get("fee", ""))),
    )
    leaves = statuses is WITHDRAWAL_STATUS
    kind = LedgerKind.WITHDRAWAL if leaves else LedgerKind.DEPOSIT
    if native.startswith("b"):  # a gift code: the sign tells whether it came or left
        kind = LedgerKind.DEPOSIT if amount > 0 else LedgerKind.WITHDRAWAL
    size = abs(amount) if native.startswith("b") else natural(row["amount"])
    entry = LedgerEntry(
        id=native,
        dedupe_key=f"{kind.value}:{native}",
        kind=kind,
        wallet="spot",
        asset=_coin(row),
        amount=-size if kind is LedgerKind.WITHDRAWAL else size,
        booked_at=from_ms(_seconds(row["timestamp"])),
        txid=text_or_none(row.get("txid")),
        internal=False,
    )
    return Line(entry, {"status": status, "fee": fee})


def _coin(row: Mapping[str, Any]) -> str:
    """Return the coin; older rows carry its network too (USDT_TRX)."""
    return NETWORK.sub("", text(row["currency"]))


def _sub_transfer(row: Mapping[str, Any]) -> Line:
    leaves = {"to": True, "from": False}[text(row["direction"])]
    size, ms = natural(row["amount"]), _seconds(row["timest"])
    native = text_or_none(row.get("client_order_id")) or ":".join(
        (str(ms), *(text(row[name]) for name in ("sub_account", "currency", "amount")))
    )
    entry = LedgerEntry(
        id=native,
        dedupe_key=f"sub:{native}",
        kind=LedgerKind.TRANSFER_OUT if leaves else LedgerKind.TRANSFER_IN,
        wallet="spot",
        asset=text(row["currency"]),
        amount=-size if leaves else size,
        booked_at=from_ms(ms),
        internal=False,
    )
    return Line(entry, {"via": "sub_account"})


def _push(row: Mapping[str, Any]) -> Line:
    leaves = {"withdraw": True, "deposit": False}[text(row["transaction_type"])]
    size, native = natural(row["amount"]), text(row["id"])
    entry = LedgerEntry(
        id=native,
        dedupe_key=f"push:{native}",
        kind=LedgerKind.WITHDRAWAL if leaves else LedgerKind.DEPOSIT,
        wallet="spot",
        asset=text(row["currency"]),
        amount=-size if leaves else size,
        booked_at=from_ms(_seconds(row["create_time"])),
        internal=False,
    )
    status = {"SUCCESS": OK, "CREATING": PENDING, "PENDING": PENDING}.get(text(row["status"]).upper(), FAILED)
    return Line(entry, {"via": "other_user", "status": status, "fee": Decimal(0)})


def _seconds(value: object) -> int:
    """Return Unix milliseconds of a time in seconds."""
    return milliseconds((number(value) * 1000) // 1)
