"""What the parts of the Kraken dialect share: codes of assets and pairs, ids, refusals, times, parameters."""

import base64
import hashlib
from datetime import datetime
from decimal import Decimal

from connectors.sandbox.dialect import Call
from connectors.sandbox.model import to_ms
from connectors.sandbox.wire import Answer, RefusedError

Row = dict[str, object]
OLD = {"BTC": "XXBT", "DOGE": "XXDG", "ETH": "XETH", "XRP": "XXRP", "LTC": "XLTC", "USD": "ZUSD"}
SHORT = {"BTC": "XBT", "DOGE": "XDG"}
EARNING = {"ETH": "ETH2.S", "BTC": "XBT.M"}
DOLLAR = "USDT"


def refused(*errors: str) -> RefusedError:
    """Return a refusal: a success of HTTP with errors in it."""
    return RefusedError(Answer(200, {"error": list(errors)}))


def short(asset: str) -> str:
    """Return the short code of an asset."""
    return SHORT.get(asset, asset)


def code(asset: str, wallet: str = "spot") -> str:
    """Return the code of an asset as it lies in a wallet."""
    if wallet == "earn":
        return EARNING.get(asset, f"{short(asset)}.F")
    return OLD.get(asset, asset)


def pair(base: str, quote: str = DOLLAR) -> str:
    """Return the code of a pair; old coins keep their long codes against the dollar."""
    return code(base) + code(quote) if quote == "USD" and base in OLD else f"{short(base)}{code(quote)}"


def identity(letter: str, *parts: object) -> str:
    """Return an id in Kraken's form that is always the same for the same parts."""
    text = base64.b32encode(hashlib.sha256(":".join(map(str, parts)).encode()).digest()).decode()
    return f"{letter}{text[:5]}-{text[5:10]}-{text[10:16]}"


def seconds(at: datetime) -> float:
    """Return Unix seconds with a fraction."""
    return to_ms(at) / 1000


def number(call: Call, name: str) -> Decimal | None:
    """Return a parameter that is a number, None where it is not given.

    Raises:
        RefusedError: it is something else.
    """
    value = call.params.get(name, "")
    if not value:
        return None
    if not (value.isascii() and value.replace(".", "", 1).isdigit()):
        raise refused("EGeneral:Invalid arguments")
    return Decimal(value)


def in_span(call: Call, at: datetime) -> bool:
    """Tell whether an instant lies behind `start` and not behind `end`."""
    start, end, moment = number(call, "start"), number(call, "end"), Decimal(to_ms(at)) / 1000
    return (start is None or moment > start) and (end is None or moment <= end)
