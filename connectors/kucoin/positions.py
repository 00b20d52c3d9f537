"""Parsers of KuCoin's open and closed futures positions. Sizes are contracts, which metadata turns into base units."""

from collections.abc import Mapping
from typing import Any

from connectors._parse import instant, instant_or_none, nonzero, number, ratio, record, rows, text
from connectors._reading import Answer, Reading
from connectors.kucoin.public import data
from connectors.kucoin.symbols import coin, contract_symbol, futures_wallet
from connectors.types import ClosedPosition, Position, Side


def open_positions(answer: Answer) -> Reading:
    """Read open positions; rows of size 0 are leftovers."""
    return Reading(positions=[_position(row, answer) for row in rows(data(answer)) if number(row["currentQty"])])


def closed_positions(answer: Answer) -> Reading:
    """Read a page of closed positions, newest first: net = gross - trading fees + funding."""
    body = record(data(answer))
    page, last = int(number(body["currentPage"])), int(number(body["totalPage"]))
    items = rows(body["items"])
    following = {**answer.params, "pageId": str(page + 1)} if items and page < last else None
    return Reading(closed_positions=[_closed(row, answer) for row in items], next=following)


def _position(row: Mapping[str, Any], answer: Answer) -> Position:
    name, settle, size = text(row["symbol"]), coin(row["settleCurrency"]), number(row["currentQty"])
    contract = answer.context["contracts"][name]
    multiplier, inverse, contracts = number(contract["multiplier"]), bool(contract["inverse"]), abs(size)
    mark, place = number(row["markPrice"]), text(row["positionSide"])
    side = Side.SHORT if place == "SHORT" or (place == "BOTH" and size < 0) else Side.LONG
    liquidation = number(row["liquidationPrice"])
    return Position(
        wallet=futures_wallet(settle),
        symbol=contract_symbol(contract),
        venue_symbol=name,
        side=side,
        size_base=ratio(contracts * multiplier, mark) if inverse else contracts * multiplier,
        settle_asset=settle,
        entry_price=nonzero(row["avgEntryPrice"]),
        mark_price=mark or None,
        unrealized_pnl=number(row["unrealisedPnl"]),
        contracts=contracts,
        contract_size=multiplier,
        contract_size_unit=text(contract["quote"] if inverse else contract["base"]),
        liquidation_price=liquidation if liquidation > 0 else None,
        leverage=nonzero(row["leverage"]),
        margin_mode={"CROSS": "cross", "ISOLATED": "isolated"}[text(row["marginMode"])],
        hedged=place in ("LONG", "SHORT"),
        inverse=inverse,
        as_of=answer.as_of,
        opened_at=instant_or_none(row.get("openingTimestamp")),
    )


def _closed(row: Mapping[str, Any], answer: Answer) -> ClosedPosition:
    name = text(row["symbol"])
    contract = answer.context.get("contracts", {}).get(name)
    net, fee, funding = number(row["pnl"]), -number(row["tradeFee"]), number(row["fundingFee"])
    side = row.get("side") or ("SHORT" if "SHORT" in text(row["type"]).upper() else "LONG")
    return ClosedPosition(
        id=text(row["closeId"]),
        symbol=contract_symbol(contract) if contract else name,
        venue_symbol=name,
        side=Side(text(side).lower()),
        size_base=None,
        entry_price=nonzero(row["openPrice"]),
        exit_price=nonzero(row["closePrice"]),
        net_pnl=net,
        settle_asset=coin(row["settleCurrency"]),
        closed_at=instant(row["closeTime"]),
        gross_pnl=net - fee - funding,
        fee=fee,
        funding=funding,
        opened_at=instant(row["openTime"]),
    )
