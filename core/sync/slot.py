"""One slot of one account: what is stored before, what the exchange says now, and one transaction for the outcome."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.errors import ConnectorError, ExchangeError, NotSupportedError
from connectors.types import LedgerEntry, Permissions
from core.domain.types import AccountStatus, ExchangeAccount, SealedCredential, SyncState
from core.errors import DamagedCredentialError
from core.ports import Lease, UnitOfWork
from core.sync.due import AUTH_CODES, ledger_since, next_due, plan_slot, planned_interval
from core.sync.ingest import Answers, Stored, has_jumped, make_reading
from core.sync.ledger import ledger_rows
from core.sync.ports import Connector, PriceOf, Tools
from core.sync.reading import ReadingRefused, read_answers
from core.sync.rights import MAY_WITHDRAW, VERIFIED, key_rights, read_permissions, refuse_account

log = logging.getLogger(__name__)

HOLD_BACK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Start:
    """What is known of the account when its slot begins."""

    account: ExchangeAccount
    state: SyncState
    sealed: SealedCredential
    before: Stored


@dataclass(frozen=True, slots=True)
class Found:
    """What the exchange said. `ledger` None: not read; `since` is from when it was read."""

    answers: Answers
    permissions: Permissions | None
    ledger: Sequence[LedgerEntry] | None
    since: datetime
    price_of: PriceOf


class _WithdrawKey(Exception):
    """The key has come to be able to withdraw."""

    def __init__(self, permissions: Permissions) -> None:
        super().__init__(MAY_WITHDRAW)
        self.permissions = permissions


def run_slot(tools: Tools, lease: Lease) -> str | None:
    """Read one claimed account, store what it answered, release it; return the error code, None when stored.

    Raises:
        ConnectorError: after the failure was stored and the account released, for the exchange's breaker.
        LeaseLostError: another sidecar has the account; nothing was written.
    """
    start = _load(tools, lease)
    if start is None:
        _release(tools, lease)
        return None
    try:
        found = _read(tools, start)
    except _WithdrawKey as e:
        _refuse(tools, lease, e.permissions)
        return MAY_WITHDRAW
    except (DamagedCredentialError, ReadingRefused) as e:
        _fail(tools, lease, start, e.code)
        return e.code
    except ConnectorError as e:
        _fail(tools, lease, start, e.code)
        raise
    _store(tools, lease, start, found)
    return None


def load_stored(uow: UnitOfWork, account: ExchangeAccount) -> Stored:
    """Return the latest state of an account."""
    ids, clients = {account.id}, {account.user_id}
    return Stored(
        wallets=uow.readings.wallets(ids, clients),
        balances=uow.readings.balances(ids, clients),
        positions=uow.readings.positions(ids, clients),
    )


def _load(tools: Tools, lease: Lease) -> Start | None:
    account_id, client_id = lease.account.id, lease.account.user_id
    with tools.storage.begin(write=False) as uow:
        account = uow.accounts.get(account_id, {client_id})
        if account is None or account.removed_at or not account.is_active or account.status not in VERIFIED:
            return None
        states = uow.syncing.states({client_id}, account_ids={account_id})
        sealed = uow.credentials.load(account_id, client_id)
        if not states or sealed is None:
            return None
        return Start(account, states[0], sealed, load_stored(uow, account))


def _read(tools: Tools, start: Start) -> Found:
    account, now = start.account, tools.clock()
    connector = tools.connect(account, start.sealed)
    plan = plan_slot(account, start.state, now, tools.intervals)
    permissions = read_permissions(connector) if plan.rights else None
    if permissions is not None and permissions.withdraw and not tools.allow_withdraw_keys:
        raise _WithdrawKey(permissions)
    answers = read_answers(connector, account, start.before, tools.clock)
    price_of = tools.prices.price_of(account.exchange)
    jumped = has_jumped(answers.info, start.before, price_of)
    since = plan.ledger_since or ledger_since(start.state, now)
    ledger = _read_ledger(connector, start, since, answers.at, jumped) if jumped or plan.ledger_since else None
    return Found(answers, permissions, ledger, since, price_of)


def _read_ledger(
    connector: Connector, start: Start, since: datetime, until: datetime, jumped: bool
) -> Sequence[LedgerEntry] | None:
    """Read the ledger; when it fails after a jump, the reading is held back a while, for the jump may be a deposit."""
    try:
        return connector.get_ledger(since, until)
    except NotSupportedError:
        return ()
    except ExchangeError as e:
        log.warning("ledger not read: %s", e.code, extra={"account_id": str(start.account.id)})
        read_at = max((wallet.as_of for wallet in start.before.wallets if wallet.as_of), default=None)
        if jumped and read_at is not None and until - read_at < HOLD_BACK:
            raise
        return None


def _store(tools: Tools, lease: Lease, start: Start, found: Found) -> None:
    now = tools.clock()
    rows = ledger_rows(start.account, found.ledger or (), price_of=found.price_of, now=now)
    reading = make_reading(start.account, found.answers, start.before, price_of=found.price_of, ledger=rows)
    with tools.storage.begin() as uow:
        uow.syncing.check_fence(lease)
        account = uow.accounts.get(start.account.id, {start.account.user_id}, for_update=True)
        if account is None or account.removed_at:
            return
        uow.readings.store(reading)
        if found.ledger is not None:
            first = min(start.state.ledger_since or found.since, found.since)
            uow.syncing.set_ledger(lease, read_to=found.answers.at, since=first)
        if found.permissions is not None:
            uow.accounts.set_rights(account, key_rights(found.permissions, now), account.uid, now)
        if account.status is AccountStatus.NEEDS_ATTENTION:
            uow.accounts.set_status(account, AccountStatus.ACTIVE, None, now)
        _schedule(tools, uow, lease, account, start.state.next_due_at)


def _fail(tools: Tools, lease: Lease, start: Start, code: str) -> None:
    """Keep the last good state, say what is wrong, and come back when it can have changed."""
    now = tools.clock()
    with tools.storage.begin() as uow:
        uow.syncing.check_fence(lease)
        account = uow.accounts.get(start.account.id, {start.account.user_id}, for_update=True)
        if account is not None and account.generation == start.account.generation and account.status in VERIFIED:
            if code == DamagedCredentialError.code:
                uow.accounts.set_status(account, AccountStatus.DAMAGED, code, now)
            elif code in AUTH_CODES:
                uow.accounts.set_status(account, AccountStatus.NEEDS_ATTENTION, code, now)
        _schedule(tools, uow, lease, account or start.account, start.state.next_due_at, error_code=code)


def _refuse(tools: Tools, lease: Lease, permissions: Permissions) -> None:
    now = tools.clock()
    with tools.storage.begin() as uow:
        uow.syncing.check_fence(lease)
        account = uow.accounts.get(lease.account.id, {lease.account.user_id}, for_update=True)
        if account is not None:
            uow.accounts.set_rights(account, key_rights(permissions, now), account.uid, now)
            refuse_account(uow, account, MAY_WITHDRAW, now)
        _schedule(tools, uow, lease, account or lease.account, now, error_code=MAY_WITHDRAW)


def _release(tools: Tools, lease: Lease) -> None:
    with tools.storage.begin() as uow:
        _schedule(tools, uow, lease, lease.account, tools.clock(), error_code="not_active")


def _schedule(
    tools: Tools,
    uow: UnitOfWork,
    lease: Lease,
    account: ExchangeAccount,
    planned_at: datetime,
    *,
    error_code: str | None = None,
) -> None:
    now = tools.clock()
    pauses = {pause.exchange: pause.until for pause in uow.syncing.pauses(now)}
    interval = planned_interval(account, tools.intervals)
    due = next_due(
        planned_at,
        now,
        interval_seconds=interval,
        error_code=error_code,
        paused_until=pauses.get(account.exchange),
    )
    uow.syncing.release(lease, next_due_at=due, interval_seconds=interval, now=now, error_code=error_code)
