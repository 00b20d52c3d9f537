"""Parsers of Bitget's histories. A bill's fee is a second number beside its amount and becomes an entry of its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from connectors._parse import (
    ZERO,
    from_ms,
    milliseconds,
    natural,
    number,
    number_or_none,
    number_or_zero,
    record,
    rows,
    rows_or_none,
    text,
    text_or_none,
)
from connectors._reading import Answer, Reading
from connectors.bitget.kinds import bill_kind, group_kind, is_own, margin_kind, subtype
from connectors.bitget.public import data
from connectors.bitget.symbols import bill_symbol
from connectors.types import LedgerEntry, LedgerKind

RECORDED = ("deposit", "withdraw")  # groups of bills that deposit and withdrawal records tell in full
FLOWS = (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)
BEYOND = {"financial": "earn", "strategy": "bots"}  # groups of moves to and from wallets without bills
STATUS = {"success": "ok", "fail": "failed", "reject": "failed", "pending_review_fail": "failed"}
FIRST_MS = 100_000_000_000  # spot rows may carry seconds
WALLETS = {
    "spot": "spot", "p2p": "funding", "coin_futures": "futures_inverse", "usdt_futures": "futures_linear",
    "usdc_futures": "futures_linear", "crossed_margin": "margin_cross", "isolated_margin": "margin_isolated",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with what the shared type does not hold."""

    entry: LedgerEntry
    more: Mapping[str, Any] = field(default_factory=dict)


def futures_bills(answer: Answer) -> Reading:
    """Read a page of classic futures bills, newest first; moves inside the same wallet are left out."""
    body = record(data(answer))
    items = rows_or_none(body["bills"])
    inverse = str(answer.params.get("productType", "")).upper().startswith("COIN")
    wallet = "futures_inverse" if inverse else "futures_linear"
    lines = [line for row in items for line in _bill(row, wallet, text(row["billId"]), text(row["businessType"]))]
    return _reading(lines, _older(answer, items, body["endId"]))


def unified_records(answer: Answer) -> Reading:
    """Read a page of a unified account's ledger in one category."""
    body = record(data(answer))
    items = rows_or_none(body["list"])
    lines = [line for row in items for line in _bill(row, "unified", text(row["id"]), text(row["type"]))]
    cursor = body.get("cursor")
    return _reading(lines, {**answer.params, "cursor": text(cursor)} if items and cursor else None)


def spot_bills(answer: Answer) -> Reading:
    """Read a page of classic spot bills, newest first; the next page is below the smallest id."""
    items = rows(data(answer))
    lines = [line for row in items for line in _grouped_bill(row, "spot", text(row["billId"]))]
    smallest = min((int(text(row["billId"])) for row in items), default=None)
    return _reading(lines, _older(answer, items, smallest))


def funding_records(answer: Answer) -> Reading:
    """Read a page of the funding wallet's ledger beside a unified account."""
    body = record(data(answer))
    items = rows_or_none(body["list"])
    lines = [line for row in items for line in _grouped_bill(row, "funding", text(row["id"]))]
    cursor = body.get("cursor")
    return _reading(lines, {**answer.params, "cursor": text(cursor)} if items and cursor else None)


def margin_cross(answer: Answer) -> Reading:
    """Read a page of the cross margin wallet's ledger."""
    return _margin_records(answer, "margin_cross")


def margin_isolated(answer: Answer) -> Reading:
    """Read a page of the isolated margin wallet's ledger, of one pair."""
    return _margin_records(answer, "margin_isolated")


def deposits(answer: Answer) -> Reading:
    """Read a page of deposits; only those with status ok count."""
    items = rows(data(answer))
    return _reading([_deposit(row, _home(answer)) for row in items], _next_record(answer, items))


def withdrawals(answer: Answer) -> Reading:
    """Read a page of withdrawals; `size` is what leaves the wallet, its fee included."""
    items = rows(data(answer))
    return _reading([_withdrawal(row, _home(answer)) for row in items], _next_record(answer, items))


def transfers(answer: Answer) -> Reading:
    """Read a page of transfers between own wallets, as legs of the wallet asked for."""
    wanted, items = str(answer.params.get("fromType", "spot")), rows(data(answer))
    done = [row for row in items if text(row["status"]).lower() == "successful"]
    page, limit = int(answer.params.get("pageNum", 1)), int(answer.params.get("limit", 100))
    following = {**answer.params, "pageNum": str(page + 1)} if len(items) >= limit else None
    return _reading([_transfer(row, wanted) for row in done], following)


