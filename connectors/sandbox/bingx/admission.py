"""Who is let in: key, timestamp, signature, address, permission; every refusal comes with HTTP 200.

Source: BingX API documentation "Signature verification" and "Error codes" (read 2026-11). The order of the checks and
how far a timestamp may lie ahead (1 s here) are not documented.
"""

import hashlib
import hmac
from urllib.parse import parse_qsl

from connectors.sandbox.bingx.common import refused
from connectors.sandbox.dialect import Site
from connectors.sandbox.keys import SandboxKey
from connectors.sandbox.wire import WireRequest

WINDOW_MS = 5_000
AHEAD_MS = 1_000
BAD_KEY = "Incorrect apiKey, please check your valid api key in https://bingx.com/en/account/api"
BAD_SIGNATURE = "Signature verification failed due to signature mismatch"
BAD_TIME = "Null timestamp or timestamp mismatch"
NO_PERMISSION = "Permission denied, the API key was created without the permission"


def admit(request: WireRequest, site: Site) -> SandboxKey:
    """Return the key of a signed request.

    Raises:
        RefusedError: with BingX's envelope.
    """
    now, sent = site.now_ms(), request.params()
    key = site.keys.find(request.headers.get("x-bx-apikey", ""))
    expired = key is not None and key.permissions.expires_at is not None and key.permissions.expires_at <= site.now()
    if key is None or key.revoked or expired:
        raise refused(100413, BAD_KEY, now)
    if not sent.get("signature"):
        raise refused(100412, "Null signature", now)
    if not _is_in_time(sent, now):
        raise refused(100421, BAD_TIME, now)
    if not _is_signed(request.query, key.api_secret):
        raise refused(100001, BAD_SIGNATURE, now)
    if key.allowed_ips and request.client_ip not in key.allowed_ips:
        raise refused(100419, "your current request IP does not match IP whitelist", now)
    if not key.permissions.read or (key.denied and request.path.startswith(key.denied)):
        raise refused(100004, NO_PERMISSION, now)
    return key


def _is_in_time(sent: dict[str, str], now: int) -> bool:
    timestamp, width = sent.get("timestamp", ""), sent.get("recvWindow") or str(WINDOW_MS)
    if not timestamp.isdigit() or not width.isdigit():
        return False
    return -AHEAD_MS <= now - int(timestamp) <= min(int(width), WINDOW_MS)


def _is_signed(query: str, secret: str) -> bool:
    """Compare with the signature of the decoded parameters in the order of their names, however they were sent."""
    sent = parse_qsl(query, keep_blank_values=True)
    told = next((value for name, value in sent if name == "signature"), "")
    plain = "&".join(f"{name}={value}" for name, value in sorted(sent) if name != "signature")
    expected = hmac.new(secret.encode(), plain.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), told.encode())
