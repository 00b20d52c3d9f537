"""What the errors of Kraken futures mean: a code in the body, one or in a list; else the HTTP status speaks."""

from collections.abc import Mapping

from connectors._base import RestConnector
from connectors._reading import Answer
from connectors.errors import (
    AccountRestrictedError,
    AuthAmbiguousError,
    BadRequestError,
    BadResponseError,
    ExchangeError,
    MaintenanceError,
    PermissionMissingError,
    RateLimitedError,
    TimestampSkewError,
    UnknownExchangeError,
)

CODES: dict[type[ExchangeError], tuple[str, ...]] = {
    AuthAmbiguousError: ("authenticationError",),  # key, signature or address
    TimestampSkewError: ("nonceBelowThreshold", "nonceDuplicate"),
    PermissionMissingError: ("EGeneral:Permission denied", "Permission denied"),
    RateLimitedError: ("apiLimitExceeded",),
    MaintenanceError: ("Unavailable", "Server Error", "marketUnavailable"),
    AccountRestrictedError: ("accountInactive",),
    BadRequestError: ("invalidArgument", "requiredArgumentMissing", "Json Parse Error"),
}
ERRORS = {code: kind for kind, codes in CODES.items() for code in codes}
STATUSES: dict[int, type[ExchangeError]] = {
    400: BadRequestError,
    401: AuthAmbiguousError,
    403: PermissionMissingError,
    429: RateLimitedError,
}
RESET = "rate-limit-reset"


def check(connector: RestConnector, answer: Answer) -> None:
    """Raise what a refusal stands for, and for a success that lacks its positions: that is not a flat account."""
    code = _code(answer.payload)
    kind = ERRORS.get(code) or STATUSES.get(answer.status)
    if kind is None and answer.status >= 500:
        kind = MaintenanceError
    if kind is None and code:
        kind = UnknownExchangeError
    if kind is not None:
        error = connector.error(kind, answer, code or f"http-{answer.status}")
        wait = answer.headers.get(RESET, "")
        if isinstance(error, RateLimitedError) and wait.isascii() and wait.isdigit() and len(wait) < 6:
            error.retry_after = float(wait)
        raise error
    lists = answer.payload if isinstance(answer.payload, Mapping) else {}
    if answer.path.endswith("/openpositions") and lists and "openPositions" not in lists:
        raise connector.error(BadResponseError, answer, "missing openPositions")


def _code(body: object) -> str:
    """Return the code of a refusal, empty for anything else."""
    if not isinstance(body, Mapping):
        return ""
    if body.get("error"):
        return str(body["error"])[:80]
    errors = body.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], Mapping):
        return str(errors[0].get("message") or errors[0].get("code"))[:80]
    return "unknownError" if body.get("result") == "error" else ""
