"""Parsers of Gate.io's wallets. Amounts in each coin's own units; fee points and zero rows are dropped."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors._parse import ZERO, flag, natural, number, number_or_none, number_or_zero, record, rows, text, total
from connectors._reading import Answer, Reading
from connectors.gateio import failures
from connectors.gateio.symbols import settle_of, wallet_of
from connectors.types import Balance, Position

POINTS = "POINT"  # credit for fees, without market value


def spot_accounts(answer: Answer) -> Reading:
    """Read spot holdings."""
    return Reading(balances=_held(_cash("spot", row, answer) for row in rows(answer.payload)))


def futures_account(answer: Answer) -> Reading:
    """Read a futures wallet: total is without the unrealised P&L, which lies outside; a bonus is inside."""
    if failures.never_opened(answer):
        return Reading(balances=[], extra={"not_an_error": True})
    body = record(answer.payload)
    cash, profit, free = number(body["total"]), number(body["unrealised_pnl"]), number(body["available"])
    balance = Balance(
        wallet=wallet_of(answer.path),
        asset=settle_of(answer.path),
        free=free,
        locked=max(cash - free, ZERO),
        total=cash,
        equity=cash + profit,
        unrealized_pnl=profit,
        as_of=answer.as_of,
    )
    isolated = number_or_zero(body.get("isolated_position_margin", ""))
    return Reading(balances=_held([balance]), extra={"isolated_margin": isolated})


def options_account(answer: Answer) -> Reading:
    """Read the options wallet: equity holds the worth of the options."""
    if failures.never_opened(answer):
        return Reading(balances=[], extra={"not_an_error": True})
    body = record(answer.payload)
    cash, free = number(body["total"]), number(body["available"])
    balance = Balance(
        wallet="options",
        asset=text(body["currency"]).upper(),
        free=free,
        locked=max(cash - free, ZERO),
        total=cash,
        equity=number(body["equity"]),
        unrealized_pnl=number_or_none(body["unrealised_pnl"]),
        as_of=answer.as_of,
    )
    return Reading(balances=_held([balance]))


def margin_isolated(answer: Answer) -> Reading:
    """Read the isolated margin wallets, two rows for each pair; equity is net of debt."""
    found, pairs = [], []
    for row in rows(answer.payload):
        for side in ("base", "quote"):
            coin = record(row[side])
            balance = _margin("margin_isolated", text(coin["currency"]), coin, held="locked", answer=answer)
            if _is_held(balance):
                found.append(balance)
                pairs.append({"pair": text(row["currency_pair"])})
    return Reading(balances=found, details={"balances": pairs})


def margin_cross(answer: Answer) -> Reading:
    """Read the older cross margin wallet; equity is net of debt."""
    coins = record(record(answer.payload)["balances"])
    found = [_margin("margin_cross", coin, record(row), held="freeze", answer=answer) for coin, row in coins.items()]
    return Reading(balances=_held(found))


def earn(answer: Answer) -> Reading:
    """Read what is lent out on earn; the part not lent or frozen can be taken back at once."""
    items = rows(answer.payload)
    found = []
    for row in items:
        amount = natural(row["amount"])
        locked = min(natural(row["lent_amount"]) + natural(row["frozen_amount"]), amount)
        found.append(Balance("earn", text(row["currency"]), amount - locked, locked, amount, as_of=answer.as_of))
    following = None
    if items and len(items) == int(answer.params.get("limit", 0)):
        following = {**answer.params, "page": int(answer.params.get("page", 1)) + 1}
    return Reading(balances=_held(found), next=following)


def unified_accounts(answer: Answer) -> Reading:
    """Read a unified account: per coin its cross money, equity after debt and P&L, and the account's sum in USD.

    In the single and multi currency modes the sum holds the isolated money too; `isolated_margin` tells it by coin.
    """
    if failures.never_opened(answer):
        return Reading(balances=[], extra={"account_mode": "classic", "not_an_error": True})
    body = record(answer.payload)
    coins = {coin: record(row) for coin, row in record(body["balances"]).items() if coin != POINTS}
    pairs = [(_unified(coin, row, answer), _isolated(row)) for coin, row in coins.items()]
    kept = [(balance, isolated) for balance, isolated in pairs if _is_held(balance) or isolated]
    account = {
        "wallet": "unified",
        "equity_usd": number(body["unified_account_total_equity"]),
        "initial_margin_usd": number_or_none(body.get("total_initial_margin")),
        "maintenance_margin_usd": number_or_none(body.get("total_maintenance_margin")),
    }
    uses_earn = "use_funding" in body and flag(body["use_funding"])
    covered = {coin: number_or_zero(row.get("funding", "")) for coin, row in coins.items()} if uses_earn else {}
    return Reading(
        balances=[balance for balance, _isolated in kept],
        details={"balances": [{"isolated_margin": isolated} for _balance, isolated in kept]},
        extra={
            "account": account,
            "uid": text(body["user_id"]),
            "earn_inside": {coin: amount for coin, amount in covered.items() if amount},
        },
    )


def overview(answer: Answer) -> Reading:
    """Read the value in USDT of every account type, a cross-check only: up to a minute old, without open P&L."""
    found = [
        {
            "account_type": name,
            "usdt": number(row["amount"]),
            "unrealized_pnl": number_or_none(row.get("unrealised_pnl")),
            "borrowed": number_or_none(row.get("borrowed")),
        }
        for name, row in record(record(answer.payload)["details"]).items()
    ]
    return Reading(extra={"overview": found})


def with_isolated(balance: Balance, margin: Decimal) -> Balance:
    """Return a unified balance together with the coin's money in isolated positions."""
    if not margin:
        return balance
    equity = balance.total - balance.debt if balance.equity is None else balance.equity
    locked = margin if balance.locked is None else balance.locked + margin
    return replace(balance, locked=locked, total=balance.total + margin, equity=equity + margin)


