"""The signature of Kraken spot: over the path, the nonce and the form as it is posted."""

import base64
import binascii
import contextlib
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from connectors._credentials import Credentials, Secret
from connectors._interface import Call
from connectors.errors import CredentialError


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


def form_text(call: Call) -> tuple[str, str]:
    """Return the nonce and the form that is both signed and sent, the nonce first."""
    given: Mapping[str, object] = call.body if isinstance(call.body, Mapping) else {}
    form = {"nonce": call.nonce, **given, **call.params}
    return str(form["nonce"]), urlencode([(name, str(value)) for name, value in form.items()])


def signed_headers(credentials: Credentials, call: Call) -> tuple[dict[str, str], str]:
    """Return the headers that sign a call, and its form."""
    nonce, form = form_text(call)
    text = urlsplit(call.url).path.encode() + hashlib.sha256((nonce + form).encode()).digest()
    sign = base64.b64encode(hmac.digest(decode_secret(credentials.api_secret), text, "sha512")).decode()
    headers = {
        "API-Key": credentials.api_key.reveal(),
        "API-Sign": sign,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return headers, form
