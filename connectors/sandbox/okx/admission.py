"""Who is let in: headers, key, timestamp, passphrase, signature, address, environment, permission.

Source: OKX API v5 documentation "REST Authentication" and "Error Code" (read 2026-01-15). The order of the checks is
not documented.
"""

import base64
import hashlib
import hmac
import re
from datetime import datetime

from connectors.sandbox.dialect import Site
from connectors.sandbox.keys import SandboxKey
from connectors.sandbox.model import to_ms
from connectors.sandbox.okx.common import refused
from connectors.sandbox.wire import WireRequest

WINDOW_MS = 30_000
EMPTY = (
    ("ok-access-key", "50103", "OK-ACCESS-KEY"),
    ("ok-access-passphrase", "50104", "OK-ACCESS-PASSPHRASE"),
    ("ok-access-sign", "50106", "OK-ACCESS-SIGN"),
    ("ok-access-timestamp", "50107", "OK-ACCESS-TIMESTAMP"),
)
KEY = re.compile(r"[0-9a-f-]+")
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
NOT_IN_DEMO = ("/api/v5/asset/deposit-", "/api/v5/asset/withdrawal-", "/api/v5/asset/bills", "/api/v5/finance/")


def admit(request: WireRequest, site: Site) -> SandboxKey:
    """Return the key of a signed request.

    Raises:
        RefusedError: with OKX's envelope.
    """
    for header, code, name in EMPTY:
        if not request.headers.get(header):
            raise refused(code, f'Request header "{name}" cannot be empty.', 401)
    if not KEY.fullmatch(request.headers["ok-access-key"]):
        raise refused("50111", "Invalid OK-ACCESS-KEY.", 401)
    _check_time(request.headers["ok-access-timestamp"], site.now_ms())
    key = site.keys.find(request.headers["ok-access-key"])
    expired = key is not None and key.permissions.expires_at is not None and key.permissions.expires_at <= site.now()
    if key is None or key.revoked or expired:
        raise refused("50119", "API key doesn't exist", 200)
    demo = request.headers.get("x-simulated-trading") == "1"
    if demo is not key.testnet:
        raise refused("50101", "APIKey does not match current environment.", 401)
    if not hmac.compare_digest(request.headers["ok-access-passphrase"].encode(), (key.passphrase or "").encode()):
        raise refused("50105", 'Request header "OK-ACCESS-PASSPHRASE" incorrect.', 401)
    if not _signed(request, key.api_secret):
        raise refused("50113", "Invalid signature.", 401)
    if key.allowed_ips and request.client_ip not in key.allowed_ips:
        raise refused("50110", f"Your IP {request.client_ip} is not included in your API key's IP whitelist.", 401)
    if not key.permissions.read or request.path.startswith(key.denied):
        raise refused("50120", "This API key doesn't have permission to use this function", 200)
    if demo and request.path.startswith(NOT_IN_DEMO):
        raise refused("50038", "This feature is unavailable in demo trading", 200)
    return key


def _check_time(sent: str, now_ms: int) -> None:
    if not TIMESTAMP.fullmatch(sent):
        raise refused("50112", "Invalid OK-ACCESS-TIMESTAMP.", 401)
    try:
        moment = datetime.fromisoformat(sent)
    except ValueError:
        raise refused("50112", "Invalid OK-ACCESS-TIMESTAMP.", 401) from None
    if abs(now_ms - to_ms(moment)) > WINDOW_MS:
        raise refused("50102", "Timestamp request expired.", 401)


def _signed(request: WireRequest, secret: str) -> bool:
    """Compare with the signature of the request as it was sent, its query still encoded."""
    path = request.path + (f"?{request.query}" if request.query else "")
    head = request.headers["ok-access-timestamp"] + request.method + path
    digest = hmac.new(secret.encode(), head.encode() + request.body, hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(digest), request.headers["ok-access-sign"].encode())
