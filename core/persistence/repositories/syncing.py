"""Sync states, leases, pauses and heartbeats."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Update, and_, bindparam, case, delete, func, or_, select, update

from core.domain.types import STOPPED, AccountStatus, Heartbeat, SyncState, Tier
from core.errors import LeaseLostError
from core.persistence.models import ExchangeAccountRow, ExchangePauseRow, HeartbeatRow, PriceRow, SyncStateRow
from core.persistence.repositories.accounts import ACCOUNT_COLUMNS, to_account
from core.persistence.repositories.base import ACCOUNTS, CLIENTS, EVERY_CLIENT, Query, Repository, plain, scoped_to
from core.ports import ClientIds, ExchangePause, Lease

FIRST_INTERVAL_SECONDS = 30
NEW = "new_"  # before the names of columns, for the parameters that they are set to
READABLE = (AccountStatus.ACTIVE, AccountStatus.NEEDS_ATTENTION)
STATE_COLUMNS = plain(
    SyncStateRow.account_id,
    SyncStateRow.client_id,
    SyncStateRow.planned_interval_seconds,
    SyncStateRow.next_due_at,
    SyncStateRow.fence,
    SyncStateRow.leased_by,
    SyncStateRow.leased_until,
    SyncStateRow.last_attempt_at,
    SyncStateRow.last_ok_at,
    SyncStateRow.last_error_code,
    SyncStateRow.last_error_at,
    SyncStateRow.failures,
    SyncStateRow.ledger_read_to,
    SyncStateRow.ledger_since,
    SyncStateRow.data_version,
    SyncStateRow.ledger_cursor,
    SyncStateRow.tier,
    SyncStateRow.looked_at,
    SyncStateRow.egress,
    SyncStateRow.slow_read_at,
    SyncStateRow.seldom_read_at,
    SyncStateRow.closed_since,
    SyncStateRow.closed_read_to,
)
PAUSE_COLUMNS = plain(
    ExchangePauseRow.exchange,
    ExchangePauseRow.until,
    ExchangePauseRow.reason,
    ExchangePauseRow.egress,
)
URGENCY = case({Tier.MAIN.value: 0, Tier.WATCHED.value: 0, Tier.ACTIVE.value: 1}, value=SyncStateRow.tier, else_=2)
BEAT_COLUMNS = (
    HeartbeatRow.sidecar_id,
    HeartbeatRow.started_at,
    HeartbeatRow.beat_at,
    HeartbeatRow.keys,
    HeartbeatRow.detail,
    HeartbeatRow.egress,
    HeartbeatRow.clock_seconds,
    HeartbeatRow.kids,
)


class SyncingRepository(Repository):
    """Implements `core.ports.Syncing`."""

    def ensure(self, account_id: UUID, client_id: UUID, due_at: datetime, interval_seconds: int) -> None:
        """Give the account a sync state; one that is there already stays as it is.

        Raises:
            ConflictError: the account is not of that client.
            NotFoundError: the client is outside the scope.
        """
        self._require_own(client_id)
        values = first_state(account_id, client_id, due_at, interval_seconds)
        self.run(self._insert(SyncStateRow).values(values).on_conflict_do_nothing(index_elements=["account_id"]))

    def states(self, client_ids: ClientIds, *, account_ids: Collection[UUID] | None = None) -> list[SyncState]:
        """Return sync states by account id."""
        parameters = self._parameters(client_ids)
        statement = _states(every_client=CLIENTS not in parameters, every_account=account_ids is None)
        if account_ids is not None:
            parameters[ACCOUNTS] = sorted(account_ids)
        return [SyncState(*row) for row in self.run(statement, parameters)]

    def due(self, now: datetime, *, egress: str = "") -> dict[str, int]:
        """Return how many accounts an address may read now, by exchange; those held by others do not count."""
        count = func.count().label("due")
        statement = (
            select(ExchangeAccountRow.exchange, count)
            .prefix_with(EVERY_CLIENT)
            .join(SyncStateRow, SyncStateRow.account_id == ExchangeAccountRow.id)
            .where(_due(now, egress))
            .group_by(ExchangeAccountRow.exchange)
        )
        return {exchange: found for exchange, found in self.run(statement)}

    def claim(
        self,
        now: datetime,
        *,
        owner: str,
        lease_seconds: float,
        limit: int,
        exchanges_paused: Collection[str] = (),
        exchange: str | None = None,
        egress: str = "",
        ahead_seconds: float = 0,
    ) -> list[Lease]:
        """Take accounts that are due and free, the most urgent tiers first, and raise their fencing numbers.

        Only active, verified accounts of this address (or of none yet) count, and only those whose exchange is not
        paused; with `exchange` only that one's. With `ahead_seconds` only main accounts and those
        on a screen that are due so soon.
        """
        due = _leasable(now).where(
            _due(now, egress, ahead_seconds), ExchangeAccountRow.exchange.not_in(sorted(exchanges_paused))
        )
        if exchange is not None:
            due = due.where(ExchangeAccountRow.exchange == exchange)
        due = due.order_by(URGENCY, SyncStateRow.next_due_at, SyncStateRow.account_id).limit(limit)
        return self._take(due, now, owner=owner, lease_seconds=lease_seconds)

    def claim_one(self, account_id: UUID, now: datetime, *, owner: str, lease_seconds: float) -> Lease | None:
        """Take this account whatever its status, for a job; None when it is held by another, removed or unknown."""
        free = _leasable(now).where(SyncStateRow.account_id == account_id)
        leases = self._take(free, now, owner=owner, lease_seconds=lease_seconds)
        if not leases and self._begin_state(account_id, now):
            leases = self._take(free, now, owner=owner, lease_seconds=lease_seconds)
        return leases[0] if leases else None

    def _begin_state(self, account_id: UUID, now: datetime) -> bool:
        """Give an account that has no sync state its first one; False where it has one: inserting would wait for it."""
        stateless = (
            select(ExchangeAccountRow.user_id)
            .prefix_with(EVERY_CLIENT)
            .outerjoin(SyncStateRow, SyncStateRow.account_id == ExchangeAccountRow.id)
            .where(ExchangeAccountRow.id == account_id, SyncStateRow.account_id.is_(None))
        )
        client_id = self.run(stateless).scalar_one_or_none()
        if client_id is None:
            return False
        self.ensure(account_id, client_id, now, FIRST_INTERVAL_SECONDS)
        return True

    def check_fence(self, lease: Lease) -> None:
        """Make sure that the lease is still the current one, and keep it so until this transaction ends.

        Raises:
            LeaseLostError: it was released, or another holder has claimed the account since.
        """
        if self.run(_fence(), _holder(lease)).one_or_none() is None:
            raise LeaseLostError(f"fence {lease.fence}")

    def release(
        self,
        lease: Lease,
        *,
        next_due_at: datetime,
        interval_seconds: int | None,
        now: datetime,
        error_code: str | None = None,
        kinds_read: Collection[str] = (),
    ) -> None:
        """Give the account back with its next due time; an error code counts as a failure, None as success.

        Without an interval the planned one stays. `kinds_read` names which of the wallets that are not read in every
        slot were: slow, seldom.

        Raises:
            LeaseLostError: the lease is no longer the current one.
        """
        values: dict[str, Any] = {
            "leased_by": None,
            "leased_until": None,
            "next_due_at": next_due_at,
        }
        if interval_seconds is not None:
            values["planned_interval_seconds"] = interval_seconds
        if error_code is None:
            values |= {"last_ok_at": now, "last_error_code": None, "failures": 0}
            values |= {f"{kind}_read_at": now for kind in kinds_read}
        else:
            values |= {"last_error_code": error_code, "last_error_at": now}
        self._change_held(lease, values, is_failure=error_code is not None)

    def postpone(self, lease: Lease, next_due_at: datetime) -> None:
        """Give the account back unread, for a reason that is neither its own nor its exchange's.

        Raises:
            LeaseLostError: the lease is no longer the current one.
        """
        self._change_held(lease, {"leased_by": None, "leased_until": None, "next_due_at": next_due_at})

    def set_ledger(
        self, lease: Lease, *, read_to: datetime | None, since: datetime, cursor: datetime | None = None
    ) -> None:
        """Store how far the ledger is whole, from when on, and where a reading in parts goes on (None: it is done).

        Raises:
            LeaseLostError: the lease is no longer the current one.
        """
        self._change_held(lease, {"ledger_read_to": read_to, "ledger_since": since, "ledger_cursor": cursor})

    def set_closed(self, lease: Lease, *, since: datetime, read_to: datetime) -> None:
        """Store from when to when closed positions are known as whole.

        Raises:
            LeaseLostError: the lease is no longer the current one.
        """
        self._change_held(lease, {"closed_since": since, "closed_read_to": read_to})

    def make_due(self, account_id: UUID, client_id: UUID, now: datetime) -> None:
        """Have the account read at the next tick.

        Raises:
            ConflictError: the account is not of that client.
            NotFoundError: the client is outside the scope.
        """
        self.ensure(account_id, client_id, now, FIRST_INTERVAL_SECONDS)
        own = and_(SyncStateRow.account_id == account_id, SyncStateRow.client_id == client_id)
        self.run(update(SyncStateRow).where(own).values(next_due_at=now))

    def set_back(self, now: datetime) -> None:
        """Have nothing lie in the future: accounts planned by a clock that was ahead are due now, prices are of now."""
        planned = and_(SyncStateRow.last_attempt_at > now, SyncStateRow.next_due_at > now)
        self.run(update(SyncStateRow).prefix_with(EVERY_CLIENT).where(planned).values(next_due_at=now))
        self.run(update(PriceRow).where(PriceRow.as_of > now).values(as_of=now))

    def data_version(self, client_ids: ClientIds, account_ids: Collection[UUID] | None = None) -> int:
        """Return a number that grows whenever a reading of these accounts is stored."""
        total = select(func.coalesce(func.sum(SyncStateRow.data_version), 0))
        statement = self._scoped(total, SyncStateRow.client_id, client_ids)
        if account_ids is not None:
            statement = statement.where(SyncStateRow.account_id.in_(sorted(account_ids)))
        return int(self.run(statement).scalar_one())

    def pause(self, pause: ExchangePause) -> None:
        """Stop requests to an exchange; a pause that lasts longer stays."""
        self._upsert(ExchangePauseRow, [asdict(pause)], newer="until")

    def pauses(self, now: datetime, egress: str | None = None) -> list[ExchangePause]:
        """Return the exchanges that are paused, for all addresses or for one, by name and address."""
        rows = self.run(
            _pauses(everywhere=egress is None), {"now": now, **({} if egress is None else {"egress": egress})}
        )
        return [ExchangePause(*row) for row in rows]

    def beat(self, heartbeat: Heartbeat) -> None:
        """Store a sign of life."""
        self._upsert(HeartbeatRow, [asdict(heartbeat)])

    def forget_sidecars(self, *, silent_before: datetime) -> None:
        """Forget the sidecars that have ended of themselves, and those of whom nothing was heard since then."""
        gone = or_(HeartbeatRow.keys == STOPPED, HeartbeatRow.beat_at < silent_before)
        self.run(delete(HeartbeatRow).where(gone))

    def heartbeats(self) -> list[Heartbeat]:
        """Return the last sign of life of each sidecar, the newest first."""
        statement = select(*BEAT_COLUMNS).order_by(HeartbeatRow.beat_at.desc(), HeartbeatRow.sidecar_id)
        return [Heartbeat(*row) for row in self.run(statement)]

    def _take(self, free: Query, now: datetime, *, owner: str, lease_seconds: float) -> list[Lease]:
        rows = self.run(free.with_for_update(skip_locked=True, of=SyncStateRow)).all()
        if not rows:
            return []
        until = now + timedelta(seconds=lease_seconds)
        accounts = [to_account(row[1:]) for row in rows]
        taken = update(SyncStateRow).prefix_with(EVERY_CLIENT)
        taken = taken.where(SyncStateRow.account_id.in_([account.id for account in accounts]))
        values = {"leased_by": owner, "leased_until": until, "last_attempt_at": now, "fence": SyncStateRow.fence + 1}
        self.run(taken.values(values))
        return [Lease(account, owner, row[0] + 1, until) for row, account in zip(rows, accounts, strict=True)]

    def _change_held(self, lease: Lease, values: dict[str, Any], *, is_failure: bool = False) -> None:
        parameters = {f"{NEW}{name}": value for name, value in values.items()} | _holder(lease)
        if not self.run(_held_changed(tuple(values), is_failure=is_failure), parameters).rowcount:
            raise LeaseLostError(f"fence {lease.fence}")


def first_state(account_id: UUID, client_id: UUID, due_at: datetime, interval_seconds: int) -> dict[str, Any]:
    """Return the row of an account that was never read."""
    return {
        "account_id": account_id,
        "client_id": client_id,
        "planned_interval_seconds": interval_seconds,
        "next_due_at": due_at,
        "fence": 0,
        "failures": 0,
        "data_version": 0,
    }


def _leasable(now: datetime) -> Query:
    return (
        select(SyncStateRow.fence, *ACCOUNT_COLUMNS)
        .prefix_with(EVERY_CLIENT)
        .join(ExchangeAccountRow, ExchangeAccountRow.id == SyncStateRow.account_id)
        .where(
            ExchangeAccountRow.removed_at.is_(None),
            or_(SyncStateRow.leased_until.is_(None), SyncStateRow.leased_until <= now),
        )
    )


def _due(now: datetime, egress: str, ahead_seconds: float = 0) -> ColumnElement[bool]:
    is_early = SyncStateRow.tier.in_((Tier.MAIN, Tier.WATCHED))
    return and_(
        *([is_early] if ahead_seconds else ()),
        ExchangeAccountRow.removed_at.is_(None),
        ExchangeAccountRow.is_active,
        ExchangeAccountRow.status.in_(READABLE),
        SyncStateRow.next_due_at <= now + timedelta(seconds=ahead_seconds),
        or_(SyncStateRow.egress.is_(None), SyncStateRow.egress == egress),
        or_(SyncStateRow.leased_until.is_(None), SyncStateRow.leased_until <= now),
    )


# Statements of every slot are made once: making them costs more than running them.


@lru_cache(maxsize=4)
def _states(*, every_client: bool, every_account: bool) -> Query:
    statement = scoped_to(select(*STATE_COLUMNS), SyncStateRow.client_id, every_client=every_client)
    if not every_account:
        statement = statement.where(SyncStateRow.account_id.in_(bindparam(ACCOUNTS, expanding=True)))
    return statement.order_by(SyncStateRow.account_id)


@lru_cache(maxsize=2)
def _pauses(*, everywhere: bool) -> Query:
    order = (ExchangePauseRow.exchange, ExchangePauseRow.egress)
    statement = select(*PAUSE_COLUMNS).where(ExchangePauseRow.until > bindparam("now")).order_by(*order)
    return statement if everywhere else statement.where(ExchangePauseRow.egress == bindparam("egress"))


@lru_cache(maxsize=1)
def _fence() -> Query:
    return select(SyncStateRow.fence).where(_held()).with_for_update()


@lru_cache(maxsize=16)
def _held_changed(names: tuple[str, ...], *, is_failure: bool) -> Update:
    values: dict[str, Any] = {name: bindparam(f"{NEW}{name}") for name in names}
    if is_failure:
        values["failures"] = SyncStateRow.failures + 1
    return update(SyncStateRow).where(_held()).values(values)


def _held() -> ColumnElement[bool]:
    return and_(
        SyncStateRow.account_id == bindparam("held_account"),
        SyncStateRow.client_id == bindparam("held_client"),
        SyncStateRow.fence == bindparam("held_fence"),
        SyncStateRow.leased_by == bindparam("held_by"),
        SyncStateRow.leased_until == bindparam("held_until"),
    )


def _holder(lease: Lease) -> dict[str, Any]:
    return {
        "held_account": lease.account.id,
        "held_client": lease.account.user_id,
        "held_fence": lease.fence,
        "held_by": lease.owner,
        "held_until": lease.until,
    }
