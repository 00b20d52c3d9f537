"""What the parts of the Bybit dialect share: envelope, refusals, parameters, windows, cursors, wallets, symbols."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import quote

from connectors.sandbox.dialect import Call
from connectors.sandbox.model import ZERO, Book, OpenPosition
from connectors.sandbox.wire import Answer, RefusedError

DAY_MS = 86_400_000
KEPT_DAYS = 731
COINS = ("BTC", "ETH")
UNIFIED, FIRST_GENERATION, CLASSIC = "unified", "uta1", "classic"
STATUS = {UNIFIED: 6, FIRST_GENERATION: 4, CLASSIC: 1}
# account types of each mode, and the world's wallets that lie in them
PURSES: dict[str, dict[str, tuple[str, ...]]] = {
    UNIFIED: {"UNIFIED": ("unified", "futures_inverse"), "FUND": ("funding",)},
    FIRST_GENERATION: {"UNIFIED": ("unified",), "CONTRACT": ("futures_inverse",), "FUND": ("funding",)},
    CLASSIC: {"SPOT": ("spot",), "CONTRACT": ("futures_linear", "futures_inverse"), "FUND": ("funding",)},
}
Row = dict[str, object]


def envelope(result: object, now_ms: int) -> Row:
    """Return a success."""
    return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": now_ms}


def refused(code: int, msg: str, now_ms: int) -> RefusedError:
    """Return a refusal in the exchange's envelope: HTTP says 200."""
    return RefusedError(Answer(200, {"retCode": code, "retMsg": msg, "result": {}, "retExtInfo": {}, "time": now_ms}))


def bad_parameter(call: Call, why: str) -> RefusedError:
    """Return the refusal for a parameter that is missing or malformed."""
    return refused(10001, f"params error: {why}", call.site.now_ms())


def required(call: Call, name: str, allowed: tuple[str, ...]) -> str:
    """Return a mandatory parameter that has only certain values.

    Raises:
        RefusedError: missing or unknown.
    """
    value = call.params.get(name, "")
    if value not in allowed:
        raise bad_parameter(call, name)
    return value


def number(call: Call, name: str, default: int) -> int:
    """Return a whole-number parameter.

    Raises:
        RefusedError: it is not a number.
    """
    value = call.params.get(name) or str(default)
    if not value.isdigit():
        raise bad_parameter(call, name)
    return int(value)


def window(
    call: Call, *, most_days: int, default_days: int, names: tuple[str, str] = ("startTime", "endTime"), unit: int = 1
) -> tuple[datetime, datetime]:
    """Return the asked window, both ends inclusive; `unit` is the number of milliseconds that times count.

    Raises:
        RefusedError: too long, turned round, or too far back.
    """
    start, end = names
    now = call.site.now_ms() // unit
    span = default_days * DAY_MS // unit
    until = number(call, end, number(call, start, now - span) + span)
    since = number(call, start, until - span)
    if since > until or until - since > most_days * DAY_MS // unit:
        raise bad_parameter(call, f"the interval should be within {most_days} days")
    if since < now - KEPT_DAYS * DAY_MS // unit:
        raise bad_parameter(call, "only the last 2 years")
    return instant(since * unit), instant((until + 1) * unit) - timedelta(microseconds=1)


def instant(ms: int) -> datetime:
    """Return the aware instant of Unix milliseconds."""
    return datetime.fromtimestamp(ms // 1000, UTC) + timedelta(milliseconds=ms % 1000)


def page(
    call: Call,
    rows: list[tuple[int, Row]],
    *,
    limits: tuple[int, int],
    read: Callable[[str], int],
    write: Callable[[int], str],
) -> tuple[list[Row], str]:
    """Return one page, newest (highest number) first, and the cursor to the next.

    `limits` are the default and the most rows; who asks for more gets the most.

    Raises:
        RefusedError: a cursor that is not one of ours.
    """
    default, most = limits
    size, cursor = min(max(number(call, "limit", default), 1), most), call.params.get("cursor", "")
    try:
        below = read(cursor) if cursor else None
    except ValueError:
        raise bad_parameter(call, "cursor") from None
    left = sorted((item for item in rows if below is None or item[0] < below), key=lambda item: -item[0])
    found = left[:size]
    return [row for _number, row in found], write(found[-1][0]) if len(found) == size else ""


def plain_cursor(number: int) -> str:
    """Return a cursor as logs and positions write it: percent-encoded already."""
    return quote(f"{number}:1,{number}:1", safe="")


def read_plain(cursor: str) -> int:
    """Return the number of a plain cursor, once decoded."""
    first, again = cursor.split(",")
    if first != again or not first.endswith(":1"):
        raise ValueError(cursor)
    return int(first[:-2])


def packed_cursor(number: int) -> str:
    """Return a cursor as asset records write it: base64 with its padding."""
    return base64.b64encode(json.dumps({"minID": number, "maxID": number}).encode()).decode()


def read_packed(cursor: str) -> int:
    """Return the number of a packed cursor."""
    content = json.loads(base64.b64decode(cursor, validate=True))
    return int(content["minID"])


def purse(call: Call, account_type: str) -> tuple[str, ...]:
    """Return the world's wallets in an account type.

    Raises:
        RefusedError: the account's mode has no such type.
    """
    found = PURSES[call.account.mode].get(account_type)
    if found is None:
        raise bad_parameter(call, "accountType is not supported in this account mode")
    return found


def cash(book: Book, wallets: tuple[str, ...]) -> dict[str, Decimal]:
    """Return the assets of several wallets added up, those that are not zero."""
    found: dict[str, Decimal] = {}
    for wallet in wallets:
        for asset, amount in book.amounts(wallet).items():
            found[asset] = found.get(asset, ZERO) + amount
    return found


def category_of(position: OpenPosition) -> str:
    """Return the category that a position is listed in."""
    return "inverse" if position.inverse else "linear"


def contract(base: str, settle: str, *, inverse: bool) -> str:
    """Return the venue symbol of a perpetual."""
    return f"{base}USD" if inverse else f"{base}PERP" if settle == "USDC" else f"{base}{settle}"
