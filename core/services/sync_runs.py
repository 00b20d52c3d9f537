"""Accounts and their last runs, for administrators: who is in trouble, and what each run came to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.domain.sync_runs import SyncRun
from core.domain.types import AccountStatus, ExchangeAccount, Freshness, Scope, SyncState, User
from core.errors import NotFoundError
from core.ports import AccountPulse, NamedAccount, Storage, UnitOfWork
from core.services.health import fresh_by_interval
from core.services.sync_health import is_read, require_admin

SHOWN = 25
TROUBLED = (Freshness.OLD, Freshness.LATE)
NEEDS_SOMEBODY = (AccountStatus.NEEDS_ATTENTION, AccountStatus.DAMAGED, AccountStatus.REFUSED, AccountStatus.UNVERIFIED)


@dataclass(frozen=True, slots=True)
class AccountRuns:
    """An account with its client, its sync state and its last runs, the newest first."""

    account: ExchangeAccount
    client: User
    sync: SyncState | None
    runs: tuple[SyncRun, ...]


@dataclass(frozen=True, slots=True)
class AccountList:
    """The accounts that fit the question, the most in need first; `total` counts those that are not shown too."""

    accounts: tuple[AccountRuns, ...]
    total: int


def list_in_trouble(
    storage: Storage, scope: Scope, now: datetime, *, exchange: str | None = None, limit: int = SHOWN
) -> AccountList:
    """Return the accounts that fail, are late or need somebody, the oldest reading first.

    Raises:
        ForbiddenError: the person who asks is no administrator.
    """
    require_admin(scope)
    with storage.begin(scope, write=False) as uow:
        pulses = [pulse for pulse in uow.fleet.pulses(None) if exchange in (None, pulse.exchange)]
        troubled = sorted((pulse for pulse in pulses if is_in_trouble(pulse, now)), key=_urgency)
        found = _with_runs(uow, [pulse.account_id for pulse in troubled[:limit]])
    return AccountList(found, len(troubled))


def find_accounts(
    storage: Storage, scope: Scope, wanted: str, *, exchange: str | None = None, limit: int = SHOWN
) -> AccountList:
    """Return the accounts whose own name, client or sign-in name has all these words in it, by client and name.

    Raises:
        ForbiddenError: the person who asks is no administrator.
    """
    require_admin(scope)
    words = wanted.casefold().split()
    with storage.begin(scope, write=False) as uow:
        names = uow.fleet.names(None)
        ids = [account_id for account_id, name in names if all(word in name.casefold() for word in words)]
        if exchange is not None:
            there = {pulse.account_id for pulse in uow.fleet.pulses(None) if pulse.exchange == exchange}
            ids = [account_id for account_id in ids if account_id in there]
        found = _with_runs(uow, ids[:limit])
    return AccountList(found, len(ids))


def load_account_runs(storage: Storage, scope: Scope, account_id: UUID) -> AccountRuns:
    """Return one account with its last runs.

    Raises:
        ForbiddenError: the person who asks is no administrator.
        NotFoundError: unknown or removed.
    """
    require_admin(scope)
    with storage.begin(scope, write=False) as uow:
        found = _with_runs(uow, [account_id])
    if not found:
        raise NotFoundError("account")
    return found[0]


def is_in_trouble(pulse: AccountPulse, now: datetime) -> bool:
    """Tell whether an account fails, is late, or waits for somebody to do something."""
    if not pulse.is_active:
        return False
    if pulse.status in NEEDS_SOMEBODY:
        return True
    late = fresh_by_interval(pulse.last_ok_at, pulse.planned_interval_seconds, now) in TROUBLED
    return is_read(pulse) and (pulse.failures > 0 or late)


def _urgency(pulse: AccountPulse) -> tuple[bool, float, str]:
    """Order main accounts first, then by the age of the last good reading; those never read come last."""
    read_at = pulse.last_ok_at.timestamp() if pulse.last_ok_at else float("inf")
    return not pulse.is_main, read_at, str(pulse.account_id)


def _with_runs(uow: UnitOfWork, account_ids: Sequence[UUID]) -> tuple[AccountRuns, ...]:
    """Return the accounts in the given order; those that are not there any more are left out."""
    named: dict[UUID, NamedAccount] = {found.account.id: found for found in uow.fleet.named(account_ids, None)}
    runs = uow.runs.of_accounts(account_ids, None)
    there = (named[account_id] for account_id in account_ids if account_id in named)
    return tuple(
        AccountRuns(found.account, found.client, found.sync, tuple(runs.get(found.account.id, ()))) for found in there
    )
