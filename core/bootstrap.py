"""Composition root: the one file that knows connectors, persistence and security together.

Builders import what they join only when called, so that each process loads no more than it needs.
"""

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from connectors.types import ExchangeInfo
from core.config import Settings, load_settings
from core.domain.types import ExchangeAccount, SealedCredential
from core.errors import ConfigurationError
from core.ports import Clock, Exchanges, Sealer, Storage

if TYPE_CHECKING:
    import connectors
    from core.security.app_key import AppKey
    from core.security.keyring import KeyRing
    from core.security.passwords import Passwords as Argon2
    from core.security.secret import Secret
    from core.security.vault import Opener
    from core.security.vault import Sealer as VaultSealer

NO_KEY = "public"  # stands in every credential field of a connector that only makes public calls


class Tokens:
    """Random tokens and their keyed hashes, one purpose each."""

    def __init__(self, app_key: "AppKey") -> None:
        self._app_key = app_key

    def new(self) -> str:
        """Return a fresh random token, to be shown or sent once."""
        from core.security.tokens import new_token

        return new_token().reveal()

    def hash_session(self, token: str) -> str:
        """Return what is stored instead of a login session's token."""
        return self._hash("session/v1", token)

    def hash_link(self, token: str) -> str:
        """Return what is stored instead of a one-time link's token."""
        return self._hash("one-time-link/v1", token)

    def _hash(self, purpose: str, token: str) -> str:
        from core.security.app_key import Subkey
        from core.security.tokens import hash_token

        return hash_token(self._app_key, Subkey(purpose), token)


class Passwords:
    """Password rules and hashes for services, which hand over plain text and keep none of it."""

    def __init__(self, hasher: "Argon2") -> None:
        self._hasher = hasher

    def check(self, password: str, *, login: str = "") -> None:
        """Refuse a new password that is too short, too long or easily guessed (InvalidInputError)."""
        from core.security.passwords import check_password

        check_password(_secret(password), login=login)

    def hash(self, password: str) -> str:
        """Return the argon2id hash to store."""
        return self._hasher.hash(_secret(password))

    def verify(self, stored: str | None, password: str) -> bool:
        """Tell whether the password is the stored one; an unknown name (None) takes as long and is never true."""
        return self._hasher.verify(stored, _secret(password))

    def needs_rehash(self, stored: str) -> bool:
        """Tell whether the hash was made with other parameters."""
        return self._hasher.needs_rehash(stored)


class SealingVault:
    """The port `Sealer` over the vault's public key."""

    def __init__(self, vault: "VaultSealer") -> None:
        self._vault = vault

    def seal(
        self, *, client_id: UUID, account_id: UUID, exchange: str, generation: int, fields: Mapping[str, str]
    ) -> SealedCredential:
        """Seal the fields of one account under a fresh data key of the client."""
        secrets = {name: _secret(value) for name, value in fields.items()}
        return self._vault.seal(client_id, account_id, exchange=exchange, generation=generation, fields=secrets)

    def duplicate_index(self, exchange: str, api_key: str) -> str:
        """Return the keyed hash under which the same key is found again."""
        return self._vault.duplicate_index(exchange, _secret(api_key))


class ConnectorLibrary:
    """The port `Exchanges` over the connector library."""

    def __init__(self, hosts: Mapping[str, Mapping[str, str]]) -> None:
        self._hosts = hosts

    def available(self) -> list[str]:
        """Return the ids of all exchanges, sorted."""
        import connectors

        return connectors.available()

    def describe(self, exchange: str) -> ExchangeInfo:
        """Return the facts of one exchange."""
        import connectors

        return connectors.describe(exchange)

    def check_fields(
        self, exchange: str, fields: Mapping[str, str], *, testnet: bool, options: Mapping[str, str]
    ) -> None:
        """Raise CredentialError naming the field that cannot be right; nothing is sent anywhere."""
        self.create(exchange, fields, testnet=testnet, options=options)

    def create(
        self, exchange: str, fields: Mapping[str, str], *, testnet: bool, options: Mapping[str, str]
    ) -> "connectors.Connector":
        """Return a connector of this exchange, pointed at the hosts of the environment if it names any."""
        import connectors

        return connectors.create(
            exchange,
            api_key=fields.get("api_key", ""),
            api_secret=fields.get("api_secret", ""),
            passphrase=fields.get("passphrase") or None,
            testnet=testnet,
            hosts=self._hosts.get(exchange),
            clock=utc_now,
            options=dict(options),
        )

    def create_public(self, exchange: str, testnet: bool) -> "connectors.Connector":
        """Return a connector for public calls (prices, server time); its credentials are no credentials."""
        names = [f.name for f in self.describe(exchange).credential_fields if f.kind != "choice"]
        return self.create(exchange, dict.fromkeys(names, NO_KEY), testnet=testnet, options={})


