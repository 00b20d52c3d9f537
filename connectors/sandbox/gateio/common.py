"""What the parts of the Gate.io dialect share: refusals, parameters, windows in seconds, paging, contracts."""

from datetime import UTC, datetime
from decimal import Decimal

from connectors.sandbox.dialect import Call
from connectors.sandbox.model import OpenPosition
from connectors.sandbox.prices import step
from connectors.sandbox.wire import Answer, RefusedError

DAY = 86_400
KEPT_DAYS = 180
CLASSIC = "classic"
INVERSE_BASES = ("BTC",)
LAST_SECOND = 253_402_300_799
PREFIX = "/api/v4"
Row = dict[str, object]


def refused(label: str, message: str, status: int = 400) -> RefusedError:
    """Return a refusal in the exchange's envelope."""
    return RefusedError(Answer(status, {"label": label, "message": message}))


def never_opened(what: str) -> RefusedError:
    """Return the refusal of a wallet that was never used."""
    return refused("USER_NOT_FOUND", f"please transfer funds first to create {what} account")


def number(call: Call, name: str, default: int) -> int:
    """Return a whole-number parameter.

    Raises:
        RefusedError: it is not a number.
    """
    value = call.params.get(name) or str(default)
    if not value.isdigit():
        raise refused("INVALID_PARAM_VALUE", f"Invalid {name}: {value}")
    return int(value)


def limit(call: Call, *, default: int, most: int) -> int:
    """Return the page size.

    Raises:
        RefusedError: it is larger than allowed, or zero.
    """
    value = number(call, "limit", default)
    if not 1 <= value <= most:
        raise refused("INVALID_PARAM_VALUE", f"limit {value} exceeds maximum {most}")
    return value


def window(call: Call, *, default_days: int, max_days: int | None = None) -> tuple[datetime, datetime]:
    """Return the asked window of whole seconds, both ends inclusive.

    A window in milliseconds lies in the far future: it is accepted, and empty.

    Raises:
        RefusedError: turned round, longer than `max_days`, or further back than the exchange keeps.
    """
    now = int(call.at.timestamp())
    until = number(call, "to", now + 1)
    since = number(call, "from", until - default_days * DAY)
    if since > until:
        raise refused("INVALID_PARAM_VALUE", "from is later than to")
    if max_days is not None and until - since > max_days * DAY:
        raise refused("INVALID_PARAM_VALUE", f"time range exceeds {max_days} days")
    if since < now - KEPT_DAYS * DAY:
        raise refused("INVALID_PARAM_VALUE", f"only the last {KEPT_DAYS} days can be queried")
    return instant(min(since, LAST_SECOND)), instant(min(until, LAST_SECOND))


def instant(second: int) -> datetime:
    """Return the aware instant of Unix seconds."""
    return datetime.fromtimestamp(second, UTC)


def by_offset(call: Call, rows: list[Row], *, default: int = 100, most: int = 1000) -> list[Row]:
    """Return one page of rows that are sorted newest first."""
    first = number(call, "offset", 0)
    return rows[first : first + limit(call, default=default, most=most)]


def by_page(call: Call, rows: list[Row], *, default: int = 100, most: int = 1000) -> list[Row]:
    """Return one page, the first being number 1."""
    size = limit(call, default=default, most=most)
    first = (max(number(call, "page", 1), 1) - 1) * size
    return rows[first : first + size]


def is_classic(call: Call) -> bool:
    """Tell whether the account is a classic one."""
    return call.account.mode == CLASSIC


def contract(base: str, settle: str) -> str:
    """Return the venue symbol of a perpetual."""
    return f"{base}_USD" if settle == "btc" else f"{base}_USDT"


def multiplier(base: str, settle: str) -> Decimal:
    """Return the base units of one contract; an inverse one is 1 USD and says 0."""
    return Decimal(0) if settle == "btc" else step(base)


def signed_size(position: OpenPosition) -> Decimal:
    """Return a position's contracts with its direction as sign."""
    held = position.held
    contracts = held.size if position.inverse else held.size / step(position.base)
    return contracts * held.sign
