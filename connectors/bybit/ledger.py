"""Parsers of Bybit's transaction logs. One row splits into funding, fee and the rest; their sum is its `change`."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors._parse import instant, number, number_or_none, number_or_zero, rows, text, text_or_none
from connectors._reading import Answer, Reading
from connectors.bybit.public import following, result
from connectors.bybit.symbols import row_symbol
from connectors.types import LedgerEntry, LedgerKind

RESULTS = frozenset({"TRADE", "SETTLEMENT", "DELIVERY", "LIQUIDATION", "ADL"})
KINDS = {
    "TRANSFER_IN": LedgerKind.TRANSFER_IN,
    "TRANSFER_OUT": LedgerKind.TRANSFER_OUT,
    "INTEREST": LedgerKind.INTEREST,
    "FEE_REFUND": LedgerKind.REBATE,
    "AIRDROP": LedgerKind.REWARD,
    "BONUS": LedgerKind.REWARD,
    "BONUS_RECOLLECT": LedgerKind.REWARD,
    "CURRENCY_BUY": LedgerKind.CONVERSION,
    "CURRENCY_SELL": LedgerKind.CONVERSION,
}


def unified_log(answer: Answer) -> Reading:
    """Read a page of a unified account's log, newest first; funding > 0 is received."""
    return _page(answer, "unified", funding_sign=1)


def contract_log(answer: Answer) -> Reading:
    """Read a page of the contract wallet's log (classic, or inverse beside unified 1.0); funding > 0 is paid."""
    return _page(answer, "contract", funding_sign=-1)


def _page(answer: Answer, wallet: str, *, funding_sign: int) -> Reading:
    items = rows(result(answer)["list"])
    entries = [entry for row in items for entry in _entries(row, wallet, funding_sign)]
    return Reading(ledger=entries, next=following(answer, items))


def _entries(row: Mapping[str, Any], wallet: str, funding_sign: int) -> list[LedgerEntry]:
    funding = funding_sign * number_or_zero(row["funding"])
    fee, flow = -number_or_zero(row["fee"]), number_or_zero(row["cashFlow"])
    change = number_or_none(row["change"])
    rest = Decimal(0) if change is None else change - funding - fee - flow
    venue_type, category = text(row["type"]), text_or_none(row["category"]) or ""
    parts = (
        (LedgerKind.FUNDING, funding, "funding"),
        (LedgerKind.FEE, fee, "fee"),
        (_kind(venue_type, category), flow, "flow"),
        (LedgerKind.FEE if row.get("extraFees") else LedgerKind.OTHER, rest, "rest"),
    )
    return [_entry(row, wallet, kind, amount=amount, part=part) for kind, amount, part in parts if amount]


def _kind(venue_type: str, category: str) -> LedgerKind:
    if venue_type not in RESULTS:
        return KINDS.get(venue_type, LedgerKind.OTHER)
    if venue_type == "TRADE" and category in ("spot", "option"):
        return LedgerKind.TRADE if category == "spot" else LedgerKind.OPTION_PREMIUM
    return LedgerKind.TRADE if category == "spot" else LedgerKind.REALIZED_PNL


def _entry(row: Mapping[str, Any], wallet: str, kind: LedgerKind, *, amount: Decimal, part: str) -> LedgerEntry:
    native, asset, venue_symbol = text(row["id"]), text(row["currency"]), text_or_none(row["symbol"])
    trade = text_or_none(row["tradeId"])
    facts = (native, trade or "", text(row["type"]), text(row["transactionTime"]), asset, part)
    return LedgerEntry(
        id=native,
        dedupe_key=":".join(facts),
        kind=kind,
        wallet=wallet,
        asset=asset,
        amount=number(amount),
        booked_at=instant(row["transactionTime"]),
        symbol=row_symbol(venue_symbol, text_or_none(row["category"]) or "") if venue_symbol else None,
        venue_symbol=venue_symbol,
        venue_type=text(row["type"]),
        ref=trade,
    )
