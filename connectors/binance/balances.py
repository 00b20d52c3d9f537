"""Parsers of Binance's wallets. Amounts in each asset's own units; rows that are zero throughout are dropped."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from connectors._parse import ZERO, flag, inverse_or_none, natural, number, number_or_zero, record, rows, text, total
from connectors._reading import Answer, Reading
from connectors._wallets import merge_balances
from connectors.binance.entries import next_page
from connectors.types import Balance

REAL_COINS_NAMED_LD = frozenset({"LDO"})
EARN_COPY = "simple_earn_flexible_duplicate"


def spot_account(answer: Answer) -> Reading:
    """Read spot holdings; LD* rows repeat flexible earn and are left out (listed in `excluded`)."""
    body = record(answer.payload)
    reading = spot_assets_of(answer, rows(body["balances"]), ("locked",))
    uid = body.get("uid")
    return Reading(
        balances=reading.balances, extra={**reading.extra, **({"uid": text(uid)} if uid is not None else {})}
    )


def user_assets(answer: Answer) -> Reading:
    """Read spot holdings in the shape of getUserAsset."""
    return spot_assets_of(answer, rows(answer.payload), ("locked", "freeze", "withdrawing"))


def spot_assets_of(answer: Answer, items: list[dict[str, Any]], locked: tuple[str, ...]) -> Reading:
    """Split spot rows into real holdings and copies of flexible earn."""
    found = [_cash("spot", row, locked, answer) for row in items]
    held = [balance for balance in found if balance.total]
    copies = [balance for balance in held if is_earn_copy(balance.asset)]
    excluded = [{"asset": copy.asset, "total": copy.total, "reason": EARN_COPY} for copy in copies]
    kept = [balance for balance in held if balance not in copies]
    return Reading(balances=kept, extra={"excluded": excluded} if excluded else {})


def is_earn_copy(asset: str) -> bool:
    """Whether an asset is the token Binance shows in spot for a flexible earn holding (LDUSDT), not a coin (LDO)."""
    return asset.startswith("LD") and len(asset) > 2 and asset not in REAL_COINS_NAMED_LD


def funding_wallet(answer: Answer) -> Reading:
    """Read the funding wallet; frozen and being withdrawn count as locked."""
    found = [_cash("funding", row, ("locked", "freeze", "withdrawing"), answer) for row in rows(answer.payload)]
    return Reading(balances=[balance for balance in found if balance.total])


def earn_flexible(answer: Answer) -> Reading:
    """Read a page of flexible earn: `totalAmount` holds the part already that is pledged for a loan."""
    reading = _earn(answer, "earn_flexible", "totalAmount", redeemable=True)
    pledged = any(number_or_zero(row.get("collateralAmount")) for row in rows(record(answer.payload)["rows"]))
    return replace(reading, extra={"pledged": pledged})


def earn_locked(answer: Answer) -> Reading:
    """Read a page of locked earn."""
    return _earn(answer, "earn_locked", "amount", redeemable=False)


def flexible_loans(answer: Answer) -> Reading:
    """Read a page of flexible loans: debts only, since what is pledged for them stays in flexible earn."""
    body = record(answer.payload)
    items = rows(body["rows"])
    debts = [(text(row["loanCoin"]), natural(row["totalDebt"])) for row in items]
    found = [Balance("loans", coin, None, None, ZERO, debt, -debt, as_of=answer.as_of) for coin, debt in debts if debt]
    following = next_page(answer, items, number(body["total"]), ("current", "limit", 10))
    return Reading(balances=found, next=following)


def margin_cross(answer: Answer) -> Reading:
    """Read the cross margin wallet; equity = free + locked - borrowed - interest."""
    items = rows(record(answer.payload)["userAssets"])
    return Reading(balances=_nonzero(_margin("margin_cross", row, answer) for row in items))


def margin_isolated(answer: Answer) -> Reading:
    """Read the isolated margin wallets, summed by asset."""
    pairs = rows(record(answer.payload)["assets"])
    items = [record(pair[leg]) for pair in pairs for leg in ("baseAsset", "quoteAsset")]
    return Reading(balances=_nonzero(merge_balances(_margin("margin_isolated", row, answer) for row in items)))


def futures_account(answer: Answer) -> Reading:
    """Read a futures wallet by asset: total = wallet balance, equity = margin balance (unrealised P&L inside).

    Rows whose `updateTime` is 0 are stale. The `total*` fields are not used: they cover only some assets.
    """
    wallet = "coinm" if answer.path.startswith("/dapi/") else "usdm"
    items = [row for row in rows(record(answer.payload)["assets"]) if number(row.get("updateTime", 1)) != 0]
    balances = _nonzero(_futures(wallet, row, answer) for row in items)
    margins = {
        text(row["asset"]): {"initial": natural(row["initialMargin"]), "maintenance": natural(row["maintMargin"])}
        for row in items
    }
    extra: dict[str, Any] = {"margins": margins}
    prices = answer.context.get("prices_usd", {})
    if all(balance.asset in prices for balance in balances):
        extra["account"] = _account_usd(wallet, balances, prices)
    return Reading(balances=balances, extra=extra)


def portfolio_balance(answer: Answer) -> Reading:
    """Read a portfolio margin account by asset; empty texts are zero. Debts are in cash and equity, not taken off."""
    return Reading(balances=_nonzero(_portfolio(row, answer) for row in rows(answer.payload)))


def portfolio_account(answer: Answer) -> Reading:
    """Read a portfolio margin account's equity in USD: `actualEquity`, without collateral haircuts."""
    body = record(answer.payload)
    account = {
        "wallet": "portfolio_margin",
        "equity_usd": number(body["actualEquity"]),
        "initial_margin_usd": natural(body["accountInitialMargin"]),
        "maintenance_margin_usd": natural(body["accountMaintMargin"]),
    }
    return Reading(extra={"account": account, "margin_ratio": inverse_or_none(body.get("uniMMR"))})


