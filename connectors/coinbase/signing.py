"""The JSON web token that Coinbase wants with each request, signed by an ECDSA P-256 or an Ed25519 key."""

import base64
import binascii
import json
import secrets
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from connectors._credentials import Secret, load_private_key
from connectors._interface import Call
from connectors.errors import CredentialError

SigningKey = EllipticCurvePrivateKey | Ed25519PrivateKey

LIFE_SECONDS = 120
COORDINATE_BYTES = 32
SEED_BYTES = 32
RAW_LENGTHS = (SEED_BYTES, 2 * SEED_BYTES)


def load_key(secret: Secret) -> SigningKey:
    """Return the private key: PEM of P-256 or Ed25519, or base64 of an Ed25519 seed with or without its public part.

    Raises:
        CredentialError: it is something else, such as the secret of a legacy key.
    """
    if "-----BEGIN" in secret.reveal():
        key = load_private_key(secret)
        if isinstance(key, Ed25519PrivateKey):
            return key
        if isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1):
            return key
        raise CredentialError("api_secret", "undecodable")
    raw = _base64(secret.reveal().strip("\"'"))
    if len(raw) not in RAW_LENGTHS:
        raise CredentialError("api_secret", "undecodable")
    key = Ed25519PrivateKey.from_private_bytes(raw[:SEED_BYTES])
    if raw[SEED_BYTES:] not in (b"", key.public_key().public_bytes_raw()):
        raise CredentialError("api_secret", "undecodable")
    return key


def token(name: str, key: SigningKey, call: Call) -> str:
    """Return the token of one call: good for two minutes, its query and body not covered."""
    parts, now = urlsplit(call.url), call.now_ms // 1000
    nonce = call.nonce if isinstance(call.nonce, str) else secrets.token_hex(16)
    algorithm = "EdDSA" if isinstance(key, Ed25519PrivateKey) else "ES256"
    header = {"alg": algorithm, "typ": "JWT", "kid": name, "nonce": nonce}
    claims = {
        "sub": name,
        "iss": "cdp",
        "nbf": now,
        "exp": now + LIFE_SECONDS,
        "uri": f"{call.method.upper()} {parts.netloc}{parts.path}",
    }
    signed = f"{_part(compact(header))}.{_part(compact(claims))}"
    return f"{signed}.{_part(_signature(key, signed.encode()))}"


def compact(value: object) -> bytes:
    """Return the JSON text that is sent, without blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _signature(key: SigningKey, message: bytes) -> bytes:
    """Return the raw signature: for ES256 both numbers side by side, not in ASN.1."""
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(message)
    pair = decode_dss_signature(key.sign(message, ECDSA(SHA256())))
    return b"".join(number.to_bytes(COORDINATE_BYTES) for number in pair)


def _part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        pass
    raise CredentialError("api_secret", "undecodable")
