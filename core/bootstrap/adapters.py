"""Thin classes that give the ports of services the shape of what security and connectors offer."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

import connectors
from connectors.types import ExchangeInfo
from core.domain.types import SealedCredential
from core.ports import AuditEntry
from core.security.app_key import AppKey, Subkey
from core.security.audit import ChainHead, chain_entry
from core.security.passwords import Passwords as Argon2
from core.security.passwords import check_password
from core.security.secret import Secret
from core.security.tokens import hash_token, new_token
from core.security.vault import Sealer as VaultSealer


def utc_now() -> datetime:
    """Return the present instant, aware UTC: the clock of every process."""
    return datetime.now(UTC)


class AuditChain:
    """Links audit entries under the app key; a process without that key cannot audit, and so cannot write."""

    def __init__(self, app_key: AppKey) -> None:
        self._app_key = app_key

    def __call__(self, entry: AuditEntry, head: tuple[int, str] | None) -> tuple[int, str, str, str]:
        """Return number, previous hash, hash and MAC of the row that follows `head`."""
        row = chain_entry(entry, None if head is None else ChainHead(*head), self._app_key)
        return row.seq, row.prev_hash, row.hash, row.mac


class Tokens:
    """Random tokens and their keyed hashes, one purpose each."""

    def __init__(self, app_key: AppKey) -> None:
        self._app_key = app_key

    def new(self) -> str:
        """Return a fresh random token, to be shown or sent once."""
        return new_token().reveal()

    def hash_session(self, token: str) -> str:
        """Return what is stored instead of a login session's token."""
        return hash_token(self._app_key, Subkey.SESSION, token)

    def hash_link(self, token: str) -> str:
        """Return what is stored instead of a one-time link's token."""
        return hash_token(self._app_key, Subkey.ONE_TIME_LINK, token)


class Passwords:
    """Password rules and hashes for services, which hand over plain text and keep none of it."""

    def __init__(self, hasher: Argon2) -> None:
        self._hasher = hasher

    def check(self, password: str, *, login: str = "") -> None:
        """Refuse a new password that is too short, too long or easily guessed (InvalidInputError)."""
        check_password(Secret(password), login=login)

    def hash(self, password: str) -> str:
        """Return the argon2id hash to store."""
        return self._hasher.hash(Secret(password))

    def verify(self, stored: str | None, password: str) -> bool:
        """Tell whether the password is the stored one; an unknown name (None) takes as long and is never true."""
        return self._hasher.verify(stored, Secret(password))

    def needs_rehash(self, stored: str) -> bool:
        """Tell whether the hash was made with other parameters."""
        return self._hasher.needs_rehash(stored)


class SealingVault:
    """The port `Sealer` over the vault's public key."""

    def __init__(self, vault: VaultSealer) -> None:
        self._vault = vault

    def seal(
        self, *, client_id: UUID, account_id: UUID, exchange: str, generation: int, fields: Mapping[str, str]
    ) -> SealedCredential:
        """Seal the fields of one account under a fresh data key of the client."""
        secrets = {name: Secret(value) for name, value in fields.items()}
        return self._vault.seal(client_id, account_id, exchange=exchange, generation=generation, fields=secrets)

    def duplicate_index(self, exchange: str, api_key: str) -> str:
        """Return the keyed hash under which the same key is found again."""
        return self._vault.duplicate_index(exchange, Secret(api_key))


class ConnectorLibrary:
    """The port `Exchanges` over the connector library."""

    def __init__(self, hosts: Mapping[str, Mapping[str, str]], leave: connectors.Exit | None = None) -> None:
        self._hosts = hosts
        self._exit = leave or connectors.Exit()

    def available(self) -> list[str]:
        """Return the ids of all exchanges, sorted."""
        return connectors.available()

    def describe(self, exchange: str) -> ExchangeInfo:
        """Return the facts of one exchange."""
        return connectors.describe(exchange)

    def check_fields(
        self, exchange: str, fields: Mapping[str, str], *, testnet: bool, options: Mapping[str, str]
    ) -> None:
        """Raise CredentialError naming the field that cannot be right; nothing is sent anywhere."""
        self.create(exchange, fields, testnet=testnet, options=options)

    def create(
        self,
        exchange: str,
        fields: Mapping[str, str],
        *,
        testnet: bool,
        options: Mapping[str, str],
        meter: connectors.Meter | None = None,
    ) -> connectors.Connector:
        """Return a connector of this exchange, pointed at the hosts of the environment if it names any.

        `meter` counts what its requests cost.
        """
        return connectors.create(
            exchange,
            api_key=fields.get("api_key", ""),
            api_secret=fields.get("api_secret", ""),
            passphrase=fields.get("passphrase") or None,
            testnet=testnet,
            hosts=self._hosts.get(exchange),
            clock=utc_now,
            options=dict(options),
            way=connectors.Way(self._exit, meter),
        )

    def create_public(
        self, exchange: str, testnet: bool, meter: connectors.Meter | None = None
    ) -> connectors.Connector:
        """Return a connector without a key, for public calls (prices, server time)."""
        way = connectors.Way(self._exit, meter)
        return connectors.create_public(
            exchange, testnet=testnet, hosts=self._hosts.get(exchange), clock=utc_now, way=way
        )
