"""The tables of the platform as SQLAlchemy models."""

from core.persistence.models.accounts import CredentialCandidateRow, DataKeyRow, ExchangeAccountRow, KeyCheckRow
from core.persistence.models.audit import AuditRow, FactRow
from core.persistence.models.base import Base
from core.persistence.models.closed import ClosedPositionRow
from core.persistence.models.history import DayResultRow, DetailPackRow, EquityPackRow, SnapshotDetailRow
from core.persistence.models.marks import ClientCurrencyRow, FxRateRow, MarkRow, PricePointRow
from core.persistence.models.people import LoginSessionRow, OneTimeLinkRow, SignInAttemptRow, UserRow
from core.persistence.models.readings import (
    BalanceRow,
    EquityPointRow,
    LedgerEntryRow,
    PositionRow,
    PriceRow,
    WalletStateRow,
)
from core.persistence.models.sync_runs import RunTallyRow, SyncRunRow
from core.persistence.models.syncing import (
    ExchangePauseRow,
    HeartbeatRow,
    JobRow,
    RateBudgetRow,
    ReadingPlanRow,
    SyncStateRow,
    TurnRow,
)
from core.persistence.models.transfer_links import TransferLinkRow

__all__ = [
    "AuditRow",
    "BalanceRow",
    "Base",
    "ClientCurrencyRow",
    "ClosedPositionRow",
    "CredentialCandidateRow",
    "DataKeyRow",
    "DayResultRow",
    "DetailPackRow",
    "EquityPackRow",
    "EquityPointRow",
    "ExchangeAccountRow",
    "ExchangePauseRow",
    "FactRow",
    "FxRateRow",
    "HeartbeatRow",
    "JobRow",
    "KeyCheckRow",
    "LedgerEntryRow",
    "LoginSessionRow",
    "MarkRow",
    "OneTimeLinkRow",
    "PositionRow",
    "PricePointRow",
    "PriceRow",
    "RunTallyRow",
    "RateBudgetRow",
    "ReadingPlanRow",
    "SignInAttemptRow",
    "SnapshotDetailRow",
    "SyncRunRow",
    "SyncStateRow",
    "TransferLinkRow",
    "TurnRow",
    "UserRow",
    "WalletStateRow",
]
