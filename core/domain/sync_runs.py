"""Runs of the sync: what one reading of one account came to, and what kind of trouble an error code stands for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


class RunOutcome(StrEnum):
    """How a run ended.

    Stored whole; stored without some wallets, or held back to be read again; nothing stored; never begun or not kept.
    """

    OK = "ok"
    PARTIAL = "partial"
    FAILED = "failed"
    MISSED = "missed"


class ErrorClass(StrEnum):
    """What kind of trouble an error is, by who can do something about it."""

    KEY = "key"
    LIMIT = "limit"
    AWAY = "away"
    ANSWER = "answer"
    DOUBT = "doubt"
    OWN = "own"


MISSED_CODES = frozenset({"missed", "stopped", "not_active"})
CLASSES: Mapping[ErrorClass, frozenset[str]] = {
    ErrorClass.KEY: frozenset(
        {
            "bad_key", "bad_signature", "bad_passphrase", "auth_ambiguous", "ip_not_allowed", "permission_missing",
            "account_restricted", "credential", "other_identity", "key_expired", "key_erased", "may_withdraw",
            "damaged_credential", "wrong_account_mode", "region_blocked",
        }
    ),
    ErrorClass.LIMIT: frozenset({"rate_limited", "ip_banned"}),
    ErrorClass.AWAY: frozenset({"network", "maintenance"}),
    ErrorClass.ANSWER: frozenset(
        {"bad_response", "bad_request", "not_supported", "unsupported_exchange", "stale_at_exchange"}
    ),
    ErrorClass.DOUBT: frozenset({"ledger_pending", "empty_unconfirmed", "not_reported", "suspect"}),
}  # fmt: skip
CLASS_OF = {code: kind for kind, codes in CLASSES.items() for code in codes}


def error_class(code: str) -> ErrorClass:
    """Return what kind of trouble a code stands for; what is not known is our own."""
    return CLASS_OF.get(code, ErrorClass.OWN)


def outcome_of(code: str | None, *, whole: bool) -> RunOutcome:
    """Return the outcome of a run that ended with this error code (None: stored, `whole` with every wallet)."""
    if code is None:
        return RunOutcome.OK if whole else RunOutcome.PARTIAL
    if error_class(code) is ErrorClass.DOUBT:
        return RunOutcome.PARTIAL
    return RunOutcome.MISSED if code in MISSED_CODES else RunOutcome.FAILED


@dataclass(frozen=True, slots=True)
class SyncRun:
    """One run of one account. `number` is the lease's fencing number; `wallets_failed` maps each to its reason.

    `requests` counts what was sent, retries included.
    """

    account_id: UUID
    client_id: UUID
    number: int
    slot: int
    sidecar_id: str
    started_at: datetime
    ended_at: datetime
    outcome: RunOutcome
    error_code: str | None = None
    wallets_failed: Mapping[str, str] = field(default_factory=dict)
    requests: int = 0

    @property
    def duration(self) -> timedelta:
        """Return how long the run took."""
        return self.ended_at - self.started_at

    @property
    def reason(self) -> str | None:
        """Return the code of what went wrong, the first failed wallet's where the run as a whole was stored."""
        return self.error_code or next(iter(self.wallets_failed.values()), None)


@dataclass(frozen=True, slots=True)
class RunTally:
    """How many runs one sidecar ended in the five minutes from `at`, by exchange, outcome and code ("" for none)."""

    sidecar_id: str
    exchange: str
    at: datetime
    outcome: RunOutcome
    error_code: str
    runs: int
    requests: int
    busy_ms: int


@dataclass(frozen=True, slots=True)
class RunCount:
    """Runs of one exchange with one outcome and code, over the last hour and the last day."""

    exchange: str
    outcome: RunOutcome
    error_code: str
    last_hour: int
    last_day: int
    requests_last_hour: int
