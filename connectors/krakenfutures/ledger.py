"""Parser of the account log: rows tell a balance before and after, and what of the change was P&L, funding and fee."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connectors._parse import ZERO, number, number_or_none, record, rows, text, text_or_none
from connectors._reading import Answer, Reading
from connectors.krakenfutures.symbols import asset_of, contract_symbol
from connectors.types import LedgerEntry, LedgerKind

MOST = 500
LIQUIDATION = "liquidation"  # futures, partial, covered
TRANSFERS = ("cross-exchange transfer", "transfer", "subaccount transfer")
Line = tuple[LedgerEntry, dict[str, Any]]


def account_log(answer: Answer) -> Reading:
    """Read a page of the log; newest first the next one ends below its lowest id, else it begins above its highest."""
    found = rows(record(answer.payload)["logs"])
    lines = [line for row in found if _is_money(row) for line in _lines(row)]
    full = len(found) >= int(number(answer.params.get("count", MOST)))
    ids = [int(number(row["id"])) for row in found]
    following: dict[str, int] = {}
    if ids and full:
        following = {"from": max(ids) + 1} if answer.params.get("sort") == "asc" else {"to": min(ids) - 1}
    return Reading(
        ledger=[entry for entry, _more in lines],
        details={"ledger": [more for _entry, more in lines]},
        next={**answer.params, **following} if following else None,
        extra={"newest": max((_instant(row["date"]) for row in found), default=None)},
    )


def _is_money(row: Mapping[str, Any]) -> bool:
    """Tell a row about money from one about the size of a position."""
    asset, contract = row["asset"], row.get("contract")
    return asset is not None and (contract is None or text(asset).lower() != text(contract).lower())


def _lines(row: Mapping[str, Any]) -> list[Line]:
    info, contract = text(row["info"]), row.get("contract")
    native = text(row["id"])
    change = number(row["new_balance"]) - number(row["old_balance"])
    whole = LedgerEntry(
        id=native,
        dedupe_key=native,
        kind=LedgerKind.OTHER,
        wallet=f"futures_{text(row['margin_account']).lower()}",
        asset=asset_of(text(row["asset"])),
        amount=change,
        booked_at=_instant(row["date"]),
        symbol=None if contract is None else contract_symbol(text(contract)),
        venue_symbol=None if contract is None else text(contract).upper(),
        venue_type=info,
        ref=text_or_none(row.get("execution")) or text_or_none(row.get("booking_uid")),
    )
    told: dict[str, Any] = {"native_type": info}
    if info in TRANSFERS:
        kind = LedgerKind.TRANSFER_IN if change > 0 else LedgerKind.TRANSFER_OUT
        return [(replace(whole, kind=kind, internal=True), told)] if change else []
    if info == "conversion":
        return [(replace(whole, kind=LedgerKind.CONVERSION), told)] if change else []
    parts = _parts(row, change)
    lines: list[Line] = []
    for name, (kind, amount) in parts.items():
        more = {**told, "subtype": "liquidation"} if LIQUIDATION in info and name == "realized_pnl" else told
        if amount:
            part = replace(whole, id=f"{native}:{name}", dedupe_key=f"{native}:{name}", kind=kind, amount=amount)
            lines.append((part, more))
    rest = change - sum((amount for _kind, amount in parts.values()), Decimal(0))
    return [*lines, (replace(whole, amount=rest), told)] if rest else lines


def _parts(row: Mapping[str, Any], change: Decimal) -> dict[str, tuple[LedgerKind, Decimal]]:
    """Return what a change consists of; the fee of a liquidation is a part only where it is what the others leave."""
    fee, rescue = (number_or_none(row.get(name)) or ZERO for name in ("fee", "liquidation_fee"))
    parts = {
        "realized_pnl": (LedgerKind.REALIZED_PNL, number_or_none(row.get("realized_pnl")) or ZERO),
        "funding": (LedgerKind.FUNDING, number_or_none(row.get("realized_funding")) or ZERO),
        "fee": (LedgerKind.REBATE if fee < 0 else LedgerKind.FEE, -fee),
    }
    if rescue and change - sum(amount for _kind, amount in parts.values()) == -rescue:
        parts["liquidation_fee"] = (LedgerKind.LIQUIDATION_FEE, -rescue)
    return parts


def _instant(value: object) -> datetime:
    moment = datetime.fromisoformat(text(value))
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    return moment.astimezone(UTC)
