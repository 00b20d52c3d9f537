"""Parsers of BingX's histories: income of USDT-M, deposits, withdrawals, transfers. Coin-M has no ledger."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from connectors._parse import (
    instant,
    milliseconds,
    natural,
    number,
    number_or_zero,
    record,
    rows,
    rows_or_none,
    text,
    text_or_none,
)
from connectors._reading import Answer, Reading
from connectors.bingx.balances import counts
from connectors.bingx.public import data, listed
from connectors.bingx.symbols import DEMO_COIN, linear_symbol, plain_coin
from connectors.types import LedgerEntry, LedgerKind

LONGEST_PAGE = 1_000
CONFIRMED = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")  # confirmations seen and needed
CHINA = timezone(timedelta(hours=8))
KINDS = {
    "REALIZED_PNL": LedgerKind.REALIZED_PNL,
    "INSURANCE_CLEAR": LedgerKind.REALIZED_PNL,  # the loss of a forced close, no fee
    "ADL": LedgerKind.REALIZED_PNL,
    "FUNDING_FEE": LedgerKind.FUNDING,
    "TRADING_FEE": LedgerKind.FEE,
    "GTD_PRICE": LedgerKind.FEE,
    "TRIAL_FUND": LedgerKind.BONUS,
}
SUBTYPES = {"INSURANCE_CLEAR": "liquidation", "ADL": "adl"}
WALLETS = {
    "spot": "spot", "fund": "funding", "stdFutures": "futures_standard", "coinMPerp": "futures_inverse",
    "USDTMPerp": "futures_linear",
}  # fmt: skip
WITHDRAWAL_STATUS = {"5": "failed", "6": "ok"}
CREDITED, WRONG_AMOUNT, TRANSFERRED = ("1", "6"), "2", "6"


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with what the shared type does not hold."""

    entry: LedgerEntry
    more: Mapping[str, Any] = field(default_factory=dict)


def income(answer: Answer) -> Reading:
    """Read a page of the USDT-M wallet's ledger, newest first.

    The page after a full one ends at the oldest time seen, for rows of one instant may lie on both; what comes twice
    has the same dedupe key. A full page of one instant is asked again at its longest.
    """
    items = listed(answer)
    limit = int(answer.params.get("limit", 100))
    following = None
    if items and len(items) >= limit:
        oldest = min(milliseconds(row["time"]) for row in items)
        stuck = str(answer.params.get("endTime")) == str(oldest)
        following = {**answer.params, "endTime": str(oldest), **({"limit": str(LONGEST_PAGE)} if stuck else {})}
    return _reading([_income(row) for row in items if counts(text(row["asset"]), answer)], following)


def deposits(answer: Answer) -> Reading:
    """Read a page of deposits; only those with status ok have arrived."""
    items = rows(answer.payload)
    return _reading([_deposit(row) for row in items], _next_offset(answer, items, LONGEST_PAGE))


def withdrawals(answer: Answer) -> Reading:
    """Read a page of withdrawals; the fee comes on top of the amount."""
    items = rows(answer.payload)
    return _reading([_withdrawal(row) for row in items], _next_offset(answer, items, LONGEST_PAGE))


def transfers(answer: Answer) -> Reading:
    """Read transfers between own wallets, as seen from the sending one."""
    items = rows_or_none(record(answer.payload)["rows"])
    page, size = int(answer.params.get("pageIndex", 1)), int(answer.params.get("pageSize", 100))
    following = {**answer.params, "pageIndex": str(page + 1)} if len(items) >= size else None
    return _reading([_transfer(row) for row in items], following)


def user_transfers(answer: Answer) -> Reading:
    """Read transfers with other users. Rows carry no time: that of the context's `booked_at`, else it is not told."""
    items = rows_or_none(None if data(answer) is None else record(data(answer))["data"])
    return _reading([_user_transfer(row, answer) for row in items], _next_offset(answer, items, 100))


def counted(reading: Reading) -> list[LedgerEntry]:
    """Return the entries that have happened; a withdrawal's fee becomes an entry of its own."""
    entries = list(reading.ledger or ())
    found: list[LedgerEntry] = []
    for entry, more in zip(entries, reading.details.get("ledger") or [{}] * len(entries), strict=True):
        if more.get("status", "ok") == "ok":
            found.append(entry)
            if more.get("fee"):
                found.append(_fee_of(entry, more["fee"]))
    return found


def _reading(lines: Iterable[Line], following: Mapping[str, Any] | None) -> Reading:
    found = list(lines)
    return Reading(
        ledger=[line.entry for line in found], details={"ledger": [line.more for line in found]}, next=following
    )


def _next_offset(answer: Answer, items: list[dict[str, Any]], usual: int) -> dict[str, Any] | None:
    if len(items) < int(answer.params.get("limit", usual)) or not items:
        return None
    return {**answer.params, "offset": str(int(answer.params.get("offset", 0)) + len(items))}


