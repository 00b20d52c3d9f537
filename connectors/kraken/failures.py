"""What Kraken's errors mean: texts in a list; those that begin with W are warnings and fail nothing."""

from collections.abc import Mapping

from connectors._base import RestConnector
from connectors._parse import to_ms
from connectors._reading import Answer
from connectors.errors import (
    AccountRestrictedError,
    BadKeyError,
    BadRequestError,
    BadSignatureError,
    ExchangeError,
    MaintenanceError,
    NetworkError,
    PermissionMissingError,
    RateLimitedError,
    TimestampSkewError,
    UnknownExchangeError,
)

THROTTLED = "EService:Throttled"
ERRORS: dict[str, type[ExchangeError]] = {
    "EAPI:Invalid key": BadKeyError,  # perhaps also an address that is not allowed
    "EAPI:Invalid signature": BadSignatureError,
    "EAPI:Invalid nonce": TimestampSkewError,
    "EGeneral:Permission denied": PermissionMissingError,
    "EAPI:Rate limit exceeded": RateLimitedError,
    THROTTLED: RateLimitedError,
    "EGeneral:Temporary lockout": RateLimitedError,
    "EGeneral:Too many requests": RateLimitedError,
    "EService:Unavailable": MaintenanceError,
    "EService:Busy": MaintenanceError,
    "EGeneral:Internal error": MaintenanceError,
    "EAccount:Invalid permissions": AccountRestrictedError,
    "EGeneral:Invalid arguments": BadRequestError,
    "EGeneral:Unknown method": BadRequestError,
    "EQuery:Unknown asset": BadRequestError,
    "EQuery:Unknown asset pair": BadRequestError,
}
MARKET_STATE = "EService:Market in"
FRONT_SERVER = range(520, 531)


def check(connector: RestConnector, answer: Answer) -> None:
    """Raise what the first error of the envelope stands for; a page of the server in front is a broken way to it."""
    body = answer.payload
    errors = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(errors, list):
        if answer.status in FRONT_SERVER:
            raise connector.error(NetworkError, answer, f"http_{answer.status}")
        return
    for entry in errors:
        if not str(entry).startswith("W"):
            code, detail = _split(str(entry))
            kind = MaintenanceError if code.startswith(MARKET_STATE) else ERRORS.get(code, UnknownExchangeError)
            error = connector.error(kind, answer, code)
            if code == THROTTLED:
                error.retry_after = _seconds_until(detail, answer)
            raise error


def _split(entry: str) -> tuple[str, str]:
    """Return the part before the second colon, and the rest."""
    parts = entry.split(":", 2)
    return ":".join(parts[:2])[:80], parts[2].strip() if len(parts) > 2 else ""


def _seconds_until(detail: str, answer: Answer) -> float | None:
    """Return the seconds until the Unix time that a throttled answer names; None where that has passed."""
    if not (detail.isascii() and detail.isdigit() and len(detail) < 12):
        return None
    wait = int(detail) - to_ms(answer.as_of) / 1000
    return wait if wait > 0 else None
