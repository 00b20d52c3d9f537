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


def contract_symbol(product_id: str, coin: str | None = None) -> str | None:
    """Return the unified symbol of a contract such as BIT-26APR24-CDE, None for anything else."""
    match = _CONTRACT.fullmatch(product_id)
    base = coin or (COINS.get(match[1]) if match else None)
    if match is None or base is None:
        return None
    try:
        expiry = datetime.strptime(match[2], "%d%b%y")  # noqa: DTZ007 - a date
    except ValueError:
        return None
    return f"{base}/USD:USD-{expiry:%y%m%d}"


def _open(items: Iterable[Mapping[str, Any]], count: str, answer: Answer) -> list[Position]:
    found = []
    for row in items:
        contracts, side = natural(row[count]), SIDES.get(text(row["side"]))
        if contracts != ZERO and side is not None:
            found.append(_position(row, contracts, side, answer))
    return found


def _position(row: Mapping[str, Any], contracts: Decimal, side: Side, answer: Answer) -> Position:
    product = text(row["product_id"])
    coin = row.get("underlying_asset") or (answer.context.get("contract_coins") or {}).get(product)
    symbol = contract_symbol(product, text(coin) if coin else None)
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
