"""Parsers of OKX's histories: bills of the trading and the funding account, deposits, withdrawals.

`balChg` of a contract's bill mixes in margin that moves to or from an isolated position, so `pnl` and `fee` are read.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from connectors._parse import instant, milliseconds, natural, number, number_or_zero, text
from connectors._reading import Answer, Reading
from connectors.okx.positions import DERIVATIVES, older
from connectors.okx.public import data
from connectors.okx.symbols import is_pair, unified_symbol
from connectors.types import LedgerEntry, LedgerKind

FUNDING_FEE, TO_POSITION, INTEREST = "8", "6", "7"
FILLS = ("2", "3", "5", "9")  # trade, delivery, liquidation, auto-deleveraging
TRANSFERS = ("1", "12")
CONVERSIONS = ("4", "11", "27", "28", "30")
CREDITED = ("1", "2")
SENT = "2"
RECORDED = ("1", "2", "13")  # funding bills that deposit and withdrawal records tell in full; 13 takes one back
FUNDING_KINDS = {
    "1": LedgerKind.DEPOSIT,
    "2": LedgerKind.WITHDRAWAL,
    "13": LedgerKind.WITHDRAWAL,
    "28": LedgerKind.AIRDROP,
    "48": LedgerKind.REWARD,
    "61": LedgerKind.CONVERSION,
    "68": LedgerKind.REBATE,
    "83": LedgerKind.REWARD,
}
# sub-accounts, trading account, simple earn, on-chain earn
FUNDING_TRANSFERS = frozenset(("20", "21", "22", "23", "75", "76", "80", "82", "130", "131"))


def account_bills(answer: Answer) -> Reading:
    """Read a page of the trading account's bills, newest first; a fill's fee becomes an entry of its own."""
    items = data(answer)
    return Reading(ledger=[entry for row in items for entry in _bill(row)], next=_below_last(answer, items))


def funding_bills(answer: Answer) -> Reading:
    """Read a page of the funding account's bills of the last month, newest first."""
    items = data(answer)
    following = older(answer, [milliseconds(row["ts"]) for row in items])
    return Reading(ledger=[_funding_bill(row) for row in items], next=following)


def funding_archive(answer: Answer) -> Reading:
    """Read a page of the funding account's bills since 2021, paged by bill."""
    items = data(answer)
    return Reading(ledger=[_funding_bill(row) for row in items], next=_below_last(answer, items))


def deposits(answer: Answer) -> Reading:
    """Read a page of deposits; only those that are credited count."""
    items = data(answer)
    done = [row for row in items if text(row["state"]) in CREDITED]
    following = older(answer, [milliseconds(row["ts"]) for row in items])
    more = [{"via": "other_user"} if row.get("fromWdId") else {} for row in done]
    return Reading(ledger=[_deposit(row) for row in done], details={"ledger": more}, next=following)


def withdrawals(answer: Answer) -> Reading:
    """Read a page of withdrawals; only those that are sent count, and the fee comes on top of the amount."""
    items = data(answer)
    done = [row for row in items if text(row["state"]) == SENT]
    following = older(answer, [milliseconds(row["ts"]) for row in items])
    return Reading(ledger=[entry for row in done for entry in _withdrawal(row)], next=following)


