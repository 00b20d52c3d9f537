"""Signatures of Binance: HMAC-SHA256 for plain secrets, Ed25519 or RSA for private keys in PEM."""

import base64
import hmac
from collections.abc import Callable
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from connectors._credentials import Secret, load_private_key
from connectors._interface import Call
from connectors.errors import CredentialError

RECV_WINDOW_MS = 5_000

Signer = Callable[[str], str]


def make_signer(secret: Secret) -> Signer:
    """Return the function that signs an encoded query, its result ready to be appended.

    Raises:
        CredentialError: the secret is a PEM text but no Ed25519 or RSA private key.
    """
    if "-----BEGIN" not in secret.reveal():
        return lambda query: hmac.digest(secret.reveal().encode(), query.encode(), "sha256").hex()
    key = load_private_key(secret)
    if isinstance(key, Ed25519PrivateKey):
        return lambda query: _encode(key.sign(query.encode()))
    if isinstance(key, RSAPrivateKey):
        return lambda query: _encode(key.sign(query.encode(), padding.PKCS1v15(), SHA256()))
    raise CredentialError("api_secret", "undecodable")


def signed_query(call: Call, sign: Signer) -> str:
    """Return the encoded parameters in their order, then recvWindow, timestamp and signature."""
    query = urlencode({**call.params, "recvWindow": RECV_WINDOW_MS, "timestamp": call.now_ms})
    return f"{query}&signature={sign(query)}"


def _encode(signature: bytes) -> str:
    return quote(base64.b64encode(signature), safe="")
