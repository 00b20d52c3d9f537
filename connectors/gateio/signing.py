"""The signature of Gate.io: hex HMAC-SHA512 over five lines, the query as it reads before it is percent-encoded."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from urllib.parse import quote, urlencode, urlsplit

from connectors._credentials import Credentials
from connectors._interface import Call


def query_texts(params: Mapping[str, object]) -> tuple[str, str]:
    """Return the query in the order given: as signed (values as they are) and as sent (percent-encoded)."""
    pairs = [(name, str(value)) for name, value in params.items()]
    return "&".join(f"{name}={value}" for name, value in pairs), urlencode(pairs, quote_via=quote, safe="")


def body_text(body: object) -> str:
    """Return the JSON text that is both signed and sent; empty without a body."""
    return "" if body is None else json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def signed_headers(credentials: Credentials, call: Call, query: str, body: str) -> dict[str, str]:
    """Return the headers that sign a call; `query` is the plain one. Sizes are asked for as decimal text."""
    seconds, hashed = str(call.now_ms // 1000), hashlib.sha512(body.encode()).hexdigest()
    lines = "\n".join((call.method.upper(), urlsplit(call.url).path, query, hashed, seconds))
    return {
        "KEY": credentials.api_key.reveal(),
        "Timestamp": seconds,
        "SIGN": hmac.digest(credentials.api_secret.reveal().encode(), lines.encode(), "sha512").hex(),
        "Accept": "application/json",
        "Content-Type": "application/json",
        "X-Gate-Size-Decimal": "1",
    }