def counted(entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """Return each movement once: funding bills that repeat a deposit or withdrawal are left out."""
    return [
        entry
        for entry in entries
        if not (entry.wallet == "funding" and entry.dedupe_key.startswith("bill:") and entry.venue_type in RECORDED)
    ]


def _below_last(answer: Answer, items: list[dict[str, Any]]) -> dict[str, Any] | None:
    if not items or len(items) < int(answer.params.get("limit", 100)):
        return None
    return {**answer.params, "after": text(items[-1]["billId"])}


def _bill(row: Mapping[str, Any]) -> list[LedgerEntry]:
    kind, name = text(row["type"]), str(row["instId"] or "")
    change, fee = number(row["balChg"]), number_or_zero(row["fee"])
    on_contract = row["instType"] in DERIVATIVES or (not row["instType"] and bool(name) and not is_pair(name))
    parts: list[tuple[LedgerKind, Decimal]]
    if kind == TO_POSITION:
        parts = []
    elif kind == FUNDING_FEE:
        parts = [(LedgerKind.FUNDING, number_or_zero(row["pnl"]) or change)]
    elif kind in FILLS and on_contract:
        parts = [(LedgerKind.REALIZED_PNL, number_or_zero(row["pnl"])), (LedgerKind.FEE, fee)]
    elif kind in FILLS:
        parts = [(LedgerKind.TRADE, change - fee), (LedgerKind.FEE, fee)]
    else:
        parts = [(_other_kind(kind, change), change)]
    settle = text(row["ccy"]) if on_contract else None
    native = text(row["billId"])
    return [
        LedgerEntry(
            id=native,
            dedupe_key=f"bill:{native}:{part}",
            kind=part,
            wallet="trading",
            asset=text(row["ccy"]),
            amount=amount,
            booked_at=instant(row["ts"]),
            symbol=unified_symbol(name, settle) if name else None,
            venue_symbol=name or None,
            venue_type=f"{kind}/{text(row['subType'])}",
            ref=str(row.get("ordId") or "") or None,
            internal=True if kind in TRANSFERS else None,
        )
        for part, amount in parts
        if amount
    ]


def _other_kind(kind: str, change: Decimal) -> LedgerKind:
    if kind in TRANSFERS:
        return LedgerKind.TRANSFER_IN if change > 0 else LedgerKind.TRANSFER_OUT
    if kind == INTEREST:
        return LedgerKind.INTEREST
    return LedgerKind.CONVERSION if kind in CONVERSIONS else LedgerKind.OTHER


def _funding_bill(row: Mapping[str, Any]) -> LedgerEntry:
    kind, change, native = text(row["type"]), number(row["balChg"]), text(row["billId"])
    moved = LedgerKind.TRANSFER_IN if change > 0 else LedgerKind.TRANSFER_OUT
    transfer = kind in FUNDING_TRANSFERS
    return LedgerEntry(
        id=native,
        dedupe_key=f"bill:{native}",
        kind=moved if transfer else FUNDING_KINDS.get(kind, LedgerKind.OTHER),
        wallet="funding",
        asset=text(row["ccy"]),
        amount=change,
        booked_at=instant(row["ts"]),
        venue_type=kind,
        internal=True if transfer else False if kind in RECORDED else None,
    )


def _deposit(row: Mapping[str, Any]) -> LedgerEntry:
    native = text(row["depId"])
    return LedgerEntry(
        id=native,
        dedupe_key=f"deposit:{native}",
        kind=LedgerKind.DEPOSIT,
        wallet="funding",
        asset=text(row["ccy"]),
        amount=natural(row["amt"]),
        booked_at=instant(row["ts"]),
        txid=str(row.get("txId") or "") or None,
        internal=False,
    )


def _withdrawal(row: Mapping[str, Any]) -> list[LedgerEntry]:
    native, asset = text(row["wdId"]), text(row["ccy"])
    parts = [
        (LedgerKind.WITHDRAWAL, asset, -natural(row["amt"])),
        (LedgerKind.FEE, str(row.get("feeCcy") or asset), -natural(row["fee"])),
    ]
    return [
        LedgerEntry(
            id=native,
            dedupe_key=f"withdrawal:{native}:{kind}",
            kind=kind,
            wallet="funding",
            asset=coin,
            amount=amount,
            booked_at=instant(row["ts"]),
            txid=str(row.get("txId") or "") or None,
            internal=False if kind is LedgerKind.WITHDRAWAL else None,
        )
        for kind, coin, amount in parts
        if amount
    ]
