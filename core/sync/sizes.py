"""How trades change the sizes of open positions: an inverse one counts USD, its size in coins moves with the price."""

from collections.abc import Iterator, Sequence
from decimal import Context, Decimal

from connectors.types import Position
from core.domain.types import OpenPosition

Open = Position | OpenPosition
EXACT = Context(prec=15)  # USD ÷ price × price is the same USD again


def key_of(position: Open) -> tuple[str, str, str]:
    """Return what a position is known by: wallet, contract and side."""
    return position.wallet, position.venue_symbol, str(position.side)


def size_changes(before: Sequence[Open], after: Sequence[Position]) -> Iterator[Decimal]:
    """Yield for each position how much it has grown (> 0) or shrunk (< 0), in what its exchange counts it in."""
    old, new = {key_of(position): position for position in before}, {key_of(position): position for position in after}
    for key in old.keys() | new.keys():
        one, two = old.get(key), new.get(key)
        if two is None:
            yield -old[key].size_base
        else:
            yield _counted(two, two) - (_counted(one, two) if one else Decimal(0))


def _counted(position: Open, told: Position) -> Decimal:
    """Return a position's size in the unit of its contract, which `told`, a fresh answer of it, knows."""
    in_usd = told.inverse and told.contracts is not None and told.contracts != told.size_base
    price = position.mark_price or position.entry_price
    return EXACT.multiply(position.size_base, price) if in_usd and price else position.size_base