def leg_in(reading: Reading, wallet: str) -> list[LedgerEntry]:
    """Return the legs of transfers that lie in a wallet, whichever side of them was asked for."""
    found: list[LedgerEntry] = []
    for entry, more in zip(reading.ledger or (), reading.details.get("ledger", ()), strict=True):
        if entry.wallet == wallet:
            found.append(entry)
        if more["counter_wallet"] == wallet:
            found.append(_other_end(entry, wallet))
    return found


def counted(reading: Reading) -> list[LedgerEntry]:
    """Return the entries that have happened, each movement once.

    Pending and failed deposits and withdrawals are left out, and bills that repeat what these records tell. What went
    to or came from earn and bots, which have no bills of their own, is told at both ends.
    """
    found: list[LedgerEntry] = []
    for entry, extra in _with_more(reading):
        group = extra.get("group", "")
        if extra.get("status", "ok") == "ok" and group not in RECORDED:
            found.append(entry)
            if group in BEYOND and is_own(entry.kind):
                found.append(_other_end(entry, BEYOND[group]))
    return found


def repeated(reading: Reading) -> list[LedgerEntry]:
    """Return the bills that repeat what deposit and withdrawal records tell."""
    return [entry for entry, extra in _with_more(reading) if extra.get("group") in RECORDED]


def _other_end(entry: LedgerEntry, wallet: str) -> LedgerEntry:
    kind = LedgerKind.TRANSFER_IN if entry.amount < 0 else LedgerKind.TRANSFER_OUT
    return replace(entry, wallet=wallet, kind=kind, amount=-entry.amount)


def _with_more(reading: Reading) -> Iterable[tuple[LedgerEntry, Mapping[str, Any]]]:
    entries = list(reading.ledger or ())
    return zip(entries, reading.details.get("ledger") or [{}] * len(entries), strict=True)


def _reading(lines: Iterable[Line], following: Mapping[str, Any] | None) -> Reading:
    found = list(lines)
    return Reading(
        ledger=[line.entry for line in found], details={"ledger": [line.more for line in found]}, next=following
    )


def _older(answer: Answer, items: list[dict[str, Any]], end: object) -> dict[str, Any] | None:
    return {**answer.params, "idLessThan": text(end)} if items and end else None


