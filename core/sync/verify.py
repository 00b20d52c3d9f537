"""Verification of a new key or of one that shall replace another: the check list, and what follows from it."""

import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connectors.errors import ConnectorError, ExchangeError, NotSupportedError
from connectors.types import Permissions
from core.domain.types import AccountStatus, ExchangeAccount, Job, JobKind, JobStatus, SealedCredential
from core.errors import ConflictError, DamagedCredentialError
from core.ports import Lease, UnitOfWork
from core.services.main_account import choose_main
from core.sync.checklist import CheckList
from core.sync.ingest import Answers, Stored, make_reading
from core.sync.ports import Connector, Tools
from core.sync.reading import ReadingRefusedError, read_answers
from core.sync.rights import (
    MAY_WITHDRAW,
    VERIFIED,
    audit_key,
    key_rights,
    lock_accounts,
    read_permissions,
    refuse_account,
)
from core.sync.slot import load_stored

log = logging.getLogger(__name__)

RETRY_SECONDS = 10.0
BUSY_SECONDS = 2.0
CLOCK_WARNING_SECONDS = 5.0
EXPIRY_WARNING = timedelta(days=30)
PRICE_MAX_AGE_SECONDS = 60.0

# which line of the check list an error belongs to; all others stop the line that was running
STEP_OF = {"timestamp_skew": "clock", "ip_not_allowed": "ip", "permission_missing": "permissions"}
WALLET_RETRY = frozenset({"network", "maintenance", "rate_limited", "bad_response", "ip_banned", "timestamp_skew"})


@dataclass(frozen=True, slots=True)
class Retry:
    """The job is to be tried again at `at`; `error` is what the exchange said, for its breaker."""

    at: datetime
    exchange: str = ""
    error: ExchangeError | None = None


class KeyRefusedError(Exception):
    """The key is refused at one line of the check list. `detail` is shown beside it."""

    def __init__(self, code: str, step: str, detail: str = "") -> None:
        """Name the reason by its code."""
        super().__init__(code)
        self.code = code
        self.step = step
        self.detail = detail or code


@dataclass(frozen=True, slots=True)
class Case:
    """The account at stake, the sealed key in question, what was stored before, and the lease to write under."""

    account: ExchangeAccount
    sealed: SealedCredential
    before: Stored
    lease: Lease


@dataclass(frozen=True, slots=True)
class Verified:
    """What a key has shown of itself."""

    permissions: Permissions
    answers: Answers
    uid: str | None


