"""What the inner ring needs from the outside, as protocols: clock, storage, vault, connector maker.

Storage rules: only the unit of work commits (on leaving its block without an exception); every tenant read and write
names its client ids; repositories return domain types, never rows.
"""

from core.ports.accounts import Accounts, Credentials, Jobs, Syncing
from core.ports.closed import ClosedPositions
from core.ports.fleet import AccountPulse, Fleet, NamedAccount, SyncRuns
from core.ports.history import Days, History, Keep
from core.ports.ledger import Ledger, LedgerFilter, LedgerPlace, LedgerSize, TransferLinks
from core.ports.marks import Fx, Marks, PriceHistory
from core.ports.parts import Exchanges, PasswordHasher, Sealer, TokenHasher
from core.ports.people import AuditLog, Facts, LoginSessions, Users
from core.ports.planning import Planning
from core.ports.readings import Pictures, Prices, Readings
from core.ports.records import (
    Attempts,
    AuditEntry,
    Candidate,
    ClientIds,
    ClientPicture,
    Clock,
    ExchangePause,
    FleetRow,
    Lease,
    LoginSession,
    OneTimeLink,
    Pacing,
    PointRow,
    PointWindow,
    StoredReading,
    WrappedKey,
)
from core.ports.storage import Storage, UnitOfWork

__all__ = [
    "AccountPulse",
    "Accounts",
    "Attempts",
    "AuditEntry",
    "AuditLog",
    "Candidate",
    "ClientIds",
    "ClientPicture",
    "Clock",
    "ClosedPositions",
    "Credentials",
    "Days",
    "ExchangePause",
    "Exchanges",
    "Facts",
    "FleetRow",
    "Fleet",
    "Fx",
    "History",
    "Jobs",
    "Keep",
    "Lease",
    "Ledger",
    "LedgerFilter",
    "LedgerPlace",
    "LedgerSize",
    "LoginSession",
    "LoginSessions",
    "NamedAccount",
    "Marks",
    "OneTimeLink",
    "Pacing",
    "PasswordHasher",
    "Pictures",
    "Planning",
    "PointRow",
    "PointWindow",
    "PriceHistory",
    "Prices",
    "Readings",
    "Sealer",
    "Storage",
    "StoredReading",
    "SyncRuns",
    "Syncing",
    "TransferLinks",
    "TokenHasher",
    "UnitOfWork",
    "WrappedKey",
    "Users",
]
