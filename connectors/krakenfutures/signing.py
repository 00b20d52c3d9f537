"""The signature of Kraken futures: over the query as it is sent, the nonce where there is one, and the path."""

import base64
import binascii
import contextlib
import hashlib
import hmac
from urllib.parse import quote, urlencode, urlsplit

from connectors._credentials import Credentials, Secret
from connectors._interface import Call
from connectors.errors import CredentialError

UNSIGNED = "/derivatives"


def decode_secret(secret: Secret) -> bytes:
    """Return the bytes of a secret.

    Raises:
        CredentialError: it is not base64.
    """
    decoded = b""
    with contextlib.suppress(binascii.Error, ValueError):
        decoded = base64.b64decode(secret.reveal(), validate=True)
    if not decoded:
        raise CredentialError("api_secret", "undecodable")
    return decoded


def query_text(call: Call) -> str:
    """Return the query that is both signed and sent."""
    return urlencode([(name, str(value)) for name, value in call.params.items()], quote_via=quote)


def signed_headers(credentials: Credentials, call: Call, query: str) -> dict[str, str]:
    """Return the headers that sign a call; a nonce is optional, and sent only where one is given as text."""
    nonce = call.nonce if isinstance(call.nonce, str) else ""
    text = query + nonce + urlsplit(call.url).path.removeprefix(UNSIGNED)
    digest = hmac.new(decode_secret(credentials.api_secret), hashlib.sha256(text.encode()).digest(), hashlib.sha512)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "APIKey": credentials.api_key.reveal(),
        "Authent": base64.b64encode(digest.digest()).decode(),
    }
    return headers | ({"Nonce": nonce} if nonce else {})
