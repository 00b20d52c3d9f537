"""Who is let in: API key, source address, time window, signature and permission, in the order Binance refuses.

Source: rest-api.md "Request security" and errors.md of binance/binance-spot-api-docs (read 2026-01-15).
"""

import base64
import hashlib
import hmac
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from connectors.sandbox.binance.common import error, integer, mandatory
from connectors.sandbox.dialect import Site
from connectors.sandbox.keys import SandboxKey
from connectors.sandbox.wire import RefusedError, WireRequest

KEY_FORMAT = re.compile(r"[A-Za-z0-9]{64}")
SIGNATURE = re.compile(r"(^|&)signature=([^&]*)")
MAX_RECV_WINDOW = 60_000
AHEAD_MS = 1_000
FUTURES = ("/fapi/", "/dapi/", "/papi/")


def admit(request: WireRequest, site: Site) -> SandboxKey:
    """Return the key of a signed request.

    Raises:
        RefusedError: with Binance's envelope.
    """
    key = _key(request, site)
    _check_time(request, site.now_ms())
    _check_signature(request, key)
    if not key.permissions.read or request.path.startswith(key.denied):
        raise _key_ip_or_permission(request)
    return key


def _key(request: WireRequest, site: Site) -> SandboxKey:
    sent = request.headers.get("x-mbx-apikey", "")
    if not KEY_FORMAT.fullmatch(sent):
        raise error(-2014, "API-key format invalid.", 401)
    key = site.keys.find(sent)
    if key is None and not request.path.startswith(FUTURES):
        raise error(-2008, "Invalid Api-Key ID.", 401)
    expired = key is not None and key.permissions.expires_at is not None and key.permissions.expires_at <= site.now()
    if key is None or key.revoked or expired or (key.allowed_ips and request.client_ip not in key.allowed_ips):
        raise _key_ip_or_permission(request)
    return key


def _key_ip_or_permission(request: WireRequest) -> RefusedError:
    tail = f", request ip: {request.client_ip}" if request.path.startswith(FUTURES) else "."
    return error(-2015, f"Invalid API-key, IP, or permissions for action{tail}", 401)


def _check_time(request: WireRequest, now_ms: int) -> None:
    params = request.params()
    sent = integer(params, "timestamp")
    if sent is None:
        raise mandatory("timestamp")
    if sent >= 10**15:
        sent //= 1000
    recv_window = integer(params, "recvWindow", 5000) or 5000
    if recv_window > MAX_RECV_WINDOW:
        raise error(-1131, "recvWindow must be less than 60000.")
    if sent >= now_ms + AHEAD_MS:
        raise error(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if now_ms - sent > recv_window:
        raise error(-1021, "Timestamp for this request is outside of the recvWindow.")


def _check_signature(request: WireRequest, key: SandboxKey) -> None:
    signed = request.query + request.body.decode("utf-8", "replace")
    found = SIGNATURE.search(signed)
    if not found:
        raise mandatory("signature")
    payload = (signed[: found.start()] + signed[found.end() :]).encode()
    sent = request.params().get("signature", "")
    if not (
        _asymmetric(key.api_secret, payload, sent)
        if "KEY-----" in key.api_secret
        else _hmac(key.api_secret, payload, sent)
    ):
        raise error(-1022, "Signature for this request is not valid.")


def _hmac(secret: str, payload: bytes, sent: str) -> bool:
    expected = hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), sent.lower().encode())


def _asymmetric(pem: str, payload: bytes, sent: str) -> bool:
    private = serialization.load_pem_private_key(pem.encode(), None)
    try:
        signature = base64.b64decode(sent, validate=True)
        if isinstance(private, ed25519.Ed25519PrivateKey):
            private.public_key().verify(signature, payload)
        elif isinstance(private, rsa.RSAPrivateKey):
            private.public_key().verify(signature, payload, padding.PKCS1v15(), hashes.SHA256())
        else:
            return False
    except (InvalidSignature, ValueError):
        return False
    return True
