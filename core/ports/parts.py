"""What services need besides storage: exchanges, the vault that seals, passwords and tokens."""

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from connectors.types import ExchangeInfo
from core.domain.types import (
    SealedCredential,
)


class Exchanges(Protocol):
    """The connector library as services see it: facts and field checks, no calls."""

    def available(self) -> list[str]: ...
    def describe(self, exchange: str) -> ExchangeInfo: ...
    def check_fields(
        self, exchange: str, fields: Mapping[str, str], *, testnet: bool, options: Mapping[str, str]
    ) -> None:
        """Raise CredentialError naming the field that cannot be right; nothing is sent anywhere."""
        ...


class Sealer(Protocol):
    """The vault as the web process holds it: it seals and never opens."""

    def seal(
        self, *, client_id: UUID, account_id: UUID, exchange: str, generation: int, fields: Mapping[str, str]
    ) -> SealedCredential:
        """Seal api_key, api_secret and passphrase of one account under a fresh data key of the client."""
        ...

    def duplicate_index(self, exchange: str, api_key: str) -> str:
        """Return the keyed hash under which the same key is found again."""
        ...


class PasswordHasher(Protocol):
    """Password rules and slow hashes. Checking against None (an unknown name) takes as long and is never true."""

    def check(self, password: str, *, login: str = "") -> None: ...
    def hash(self, password: str) -> str: ...
    def verify(self, stored: str | None, password: str) -> bool: ...
    def needs_rehash(self, stored: str) -> bool: ...


class TokenHasher(Protocol):
    """Random tokens and their keyed hashes, one purpose each."""

    def new(self) -> str: ...
    def hash_session(self, token: str) -> str: ...
    def hash_link(self, token: str) -> str: ...
