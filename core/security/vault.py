"""Sealing of exchange credentials by web (public key only) and their opening by sync.

Each write makes a fresh data key, wraps it for the client, and seals every field under it, bound to client, account,
exchange, field and generation. The origin MAC shows that the tokens came from this installation.
"""

import hmac
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.domain.types import SealedCredential
from core.errors import DamagedCredentialError
from core.security.app_key import AppKey, Subkey
from core.security.encoding import EncodingError, b64u_decode, b64u_encode, pae
from core.security.keyring import KEY_BYTES, UnwrapError, Unwrapper, WrapContext, Wrapper
from core.security.secret import Secret

FIELDS = ("api_key", "api_secret", "passphrase", "webhook_secret")  # field order of the origin MAC
NONCE_BYTES = 12
TAG_BYTES = 16
DEK_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
KID = re.compile(r"[0-9a-f]{16}|kms:[A-Za-z0-9_-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class FieldContext:
    """What one sealed field is bound to."""

    dek_id: str
    client_id: UUID
    account_id: UUID
    exchange: str
    field: str
    generation: int

    def aad(self) -> bytes:
        """Return the associated data of the field's ciphertext."""
        return pae(
            "field/v1",
            self.dek_id,
            str(self.client_id),
            str(self.account_id),
            self.exchange,
            self.field,
            self.generation,
        )


class Sealer:
    """What web can do: seal, and index duplicates; it cannot open."""

    __slots__ = ("_app_key", "_wrapper")

    def __init__(self, wrapper: Wrapper, app_key: AppKey) -> None:
        self._wrapper = wrapper
        self._app_key = app_key

    def seal(
        self, client_id: UUID, account_id: UUID, *, exchange: str, generation: int, fields: Mapping[str, Secret]
    ) -> SealedCredential:
        """Seal all fields of one account under a fresh data key.

        Args:
            client_id: the client that the account and the data key belong to.
            account_id: the exchange account.
            exchange: the exchange id.
            generation: one more than the stored one; the first is 1.
            fields: api_key and api_secret, and passphrase where the exchange has one.

        Raises:
            ValueError: a field is unknown, missing or empty, or the generation is below 1 (names the field only).
        """
        _check_fields(fields, generation)
        dek_id, dek = uuid4().hex, os.urandom(KEY_BYTES)
        tokens = {
            name: seal_field(value, dek, FieldContext(dek_id, client_id, account_id, exchange, name, generation))
            for name, value in fields.items()
        }
        return SealedCredential(
            account_id=account_id,
            client_id=client_id,
            exchange=exchange,
            generation=generation,
            dek_id=dek_id,
            data_key=seal_data_key(dek, dek_id, client_id, wrapper=self._wrapper),
            api_key=tokens["api_key"],
            secret_key=tokens["api_secret"],
            passphrase=tokens.get("passphrase"),
            origin_mac=origin_mac(self._app_key, account_id, generation=generation, tokens=tokens),
        )

    def duplicate_index(self, exchange: str, api_key: Secret) -> str:
        """Return the keyed hash (64 hex digits) by which the same API key is found again at the same exchange."""
        return self._app_key.mac(Subkey.DUPLICATE_INDEX, pae(exchange, api_key.reveal()))


class Opener:
    """What only sync can do: open sealed credentials. `on_open` is told every value opened (the scrubber's `add`)."""

    __slots__ = ("_app_key", "_on_open", "_unwrapper")

    def __init__(
        self, unwrapper: Unwrapper, app_key: AppKey, *, on_open: Callable[[Secret], None] | None = None
    ) -> None:
        self._unwrapper = unwrapper
        self._app_key = app_key
        self._on_open = on_open

    @property
    def kids(self) -> tuple[str, ...]:
        """Return the ids of the private keys at hand, the current one first."""
        return self._unwrapper.kids

    def open(self, sealed: SealedCredential, *, client_id: UUID, account_id: UUID, exchange: str) -> dict[str, Secret]:
        """Open a credential for the account row that it is about to be used for, origin MAC first.

        Client, account and exchange are those of the account row, not of the credential: both must agree.
        Only the exchange given here may be called with the result.

        Returns:
            The fields by name: api_key, api_secret and, where there is one, passphrase.

        Raises:
            DamagedCredentialError: it does not open there; nothing of it may be used.
        """
        if (sealed.client_id, sealed.account_id, sealed.exchange) != (client_id, account_id, exchange):
            raise DamagedCredentialError("the credential is not of this account")
        tokens = _tokens_of(sealed)
        expected = origin_mac(self._app_key, account_id, generation=sealed.generation, tokens=tokens)
        if not hmac.compare_digest(expected.encode(), sealed.origin_mac.encode()):
            raise DamagedCredentialError("the origin MAC is wrong")
        dek = self._open_data_key(sealed.data_key, sealed.dek_id, client_id)
        contexts = {
            name: FieldContext(sealed.dek_id, client_id, account_id, exchange, name, sealed.generation)
            for name in tokens
        }
        fields = {name: open_field(token, dek, contexts[name]) for name, token in tokens.items()}
        if self._on_open is not None:
            for value in fields.values():
                self._on_open(value)
        return fields

    def rewrap(self, data_key: str, *, dek_id: str, client_id: UUID, wrapper: Wrapper) -> str:
        """Return the data key wrapped under another key; fields and origin MAC stay as they are.

        Raises:
            DamagedCredentialError: the data key does not open.
        """
        return seal_data_key(self._open_data_key(data_key, dek_id, client_id), dek_id, client_id, wrapper=wrapper)

    def _open_data_key(self, token: str, dek_id: str, client_id: UUID) -> bytes:
        kid, named_dek_id, blob = parse_data_key(token)
        if named_dek_id != dek_id:
            raise DamagedCredentialError("the data key is another one")
        try:
            dek = self._unwrapper.unwrap(blob, WrapContext(kid, client_id, dek_id))
        except UnwrapError as e:
            raise DamagedCredentialError(f"the data key does not open with kid {kid}") from e
        if len(dek) != KEY_BYTES:
            raise DamagedCredentialError("the data key has a wrong length")
        return dek


def seal_data_key(dek: bytes, dek_id: str, client_id: UUID, *, wrapper: Wrapper) -> str:
    """Return the token `k1.<kid>.<dek_id>.<ciphertext>` of a data key."""
    blob = wrapper.wrap(dek, WrapContext(wrapper.kid, client_id, dek_id))
    return f"k1.{wrapper.kid}.{dek_id}.{b64u_encode(blob)}"


def parse_data_key(token: str) -> tuple[str, str, bytes]:
    """Split a `k1.` token into kid, dek_id and ciphertext.

    Raises:
        DamagedCredentialError: another version or form.
    """
    parts = token.split(".")
    if len(parts) != 4 or parts[0] != "k1" or not KID.fullmatch(parts[1]) or not DEK_ID.fullmatch(parts[2]):
        raise DamagedCredentialError("the data key is not a k1 token")
    return parts[1], parts[2], _decode(parts[3])


def seal_field(value: Secret, dek: bytes, context: FieldContext, *, nonce: bytes | None = None) -> str:
    """Return the token `f1.<dek_id>.<nonce, ciphertext and tag>` of one field (only test vectors give a nonce)."""
    nonce = os.urandom(NONCE_BYTES) if nonce is None else nonce
    sealed = AESGCM(dek).encrypt(nonce, value.reveal().encode(), context.aad())
    return f"f1.{context.dek_id}.{b64u_encode(nonce + sealed)}"


def open_field(token: str, dek: bytes, context: FieldContext) -> Secret:
    """Open one field under its data key and context.

    Raises:
        DamagedCredentialError: another version or form, another context, or changed bytes.
    """
    parts = token.split(".")
    if len(parts) != 3 or parts[0] != "f1" or parts[1] != context.dek_id:
        raise DamagedCredentialError(f"{context.field} is not an f1 token of this data key")
    raw = _decode(parts[2])
    if len(raw) < NONCE_BYTES + TAG_BYTES:
        raise DamagedCredentialError(f"{context.field} is too short")
    try:
        text = AESGCM(dek).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context.aad())
    except InvalidTag as e:
        raise DamagedCredentialError(f"{context.field} does not open in this place") from e
    return Secret(text.decode())


def origin_mac(app_key: AppKey, account_id: UUID, *, generation: int, tokens: Mapping[str, str]) -> str:
    """Return the MAC (64 hex digits) over account, generation and the field tokens in field order."""
    ordered = (tokens[name] for name in FIELDS if name in tokens)
    return app_key.mac(Subkey.CREDENTIAL_MAC, pae(str(account_id), generation, *ordered))


def _tokens_of(sealed: SealedCredential) -> dict[str, str]:
    tokens = {"api_key": sealed.api_key, "api_secret": sealed.secret_key}
    return tokens if sealed.passphrase is None else tokens | {"passphrase": sealed.passphrase}


def _check_fields(fields: Mapping[str, Secret], generation: int) -> None:
    if generation < 1:
        raise ValueError("generation starts at 1")
    unknown = set(fields) - {"api_key", "api_secret", "passphrase"}
    missing = {"api_key", "api_secret"} - {name for name, value in fields.items() if value}
    if unknown or missing or not all(fields.values()):
        raise ValueError(f"fields unknown: {sorted(unknown)}, missing or empty: {sorted(missing)}")


def _decode(text: str) -> bytes:
    try:
        return b64u_decode(text)
    except EncodingError as e:
        raise DamagedCredentialError("a token is not canonical") from e
