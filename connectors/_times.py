"""When an exchange says that its answers are from, so that one that repeats old answers is found out."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

from connectors._parse import from_ms


class AnswerTimes:
    """The oldest time of the private answers since it was last taken.

    An answer's time is that of its envelope where the exchange has one (`field`: Unix milliseconds or ISO text at the
    top of the body), else its Date header.
    """

    def __init__(self, field: str = "") -> None:
        """Start without any answer."""
        self._field = field
        self._oldest: datetime | None = None

    def note(self, payload: object, headers: Mapping[str, str], *, private: bool = True) -> None:
        """Note when a private answer is from; one that does not tell, or that anybody may get, counts for nothing."""
        if not private:
            return
        told = payload.get(self._field) if self._field and isinstance(payload, dict) else None
        at = _instant(told) if told is not None else _date(headers.get("date", ""))
        if at is not None and (self._oldest is None or at < self._oldest):
            self._oldest = at

    def take(self) -> datetime | None:
        """Return the oldest time noted since the last call; None where no answer told any."""
        taken, self._oldest = self._oldest, None
        return taken


def _instant(told: Any) -> datetime | None:  # noqa: ANN401 - a wire value
    text = str(told)
    try:
        if text.isascii() and text.isdigit():
            return from_ms(int(text[:15]))
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


@lru_cache(maxsize=256)
def _date(header: str) -> datetime | None:
    """Read an HTTP date; the answers of one second share it."""
    try:
        at = parsedate_to_datetime(header)
    except (ValueError, TypeError, IndexError):
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
