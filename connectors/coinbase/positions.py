"""Parsers of US derivatives positions: contracts of a fixed size in coins, settled in USD, no hedge mode."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors._parse import ZERO, natural, nonzero, number_or_none, record, rows, text
from connectors._reading import Answer, Reading
from connectors.coinbase.wire import money_or_none
from connectors.types import Position, Side

SIDES = {
    "LONG": Side.LONG,
    "SHORT": Side.SHORT,
    "FUTURES_POSITION_SIDE_LONG": Side.LONG,
    "FUTURES_POSITION_SIDE_SHORT": Side.SHORT,
}
# coins of the contracts that come without metadata; the products list tells the coin of every one
COINS = {"BIT": "BTC", "BIP": "BTC", "ET": "ETH", "ETP": "ETH"}
_CONTRACT = re.compile(r"([A-Z0-9]+)-(\d{2}[A-Z]{3}\d{2})-[A-Z]+")


def cfm_positions(answer: Answer) -> Reading:
    """Read open positions; the size of a contract comes from the products list, in the answer's context."""
    return Reading(positions=_open(rows(record(answer.payload)["positions"]), "number_of_contracts", answer))


def breakdown_positions(items: Iterable[Mapping[str, Any]], answer: Answer) -> list[Position]:
    """Read the positions of a valued portfolio."""
    return _open(items, "amount", answer)


def is_contract(product_id: str) -> bool:
    """Tell a contract such as BIT-26APR24-CDE from a pair such as BTC-USD."""
    return _CONTRACT.fullmatch(product_id) is not None


def contract_symbol(product_id: str, coins: Mapping[str, str], coin: str | None = None) -> str | None:
    """Return the unified symbol of a contract, None where its coin is not known.

    Args:
        product_id: such as BIT-26APR24-CDE.
        coins: coin by product; another date of the same contract will do, for one that is no longer listed.
        coin: the contract's coin where the answer itself tells it.
    """
    match = _CONTRACT.fullmatch(product_id)
    if match is None:
        return None
    known = COINS | {name.partition("-")[0]: base for name, base in coins.items()}
    base = coin or coins.get(product_id) or known.get(match[1])
    try:
        expiry = datetime.strptime(match[2], "%d%b%y")  # noqa: DTZ007 - a date
    except ValueError:
        return None
    return f"{base}/USD:USD-{expiry:%y%m%d}" if base else None


def _open(items: Iterable[Mapping[str, Any]], count: str, answer: Answer) -> list[Position]:
    found = []
    for row in items:
        contracts, side = natural(row[count]), SIDES.get(text(row["side"]))
        if contracts != ZERO and side is not None:
            found.append(_position(row, contracts, side, answer))
    return found


def _position(row: Mapping[str, Any], contracts: Decimal, side: Side, answer: Answer) -> Position:
    product = text(row["product_id"])
    coin = row.get("underlying_asset")
    symbol = contract_symbol(product, answer.context.get("contract_coins") or {}, text(coin) if coin else None)
    size = natural(row.get("contract_size") or (answer.context.get("contract_sizes") or {})[product])
    return Position(
        wallet="cfm",
        symbol=symbol or product,
        venue_symbol=product,
        side=side,
        size_base=contracts * size,
        settle_asset="USD",
        entry_price=nonzero(_plain(row["avg_entry_price"])),
        mark_price=nonzero(_plain(row["current_price"])),
        unrealized_pnl=money_or_none(row["unrealized_pnl"]),
        contracts=contracts,
        contract_size=size,
        contract_size_unit=symbol.split("/")[0] if symbol else None,
        liquidation_price=number_or_none(row.get("liquidation_price")),
        leverage=number_or_none(row.get("leverage")),
        as_of=answer.as_of,
    )


def _plain(value: object) -> object:
    return value["value"] if isinstance(value, Mapping) else value