def wallet_overview(answer: Answer) -> Reading:
    """Read the valued overview of wallets, a cross-check only."""
    wallets = [
        {"wallet": text(row["walletName"]), "balance_quote": number(row["balance"]), "active": flag(row["activate"])}
        for row in rows(answer.payload)
    ]
    return Reading(extra={"wallets": wallets})


def _cash(wallet: str, row: Mapping[str, Any], locked: tuple[str, ...], answer: Answer) -> Balance:
    free, held = natural(row["free"]), total(natural(row[name]) for name in locked)
    return Balance(wallet, text(row["asset"]), free, held, free + held, as_of=answer.as_of)


def _earn(answer: Answer, wallet: str, amount: str, *, redeemable: bool) -> Reading:
    body = record(answer.payload)
    items, count = rows(body["rows"]), number(body["total"])
    page, size = int(answer.params.get("current", 1)), int(answer.params.get("size", 100))
    more = page * size < count
    if more and not items:
        raise ValueError("an empty page before the last")
    balances = []
    for row in items:
        held = natural(row[amount])
        free, locked = (held, ZERO) if redeemable else (ZERO, held)
        balances.append(Balance(wallet, text(row["asset"]), free, locked, held, as_of=answer.as_of))
    following = {**answer.params, "current": str(page + 1), "size": str(size)} if more else None
    return Reading(balances=[balance for balance in balances if balance.total], next=following)


def _margin(wallet: str, row: Mapping[str, Any], answer: Answer) -> Balance:
    free, locked = natural(row["free"]), natural(row["locked"])
    debt = natural(row["borrowed"]) + natural(row["interest"])
    equity = number(row["netAsset"])
    return Balance(wallet, text(row["asset"]), free, locked, free + locked, debt, equity, as_of=answer.as_of)


def _futures(wallet: str, row: Mapping[str, Any], answer: Answer) -> Balance:
    return Balance(
        wallet=wallet,
        asset=text(row["asset"]),
        free=number(row["availableBalance"]),
        locked=natural(row["initialMargin"]),
        total=number(row["walletBalance"]),
        equity=number(row["marginBalance"]),
        unrealized_pnl=number(row["unrealizedProfit"]),
        as_of=answer.as_of,
    )


def _portfolio(row: Mapping[str, Any], answer: Answer) -> Balance:
    cash = number(row["totalWalletBalance"])
    profit = number_or_zero(row["umUnrealizedPNL"]) + number_or_zero(row["cmUnrealizedPNL"])
    return Balance(
        wallet="portfolio_margin",
        asset=text(row["asset"]),
        free=number_or_zero(row["crossMarginFree"]),
        locked=number_or_zero(row["crossMarginLocked"]),
        total=cash,
        debt=number_or_zero(row["crossMarginBorrowed"]) + number_or_zero(row["crossMarginInterest"]),
        equity=cash + profit,
        unrealized_pnl=profit,
        as_of=answer.as_of,
    )


def _nonzero(balances: Iterable[Balance]) -> list[Balance]:
    return [balance for balance in balances if balance.total or balance.equity or balance.debt]


def _account_usd(wallet: str, balances: list[Balance], prices: Mapping[str, Any]) -> dict[str, Any]:
    def valued(amounts: Iterable[tuple[str, Decimal | None]]) -> Decimal:
        return total(amount * number(prices[asset]) for asset, amount in amounts if amount)

    return {
        "wallet": wallet,
        "wallet_balance_usd": valued((balance.asset, balance.total) for balance in balances),
        "unrealized_pnl_usd": valued((balance.asset, balance.unrealized_pnl) for balance in balances),
        "equity_usd": valued((balance.asset, balance.equity) for balance in balances),
    }
