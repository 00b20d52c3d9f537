"""What the parts of the Kraken futures dialect share: names, refusals, envelope, numbers, times."""

from datetime import UTC, datetime
from decimal import Decimal

from connectors.sandbox.dialect import Call
from connectors.sandbox.model import Event
from connectors.sandbox.wire import Answer, RefusedError

Row = dict[str, object]
SHORT = {"BTC": "xbt", "USDT": "usd"}  # the world's dollar is a real one here


def refused(code: str, status: int = 200) -> RefusedError:
    """Return a refusal in the exchange's envelope."""
    return RefusedError(Answer(status, {"result": "error", "error": code, "serverTime": "2026-01-01T00:00:00.000Z"}))


def envelope(call: Call, **content: object) -> Row:
    """Return a success."""
    return {"result": "success", **content, "serverTime": stamp(call.site.now())}


def code(asset: str) -> str:
    """Return Kraken's name of a coin, in lower case."""
    return SHORT.get(asset, asset.lower())


def contract(base: str, *, inverse: bool) -> str:
    """Return the perpetual of a coin."""
    return f"{'PI' if inverse else 'PF'}_{code(base).upper()}USD"


def margin_account(event: Event) -> str:
    """Return the wallet that an event of the world belongs to."""
    if event.wallet == "futures_inverse":
        return f"fi_{code(event.asset)}usd"
    return "cash" if event.wallet == "cash" else "flex"


def stamp(at: datetime) -> str:
    """Return a time as Kraken prints it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def exact(value: Decimal) -> float:
    """Return a JSON number; sixteen digits are enough for every amount of the world."""
    return float(value)


def whole(call: Call, name: str) -> int | None:
    """Return a whole-number parameter, None where it is not given.

    Raises:
        RefusedError: it is something else.
    """
    value = call.params.get(name, "")
    if value and not (value.isascii() and value.isdigit()):
        raise refused("invalidArgument", 400)
    return int(value) if value else None