def _next_record(answer: Answer, items: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the page after a full one; classic lists go on below the last id, unified ones by it as cursor."""
    if not items or len(items) < int(answer.params.get("limit", 100)):
        return None
    name = "cursor" if answer.path.startswith("/api/v3/") else "idLessThan"
    return {**answer.params, name: text(items[-1]["orderId"])}


def _bill(row: Mapping[str, Any], wallet: str, native: str, venue_type: str) -> list[Line]:
    coin, amount, fee = text(row["coin"]).upper(), number(row["amount"]), number_or_zero(row["fee"])
    category = str(row.get("category") or "")
    kind = bill_kind(venue_type, amount, category)
    if kind is None:
        return []
    venue_symbol = text_or_none(row.get("symbol")) or ""
    entry = LedgerEntry(
        id=native,
        dedupe_key=native,
        kind=kind,
        wallet=wallet,
        asset=coin,
        amount=amount,
        booked_at=_instant(row["ts"] if "ts" in row else row["cTime"]),
        symbol=bill_symbol(venue_symbol, coin, category),
        venue_symbol=venue_symbol or None,
        venue_type=venue_type,
        internal=True if is_own(kind) else None,
    )
    group = next((name for name in RECORDED if name in venue_type.lower()), None)
    more: dict[str, Any] = {"native_type": venue_type, **({"group": group} if group else {})}
    lines = []
    if amount:
        how = subtype(venue_type)
        lines.append(Line(entry, {**more, "subtype": how} if how else more))
    if fee:
        lines.append(Line(_fee_of(entry, fee), more))
    return lines


def _margin_records(answer: Answer, wallet: str) -> Reading:
    body = record(data(answer))
    items = rows_or_none(body["resultList"])
    lines = [line for row in items for line in _margin_record(row, wallet)]
    return _reading(lines, _older(answer, items, body.get("minId")))


def _margin_record(row: Mapping[str, Any], wallet: str) -> list[Line]:
    native, venue_type, amount = text(row["marginId"]), text(row["marginType"]), number(row["amount"])
    kind, coin, venue_symbol = (
        margin_kind(venue_type, amount),
        text(row["coin"]).upper(),
        text_or_none(row.get("symbol")) or "",
    )
    entry = LedgerEntry(
        id=native,
        dedupe_key=native,
        kind=kind,
        wallet=wallet,
        asset=coin,
        amount=amount,
        booked_at=_instant(row["cTime"]),
        symbol=bill_symbol(venue_symbol, coin, "MARGIN"),
        venue_symbol=venue_symbol or None,
        venue_type=venue_type,
        internal=True if is_own(kind) else None,
    )
    fee = number_or_zero(row["fee"])
    lines = [entry] if amount else []
    return [Line(one, {"native_type": venue_type}) for one in [*lines, *([_fee_of(entry, fee)] if fee else [])]]


def _fee_of(entry: LedgerEntry, fee: Decimal) -> LedgerEntry:
    name = f"{entry.id}:fee"
    return replace(entry, id=name, dedupe_key=name, kind=LedgerKind.FEE, amount=fee, ref=entry.id, internal=None)


def _grouped_bill(row: Mapping[str, Any], wallet: str, native: str) -> list[Line]:
    group, venue_type = text(row["groupType"]).lower(), text(row["businessType" if "businessType" in row else "type"])
    amount, fee = (
        number(row["size" if "size" in row else "amount"]),
        number_or_none(row.get("fees", row.get("fee"))) or ZERO,
    )
    kind = group_kind(group, venue_type, amount)
    if kind is None:
        return []
    entry = LedgerEntry(
        id=native,
        dedupe_key=f"bill:{native}",
        kind=kind,
        wallet=wallet,
        asset=text(row["coin"]).upper(),
        amount=amount,
        booked_at=_instant(row["ts"] if "ts" in row else row["cTime"]),
        venue_type=venue_type,
        ref=native if group in BEYOND else None,
        internal=True if is_own(kind) else False if kind in FLOWS else None,
    )
    fees = [replace(_fee_of(entry, fee), dedupe_key=f"bill:{native}:fee")] if fee else []
    return [Line(one, {"native_type": venue_type, "group": group}) for one in [*([entry] if amount else []), *fees]]


def _home(answer: Answer) -> str:
    """Return the wallet that deposits reach and withdrawals leave."""
    return "unified" if answer.path.startswith("/api/v3/") else "spot"


def _deposit(row: Mapping[str, Any], wallet: str) -> Line:
    from_user = text_or_none(row.get("dest")) == "internal_transfer"
    more: dict[str, Any] = {"status": _status(row), "fee": Decimal(0)}
    if from_user:
        more["via"] = "other_user"
    native = text(row["orderId"])
    entry = LedgerEntry(
        id=native,
        dedupe_key=f"deposit:{native}",
        kind=LedgerKind.DEPOSIT,
        wallet=wallet,
        asset=text(row["coin"]).upper(),
        amount=natural(row["size"]),
        booked_at=_instant(row["createdTime"] if "createdTime" in row else row["cTime"]),
        txid=None if from_user else _txid(row),
        internal=False,
    )
    return Line(entry, more)


def _withdrawal(row: Mapping[str, Any], wallet: str) -> Line:
    native = text(row["orderId"])
    entry = LedgerEntry(
        id=native,
        dedupe_key=f"withdrawal:{native}",
        kind=LedgerKind.WITHDRAWAL,
        wallet=wallet,
        asset=text(row["coin"]).upper(),
        amount=-natural(row["size"]),
        booked_at=_instant(row["createdTime"] if "createdTime" in row else row["cTime"]),
        txid=_txid(row),
        internal=False,
    )
    return Line(entry, {"status": _status(row), "fee": abs(number_or_zero(row.get("fee")))})


def _txid(row: Mapping[str, Any]) -> str | None:
    return text_or_none(row.get("tradeId")) or text_or_none(row.get("recordId"))


def _transfer(row: Mapping[str, Any], wanted: str) -> Line:
    leaves = text(row["fromType"]) == wanted
    if not leaves and text(row["toType"]) != wanted:
        raise ValueError("a transfer between other wallets")
    size, native = natural(row["size"]), text(row["transferId"])
    other = text(row["toType"] if leaves else row["fromType"])
    entry = LedgerEntry(
        id=native,
        dedupe_key=f"transfer:{native}",
        kind=LedgerKind.TRANSFER_OUT if leaves else LedgerKind.TRANSFER_IN,
        wallet=WALLETS.get(wanted, wanted),
        asset=text(row["coin"]).upper(),
        amount=-size if leaves else size,
        booked_at=_instant(row["ts"]),
        ref=native,
        internal=True,
    )
    return Line(entry, {"counter_wallet": WALLETS.get(other, other)})


def _status(row: Mapping[str, Any]) -> str:
    return STATUS.get(text(row["status"]), "pending")


def _instant(value: object) -> Any:  # noqa: ANN401 - an aware datetime
    ms = milliseconds(value)
    return from_ms(ms * 1000 if ms < FIRST_MS else ms)
