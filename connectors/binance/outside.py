"""Parsers of the other ways money crosses an account's border: trades between people, Pay, cards, master accounts.

None of them is listed among deposits and withdrawals. Conversions stand here too: they come in pages of the same kind.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors._parse import ZERO, instant, milliseconds, natural, number, number_or_zero, record, rows, text
from connectors._reading import Answer, Reading
from connectors.binance.entries import entry, fee_of, next_page, transfer_kind
from connectors.types import LedgerEntry, LedgerKind

COMPLETED = "COMPLETED"
PAID = frozenset({"Completed", "Successful"})
CONVERTED = "SUCCESS"
FROM_CASH = "Cash Balance"
PAY_WALLETS = {"1": "funding", "2": "spot", "3": "funding", "5": "earn_flexible"}  # others are cards: no wallet moves
SUB_WALLETS = {
    "SPOT": "spot", "MARGIN": "margin_cross", "CROSS_MARGIN": "margin_cross", "ISOLATED_MARGIN": "margin_isolated",
    "USDT_FUTURE": "usdm", "COIN_FUTURE": "coinm", "FUNDING": "funding",
}  # fmt: skip


def p2p(answer: Answer) -> Reading:
    """Read a page of trades between people (`tradeType` BUY or SELL): coins come from, or go to, somebody else."""
    body = record(answer.payload)
    items = rows(body["data"])
    done = [row for row in items if row["orderStatus"] == COMPLETED]
    following = next_page(answer, items, number(body["total"]), ("page", "rows", 100))
    entries = [part for row in done for part in _p2p(row)]
    return Reading(ledger=entries, next=following, details={"ledger": [{"settled_ms": None} for _part in entries]})


def pay(answer: Answer) -> Reading:
    """Read Binance Pay, newest first: positive amounts were received; a full page is continued by its oldest time."""
    items = rows(record(answer.payload)["data"])
    following = _older(answer, [milliseconds(row["transactionTime"]) for row in items], usual=100)
    return Reading(ledger=[part for row in items for part in _pay(row)], next=following)


def payments(answer: Answer) -> Reading:
    """Read a page of coins bought (`transactionType` 0) or sold (1) for money from outside, or from the fiat balance.

    `sourceAmount` is the fiat side and `obtainAmount` the coins, either way.
    """
    body = record(answer.payload)
    items = rows(body["data"])
    bought = str(answer.params.get("transactionType", "0")) == "0"
    done = [row for row in items if row["status"] in PAID]
    following = next_page(answer, items, number(body["total"]), ("page", "rows", 100))
    return Reading(ledger=[part for row in done for part in _payment(row, bought=bought)], next=following)


def conversions(answer: Answer) -> Reading:
    """Read conversions: two legs each; `moreData` is continued by the oldest time, inclusive."""
    body = record(answer.payload)
    items = rows(body["list"])
    done = [row for row in items if row["orderStatus"] == CONVERTED]
    times = [milliseconds(row["createTime"]) for row in items]
    following = _older(answer, times, usual=0) if body.get("moreData") else None
    return Reading(ledger=[leg for row in done for leg in _conversion(row)], next=following)


def sub_transfers(answer: Answer) -> Reading:
    """Read what a sub-account got from (type 1) or gave to (2) its master or its sisters, newest first."""
    items = rows(answer.payload)
    done = [row for row in items if row["status"] == "SUCCESS"]
    following = _older(answer, [milliseconds(row["time"]) for row in items], usual=500)
    return Reading(ledger=[_sub_transfer(row) for row in done], next=following)


def _p2p(row: Mapping[str, Any]) -> list[LedgerEntry]:
    """Read one trade; the commission of whoever advertised, or took, is charged in the coin, on top."""
    native, bought = text(row["orderNumber"]), {"BUY": True, "SELL": False}[row["tradeType"]]
    amount = natural(row["amount"])
    taker = row.get("advertisementRole") == "TAKER"
    fee = number_or_zero(row.get("takerCommission" if taker else "commission"))
    moved = entry(
        native,
        f"p2p:{native}",
        LedgerKind.DEPOSIT if bought else LedgerKind.WITHDRAWAL,
        wallet="funding",
        asset=text(row["asset"]),
        amount=amount if bought else -amount,
        booked_at=instant(row["createTime"]),
        venue_type="P2P",
    )
    return [moved, fee_of(moved, -fee)] if fee else [moved]


def _pay(row: Mapping[str, Any]) -> list[LedgerEntry]:
    """Read one payment as the coins that moved, wallet by wallet; what a card paid moved none."""
    native, received = text(row["transactionId"]), number(row["amount"]) > 0
    found = []
    for detail in _details(row):
        for wallet, amount in _costs(detail, row).items():
            asset = text(detail["currency"])
            found.append(
                entry(
                    native,
                    f"pay:{native}:{asset}:{wallet}",
                    LedgerKind.DEPOSIT if received else LedgerKind.WITHDRAWAL,
                    wallet=wallet,
                    asset=asset,
                    amount=amount if received else -amount,
                    booked_at=instant(row["transactionTime"]),
                    venue_type=text(row["orderType"]),
                )
            )
    return found


def _details(row: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the coins that were really paid or got: the order may be written in another currency."""
    found = rows(row.get("fundsDetail") or [])
    return found or [{"currency": row["currency"], "amount": abs(number(row["amount"]))}]


