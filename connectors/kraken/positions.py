"""Parser of Kraken's spot margin positions; entry and mark are told as cost and value."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors._parse import natural, nonzero, number, number_or_none, ratio, record, rows, text
from connectors._reading import Answer, Reading
from connectors.kraken.assets import pair_of
from connectors.kraken.public import result
from connectors.types import Position, Side

SIDES = {"buy": Side.LONG, "sell": Side.SHORT}
CENT = Decimal("0.01")


def open_positions(answer: Answer) -> Reading:
    """Read open margin positions: by id, or a list where they are added up by pair."""
    given = result(answer)
    found: list[tuple[str | None, dict[str, Any]]]
    if isinstance(given, list):
        found = [(None, row) for row in rows(given)]
    else:
        found = [(name, record(row)) for name, row in record(given).items()]
    kept = [(name, row) for name, row in found if _size(row)]
    return Reading(
        positions=[_position(row, answer) for _name, row in kept],
        details={"positions": [{"position_id": name, "market": "spot_margin"} for name, _row in kept]},
    )


def _size(row: Mapping[str, Any]) -> Decimal:
    size = natural(row["vol"]) - natural(row["vol_closed"])
    if size < 0:
        raise ValueError("closed more than was opened")
    return size


def _position(row: Mapping[str, Any], answer: Answer) -> Position:
    code, size = text(row["pair"]), _size(row)
    pair = pair_of(code, answer.context.get("pairs", {}))
    if pair is None:
        raise ValueError("unknown pair")
    cost, value = natural(row["cost"]), number_or_none(row.get("value"))
    return Position(
        wallet="margin",
        symbol="/".join(pair),
        venue_symbol=code,
        side=SIDES[text(row["type"])],
        size_base=size,
        settle_asset=pair[1],
        entry_price=ratio(cost, size),
        mark_price=None if value is None else ratio(value, size),
        unrealized_pnl=number(row["net"]) if row.get("net") not in (None, "") else None,
        contracts=size,
        contract_size=Decimal(1),
        contract_size_unit=pair[0],
        leverage=_leverage(row, cost),
        margin_mode="cross",
        as_of=answer.as_of,
    )


def _leverage(row: Mapping[str, Any], cost: Decimal) -> Decimal | None:
    told, margin = nonzero(row.get("leverage")), nonzero(row.get("margin"))
    if told is not None or margin is None:
        return told
    return ratio(cost, margin).quantize(CENT)
