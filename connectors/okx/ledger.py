"""Parsers of the bills of OKX's trading account.

`balChg` of a contract's bill mixes in margin that moves to or from an isolated position, so `pnl` and `fee` are read.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors._parse import instant, number, number_or_zero, text, text_or_none
from connectors._reading import Answer, Reading
from connectors.okx.positions import DERIVATIVES
from connectors.okx.public import data
from connectors.okx.symbols import is_pair, unified_symbol
from connectors.types import LedgerEntry, LedgerKind

FUNDING_FEE, TO_POSITION, INTEREST = "8", "6", "7"
FILLS = ("2", "3", "5", "9", "13", "14")  # trade, delivery, liquidation, auto-deleveraging, delta hedge, block trade
TRANSFERS = ("1", "12")
CONVERSIONS = ("4", "11", "27", "28", "30")


def account_bills(answer: Answer) -> Reading:
    """Read a page of the trading account's bills, newest first; a fill's fee becomes an entry of its own."""
    items = data(answer)
    return Reading(ledger=[entry for row in items for entry in _bill(row)], next=below_last(answer, items))


def below_last(answer: Answer, items: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the page after a full one of a list that goes on below a bill."""
    if not items or len(items) < int(answer.params.get("limit", 100)):
        return None
    return {**answer.params, "after": text(items[-1]["billId"])}


def _bill(row: Mapping[str, Any]) -> list[LedgerEntry]:
    kind, name = text(row["type"]), text_or_none(row["instId"]) or ""
    change, fee = number(row["balChg"]), number_or_zero(row["fee"])
    product = text_or_none(row["instType"])
    on_contract = product in DERIVATIVES or (product is None and bool(name) and not is_pair(name))
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
            ref=text_or_none(row.get("ordId")),
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
