"""Who is let in: key, expiry, time, signature, address, permission.

Source: bybit-exchange/docs v5 "Integration guidance" and "Error codes" (read 2026-07). The order of the checks is not
documented. Test and main environments are hosts at Bybit; here is one.
"""

import hashlib
import hmac

from connectors.sandbox.bybit.common import refused
from connectors.sandbox.dialect import Site
from connectors.sandbox.keys import SandboxKey
from connectors.sandbox.wire import Answer, RefusedError, WireRequest

HEADERS = ("x-bapi-api-key", "x-bapi-timestamp", "x-bapi-sign")
AHEAD_MS = 1000
LONGEST_WINDOW_MS = 60_000


def admit(request: WireRequest, site: Site) -> SandboxKey:
    """Return the key of a signed request.

    Raises:
        RefusedError: with Bybit's envelope; without a key there is none, only the status.
    """
    now = site.now_ms()
    if not all(request.headers.get(name) for name in HEADERS):
        raise RefusedError(Answer(401, ""))
    if request.method == "GET" and request.body:
        raise RefusedError(Answer(403, "403 Forbidden"))
    key = site.keys.find(request.headers["x-bapi-api-key"])
    if key is None or key.revoked:
        raise refused(10003, "API key is invalid.", now)
    if key.permissions.expires_at is not None and key.permissions.expires_at <= site.now():
        raise refused(33004, "Your api key has expired.", now)
    _check_time(request, now)
    text = _signed_text(request)
    expected = hmac.new(key.api_secret.encode(), text, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), request.headers["x-bapi-sign"].encode()):
        raise refused(10004, f"error sign! origin_string[{text.decode('utf-8', 'replace')}]", now)
    if key.allowed_ips and request.client_ip not in key.allowed_ips:
        raise refused(10010, "Unmatched IP, please check your API key's bound IP addresses.", now)
    if not key.permissions.read or request.path.startswith(key.denied):
        raise refused(10005, "Permission denied, please check your API key permissions.", now)
    return key


def _window(request: WireRequest) -> str:
    return request.headers.get("x-bapi-recv-window", "5000")


def _check_time(request: WireRequest, now: int) -> None:
    sent, wide = request.headers["x-bapi-timestamp"], _window(request)
    fits = sent.isdigit() and wide.isdigit() and int(wide) <= LONGEST_WINDOW_MS
    if not fits or not now - int(wide) <= int(sent) < now + AHEAD_MS:
        facts = f"req_timestamp[{sent}],server_timestamp[{now}],recv_window[{wide}]"
        raise refused(10002, f"invalid request, please check your server timestamp or recv_window param. {facts}", now)


def _signed_text(request: WireRequest) -> bytes:
    head = request.headers["x-bapi-timestamp"] + request.headers["x-bapi-api-key"] + _window(request)
    return head.encode() + (request.query.encode() if request.method == "GET" else request.body)
