"""Parsers of KuCoin's wallets. Amounts in each coin's own units; zero rows are dropped."""

from collections.abc import Iterable, Mapping
from typing import Any

from connectors._parse import natural, number, record, rows, text, total
from connectors._reading import Answer, Reading
from connectors._wallets import merge_balances
from connectors.kucoin.public import data
from connectors.kucoin.symbols import coin, futures_wallet
from connectors.types import Balance

# the other types are former margin accounts, whose money the margin reads tell
WALLETS = {"main": "main", "trade": "trade", "trade_hf": "trade"}


def accounts(answer: Answer) -> Reading:
    """Read the main and the trade wallet, whose high-frequency part is the same wallet."""
    items = (row for row in rows(data(answer)) if text(row["type"]) in WALLETS)
    return _reading(_cash(row, answer) for row in items)


def margin_cross(answer: Answer) -> Reading:
    """Read the cross margin wallet: total holds what is borrowed."""
    return _reading(_margin("margin_cross", row, answer) for row in rows(record(data(answer))["accounts"]))


def margin_isolated(answer: Answer) -> Reading:
    """Read the isolated margin wallet, the pairs' coins added up."""
    pairs = rows(record(data(answer))["assets"])
    sides = (record(pair[side]) for pair in pairs for side in ("baseAsset", "quoteAsset"))
    return _reading(_margin("margin_isolated", row, answer) for row in sides)


def futures(answer: Answer) -> Reading:
    """Read one currency of the futures wallet: equity holds the unrealised P&L, total is without it."""
    row = record(data(answer))
    currency, equity, profit = coin(row["currency"]), number(row["accountEquity"]), number(row["unrealisedPNL"])
    held = Balance(
        wallet=futures_wallet(currency),
        asset=currency,
        free=number(row["availableBalance"]),
        locked=total(number(row[name]) for name in ("positionMargin", "orderMargin", "frozenFunds")),
        total=equity - profit,
        equity=equity,
        unrealized_pnl=profit,
        as_of=answer.as_of,
    )
    return _reading([held])


def _reading(found: Iterable[Balance]) -> Reading:
    return Reading(balances=[row for row in merge_balances(found) if row.total or row.equity or row.debt])


def _cash(row: Mapping[str, Any], answer: Answer) -> Balance:
    return Balance(
        wallet=WALLETS[row["type"]],
        asset=coin(row["currency"]),
        free=natural(row["available"]),
        locked=natural(row["holds"]),
        total=natural(row["balance"]),
        as_of=answer.as_of,
    )


def _margin(wallet: str, row: Mapping[str, Any], answer: Answer) -> Balance:
    whole, debt = natural(row["total"]), natural(row["liability"])
    return Balance(
        wallet=wallet,
        asset=coin(row["currency"]),
        free=natural(row["available"]),
        locked=natural(row["hold"]),
        total=whole,
        debt=debt,
        equity=whole - debt,
        as_of=answer.as_of,
    )
