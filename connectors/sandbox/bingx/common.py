"""What the parts of the BingX dialect share: envelope, refusals, parameters, windows, paging, names."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from connectors.sandbox.dialect import Call
from connectors.sandbox.wire import Answer, RefusedError

DAY_MS = 86_400_000
COINS = ("BTC", "ETH")
DEMO_COIN = "VST"
LAST_MS = 4_102_444_800_000
ACCOUNTS = {
    "spot": "spot",
    "funding": "fund",
    "futures_linear": "USDTMPerp",
    "futures_inverse": "coinMPerp",
    "futures_standard": "stdFutures",
}
Row = dict[str, object]


def envelope(data: object, now_ms: int) -> Row:
    """Return a success."""
    return {"code": 0, "msg": "", "timestamp": now_ms, "data": data}


def refused(code: int, msg: str, now_ms: int, status: int = 200) -> RefusedError:
    """Return a refusal in the exchange's envelope."""
    return RefusedError(Answer(status, {"code": code, "msg": msg, "timestamp": now_ms}))


def bad_parameter(call: Call, name: str) -> RefusedError:
    """Return the refusal for a parameter that is missing or malformed."""
    return refused(109400, f"Invalid parameters, err:{name}: {name} field is required", call.site.now_ms())


def required(call: Call, name: str) -> str:
    """Return a mandatory parameter.

    Raises:
        RefusedError: it is missing.
    """
    value = call.params.get(name, "")
    if not value:
        raise bad_parameter(call, name)
    return value


def number(call: Call, name: str, default: int, *, most: int | None = None) -> int:
    """Return a whole-number parameter.

    Raises:
        RefusedError: it is no number, or more than `most`.
    """
    value = call.params.get(name) or str(default)
    if not value.isdigit() or (most is not None and int(value) > most):
        raise bad_parameter(call, name)
    return int(value)


def window(
    call: Call, *, usual_days: int, kept_days: int | None = None, names: tuple[str, str] = ("startTime", "endTime")
) -> tuple[datetime, datetime]:
    """Return the asked window, both ends inclusive; what is older than `kept_days` is gone without a word.

    Raises:
        RefusedError: an end is no time.
    """
    now = int(call.at.timestamp() * 1000)
    until = number(call, names[1], now, most=LAST_MS)
    since = number(call, names[0], max(0, until - usual_days * DAY_MS), most=LAST_MS)
    if kept_days is not None:
        since = max(since, now - kept_days * DAY_MS)
    return instant(since), instant(until) + timedelta(microseconds=999)


def instant(ms: int) -> datetime:
    """Return the aware instant of Unix milliseconds."""
    return datetime.fromtimestamp(ms // 1000, UTC) + timedelta(milliseconds=ms % 1000)


def by_offset(call: Call, rows: Sequence[Row], *, usual: int) -> list[Row]:
    """Return `limit` rows from `offset` on."""
    first = number(call, "offset", 0)
    return list(rows[first : first + number(call, "limit", usual, most=1_000)])


def by_page(call: Call, rows: Sequence[Row]) -> list[Row]:
    """Return the page `pageIndex` of `pageSize` rows."""
    size = max(1, number(call, "pageSize", 100, most=100))
    first = (max(1, number(call, "pageIndex", 1)) - 1) * size
    return list(rows[first : first + size])


def name_of(call: Call, asset: str) -> str:
    """Return an asset's name on this host: play money on the demo one."""
    return DEMO_COIN if call.key is not None and call.key.testnet and asset == "USDT" else asset
