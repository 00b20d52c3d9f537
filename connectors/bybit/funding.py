"""Parsers of what moves the funding wallet: deposits, withdrawals, its own history, transfers.

The history repeats deposits and withdrawals of coins, without ids: these are told by their records.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors._parse import from_ms, instant, milliseconds, natural, number_or_zero, rows, text, text_or_none
from connectors._reading import Answer, Reading
from connectors.bybit.public import following, result
from connectors.bybit.words import history_kind, is_earn_move
from connectors.types import LedgerEntry, LedgerKind

CREDITED = frozenset({"3", "10012", "70012"})  # the last: still good after a rollback was looked into
CREDITED_INTERNALLY = "2"
WITHDRAWN = "success"
TRANSFERRED = "SUCCESS"


def deposits(answer: Answer) -> Reading:
    """Read a page of credited deposits from a chain."""
    items = rows(result(answer)["rows"])
    done = [row for row in items if text(row["status"]) in CREDITED]
    entries = [_deposit(row, instant(row["successAt"]), "deposit") for row in done]
    return Reading(ledger=entries, next=following(answer, items))


def internal_deposits(answer: Answer) -> Reading:
    """Read a page of deposits from other users of Bybit; their times are in seconds."""
    items = rows(result(answer)["rows"])
    done = [row for row in items if text(row["status"]) == CREDITED_INTERNALLY]
    entries = [_deposit(row, _seconds(row["createdTime"]), "internal") for row in done]
    return Reading(ledger=entries, next=following(answer, items))


def withdrawals(answer: Answer) -> Reading:
    """Read a page of completed withdrawals; the fee is on top of the amount."""
    items = rows(result(answer)["rows"])
    done = [row for row in items if text(row["status"]) == WITHDRAWN]
    return Reading(ledger=[entry for row in done for entry in _withdrawal(row)], next=following(answer, items))


def history(answer: Answer) -> Reading:
    """Read a page of the funding wallet's history but for what deposit and withdrawal records tell."""
    items = rows(result(answer)["list"])
    found = [(entry, is_earn_move(_said(row))) for row in items for entry in _history(row)]
    return Reading(
        ledger=[entry for entry, _earn in found],
        next=following(answer, items),
        details={"ledger": [{"earn": earn} for _entry, earn in found]},
    )


def own_transfers(answer: Answer) -> Reading:
    """Read transfers between wallets of this account as two legs, in wallets by their native names."""
    items = rows(result(answer)["list"])
    done = [row for row in items if text(row["status"]) == TRANSFERRED]
    entries = [leg for row in done for leg in (_leg(row, "from", internal=True), _leg(row, "to", internal=True))]
    return Reading(ledger=entries, next=following(answer, items))


def universal_transfers(answer: Answer) -> Reading:
    """Read transfers between accounts of one owner, as the leg of the account `own_uid` of the context."""
    own = text(answer.context["own_uid"])
    items = rows(result(answer)["list"])
    entries, others = [], []
    for row in items:
        if own not in (text(row["fromMemberId"]), text(row["toMemberId"])):
            raise ValueError("a transfer of others")
        for side, other in (("from", "to"), ("to", "from")):
            if text(row["status"]) == TRANSFERRED and text(row[f"{side}MemberId"]) == own:
                entries.append(_leg(row, side, internal=True))
                others.append({"counterparty_uid": text(row[f"{other}MemberId"])})
    return Reading(ledger=entries, details={"ledger": others}, next=following(answer, items))


def _deposit(row: Mapping[str, Any], booked_at: datetime, stream: str) -> LedgerEntry:
    txid = text_or_none(row.get("txID"))
    native = text_or_none(row.get("id")) or text(txid)
    return LedgerEntry(
        id=native,
        dedupe_key=f"{stream}:{native}",
        kind=LedgerKind.DEPOSIT,
        wallet="funding",
        asset=text(row["coin"]),
        amount=natural(row["amount"]),
        booked_at=booked_at,
        txid=txid,
        internal=False,
    )


def _withdrawal(row: Mapping[str, Any]) -> list[LedgerEntry]:
    native, fee = text(row["withdrawId"]), number_or_zero(row["withdrawFee"])
    parts = ((LedgerKind.WITHDRAWAL, natural(row["amount"]), ""), (LedgerKind.FEE, fee, ":fee"))
    return [
        LedgerEntry(
            id=native,
            dedupe_key=f"withdrawal:{native}{suffix}",
            kind=kind,
            wallet="funding",
            asset=text(row["coin"]),
            amount=-amount,
            booked_at=instant(row["updateTime"]),
            txid=text_or_none(row.get("txID")),
            ref=native if suffix else None,
            internal=False,
        )
        for kind, amount, suffix in parts
        if amount or not suffix
    ]


def _history(row: Mapping[str, Any]) -> list[LedgerEntry]:
    """Read one row; its key is made of all it says, the balance after it included, since it has no id."""
    seconds, asset, direction = text(row["createTime"]), text(row["currency"]), text(row["ioDirection"])
    comes = {"I": True, "O": False}[direction]
    amount = natural(row["txnAmt"])
    kind = history_kind(_said(row), asset, comes=comes)
    if kind is None or not amount:
        return []
    native = f"{seconds}:{asset}:{direction}:{text(row['txnAmt'])}"
    entry = LedgerEntry(
        id=native,
        dedupe_key=f"history:{native}:{text(row['afterAmt'])}",
        kind=kind,
        wallet="funding",
        asset=asset,
        amount=amount if comes else -amount,
        booked_at=_seconds(seconds),
        venue_type=text(text_or_none(row.get("descriptionEn")) or row.get("showBusiTypeEn")),
    )
    return [entry]


def _said(row: Mapping[str, Any]) -> str:
    return f"{row.get('showBusiTypeEn') or ''} | {row.get('descriptionEn') or row.get('description') or ''}"


def _leg(row: Mapping[str, Any], side: str, *, internal: bool) -> LedgerEntry:
    native, wallet, amount = text(row["transferId"]), text(row[f"{side}AccountType"]), natural(row["amount"])
    leaves = side == "from"
    return LedgerEntry(
        id=native,
        dedupe_key=f"transfer:{native}:{side}",
        kind=LedgerKind.TRANSFER_OUT if leaves else LedgerKind.TRANSFER_IN,
        wallet=wallet,
        asset=text(row["coin"]),
        amount=-amount if leaves else amount,
        booked_at=instant(row["timestamp"]),
        internal=internal,
    )


def _seconds(value: object) -> datetime:
    return from_ms(milliseconds(value) * 1000)
