"""Parsers of Kraken's ledger, and of its lists of deposits and withdrawals, which tell the same money again.

Signs: > 0 enters the wallet. A row changes its asset by amount - fee: one line, and another one for the fee.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

from connectors._parse import (
    from_ms,
    milliseconds,
    natural,
    number,
    record,
    rows,
    text,
    text_or_none,
)
from connectors._reading import Answer, Reading
from connectors.kraken.assets import FEE_CREDIT, asset_of, wallet_of
from connectors.kraken.public import result
from connectors.types import LedgerEntry, LedgerKind

KINDS = {
    **dict.fromkeys(("trade", "spend", "receive", "conversion", "sale", "settled"), LedgerKind.TRADE),
    **dict.fromkeys(("staking", "reward", "dividend"), LedgerKind.REWARD),
    "margin": LedgerKind.REALIZED_PNL,
    "rollover": LedgerKind.FEE,
    "deposit": LedgerKind.DEPOSIT,
    "withdrawal": LedgerKind.WITHDRAWAL,
    "credit": LedgerKind.BONUS,
}
MOVES = {
    "spottofutures": "futures", "spotfromfutures": "futures", "spottostaking": "earn", "stakingfromspot": "spot",
    "stakingtospot": "spot", "spotfromstaking": "earn",
}  # fmt: skip
EXTERNAL = (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)
FAILED = ("return", "canceled")
WAITING = ("onhold", "on-hold", "cancel-pending")
PAGE = 50


def ledgers(answer: Answer) -> Reading:
    """Read a page of the ledger, newest first; the next one begins behind it. `times` are those of its rows."""
    body = record(result(answer))
    found = {name: record(row) for name, row in record(body["ledger"]).items()}
    lines = [line for name, row in found.items() for line in _lines(name, row)]
    behind = int(number(answer.params.get("ofs", 0))) + len(found)
    count = int(natural(body["count"]))
    more = bool(found) and behind < count
    return Reading(
        ledger=[entry for entry, _more in lines],
        details={"ledger": [more for _entry, more in lines]},
        next={**answer.params, "ofs": behind} if more else None,
        extra={"count": count, "times": sorted((_instant(row["time"]) for row in found.values()), reverse=True)},
    )


def deposits(answer: Answer) -> Reading:
    """Read deposits, a list or a page of one."""
    return _flows(answer, "deposits", LedgerKind.DEPOSIT)


def withdrawals(answer: Answer) -> Reading:
    """Read withdrawals, a list or a page of one; the fee comes on top of the amount."""
    return _flows(answer, "withdrawals", LedgerKind.WITHDRAWAL)


def _lines(native: str, row: Mapping[str, Any]) -> list[tuple[LedgerEntry, dict[str, Any]]]:
    code, kind, subtype = text(row["asset"]), text(row["type"]), str(row.get("subtype") or "")
    if code == FEE_CREDIT:
        return []
    amount, fee = number(row["amount"]), number(row["fee"])
    ours, internal = _kind(kind, subtype, amount)
    entry = LedgerEntry(
        id=native,
        dedupe_key=native,
        kind=ours,
        wallet=wallet_of(code),
        asset=asset_of(code),
        amount=amount,
        booked_at=_instant(row["time"]),
        venue_type=f"{kind}:{subtype}" if subtype else kind,
        ref=text(row["refid"]),
        internal=internal,
    )
    paid = replace(
        entry, id=f"{native}:fee", dedupe_key=f"{native}:fee", kind=LedgerKind.FEE, amount=-fee, internal=None
    )
    told: dict[str, Any] = {"refid": entry.ref, "native_type": kind}
    if subtype in MOVES:
        told["counter_wallet"] = MOVES[subtype]
    return [(line, told) for line in (entry, paid) if line.amount]


def _kind(kind: str, subtype: str, amount: Decimal) -> tuple[LedgerKind, bool | None]:
    """Return our kind of a row, and whether its money stays with the account's owner."""
    moved = LedgerKind.TRANSFER_IN if amount > 0 else LedgerKind.TRANSFER_OUT
    if kind == "transfer":
        return moved, True if subtype in MOVES else None
    if kind == "earn":
        return (LedgerKind.REWARD, None) if subtype == "reward" else (moved, True)
    ours = KINDS.get(kind, LedgerKind.OTHER)
    return ours, False if ours in EXTERNAL else None


def _flows(answer: Answer, name: str, kind: LedgerKind) -> Reading:
    given = result(answer)
    if "cursor" in answer.params:
        given = record(given)
    found = rows(given if isinstance(given, list) else record(given)[name])
    mark = None if isinstance(given, list) else text_or_none(record(given)["next_cursor"])
    return Reading(
        ledger=[_flow(row, kind) for row in found],
        details={
            "ledger": [
                {
                    "status": _status(row, kind),
                    "fee": number(row["fee"] if kind is LedgerKind.WITHDRAWAL else row.get("fee", 0)),
                }
                for row in found
            ]
        },
        next={**answer.params, "cursor": mark} if mark else None,
    )


def _flow(row: Mapping[str, Any], kind: LedgerKind) -> LedgerEntry:
    native, amount, code = text(row["refid"]), natural(row["amount"]), text(row["asset"])
    return LedgerEntry(
        id=native,
        dedupe_key=f"{kind.value}:{native}",
        kind=kind,
        wallet="spot",
        asset=asset_of(code),
        amount=-amount if kind is LedgerKind.WITHDRAWAL else amount,
        booked_at=_instant(row["time"]),
        txid=text_or_none(row.get("txid")),
        ref=native,
        internal=False,
    )


def _status(row: Mapping[str, Any], kind: LedgerKind) -> str:
    """Return ok, pending or failed; a deposit that Kraken itself sent back is one that came."""
    status, more = text(row["status"]), str(row.get("status-prop") or "")
    if status == "Failure" or (more in FAILED and kind is LedgerKind.WITHDRAWAL) or more == "canceled":
        return "failed"
    return "ok" if status == "Success" and more not in WAITING else "pending"


def _instant(value: object) -> datetime:
    """Return the instant of Unix seconds with a fraction, in whole milliseconds."""
    return from_ms(milliseconds((number(value) * 1000).quantize(Decimal(1), rounding=ROUND_DOWN)))