def _costs(detail: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Decimal]:
    given = detail.get("walletAssetCost") or {str(row.get("walletType") or 1): detail["amount"]}
    costs: dict[str, Decimal] = {}
    for number_of_wallet, amount in record(given).items():
        wallet = PAY_WALLETS.get(number_of_wallet)
        if wallet is not None and natural(amount):
            costs[wallet] = costs.get(wallet, ZERO) + natural(amount)
    return costs


def _payment(row: Mapping[str, Any], *, bought: bool) -> list[LedgerEntry]:
    native, booked_at = text(row["orderNo"]), instant(row["updateTime"])
    coins, money = natural(row["obtainAmount"]), natural(row["sourceAmount"])
    within = row.get("paymentMethod") == FROM_CASH
    border = LedgerKind.DEPOSIT if bought else LedgerKind.WITHDRAWAL
    legs = [(text(row["cryptoCurrency"]), coins if bought else -coins)]
    legs += [(text(row["fiatCurrency"]), -money if bought else money)] if within else []
    return [
        entry(
            native,
            f"payment:{native}:{asset}",
            LedgerKind.CONVERSION if within else border,
            wallet="spot",
            asset=asset,
            amount=amount,
            booked_at=booked_at,
            venue_type=str(row.get("paymentMethod") or "") or None,
            ref=native,
        )
        for asset, amount in legs
    ]


def _conversion(row: Mapping[str, Any]) -> list[LedgerEntry]:
    native, booked_at = text(row["orderId"]), instant(row["createTime"])
    wallet = {"FUNDING": "funding"}.get(str(row.get("walletType") or ""), "spot")
    legs = ((text(row["fromAsset"]), -natural(row["fromAmount"])), (text(row["toAsset"]), natural(row["toAmount"])))
    return [
        entry(
            native,
            f"convert:{native}:{asset}",
            LedgerKind.CONVERSION,
            wallet=wallet,
            asset=asset,
            amount=amount,
            booked_at=booked_at,
            ref=native,
        )
        for asset, amount in legs
    ]


def _sub_transfer(row: Mapping[str, Any]) -> LedgerEntry:
    incoming = {"1": True, "2": False}[text(row["type"])]
    native, amount = text(row["tranId"]), natural(row["qty"])
    side = str(row.get("toAccountType" if incoming else "fromAccountType") or "SPOT")
    return entry(
        native,
        f"sub:{native}:{'in' if incoming else 'out'}",
        transfer_kind(incoming),
        wallet=SUB_WALLETS.get(side, "spot"),
        asset=text(row["asset"]),
        amount=amount if incoming else -amount,
        booked_at=instant(row["time"]),
        venue_type=f"SUB_{text(row['counterParty'])}".upper(),
        internal=True,
    )


def _older(answer: Answer, times: list[int], *, usual: int) -> dict[str, Any] | None:
    """Return the parameters of the page before, when this one is full; both name their end `endTime`."""
    if not times or len(times) < int(answer.params.get("limit", usual)):
        return None
    oldest = min(times) if min(times) < max(times) else min(times) - 1
    return {**answer.params, "endTime": str(oldest)}
