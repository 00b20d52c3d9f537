"""What the engine is given: the opener of keys, the connector maker, and the rules of this installation."""

# ruff: noqa: D102 - the classes say what their methods are for

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from connectors.types import AccountInfo, ClosedPosition, LedgerPart, Permissions, Position, Price, WalletKind
from core.domain.types import ExchangeAccount, SealedCredential, SyncState, Tier
from core.ports import Clock, Storage
from core.sync.clocks import Clocks
from core.sync.due import Intervals, tier_now
from core.sync.patience import Patience
from core.sync.stillness import Stillness
from core.sync.tallies import Tallies

KindsOf = Callable[[str], Mapping[str, WalletKind]]
PriceOf = Callable[[str], Decimal | None]
PriceAt = Mapping[tuple[str, datetime], Decimal]


class AnswerTimes(Protocol):
    """What an exchange says about when its answers are from."""

    def take(self) -> datetime | None:
        """Return the time of the oldest private answer since the last call; None where none told."""
        ...


class Connector(Protocol):
    """The reads that the engine asks of an exchange account; each raises ConnectorError or returns a whole result.

    The ledger alone may come in parts, that say up to when they are whole.
    """

    @property
    def sent(self) -> int:
        """Return how many requests have left so far, retries included."""
        ...

    @property
    def times(self) -> AnswerTimes: ...
    def get_permissions(self) -> Permissions: ...
    def get_account_info(self, *, wallets: Collection[str] | None = None) -> AccountInfo: ...
    def get_futures_positions(self) -> list[Position]: ...
    def get_ledger_part(self, since: datetime, until: datetime) -> LedgerPart: ...
    def get_closed_positions(self, since: datetime, until: datetime) -> list[ClosedPosition]: ...
    def get_prices(self) -> list[Price]: ...
    def get_server_time(self) -> datetime: ...


class Opener(Protocol):
    """The vault as the sidecar holds it. What it opens stays opaque here and goes to the connector maker only."""

    def open(
        self, sealed: SealedCredential, *, client_id: UUID, account_id: UUID, exchange: str
    ) -> Mapping[str, Any]: ...


class PriceSource(Protocol):
    """USD prices as one exchange's accounts are valued with now."""

    def price_of(self, exchange: str) -> PriceOf: ...
    def is_fresh(self, exchange: str, max_age_seconds: float) -> bool: ...
    def refresh(self, exchange: str, *, max_age_seconds: float) -> None: ...
    def prices_at(self, exchange: str, wanted: Collection[tuple[str, datetime]]) -> PriceAt: ...


class PlannedSeconds(Protocol):
    """How often an account of a tier is read now, as the exchange's limits allow."""

    def __call__(self, exchange: str, tier: Tier, *, testnet: bool = False) -> int: ...


class PlannedLedger(Protocol):
    """How often an account's ledger is read now, as the exchange's limits allow."""

    def __call__(self, exchange: str, *, testnet: bool = False) -> int: ...


class IsCrowded(Protocol):
    """Tell whether one more ledger had better wait for an exchange's limits."""

    def __call__(self, exchange: str, *, is_old: bool = False) -> bool: ...


MakeConnector = Callable[[ExchangeAccount, Mapping[str, Any]], Connector]
Connect = Callable[[ExchangeAccount, SealedCredential], Connector]


@dataclass(frozen=True, slots=True)
class Tools:
    """Everything a slot or a job works with. `connect` opens a sealed credential, `owner` is this sidecar's id.

    `egress` is the address it reads from, `kinds_of` tells every wallet that an exchange may have, `is_crowded` whether
    ledgers had better wait for an exchange's limits.
    """

    storage: Storage
    clock: Clock
    connect: Connect
    prices: PriceSource
    owner: str
    intervals: Intervals = Intervals()
    lease_seconds: float = 60
    allow_withdraw_keys: bool = False
    egress: str = ""
    planned_seconds: PlannedSeconds | None = None
    planned_ledger: PlannedLedger | None = None
    is_crowded: IsCrowded = lambda exchange, *, is_old=False: False
    kinds_of: KindsOf = lambda exchange: {}
    clocks: Clocks = field(default_factory=Clocks)
    stillness: Stillness = field(default_factory=Stillness)
    patience: Patience = field(default_factory=Patience)
    tallies: Tallies = field(default_factory=Tallies)

    def interval(self, account: ExchangeAccount, state: SyncState | None) -> int:
        """Return how often the account is read now, in seconds."""
        if self.planned_seconds is None:
            return self.wanted(account, state)
        return self.planned_seconds(account.exchange, tier_now(account, state), testnet=account.testnet)

    def wanted(self, account: ExchangeAccount, state: SyncState | None) -> int:
        """Return how often the account would be read if no limit were near, in seconds."""
        return self.intervals.of_tiers()[tier_now(account, state)]

    def rules(self, account: ExchangeAccount) -> Intervals:
        """Return the intervals of what a slot reads, with that of ledgers as the exchange's limits allow it."""
        if self.planned_ledger is None:
            return self.intervals
        seconds = self.planned_ledger(account.exchange, testnet=account.testnet)
        return replace(self.intervals, ledger_seconds=seconds)
