"""Parsers of Gate.io's open and closed positions. Sizes are contracts, which metadata turns into base units."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors._parse import from_ms, natural, nonzero, number, number_or_zero, ratio, rows, text
from connectors._reading import Answer, Reading
from connectors.gateio import failures
from connectors.gateio.public import next_offset
from connectors.gateio.symbols import contract_symbol, settle_of, wallet_of
from connectors.types import ClosedPosition, Position, Side

NO_LIQUIDATION = Decimal(99_999_999)


def open_positions(answer: Answer) -> Reading:
    """Read open positions of one product; rows of size 0 are leftovers."""
    if failures.never_opened(answer):
        return Reading(positions=[])
    items = rows(answer.payload)
    return Reading(
        positions=[_position(row, answer) for row in items if number(row["size"])], next=next_offset(answer, len(items))
    )


def closed_positions(answer: Answer) -> Reading:
    """Read a page of closed positions, newest first; the net result is P&L, funding and fees together."""
    if failures.never_opened(answer):
        return Reading(closed_positions=[])
    items = rows(answer.payload)
    sizes = [{"contracts": _closed_size(row)} for row in items]
    return Reading(
        closed_positions=[_closed(row, answer) for row in items],
        details={"closed_positions": sizes},
        next=next_offset(answer, len(items)),
    )


def contract_names(answer: Answer) -> set[str]:
    """Return the contracts that an answer of (open or closed) positions speaks of."""
    return set() if failures.never_opened(answer) else {text(row["contract"]) for row in rows(answer.payload)}


def mark_of(position: Position) -> tuple[object, ...]:
    """Return what tells a position from others of its list; one contract and side may have several."""
    return (
        position.venue_symbol, position.side, position.margin_mode, position.contracts, position.entry_price,
        position.leverage,
    )  # fmt: skip


def _position(row: Mapping[str, Any], answer: Answer) -> Position:
    name, settle, size = text(row["contract"]), settle_of(answer.path), number(row["size"])
    mark, contracts, mode = nonzero(row["mark_price"]), abs(size), text(row["mode"])
    contract = answer.context["contracts"][name]
    inverse = contract["type"] == "inverse"
    multiplier = Decimal(1) if inverse else natural(contract["quanto_multiplier"])
    side = Side.SHORT if mode == "dual_short" or (mode != "dual_long" and size < 0) else Side.LONG
    symbol = contract_symbol(name, settle)
    base, quote = name.split("_")[:2]
    liquidation = number_or_zero(row["liq_price"])
    return Position(
        wallet=wallet_of(answer.path),
        symbol=symbol or name,
        venue_symbol=name,
        side=side,
        size_base=ratio(contracts, number(row["mark_price"])) if inverse else contracts * multiplier,
        settle_asset=settle,
        entry_price=nonzero(row["entry_price"]),
        mark_price=mark,
        unrealized_pnl=number(row["unrealised_pnl"]),
        contracts=contracts,
        contract_size=multiplier,
        contract_size_unit=quote if inverse else base,
        liquidation_price=liquidation if 0 < liquidation < NO_LIQUIDATION else None,
        leverage=_leverage(row),
        margin_mode=_margin_mode(row),
        hedged=mode.startswith("dual_"),
        inverse=inverse,
        as_of=answer.as_of,
        opened_at=from_ms(int(opened * 1000)) if (opened := number_or_zero(row.get("open_time", ""))) else None,
    )


def _leverage(row: Mapping[str, Any]) -> Decimal | None:
    values = [
        number(row["leverage"]),
        *(number_or_zero(row.get(name, "")) for name in ("lever", "cross_leverage_limit")),
    ]
    return next((value for value in values if value > 0), None)


def _margin_mode(row: Mapping[str, Any]) -> str:
    """Return cross or isolated; older rows tell a cross position by leverage 0."""
    mode = row.get("pos_margin_mode") or ("isolated" if number(row["leverage"]) else "cross")
    if mode not in ("cross", "isolated"):
        raise ValueError("unknown margin mode")
    return str(mode)


def _closed_size(row: Mapping[str, Any]) -> Decimal:
    """Return all contracts of the trip; older rows know the largest size only."""
    return abs(number_or_zero(row.get("accum_size", ""))) or abs(number(row["max_size"]))


def _closed(row: Mapping[str, Any], answer: Answer) -> ClosedPosition:
    name, side, settle = text(row["contract"]), Side(text(row["side"])), settle_of(answer.path)
    entry, exit_price = nonzero(row["long_price"]), nonzero(row["short_price"])
    if side is Side.SHORT:
        entry, exit_price = exit_price, entry
    opened, closed = natural(row.get("first_open_time", 0)), number(row["time"])
    return ClosedPosition(
        id=f"{name}:{side.value}:{opened}:{closed}:{text(row['pnl'])}",
        symbol=contract_symbol(name, settle) or name,
        venue_symbol=name,
        side=side,
        size_base=_closed_base(row, answer),
        entry_price=entry,
        exit_price=exit_price,
        net_pnl=number(row["pnl"]),
        settle_asset=settle,
        closed_at=from_ms(int(closed * 1000)),
        gross_pnl=number(row["pnl_pnl"]),
        fee=number(row["pnl_fee"]),
        funding=number(row["pnl_fund"]),
        opened_at=from_ms(int(opened * 1000)) if opened else None,
    )


def _closed_base(row: Mapping[str, Any], answer: Answer) -> Decimal | None:
    """Return the size in base units; None without metadata, and on inverse, whose size is USD."""
    contract = answer.context.get("contracts", {}).get(text(row["contract"]))
    if contract is None or contract["type"] == "inverse":
        return None
    return _closed_size(row) * natural(contract["quanto_multiplier"])
