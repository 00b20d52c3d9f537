"""Parsers of Bybit's wallets. Empty text means not applicable; rows of zeros are dropped."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from connectors._parse import (
    ZERO,
    milliseconds,
    natural,
    number,
    number_or_empty,
    number_or_none,
    number_or_zero,
    record,
    rows,
    rows_or_none,
    text,
    text_or_none,
    total,
)
from connectors._reading import Answer, Reading
from connectors.bybit.public import result
from connectors.types import Balance

WALLETS = {"UNIFIED": "unified", "CONTRACT": "contract", "SPOT": "spot", "FUND": "funding", "INVESTMENT": "earn"}


def wallet_balance(answer: Answer) -> Reading:
    """Read a trading wallet: cash, equity with unrealised P&L inside, debt, and the sums in USD where they apply."""
    found = rows(result(answer)["list"])
    if len(found) > 1:
        raise ValueError("more than one account")
    if not found:
        return Reading(balances=[])
    account = found[0]
    wallet = WALLETS[text(account["accountType"])]
    coins = rows(account["coin"])
    balances = [_trading(wallet, row, answer) for row in coins]
    kept = [(balance, row) for balance, row in zip(balances, coins, strict=True) if _holds(balance)]
    return Reading(
        balances=[balance for balance, _row in kept],
        details={
            "balances": [
                {"usd_value": number_or_none(row.get("usdValue")), "spot_debt": spot_debt(balance, row)}
                for balance, row in kept
            ]
        },
        extra={
            "account": _sums(wallet, account, coins),
            "margin_ratio": number_or_none(account.get("accountMMRate")),
        },
    )


def spot_debt(balance: Balance, row: Mapping[str, Any]) -> Decimal:
    """Return the part of the debt that lies in the cash: `borrowAmount` counts negative cash a second time."""
    told = number_or_none(row.get("spotBorrow"))
    return told if told is not None else ZERO if balance.total < 0 else balance.debt


def funding_wallet(answer: Answer) -> Reading:
    """Read the funding wallet; what cannot be transferred is locked."""
    body = result(answer)
    uid = str(body.get("memberId", ""))
    wallet = WALLETS[text(body["accountType"])]
    balances = [_funding(wallet, row, answer) for row in rows(body["balance"])]
    return _reading(balances, {"uid": uid} if uid.isascii() and uid.isdigit() else {})


def earn_positions(answer: Answer) -> Reading:
    """Read holdings in Earn; redeemed ones are listed with zero."""
    balances = [
        Balance("earn", text(row["coin"]), ZERO, amount, amount, as_of=answer.as_of)
        for row in rows(result(answer)["list"])
        for amount in [natural(row["amount"])]
    ]
    return _reading(balances, {})


def overview(answer: Answer) -> Reading:
    """Read the worth in USD of every wallet type: the only source for bots and copy trading, else a cross-check.

    `holdings` lists the coins of each type, those inside its products included.
    """
    body = result(answer)
    found = [
        {
            "wallet": text(row["accountType"]),
            "equity_usd": number(row["totalEquity"]),
            "as_of_ms": milliseconds(row["snapshotTime"]),
        }
        for row in rows(body["list"])
        if text(row["valuationCurrency"]) == "USD"
    ]
    holdings = {text(row["accountType"]): _held(row) for row in rows(body["list"])}
    return Reading(extra={"wallets": found, "total_equity_usd": number(body["totalEquity"]), "holdings": holdings})


def _held(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    parts = [row, *rows_or_none(row.get("categories"))]
    coins = [coin for part in parts for coin in rows_or_none(part.get("coinDetail"))]
    return [{"asset": _asset(coin), "equity": number(coin["equity"])} for coin in coins]


def _asset(coin: Mapping[str, Any]) -> str:
    """Return the coin, or the unit that the worth of a pool of two is told in."""
    unit = text_or_none(record(coin.get("extMap", {})).get("equityUnit"))
    return text(unit or coin["coin"])


def _reading(balances: Iterable[Balance], extra: Mapping[str, Any]) -> Reading:
    return Reading(balances=[balance for balance in balances if _holds(balance)], extra=extra)


def _holds(balance: Balance) -> bool:
    return bool(balance.total or balance.equity or balance.debt)


def _trading(wallet: str, row: Mapping[str, Any], answer: Answer) -> Balance:
    cash, locked = number(row["walletBalance"]), number_or_zero(row.get("locked", ""))
    return Balance(
        wallet=wallet,
        asset=text(row["coin"]),
        free=cash - locked,
        locked=locked,
        total=cash,
        debt=number_or_zero(row["borrowAmount"]),
        equity=number_or_none(row["equity"]),
        unrealized_pnl=number_or_none(row["unrealisedPnl"]),
        as_of=answer.as_of,
    )


def _sums(wallet: str, account: Mapping[str, Any], coins: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the account's own sums; without an equity that of the coins, where each has a value."""
    equity = number_or_empty(account["totalEquity"])
    values = [number_or_none(row.get("usdValue")) for row in coins]
    known = [value for value in values if value is not None]
    if equity is None and known and len(known) == len(values):
        equity = total(known)
    return {
        "wallet": wallet,
        "equity_usd": equity,
        "wallet_balance_usd": number_or_none(account["totalWalletBalance"]),
        "unrealized_pnl_usd": number_or_none(account["totalPerpUPL"]),
        "initial_margin_usd": number_or_none(account["totalInitialMargin"]),
        "maintenance_margin_usd": number_or_none(account["totalMaintenanceMargin"]),
    }


def _funding(wallet: str, row: Mapping[str, Any], answer: Answer) -> Balance:
    amount = natural(row["walletBalance"])
    free = min(number_or_zero(row["transferBalance"]), amount)
    return Balance(wallet, text(row["coin"]), free, amount - free, amount, as_of=answer.as_of)