@dataclass(frozen=True, slots=True)
class Web:
    """Everything the web process works with; it can seal and cannot open."""

    settings: Settings
    storage: Storage
    clock: Clock
    sealer: Sealer
    tokens: Tokens
    passwords: Passwords
    exchanges: Exchanges


@dataclass(frozen=True, slots=True)
class SyncParts:
    """Everything the sync process works with; `opener` holds the private keys."""

    settings: Settings
    storage: Storage
    clock: Clock
    opener: "Opener"
    exchanges: Exchanges
    make_connector: Callable[[ExchangeAccount, Mapping[str, "Secret"]], "connectors.Connector"]
    make_public: Callable[[str, bool], "connectors.Connector"]
    sidecar_id: str


def utc_now() -> datetime:
    """Return the present instant, aware UTC: the clock of every process."""
    return datetime.now(UTC)


def build_web(settings: Settings) -> Web:
    """Join the parts of the web process.

    Raises:
        ConfigurationError: keys are missing or unreadable.
    """
    from core.security.keyfiles import load_public_key, load_public_key_file
    from core.security.passwords import Passwords as Argon2
    from core.security.vault import Sealer as VaultSealer

    app_key = _load_app_key(settings)
    public_key = (
        load_public_key(settings.vault_public_key)
        if settings.vault_public_key
        else load_public_key_file(settings.vault_public_key_file)
    )
    return Web(
        settings=settings,
        storage=open_storage(settings, role="web", app_key=app_key),
        clock=utc_now,
        sealer=SealingVault(VaultSealer(public_key, app_key)),
        tokens=Tokens(app_key),
        passwords=Passwords(Argon2()),
        exchanges=ConnectorLibrary(settings.exchange_hosts),
    )


@lru_cache(maxsize=1)
def get_web() -> Web:
    """Return the web process's parts, built once from its environment."""
    return build_web(load_settings())


def build_sync(settings: Settings) -> SyncParts:
    """Join the parts of the sync process, after comparing the private keys with what the database needs.

    Raises:
        VaultLockedError: private keys are missing or wrong; names their ids.
        ConfigurationError: another key or the schema is missing.
    """
    from core.security.keyring import check_keys
    from core.security.vault import Opener

    app_key = _load_app_key(settings)
    storage = open_storage(settings, role="sync", app_key=app_key)
    if not storage.schema_is_current():
        raise ConfigurationError("the database schema is missing or old; run `python -m core init` or `migrate`")
    ring = _load_private_keys(settings)
    with storage.begin(write=False) as uow:
        kids_in_use, key_checks = uow.credentials.kids_in_use(), uow.credentials.key_checks()
    check_keys(ring, kids_in_use, key_checks)
    library = ConnectorLibrary(settings.exchange_hosts)

    def make_connector(account: ExchangeAccount, fields: Mapping[str, "Secret"]) -> "connectors.Connector":
        plain = {name: value.reveal() for name, value in fields.items()}
        return library.create(account.exchange, plain, testnet=account.testnet, options=account.options)

    return SyncParts(
        settings=settings,
        storage=storage,
        clock=utc_now,
        opener=Opener(ring, app_key),
        exchanges=library,
        make_connector=make_connector,
        make_public=library.create_public,
        sidecar_id=f"{socket.gethostname()}-{os.getpid()}",
    )


def open_storage(settings: Settings, *, role: str, app_key: "AppKey | None" = None) -> Storage:
    """Return the database as one role (owner, web or sync) sees it."""
    from core.persistence import SqlStorage

    return SqlStorage(settings.database_url, role=role)


def _load_app_key(settings: Settings) -> "AppKey":
    from core.security.keyfiles import load_app_key

    return load_app_key(settings.app_key_file)


def _load_private_keys(settings: Settings) -> "KeyRing":
    from core.security.keyfiles import load_private_keys

    text = settings.vault_private_keys.get_secret_value()
    return load_private_keys(text=text) if text else load_private_keys(file=settings.vault_private_keys_file)


def _secret(text: str) -> "Secret":
    from core.security.secret import Secret

    return Secret(text)