def _income(row: Mapping[str, Any]) -> Line:
    venue_type, asset, native = text(row["incomeType"]), text(row["asset"]), text(row["tranId"])
    amount, venue_symbol = number(row["income"]), text_or_none(row["symbol"])
    kind = KINDS.get(venue_type, LedgerKind.OTHER)
    if venue_type == "TRANSFER":
        kind = LedgerKind.TRANSFER_IN if amount > 0 else LedgerKind.TRANSFER_OUT
    entry = LedgerEntry(
        id=native,
        dedupe_key=f"{venue_type}:{native}:{asset}",
        kind=kind,
        wallet="futures_linear",
        asset=asset,
        amount=amount,
        booked_at=instant(row["time"]),
        symbol=linear_symbol(venue_symbol or "", DEMO_COIN if asset == DEMO_COIN else None),
        venue_symbol=venue_symbol,
        venue_type=venue_type,
        ref=text_or_none(row.get("tradeId")),
        internal=True if venue_type == "TRANSFER" else None,
    )
    return Line(entry, {"subtype": SUBTYPES[venue_type]} if venue_type in SUBTYPES else {})


def _coin(row: Mapping[str, Any]) -> str:
    return plain_coin(text(row["coin"]), text_or_none(row["network"]) or "")


def _deposit(row: Mapping[str, Any]) -> Line:
    at, coin, txid = milliseconds(row["insertTime"]), _coin(row), text_or_none(row.get("txId"))
    entry = LedgerEntry(
        id=txid or f"{coin}:{at}",
        dedupe_key=f"deposit:{txid or ''}:{coin}:{at}",
        kind=LedgerKind.DEPOSIT,
        wallet="funding",
        asset=coin,
        amount=natural(row["amount"]),
        booked_at=instant(at),
        txid=txid,
        internal=False,
    )
    return Line(entry, {"status": _deposit_status(row), "fee": Decimal(0)})


def _deposit_status(row: Mapping[str, Any]) -> str:
    """Sources disagree whether 1 or 6 means credited: either counts once all confirmations are there."""
    status = text(row["status"])
    if status == WRONG_AMOUNT:
        return "failed"
    seen, _, needed = (text_or_none(row["confirmTimes"]) or "").partition("/")
    complete = (
        seen.isascii() and needed.isascii() and seen.isdigit() and needed.isdigit() and number(seen) >= number(needed)
    )
    return "ok" if status in CREDITED and complete else "pending"


def _withdrawal(row: Mapping[str, Any]) -> Line:
    native = text(row["id"])
    entry = LedgerEntry(
        id=native,
        dedupe_key=f"withdrawal:{native}",
        kind=LedgerKind.WITHDRAWAL,
        wallet="funding",
        asset=_coin(row),
        amount=-natural(row["amount"]),
        booked_at=_instant(row["applyTime"]),
        txid=text_or_none(row.get("txId")),
        internal=False,
    )
    status = WITHDRAWAL_STATUS.get(text(row["status"]), "pending")
    return Line(entry, {"status": status, "fee": abs(number_or_zero(row["transactionFee"]))})


def _fee_of(entry: LedgerEntry, fee: Decimal) -> LedgerEntry:
    return replace(
        entry, kind=LedgerKind.FEE, amount=-fee, dedupe_key=f"{entry.dedupe_key}:fee", internal=None, txid=None
    )


def _transfer(row: Mapping[str, Any]) -> Line:
    native, source, target = text(row["transferId"]), text(row["fromAccount"]), text(row["toAccount"])
    entry = LedgerEntry(
        id=native,
        dedupe_key=f"transfer:{native}",
        kind=LedgerKind.TRANSFER_OUT,
        wallet=WALLETS.get(source, source),
        asset=text(row["asset"]),
        amount=-natural(row["amount"]),
        booked_at=instant(row["timestamp"]),
        ref=native,
        internal=True,
    )
    status = "ok" if text(row["status"]) == "CONFIRMED" else "pending"
    return Line(entry, {"counter_wallet": WALLETS.get(target, target), "status": status})


def _user_transfer(row: Mapping[str, Any], answer: Answer) -> Line:
    native, came = text(row["id"]), {"in": True, "out": False}[text(row["recordType"])]
    amount, booked_at = natural(row["amount"]), answer.context.get("booked_at")
    entry = LedgerEntry(
        id=native,
        dedupe_key=f"user:{native}",
        kind=LedgerKind.TRANSFER_IN if came else LedgerKind.TRANSFER_OUT,
        wallet="funding",
        asset=text(row["coin"]),
        amount=amount if came else -amount,
        booked_at=booked_at or answer.as_of,
        internal=False,
    )
    status = "ok" if text(row["status"]) == TRANSFERRED else "pending"
    return Line(entry, {"status": status, **({} if booked_at else {"time_ms": None})})


def _instant(value: object) -> datetime:
    """Return the instant of a time that is Unix milliseconds or a text, at +08:00 where it names no zone."""
    if not isinstance(value, str) or value.isdigit():
        return instant(value)
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=CHINA)).astimezone(UTC)
