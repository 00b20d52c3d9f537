"""What the parts of the KuCoin dialect share: envelope, refusals, parameters, windows, paging, contracts."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from connectors.sandbox.dialect import Call
from connectors.sandbox.model import OpenPosition
from connectors.sandbox.prices import CONTRACTS, step
from connectors.sandbox.wire import Answer, RefusedError

DAY_MS = 86_400_000
WINDOW_SECONDS = 30
POOLS = {"spot": 4_000, "futures": 2_000, "management": 2_000, "unified": 2_000, "public": 2_000}
HIGH_FREQUENCY, UNIFIED = "high_frequency", "unified"
COINS = ("BTC", "ETH")
QUOTES = {"USDT": CONTRACTS, "USDC": COINS}
FUTURES_NAMES = {"BTC": "XBT"}
JSON = {"Content-Type": "application/json;charset=UTF-8"}
Row = dict[str, object]
_MARKED = re.compile(r"\"#([^\"]*)\"")


def envelope(data: object) -> Answer:
    """Return a success; Decimals become JSON numbers without losing a digit, as the futures side writes amounts."""
    body = json.dumps({"code": "200000", "data": data}, separators=(",", ":"), default=lambda value: f"#{value}")
    return Answer(200, _MARKED.sub(r"\1", body), dict(JSON))


def refused(code: str, message: str, status: int = 200) -> RefusedError:
    """Return a refusal in the exchange's envelope."""
    return RefusedError(Answer(status, {"code": code, "msg": message}))


def bad_parameter(message: str) -> RefusedError:
    """Return the refusal of a parameter."""
    return refused("400100", message)


def number(call: Call, name: str, default: int) -> int:
    """Return a whole-number parameter.

    Raises:
        RefusedError: it is not a number.
    """
    value = call.params.get(name) or str(default)
    if not value.isdigit():
        raise bad_parameter(f"{name} is not a number")
    return int(value)


def size(call: Call, name: str, *, default: int, most: int) -> int:
    """Return the page size.

    Raises:
        RefusedError: it is larger than allowed, or zero.
    """
    value = number(call, name, default)
    if not 1 <= value <= most:
        raise bad_parameter(f"{name} should not greater than {most}")
    return value


def window(call: Call, *, days: int | None, names: tuple[str, str] = ("startAt", "endAt")) -> tuple[datetime, datetime]:
    """Return the asked window, both ends inclusive; one end missing is filled with the longest, `days` None is all.

    Raises:
        RefusedError: turned round, or longer than `days`.
    """
    now = int(call.at.timestamp() * 1000)
    longest = days * DAY_MS if days else now
    since = number(call, names[0], 0)
    until = number(call, names[1], since + longest if since and days else now)
    since = since or max(until - longest, 0)
    if since > until or until >= 253_402_300_800_000:
        raise bad_parameter("startAt is later than endAt")
    if days and until - since > longest:
        raise bad_parameter(f"The time range can not exceed {days * 24} hours")
    return instant(since), instant(until) + timedelta(microseconds=999)


def instant(ms: int) -> datetime:
    """Return the aware instant of Unix milliseconds."""
    return datetime.fromtimestamp(ms // 1000, UTC) + timedelta(milliseconds=ms % 1000)


def by_page(call: Call, rows: list[Row], *, page: str = "currentPage", per: str = "pageSize", most: int = 500) -> Row:
    """Return one page of rows that are sorted newest first, the first being number 1."""
    per_page, current = size(call, per, default=50, most=most), max(number(call, page, 1), 1)
    return {
        "currentPage": current,
        "pageSize": per_page,
        "totalNum": len(rows),
        "totalPage": -(-len(rows) // per_page),
        "items": rows[(current - 1) * per_page : current * per_page],
    }


def by_offset(call: Call, rows: list[Row], key: Callable[[Row], int], *, default: int, most: int) -> Row:
    """Return one page below the asked offset, newest first, and whether there is more."""
    below, count = number(call, "offset", 0), size(call, "maxCount", default=default, most=most)
    found = [row for row in rows if not below or 0 < key(row) < below]
    return {"dataList": found[:count], "hasMore": len(found) > count}


def futures_name(coin: str) -> str:
    """Return what the futures side calls a coin."""
    return FUTURES_NAMES.get(coin, coin)


def contract(base: str, settle: str) -> str:
    """Return the venue symbol of a perpetual: XBTUSDTM, XBTUSDCM, or XBTUSDM settled in the coin itself."""
    return f"{futures_name(base)}{'USD' if base == settle else settle}M"


def multiplier(base: str, settle: str) -> Decimal:
    """Return the base units of one contract; an inverse one is a US dollar, written as -1."""
    return Decimal(-1) if base == settle else step(base)


def signed_contracts(position: OpenPosition) -> int:
    """Return a position's contracts with its direction as sign."""
    held = position.held
    return int(held.size / abs(multiplier(position.base, position.settle))) * held.sign
