"""Parsers of tickers, which tell the time too, and of a key's rights."""

from datetime import datetime

from connectors._parse import nonzero, number, record, rows, text, to_ms
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
        ip_restricted=bool(body.get("allowedCidrBlock") or body.get("allowedCidrBlocks")),
        uid=str(body.get("accountUid") or "") or None,
    )
    return Reading(permissions=found, details={"permissions": [{"raw": dict(rights)}]})
