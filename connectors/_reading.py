"""What passes between the machinery and an exchange's parsers: an endpoint, a checked answer, a reading of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from connectors._parse import to_ms
from connectors.types import Balance, ClosedPosition, LedgerEntry, Permissions, Position


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One read of an exchange.

    Attributes:
        method: GET, or POST where the exchange reads that way.
        path: path below the host's base URL; `{name}` parts are filled from the call's params.
        host: key of `info.hosts`.
        weight: price of one call in units of the limit named `limit`.
        limit: name of a RateLimit in `info.rate_limits` (which says its size, window and scope), or empty.
        private: whether the call is signed.
    """

    method: str
    path: str
    host: str = "rest"
    weight: int = 1
    limit: str = ""
    private: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as parsers see it. `problem` is a code when the body is no acceptable JSON, and `text` its start.

    `headers` are found whatever the case of their names.
    """

    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    payload: Any
    as_of: datetime
    problem: str = ""
    text: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Reading:
    """The normalised content of one answer; None for what this answer does not tell.

    `next` holds the parameters of the next page, None on the last one. `prices` maps native symbols. `details` adds
    keys to the rendered rows of a section (same order and length; one for permissions), for what the types do not
    hold. `extra` holds everything else by its name in the samples.
    """

    balances: Sequence[Balance] | None = None
    positions: Sequence[Position] | None = None
    ledger: Sequence[LedgerEntry] | None = None
    closed_positions: Sequence[ClosedPosition] | None = None
    permissions: Permissions | None = None
    prices: Mapping[str, Decimal] | None = None
    server_time_ms: int | None = None
    next: Mapping[str, Any] | None = None
    details: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the reading in the samples' `expected` form: plain data, numbers as decimal text, times as `_ms`."""
        result: dict[str, Any] = {name: plain(value) for name, value in self.extra.items()}
        for name in ("balances", "positions", "ledger", "closed_positions"):
            rows = getattr(self, name)
            if rows is not None:
                details = self.details.get(name) or [{}] * len(rows)
                result[name] = [plain(row) | plain(dict(more)) for row, more in zip(rows, details, strict=True)]
        for name in ("permissions", "prices", "server_time_ms"):
            value = getattr(self, name)
            if value is not None:
                more = self.details.get(name)
                result[name] = plain(value) | plain(dict(more[0])) if more else plain(value)
        result["next"] = plain(self.next)
        return result


Parser = Callable[[Answer], Reading]

_RENAMED = {"booked_at": "time_ms", "closed_at": "closed_ms", "opened_at": "opened_ms", "as_of": "as_of_ms"}


def plain(value: Any) -> Any:  # noqa: ANN401 - any part of a reading
    """Turn typed values into plain data: Decimal → text without exponent, instants → Unix ms, enums → text."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return to_ms(value)
    if is_dataclass(value) and not isinstance(value, type):
        result = {}
        for item in fields(value):
            content = getattr(value, item.name)
            if item.name == "expires_at" and content is not None:
                result["expires_at"] = content.strftime("%Y-%m-%dT%H:%M:%SZ")
            else:
                result[_RENAMED.get(item.name, item.name)] = plain(content)
        return result
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value
