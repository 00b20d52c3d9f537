"""Parsers of Binance's histories: futures income, deposits, withdrawals, fiat orders, dividends, own transfers."""

import logging
from collections.abc import Mapping
from typing import Any

from connectors._parse import instant, milliseconds, natural, number, record, rows, text, to_ms
from connectors._reading import Answer, Reading
from connectors.binance.entries import fee_of, next_page, optional, transfer_kind, utc
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
NATIVE_WALLETS = {"0": "spot", "1": "funding"}  # `walletType` of deposits and withdrawals
WITHDRAWN = "6"
FIAT_DONE = frozenset({"Successful", "Finished"})
TRANSFER_WALLETS = {
    "MAIN": "spot", "UMFUTURE": "usdm", "CMFUTURE": "coinm", "FUNDING": "funding", "MARGIN": "margin_cross",
    "ISOLATEDMARGIN": "margin_isolated", "ISOLATED_MARGIN": "margin_isolated", "OPTION": "options",
    "PORTFOLIO_MARGIN": "portfolio_margin",
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
    """Read a page of credited crypto deposits; with `by_wallet` in the context each in the wallet it went to."""
    items = rows(answer.payload)
    done = [row for row in items if text(row["status"]) in CREDITED]
    completed = [row.get("completeTime") for row in done]
    return Reading(
        ledger=[_deposit(row, _wallet(row, answer)) for row in done],
        next=_next_offset(items, answer.params),
        details={"ledger": [{"settled_ms": milliseconds(at) if at else None} for at in completed]},
    )


def withdrawals(answer: Answer) -> Reading:
    """Read a page of completed crypto withdrawals; the amount is net, the fee comes on top.

    They count from when they were asked for, since the coins leave the balance then; `settled_ms` is when they were
    completed. With `by_wallet` in the context each lies in the wallet it left.
    """
    items = rows(answer.payload)
    done = [row for row in items if text(row["status"]) == WITHDRAWN]
    parts = [(part, _completed(row)) for row in done for part in _withdrawal(row, _wallet(row, answer))]
    return Reading(
        ledger=[part for part, _at in parts],
        next=_next_offset(items, answer.params),
        details={"ledger": [{"settled_ms": at} for _part, at in parts]},
    )


def fiat_orders(answer: Answer) -> Reading:
    """Read a page of completed fiat deposits (`transactionType` 0) or withdrawals (1)."""
    body = record(answer.payload)
    items = rows(body["data"])
    paid_in = str(answer.params.get("transactionType", "0")) == "0"
    done = [row for row in items if row["status"] in FIAT_DONE]
    entries = [entry for row in done for entry in _fiat(row, paid_in=paid_in)]
    return Reading(ledger=entries, next=next_page(answer, items, number(body["total"]), ("page", "rows", 100)))


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
    done = [row for row in items if text(row["status"]) == "CONFIRMED"]
    entries = [entry for row in done for entry in _transfer(row)]
    return Reading(ledger=entries, next=next_page(answer, items, number(body["total"]), ("current", "size", 10)))


def _income(row: Mapping[str, Any], path: str) -> LedgerEntry:
    stream, wallet, inverse = STREAMS[path]
    kind, asset, amount = text(row["incomeType"]), text(row["asset"]), number(row["income"])
    venue_symbol, trade = optional(row["symbol"]), optional(row["tradeId"])
    symbol = (inverse_symbol if inverse else linear_symbol)(venue_symbol or "")
    number_of_row = text(row["tranId"])
    return LedgerEntry(
        id=number_of_row,
        dedupe_key=f"{stream}:{kind}:{number_of_row}:{trade or ''}:{venue_symbol or ''}:{asset}",
        kind=transfer_kind(amount > 0) if kind in TRANSFERS else INCOME_KINDS.get(kind, LedgerKind.OTHER),
        wallet=wallet,
        asset=asset,
        amount=amount,
        booked_at=instant(row["time"]),
        symbol=symbol[0] if symbol else None,
        venue_symbol=venue_symbol,
        venue_type=kind,
        ref=trade,
    )


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


def _wallet(row: Mapping[str, Any], answer: Answer) -> str:
    """Return the wallet that a deposit went to or a withdrawal left; spot unless the context asks for more."""
    told = str(row.get("walletType", 0)) if answer.context.get("by_wallet") else "0"
    return NATIVE_WALLETS.get(told, "spot")


def _completed(row: Mapping[str, Any]) -> int | None:
    at = optional(row.get("completeTime"))
    return None if at is None else to_ms(utc(at))


def _deposit(row: Mapping[str, Any], wallet: str) -> LedgerEntry:
    txid = optional(row.get("txId"))
    native = optional(row.get("id")) or text(txid)
    return LedgerEntry(
        id=native,
        dedupe_key=f"deposit:{native}",
        kind=LedgerKind.DEPOSIT,
        wallet=wallet,
        asset=text(row["coin"]),
        amount=natural(row["amount"]),
        booked_at=instant(row["insertTime"]),
        txid=txid,
        internal=_internal(row),
    )


def _withdrawal(row: Mapping[str, Any], wallet: str) -> list[LedgerEntry]:
    native, asset, fee = text(row["id"]), text(row["coin"]), natural(row["transactionFee"])
    booked_at = utc(text(row["applyTime"]))
    entry = LedgerEntry(
        id=native,
        dedupe_key=f"withdrawal:{native}",
        kind=LedgerKind.WITHDRAWAL,
        wallet=wallet,
        asset=asset,
        amount=-natural(row["amount"]),
        booked_at=booked_at,
        txid=optional(row.get("txId")),
        internal=_internal(row),
    )
    return [entry, fee_of(entry, -fee)] if fee else [entry]


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
        venue_type=optional(row.get("method")),
    )
    return [entry] if paid_in or not fee else [entry, fee_of(entry, -fee)]


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
        venue_type=optional(row.get("enInfo")),
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
            kind=transfer_kind(wallet == target),
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
