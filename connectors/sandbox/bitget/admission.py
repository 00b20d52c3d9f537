"""Who is let in: key, timestamp, passphrase, signature, address, environment, permission.

Source: Bitget API documentation "Signature" and "RestAPI error codes" (read 2026-01-15). The order of the checks and
the width of the time window (30 s here) are not documented.
"""

import base64
import hashlib
import hmac
from urllib.parse import parse_qsl

from connectors.sandbox.bitget.common import refused
from connectors.sandbox.dialect import Site
from connectors.sandbox.keys import SandboxKey
from connectors.sandbox.wire import WireRequest

WINDOW_MS = 30_000
EMPTY = (
    ("access-key", "40001", "ACCESS_KEY cannot be empty"),
    ("access-sign", "40003", "Signature cannot be empty"),
    ("access-timestamp", "40005", "Invalid ACCESS_TIMESTAMP"),
    ("access-passphrase", "40011", "ACCESS_PASSPHRASE cannot be empty"),
)


def admit(request: WireRequest, site: Site) -> SandboxKey:
    """Return the key of a signed request.

    Raises:
        RefusedError: with Bitget's envelope.
    """
    now = site.now_ms()
    for header, code, msg in EMPTY:
        if not request.headers.get(header):
            raise refused(code, msg, now)
    key = site.keys.find(request.headers["access-key"])
    expired = key is not None and key.permissions.expires_at is not None and key.permissions.expires_at <= site.now()
    if key is None or key.revoked or expired:
        raise refused("40037", "Apikey does not exist", now)
    sent = request.headers["access-timestamp"]
    if not sent.isdigit():
        raise refused("40005", "Invalid ACCESS_TIMESTAMP", now)
    if abs(now - int(sent)) > WINDOW_MS:
        raise refused("40008", "Request timestamp expired", now)
    if not hmac.compare_digest(request.headers["access-passphrase"].encode(), (key.passphrase or "").encode()):
        raise refused("40012", "apikey/password is incorrect", now)
    if not _signed(request, key.api_secret):
        raise refused("40009", "sign signature error", now)
    if key.allowed_ips and request.client_ip not in key.allowed_ips:
        raise refused("40018", "Invalid IP", now)
    if (request.headers.get("paptrading") == "1") is not key.testnet:
        raise refused("40099", "exchange environment is incorrect", now)
    if not key.permissions.read or request.path.startswith(key.denied):
        raise refused("40014", "Incorrect permissions", now)
    return key


def _signed(request: WireRequest, secret: str) -> bool:
    """Compare with the signature of the sorted, decoded query, or of the query as sent where it is sorted."""
    pairs = parse_qsl(request.query, keep_blank_values=True)
    ordered = sorted(pairs, key=lambda pair: pair[0])
    texts = ["&".join(f"{name}={value}" for name, value in ordered)]
    if pairs == ordered:
        texts.append(request.query)
    head = request.headers["access-timestamp"] + request.method + request.path
    sent = request.headers["access-sign"].encode()
    for text in texts:
        message = (head + ("?" + text if text else "")).encode() + request.body
        expected = base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest())
        if hmac.compare_digest(expected, sent):
            return True
    return False
