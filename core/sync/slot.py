"""One slot of one account: what is stored before, what the exchange says now, and one transaction for the outcome."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from connectors.errors import ConnectorError, RateLimitedError
from connectors.types import Permissions
from core.domain.marks import Mark, MarkKind, late_steps
from core.domain.types import AccountStatus, ExchangeAccount, SyncState
from core.errors import DamagedCredentialError, LeaseLostError, StorageUnavailableError
from core.log import log_ids
from core.ports import Lease, StoredReading, UnitOfWork
from core.sync.asking import Asking, Found, Start, WithdrawKeyError
from core.sync.due import AUTH_CODES, SELDOM, SLOW, next_due, plan_slot
from core.sync.ingest import Stored, make_reading
from core.sync.meter import OWN_SCOPE, paused_until
from core.sync.patience import MissedError
from core.sync.ports import Tools
from core.sync.reading import ReadingRefusedError
from core.sync.rights import MAY_WITHDRAW, VERIFIED, key_rights, refuse_account
from core.sync.runs import RunRecord

log = logging.getLogger(__name__)

NOT_ACTIVE = "not_active"
MISSED = "missed"


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
        self._state: SyncState | None = None
        self._turns: frozenset[str] = frozenset()
        self.record = RunRecord(tools, lease)

    def run(self) -> str | None:
        """Read, store and release, as `run_slot` says."""
        try:
            return self._run()
        except StorageUnavailableError as e:
            log.warning("slot not begun, the database does not answer: %s", e)
            return e.code
        except MissedError as e:
            log.error("slot missed, the database took nothing for ten minutes: %s", e)
            return self._miss()

    def _run(self) -> str | None:
        start = self._load()
        if start is None:
            self._fail(self._lease.account, NOT_ACTIVE, generation=self._lease.account.generation)
            return NOT_ACTIVE
        self._planned_at, self._state = start.state.next_due_at, start.state
        generation = start.account.generation
        try:
            found = self._read(start)
        except WithdrawKeyError as e:
            self._insist(partial(self._refuse, e.permissions))
            return MAY_WITHDRAW
        except (DamagedCredentialError, ReadingRefusedError) as e:
            self._fail(start.account, e.code, generation=generation)
            return e.code
        except ConnectorError as e:
            if getattr(e, "scope", "") == OWN_SCOPE:
                self._postpone(e)
                raise
            wait = timedelta(seconds=e.retry_after or 0) if isinstance(e, RateLimitedError) else timedelta(0)
            self._fail(start.account, e.code, generation=generation, wait=wait)
            raise
        reading = make_reading(start.account, found.answers, start.before, price_of=found.price_of, ledger=found.rows)
        self._insist(partial(self._store, start, found, reading))
        if found.halt is not None:
            raise found.halt
        return found.code

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
        tools, account = self._tools, start.account
        connector = tools.connect(account, start.sealed)
        self.record.watch(connector)
        asking = Asking(tools, start, connector)
        known = {wallet.wallet: wallet for wallet in start.before.wallets}
        kinds = tools.kinds_of(account.exchange)
        plan = plan_slot(account, start.state, asking.now(), tools.rules(account), kinds=kinds, known=known)
        found = asking.ask(plan)
        self._turns = frozenset({SLOW, SELDOM}) if found.answers.carried is None else plan.turns
        return found

    # the outcome

    def _insist(self, write: Callable[[], None]) -> None:
        """Write although the database may be locked, full or down for a while."""
        self._tools.patience.insist(write)
        self.record.count()

    def _store(self, start: Start, found: Found, reading: StoredReading) -> None:
        """Write everything this slot has found, in one transaction."""
        now = self._tools.clock()
        with self._tools.storage.begin() as uow:
            uow.syncing.check_fence(self._lease)
            account = uow.accounts.get(start.account.id, {start.account.user_id}, for_update=True)
            if account is None or account.removed_at:
                return
            uow.marks.add([*found.marks, *_late_marks(uow, start, found, now)])
            uow.readings.store(reading)
            self._note_ledger(uow, start, found)
            if found.closed is not None:
                uow.closed.add(found.closed.rows)
                uow.syncing.set_closed(self._lease, since=found.closed.since, read_to=found.closed.read_to)
            if found.permissions is not None:
                uow.accounts.set_rights(account, key_rights(found.permissions, now), account.uid, now)
            if account.status is AccountStatus.NEEDS_ATTENTION:
                uow.accounts.set_status(account, AccountStatus.ACTIVE, None, now)
            failed = {state.wallet: state.reason or "unknown" for state in reading.wallets if not state.ok}
            self.record.end(uow, found.code, failed)
            self._release(uow, account, found.code)

    def _note_ledger(self, uow: UnitOfWork, start: Start, found: Found) -> None:
        if found.ledger is None:
            return
        is_whole = found.ledger.complete
        uow.syncing.set_ledger(
            self._lease,
            read_to=found.answers.at if is_whole else start.state.ledger_read_to,
            since=min(start.state.ledger_since or found.since, found.since),
            cursor=None if is_whole else found.ledger.read_to,
        )

    def _miss(self) -> str:
        """Give up what was read, and say so as soon as the database takes it again."""
        try:
            self._fail(self._lease.account, MISSED, generation=self._lease.account.generation)
        except (MissedError, LeaseLostError) as e:
            log.info("nobody was told of the missed slot: %s", e)
        return MISSED

    def _fail(self, account: ExchangeAccount, code: str, *, generation: int, wait: timedelta = timedelta(0)) -> None:
        """Keep the last good state, say what is wrong, and come back when it can have changed."""
        self._insist(partial(self._note_failure, account, code, generation=generation, wait=wait))

    def _note_failure(self, account: ExchangeAccount, code: str, *, generation: int, wait: timedelta) -> None:
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

    def _postpone(self, error: ConnectorError) -> None:
        """Give the account back as it is: what it needs does not fit into the exchange's limits now."""
        due = paused_until(getattr(error, "retry_after", None), self._tools.clock())
        with self._tools.storage.begin() as uow:
            uow.syncing.check_fence(self._lease)
            uow.syncing.postpone(self._lease, due)

    def _release(
        self, uow: UnitOfWork, account: ExchangeAccount, code: str | None, *, wait: timedelta = timedelta(0)
    ) -> None:
        now = self._tools.clock()
        pauses = {pause.exchange: pause.until for pause in uow.syncing.pauses(now, self._tools.egress)}
        interval = self._tools.interval(account, self._state)
        is_stretched = interval > self._tools.wanted(account, self._state)
        due = next_due(
            min(self._planned_at, now) if is_stretched else self._planned_at,  # what was read ahead is not due again
            now,
            interval_seconds=interval,
            error_code=code,
            paused_until=max(pauses.get(account.exchange, now), now + wait),
        )
        uow.syncing.release(
            self._lease,
            next_due_at=due,
            interval_seconds=interval,
            now=now,
            error_code=code,
            kinds_read=self._turns,
        )


def _late_marks(uow: UnitOfWork, start: Start, found: Found, now: datetime) -> list[Mark]:
    """Return where the ledger tells of something that was booked before it had been read as whole."""
    read_to = start.state.ledger_read_to
    if read_to is None:
        return []
    late = uow.ledger.unknown(row for row in found.rows if row.booked_at < read_to)
    account = start.account
    steps = late_steps(row.booked_at for row in late)
    return [Mark(account.id, account.user_id, MarkKind.LATE, at, now) for at in steps]