def isolated(wallet: str, margin: Decimal, held: Iterable[Position], as_of: datetime) -> Balance:
    """Return the money in isolated positions of a portfolio account: their margin, and their P&L beside it."""
    profit = total(position.unrealized_pnl or ZERO for position in held)
    asset = "BTC" if wallet.endswith("_inverse") else "USDT"
    return Balance(wallet, asset, ZERO, margin, margin, equity=margin + profit, unrealized_pnl=profit, as_of=as_of)


def without(balance: Balance, inside: Decimal) -> Balance:
    """Return an earn balance less the part that is counted elsewhere."""
    rest = max(balance.total - inside, ZERO)
    free = min(balance.free or ZERO, rest)
    return replace(balance, free=free, locked=rest - free, total=rest)


def _is_held(balance: Balance) -> bool:
    return balance.asset != POINTS and bool(balance.total or balance.equity or balance.debt)


def _held(found: Iterable[Balance]) -> list[Balance]:
    return [balance for balance in found if _is_held(balance)]


def _cash(wallet: str, row: Mapping[str, Any], answer: Answer) -> Balance:
    free, locked = natural(row["available"]), natural(row["locked"])
    return Balance(wallet, text(row["currency"]), free, locked, free + locked, as_of=answer.as_of)


def _margin(wallet: str, coin: str, row: Mapping[str, Any], *, held: str, answer: Answer) -> Balance:
    free, locked = natural(row["available"]), natural(row[held])
    debt = natural(row["borrowed"]) + natural(row["interest"])
    cash = free + locked
    return Balance(wallet, coin, free, locked, cash, debt, cash - debt, as_of=answer.as_of)


def _unified(coin: str, row: Mapping[str, Any], answer: Answer) -> Balance:
    free, locked = number(row["available"]), natural(row["freeze"])
    return Balance(
        wallet="unified",
        asset=coin,
        free=free,
        locked=locked,
        total=total((free, locked)),
        debt=natural(row["borrowed"]),
        equity=number(row["equity"]),
        as_of=answer.as_of,
    )


def _isolated(row: Mapping[str, Any]) -> Decimal:
    return number_or_zero(row.get("iso_balance", ""))