class Verification:
    """One run of a verification job; a run that the exchange prevents changes nothing and asks to be repeated."""

    def __init__(self, tools: Tools, job: Job) -> None:
        """Take up a claimed job."""
        self._tools = tools
        self._job = job
        self._steps = CheckList(tools.storage, job)
        self._step = "clock"
        self._replaces = job.kind is JobKind.REPLACE_KEY

    def run(self) -> Retry | None:
        """Go through the check list and store the outcome; return when to try again if the exchange is away."""
        account, sealed, before = self._load()
        if account is None or sealed is None:
            self._finish("not_found")
            return None
        paused = self._paused_until(account)
        if paused is not None:
            return paused
        lease = self._lease(account)
        if lease is None:
            return Retry(self._tools.clock() + timedelta(seconds=BUSY_SECONDS))
        try:
            return self._verify(Case(account, sealed, before, lease))
        except Exception:
            self._release(lease, "internal")
            raise

    def _verify(self, case: Case) -> Retry | None:
        try:
            connector = self._open(case)
            self._accept(case, self._examine(connector, case))
        except KeyRefusedError as e:
            return self._refuse(case, e)
        except DamagedCredentialError as e:
            return self._refuse(case, KeyRefusedError(e.code, self._step))
        except ConflictError:  # another account was faster with this identity, or another key waits: the next run sees
            self._release(case.lease, "conflict")
            return Retry(self._tools.clock() + timedelta(seconds=BUSY_SECONDS))
        except ConnectorError as e:
            if isinstance(e, ExchangeError) and e.retryable:
                return self._put_off(case, e)
            return self._refuse(case, KeyRefusedError(e.code, STEP_OF.get(e.code, self._step)))
        return None

    def _put_off(self, case: Case, error: ExchangeError) -> Retry:
        self._steps.start(STEP_OF.get(error.code, self._step), error.code)
        self._release(case.lease, error.code)
        wait = max(RETRY_SECONDS, error.retry_after or 0.0)
        return Retry(self._tools.clock() + timedelta(seconds=wait), case.account.exchange, error)

    # the check list

    def _open(self, case: Case) -> Connector:
        connector = self._tools.connect(case.account, case.sealed)
        if self._steps.is_new:
            with self._tools.storage.begin() as uow:
                audit_key(uow, case.account, action="key.opened", now=self._tools.clock())
        return connector

    def _examine(self, connector: Connector, case: Case) -> Verified:
        self._begin("clock")
        self._steps.tick("clock", self._clock_warning(connector))
        self._begin("signature")
        permissions = read_permissions(connector)
        if permissions.read is not None:
            self._steps.tick("signature")
        self._check_rights(permissions)
        self._begin("signature" if permissions.read is None else "identity")
        answers = self._read_account(connector, case)
        self._steps.tick("signature")
        self._begin("identity")
        uid = answers.info.uid or permissions.uid
        self._check_identity(case.account, uid)
        self._steps.tick("identity", "" if uid else "unknown")
        self._begin("balances")
        failed = [wallet.wallet for wallet in answers.info.wallets if not wallet.ok]
        with suppress(NotSupportedError):
            self._tools.prices.refresh(case.account.exchange, max_age_seconds=PRICE_MAX_AGE_SECONDS)
        self._steps.tick("balances", ",".join(failed))
        return Verified(permissions, answers, uid)

    def _check_rights(self, permissions: Permissions) -> None:
        if permissions.read is False:
            raise KeyRefusedError("permission_missing", "permissions")
        more = [name for name, has in (("trade", permissions.trade), ("transfer", permissions.transfer)) if has]
        self._steps.tick("permissions", ",".join(more) or ("unknown" if permissions.read is None else ""))
        if permissions.withdraw and not self._tools.allow_withdraw_keys:
            raise KeyRefusedError(MAY_WITHDRAW, "no_withdraw")
        self._steps.tick(
            "no_withdraw", MAY_WITHDRAW if permissions.withdraw else "unknown" if permissions.withdraw is None else ""
        )
        is_restricted = permissions.ip_restricted
        self._steps.tick("ip", "" if is_restricted else "unknown" if is_restricted is None else "not_restricted")
        self._check_expiry(permissions.expires_at)

    def _check_expiry(self, expires_at: datetime | None) -> None:
        now = self._tools.clock()
        if expires_at is not None and expires_at <= now:
            raise KeyRefusedError("key_expired", "expiry")
        text = "" if expires_at is None else expires_at.isoformat()
        is_soon = expires_at is not None and expires_at - now < EXPIRY_WARNING
        self._steps.tick("expiry", text if is_soon else "", detail=text)

    def _check_identity(self, account: ExchangeAccount, uid: str | None) -> None:
        if account.uid is not None and uid != account.uid:
            raise KeyRefusedError("other_identity", "identity")
        if uid is None:
            return
        with self._tools.storage.begin(write=False) as uow:
            same = uow.accounts.by_exchange_uid(account.exchange, uid, testnet=account.testnet)
        for other in same:
            is_other = other.id != account.id and other.removed_at is None
            if is_other and other.status is not AccountStatus.REFUSED:
                own = other.name if other.user_id == account.user_id else ""
                raise KeyRefusedError("duplicate_account", "identity", own)

    def _read_account(self, connector: Connector, case: Case) -> Answers:
        """Read the wallets; the identity is compared by the caller, against a key that may be a new one."""
        tools, exchange = self._tools, case.account.exchange
        try:
            return read_answers(
                connector, None, before=case.before, clock=lambda: tools.clocks.exchange_time(exchange, tools.clock())
            )
        except ReadingRefusedError as e:
            error = ExchangeError(e.code, retryable=e.code in WALLET_RETRY)
            error.code = e.code
            raise error from e

    def _clock_warning(self, connector: Connector) -> str:
        asked = self._tools.clock()
        try:
            server = connector.get_server_time()
        except NotSupportedError:
            return ""
        answered = self._tools.clock()
        offset = (server - (asked + (answered - asked) / 2)).total_seconds()
        return f"{offset:.0f}" if abs(offset) > CLOCK_WARNING_SECONDS else ""

    def _begin(self, step: str) -> None:
        self._step = step
        self._steps.start(step)

    # the outcome

    def _accept(self, case: Case, verified: Verified) -> None:
        account, lease = case.account, case.lease
        tools, now = self._tools, self._tools.clock()
        is_unknown = verified.permissions.withdraw is None and not account.testnet
        with tools.storage.begin() as uow:
            uow.syncing.check_fence(lease)
            if self._replaces:
                uow.credentials.promote_candidate(case.sealed, now)
            stored = lock_accounts(uow, account)
            if stored is None or stored.removed_at:
                self._finish_in(uow, "not_found")
                return
            was_accepted = stored.status in VERIFIED
            status = AccountStatus.UNVERIFIED if is_unknown and not was_accepted else AccountStatus.ACTIVE
            reason = "permissions_unknown" if status is AccountStatus.UNVERIFIED else None
            uow.accounts.set_rights(stored, key_rights(verified.permissions, now), verified.uid, now)
            uow.accounts.set_status(stored, status, reason, now)
            if status is AccountStatus.ACTIVE and not was_accepted:
                choose_main(uow, stored, now=now)
            price_of = tools.prices.price_of(account.exchange)
            uow.readings.store(make_reading(stored, verified.answers, case.before, price_of=price_of))
            self._release_in(uow, lease, account=uow.accounts.get(account.id, {account.user_id}) or stored, code=None)
            self._finish_in(uow, None)

    def _refuse(self, case: Case, refusal: KeyRefusedError) -> Retry | None:
        """Store the refusal; a key that was to replace another is dropped, and the other stays as it is.

        If yet another key was handed in meanwhile, that one is to be verified instead.
        """
        account, lease, now = case.account, case.lease, self._tools.clock()
        self._steps.fail(refusal.step, refusal.detail)
        log.info("key refused: %s", refusal.code, extra={"account_id": str(account.id), "job_id": str(self._job.id)})
        with self._tools.storage.begin() as uow:
            uow.syncing.check_fence(lease)
            stored = uow.accounts.get(account.id, {account.user_id}, for_update=True)
            waiting = uow.credentials.load_candidate(account.id, account.user_id)
            if self._replaces and waiting is not None and waiting.credential != case.sealed:
                self._release_in(uow, lease, account=stored or account, code="conflict")
                return Retry(now + timedelta(seconds=BUSY_SECONDS))
            if self._replaces:
                uow.credentials.drop_candidate(account.id, account.user_id)
                audit_key(uow, account, action="key.refused", now=now, code=refusal.code)
            elif stored is not None:
                _set_refused(uow, stored, code=refusal.code, now=now)
            self._release_in(uow, lease, account=stored or account, code=refusal.code)
            self._finish_in(uow, refusal.code)
        return None

    # the frame

    def _load(self) -> tuple[ExchangeAccount | None, SealedCredential | None, Stored]:
        account_id, client_id = self._job.account_id, self._job.client_id
        with self._tools.storage.begin(write=False) as uow:
            account = uow.accounts.get(account_id, {client_id})
            if account is None or account.removed_at is not None:
                return None, None, Stored()
            before = load_stored(uow, account)
            if not self._replaces:
                return account, uow.credentials.load(account_id, client_id), before
            waiting = uow.credentials.load_candidate(account_id, client_id)
            if waiting is None:
                return account, None, before
            asked = replace(account, generation=waiting.credential.generation, options=waiting.options)
            return asked, waiting.credential, before

    def _paused_until(self, account: ExchangeAccount) -> Retry | None:
        with self._tools.storage.begin(write=False) as uow:
            pauses = uow.syncing.pauses(self._tools.clock(), self._tools.egress)
        pause = next((pause for pause in pauses if pause.exchange == account.exchange), None)
        if pause is None:
            return None
        self._steps.start(self._step, pause.reason)
        return Retry(pause.until)

    def _lease(self, account: ExchangeAccount) -> Lease | None:
        tools, now = self._tools, self._tools.clock()
        interval = tools.interval(account, None)
        with tools.storage.begin() as uow:
            uow.syncing.ensure(account.id, account.user_id, now + timedelta(seconds=interval), interval)
            return uow.syncing.claim_one(account.id, now, owner=tools.owner, lease_seconds=tools.lease_seconds)

    def _release(self, lease: Lease, code: str) -> None:
        with self._tools.storage.begin() as uow:
            self._release_in(uow, lease, account=lease.account, code=code)

    def _release_in(self, uow: UnitOfWork, lease: Lease, *, account: ExchangeAccount, code: str | None) -> None:
        """Give the account back; its next slot comes at once, to read the ledger."""
        now = self._tools.clock()
        interval = self._tools.interval(account, None)
        uow.syncing.release(lease, next_due_at=now, interval_seconds=interval, now=now, error_code=code)

    def _finish(self, error_code: str | None) -> None:
        with self._tools.storage.begin() as uow:
            self._finish_in(uow, error_code)

    def _finish_in(self, uow: UnitOfWork, error_code: str | None) -> None:
        status = JobStatus.DONE if error_code is None else JobStatus.FAILED
        uow.jobs.finish(self._job.id, status, self._tools.clock(), error_code=error_code)


def _set_refused(uow: UnitOfWork, account: ExchangeAccount, *, code: str, now: datetime) -> None:
    """Refuse a pending account; one that was verified before keeps its key unless that may withdraw."""
    if code == DamagedCredentialError.code:
        uow.accounts.set_status(account, AccountStatus.DAMAGED, code, now)
    elif account.status in VERIFIED and code != MAY_WITHDRAW:
        uow.accounts.set_status(account, AccountStatus.NEEDS_ATTENTION, code, now)
        audit_key(uow, account, action="key.refused", now=now, code=code)
    else:
        refuse_account(uow, account, code=code, now=now)
