"""What passes between the sandbox's HTTP server and an exchange's dialect."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

Params = dict[str, str]


@dataclass(frozen=True, slots=True)
class WireRequest:
    """One request as it came: `query` and `body` exactly as sent, header names in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    client_ip: str

    def params(self) -> Params:
        """Return query and form parameters, decoded; the last of a repeated name wins."""
        form = (
            self.body.decode("utf-8", "replace")
            if self.headers.get("content-type", "").startswith("application/x-www-form")
            else ""
        )
        return dict(parse_qsl(self.query, keep_blank_values=True) + parse_qsl(form, keep_blank_values=True))


@dataclass(slots=True)
class Answer:
    """One answer: `body` is JSON data, or text or bytes sent as they are."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def payload(self) -> bytes:
        """Return the bytes of the body."""
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, separators=(",", ":"), default=_plain).encode()

    def content_type(self) -> str:
        """Return the Content-Type header."""
        if isinstance(self.body, str | bytes):
            return self.headers.get("Content-Type", "text/html")
        return "application/json;charset=UTF-8"


class RefusedError(Exception):
    """A dialect's way to refuse a request: carries the answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return text(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def text(value: Decimal, places: int | None = None) -> str:
    """Return a decimal without exponent, with `places` digits after the point where given."""
    return f"{value:f}" if places is None else f"{value:.{places}f}"


def amount(value: Decimal) -> str:
    """Return a decimal with eight places, as most exchanges print balances."""
    return f"{value:.8f}"
