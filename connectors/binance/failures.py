"""What Binance's error codes mean."""

from typing import Any

from connectors._base import RestConnector
from connectors._reading import Answer
from connectors.errors import (
    AuthAmbiguousError,
    BadKeyError,
    BadRequestError,
    BadSignatureError,
    ExchangeError,
    IpBannedError,
    MaintenanceError,
    PermissionMissingError,
    RateLimitedError,
    RegionBlockedError,
    TimestampSkewError,
    UnknownExchangeError,
)

ERRORS: dict[int, type[ExchangeError]] = {
    -1002: PermissionMissingError,
    -1003: RateLimitedError,
    -1008: MaintenanceError,
    -1015: RateLimitedError,
    -1021: TimestampSkewError,
    -1022: BadSignatureError,
    -2008: BadKeyError,
    -2014: BadKeyError,
    -2015: AuthAmbiguousError,
    -6021: BadRequestError,
}
TRANSIENT = frozenset({-1000, -1001, -1006, -1007})


def check(connector: RestConnector, answer: Answer) -> None:
    """Raise what the body's code, or a text that replaces it, stands for.

    The envelope is {"code", "msg"}; some /sapi answers say {"success": false} without a code, fiat answers say
    {"code": "000000"} for success.
    """
    body = answer.payload
    if answer.problem:
        if answer.status == 403:  # the firewall's page: wait minutes
            raise connector.error(RateLimitedError, answer)
        return
    if not isinstance(body, dict):
        return
    code = _code(body)
    venue_code = "" if code is None else str(code)
    message = str(body.get("msg", ""))
    if answer.status == 418:
        raise connector.error(IpBannedError, answer, venue_code)
    if answer.status == 451 or "restricted location" in message:
        raise connector.error(RegionBlockedError, answer, venue_code)
    if code:
        raise connector.error(_kind(code), answer, venue_code, retryable=True if code in TRANSIENT else None)
    if body.get("success") is False:
        raise connector.error(UnknownExchangeError, answer, retryable=True)


def _kind(code: int) -> type[ExchangeError]:
    if -1130 <= code <= -1100:
        return BadRequestError
    return ERRORS.get(code, UnknownExchangeError)


def _code(body: dict[str, Any]) -> int | None:
    """Return the envelope's code; None when there is no envelope."""
    return int(body["code"]) if "code" in body else None
