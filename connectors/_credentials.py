"""API credentials: checked, repaired where a browser's form broke them, and never shown."""

import re
from dataclasses import dataclass
from typing import NoReturn

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from connectors.errors import CredentialError

_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_BLANK = re.compile(r"[\s\x00-\x1f\x7f\u200b-\u200f\u2060\ufeff]")


class Secret:
    """A text that shows itself to nobody but the code that signs."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the plain text; only signing functions call this."""
        return self._text

    def __repr__(self) -> str:
        return "•••"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "•••"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")


@dataclass(frozen=True, slots=True)
class Credentials:
    """One API key with its secret and, where the exchange has one, its passphrase."""

    api_key: Secret
    api_secret: Secret
    passphrase: Secret | None = None


def clean_credentials(
    api_key: str, api_secret: str, passphrase: str | None, *, needs_passphrase: bool, multiline: bool
) -> Credentials:
    """Check and repair what a person pasted: outer blanks go, a one-line PEM gets its lines back.

    Args:
        api_key: the public part of the key.
        api_secret: the secret, or a private key in PEM where `multiline` says that the exchange takes one.
        passphrase: taken exactly as it is.
        needs_passphrase: whether the exchange requires a passphrase.
        multiline: whether the secret may be a PEM text.

    Raises:
        CredentialError: a field is empty, contains blanks or cannot be sent.
    """
    secret = api_secret.strip()
    secret = repair_pem(secret) if multiline and "-----BEGIN" in secret else _one_word("api_secret", secret)
    key = _one_word("api_key", api_key)
    word = None
    if needs_passphrase:
        if not passphrase or not passphrase.strip():
            raise CredentialError("passphrase", "empty")
        _sendable("passphrase", passphrase)
        word = Secret(passphrase)
    return Credentials(Secret(key), Secret(secret), word)


def repair_pem(text: str) -> str:
    r"""Return a PEM text with its usual lines, also from one line or from one with a literal `\n`.

    Raises:
        CredentialError: there is no whole PEM block.
    """
    found = _PEM.search(text)
    body = re.sub(r"\\n|\\r|\s", "", found[2]) if found else ""
    if found is None or not body:
        raise CredentialError("api_secret", "undecodable")
    lines = "\n".join(body[start : start + 64] for start in range(0, len(body), 64))
    return f"-----BEGIN {found[1]}-----\n{lines}\n-----END {found[1]}-----\n"


def load_private_key(secret: Secret) -> PrivateKeyTypes:
    """Decode a private key in PEM.

    Raises:
        CredentialError: the text is no unencrypted private key.
    """
    try:
        return load_pem_private_key(secret.reveal().encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        pass
    raise CredentialError("api_secret", "undecodable")


def _one_word(name: str, text: str) -> str:
    """Return the text without outer blanks, refusing inner ones."""
    word = text.strip()
    if not word:
        raise CredentialError(name, "empty")
    if _BLANK.search(word):
        raise CredentialError(name, "blanks")
    _sendable(name, word)
    return word


def _sendable(name: str, text: str) -> None:
    """Refuse what an HTTP header cannot carry."""
    if not text.isascii() or not text.isprintable():
        raise CredentialError(name, "undecodable")
