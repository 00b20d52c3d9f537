"""What Gate.io's error labels mean; an object with a label is a failure whatever the HTTP status says."""

from connectors._base import RestConnector
from connectors._parse import number
from connectors._reading import Answer
from connectors.errors import (
    AccountRestrictedError,
    BadKeyError,
    BadRequestError,
    BadSignatureError,
    ExchangeError,
    IpNotAllowedError,
    MaintenanceError,
    PermissionMissingError,
    RateLimitedError,
    TimestampSkewError,
    UnknownExchangeError,
)

NEVER_OPENED, GONE = "USER_NOT_FOUND", "NOT_FOUND"
OPENED_ON_USE = ("/api/v4/futures/", "/api/v4/delivery/", "/api/v4/options/", "/api/v4/unified/")
RESET = "X-Gate-RateLimit-Reset-Timestamp"
LONGEST_WAIT_SECONDS = 60.0
LABELS: dict[type[ExchangeError], tuple[str, ...]] = {
    BadKeyError: ("INVALID_KEY", "INVALID_CREDENTIALS"),
    BadSignatureError: ("INVALID_SIGNATURE",),
    TimestampSkewError: ("REQUEST_EXPIRED",),
    IpNotAllowedError: ("IP_FORBIDDEN",),
    PermissionMissingError: ("FORBIDDEN", "READ_ONLY"),
    AccountRestrictedError: ("ACCOUNT_LOCKED", "SUB_ACCOUNT_LOCKED", "ACCOUNT_EXCEPTION"),
    RateLimitedError: ("TOO_MANY_REQUESTS",),
    MaintenanceError: ("TOO_BUSY", "SERVER_ERROR", "INTERNAL_SERVER_ERROR", "INTERNAL", "FAILED_RETRIEVE_ASSETS"),
    BadRequestError: (
        "INVALID_PARAM_VALUE", "INVALID_ARGUMENT", "MISSING_REQUIRED_HEADER", "MISSING_REQUIRED_PARAM",
        "INVALID_PROTOCOL", "INVALID_REQUEST_BODY", "BAD_REQUEST", "NOT_FOUND", "METHOD_NOT_ALLOWED",
    ),
}  # fmt: skip
ERRORS = {label: kind for kind, labels in LABELS.items() for label in labels}


def never_opened(answer: Answer) -> bool:
    """Tell whether the answer says that this wallet was never used: an empty one, no failure."""
    return answer.path.startswith(OPENED_ON_USE) and _label(answer) == NEVER_OPENED


def check(connector: RestConnector, answer: Answer) -> None:
    """Raise what the body's label stands for; without one the HTTP status speaks."""
    label = _label(answer)
    if label is None:
        if answer.status == 429:
            raise _limited(connector, answer, "http-429")
        return
    kind = ERRORS.get(label)
    if kind is PermissionMissingError and "whitelist" in _message(answer):
        kind = IpNotAllowedError
    if kind is None:
        limited, broken = answer.status == 429, answer.status >= 500
        kind = RateLimitedError if limited else MaintenanceError if broken else UnknownExchangeError
    raise _limited(connector, answer, label) if kind is RateLimitedError else connector.error(kind, answer, label)


def _label(answer: Answer) -> str | None:
    body = answer.payload
    return str(body["label"]) if not answer.problem and isinstance(body, dict) and "label" in body else None


def _message(answer: Answer) -> str:
    return f"{answer.payload.get('message')} {answer.payload.get('detail')}".lower()


def _limited(connector: RestConnector, answer: Answer, label: str) -> ExchangeError:
    """Return a rate limit with the wait until the reset that the headers name, a second at least."""
    error = connector.error(RateLimitedError, answer, label)
    try:
        wait = float(number(answer.headers.get(RESET, ""))) - answer.as_of.timestamp()
    except ValueError:
        return error
    if error.retry_after is None and wait > 0:
        error.retry_after = min(max(wait, 1.0), LONGEST_WAIT_SECONDS)
    return error
