"""Parsers of Bitget's histories. A bill's fee is a second number beside its amount and becomes an entry of its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from connectors._parse import from_ms, milliseconds, natural, number, number_or_zero, record, rows, text
from connectors._reading import Answer, Reading
from connectors.bitget.public import data
from connectors.bitget.symbols import bill_symbol
from connectors.types import LedgerEntry, LedgerKind

FUNDING_BILL = "contract_settle_fee"
SAME_WALLET = ("append_margin", "reduce_margin", "auto_append_margin", "adjust_down_lever_append_margin")
LIQUIDATIONS = ("force_", "burst_", "offset_reduce_", "liq_")
CLOSES = (*LIQUIDATIONS, "close_", "buy", "sell")
RECORDED = ("deposit", "withdraw")  # groups of bills that deposit and withdrawal records tell in full
STATUS = {"success": "ok", "fail": "failed", "reject": "failed", "pending_review_fail": "failed"}
FIRST_MS = 100_000_000_000  # spot rows may carry seconds
SPOT_GROUPS = {
    "transaction": LedgerKind.TRADE,
    "transfer": LedgerKind.TRANSFER_IN,
    "deposit": LedgerKind.DEPOSIT,
    "withdraw": LedgerKind.WITHDRAWAL,
    "financial": LedgerKind.REWARD,
    "loan": LedgerKind.OTHER,
    "convert": LedgerKind.CONVERSION,
    "fait": LedgerKind.OTHER,
    "other": LedgerKind.OTHER,
}
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
    items = rows(body["bills"] or [])
    inverse = str(answer.params.get("productType", "")).upper().startswith("COIN")
    wallet = "futures_inverse" if inverse else "futures_linear"
    lines = [line for row in items for line in _bill(row, wallet, text(row["billId"]), text(row["businessType"]))]
    return _reading(lines, _older(answer, items, body.get("endId")))


def unified_records(answer: Answer) -> Reading:
    """Read a page of a unified account's ledger in one category."""
    body = record(data(answer))
    items = rows(body["list"] or [])
    lines = [line for row in items for line in _bill(row, "unified", text(row["id"]), text(row["type"]))]
    cursor = body.get("cursor")
    return _reading(lines, {**answer.params, "cursor": text(cursor)} if items and cursor else None)


def spot_bills(answer: Answer) -> Reading:
    """Read a page of classic spot bills, newest first; the next page is below the smallest id."""
    items = rows(data(answer))
    lines = [line for row in items for line in _spot_bill(row)]
    smallest = min((int(text(row["billId"])) for row in items), default=None)
    return _reading(lines, _older(answer, items, smallest))


def deposits(answer: Answer) -> Reading:
    """Read a page of deposits; only those with status ok count."""
    items = rows(data(answer))
    return _reading([_deposit(row, _home(answer)) for row in items], _next_record(answer, items))


def withdrawals(answer: Answer) -> Reading:
    """Read a page of withdrawals; `size` is what leaves the wallet, its fee included."""
    items = rows(data(answer))
    return _reading([_withdrawal(row, _home(answer)) for row in items], _next_record(answer, items))


def transfers(answer: Answer) -> Reading:
    """Read transfers between own wallets, as legs of the wallet asked for."""
    wanted = str(answer.params.get("fromType", "spot"))
    done = [row for row in rows(data(answer)) if str(row["status"]).lower() == "successful"]
    return _reading([_transfer(row, wanted) for row in done], None)


def counted(reading: Reading) -> list[LedgerEntry]:
    """Return the entries that have happened, each movement once.

    Pending and failed deposits and withdrawals are left out, and bills that repeat what these records tell.
    """
    entries = list(reading.ledger or ())
    more = reading.details.get("ledger") or [{}] * len(entries)
    return [
        entry
        for entry, extra in zip(entries, more, strict=True)
        if extra.get("status", "ok") == "ok" and extra.get("group") not in RECORDED
    ]


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
    kind = venue_type.lower()
    if kind in SAME_WALLET:
        return []
    coin, amount, fee = text(row["coin"]).upper(), number(row["amount"]), number_or_zero(row["fee"])
    venue_symbol = str(row.get("symbol") or "")
    entry = LedgerEntry(
        id=native,
        dedupe_key=native,
        kind=_bill_kind(kind, amount),
        wallet=wallet,
        asset=coin,
        amount=amount,
        booked_at=_instant(row["ts"] if "ts" in row else row["cTime"]),
        symbol=bill_symbol(venue_symbol, coin, str(row.get("category") or "")),
        venue_symbol=venue_symbol or None,
        venue_type=venue_type,
        internal=True if _is_transfer(kind) else None,
    )
    group = next((name for name in RECORDED if name in kind), None)
    more: dict[str, Any] = {"native_type": venue_type, **({"group": group} if group else {})}
    lines = []
    if amount:
        subtype = {"subtype": "liquidation"} if kind.startswith(LIQUIDATIONS) else {}
        lines.append(Line(entry, {**more, **subtype}))
    if fee:
        lines.append(Line(_fee_of(entry, fee), more))
    return lines


