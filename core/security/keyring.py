"""Vault key pairs, the wrapping of data keys under them, and the key checks that prove a private key is the right one.

Wrapping is an interface of two abilities, so that a key service (kid `kms:…`) can stand in for the local pair.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from core.errors import VaultLockedError
from core.security.encoding import EncodingError, b64u_decode, b64u_encode, pae

KEY_BYTES = 32
HPKE_OVERHEAD_BYTES = 32 + 16
CHECK_TEXT = b"vault-key-check"
SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class UnwrapError(ValueError):
    """A wrapped key does not open: unknown kid, wrong context or changed bytes."""


@dataclass(frozen=True, slots=True)
class WrapContext:
    """What a wrapped data key is bound to."""

    kid: str
    client_id: UUID
    dek_id: str

    def info(self) -> bytes:
        """Return the bytes that bind the wrapping to its client and data key."""
        return pae("data-key/v1", self.kid, str(self.client_id), self.dek_id)


class Wrapper(Protocol):
    """Wraps data keys; holds no power to open them."""

    @property
    def kid(self) -> str:
        """Return the id of the key it wraps under."""
        ...

    def wrap(self, dek: bytes, context: WrapContext) -> bytes:
        """Return the data key sealed for this context."""
        ...


class Unwrapper(Protocol):
    """Opens wrapped data keys and key checks; `kids` are those it holds a key for."""

    @property
    def kids(self) -> tuple[str, ...]:
        """Return the ids of its keys, the current one first."""
        ...

    def unwrap(self, blob: bytes, context: WrapContext) -> bytes:
        """Return the data key, or raise UnwrapError."""
        ...

    def open_check(self, kid: str, blob: bytes) -> bool:
        """Tell whether this key check opens under the key of that id."""
        ...


class VaultPublicKey:
    """The public half of a vault key pair: wraps, cannot open."""

    __slots__ = ("_key", "_raw", "kid")

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._key = X25519PublicKey.from_public_bytes(raw)
        self.kid = hashlib.sha256(b"vault-kid-v1" + raw).hexdigest()[:16]

    @classmethod
    def parse(cls, text: str) -> "VaultPublicKey":
        """Read a key from its text `vpk1.…`.

        Raises:
            EncodingError: another version, length or form.
        """
        return cls(_parse_key(text, "vpk1"))

    @property
    def text(self) -> str:
        """Return the text form `vpk1.…`."""
        return f"vpk1.{b64u_encode(self._raw)}"

    def wrap(self, dek: bytes, context: WrapContext) -> bytes:
        """Return the data key sealed with HPKE for this context."""
        return SUITE.encrypt(dek, self._key, info=context.info())

    def make_check(self) -> str:
        """Return a fresh key check `c1.…` for this key."""
        return f"c1.{self.kid}.{b64u_encode(SUITE.encrypt(CHECK_TEXT, self._key, info=_check_info(self.kid)))}"


class VaultPrivateKey:
    """The private half of a vault key pair; only sync holds one."""

    __slots__ = ("_key", "_raw", "public")

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._key = X25519PrivateKey.from_private_bytes(raw)
        self.public = VaultPublicKey(self._key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> "VaultPrivateKey":
        """Make a new random key."""
        return cls(X25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> "VaultPrivateKey":
        """Read a key from its text `vsk1.…`.

        Raises:
            EncodingError: another version, length or form.
        """
        return cls(_parse_key(text, "vsk1"))

    def reveal(self) -> str:
        """Return the text form `vsk1.…`, for the key file only."""
        return f"vsk1.{b64u_encode(self._raw)}"

    def open(self, blob: bytes, info: bytes) -> bytes:
        """Open an HPKE ciphertext.

        Raises:
            UnwrapError: it is not of this key and this info, or it was changed.
        """
        try:
            return SUITE.decrypt(blob, self._key, info=info)
        except (InvalidTag, ValueError) as e:
            raise UnwrapError("does not open under this key and context") from e

    def __repr__(self) -> str:
        return f"VaultPrivateKey(kid={self.public.kid})"

    def __reduce__(self) -> str:
        raise TypeError("a VaultPrivateKey is never pickled")


class KeyRing:
    """The private keys of sync, current one first; the local stand-in for a key service."""

    __slots__ = ("_keys",)

    def __init__(self, keys: Iterable[VaultPrivateKey]) -> None:
        self._keys = {key.public.kid: key for key in keys}

    @property
    def kids(self) -> tuple[str, ...]:
        """Return the ids of the keys held, the current one first."""
        return tuple(self._keys)

    def unwrap(self, blob: bytes, context: WrapContext) -> bytes:
        """Open a wrapped data key.

        Raises:
            UnwrapError: no key of that kid, a wrong length, a wrong context or changed bytes.
        """
        key = self._keys.get(context.kid)
        if key is None:
            raise UnwrapError(f"no private key for kid {context.kid}")
        if len(blob) != HPKE_OVERHEAD_BYTES + KEY_BYTES:
            raise UnwrapError("wrapped key has a wrong length")
        return key.open(blob, context.info())

    def open_check(self, kid: str, blob: bytes) -> bool:
        """Tell whether this key check opens under the key of that id."""
        try:
            return self._keys[kid].open(blob, _check_info(kid)) == CHECK_TEXT
        except (KeyError, UnwrapError):
            return False


def check_keys(unwrapper: Unwrapper, kids_in_use: Iterable[str], key_checks: dict[str, str]) -> None:
    """Refuse to start with missing or wrong keys: compare kids, then open every key check. Writes nothing.

    Args:
        unwrapper: the private keys at hand.
        kids_in_use: kids that stored data keys name.
        key_checks: kid → `c1.` token as stored.

    Raises:
        VaultLockedError: names every kid that is missing, wrong or whose check is damaged.
    """
    missing = (set(kids_in_use) | set(key_checks)) - set(unwrapper.kids)
    if missing:
        kids = tuple(sorted(missing))
        raise VaultLockedError(f"private vault key missing for kid {', '.join(kids)}", kids)
    wrong = tuple(sorted(kid for kid, token in key_checks.items() if not _opens(unwrapper, kid, token)))
    if wrong:
        raise VaultLockedError(f"key check does not open for kid {', '.join(wrong)}", wrong)
    unproven = tuple(sorted(set(kids_in_use) - set(key_checks)))
    if unproven:
        raise VaultLockedError(f"key check gone for kid {', '.join(unproven)}", unproven)


def _opens(unwrapper: Unwrapper, kid: str, token: str) -> bool:
    version, _, rest = token.partition(".")
    named, _, blob = rest.partition(".")
    if version != "c1" or named != kid:
        return False
    try:
        return unwrapper.open_check(kid, b64u_decode(blob))
    except EncodingError:
        return False


def _check_info(kid: str) -> bytes:
    return pae("key-check/v1", kid)


def _parse_key(text: str, version: str) -> bytes:
    found, dot, body = text.partition(".")
    if not dot or found != version:
        raise EncodingError(f"expected a key of version {version}")
    return b64u_decode(body, length=KEY_BYTES)
