"""Parsers of tickers, which tell the time too, and of a key's rights."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors._parse import nonzero, number, record, rows, text, text_or_none, to_ms
from connectors._reading import Answer, Reading
from connectors.types import Permissions

ACCESS = {"NO_ACCESS": (False, False), "READ_ONLY": (True, False), "FULL_ACCESS": (True, True)}
UNKNOWN = (None, None)
INDEX = "in_"


def tickers(answer: Answer) -> Reading:
    """Read mark prices of contracts, spot indices such as in_xbtusd as prices, and the exchange's clock."""
    body = record(answer.payload)
    found = rows(body["tickers"])
    marks = {text(row["symbol"]).upper(): number(row["markPrice"]) for row in found if row.get("markPrice") is not None}
    indices = {text(row["symbol"]): nonzero(row.get("last")) for row in found if text(row["symbol"]).startswith(INDEX)}
    prices = {symbol: price for symbol, price in indices.items() if price is not None and price > 0}
    clock = datetime.fromisoformat(text(body["serverTime"]))
    return Reading(prices=prices, server_time_ms=to_ms(clock), extra={"marks": marks})


def permissions(answer: Answer) -> Reading:
    """Read a key's rights: full access to transfers may move money out; a word that is not known leaves it open."""
    body = record(answer.payload)
    rights = record(body["permissions"])
    read, trade = ACCESS.get(text(rights["general"]), UNKNOWN)
    _see, move = ACCESS.get(text(rights["transfer"]), UNKNOWN)
    found = Permissions(
        read=read,
        trade=trade,
        transfer=move,
        withdraw=move,
        ip_restricted=_bound(body),
        uid=text_or_none(body.get("accountUid")),
    )
    return Reading(permissions=found, details={"permissions": [{"raw": dict(rights)}]})


def _bound(body: Mapping[str, Any]) -> bool:
    """Tell whether a key is bound to addresses: one, or a list of them."""
    blocks = body.get("allowedCidrBlocks")
    if blocks is not None and (not isinstance(blocks, list) or not all(isinstance(block, str) for block in blocks)):
        raise ValueError("no list of addresses")
    return text_or_none(body.get("allowedCidrBlock")) is not None or any(blocks or ())
