"""Who is let in: token, key, signature, time, request, address, scope.

Source: Coinbase Developer Documentation "API key authentication" (read 2026-11). All of v3's refusals look alike; how
far a clock may be off is not documented (five seconds here).
"""

import base64
import binascii
import hashlib
import json
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from connectors.sandbox.coinbase.common import identity, refused
from connectors.sandbox.dialect import Site
from connectors.sandbox.keys import SandboxKey
from connectors.sandbox.wire import WireRequest

ED25519_LABELS = ("second", "spot", "dust")
ISSUERS = ("cdp", "coinbase-cloud")
LIFE_SECONDS, LEEWAY_SECONDS = 120, 5
HOST = "api.coinbase.com"
Part = dict[str, Any]


def key_pair(label: str) -> tuple[str, str]:
    """Return name and private key of a label: ECDSA in PEM for most, Ed25519 in base64 for some."""
    seed = hashlib.sha256(f"sandbox:{label}".encode()).digest()
    if label.endswith(ED25519_LABELS):
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        return identity("key", label), base64.b64encode(seed + public).decode()
    key = derive_private_key(int.from_bytes(seed[:31]) + 1, SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return f"organizations/{identity('organization')}/apiKeys/{identity('key', label)}", pem.decode()


def api_key_of(request: WireRequest) -> str:
    """Return the key that a request's token names, empty where there is none."""
    try:
        return str(_parts(request)[0].get("kid", ""))
    except ValueError:
        return ""


def admit(request: WireRequest, site: Site, *, anything: bool) -> SandboxKey:
    """Return the key of a signed request; `anything` lets a key in that may not view.

    Raises:
        RefusedError: in the envelope of v2, or in the plain words of v3.
    """
    app = request.path.startswith("/v2/")
    stranger = refused(401, "authentication_error", "invalid api key", app=app)
    try:
        header, claims, signed, signature = _parts(request)
    except ValueError:
        raise stranger from None
    key = site.keys.find(str(header.get("kid", "")))
    expired = key is not None and key.permissions.expires_at is not None and key.permissions.expires_at <= site.now()
    if key is None or key.revoked or key.testnet or expired or not header.get("nonce"):
        raise stranger
    if not _verified(key.api_secret, str(header.get("alg")), signed, signature):
        raise stranger
    if claims.get("iss") not in ISSUERS or claims.get("sub") != key.api_key or not _covers(claims, request):
        raise stranger
    if not _timely(claims, site.now_ms() // 1000):
        raise refused(401, "authentication_error", "request timestamp expired", app=app)
    if key.allowed_ips and request.client_ip not in key.allowed_ips:
        raise refused(401, "unauthorized", "The request is unauthorized", app=app)
    if not (key.permissions.read or anything) or request.path.startswith(key.denied):
        raise refused(403, "invalid_scope" if app else "PERMISSION_DENIED", "Missing required scopes", app=app)
    return key


def _parts(request: WireRequest) -> tuple[Part, Part, bytes, bytes]:
    """Return header, claims, the signed text and the signature of a token; ValueError where it is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    parts = token.split(".")
    if scheme != "Bearer" or len(parts) != 3:
        raise ValueError("no token")
    try:
        header, claims, signature = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in parts)
        head, body = json.loads(header), json.loads(claims)
    except (binascii.Error, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError("no token") from error
    if not isinstance(head, dict) or not isinstance(body, dict):
        raise ValueError("no token")
    return head, body, token.rpartition(".")[0].encode(), signature


def _covers(claims: Part, request: WireRequest) -> bool:
    """Compare the request with the one the token was made for: method, host and path, without the query."""
    made_for = claims.get("uri") or (claims.get("uris") or [""])[0]
    method, _, place = str(made_for).partition(" ")
    host, slash, path = place.removeprefix("http://").partition("/")
    mine = (HOST, request.headers.get("host", HOST))
    return method == request.method and host in mine and slash + path == request.path


def _timely(claims: Part, now: int) -> bool:
    begins, ends = claims.get("nbf"), claims.get("exp")
    if not isinstance(begins, int) or not isinstance(ends, int) or ends - begins > LIFE_SECONDS:
        return False
    return begins - LEEWAY_SECONDS <= now < ends + LEEWAY_SECONDS


@lru_cache(maxsize=1_000)
def _load(secret: str) -> EllipticCurvePrivateKey | Ed25519PrivateKey:
    if not secret.startswith("-----BEGIN"):
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(secret)[:32])
    key = load_pem_private_key(secret.encode(), password=None)
    if not isinstance(key, EllipticCurvePrivateKey):
        raise TypeError("no key of the sandbox")
    return key


def _verified(secret: str, algorithm: str, signed: bytes, signature: bytes) -> bool:
    key = _load(secret)
    try:
        if isinstance(key, Ed25519PrivateKey):
            key.public_key().verify(signature, signed)
            return algorithm == "EdDSA"
        if len(signature) != 64:
            return False
        pair = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
        key.public_key().verify(pair, signed, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return algorithm == "ES256"
