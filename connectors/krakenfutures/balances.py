"""Parser of Kraken futures' wallets, all told in one answer. Values after a collateral haircut are not read."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from connectors._parse import ZERO, number, number_or_none, record, text
from connectors._reading import Answer, Reading
from connectors.krakenfutures.symbols import asset_of
from connectors.types import Balance

CASH, SINGLE, MULTI = "cashAccount", "marginAccount", "multiCollateralMarginAccount"
DOLLAR = "USD"
USD_CREDIT = "usd credit"


def accounts(answer: Answer) -> Reading:
    """Read every wallet: coins, and of the multi-collateral one its value in USD, open P&L inside."""
    found: list[Balance] = []
    sums: list[Mapping[str, Any]] = []
    names: list[str] = []
    for name, given in record(record(answer.payload)["accounts"]).items():
        row, wallet = record(given), f"futures_{name.lower()}"
        names.append(wallet)
        kind = text(row["type"])
        if kind == CASH:
            found += _cash(wallet, row, answer)
        elif kind == SINGLE:
            found.append(_single(wallet, row, answer))
        elif kind == MULTI:
            found += _multi(wallet, row, answer)
            sums.append(_sums(wallet, row))
        else:
            raise ValueError("unknown kind of wallet")
    kept = [row for row in found if row.total or row.equity]
    return Reading(balances=kept, extra={"accounts": sums, "wallets": names})


def _cash(wallet: str, row: Mapping[str, Any], answer: Answer) -> Iterator[Balance]:
    for code, value in record(row["balances"]).items():
        amount = number(value)
        if code.lower() != USD_CREDIT:
            yield Balance(wallet, asset_of(code), amount, ZERO, amount, equity=amount, as_of=answer.as_of)


def _single(wallet: str, row: Mapping[str, Any], answer: Answer) -> Balance:
    """Read a wallet of one coin; the other names among its balances are contracts."""
    code, sums = text(row["currency"]), record(row["auxiliary"])
    amount = number(record(row["balances"])[code])
    free = number(sums["af"])
    return Balance(
        wallet=wallet,
        asset=asset_of(code),
        free=free,
        locked=max(ZERO, amount - free),
        total=amount,
        equity=number(sums["pv"]),
        unrealized_pnl=number(sums["pnl"]),
        as_of=answer.as_of,
    )


def _multi(wallet: str, row: Mapping[str, Any], answer: Answer) -> list[Balance]:
    """Read the coins of the multi-collateral wallet; the open P&L, in dollars, goes to the row of dollars."""
    profit = number(row["totalUnrealized"])
    found: dict[str, Balance] = {}
    for code, given in record(row["currencies"]).items():
        coin = record(given)
        amount, free = number(coin["quantity"]), number(coin["available"])
        found[asset_of(code)] = Balance(wallet, asset_of(code), free, max(ZERO, amount - free), amount)
    dollars = found.get(DOLLAR, Balance(wallet, DOLLAR, None, None, ZERO))
    found[DOLLAR] = replace(dollars, equity=dollars.total + profit, unrealized_pnl=profit)
    return [replace(balance, as_of=answer.as_of) for balance in found.values()]


def _sums(wallet: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "wallet": wallet,
        "equity_usd": number(row["portfolioValue"]),
        "wallet_balance_usd": number(row["balanceValue"]),
        "unrealized_pnl_usd": number(row["totalUnrealized"]),
        "available_margin_usd": number_or_none(row.get("availableMargin")),
        "initial_margin_usd": number_or_none(row.get("initialMargin")),
        "maintenance_margin_usd": number_or_none(row.get("maintenanceMargin")),
    }
