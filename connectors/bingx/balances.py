"""Parsers of BingX's wallets, in each coin's own units. Zero rows are dropped, and play money but on the demo host."""

from collections.abc import Iterable, Mapping
from typing import Any

from connectors._parse import ZERO, natural, number, number_or_zero, record, rows_or_none, text
from connectors._reading import Answer, Reading
from connectors.bingx.public import data, listed
from connectors.bingx.symbols import DEMO_COIN
from connectors.types import Balance

TYPES = {
    "sopt": ("spot", "funding"), "USDTMPerp": ("futures_linear",), "coinMPerp": ("futures_inverse",),
    "stdFutures": ("futures_standard",), "eran": ("earn",), "grid": ("grid",), "copyTrading": ("copy_trading",),
    "c2c": ("c2c",),
}  # fmt: skip


def counts(asset: str, answer: Answer) -> bool:
    """Tell whether an asset is money on this host."""
    return asset != DEMO_COIN or bool(answer.context.get("demo"))


def spot(answer: Answer) -> Reading:
    """Read spot holdings."""
    return _reading(answer, (_cash("spot", row, answer) for row in _rows(answer, "balances")))


def funding(answer: Answer) -> Reading:
    """Read the funding wallet."""
    return _reading(answer, (_cash("funding", row, answer) for row in _rows(answer, "assets")))


def perpetual(answer: Answer) -> Reading:
    """Read the USDT-M or the Coin-M wallet: equity holds the unrealised P&L, total is without it.

    A wallet that was never opened sends empty texts.
    """
    wallet = "futures_inverse" if "/cswap/" in answer.path else "futures_linear"
    opened = [row for row in listed(answer) if row["balance"] != "" or row["equity"] != ""]
    reading = _reading(answer, (_margin(wallet, row, answer) for row in opened))
    held = reading.balances or ()
    if len(held) == 1:
        reading.extra = {"wallet_equity": {"wallet": wallet, "asset": held[0].asset, "equity": held[0].equity}}
    return reading


def standard(answer: Answer) -> Reading:
    """Read the wallet of standard contracts; the P&L of its isolated positions is not in it."""
    return _reading(answer, (_standard(row, answer) for row in listed(answer)))


def overview(answer: Answer) -> Reading:
    """Read the worth in USDT of every account type: the only source for earn, grids, copies and c2c."""
    found = [
        {
            "account_type": text(row["accountType"]),
            "wallets": list(TYPES.get(row["accountType"], ())),
            "usdt": number(row["usdtBalance"]),
        }
        for row in listed(answer)
    ]
    return Reading(extra={"overview": found})


def _rows(answer: Answer, name: str) -> list[dict[str, Any]]:
    content = data(answer)
    return [] if content is None or content == [] else rows_or_none(record(content)[name])


def _reading(answer: Answer, found: Iterable[Balance]) -> Reading:
    return Reading(balances=[row for row in found if (row.total or row.equity) and counts(row.asset, answer)])


def _cash(wallet: str, row: Mapping[str, Any], answer: Answer) -> Balance:
    free, locked = natural(row["free"]), natural(row["locked"])
    return Balance(wallet, text(row["asset"]), free, locked, free + locked, as_of=answer.as_of)


def _margin(wallet: str, row: Mapping[str, Any], answer: Answer) -> Balance:
    return Balance(
        wallet=wallet,
        asset=text(row["asset"]),
        free=number(row["availableMargin"]),
        locked=number(row["usedMargin"]) + number_or_zero(row["freezedMargin"]),
        total=number(row["balance"]),
        equity=number(row["equity"]),
        unrealized_pnl=number(row["unrealizedProfit"]),
        as_of=answer.as_of,
    )


def _standard(row: Mapping[str, Any], answer: Answer) -> Balance:
    total, free, profit = number(row["balance"]), number(row["availableBalance"]), number_or_zero(row["crossUnPnl"])
    return Balance(
        wallet="futures_standard",
        asset=text(row["asset"]),
        free=free,
        locked=max(ZERO, total - free),
        total=total,
        equity=total + profit,
        unrealized_pnl=profit,
        as_of=answer.as_of,
    )
