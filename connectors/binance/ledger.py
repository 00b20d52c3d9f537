"""Parsers of Binance's histories: futures income, deposits, withdrawals, fiat orders, dividends, own transfers."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors._parse import instant, milliseconds, natural, number, record, rows, text
from connectors._reading import Answer, Reading
from connectors.binance.symbols import inverse_symbol, linear_symbol
from connectors.types import LedgerEntry, LedgerKind

log = logging.getLogger(__name__)

INCOME_KINDS = {
    "REALIZED_PNL": LedgerKind.REALIZED_PNL,
    "DELIVERED_SETTELMENT": LedgerKind.REALIZED_PNL,
    "OPTIONS_SETTLE_PROFIT": LedgerKind.REALIZED_PNL,
    "FUNDING_FEE": LedgerKind.FUNDING,
    "SPECIAL_FUNDING_FEE": LedgerKind.FUNDING,
    "COMMISSION": LedgerKind.FEE,
    "OPTIONS_PREMIUM_FEE": LedgerKind.FEE,
    "POSITION_LIMIT_INCREASE_FEE": LedgerKind.FEE,
    "INSURANCE_CLEAR": LedgerKind.LIQUIDATION_FEE,
    "REFERRAL_KICKBACK": LedgerKind.REBATE,
    "COMMISSION_REBATE": LedgerKind.REBATE,
    "API_REBATE": LedgerKind.REBATE,
    "FEE_RETURN": LedgerKind.REBATE,
    "WELCOME_BONUS": LedgerKind.REWARD,
    "CONTEST_REWARD": LedgerKind.REWARD,
    "BFUSD_REWARD": LedgerKind.REWARD,
    "AUTO_EXCHANGE": LedgerKind.CONVERSION,
}
TRANSFERS = frozenset({
    "TRANSFER", "INTERNAL_TRANSFER", "CROSS_COLLATERAL_TRANSFER", "STRATEGY_UMFUTURES_TRANSFER",
    "COIN_SWAP_DEPOSIT", "COIN_SWAP_WITHDRAW",
})  # fmt: skip
CREDITED = frozenset({"1", "6"})
WITHDRAWN = "6"
FIAT_DONE = frozenset({"Successful", "Finished"})
TRANSFER_WALLETS = {
    "MAIN": "spot", "UMFUTURE": "usdm", "CMFUTURE": "coinm", "FUNDING": "funding", "MARGIN": "margin_cross",
    "ISOLATEDMARGIN": "margin_isolated", "PORTFOLIO_MARGIN": "portfolio_margin", "OPTION": "options",
}  # fmt: skip
STREAMS = {  # path → (stream, wallet, contracts are inverse)
    "/fapi/v1/income": ("usdm", "usdm", False),
    "/dapi/v1/income": ("coinm", "coinm", True),
    "/papi/v1/um/income": ("um", "portfolio_margin", False),
    "/papi/v1/cm/income": ("cm", "portfolio_margin", True),
}


def income(answer: Answer) -> Reading:
    """Read a page of futures income, oldest first; the next page starts at the last row's time, inclusive."""
    items = rows(answer.payload)
    return Reading(ledger=[_income(row, answer.path) for row in items], next=_next_income(items, answer.params))


def deposits(answer: Answer) -> Reading:
    """Read a page of credited crypto deposits."""
    items = rows(answer.payload)
    done = [row for row in items if text(row["status"]) in CREDITED]
    return Reading(ledger=[_deposit(row) for row in done], next=_next_offset(items, answer.params))


def withdrawals(answer: Answer) -> Reading:
    """Read a page of completed crypto withdrawals; the amount is net, the fee comes on top."""
    items = rows(answer.payload)
    done = [row for row in items if text(row["status"]) == WITHDRAWN]
    return Reading(
        ledger=[entry for row in done for entry in _withdrawal(row)], next=_next_offset(items, answer.params)
    )


