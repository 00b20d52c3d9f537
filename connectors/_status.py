"""What plain HTTP says where a body does not: the class of a status, and the wait a header asks for."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from connectors._reading import Answer
from connectors.errors import (
    ExchangeError,
    IpBannedError,
    MaintenanceError,
    RateLimitedError,
    RegionBlockedError,
    UnknownExchangeError,
)

LONGEST_CODE = 80


def check_status(exchange: str, answer: Answer) -> None:
    """Raise what a plain HTTP failure means where the body did not say."""
    status, code = answer.status, f"http-{answer.status}"
    if status == 429:
        raise failure(exchange, RateLimitedError, answer, code)
    if status == 418:
        raise failure(exchange, IpBannedError, answer, code)
    if status == 451:
        raise failure(exchange, RegionBlockedError, answer, code)
    if status in (502, 503, 504) or 520 <= status <= 530:
        raise failure(exchange, MaintenanceError, answer, code)
    if status >= 500:
        raise failure(exchange, UnknownExchangeError, answer, code, retryable=True)
    if status >= 400 or status < 200:
        raise failure(exchange, UnknownExchangeError, answer, code)


def failure(
    exchange: str, kind: type[ExchangeError], answer: Answer, venue_code: str, *, retryable: bool | None = None
) -> ExchangeError:
    """Make an error about an answer: path without query, and the wait that its Retry-After header asks for."""
    wait = retry_after(answer.headers, answer.as_of)
    told = "".join(letter if letter.isprintable() else "." for letter in venue_code[:LONGEST_CODE])
    return kind(told, answer.path, exchange=exchange, retryable=retryable, retry_after=wait)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks to wait, from a number or an HTTP date; None when absent."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.replace(".", "", 1).isdigit() and len(value) < 10:
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return max(0.0, (moment - now).total_seconds())
