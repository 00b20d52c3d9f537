"""P&L of one local day as it is stored: what pages read instead of history."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class DayResult:
    """P&L of one local day of a scope ("all", "testnet" or an account id), as PNL.md section 4 defines it.

    Money is float64 in `currency`, `twr` a ratio; None is unknown, never zero. `settled`: the ledger was read past the
    end of the day; `revised`: a settled figure has changed since. `computed_at` is when its history was read.
    `unpriced` counts what was held without a price at its end, None where nobody counted.
    """

    client_id: UUID
    scope: str
    day: date
    currency: str
    account_id: UUID | None
    time_zone: str
    begins_at: datetime
    ends_at: datetime
    equity0: float | None
    equity1: float | None
    net_flows: float | None
    scope_flows: float | None
    total: float | None
    realised: float | None
    unrealised_change: float | None
    funding: float | None
    fees: float | None
    other_income: float | None
    price_effect: float | None
    fx_effect: float | None
    unexplained: float | None
    unexplained_ok: bool | None
    twr: float | None
    status: str
    settled: bool
    revised: bool
    computed_at: datetime
    unpriced: int | None = None
