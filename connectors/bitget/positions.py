"""Parsers of Bitget's open and closed positions. Sizes are base coin on every product type; P&L is taken as sent."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors._parse import (
    instant,
    instant_or_none,
    natural,
    nonzero,
    number,
    number_or_none,
    record,
    rows,
    rows_or_none,
    text,
    total,
)
from connectors._reading import Answer, Reading
from connectors.bitget.public import data
from connectors.bitget.symbols import contract_symbol
from connectors.types import ClosedPosition, Position, Side

LINEAR_COINS = ("USDT", "USDC")
MARGIN_MODES = {"crossed": "cross", "cross": "cross", "isolated": "isolated"}


def classic_positions(answer: Answer) -> Reading:
    """Read open positions of one product type."""
    return Reading(positions=_open(rows(data(answer)), answer, unified=False))


def unified_positions(answer: Answer) -> Reading:
    """Read open positions of one category; the list is null when there is none."""
    return Reading(positions=_open(rows_or_none(record(data(answer))["list"]), answer, unified=True))


def classic_history(answer: Answer) -> Reading:
    """Read a page of closed positions, newest first: net = gross + funding + both fees."""
    body = record(data(answer))
    items = rows_or_none(body["list"])
    end = body["endId"]
    following = {**answer.params, "idLessThan": text(end)} if items and end else None
    return Reading(closed_positions=[_closed(row, unified=False) for row in items], next=following)


def unified_history(answer: Answer) -> Reading:
    """Read a page of closed positions of a unified account."""
    body = record(data(answer))
    items = rows_or_none(body["list"])
    cursor = body.get("cursor")
    following = {**answer.params, "cursor": text(cursor)} if items and cursor else None
    return Reading(closed_positions=[_closed(row, unified=True) for row in items], next=following)


def _open(items: list[dict[str, Any]], answer: Answer, *, unified: bool) -> list[Position]:
    return [_position(row, answer, unified=unified) for row in items if number(row["total"]) != 0]


def _position(row: Mapping[str, Any], answer: Answer, *, unified: bool) -> Position:
    settle, venue_symbol = text(row["marginCoin"]).upper(), text(row["symbol"])
    symbol = contract_symbol(venue_symbol, settle)
    inverse = settle not in LINEAR_COINS
    liquidation = number_or_none(row["liquidationPrice"])
    return Position(
        wallet="unified" if unified else "futures_inverse" if inverse else "futures_linear",
        symbol=symbol or venue_symbol,
        venue_symbol=venue_symbol,
        side=Side(text(row["posSide" if unified else "holdSide"])),
        size_base=natural(row["total"]),
        settle_asset=settle,
        entry_price=nonzero(row["avgPrice" if unified else "openPriceAvg"]),
        mark_price=nonzero(row["markPrice"]),
        unrealized_pnl=number(row["unrealisedPnl" if unified else "unrealizedPL"]),
        contracts=natural(row["total"]),
        contract_size=Decimal(1),
        contract_size_unit=symbol.split("/")[0] if symbol else None,
        liquidation_price=liquidation if liquidation is not None and liquidation > 0 else None,
        leverage=number_or_none(row["leverage"]),
        margin_mode=MARGIN_MODES[text(row["marginMode"])],
        hedged=text(row["holdMode" if unified else "posMode"]) == "hedge_mode",
        inverse=inverse,
        as_of=answer.as_of,
        opened_at=instant_or_none(row.get("createdTime" if unified else "cTime")),
    )


def _closed(row: Mapping[str, Any], *, unified: bool) -> ClosedPosition:
    settle, venue_symbol = text(row["marginCoin"]).upper(), text(row["symbol"])
    closed, opened = (row["updatedTime"], row["createdTime"]) if unified else (row["utime"], row["ctime"])
    fees = ("openFeeTotal", "closeFeeTotal") if unified else ("openFee", "closeFee")
    side = text(row["posSide" if unified else "holdSide"])
    return ClosedPosition(
        id=f"{venue_symbol}:{side}:{text(opened)}:{text(closed)}",
        symbol=contract_symbol(venue_symbol, settle) or venue_symbol,
        venue_symbol=venue_symbol,
        side=Side(side),
        size_base=natural(row["closeTotalPos"]),
        entry_price=nonzero(row["openPriceAvg" if unified else "openAvgPrice"]),
        exit_price=nonzero(row["closePriceAvg" if unified else "closeAvgPrice"]),
        net_pnl=number(row["netProfit"]),
        settle_asset=settle,
        closed_at=instant(closed),
        gross_pnl=number(row["cumRealisedPnl" if unified else "pnl"]),
        fee=total(number(row[name]) for name in fees),
        funding=number(row["totalFunding"]),
        opened_at=instant(opened),
    )
