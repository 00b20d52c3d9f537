"""What Coinbase's refusals mean: v3, v2 and OAuth envelopes, plain text, HTML."""

from collections.abc import Mapping

from connectors._base import RestConnector
from connectors._reading import Answer
from connectors.errors import (
    AuthAmbiguousError,
    BadKeyError,
    BadRequestError,
    ExchangeError,
    MaintenanceError,
    PermissionMissingError,
    RateLimitedError,
    TimestampSkewError,
    UnknownExchangeError,
)

CODES: dict[type[ExchangeError], tuple[str, ...]] = {
    BadKeyError: ("authentication_error", "invalid_token", "revoked_token"),
    AuthAmbiguousError: ("unauthorized", "unauthenticated"),
    TimestampSkewError: ("expired_token",),
    PermissionMissingError: ("permission_denied", "invalid_scope"),
    RateLimitedError: ("rate_limit_exceeded", "resource_exhausted"),
    BadRequestError: ("invalid_argument", "invalid_request", "not_found", "param_required", "validation_error"),
    MaintenanceError: ("internal", "internal_server_error", "unavailable"),
}
ERRORS = {code: kind for kind, codes in CODES.items() for code in codes}
STATUSES: dict[int, type[ExchangeError]] = {
    400: BadRequestError,
    401: AuthAmbiguousError,
    403: PermissionMissingError,
    404: BadRequestError,
    429: RateLimitedError,
}
STALE = "request timestamp expired"
NO_SCOPE = "missing required scopes"


def check(connector: RestConnector, answer: Answer) -> None:
    """Raise what the body says, else what the status stands for: any 5xx may pass, a 401 has four causes."""
    code, words = _envelope(answer.payload)
    kind = ERRORS.get(code.lower())
    if STALE in words:
        kind = TimestampSkewError
    if NO_SCOPE in words:
        kind = PermissionMissingError
    if kind is None and answer.status >= 500:
        kind = MaintenanceError
    if kind is None:
        kind = STATUSES.get(answer.status)
    if kind is None and code:
        kind = UnknownExchangeError
    if kind is not None:
        raise connector.error(kind, answer, code or f"http-{answer.status}")


def _envelope(body: object) -> tuple[str, str]:
    """Return the code of an error envelope and its words in lower case; empty texts for a success."""
    if not isinstance(body, Mapping):
        return "", ""
    errors = body.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], Mapping):
        return str(errors[0].get("id") or ""), str(errors[0].get("message")).lower()
    if isinstance(body.get("error"), str):
        words = (str(body.get(name) or "") for name in ("error_details", "message", "error_description"))
        return str(body["error"]), " ".join(words).lower()
    return "", ""
