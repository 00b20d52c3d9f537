"""The signature of KuCoin: base64 HMAC-SHA256 over the request as text, before its query is percent-encoded."""

import base64
import hmac
import json
from collections.abc import Mapping
from urllib.parse import quote, urlencode, urlsplit

from connectors._credentials import Credentials
from connectors._interface import Call

KEY_VERSION = "3"


def query_texts(params: Mapping[str, object]) -> tuple[str, str]:
    """Return the query in its given order: as signed (values as they are) and as sent (percent-encoded)."""
    plain = "&".join(f"{name}={value}" for name, value in params.items())
    return plain, urlencode({name: str(value) for name, value in params.items()}, quote_via=quote)


def body_text(body: object) -> str:
    """Return the JSON text that is both signed and sent; empty without a body."""
    return "" if body is None else json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def signed_headers(credentials: Credentials, call: Call, query: str, body: str) -> dict[str, str]:
    """Return the headers that sign a call; `query` is the plain one, without the question mark."""
    secret = credentials.api_secret.reveal()
    path = urlsplit(call.url).path + (f"?{query}" if query else "")
    passphrase = credentials.passphrase.reveal() if credentials.passphrase else ""
    return {
        "KC-API-KEY": credentials.api_key.reveal(),
        "KC-API-SIGN": _digest(secret, f"{call.now_ms}{call.method.upper()}{path}{body}"),
        "KC-API-TIMESTAMP": str(call.now_ms),
        "KC-API-PASSPHRASE": _digest(secret, passphrase),
        "KC-API-KEY-VERSION": KEY_VERSION,
        "Content-Type": "application/json",
    }


def _digest(secret: str, text: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha256")).decode()
