"""Parsers of OKX's open and closed positions. Contracts become base units by the facts of their instruments."""

import logging
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors._parse import (
    instant,
    instant_or_none,
    milliseconds,
    natural,
    nonzero,
    number,
    number_or_none,
    number_or_zero,
    ratio,
    text,
)
from connectors._reading import Answer, Reading
from connectors.okx.public import data
from connectors.okx.symbols import unified_symbol
from connectors.types import ClosedPosition, Position, Side

log = logging.getLogger(__name__)

DERIVATIVES = ("SWAP", "FUTURES", "OPTION")
KINDS = (*DERIVATIVES, "MARGIN")
PARTLY_CLOSED = ("1", "4")


def open_positions(answer: Answer) -> Reading:
    """Read open positions; flat rows are dropped, a kind that is not known is left out with a warning."""
    opened = [row for row in data(answer) if number(row["pos"]) != 0]
    known = [row for row in opened if text(row["instType"]) in KINDS]
    if len(known) < len(opened):
        log.warning("positions of an unknown kind are left out", extra={"endpoint": answer.path})
    return Reading(
        positions=[_margin(row, answer) if row["instType"] == "MARGIN" else _contract(row, answer) for row in known],
        details={"positions": [{"inst_type": text(row["instType"])} for row in known]},
    )


def closed_positions(answer: Answer) -> Reading:
    """Read a page of closed positions, latest change first: net = gross + fee + funding + liquidation penalty."""
    items = data(answer)
    return Reading(
        closed_positions=[_closed(row, answer) for row in items],
        details={
            "closed_positions": [
                {"contracts": natural(row["closeTotalPos"]), "partial": text(row["type"]) in PARTLY_CLOSED}
                for row in items
            ]
        },
        next=older(answer, [milliseconds(row["uTime"]) for row in items]),
    )


def older(answer: Answer, times: list[int]) -> dict[str, Any] | None:
    """Return the page after a full one of a list that goes on below a time; it repeats rows of that last instant."""
    if not times or len(times) < int(answer.params.get("limit", 100)):
        return None
    return {**answer.params, "after": str(min(times) + 1)}


def contracts_held(answer: Answer) -> set[tuple[str, str]]:
    """Return kind and instrument of the contracts that an answer speaks of."""
    rows = ((text(row["instType"]), text(row["instId"])) for row in data(answer))
    return {(kind, instrument) for kind, instrument in rows if kind in DERIVATIVES}


def _facts(row: Mapping[str, Any], answer: Answer) -> tuple[Decimal, str, bool, str]:
    """Return size of one contract, its unit, whether it is inverse, and the settlement coin."""
    facts = answer.context["instruments"][text(row["instId"])]
    size = natural(facts["ctVal"]) * (number_or_none(facts["ctMult"]) or Decimal(1))
    return size, text(facts["ctValCcy"]), facts["ctType"] == "inverse", text(facts["settleCcy"])


def _contract(row: Mapping[str, Any], answer: Answer) -> Position:
    size, unit, inverse, settle = _facts(row, answer)
    name, signed = text(row["instId"]), number(row["pos"])
    mark = nonzero(row["markPx"])
    amount = abs(signed) * size
    if inverse:
        amount = ratio(amount, mark if mark is not None else number(row["last"]))
    side = text(row["posSide"])
    return Position(
        wallet="trading",
        symbol=unified_symbol(name, settle) or name,
        venue_symbol=name,
        side=(Side.LONG if signed > 0 else Side.SHORT) if side == "net" else Side(side),
        size_base=amount,
        settle_asset=settle,
        contracts=abs(signed),
        contract_size=size,
        contract_size_unit=unit,
        hedged=side != "net",
        inverse=inverse,
        **_common(row, answer),
    )


def _margin(row: Mapping[str, Any], answer: Answer) -> Position:
    """Read a margin trade on spot: bought with a loan (its coin is the base) or sold from one."""
    name, signed = text(row["instId"]), number(row["pos"])
    base, quote = name.split("-")
    long = {base: True, quote: False}[text(row["posCcy"])]
    return Position(
        wallet="trading",
        symbol=unified_symbol(name) or name,
        venue_symbol=name,
        side=Side.LONG if long else Side.SHORT,
        size_base=abs(signed if long else number(row["liab"])),
        settle_asset=text(row["ccy"]),
        contracts=abs(signed),
        hedged=False,
        **_common(row, answer),
    )


def _common(row: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
    return {
        "entry_price": nonzero(row["avgPx"]),
        "mark_price": nonzero(row["markPx"]),
        "unrealized_pnl": number(row["upl"]),
        "liquidation_price": nonzero(row["liqPx"]),
        "leverage": number_or_none(row["lever"]),
        "margin_mode": text(row["mgnMode"]),
        "opened_at": instant_or_none(row.get("cTime")),
        "as_of": answer.as_of,
    }


def _closed(row: Mapping[str, Any], answer: Answer) -> ClosedPosition:
    name, settle, closed = text(row["instId"]), text(row["ccy"]), text(row["uTime"])
    return ClosedPosition(
        id=f"{text(row['posId'])}:{closed}",
        symbol=unified_symbol(name, settle) or name,
        venue_symbol=name,
        side=Side(text(row["direction"])),
        size_base=_closed_size(row, answer),
        entry_price=nonzero(row["openAvgPx"]),
        exit_price=nonzero(row["closeAvgPx"]),
        net_pnl=number(row["realizedPnl"]),
        settle_asset=settle,
        closed_at=instant(closed),
        gross_pnl=number(row["pnl"]),
        fee=number_or_zero(row["fee"]) + number_or_zero(row["liqPenalty"]),
        funding=number_or_zero(row["fundingFee"]),
        opened_at=instant(row["cTime"]),
    )


def _closed_size(row: Mapping[str, Any], answer: Answer) -> Decimal | None:
    """Return the size in base units, None for inverse contracts and for those that are listed no more."""
    if text(row["instId"]) not in answer.context.get("instruments", {}):
        return None
    size, _unit, inverse, _settle = _facts(row, answer)
    return None if inverse else natural(row["closeTotalPos"]) * size
