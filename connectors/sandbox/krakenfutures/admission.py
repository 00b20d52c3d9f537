"""Who is let in: key, address, signature, permission; all but the last are told alike.

Source: Kraken futures documentation "REST Authentication" (read 2026-06).
"""

import base64
import hashlib
import hmac

from connectors.sandbox.dialect import Site
from connectors.sandbox.keys import SandboxKey
from connectors.sandbox.krakenfutures.common import refused
from connectors.sandbox.wire import WireRequest


def key_pair(label: str) -> tuple[str, str]:
    """Return the key and the secret of a label: 42 and 64 bytes in base64."""
    public = hashlib.shake_256(f"sandbox:{label}:key".encode()).digest(42)
    secret = hashlib.shake_256(f"sandbox:{label}:secret".encode()).digest(64)
    return base64.b64encode(public).decode(), base64.b64encode(secret).decode()


def admit(request: WireRequest, site: Site) -> SandboxKey:
    """Return the key of a signed request.

    Raises:
        RefusedError: with the exchange's envelope.
    """
    key = site.keys.find(request.headers.get("apikey", ""))
    expired = key is not None and key.permissions.expires_at is not None and key.permissions.expires_at <= site.now()
    if key is None or key.revoked or key.testnet or expired or not _signed(request, key.api_secret):
        raise refused("authenticationError")
    if key.allowed_ips and request.client_ip not in key.allowed_ips:
        raise refused("authenticationError")
    anything = request.path.endswith("/check")
    if not (key.permissions.read or anything) or request.path.startswith(key.denied):
        raise refused("EGeneral:Permission denied", 403)
    return key


def _signed(request: WireRequest, secret: str) -> bool:
    path = request.path.removeprefix("/derivatives")
    text = request.query + request.headers.get("nonce", "") + path
    digest = hmac.new(base64.b64decode(secret), hashlib.sha256(text.encode()).digest(), hashlib.sha512).digest()
    return hmac.compare_digest(base64.b64encode(digest), request.headers.get("authent", "").encode())
