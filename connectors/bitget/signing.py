"""The signature of Bitget: base64 HMAC-SHA256 over the request as text, before its query is percent-encoded."""

import base64
import hmac
import json
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from connectors._credentials import Credentials
from connectors._interface import Call


def canonical_query(params: Mapping[str, object]) -> tuple[str, str]:
    """Return the query with its keys sorted: as signed (values as they are) and as sent (percent-encoded)."""
    pairs = sorted((name, str(value)) for name, value in params.items())
    plain = "&".join(f"{name}={value}" for name, value in pairs)
    return plain, urlencode(pairs)


def body_text(body: object) -> str:
    """Return the JSON text that is both signed and sent; empty without a body."""
    return "" if body is None else json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def signed_headers(credentials: Credentials, call: Call, query: str, body: str) -> dict[str, str]:
    """Return the headers that sign a call; `query` is the plain one, without the question mark."""
    path = urlsplit(call.url).path + (f"?{query}" if query else "")
    text = f"{call.now_ms}{call.method.upper()}{path}{body}"
    digest = hmac.digest(credentials.api_secret.reveal().encode(), text.encode(), "sha256")
    return {
        "ACCESS-KEY": credentials.api_key.reveal(),
        "ACCESS-SIGN": base64.b64encode(digest).decode(),
        "ACCESS-TIMESTAMP": str(call.now_ms),
        "ACCESS-PASSPHRASE": credentials.passphrase.reveal() if credentials.passphrase else "",
        "Content-Type": "application/json",
        "locale": "en-US",
    }
