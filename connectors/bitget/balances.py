"""Parsers of Bitget's wallets. Amounts in each coin's own units; coins may be lower case; zero rows are dropped."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from connectors._parse import ZERO, natural, number, number_or_none, number_or_zero, record, rows, text, total
from connectors._reading import Answer, Reading
from connectors.bitget.public import data
from connectors.types import Balance


def spot_assets(answer: Answer) -> Reading:
    """Read spot holdings; `limitAvailable` is no extra money."""
    return _reading(_cash("spot", row, ("frozen", "locked"), answer) for row in rows(data(answer)))


def funding_assets(answer: Answer) -> Reading:
    """Read the funding wallet, classic or unified."""
    return _reading(_cash("funding", row, ("frozen",), answer) for row in rows(data(answer)))


def margin_cross(answer: Answer) -> Reading:
    """Read the cross margin wallet: equity is the net."""
    return _reading(_margin("margin_cross", row, answer) for row in rows(data(answer)))


def margin_isolated(answer: Answer) -> Reading:
    """Read the isolated margin wallet, and of which pairs it has accounts."""
    items = rows(data(answer))
    reading = _reading(_margin("margin_isolated", row, answer) for row in items)
    reading.extra = {"pairs": [text(row["symbol"]) for row in items if row.get("symbol")]}
    return reading


def futures_accounts(answer: Answer) -> Reading:
    """Read a futures wallet by margin coin: equity holds the unrealised P&L, total is without it."""
    inverse = str(answer.params.get("productType", "")).upper().startswith("COIN")
    wallet = "futures_inverse" if inverse else "futures_linear"
    return _reading(_futures(wallet, row, answer) for row in rows(data(answer)))


def unified_assets(answer: Answer) -> Reading:
    """Read a unified account: equity by coin, and its sum in USD; `effEquity` is collateral only, not used."""
    body = record(data(answer))
    account = {
        "wallet": "unified",
        "equity_usd": number(body["accountEquity"]),
        "unrealized_pnl_usd": number_or_zero(body["unrealisedPnl"]),
        "initial_margin_usd": number_or_none(body.get("imr")),
        "maintenance_margin_usd": number_or_none(body.get("mmr")),
    }
    reading = _reading(_unified(row, answer) for row in rows(body["assets"]))
    return Reading(balances=reading.balances, extra={"account": account})


def earn_assets(answer: Answer) -> Reading:
    """Read what lies in earn, coin by coin; none of it is free before it is redeemed."""
    found = [(_coin(row), natural(row["amount"])) for row in rows(data(answer))]
    return _reading(Balance("earn", coin, ZERO, amount, amount, as_of=answer.as_of) for coin, amount in found)


def overview(answer: Answer) -> Reading:
    """Read the value in USDT of every wallet type: the only source for bots, a cross-check for the others."""
    found = [
        {"account_type": text(row["accountType"]), "usdt": number(row["usdtBalance"])} for row in rows(data(answer))
    ]
    return Reading(extra={"overview": found, "sum_usdt": total(row["usdt"] for row in found)})  # type: ignore[misc]


def _reading(found: Iterable[Balance]) -> Reading:
    return Reading(balances=[row for row in found if row.total or row.equity or row.debt])


def _coin(row: Mapping[str, Any], name: str = "coin") -> str:
    return text(row[name]).upper()


def _cash(wallet: str, row: Mapping[str, Any], held: tuple[str, ...], answer: Answer) -> Balance:
    free, locked = natural(row["available"]), total(number_or_zero(row[name]) for name in held)
    return Balance(wallet, _coin(row), free, locked, free + locked, as_of=answer.as_of)


def _margin(wallet: str, row: Mapping[str, Any], answer: Answer) -> Balance:
    return Balance(
        wallet=wallet,
        asset=_coin(row),
        free=natural(row["available"]),
        locked=natural(row["frozen"]),
        total=natural(row["totalAmount"]),
        debt=natural(row["borrow"]) + natural(row["interest"]),
        equity=number(row["net"]),
        as_of=answer.as_of,
    )


def _futures(wallet: str, row: Mapping[str, Any], answer: Answer) -> Balance:
    equity, profit = number(row["accountEquity"]), _profit(row)
    return Balance(
        wallet=wallet,
        asset=_coin(row, "marginCoin"),
        free=number(row["available"]),
        locked=number(row["locked"]),
        total=equity - profit,
        equity=equity,
        unrealized_pnl=profit,
        as_of=answer.as_of,
    )


def _profit(row: Mapping[str, Any]) -> Decimal:
    """Return the unrealised P&L inside the equity; without a position the field is empty."""
    whole = number_or_none(row["unrealizedPL"])
    if whole is not None:
        return whole
    return total(number_or_none(row.get(name)) or ZERO for name in ("crossedUnrealizedPL", "isolatedUnrealizedPL"))


def _unified(row: Mapping[str, Any], answer: Answer) -> Balance:
    return Balance(
        wallet="unified",
        asset=_coin(row),
        free=number(row["available"]),
        locked=number(row["locked"]),
        total=number(row["balance"]),
        debt=natural(row["debt"]),
        equity=number(row["equity"]),
        as_of=answer.as_of,
    )
