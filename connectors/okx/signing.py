"""The signature of OKX: base64 HMAC-SHA256 over time, method, path with its query as sent, and body."""

import base64
import hmac
import json
from collections.abc import Mapping
from urllib.parse import quote, urlencode, urlsplit

from connectors._credentials import Credentials
from connectors._interface import Call
from connectors._parse import from_ms


def query_text(params: Mapping[str, object]) -> str:
    """Return the query as it is signed and sent, in the given order, percent-encoded, with its question mark."""
    return "?" + urlencode({name: str(value) for name, value in params.items()}, quote_via=quote) if params else ""


def body_text(body: object) -> str:
    """Return the JSON text that is both signed and sent; empty without a body."""
    return "" if body is None else json.dumps(body, separators=(",", ":"))


def signed_headers(credentials: Credentials, call: Call, query: str, body: str) -> dict[str, str]:
    """Return the headers that sign a call; `query` begins with its question mark."""
    at = from_ms(call.now_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    text = f"{at}{call.method.upper()}{urlsplit(call.url).path}{query}{body}"
    digest = hmac.digest(credentials.api_secret.reveal().encode(), text.encode(), "sha256")
    return {
        "OK-ACCESS-KEY": credentials.api_key.reveal(),
        "OK-ACCESS-SIGN": base64.b64encode(digest).decode(),
        "OK-ACCESS-TIMESTAMP": at,
        "OK-ACCESS-PASSPHRASE": credentials.passphrase.reveal() if credentials.passphrase else "",
        "Content-Type": "application/json",
    }
