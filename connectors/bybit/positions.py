"""Parsers of Bybit's open and closed positions. Inverse sizes are in USD; P&L is in the settlement asset."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors._parse import instant, natural, nonzero, number, number_or_none, ratio, rows_or_none, text
from connectors._reading import Answer, Reading
from connectors.bybit.public import following, result
from connectors.bybit.symbols import contract
from connectors.types import ClosedPosition, Position, Side

SIDES = {"Buy": Side.LONG, "Sell": Side.SHORT}
MARGIN_MODES = {"REGULAR_MARGIN": "cross", "PORTFOLIO_MARGIN": "cross", "ISOLATED_MARGIN": "isolated"}
TRADE_MODES = {0: "cross", 1: "isolated"}


def open_positions(answer: Answer) -> Reading:
    """Read a page of open positions of one category; flat rows are dropped.

    `context`: `wallet` they lie in (unified when absent), `margin_mode` of the account; without a unified account's
    mode (`by_position`) each position tells its own.
    """
    items = rows_or_none(result(answer)["list"])
    held = [row for row in items if natural(row["size"]) != 0]
    return Reading(
        positions=[_position(row, _category(answer), answer) for row in held],
        details={"positions": [{"position_idx": row.get("positionIdx")} for row in held]},
        next=following(answer, items),
    )


def closed_positions(answer: Answer) -> Reading:
    """Read a page of closed positions, newest first; `side` is that of the order that closed."""
    items = rows_or_none(result(answer)["list"])
    return Reading(closed_positions=[_closed(row, _category(answer)) for row in items], next=following(answer, items))


def _category(answer: Answer) -> str:
    return text(result(answer)["category"])


def _position(row: Mapping[str, Any], category: str, answer: Answer) -> Position:
    venue_symbol, inverse, contracts = text(row["symbol"]), category == "inverse", natural(row["size"])
    symbol, settle = _known(venue_symbol, category)
    mark = nonzero(row["markPrice"])
    if inverse and mark is None:
        raise ValueError("an inverse position without a mark")
    index = int(number(row["positionIdx"]))
    return Position(
        wallet=str(answer.context.get("wallet", "unified")),
        symbol=symbol,
        venue_symbol=venue_symbol,
        side=SIDES[text(row["side"])],
        size_base=ratio(contracts, mark) if inverse and mark is not None else contracts,
        settle_asset=settle,
        entry_price=nonzero(row["avgPrice"]),
        mark_price=mark,
        unrealized_pnl=number_or_none(row["unrealisedPnl"]),
        contracts=contracts,
        contract_size=Decimal(1),
        contract_size_unit="USD" if inverse else symbol.split("/")[0] if "/" in symbol else symbol.split("-")[0],
        liquidation_price=nonzero(row["liqPrice"]),
        leverage=nonzero(row["leverage"]),
        margin_mode=_margin_mode(row, answer),
        hedged={0: False, 1: True, 2: True}[index],
        inverse=inverse,
        as_of=answer.as_of,
    )


def _margin_mode(row: Mapping[str, Any], answer: Answer) -> str | None:
    if answer.context.get("by_position"):
        return TRADE_MODES[int(number(row["tradeMode"]))]
    mode = answer.context.get("margin_mode")
    return None if mode is None else MARGIN_MODES.get(str(mode))


def _closed(row: Mapping[str, Any], category: str) -> ClosedPosition:
    venue_symbol, size = text(row["symbol"]), natural(row["closedSize"])
    symbol, settle = _known(venue_symbol, category)
    exit_price = nonzero(row["avgExitPrice"])
    base: Decimal | None = size
    if category == "inverse":
        base = ratio(size, exit_price) if exit_price else None
    return ClosedPosition(
        id=text(row["orderId"]),
        symbol=symbol,
        venue_symbol=venue_symbol,
        side={"Sell": Side.LONG, "Buy": Side.SHORT}[text(row["side"])],
        size_base=base,
        entry_price=nonzero(row["avgEntryPrice"]),
        exit_price=exit_price,
        net_pnl=number(row["closedPnl"]),
        settle_asset=settle,
        closed_at=instant(row["updatedTime"]),
    )


def _known(venue_symbol: str, category: str) -> tuple[str, str]:
    known = contract(venue_symbol, category)
    if known is None:
        raise ValueError("a contract of an unknown kind")
    return known
