"""The signature of Bybit: HMAC-SHA256 or RSA over time + key + window + the very bytes of the query or the body."""

import base64
import hmac
import json
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from connectors._credentials import Credentials, Secret, load_private_key
from connectors._interface import Call
from connectors.errors import CredentialError

RECV_WINDOW_MS = 5000
READY = re.compile(r"(?:[A-Za-z0-9._~=-]|%[0-9A-Fa-f]{2})*")


def query_text(params: Mapping[str, object]) -> str:
    """Return the query as signed and sent; a cursor that came percent-encoded goes back as it came."""
    return "&".join(f"{name}={_encoded(str(value))}" for name, value in params.items())


def body_text(body: object) -> str:
    """Return the JSON text that is both signed and sent; empty without a body."""
    return "" if body is None else json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def make_signer(secret: Secret) -> Callable[[str], str]:
    """Return the function that signs a text: hex HMAC with a plain secret, base64 RSA with a private key.

    Raises:
        CredentialError: a PEM text that holds no RSA key.
    """
    if "-----BEGIN" not in secret.reveal():
        return lambda text: hmac.digest(secret.reveal().encode(), text.encode(), "sha256").hex()
    key = load_private_key(secret)
    if not isinstance(key, RSAPrivateKey):
        raise CredentialError("api_secret", "undecodable")
    return lambda text: base64.b64encode(key.sign(text.encode(), PKCS1v15(), SHA256())).decode()


def signed_headers(
    credentials: Credentials, signer: Callable[[str], str], call: Call, *, payload: str
) -> dict[str, str]:
    """Return the headers that sign a call; `payload` is the query without question mark, or the body."""
    api_key = credentials.api_key.reveal()
    return {
        "Content-Type": "application/json",
        "X-BAPI-API-KEY": api_key,
        "X-BAPI-TIMESTAMP": str(call.now_ms),
        "X-BAPI-RECV-WINDOW": str(RECV_WINDOW_MS),
        "X-BAPI-SIGN": signer(f"{call.now_ms}{api_key}{RECV_WINDOW_MS}{payload}"),
    }


def _encoded(value: str) -> str:
    return value if READY.fullmatch(value) else quote(value, safe="=")
