"""Who is let in: key, time, passphrase, signature, address, right.

Source: KuCoin docs-new "Authentication" and "Error code" (read 2026-11). The order of the checks is not documented.
"""

import base64
import hashlib
import hmac
from urllib.parse import unquote

from connectors.sandbox.dialect import Site
from connectors.sandbox.keys import SandboxKey
from connectors.sandbox.kucoin.common import refused
from connectors.sandbox.wire import WireRequest

WINDOW_MS = 5_000
VERSIONS = ("2", "3")
NEEDED = ("kc-api-key", "kc-api-sign", "kc-api-timestamp", "kc-api-passphrase")


def admit(request: WireRequest, site: Site) -> SandboxKey:
    """Return the key of a signed request.

    Raises:
        RefusedError: with KuCoin's envelope.
    """
    headers = request.headers
    if not all(headers.get(name) for name in NEEDED):
        raise refused("400001", "Please check the header of your request for KC-API-KEY, KC-API-SIGN", 401)
    if headers.get("kc-api-key-version") not in VERSIONS:
        raise refused("400009", "Invalid KC-API-KEY-VERSION", 401)
    key = site.keys.find(headers["kc-api-key"])
    expired = key is not None and key.permissions.expires_at is not None and key.permissions.expires_at <= site.now()
    if key is None or key.revoked or key.testnet or expired:
        raise refused("400003", "KC-API-KEY not exists", 401)
    sent = headers["kc-api-timestamp"]
    if not sent.isdigit() or abs(site.now_ms() - int(sent)) > WINDOW_MS:
        raise refused("400002", "Invalid KC-API-TIMESTAMP", 401)
    if not _same(headers["kc-api-passphrase"], key.api_secret, key.passphrase or ""):
        raise refused("400004", "Invalid KC-API-PASSPHRASE", 401)
    if not _signed(request, key.api_secret):
        raise refused("400005", "Invalid KC-API-SIGN", 401)
    if key.allowed_ips and request.client_ip not in key.allowed_ips:
        raise refused("400006", f"Invalid request ip, the current clientIp is:{request.client_ip}", 401)
    if not key.permissions.read or request.path.startswith(key.denied):
        raise refused("400007", "Access denied, require more permission", 403)
    return key


def _signed(request: WireRequest, secret: str) -> bool:
    """Compare with the signature of the query as it reads."""
    query = f"?{unquote(request.query)}" if request.query else ""
    text = request.headers["kc-api-timestamp"] + request.method + request.path + query
    return _same(request.headers["kc-api-sign"], secret, text + request.body.decode("utf-8", "replace"))


def _same(sent: str, secret: str, text: str) -> bool:
    expected = base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())
    return hmac.compare_digest(expected, sent.encode())
