"""What is remarkable about an account's figures, beside the figures themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

FUNDING_WINDOW = timedelta(seconds=90)
LATE_STEP_SECONDS = 900  # local midnights fall on quarters of an hour


class MarkKind(StrEnum):
    """Kinds of a mark.

    `large_move`: a change that ledger and prices do not explain, confirmed by a second reading (`value`: USD).
    `suspect`: two readings in a row contradicted each other, neither was believed (`value`: USD between them).
    `late`: the ledger told later of something booked at `at` or up to a quarter of an hour after it.
    """

    LARGE_MOVE = "large_move"
    SUSPECT = "suspect"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Mark:
    """One remark on an account's figures at `at`, made at `noted_at`."""

    account_id: UUID
    client_id: UUID
    kind: MarkKind
    at: datetime
    noted_at: datetime
    value: float | None = None


@dataclass(frozen=True, slots=True)
class PricePoint:
    """USD price of an asset at one instant of the past; `exchange` is empty where all exchanges mean one coin."""

    asset: str
    at: datetime
    price: Decimal
    exchange: str = ""


def late_steps(times: Iterable[datetime]) -> list[datetime]:
    """Return the quarters of an hour (UTC) that these instants lie in, each once, ascending."""
    steps = {int(at.timestamp()) // LATE_STEP_SECONDS * LATE_STEP_SECONDS for at in times}
    return [datetime.fromtimestamp(step, UTC) for step in sorted(steps)]


def awaits_funding(at: datetime, ledger_read_to: datetime | None) -> bool:
    """Tell whether figures at `at` may lack a funding payment that the ledger has not told of yet.

    Funding is stamped on the hour and booked seconds later: figures within 90 s after an hour are provisional until
    the ledger is read past them (PNL.md section 1).
    """
    hour = at.replace(minute=0, second=0, microsecond=0)
    booked_by = hour + FUNDING_WINDOW
    return at < booked_by and (ledger_read_to is None or ledger_read_to < booked_by)
