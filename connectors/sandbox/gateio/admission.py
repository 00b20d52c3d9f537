"""Who is let in: headers, time, key, signature, address, permission, in this order.

Source: Gate API v4 documentation, "API Signature string generation" and "Error labels" (read 2026-11). That the time is
checked before the key was seen in a probe; the order of the later checks is not documented.
"""

import hashlib
import hmac
from urllib.parse import unquote

from connectors.sandbox.dialect import Site
from connectors.sandbox.gateio.common import refused
from connectors.sandbox.keys import SandboxKey
from connectors.sandbox.wire import WireRequest

GAP_SECONDS = 60
HEADERS = ("KEY", "Timestamp", "SIGN")


def admit(request: WireRequest, site: Site) -> SandboxKey:
    """Return the key of a signed request.

    Raises:
        RefusedError: with Gate.io's label.
    """
    for header in HEADERS:
        if not request.headers.get(header.lower()):
            raise refused("MISSING_REQUIRED_HEADER", f"Missing required header: {header}")
    _check_time(request.headers["timestamp"], site)
    key = site.keys.find(request.headers["key"])
    expired = key is not None and key.permissions.expires_at is not None and key.permissions.expires_at <= site.now()
    if key is None or key.revoked or expired:
        raise refused("INVALID_KEY", "Invalid key provided", 401)
    if not _signed(request, key.api_secret):
        raise refused("INVALID_SIGNATURE", "Signature mismatch", 401)
    if key.allowed_ips and request.client_ip not in key.allowed_ips:
        raise refused("FORBIDDEN", f"Request IP not in whitelist: {request.client_ip}", 403)
    if not key.permissions.read or request.path.startswith(key.denied):
        raise refused("FORBIDDEN", "Key does not have permission to access this API", 403)
    return key


def _check_time(sent: str, site: Site) -> None:
    if not sent.replace(".", "", 1).isdigit():
        raise refused("INVALID_PARAM_VALUE", "Invalid Timestamp header")
    now = site.now_ms() / 1000
    if abs(now - float(sent)) > GAP_SECONDS:
        message = f"gap between request Timestamp and server time exceeds {GAP_SECONDS}"
        raise refused("REQUEST_EXPIRED", f"{message} current_time:{int(now)} header.timestamp:{sent}", 403)


def _signed(request: WireRequest, secret: str) -> bool:
    """Compare with the signature of the query as it was meant (decoded) and as it was sent."""
    hashed = hashlib.sha512(request.body).hexdigest()
    sent = request.headers["sign"].encode()
    for query in (unquote(request.query), request.query):
        lines = "\n".join((request.method, request.path, query, hashed, request.headers["timestamp"]))
        expected = hmac.new(secret.encode(), lines.encode(), hashlib.sha512).hexdigest()
        if hmac.compare_digest(expected.encode(), sent):
            return True
    return False
