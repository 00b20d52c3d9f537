"""Parsers of OKX's accounts. Amounts in each coin's own units; zero rows are dropped."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from connectors._parse import (
    inverse_or_none,
    natural,
    number,
    number_or_empty,
    number_or_none,
    number_or_zero,
    ratio,
    rows,
    text,
    total,
)
from connectors._reading import Answer, Reading
from connectors._wallets import merge_balances
from connectors.okx.public import data
from connectors.types import Balance

ZERO = Decimal(0)


def trading_account(answer: Answer) -> Reading:
    """Read the trading account: equity holds unrealised P&L, isolated margin and bots; total is without the P&L."""
    row = data(answer)[0]
    found = [
        (balance, detail)
        for detail in rows(row["details"])
        if (balance := _trading(detail, answer)) and (balance.total or balance.equity or balance.debt)
    ]
    equity = number_or_empty(row["totalEq"])
    if equity is None:
        equity = total(number_or_zero(detail["eqUsd"]) for detail in rows(row["details"]))
    profit = number_or_empty(row["upl"])
    if profit is None:
        profit = total(_profit_usd(detail) for detail in rows(row["details"]))
    account = {
        "wallet": "trading",
        "equity_usd": equity,
        "unrealized_pnl_usd": profit,
        "wallet_balance_usd": equity - profit,
        "initial_margin_usd": number_or_none(row.get("imr")),
        "maintenance_margin_usd": number_or_none(row.get("mmr")),
    }
    return Reading(
        balances=[balance for balance, _ in found],
        details={"balances": [{"usd_value": number_or_none(detail["eqUsd"])} for _, detail in found]},
        extra={"account": account, "margin_ratio": inverse_or_none(row.get("mgnRatio"))},
    )


def funding_account(answer: Answer) -> Reading:
    """Read the funding account."""
    return Reading(
        balances=_held(
            Balance(
                "funding",
                text(row["ccy"]),
                natural(row["availBal"]),
                natural(row["frozenBal"]),
                natural(row["bal"]),
                as_of=answer.as_of,
            )
            for row in data(answer)
        )
    )


def savings(answer: Answer) -> Reading:
    """Read simple earn: `amt` is principal with booked earnings; what is lent or pending is part of it."""
    return Reading(balances=_held(_earning(text(row["ccy"]), natural(row["amt"]), answer) for row in data(answer)))


def staking(answer: Answer) -> Reading:
    """Read active orders of on-chain earn; earnings that are estimated are not counted."""
    invested = [part for order in data(answer) for part in rows(order["investData"])]
    return Reading(
        balances=merge_balances(_held(_earning(text(part["ccy"]), natural(part["amt"]), answer) for part in invested))
    )


def gross(balances: Iterable[Balance]) -> Sequence[Balance]:
    """Return balances whose total holds what is borrowed, as `total` less `debt` is what one owns; OKX's is net."""
    return [replace(balance, total=balance.total + balance.debt) if balance.debt else balance for balance in balances]


def _held(found: Iterable[Balance]) -> Sequence[Balance]:
    return [balance for balance in found if balance.total]


def _earning(asset: str, amount: Decimal, answer: Answer) -> Balance:
    return Balance("earn", asset, ZERO, amount, amount, as_of=answer.as_of)


def _trading(row: Mapping[str, Any], answer: Answer) -> Balance:
    told = row["availEq" if row["availBal"] == "" else "availBal"]
    free, locked = None if told == "" else number(told), number_or_zero(row["frozenBal"])
    equity = number_or_none(row["eq"])
    if equity is None:
        if free is None:
            raise ValueError("neither equity nor balance")
        equity = free + locked
    profit = number_or_zero(row["upl"])
    return Balance(
        wallet="trading",
        asset=text(row["ccy"]),
        free=free,
        locked=locked,
        total=equity - profit,
        debt=abs(number_or_zero(row["liab"])),
        equity=equity,
        unrealized_pnl=profit,
        as_of=answer.as_of,
    )


def _profit_usd(row: Mapping[str, Any]) -> Decimal:
    """Return a coin's unrealised P&L in USD, at the rate of its equity."""
    profit, equity = number_or_zero(row["upl"]), number_or_zero(row["eq"])
    if not profit or not equity:
        return ZERO
    return ratio(profit * number(row["eqUsd"]), equity)
