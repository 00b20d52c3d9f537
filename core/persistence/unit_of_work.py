"""One transaction with all repositories on it."""

from collections.abc import Collection
from functools import cached_property
from uuid import UUID

from sqlalchemy import Connection

from core.persistence.repositories.accounts import AccountRepository
from core.persistence.repositories.audit import AuditChain, AuditRepository
from core.persistence.repositories.closed import ClosedPositionRepository
from core.persistence.repositories.credentials import CredentialRepository
from core.persistence.repositories.days import DayRepository
from core.persistence.repositories.facts import FactRepository
from core.persistence.repositories.fleet import FleetRepository
from core.persistence.repositories.fx import FxRepository
from core.persistence.repositories.history import HistoryRepository
from core.persistence.repositories.jobs import JobRepository
from core.persistence.repositories.ledger import LedgerRepository
from core.persistence.repositories.marks import MarkRepository
from core.persistence.repositories.picture import PictureRepository
from core.persistence.repositories.planning import PlanningRepository
from core.persistence.repositories.price_history import PriceHistoryRepository
from core.persistence.repositories.prices import PriceRepository
from core.persistence.repositories.readings import ReadingRepository
from core.persistence.repositories.sessions import LoginSessionRepository
from core.persistence.repositories.sync_runs import SyncRunRepository
from core.persistence.repositories.syncing import SyncingRepository
from core.persistence.repositories.transfer_links import TransferLinkRepository
from core.persistence.repositories.users import UserRepository


class SqlUnitOfWork:
    """Implements `core.ports.UnitOfWork`; repositories are made at first use."""

    def __init__(
        self, connection: Connection, *, allowed: Collection[UUID] | None, audit_chain: AuditChain | None
    ) -> None:
        self.connection = connection
        self._allowed = None if allowed is None else frozenset(allowed)
        self._audit_chain = audit_chain

    @cached_property
    def users(self) -> UserRepository:
        """People and their passwords."""
        return UserRepository(self.connection, self._allowed)

    @cached_property
    def sessions(self) -> LoginSessionRepository:
        """Login sessions, links and the throttle."""
        return LoginSessionRepository(self.connection, self._allowed)

    @cached_property
    def accounts(self) -> AccountRepository:
        """Exchange accounts without their secrets."""
        return AccountRepository(self.connection, self._allowed)

    @cached_property
    def credentials(self) -> CredentialRepository:
        """Sealed credentials."""
        return CredentialRepository(self.connection, self._allowed)

    @cached_property
    def jobs(self) -> JobRepository:
        """Work asked of the sidecar."""
        return JobRepository(self.connection, self._allowed)

    @cached_property
    def syncing(self) -> SyncingRepository:
        """Sync states, leases, pauses and heartbeats."""
        return SyncingRepository(self.connection, self._allowed)

    @cached_property
    def runs(self) -> SyncRunRepository:
        """Finished runs."""
        return SyncRunRepository(self.connection, self._allowed)

    @cached_property
    def fleet(self) -> FleetRepository:
        """All accounts at a glance."""
        return FleetRepository(self.connection, self._allowed)

    @cached_property
    def planning(self) -> PlanningRepository:
        """Tiers, addresses, plans and budgets."""
        return PlanningRepository(self.connection, self._allowed)

    @cached_property
    def readings(self) -> ReadingRepository:
        """Latest state and history."""
        return ReadingRepository(self.connection, self._allowed)

    @cached_property
    def history(self) -> HistoryRepository:
        """Kept points with their details."""
        return HistoryRepository(self.connection, self._allowed)

    @cached_property
    def days(self) -> DayRepository:
        """Results by local day."""
        return DayRepository(self.connection, self._allowed)

    @cached_property
    def pictures(self) -> PictureRepository:
        """Everything a page shows of one client, in one query."""
        return PictureRepository(self.connection, self._allowed)

    @cached_property
    def ledger(self) -> LedgerRepository:
        """Ledger rows."""
        return LedgerRepository(self.connection, self._allowed)

    @cached_property
    def closed(self) -> ClosedPositionRepository:
        """Closed positions."""
        return ClosedPositionRepository(self.connection, self._allowed)

    @cached_property
    def links(self) -> TransferLinkRepository:
        """What people have said of transfers."""
        return TransferLinkRepository(self.connection, self._allowed)

    @cached_property
    def prices(self) -> PriceRepository:
        """Latest prices."""
        return PriceRepository(self.connection, self._allowed)

    @cached_property
    def price_history(self) -> PriceHistoryRepository:
        """Prices of the past."""
        return PriceHistoryRepository(self.connection, self._allowed)

    @cached_property
    def fx(self) -> FxRepository:
        """Exchange rates, and who reads in which currency."""
        return FxRepository(self.connection, self._allowed)

    @cached_property
    def marks(self) -> MarkRepository:
        """What is remarkable about the figures."""
        return MarkRepository(self.connection, self._allowed)

    @cached_property
    def audit(self) -> AuditRepository:
        """The append-only audit log."""
        return AuditRepository(self.connection, self._allowed, self._audit_chain)

    @cached_property
    def facts(self) -> FactRepository:
        """Facts of the installation."""
        return FactRepository(self.connection, self._allowed)
