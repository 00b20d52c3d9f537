"""Parser of a classic account's spot trades: coin, money and fee of each are one entry; unified logs tell them too."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors._parse import instant, natural, number_or_zero, rows, split_pair, text
from connectors._reading import Answer, Reading
from connectors.bybit.public import following, result
from connectors.bybit.symbols import SPOT_QUOTES
from connectors.types import LedgerEntry, LedgerKind


def executions(answer: Answer) -> Reading:
    """Read a page of spot trades, newest first."""
    items = rows(result(answer)["list"])
    return Reading(ledger=[part for row in items for part in _parts(row)], next=following(answer, items))


def _parts(row: Mapping[str, Any]) -> list[LedgerEntry]:
    venue_symbol, buys = text(row["symbol"]), {"Buy": True, "Sell": False}[text(row["side"])]
    pair = split_pair(venue_symbol, SPOT_QUOTES)
    if pair is None:
        raise ValueError("a pair in an unknown quote")
    sign, fee = (1 if buys else -1), number_or_zero(row["execFee"])
    parts = (
        (LedgerKind.TRADE, pair[0], sign * natural(row["execQty"]), "base"),
        (LedgerKind.TRADE, pair[1], -sign * natural(row["execValue"]), "quote"),
        (LedgerKind.FEE if fee > 0 else LedgerKind.REBATE, _fee_asset(row, pair, fee, buys=buys), -fee, "fee"),
    )
    native = text(row["execId"])
    return [
        LedgerEntry(
            id=native,
            dedupe_key=f"trade:{native}:{part}",
            kind=kind,
            wallet="spot",
            asset=asset,
            amount=amount,
            booked_at=instant(row["execTime"]),
            symbol="/".join(pair),
            venue_symbol=venue_symbol,
            venue_type="TRADE",
            ref=native,
        )
        for kind, asset, amount, part in parts
        if amount
    ]


def _fee_asset(row: Mapping[str, Any], pair: tuple[str, str], fee: Decimal, *, buys: bool) -> str:
    """Return the fee's currency: where the row names none, what is received, but what is given for a maker's rebate."""
    named = str(row.get("feeCurrency") or "")
    return named or pair[0 if buys is (fee > 0) else 1]
