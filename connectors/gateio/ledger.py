"""Parsers of Gate.io's account books: every change of a wallet, signed. Fee points are no money and left out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors._parse import from_ms, instant, milliseconds, number, rows, text, text_or_none
from connectors._reading import Answer, Reading
from connectors.gateio import failures
from connectors.gateio.balances import POINTS
from connectors.gateio.kinds import spot_kind
from connectors.gateio.public import next_offset
from connectors.gateio.symbols import contract_symbol, settle_of, wallet_of
from connectors.types import LedgerEntry, LedgerKind

FUTURES_KINDS = {
    "pnl": LedgerKind.REALIZED_PNL,
    "fee": LedgerKind.FEE,
    "fund": LedgerKind.FUNDING,
    "refr": LedgerKind.REBATE,
    "bonus_offset": LedgerKind.BONUS,
    "bonus_dnw": LedgerKind.BONUS,
    "dividend": LedgerKind.REWARD,
}
MOVES = ("dnw", "cross_settle")  # in and out of the wallet; the second between a unified account and its futures


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with what the shared type does not hold."""

    entry: LedgerEntry
    more: Mapping[str, Any] = field(default_factory=dict)


def reading(lines: Iterable[Line], following: Mapping[str, Any] | None) -> Reading:
    """Return the reading of lines and of what the next page is asked with."""
    found = list(lines)
    return Reading(
        ledger=[line.entry for line in found], details={"ledger": [line.more for line in found]}, next=following
    )


def futures_book(answer: Answer) -> Reading:
    """Read a page of a futures ledger, newest first; times are seconds with a fraction."""
    if failures.never_opened(answer):
        return Reading(ledger=[])
    items = rows(answer.payload)
    lines = [_futures_line(row, answer) for row in items if not text(row["type"]).startswith("point_")]
    return reading(lines, next_offset(answer, len(items)))


def spot_book(answer: Answer) -> Reading:
    """Read a page of the spot ledger; times are milliseconds, and the sign tells the direction, not the type's name."""
    items = rows(answer.payload)
    following = None
    if items and len(items) == int(answer.params.get("limit", 0)):
        following = {**answer.params, "page": int(answer.params.get("page", 1)) + 1}
    return reading([_spot_line(row) for row in items if row["currency"] != POINTS], following)


def _futures_line(row: Mapping[str, Any], answer: Answer) -> Line:
    native, amount, settle = text(row["type"]), number(row["change"]), settle_of(answer.path)
    ms = milliseconds((number(row["time"]) * 1000) // 1)
    identity = text_or_none(row.get("id")) or f"{ms}:{native}:{text(row['change'])}:{text(row['balance'])}"
    name = text_or_none(row.get("contract")) or (text_or_none(row.get("text")) or "").split(":")[0]
    symbol = contract_symbol(name, settle)
    kind = FUTURES_KINDS.get(native, LedgerKind.OTHER)
    if native in MOVES:
        kind = LedgerKind.TRANSFER_IN if amount > 0 else LedgerKind.TRANSFER_OUT
    wallet = wallet_of(answer.path)
    entry = LedgerEntry(
        id=identity,
        dedupe_key=f"{wallet}:{identity}",
        kind=kind,
        wallet=wallet,
        asset=settle,
        amount=amount,
        booked_at=from_ms(ms),
        symbol=symbol,
        venue_symbol=name if symbol else None,
        venue_type=native,
        ref=text_or_none(row.get("trade_id")),
        internal=True if native == "cross_settle" else None,
    )
    return Line(entry, {"native_type": native})


def _spot_line(row: Mapping[str, Any]) -> Line:
    native, code, amount = (
        "" if row["type"] == "" else text(row["type"]),
        text_or_none(row.get("code")) or "",
        number(row["change"]),
    )
    if not native and not code:
        raise ValueError("neither type nor code")
    meaning = spot_kind(native, code, amount)
    identity = text(row["id"])
    entry = LedgerEntry(
        id=identity,
        dedupe_key=f"spot:{identity}",
        kind=meaning.kind,
        wallet="spot",
        asset=text(row["currency"]),
        amount=amount,
        booked_at=_time(row),
        venue_type=native or code or None,
        ref=identity if meaning.internal else None,
        internal=meaning.internal,
    )
    return Line(entry, {"native_type": native, **({"counter_wallet": meaning.other} if meaning.other else {})})


def _time(row: Mapping[str, Any]) -> datetime:
    return instant(row["time"])
