"""One slot of one account: what is stored before, what the exchange says now, and one transaction for the outcome."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.errors import ConnectorError, ExchangeError, IpBannedError, NotSupportedError, RateLimitedError
from connectors.types import LedgerPart, Permissions
from core.domain.types import AccountStatus, ExchangeAccount, SealedCredential, SyncState
from core.errors import DamagedCredentialError
from core.log import log_ids
from core.ports import Lease, UnitOfWork
from core.sync.due import AUTH_CODES, ledger_since, next_due, plan_slot, planned_interval
from core.sync.ingest import Answers, Stored, has_jumped, make_reading
from core.sync.ledger import ledger_rows
from core.sync.ports import Connector, PriceOf, Tools
from core.sync.reading import ReadingRefusedError, read_answers
from core.sync.rights import MAY_WITHDRAW, VERIFIED, key_rights, read_permissions, refuse_account
from core.sync.runs import RunRecord

log = logging.getLogger(__name__)

HOLD_BACK = timedelta(minutes=5)
LEDGER_GAP = timedelta(seconds=55)
NOT_ACTIVE = "not_active"
LEDGER_PENDING = "ledger_pending"


@dataclass(frozen=True, slots=True)
class Start:
    """What is known of the account when its slot begins."""

    account: ExchangeAccount
    state: SyncState
    sealed: SealedCredential
    before: Stored


@dataclass(frozen=True, slots=True)
class Found:
    """What the exchange said. `ledger` None: not read; `since` is from when it was; `halt`: it asked for peace."""

    answers: Answers
    permissions: Permissions | None
    ledger: LedgerPart | None
    since: datetime
    price_of: PriceOf
    halt: ExchangeError | None


class _WithdrawKeyError(Exception):
    """The key has come to be able to withdraw."""

    def __init__(self, permissions: Permissions) -> None:
        super().__init__(MAY_WITHDRAW)
        self.permissions = permissions


def run_slot(tools: Tools, lease: Lease) -> str | None:
    """Read one claimed account, store what it answered, release it; return the error code, None when stored.

    Raises:
        ConnectorError: for the exchange's breaker, after the outcome was stored and the account released.
        LeaseLostError: another sidecar has the account; nothing was written.
    """
    slot = Slot(tools, lease)
    with log_ids(**slot.record.ids):
        return slot.run()


def load_stored(uow: UnitOfWork, account: ExchangeAccount) -> Stored:
    """Return the latest state of an account."""
    ids, clients = {account.id}, {account.user_id}
    return Stored(
        wallets=uow.readings.wallets(ids, clients),
        balances=uow.readings.balances(ids, clients),
        positions=uow.readings.positions(ids, clients),
    )


class Slot:
    """The reading of one account under one lease."""

    def __init__(self, tools: Tools, lease: Lease) -> None:
        """Take up a claimed account."""
        self._tools = tools
        self._lease = lease
        self._planned_at = tools.clock()
        self.record = RunRecord(tools, lease)

    def run(self) -> str | None:
        """Read, store and release, as `run_slot` says."""
        start = self._load()
        if start is None:
            self._fail(self._lease.account, NOT_ACTIVE, generation=self._lease.account.generation)
            return NOT_ACTIVE
        self._planned_at = start.state.next_due_at
        generation = start.account.generation
        try:
            found = self._read(start)
        except _WithdrawKeyError as e:
            self._refuse(e.permissions)
            return MAY_WITHDRAW
        except (DamagedCredentialError, ReadingRefusedError) as e:
            self._fail(start.account, e.code, generation=generation)
            return e.code
        except ConnectorError as e:
            wait = timedelta(seconds=e.retry_after or 0) if isinstance(e, RateLimitedError) else timedelta(0)
            self._fail(start.account, e.code, generation=generation, wait=wait)
            raise
        self._store(start, found)
        if found.halt is not None:
            raise found.halt
        return None

    def _load(self) -> Start | None:
        account_id, client_id = self._lease.account.id, self._lease.account.user_id
        with self._tools.storage.begin(write=False) as uow:
            account = uow.accounts.get(account_id, {client_id})
            if account is None or account.removed_at or not account.is_active or account.status not in VERIFIED:
                return None
            states = uow.syncing.states({client_id}, account_ids={account_id})
            sealed = uow.credentials.load(account_id, client_id)
            if not states or sealed is None:
                return None
            return Start(account, states[0], sealed, load_stored(uow, account))

    # what the exchange says

    def _read(self, start: Start) -> Found:
        tools, account, now = self._tools, start.account, self._tools.clock()
        connector = tools.connect(account, start.sealed)
        self.record.watch(connector)
        plan = plan_slot(account, start.state, now, tools.intervals)
        permissions = read_permissions(connector) if plan.rights else None
        if permissions is not None and permissions.withdraw and not tools.allow_withdraw_keys:
            raise _WithdrawKeyError(permissions)
        answers = read_answers(connector, account, before=start.before, clock=tools.clock)
        price_of = tools.prices.price_of(account.exchange)
        jumped = has_jumped(answers.info, start.before, price_of)
        since = plan.ledger_since or ledger_since(start.state, now)
        ledger, halt = None, None
        if jumped and _was_just_read(start, answers.at) and _may_wait(start, answers.at):
            raise ReadingRefusedError(LEDGER_PENDING)
        if jumped or plan.ledger_since:
            try:
                ledger = _read_ledger(connector, since, answers.at)
            except ExchangeError as e:
                log.warning("ledger not read: %s", e, extra={"account_id": str(account.id)})
                if jumped and _may_wait(start, answers.at):
                    raise
                halt = e if isinstance(e, RateLimitedError | IpBannedError) else None
        return Found(answers, permissions, ledger, since, price_of, halt)

    # the outcome

    def _store(self, start: Start, found: Found) -> None:
        now = self._tools.clock()
        rows = ledger_rows(
            start.account, found.ledger.entries if found.ledger else (), price_of=found.price_of, now=now
        )
        reading = make_reading(start.account, found.answers, start.before, price_of=found.price_of, ledger=rows)
        with self._tools.storage.begin() as uow:
            uow.syncing.check_fence(self._lease)
            account = uow.accounts.get(start.account.id, {start.account.user_id}, for_update=True)
            if account is None or account.removed_at:
                return
            uow.readings.store(reading)
            if found.ledger is not None:
                first = min(start.state.ledger_since or found.since, found.since)
                is_whole = found.ledger.complete
                uow.syncing.set_ledger(
                    self._lease,
                    read_to=found.answers.at if is_whole else start.state.ledger_read_to,
                    since=first,
                    cursor=None if is_whole else found.ledger.read_to,
                )
            if found.permissions is not None:
                uow.accounts.set_rights(account, key_rights(found.permissions, now), account.uid, now)
            if account.status is AccountStatus.NEEDS_ATTENTION:
                uow.accounts.set_status(account, AccountStatus.ACTIVE, None, now)
            failed = {state.wallet: state.reason or "unknown" for state in reading.wallets if not state.ok}
            self.record.end(uow, None, failed)
            self._release(uow, account, None)
        self.record.count()

    def _fail(self, account: ExchangeAccount, code: str, *, generation: int, wait: timedelta = timedelta(0)) -> None:
        """Keep the last good state, say what is wrong, and come back when it can have changed."""
        now = self._tools.clock()
        with self._tools.storage.begin() as uow:
            uow.syncing.check_fence(self._lease)
            stored = uow.accounts.get(account.id, {account.user_id}, for_update=True)
            if stored is not None and stored.generation == generation and stored.status in VERIFIED:
                if code == DamagedCredentialError.code:
                    uow.accounts.set_status(stored, AccountStatus.DAMAGED, code, now)
                elif code in AUTH_CODES:
                    uow.accounts.set_status(stored, AccountStatus.NEEDS_ATTENTION, code, now)
            self.record.end(uow, code)
            self._release(uow, stored or account, code, wait=wait)
        self.record.count()

    def _refuse(self, permissions: Permissions) -> None:
        now = self._tools.clock()
        with self._tools.storage.begin() as uow:
            uow.syncing.check_fence(self._lease)
            account = uow.accounts.get(self._lease.account.id, {self._lease.account.user_id}, for_update=True)
            if account is not None:
                uow.accounts.set_rights(account, key_rights(permissions, now), account.uid, now)
                refuse_account(uow, account, code=MAY_WITHDRAW, now=now)
            self.record.end(uow, MAY_WITHDRAW)
            self._release(uow, account or self._lease.account, MAY_WITHDRAW)
        self.record.count()

    def _release(
        self, uow: UnitOfWork, account: ExchangeAccount, code: str | None, *, wait: timedelta = timedelta(0)
    ) -> None:
        now = self._tools.clock()
        pauses = {pause.exchange: pause.until for pause in uow.syncing.pauses(now)}
        interval = planned_interval(account, self._tools.intervals)
        due = next_due(
            self._planned_at,
            now,
            interval_seconds=interval,
            error_code=code,
            paused_until=max(pauses.get(account.exchange, now), now + wait),
        )
        uow.syncing.release(self._lease, next_due_at=due, interval_seconds=interval, now=now, error_code=code)


def _read_ledger(connector: Connector, since: datetime, until: datetime) -> LedgerPart:
    try:
        return connector.get_ledger_part(since, until)
    except NotSupportedError:
        return LedgerPart((), until)


def _was_just_read(start: Start, now: datetime) -> bool:
    """Tell whether the ledger was read less than a minute ago; an account's limits often allow no more."""
    read_to = start.state.ledger_read_to
    return read_to is not None and now - read_to < LEDGER_GAP


def _may_wait(start: Start, now: datetime) -> bool:
    """Tell whether the last figures are young enough to be kept a little longer; the jump may be a deposit."""
    read_at = max((wallet.as_of for wallet in start.before.wallets if wallet.as_of), default=None)
    return read_at is not None and now - read_at < HOLD_BACK
