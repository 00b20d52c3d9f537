"""What BingX's error codes mean; most come with HTTP 200, and two of them carry the same text."""

import re

from connectors._base import RestConnector
from connectors._parse import to_ms
from connectors._reading import Answer
from connectors.errors import (
    AccountRestrictedError,
    BadKeyError,
    BadRequestError,
    BadSignatureError,
    ExchangeError,
    IpNotAllowedError,
    MaintenanceError,
    NetworkError,
    PermissionMissingError,
    RateLimitedError,
    TimestampSkewError,
    UnknownExchangeError,
)

SUCCESS = "0"
TIMESTAMP_CODES = ("100421", "80014")  # only where the text speaks of the timestamp
CODES: dict[type[ExchangeError], tuple[str, ...]] = {
    BadKeyError: ("100413",),
    BadSignatureError: ("100001", "100412"),
    PermissionMissingError: ("100004",),
    IpNotAllowedError: ("100419",),
    RateLimitedError: ("100410", "109429"),
    MaintenanceError: ("100500", "100503", "109500", "110500"),
    AccountRestrictedError: ("100414", "109403", "100441", "101484"),
    BadRequestError: ("100400", "100404", "109400", "80014", "80001"),
}
ERRORS = {code: kind for kind, codes in CODES.items() for code in codes}
STATUSES: dict[int, type[ExchangeError]] = {429: RateLimitedError, 418: RateLimitedError, 504: NetworkError}
UNBLOCKED_AT = re.compile(r"(?<![0-9])1[0-9]{12}(?![0-9])")


def check(connector: RestConnector, answer: Answer) -> None:
    """Raise what the body's code stands for, or else the status; some lists come without any envelope."""
    body = answer.payload
    coded = not answer.problem and isinstance(body, dict) and "code" in body
    code = str(body["code"]) if coded else f"http_{answer.status}"
    if coded and code == SUCCESS:
        return
    words = str(body.get("msg")) if coded else ""
    kind = ERRORS.get(code)
    if code in TIMESTAMP_CODES and "timestamp" in words.lower():
        kind = TimestampSkewError
    kind = kind or STATUSES.get(answer.status)
    if kind is None and answer.status >= 500:
        kind = MaintenanceError
    if kind is None and coded:
        kind = UnknownExchangeError
    if kind is not None:
        error = connector.error(kind, answer, code)
        if kind is RateLimitedError and error.retry_after is None:
            error.retry_after = _seconds_told(words, to_ms(answer.as_of))
        raise error


def _seconds_told(words: str, now_ms: int) -> float | None:
    """Return how long a refusal's text says to wait ("will be unblocked after 1727193814249"), None without one."""
    found = UNBLOCKED_AT.search(words)
    return max(0, int(found[0]) - now_ms) / 1000 if found else None
