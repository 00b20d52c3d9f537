"""What the parts of the Bitget dialect share: envelope, refusals, parameters, windows, paging, product types."""

from datetime import UTC, datetime, timedelta

from connectors.sandbox.dialect import Call
from connectors.sandbox.model import OpenPosition
from connectors.sandbox.wire import Answer, RefusedError

DAY_MS = 86_400_000
KEPT_DAYS = 91
PRODUCTS = {"USDT-FUTURES": "USDT", "USDC-FUTURES": "USDC", "COIN-FUTURES": ""}
COINS = ("BTC", "ETH")
Row = dict[str, object]


def envelope(data: object, now_ms: int) -> Row:
    """Return a success."""
    return {"code": "00000", "msg": "success", "requestTime": now_ms, "data": data}


def refused(code: str, msg: str, now_ms: int, status: int = 400) -> RefusedError:
    """Return a refusal in the exchange's envelope."""
    return RefusedError(Answer(status, {"code": code, "msg": msg, "requestTime": now_ms, "data": None}))


def bad_parameter(call: Call) -> RefusedError:
    """Return the refusal for a parameter that is missing or malformed."""
    return refused("400172", "Parameter verification failed", call.site.now_ms())


def required(call: Call, name: str) -> str:
    """Return a mandatory parameter.

    Raises:
        RefusedError: it is missing.
    """
    value = call.params.get(name, "")
    if not value:
        raise bad_parameter(call)
    return value


def product(call: Call, name: str = "productType") -> str:
    """Return the mandatory product type.

    Raises:
        RefusedError: missing or unknown.
    """
    value = required(call, name).upper()
    if value not in PRODUCTS:
        raise bad_parameter(call)
    return value


def number(call: Call, name: str, default: int) -> int:
    """Return a whole-number parameter.

    Raises:
        RefusedError: it is not a number.
    """
    value = call.params.get(name) or str(default)
    if not value.isdigit():
        raise bad_parameter(call)
    return int(value)


def window(call: Call, *, max_days: int, needed: bool = False) -> tuple[datetime, datetime]:
    """Return the asked window (both ends inclusive); without times the longest that ends now.

    Raises:
        RefusedError: 40704 too far back, 40705 too long, 400172 missing or turned round.
    """
    if needed:
        required(call, "startTime"), required(call, "endTime")
    now = int(call.at.timestamp() * 1000)
    until = number(call, "endTime", now)
    since = number(call, "startTime", until - max_days * DAY_MS)
    if since > until or until >= 253_402_300_800_000:
        raise bad_parameter(call)
    if since < now - KEPT_DAYS * DAY_MS:
        raise refused("40704", "Only check the last three months of data", call.site.now_ms())
    if until - since > max_days * DAY_MS:
        raise refused("40705", f"The start and end time cannot exceed {max_days} days", call.site.now_ms())
    return instant(since), instant(until) + timedelta(microseconds=999)


def instant(ms: int) -> datetime:
    """Return the aware instant of Unix milliseconds."""
    return datetime.fromtimestamp(ms // 1000, UTC) + timedelta(milliseconds=ms % 1000)


def newest_page(
    call: Call, rows: list[Row], *, key: str, sizes: tuple[int, int], after: str = "idLessThan"
) -> list[Row]:
    """Return one page, newest (highest id) first, of the rows with an id below the cursor.

    `sizes` are the usual and the largest number of rows of a page.
    """
    below = number(call, after, 0)
    found = sorted(
        (row for row in rows if not below or int(str(row[key])) < below), key=lambda row: -int(str(row[key]))
    )
    return found[: min(max(number(call, "limit", sizes[0]), 1), sizes[1])]


def product_of(position: OpenPosition) -> str:
    """Return the product type a position belongs to."""
    return "COIN-FUTURES" if position.inverse else f"{position.settle}-FUTURES"


def contract(base: str, product_type: str) -> str:
    """Return the venue symbol of a perpetual."""
    return f"{base}{'USD' if product_type == 'COIN-FUTURES' else PRODUCTS[product_type]}"


def margin_coins(product_type: str) -> tuple[str, ...]:
    """Return the coins that a product type is settled in."""
    return COINS if product_type == "COIN-FUTURES" else (PRODUCTS[product_type],)
