"""The app key and the subkeys derived from it, one per purpose."""

import hashlib
import hmac
from enum import StrEnum

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import ConfigurationError
from core.security.encoding import EncodingError, b64u_decode, b64u_encode

APP_KEY_BYTES = 32


class Subkey(StrEnum):
    """Labels of the subkeys; one label is used for one thing only."""

    SESSION = "session/v1"
    API_TOKEN = "api-token/v1"  # noqa: S105 - a label, not a secret
    ONE_TIME_LINK = "one-time-link/v1"
    TOTP = "totp/v1"
    DUPLICATE_INDEX = "dup-index/v1"
    CREDENTIAL_MAC = "credential-mac/v1"
    AUDIT = "audit/v1"


class AppKey:
    """The 32-byte key shared by web and sync; it signs and indexes, it opens no exchange key."""

    __slots__ = ("_subkeys",)

    def __init__(self, raw: bytes) -> None:
        if len(raw) != APP_KEY_BYTES:
            raise ConfigurationError(f"the app key must be {APP_KEY_BYTES} bytes long")
        self._subkeys = {label: _derive(raw, label) for label in Subkey}

    @classmethod
    def parse(cls, text: str) -> "AppKey":
        """Read the key from the text of its file.

        Raises:
            ConfigurationError: the text is not 32 bytes in canonical base64url.
        """
        try:
            return cls(b64u_decode(text.strip(), length=APP_KEY_BYTES))
        except EncodingError as e:
            raise ConfigurationError("the app key is not 32 bytes in base64url without padding") from e

    def subkey(self, label: Subkey) -> bytes:
        """Return the 32-byte subkey of this label."""
        return self._subkeys[label]

    def mac(self, label: Subkey, message: bytes) -> str:
        """Return HMAC-SHA256 of the message under a subkey, as 64 hex digits."""
        return hmac.new(self.subkey(label), message, hashlib.sha256).hexdigest()

    def __repr__(self) -> str:
        return "AppKey(•••)"

    def __reduce__(self) -> str:
        raise TypeError("an AppKey is never pickled")


def encode_app_key(raw: bytes) -> str:
    """Return the text form of a raw app key, as its file holds it."""
    return b64u_encode(raw)


def _derive(raw: bytes, label: Subkey) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=label.value.encode()).derive(raw)
