"""Who is let in: key, address, signature, nonce, permission.

Source: Kraken REST documentation "Spot REST Authentication" and "API Error Messages" (read 2026-06). What an address
that is not allowed is told is not documented: that its key is invalid, here.
"""

import base64
import hashlib
import hmac
import threading
from urllib.parse import parse_qs
from weakref import WeakKeyDictionary

from connectors.sandbox.dialect import Site
from connectors.sandbox.keys import KeyRing, SandboxKey
from connectors.sandbox.kraken.common import refused
from connectors.sandbox.wire import WireRequest

_nonces: WeakKeyDictionary[KeyRing, dict[str, int]] = WeakKeyDictionary()
_lock = threading.Lock()


def key_pair(label: str) -> tuple[str, str]:
    """Return the key and the secret of a label: 42 and 64 bytes in base64."""
    public = hashlib.shake_256(f"sandbox:{label}:key".encode()).digest(42)
    secret = hashlib.shake_256(f"sandbox:{label}:secret".encode()).digest(64)
    return base64.b64encode(public).decode(), base64.b64encode(secret).decode()


def admit(request: WireRequest, site: Site, *, anything: bool) -> SandboxKey:
    """Return the key of a signed request; `anything` lets a key in that may not read.

    Raises:
        RefusedError: with Kraken's envelope.
    """
    key = site.keys.find(request.headers.get("api-key", ""))
    if key is None or key.revoked or key.testnet:
        raise refused("EAPI:Invalid key")
    if key.permissions.expires_at is not None and key.permissions.expires_at <= site.now():
        raise refused("EAPI:Invalid key")
    if key.allowed_ips and request.client_ip not in key.allowed_ips:
        raise refused("EAPI:Invalid key")
    nonce = parse_qs(request.body.decode("utf-8", "replace")).get("nonce", [""])[0]
    if not _signed(request, nonce, key.api_secret):
        raise refused("EAPI:Invalid signature")
    if not nonce.isdigit() or (not _grows(site.keys, key.api_key, int(nonce)) and site.enforce_limits):
        raise refused("EAPI:Invalid nonce")
    if not (key.permissions.read or anything) or request.path.startswith(key.denied):
        raise refused("EGeneral:Permission denied")
    return key


def _signed(request: WireRequest, nonce: str, secret: str) -> bool:
    inner = hashlib.sha256(nonce.encode() + request.body).digest()
    digest = hmac.new(base64.b64decode(secret), request.path.encode() + inner, hashlib.sha512).digest()
    return hmac.compare_digest(base64.b64encode(digest), request.headers.get("api-sign", "").encode())


def _grows(ring: KeyRing, api_key: str, nonce: int) -> bool:
    """Keep the highest nonce of a key; false for one that is not higher."""
    with _lock:
        last = _nonces.setdefault(ring, {})
        if nonce <= last.get(api_key, -1):
            return False
        last[api_key] = nonce
        return True
