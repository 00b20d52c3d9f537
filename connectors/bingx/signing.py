"""The signature of BingX: hex HMAC-SHA256 over the sorted query as text, before it is percent-encoded."""

import hmac
from collections.abc import Mapping
from urllib.parse import quote

from connectors._credentials import Credentials


def signed_query(credentials: Credentials, params: Mapping[str, object], now_ms: int) -> str:
    """Return the query as sent, `signature` last; keys are sorted by ASCII."""
    pairs = sorted((name, _written(value)) for name, value in {**params, "timestamp": now_ms}.items())
    plain = "&".join(f"{name}={value}" for name, value in pairs)
    signature = hmac.digest(credentials.api_secret.reveal().encode(), plain.encode(), "sha256").hex()
    encoded = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    return f"{encoded}&signature={signature}"


def _written(value: object) -> str:
    """Write a value as it is signed: a list as [a,b]."""
    return f"[{','.join(map(str, value))}]" if isinstance(value, list | tuple) else str(value)
