"""Parser of open positions. Mark and P&L are not told: the mark is the ticker's, P&L follows from it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors._parse import RATIO, natural, number_or_none, ratio, record, rows, text
from connectors._reading import Answer, Reading
from connectors.krakenfutures.symbols import contract_symbol, is_inverse, parts_of, wallet_of
from connectors.types import Position, Side

ONE = Decimal(1)


def open_positions(answer: Answer) -> Reading:
    """Read open positions with the mark prices of the context; unrealised funding is apart from the P&L."""
    marks = {str(name).upper(): natural(value) for name, value in answer.context.get("mark_prices", {}).items()}
    kept = [row for row in rows(record(answer.payload)["openPositions"]) if natural(row["size"])]
    return Reading(
        positions=[_position(row, marks, answer) for row in kept],
        details={
            "positions": [
                {"unrealized_funding": number_or_none(row.get("unrealizedFunding")), "position_id": None}
                for row in kept
            ]
        },
    )


def _position(row: Mapping[str, Any], marks: Mapping[str, Decimal], answer: Answer) -> Position:
    name = text(row["symbol"]).upper()
    side, size, entry, mark = Side(text(row["side"])), natural(row["size"]), natural(row["price"]), marks.get(name)
    inverse, leverage = is_inverse(name), number_or_none(row.get("maxFixedLeverage"))
    return Position(
        wallet=wallet_of(name),
        symbol=contract_symbol(name),
        venue_symbol=name,
        side=side,
        size_base=ratio(size, mark or entry) if inverse else size,
        settle_asset=parts_of(name)[1],
        entry_price=entry,
        mark_price=mark,
        unrealized_pnl=None if mark is None else _profit(side, size, entry, mark, inverse=inverse),
        contracts=size,
        contract_size=ONE,
        contract_size_unit="USD" if inverse else "base",
        leverage=leverage,
        margin_mode="cross" if leverage is None else "isolated",
        hedged=False,
        inverse=inverse,
        as_of=answer.as_of,
    )


def _profit(side: Side, size: Decimal, entry: Decimal, mark: Decimal, *, inverse: bool) -> Decimal:
    """Return the open P&L: dollars of a linear contract, coins of an inverse one."""
    move = RATIO.subtract(ratio(ONE, entry), ratio(ONE, mark)) if inverse else mark - entry
    return size * move if side is Side.LONG else -size * move