def fiat_orders(answer: Answer) -> Reading:
    """Read a page of completed fiat deposits (`transactionType` 0) or withdrawals (1)."""
    body = record(answer.payload)
    items = rows(body["data"])
    paid_in = str(answer.params.get("transactionType", "0")) == "0"
    done = [row for row in items if row["status"] in FIAT_DONE]
    entries = [entry for row in done for entry in _fiat(row, paid_in=paid_in)]
    return Reading(ledger=entries, next=_next_page(answer, items, number(body["total"]), ("page", "rows", 100)))


def dividends(answer: Answer) -> Reading:
    """Read distributions, newest first; a full page is continued by its oldest time, inclusive."""
    items = rows(record(answer.payload)["rows"])
    following = None
    if items and len(items) >= int(answer.params.get("limit", 20)):
        times = [milliseconds(row["divTime"]) for row in items]
        oldest = min(times) if min(times) < max(times) else min(times) - 1
        following = {**answer.params, "endTime": str(oldest)}
    return Reading(ledger=[_dividend(row) for row in items], next=following)


def transfers(answer: Answer) -> Reading:
    """Read confirmed transfers between own wallets: two legs each, which cancel in the account's total."""
    body = record(answer.payload)
    items = rows(body.get("rows", []))
    done = [row for row in items if row["status"] == "CONFIRMED"]
    entries = [entry for row in done for entry in _transfer(row)]
    return Reading(ledger=entries, next=_next_page(answer, items, number(body["total"]), ("current", "size", 10)))


def _income(row: Mapping[str, Any], path: str) -> LedgerEntry:
    stream, wallet, inverse = STREAMS[path]
    kind, asset, amount = text(row["incomeType"]), text(row["asset"]), number(row["income"])
    venue_symbol, trade = _optional(row["symbol"]), _optional(row["tradeId"])
    symbol = (inverse_symbol if inverse else linear_symbol)(venue_symbol or "")
    number_of_row = text(row["tranId"])
    return LedgerEntry(
        id=number_of_row,
        dedupe_key=f"{stream}:{kind}:{number_of_row}:{trade or ''}:{venue_symbol or ''}:{asset}",
        kind=_transfer_kind(amount > 0) if kind in TRANSFERS else INCOME_KINDS.get(kind, LedgerKind.OTHER),
        wallet=wallet,
        asset=asset,
        amount=amount,
        booked_at=instant(row["time"]),
        symbol=symbol[0] if symbol else None,
        venue_symbol=venue_symbol,
        venue_type=kind,
        ref=trade,
    )


def _transfer_kind(incoming: bool) -> LedgerKind:
    return LedgerKind.TRANSFER_IN if incoming else LedgerKind.TRANSFER_OUT


def _next_income(items: list[dict[str, Any]], params: Mapping[str, Any]) -> dict[str, Any] | None:
    if not items or len(items) < int(params.get("limit", 100)):
        return None
    first, last = milliseconds(items[0]["time"]), milliseconds(items[-1]["time"])
    if first == last:  # a whole page at one instant: rows of that instant beyond the page cannot be asked for
        log.warning("income page full at one instant, possible gap", extra={"time_ms": last})
        last += 1
    if last > int(params.get("endTime", last)):
        return None
    return {**params, "startTime": str(last)}


def _next_offset(items: list[dict[str, Any]], params: Mapping[str, Any]) -> dict[str, Any] | None:
    limit = int(params.get("limit", 1000))
    return {**params, "offset": str(int(params.get("offset", 0)) + limit)} if len(items) >= limit else None


def _next_page(
    answer: Answer, items: list[dict[str, Any]], count: object, names: tuple[str, str, int]
) -> dict[str, Any] | None:
    page_name, size_name, usual = names
    page, size = int(answer.params.get(page_name, 1)), int(answer.params.get(size_name, usual))
    if page * size >= number(count):
        return None
    if not items:
        raise ValueError("an empty page before the last")
    return {**answer.params, page_name: str(page + 1), size_name: str(size)}


