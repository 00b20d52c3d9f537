"""Parsers of what Coinbase says about its clock, prices, contracts, currencies and keys."""

from collections.abc import Mapping
from typing import Any

from connectors._parse import flag, milliseconds, natural, nonzero, record, rows, text, text_or_none
from connectors._reading import Answer, Reading
from connectors.types import Permissions


def server_time(answer: Answer) -> Reading:
    """Read the exchange's clock."""
    return Reading(server_time_ms=milliseconds(record(answer.payload)["epochMillis"]))


def products(answer: Answer) -> Reading:
    """Read last prices of what can be traded, and the size and coin of each contract."""
    found = rows(record(answer.payload)["products"])
    prices = {text(row["product_id"]): nonzero(row["price"]) for row in found if row.get("is_disabled") is not True}
    details = [(text(row["product_id"]), row.get("future_product_details")) for row in found]
    contracts = {name: record(detail) for name, detail in details if detail}
    return Reading(
        prices={name: price for name, price in prices.items() if price is not None and price > 0},
        extra={
            "contract_sizes": {name: natural(detail["contract_size"]) for name, detail in contracts.items()},
            "contract_coins": {
                name: text(detail["contract_root_unit"])
                for name, detail in contracts.items()
                if detail.get("contract_root_unit")
            },
        },
    )


def exchange_rates(answer: Answer) -> Reading:
    """Read how many units of each currency one unit of the base buys."""
    data = record(record(answer.payload)["data"])
    rates = {name: natural(rate) for name, rate in record(data["rates"]).items()}
    return Reading(extra={"rates": {"base": text(data["currency"]), "rates": rates}})


def permissions(answer: Answer) -> Reading:
    """Read the rights of a key; one switch lets it deposit, send and move, so it stands for withdrawing."""
    body = record(answer.payload)
    moves = _flag_or_none(body, "can_transfer")
    portfolio, kind = (text_or_none(body.get(name)) for name in ("portfolio_uuid", "portfolio_type"))
    rights = Permissions(
        read=_flag_or_none(body, "can_view"),
        trade=_flag_or_none(body, "can_trade"),
        transfer=moves,
        withdraw=moves,
        ip_restricted=None,
        uid=portfolio,
    )
    return Reading(permissions=rights, extra={"portfolio": {"uuid": portfolio, "type": kind}})


def portfolios(answer: Answer) -> Reading:
    """Read the portfolios that still exist."""
    found = [
        {"uuid": text(row["uuid"]), "type": text(row["type"]), "name": text_or_none(row.get("name")) or ""}
        for row in rows(record(answer.payload)["portfolios"])
        if not flag(row["deleted"])
    ]
    return Reading(extra={"portfolios": found})


def _flag_or_none(body: Mapping[str, Any], name: str) -> bool | None:
    """Return a switch, None where the exchange leaves it out."""
    value = body.get(name)
    return None if value is None else flag(value)
