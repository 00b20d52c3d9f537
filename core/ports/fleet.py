"""Repositories for those who look after everybody: finished runs, and all accounts at a glance."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from core.domain.sync_runs import RunCount, RunTally, SyncRun
from core.domain.types import AccountStatus, ExchangeAccount, SyncState, User
from core.ports.records import ClientIds


@dataclass(frozen=True, slots=True)
class AccountPulse:
    """The little of an account and its sync state that tells how its readings are doing."""

    account_id: UUID
    client_id: UUID
    exchange: str
    status: AccountStatus
    is_active: bool
    is_main: bool
    planned_interval_seconds: int | None
    next_due_at: datetime | None
    leased_until: datetime | None
    last_ok_at: datetime | None
    last_error_code: str | None
    failures: int


@dataclass(frozen=True, slots=True)
class NamedAccount:
    """An account with the client it belongs to and its sync state, where it has one."""

    account: ExchangeAccount
    client: User
    sync: SyncState | None


class SyncRuns(Protocol):
    """Finished runs: the last ones of each account, and counts of all by exchange over a day."""

    def add(self, run: SyncRun) -> None: ...
    def of_accounts(
        self, account_ids: Collection[UUID], client_ids: ClientIds, *, limit: int = ...
    ) -> dict[UUID, list[SyncRun]]: ...
    def add_tallies(self, tallies: Collection[RunTally]) -> None: ...
    def counts(self, now: datetime) -> list[RunCount]: ...


class Fleet(Protocol):
    """Accounts of all clients that the scope allows, without the removed ones."""

    def pulses(self, client_ids: ClientIds) -> list[AccountPulse]: ...
    def names(self, client_ids: ClientIds) -> list[tuple[UUID, str]]:
        """Return the id of each account with its name, its client's name and sign-in name, as one text."""
        ...

    def named(self, account_ids: Collection[UUID], client_ids: ClientIds) -> list[NamedAccount]: ...