def _deposit(row: Mapping[str, Any]) -> LedgerEntry:
    txid = _optional(row.get("txId"))
    native = _optional(row.get("id")) or text(txid)
    return LedgerEntry(
        id=native,
        dedupe_key=f"deposit:{native}",
        kind=LedgerKind.DEPOSIT,
        wallet="spot",
        asset=text(row["coin"]),
        amount=natural(row["amount"]),
        booked_at=instant(row["insertTime"]),
        txid=txid,
        internal=_internal(row),
    )


def _withdrawal(row: Mapping[str, Any]) -> list[LedgerEntry]:
    native, asset, fee = text(row["id"]), text(row["coin"]), natural(row["transactionFee"])
    booked_at = _utc(text(row["applyTime"]))
    entry = LedgerEntry(
        id=native,
        dedupe_key=f"withdrawal:{native}",
        kind=LedgerKind.WITHDRAWAL,
        wallet="spot",
        asset=asset,
        amount=-natural(row["amount"]),
        booked_at=booked_at,
        txid=_optional(row.get("txId")),
        internal=_internal(row),
    )
    return [entry, _fee(entry, -fee)] if fee else [entry]


def _fiat(row: Mapping[str, Any], *, paid_in: bool) -> list[LedgerEntry]:
    """Read a fiat order: `amount` is what arrived; on the way out the fee was taken besides, on the way in before."""
    native, asset, fee = text(row["orderNo"]), text(row["fiatCurrency"]), natural(row["totalFee"])
    amount = natural(row["amount"])
    entry = LedgerEntry(
        id=native,
        dedupe_key=f"fiat:{native}",
        kind=LedgerKind.DEPOSIT if paid_in else LedgerKind.WITHDRAWAL,
        wallet="spot",
        asset=asset,
        amount=amount if paid_in else -amount,
        booked_at=instant(row["updateTime"]),
        venue_type=_optional(row.get("method")),
    )
    return [entry] if paid_in or not fee else [entry, _fee(entry, -fee)]


def _fee(entry: LedgerEntry, amount: Any) -> LedgerEntry:  # noqa: ANN401 - a Decimal
    return LedgerEntry(
        id=entry.id,
        dedupe_key=f"{entry.dedupe_key}:fee",
        kind=LedgerKind.FEE,
        wallet=entry.wallet,
        asset=entry.asset,
        amount=amount,
        booked_at=entry.booked_at,
        ref=entry.id,
    )


def _dividend(row: Mapping[str, Any]) -> LedgerEntry:
    native = text(row["id"])
    return LedgerEntry(
        id=native,
        dedupe_key=f"dividend:{native}",
        kind=LedgerKind.REWARD,
        wallet="spot",
        asset=text(row["asset"]),
        amount=number(row["amount"]),
        booked_at=instant(row["divTime"]),
        venue_type=_optional(row.get("enInfo")),
    )


def _transfer(row: Mapping[str, Any]) -> list[LedgerEntry]:
    native, kind, amount = text(row["tranId"]), text(row["type"]), natural(row["amount"])
    names = [(TRANSFER_WALLETS[name], name) for name in TRANSFER_WALLETS if kind.startswith(f"{name}_")]
    source, name = max(names, key=lambda pair: len(pair[1]))
    target = TRANSFER_WALLETS[kind.removeprefix(f"{name}_")]
    return [
        LedgerEntry(
            id=native,
            dedupe_key=f"transfer:{native}:{wallet}",
            kind=_transfer_kind(wallet == target),
            wallet=wallet,
            asset=text(row["asset"]),
            amount=amount if wallet == target else -amount,
            booked_at=instant(row["timestamp"]),
            venue_type=kind,
            internal=True,
        )
        for wallet in (source, target)
    ]


def _internal(row: Mapping[str, Any]) -> bool | None:
    return None if row.get("transferType") is None else text(row["transferType"]) == "1"


def _optional(value: object) -> str | None:
    return None if value is None or value == "" else text(value)


def _utc(clock_face: str) -> datetime:
    return datetime.strptime(clock_face, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
