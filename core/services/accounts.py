"""Exchange accounts as people handle them: list, rename, pause, remove, ask for a reading, follow a job.

Adding accounts and keys is account_keys.py, the main account main_account.py.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from core.domain.currencies import COINS, REPORTING, USD
from core.domain.types import (
    ExchangeAccount,
    Job,
    JobKind,
    Scope,
    SyncState,
    WalletState,
)
from core.errors import ConflictError, NotFoundError
from core.ports import Storage, UnitOfWork
from core.services.access import clients_of, require_recent_login, require_write, without_hint
from core.services.account_rows import audit_account, found_account, locked_account, may_be_main, refuse_name_in_use
from core.services.main_account import hand_over_main
from core.services.names import clean_name
from core.services.rates import Rates, load_rates


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account with everything its row on the screen needs. `job` is the newest verification or key replacement.

    `equity` is what its wallets were worth when they were last read, in the client's `currency`; None where nothing was
    ever read, or a rate is not known.
    """

    account: ExchangeAccount
    sync: SyncState | None
    wallets: tuple[WalletState, ...]
    job: Job | None
    equity: float | None = None
    currency: str = USD


def list_accounts(storage: Storage, scope: Scope, client_id: UUID, *, with_removed: bool = False) -> list[AccountView]:
    """Return the client's accounts, the main one first, then by name."""
    clients = clients_of(scope, client_id)
    with storage.begin(scope, write=False) as uow:
        accounts = uow.accounts.all(clients, with_removed=with_removed)
        ids = [account.id for account in accounts]
        states = {state.account_id: state for state in uow.syncing.states(clients, account_ids=ids)}
        wallets = uow.readings.wallets(ids, clients)
        jobs = uow.jobs.latest(ids, clients)
        rates = _rates(uow, client_id, ids, wallets)
    newest: dict[UUID, Job] = {}
    for job in sorted(jobs, key=lambda job: job.created_at):
        if job.kind is not JobKind.SYNC:
            newest[job.account_id] = job
    views = [
        AccountView(
            account=without_hint(scope, account),
            sync=states.get(account.id),
            wallets=tuple(wallet for wallet in wallets if wallet.account_id == account.id),
            job=newest.get(account.id),
            equity=rates.worth((w.equity, w.as_of) for w in wallets if w.account_id == account.id),
            currency=rates.currency,
        )
        for account in accounts
    ]
    return sorted(
        views, key=lambda view: (not view.account.is_main, view.account.name.casefold(), str(view.account.id))
    )


def _rates(uow: UnitOfWork, client_id: UUID, ids: Collection[UUID], wallets: Sequence[WalletState]) -> Rates:
    """Return the rates of the client's currency for the times at which wallets were read."""
    client = uow.users.get(client_id)
    currency = client.currency if client is not None and client.currency in REPORTING else USD
    times = [wallet.as_of for wallet in wallets if wallet.as_of is not None]
    if currency == USD or not times:
        return Rates(USD if currency == USD else currency, "", 0)
    rates = load_rates(uow, currency, min(times), max(times))
    if currency not in COINS:
        return rates
    held = uow.readings.balances(ids, {client_id})
    return rates.with_prices((row.as_of, float(row.price)) for row in held if row.asset == currency and row.price)


def rename(storage: Storage, scope: Scope, account_id: UUID, name: str, *, now: datetime) -> ExchangeAccount:
    """Give the account another name, unique among the client's accounts."""
    require_write(scope)
    wanted = clean_name(name)
    with storage.begin(scope) as uow:
        account = found_account(uow, account_id, clients_of(scope), for_update=True)
        refuse_name_in_use(uow, {account.user_id}, wanted, except_id=account.id)
        changed = replace(account, name=wanted, updated_at=now)
        uow.accounts.update(changed)
        audit_account(uow, scope, "account.renamed", changed, now)
    return changed


def set_active(storage: Storage, scope: Scope, account_id: UUID, active: bool, *, now: datetime) -> ExchangeAccount:
    """Pause or resume the syncing of an account; its history and its key stay."""
    require_write(scope)
    with storage.begin(scope) as uow:
        account = found_account(uow, account_id, clients_of(scope), for_update=True)
        changed = replace(account, is_active=active, updated_at=now)
        uow.accounts.update(changed)
        if active:
            uow.syncing.make_due(account.id, account.user_id, now)
        audit_account(uow, scope, "account.resumed" if active else "account.paused", changed, now)
    return changed


def remove(storage: Storage, scope: Scope, account_id: UUID, *, successor: UUID | None, now: datetime) -> None:
    """Erase the account's key and take it out of the lists; its history stays and remains readable.

    Raises:
        ConflictError: `successor_needed`, a main account needs another one to take its place while one can.
    """
    require_write(scope)
    require_recent_login(scope, now)
    with storage.begin(scope) as uow:
        account = locked_account(uow, account_id, clients_of(scope))
        if account.is_main:
            hand_over_main(uow, account, successor, now)
        uow.credentials.erase(account.id, account.user_id)
        uow.accounts.remove(account, now)
        audit_account(uow, scope, "account.removed", account, now)


def request_sync(storage: Storage, scope: Scope, account_id: UUID, *, now: datetime) -> None:
    """Ask the sidecar to read this account at its next tick.

    Raises:
        ConflictError: `not_active`, the account is paused or not verified.
    """
    require_write(scope)
    with storage.begin(scope) as uow:
        account = found_account(uow, account_id, clients_of(scope))
        if not may_be_main(account) or not account.is_active:
            raise ConflictError(code="not_active")
        uow.syncing.make_due(account.id, account.user_id, now)


def job(storage: Storage, scope: Scope, job_id: UUID) -> Job:
    """Return a job of the scope's clients."""
    with storage.begin(scope, write=False) as uow:
        found = uow.jobs.get(job_id, clients_of(scope))
    if found is None:
        raise NotFoundError("job")
    return found
