"""The signature of Kraken spot, and the nonces of a key, which only ever grow, whoever asks with it here."""

import base64
import binascii
import contextlib
import hashlib
import hmac
import threading
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit
from weakref import WeakValueDictionary

from connectors._credentials import Credentials, Secret
from connectors._interface import Call
from connectors.errors import CredentialError


class Turn:
    """Whose turn it is to ask with a key: the lock that spans building and sending, and the last nonce."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.last_nonce = 0


_turns: WeakValueDictionary[str, Turn] = WeakValueDictionary()
_turns_lock = threading.Lock()


def turn_of(credentials: Credentials | None) -> Turn:
    """Return the one turn of a key; it lives as long as one of the connectors that share it."""
    if credentials is None:
        return Turn()
    name = hashlib.sha256(credentials.api_key.reveal().encode()).hexdigest()
    with _turns_lock:
        turn = _turns.get(name)
        if turn is None:
            turn = _turns[name] = Turn()
        return turn


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
    sign = base64.b64encode(hmac.new(decode_secret(credentials.api_secret), text, hashlib.sha512).digest()).decode()
    headers = {
        "API-Key": credentials.api_key.reveal(),
        "API-Sign": sign,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return headers, form
