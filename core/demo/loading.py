"""Loads and removes the demo world: accounts go through the real service and the real sidecar's verification."""

import secrets
import time
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from connectors.sandbox import SandboxKey, World, key
from connectors.types import LedgerEntry
from core.bootstrap import ConnectorLibrary, Web, operator_scope
from core.demo import history
from core.domain.types import AccountStatus, ExchangeAccount, JobStatus, Role, User
from core.errors import ConfigurationError, ConflictError, PlatformError
from core.ports import Storage
from core.services import account_keys, people
from core.services.access import WHOLE_FLEET
from core.services.people import NewPerson

ACCOUNTS = (("binance", "good", "Binance"), ("bitget", "good", "Bitget"), ("binance", "spot", "Binance Spot"))
CLIENT = ("demo", "Ana Demonstração")
ADMIN = ("demo-admin", "Operador Demonstração")
VERIFIED_WITHIN_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """A sign-in of the demo world, to be printed once."""

    login: str
    password: str = field(repr=False)


def load(web: Web, world: World) -> list[DemoLogin]:
    """Load the demo world in place of an earlier one; the sidecar must be running. Return client's and admin's logins.

    Raises:
        ConfigurationError: screens would not say that this is a demo, or no sandbox is set.
        ConflictError: the database holds real accounts.
        PlatformError: the sidecar did not verify an account.
    """
    if not web.settings.demo or not web.settings.exchange_hosts:
        raise ConfigurationError("the demo world needs GA_DEMO=true and EXCHANGE_HOSTS of a running sandbox")
    refuse_real_accounts(web.storage)
    remove(web.storage)
    client, login = _add_person(web, CLIENT, Role.CLIENT)
    _, admin_login = _add_person(web, ADMIN, Role.ADMIN)
    for exchange, key_name, name in ACCOUNTS:
        sandbox_key = key(exchange, key_name)
        account_id = _add_account(web, world, client, sandbox_key, name)
        _add_history(web, world, _wait_until_verified(web, account_id), sandbox_key)
    return [login, admin_login]


def remove(storage: Storage) -> int:
    """Erase everything of the demo world; return how many people it held."""
    with storage.begin(WHOLE_FLEET) as uow:
        return uow.users.delete_demo()


def refuse_real_accounts(storage: Storage) -> None:
    """Keep made-up figures out of a real database.

    Raises:
        ConflictError: the database holds accounts of clients who are no demo.
    """
    with storage.begin(WHOLE_FLEET, write=False) as uow:
        if uow.accounts.has_real():
            raise ConflictError("this database holds real accounts; the demo world stays out of it")


def _add_person(web: Web, names: tuple[str, str], role: Role) -> tuple[User, DemoLogin]:
    login = DemoLogin(names[0], secrets.token_urlsafe(12))
    person = NewPerson(name=names[1], login=login.login, password=login.password, role=role)
    user = people.create_person(web.storage, web.passwords, person, scope=None, now=web.clock())
    user = replace(user, is_demo=True)
    with web.storage.begin() as uow:
        uow.users.update(user)
    return user, login


def _add_account(web: Web, world: World, client: User, sandbox_key: SandboxKey, name: str) -> UUID:
    """Add an account with its past entries, priced here; the sidecar then finds them stored."""
    typed = account_keys.NewKey(_fields(sandbox_key))
    new = account_keys.NewAccount(client.id, sandbox_key.exchange, name, typed)
    entries = _read_ledger(web, sandbox_key, world.opened_at, web.clock())
    now = web.clock()
    job = account_keys.add_account(web.storage, web.exchanges, web.sealer, operator_scope(now), new, now=now)
    with web.storage.begin(operator_scope(now)) as uow:
        account = uow.accounts.get(job.account_id, None)
        if account is not None:
            uow.ledger.add(history.past_ledger(world, account, entries, now))
    return job.account_id


def _wait_until_verified(web: Web, account_id: UUID) -> ExchangeAccount:
    deadline = time.monotonic() + VERIFIED_WITHIN_SECONDS
    while time.monotonic() < deadline:
        with web.storage.begin(operator_scope(web.clock()), write=False) as uow:
            account = uow.accounts.get(account_id, None)
            jobs = uow.jobs.latest([account_id], None)
            is_read = bool(uow.readings.first_point_at([account_id], None))
        if account is None or any(job.status is JobStatus.FAILED for job in jobs):
            raise PlatformError(f"a demo account was refused: {account.reason if account else 'gone'}")
        if account.status is AccountStatus.ACTIVE and is_read:
            return account
        time.sleep(0.2)
    raise PlatformError("the sidecar did not verify the demo accounts: is it running?")


def _add_history(web: Web, world: World, account: ExchangeAccount, sandbox_key: SandboxKey) -> None:
    whole = operator_scope(web.clock())
    with web.storage.begin(whole, write=False) as uow:
        first = uow.readings.first_point_at([account.id], None)[account.id].at
        wallets = uow.readings.wallets([account.id], None)
        held = uow.readings.balances([account.id], None)
    instants = history.past_instants(first)
    points = list(history.past_points(world, account, sandbox_key.uid, instants))
    starts = list(history.first_wallets(world, sandbox_key.uid, wallets, instants[0]))
    details = list(history.past_details(world, sandbox_key.uid, instants, wallets, held))
    with web.storage.begin(whole) as uow:
        uow.readings.add_history(points, (), starts)
        uow.history.add(account, details)


def _read_ledger(web: Web, sandbox_key: SandboxKey, since: datetime, until: datetime) -> list[LedgerEntry]:
    library = ConnectorLibrary(web.settings.exchange_hosts)
    connector = library.create(sandbox_key.exchange, _fields(sandbox_key), testnet=False, options={})
    return connector.get_ledger(since, until)


def _fields(sandbox_key: SandboxKey) -> dict[str, str]:
    fields = {"api_key": sandbox_key.api_key, "api_secret": sandbox_key.api_secret}
    return fields | ({"passphrase": sandbox_key.passphrase} if sandbox_key.passphrase else {})
