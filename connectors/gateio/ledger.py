"""Parsers of Gate.io's account books: every change of a wallet, signed. Fee points are no money and left out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors._parse import from_ms, instant, milliseconds, number, rows, text
from connectors._reading import Answer, Reading
from connectors.gateio import failures
from connectors.gateio.balances import POINTS
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
SPOT_KINDS = {
    "deposit": LedgerKind.DEPOSIT,
    "withdraw": LedgerKind.WITHDRAWAL,
    "order_fee": LedgerKind.FEE,
    "new_order": LedgerKind.TRADE,
    "order_fill": LedgerKind.TRADE,
    "cancel_order": LedgerKind.TRADE,
    "referral_fee": LedgerKind.REBATE,
    "flash_swap_buy": LedgerKind.CONVERSION,
    "flash_swap_sell": LedgerKind.CONVERSION,
    "profit": LedgerKind.REWARD,
    "airdrop": LedgerKind.AIRDROP,
}
OWN_WALLETS = {
    "futures": "futures", "delivery": "delivery", "margin": "margin_isolated", "cross_margin": "margin_cross",
    "options": "options", "quant": "quant", "copy_trading": "copy_trading", "margin_funding": "margin_funding",
}  # fmt: skip
MOVES = ("dnw", "cross_settle")  # in and out of the wallet; the second between a unified account and its futures
EARN_MOVES = frozenset({"lend", "redeem"})
SUB_ACCOUNT = "sub_account_transfer"
WALLET_CODES = {
    "701": "futures", "702": "futures", "703": "delivery", "704": "delivery", "601": "margin_isolated",
    "602": "margin_isolated",
}  # fmt: skip
CODE_KINDS = {"1": LedgerKind.DEPOSIT, "4": LedgerKind.WITHDRAWAL}
BORDER = (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)


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
    identity = str(row.get("id") or f"{ms}:{native}:{row['change']}:{row['balance']}")
    name = str(row.get("contract") or str(row.get("text") or "").split(":")[0])
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
        ref=str(row.get("trade_id") or "") or None,
        internal=True if native == "cross_settle" else None,
    )
    return Line(entry, {"native_type": native})


def _spot_line(row: Mapping[str, Any]) -> Line:
    native, code, amount = str(row["type"]), str(row.get("code") or ""), number(row["change"])
    kind, internal, other = _spot_kind(native, code)
    if kind is None:
        kind = LedgerKind.TRANSFER_IN if amount > 0 else LedgerKind.TRANSFER_OUT
    if native == "interest":
        kind = LedgerKind.REWARD if amount > 0 else LedgerKind.INTEREST
    identity = text(row["id"])
    entry = LedgerEntry(
        id=identity,
        dedupe_key=f"spot:{identity}",
        kind=kind,
        wallet="spot",
        asset=text(row["currency"]),
        amount=amount,
        booked_at=_time(row),
        venue_type=native or code or None,
        internal=internal,
    )
    return Line(entry, {"native_type": native, **({"counter_wallet": other} if other else {})})


def _time(row: Mapping[str, Any]) -> datetime:
    return instant(row["time"])


def _spot_kind(native: str, code: str) -> tuple[LedgerKind | None, bool | None, str | None]:
    """Return kind (None for a transfer, whose sign decides), whether it is internal, and the other own wallet."""
    other = OWN_WALLETS.get(native.removesuffix("_in").removesuffix("_out")) or WALLET_CODES.get(code)
    if native in EARN_MOVES:
        other = "earn"
    if native == SUB_ACCOUNT or code == "1401" or (code.startswith("1502") and len(code) == 6):
        return None, False, None
    if other is not None and native not in SPOT_KINDS:
        return None, True, other
    kind = SPOT_KINDS.get(native) or CODE_KINDS.get(code, LedgerKind.OTHER)
    return kind, False if kind in BORDER else None, None
