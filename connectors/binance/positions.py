"""Parsers of Binance's open positions, linear and inverse, and of the settings they are joined with."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors._parse import flag, natural, nonzero, number, ratio, record, rows, text
from connectors._reading import Answer, Reading
from connectors.binance.symbols import inverse_symbol, linear_symbol
from connectors.types import Position, Side


def linear_positions(answer: Answer) -> Reading:
    """Read USD-M positions; leverage and margin mode come from the row or from `context["symbol_config"]`."""
    settings = answer.context.get("symbol_config", {})
    return Reading(positions=[_linear(row, settings, answer) for row in open_rows(answer)])


def inverse_positions(answer: Answer) -> Reading:
    """Read COIN-M positions: base size = contracts × `context["contract_size_usd"]` ÷ mark price (else entry price).

    `notionalValue` is not used: it is in coin in recordings, a price in a documented example.
    """
    sizes = answer.context.get("contract_size_usd", {})
    return Reading(positions=[_inverse(row, number(sizes[row["symbol"]]), answer) for row in open_rows(answer)])


def open_rows(answer: Answer) -> list[dict[str, Any]]:
    """Return the rows that hold a position: flat symbols and sides are listed too."""
    return [row for row in rows(answer.payload) if number(row["positionAmt"]) != 0]


def without_mark(answer: Answer) -> bool:
    """Whether an open position comes without a mark price: missing, empty or zero."""
    return any(nonzero(row.get("markPrice")) is None for row in open_rows(answer))


def marks(answer: Answer) -> Reading:
    """Read the mark prices of all contracts by symbol."""
    found = {text(row["symbol"]): natural(row["markPrice"]) for row in rows(answer.payload)}
    return Reading(extra={"marks": found})


def symbol_config(answer: Answer) -> Reading:
    """Read leverage and margin mode by symbol."""
    return Reading(extra={"symbol_config": {
        text(row["symbol"]): {"margin_mode": margin_mode(row["marginType"]), "leverage": natural(row["leverage"])}
        for row in rows(answer.payload)
    }})  # fmt: skip


def account_config(answer: Answer) -> Reading:
    """Read position mode and margin mode of the USD-M account."""
    body = record(answer.payload)
    modes = {"hedge_mode": flag(body["dualSidePosition"]), "multi_assets_mode": flag(body["multiAssetsMargin"])}
    return Reading(extra={"account_config": modes})


def contract_sizes(answer: Answer) -> Reading:
    """Read how many USD one contract of each COIN-M symbol is worth."""
    symbols = rows(record(answer.payload)["symbols"])
    return Reading(extra={"contract_size_usd": {text(row["symbol"]): natural(row["contractSize"]) for row in symbols}})


def margin_mode(value: object) -> str | None:
    """Return cross or isolated; None where the exchange does not say (portfolio margin)."""
    return (
        None if value is None else {"CROSSED": "cross", "CROSS": "cross", "ISOLATED": "isolated"}[text(value).upper()]
    )


def _linear(row: Mapping[str, Any], settings: Mapping[str, Any], answer: Answer) -> Position:
    venue_symbol = text(row["symbol"])
    settle = row.get("marginAsset")
    symbol = linear_symbol(venue_symbol, None if settle is None else text(settle))
    if symbol is None and settle is not None:  # a quote of tomorrow: the position counts, under its own name
        symbol = (venue_symbol, venue_symbol, text(settle))
    if symbol is None:
        raise ValueError("unknown quote")
    amount = number(row["positionAmt"])
    return _position(
        row,
        settings.get(venue_symbol, {}),
        answer,
        symbol=symbol,
        amount=amount,
        mark_price=_mark(row, answer),
        size_base=abs(amount),
        contract_size=Decimal(1),
        contract_size_unit=symbol[1],
    )


def _inverse(row: Mapping[str, Any], contract_size: Decimal, answer: Answer) -> Position:
    symbol = inverse_symbol(text(row["symbol"]))
    if symbol is None:
        raise ValueError("no inverse contract")
    amount, mark = number(row["positionAmt"]), _mark(row, answer)
    return _position(
        row,
        {},
        answer,
        symbol=symbol,
        amount=amount,
        mark_price=mark,
        size_base=ratio(abs(amount) * contract_size, _size_price(row, answer, mark)),
        contract_size=contract_size,
        contract_size_unit="USD",
        inverse=True,
    )


def _position(
    row: Mapping[str, Any],
    settings: Mapping[str, Any],
    answer: Answer,
    *,
    symbol: tuple[str, str, str],
    amount: Decimal,
    **facts: Any,  # noqa: ANN401 - sizes and mark price of Position
) -> Position:
    """Build a position from the fields that linear and inverse rows share; `amount` < 0 is short in one-way mode."""
    leverage = row.get("leverage", settings.get("leverage"))
    mode = row.get("marginType", settings.get("marginType", settings.get("margin_mode")))
    wallet = {"fapi": "usdm", "dapi": "coinm", "papi": "portfolio_margin"}[answer.path.split("/")[1]]
    return Position(
        wallet=wallet,
        symbol=symbol[0],
        venue_symbol=text(row["symbol"]),
        side=_side(row, amount),
        settle_asset=symbol[2],
        entry_price=nonzero(row["entryPrice"]),
        unrealized_pnl=number(row["unRealizedProfit"]),
        contracts=abs(amount),
        liquidation_price=nonzero(row["liquidationPrice"]),
        leverage=None if leverage is None else natural(leverage),
        margin_mode=margin_mode(mode),
        hedged=row["positionSide"] != "BOTH",
        as_of=answer.as_of,
        **facts,
    )


def _mark(row: Mapping[str, Any], answer: Answer) -> Decimal | None:
    """Return the mark of the row, else that of the market where `context["marks"]` has it."""
    return nonzero(row.get("markPrice")) or nonzero(answer.context.get("marks", {}).get(row["symbol"]))


def _size_price(row: Mapping[str, Any], answer: Answer, mark: Decimal | None) -> Decimal:
    """Return the price that turns dollars into coins: the mark, or the entry where the answer never holds one."""
    if mark is None and not answer.path.startswith("/papi/"):
        raise ValueError("no mark price")
    return mark or number(row["entryPrice"])


def _side(row: Mapping[str, Any], amount: Decimal) -> Side:
    """Return the direction: the position side in hedge mode, the sign of the amount in one-way mode."""
    one_way = Side.LONG if amount > 0 else Side.SHORT
    return {"LONG": Side.LONG, "SHORT": Side.SHORT, "BOTH": one_way}[row["positionSide"]]
