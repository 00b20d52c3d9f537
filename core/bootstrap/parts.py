"""The parts of each process, joined from connectors, persistence and security."""

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from connectors import Connector, Exit, Meter, PtaxRates
from connectors.types import FxRate
from core.bootstrap.adapters import AuditChain, ConnectorLibrary, Passwords, SealingVault, Tokens, utc_now
from core.bootstrap.living_keys import LivingKeys, LivingPublicKey
from core.config import Settings, load_settings
from core.domain.types import ExchangeAccount
from core.errors import ConfigurationError
from core.log import current_scrubber
from core.persistence import SqlStorage
from core.ports import Clock, Exchanges, Sealer, Storage
from core.security import keyfiles
from core.security.keyring import KeyRing, VaultPublicKey, check_keys
from core.security.passwords import Passwords as Argon2
from core.security.secret import Secret
from core.security.vault import Opener
from core.security.vault import Sealer as VaultSealer

PTAX_HOST = "ptax"  # its name in EXCHANGE_HOSTS


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
    opener: Opener
    exchanges: Exchanges
    make_connector: Callable[[ExchangeAccount, Mapping[str, Secret], Meter | None], Connector]
    make_public: Callable[[str, bool, Meter | None], Connector]
    sidecar_id: str
    read_rates: Callable[[date, date], list[FxRate]] | None = None


def build_web(settings: Settings) -> Web:
    """Join the parts of the web process.

    Raises:
        ConfigurationError: keys are missing or unreadable.
    """
    app_key = keyfiles.load_app_key(settings.app_key_file)
    load_vault_public_key(settings)
    return Web(
        settings=settings,
        storage=SqlStorage(settings.database_url, role="web", audit_chain=AuditChain(app_key)),
        clock=utc_now,
        sealer=SealingVault(VaultSealer(LivingPublicKey(lambda: load_vault_public_key(settings)), app_key)),
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
    app_key = keyfiles.load_app_key(settings.app_key_file)
    storage = SqlStorage(settings.database_url, role="sync", audit_chain=AuditChain(app_key))
    require_schema(storage)
    ring = LivingKeys(lambda: load_private_keys(settings), settings.vault_private_keys_file)
    with storage.begin(write=False) as uow:
        kids_in_use, key_checks = uow.credentials.kids_in_use(), uow.credentials.key_checks()
    check_keys(ring, kids_in_use, key_checks)
    leave = Exit(settings.egress_address, settings.egress_proxy.get_secret_value())
    library = ConnectorLibrary(settings.exchange_hosts, leave)
    scrubber = current_scrubber()

    def make_connector(account: ExchangeAccount, fields: Mapping[str, Secret], meter: Meter | None) -> Connector:
        plain = {name: value.reveal() for name, value in fields.items()}
        return library.create(account.exchange, plain, testnet=account.testnet, options=account.options, meter=meter)

    return SyncParts(
        settings=settings,
        storage=storage,
        clock=utc_now,
        opener=Opener(ring, app_key, on_open=scrubber.add if scrubber else None),
        exchanges=library,
        make_connector=make_connector,
        make_public=library.create_public,
        sidecar_id=f"{socket.gethostname()}-{os.getpid()}",
        read_rates=make_rates_reader(settings, leave),
    )


def make_rates_reader(settings: Settings, leave: Exit) -> Callable[[date, date], list[FxRate]] | None:
    """Return what reads the central bank's rates; None where exchanges are stood in for and the bank is not.

    Made-up money and real rates never meet, and tests never reach for the network.
    """
    hosts = settings.exchange_hosts
    if hosts and PTAX_HOST not in hosts:
        return None
    return PtaxRates(hosts.get(PTAX_HOST), leave).read


def open_storage(settings: Settings) -> Storage:
    """Return the database for the command line; without the app key it can be read, not audited."""
    has_key = settings.app_key_file.exists()
    chain = AuditChain(keyfiles.load_app_key(settings.app_key_file)) if has_key else None
    return SqlStorage(settings.database_url, role="cli", audit_chain=chain)


@contextmanager
def using_storage(settings: Settings) -> Iterator[Storage]:
    """Give out the database for the command line and close its connections at the end."""
    storage = open_storage(settings)
    try:
        yield storage
    finally:
        storage.dispose()


def require_schema(storage: Storage) -> None:
    """Refuse to go on with a database that is not migrated.

    Raises:
        ConfigurationError: it is missing, empty or older than this code.
    """
    if not storage.schema_is_current():
        raise ConfigurationError("the database schema is missing or old; run `python -m core init` or `migrate`")


def load_vault_public_key(settings: Settings) -> VaultPublicKey:
    """Return the vault's public key from the place that the settings name."""
    text = settings.vault_public_key
    return keyfiles.load_public_key(text) if text else keyfiles.load_public_key_file(settings.vault_public_key_file)


def load_private_keys(settings: Settings) -> KeyRing:
    """Return the vault's private keys from the place that the settings name."""
    text = settings.vault_private_keys.get_secret_value()
    return (
        keyfiles.load_private_keys(text=text)
        if text
        else keyfiles.load_private_keys(file=settings.vault_private_keys_file)
    )
