"""How often accounts are read within the exchanges' limits, and the counts of those limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """How often the accounts of one exchange that one address reads can be read within the exchange's limits.

    `allowed` is how many accounts the address could read at the shortest interval (None: no limit is near); `seconds`
    are the planned intervals by tier, `wanted` those that would hold without limits.
    """

    exchange: str
    egress: str
    accounts: int
    allowed: int | None
    seconds: Mapping[str, int]
    wanted: Mapping[str, int]
    made_at: datetime

    @property
    def is_stretched(self) -> bool:
        """Tell whether the limits make any tier's interval longer than wanted."""
        return any(self.seconds[tier] > wanted for tier, wanted in self.wanted.items() if tier in self.seconds)


@dataclass(frozen=True, slots=True)
class Budget:
    """One count that an exchange keeps of an address, as we keep it.

    `units` of `limit` were booked in the window number `window` (of `window_seconds`, since 1970); nothing more may
    leave before `free_at` (microseconds since 1970). A slot of one account takes `slot_units` on average without its
    ledger, a reading of a ledger `ledger_units`; all but slots takes `other_rate` units a second, of which
    `ledger_rate` are ledgers.
    """

    exchange: str
    egress: str
    bucket: str
    limit: int
    window_seconds: int
    free_at: int = 0
    window: int = 0
    units: int = 0
    slot_units: float = 0.0
    other_rate: float = 0.0
    ledger_units: float = 0.0
    ledger_rate: float = 0.0