def _fee_of(entry: LedgerEntry, fee: Decimal) -> LedgerEntry:
    name = f"{entry.id}:fee"
    return replace(entry, id=name, dedupe_key=name, kind=LedgerKind.FEE, amount=fee, ref=entry.id, internal=None)


def _bill_kind(kind: str, amount: Decimal) -> LedgerKind:
    if kind == FUNDING_BILL or kind.startswith("contract_main_settle_fee"):
        return LedgerKind.FUNDING
    if _is_transfer(kind):
        return LedgerKind.TRANSFER_IN if amount > 0 else LedgerKind.TRANSFER_OUT
    if "deposit" in kind or "withdraw" in kind:
        return LedgerKind.DEPOSIT if "deposit" in kind else LedgerKind.WITHDRAWAL
    if kind.startswith(("bonus_", "cash_gift_")):
        return LedgerKind.BONUS
    if kind.startswith("interest_"):
        return LedgerKind.INTEREST
    if kind.startswith(("order_dealt_", "buy_deal", "sell_deal")):
        return LedgerKind.TRADE
    return LedgerKind.REALIZED_PNL if kind.startswith(CLOSES) else LedgerKind.OTHER


def _is_transfer(kind: str) -> bool:
    return kind.startswith(("trans_from_", "trans_to_", "transfer_in", "transfer_out"))


def _spot_bill(row: Mapping[str, Any]) -> list[Line]:
    native, group, venue_type = text(row["billId"]), text(row["groupType"]), text(row["businessType"])
    amount, fee = number(row["size"]), number_or_zero(row["fees"])
    kind = SPOT_GROUPS.get(group, LedgerKind.OTHER)
    if kind is LedgerKind.TRANSFER_IN and amount < 0:
        kind = LedgerKind.TRANSFER_OUT
    crosses = group in RECORDED
    entry = LedgerEntry(
        id=native,
        dedupe_key=f"bill:{native}",
        kind=kind,
        wallet="spot",
        asset=text(row["coin"]).upper(),
        amount=amount,
        booked_at=_instant(row["cTime"]),
        venue_type=venue_type,
        internal=True if group == "transfer" else False if crosses else None,
    )
    fees = [replace(_fee_of(entry, fee), dedupe_key=f"bill:{native}:fee")] if fee else []
    return [Line(one, {"native_type": venue_type, "group": group}) for one in [entry, *fees]]


def _home(answer: Answer) -> str:
    """Return the wallet that deposits reach and withdrawals leave."""
    return "unified" if answer.path.startswith("/api/v3/") else "spot"


def _deposit(row: Mapping[str, Any], wallet: str) -> Line:
    from_user = row.get("dest") == "internal_transfer"
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
        booked_at=_instant(row["cTime"]),
        txid=None if from_user else str(row.get("tradeId") or "") or None,
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
        booked_at=_instant(row["cTime"]),
        txid=str(row.get("tradeId") or "") or None,
        internal=False,
    )
    return Line(entry, {"status": _status(row), "fee": abs(number_or_zero(row.get("fee")))})


def _transfer(row: Mapping[str, Any], wanted: str) -> Line:
    leaves = text(row["fromType"]) == wanted
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
        internal=True,
    )
    return Line(entry, {"counter_wallet": WALLETS.get(other, other)})


def _status(row: Mapping[str, Any]) -> str:
    return STATUS.get(text(row["status"]), "pending")


def _instant(value: object) -> Any:  # noqa: ANN401 - an aware datetime
    ms = milliseconds(value)
    return from_ms(ms * 1000 if ms < FIRST_MS else ms)
