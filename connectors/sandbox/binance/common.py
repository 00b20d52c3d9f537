"""What the parts of the Binance dialect share: envelopes, parameters, time windows, symbols."""

from datetime import UTC, datetime, timedelta

from connectors.sandbox.dialect import Call
from connectors.sandbox.wire import Answer, Params, RefusedError

PORTFOLIO_MARGIN = "portfolio_margin"
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def error(code: int, msg: str, status: int = 400) -> RefusedError:
    """Return a refusal in the exchange's envelope."""
    return RefusedError(Answer(status, {"code": code, "msg": msg}))


def mandatory(name: str) -> RefusedError:
    """Return the refusal for a parameter that is missing or malformed."""
    return error(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def integer(params: Params, name: str, default: int | None = None) -> int | None:
    """Return a whole-number parameter.

    Raises:
        RefusedError: it is not a number (-1100).
    """
    value = params.get(name, "")
    if not value:
        return default
    if not value.isdigit():
        raise error(-1100, f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'.")
    return int(value)


def limited(params: Params, default: int, most: int, name: str = "limit") -> int:
    """Return a page size between 1 and `most`."""
    return min(max(integer(params, name, default) or default, 1), most)


def window(
    call: Call, *, default_days: int, max_days: int, start: str = "startTime", end: str = "endTime"
) -> tuple[datetime, datetime]:
    """Return the asked time window, both ends inclusive.

    Raises:
        RefusedError: the window is turned round or longer than `max_days`.
    """
    since, until = integer(call.params, start), integer(call.params, end)
    now = int(call.at.timestamp() * 1000)
    if until is None:
        until = now if since is None else max(now, since)
    if since is None:
        since = until - default_days * DAY_MS
    if since > until:
        raise error(-1102, "Start time is greater than end time.")
    if until - since > max_days * DAY_MS and start in call.params and end in call.params:
        raise error(-1127, f"More than {max_days * 24} hours between startTime and endTime.")
    return instant(since), instant(until) + timedelta(microseconds=999)


def instant(ms: int) -> datetime:
    """Return the aware instant of Unix milliseconds.

    Raises:
        RefusedError: no such year.
    """
    if ms >= 253_402_300_800_000:
        raise error(-1100, "Illegal characters found in a parameter.")
    return datetime.fromtimestamp(ms // 1000, UTC) + timedelta(milliseconds=ms % 1000)


def page(rows: list[dict[str, object]], params: Params) -> dict[str, object]:
    """Return one page by `current` and `size`, with the total."""
    size, current = limited(params, 10, 100, "size"), max(integer(params, "current", 1) or 1, 1)
    return {"rows": rows[(current - 1) * size : current * size], "total": len(rows)}
