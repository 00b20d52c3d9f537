"""Parsers of BingX's open and closed positions. USDT-M counts base coin, Coin-M counts contracts worth some USD."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors._parse import flag, instant, nonzero, number, number_or_none, ratio, rows_or_none, text, text_or_none
from connectors._reading import Answer, Reading
from connectors.bingx.balances import counts
from connectors.bingx.public import data, listed
from connectors.bingx.symbols import inverse_symbol, linear_symbol, split_symbol
from connectors.types import ClosedPosition, Position, Side

# for an answer that is read alone; the connector asks the exchange for the sizes of its day
USUAL_SIZE, USUAL_SIZES = Decimal(10), {"BTC-USD": Decimal(100)}


def open_rows(answer: Answer) -> list[dict[str, Any]]:
    """Return the positions that are open."""
    return [row for row in listed(answer) if number(row["positionAmt"]) != 0]


def lacks_mark(answer: Answer) -> bool:
    """Tell whether an open position comes without its mark price, as older answers do."""
    return any(nonzero(row.get("markPrice")) is None for row in open_rows(answer))


def linear(answer: Answer) -> Reading:
    """Read USDT-M positions; P&L is in `currency`."""
    found = [row for row in open_rows(answer) if counts(_settle(row), answer)]
    told = {None if row.get("onlyOnePosition") is None else flag(row["onlyOnePosition"]) for row in found}
    hedged = True if False in told else None if None in told else False
    reading = _reading(found, [_linear(row, answer) for row in found])
    reading.extra = {"hedged": hedged} if found else {}
    return reading


def inverse(answer: Answer) -> Reading:
    """Read Coin-M positions; P&L is in the coin."""
    found = open_rows(answer)
    return _reading(found, [_inverse(row, answer) for row in found])


def standard(answer: Answer) -> Reading:
    """Read standard contracts, whose fields have names of their own."""
    found = open_rows(answer)
    return _reading(found, [_standard(row, answer) for row in found])


def closed(answer: Answer) -> Reading:
    """Read a page of closed positions; `partial` are those not yet closed as a whole. Sizes are in lots: not used."""
    content = data(answer)
    if isinstance(content, dict):
        content = content["positionHistory"] if "positionHistory" in content else content["list"]
    items = rows_or_none(content)
    page, size = int(answer.params.get("pageIndex", 1)), int(answer.params.get("pageSize", 100))
    following = {**answer.params, "pageIndex": str(page + 1)} if len(items) >= size else None
    more = [{"position_id": text(row["positionId"]), "partial": row.get("closeAllPositions") is False} for row in items]
    return Reading(closed_positions=[_closed(row) for row in items], details={"closed_positions": more}, next=following)


def _reading(found: list[dict[str, Any]], positions: list[Position]) -> Reading:
    ids = [{"position_id": text_or_none(row.get("positionId"))} for row in found]
    return Reading(positions=positions, details={"positions": ids})


def _side(row: Mapping[str, Any]) -> Side:
    told = text(row["positionSide"])
    if told == "BOTH":
        return Side.LONG if number(row["positionAmt"]) > 0 else Side.SHORT
    return {"LONG": Side.LONG, "SHORT": Side.SHORT}[told]


def _settle(row: Mapping[str, Any]) -> str:
    parts = split_symbol(text(row["symbol"]))
    return text(row["currency"] if "currency" in row else parts[1] if parts else None)


def _mark(row: Mapping[str, Any], answer: Answer) -> Decimal | None:
    known: Decimal | None = answer.context.get("marks", {}).get(row["symbol"])
    return nonzero(row.get("markPrice")) or known


def _margin_mode(row: Mapping[str, Any]) -> str | None:
    return {True: "isolated", False: "cross"}[row["isolated"]] if row.get("isolated") is not None else None


def _liquidation(row: Mapping[str, Any]) -> Decimal | None:
    price = number_or_none(row.get("liquidationPrice"))
    return price if price is not None and price > 0 else None


def _linear(row: Mapping[str, Any], answer: Answer) -> Position:
    venue_symbol, settle, size = text(row["symbol"]), _settle(row), abs(number(row["positionAmt"]))
    parts = split_symbol(venue_symbol)
    only_one = row.get("onlyOnePosition")
    return Position(
        wallet="futures_linear",
        symbol=linear_symbol(venue_symbol, settle) or venue_symbol,
        venue_symbol=venue_symbol,
        side=_side(row),
        size_base=size,
        settle_asset=settle,
        entry_price=nonzero(row["avgPrice"]),
        mark_price=_mark(row, answer),
        unrealized_pnl=number(row["unrealizedProfit"]),
        contracts=size,
        contract_size=Decimal(1),
        contract_size_unit=parts[0] if parts else None,
        liquidation_price=_liquidation(row),
        leverage=number_or_none(row["leverage"]),
        margin_mode=_margin_mode(row),
        hedged=not only_one if isinstance(only_one, bool) else None,
        as_of=answer.as_of,
    )


def _inverse(row: Mapping[str, Any], answer: Answer) -> Position:
    venue_symbol, contracts = text(row["symbol"]), abs(number(row["positionAmt"]))
    sizes, mark = answer.context.get("contract_size_usd"), _mark(row, answer)
    size = USUAL_SIZES.get(venue_symbol, USUAL_SIZE) if sizes is None else sizes[venue_symbol]
    if mark is None:
        raise ValueError("no mark price")
    symbol = inverse_symbol(venue_symbol)
    return Position(
        wallet="futures_inverse",
        symbol=symbol,
        venue_symbol=venue_symbol,
        side=_side(row),
        size_base=ratio(contracts * size, mark),
        settle_asset=symbol.rpartition(":")[2],
        entry_price=nonzero(row["avgPrice"]),
        mark_price=mark,
        unrealized_pnl=number(row["unrealizedProfit"]),
        contracts=contracts,
        contract_size=size,
        contract_size_unit="USD",
        liquidation_price=_liquidation(row),
        leverage=number_or_none(row["leverage"]),
        margin_mode=_margin_mode(row),
        inverse=True,
        as_of=answer.as_of,
    )


def _standard(row: Mapping[str, Any], answer: Answer) -> Position:
    venue_symbol, size = text(row["symbol"]), abs(number(row["positionAmt"]))
    base, quote = split_symbol(venue_symbol) or ("", "")
    return Position(
        wallet="futures_standard",
        symbol=linear_symbol(venue_symbol) or venue_symbol,
        venue_symbol=venue_symbol,
        side=_side(row),
        size_base=size,
        settle_asset=text(quote),
        entry_price=nonzero(row["entryPrice"]),
        mark_price=nonzero(row["currentPrice"]),
        unrealized_pnl=number(row["unrealizedProfit"]),
        contracts=size,
        contract_size=Decimal(1),
        contract_size_unit=base,
        leverage=number_or_none(row["leverage"]),
        margin_mode=_margin_mode(row),
        as_of=answer.as_of,
    )


def _closed(row: Mapping[str, Any]) -> ClosedPosition:
    venue_symbol = text(row["symbol"])
    _base, quote = split_symbol(venue_symbol) or ("", "")
    return ClosedPosition(
        id=text(row["positionId"]),
        symbol=linear_symbol(venue_symbol) or venue_symbol,
        venue_symbol=venue_symbol,
        side=Side(text(row["positionSide"]).lower()),
        size_base=None,
        entry_price=nonzero(row["avgPrice"]),
        exit_price=nonzero(row["avgClosePrice"]),
        net_pnl=number(row["netProfit"]),
        settle_asset=text(quote),
        closed_at=instant(row["updateTime"]),
        gross_pnl=number(row["realisedProfit"] if "realisedProfit" in row else row["realizedProfit"]),
        fee=number(row["positionCommission"]),
        funding=number(row["totalFunding"]),
        opened_at=instant(row["openTime"]),
    )
