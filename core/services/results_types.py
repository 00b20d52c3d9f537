"""What the Results page shows, as data: the question, the days, the bars of the waterfall and the rows behind them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from core.domain.day_result import DayResult
from core.domain.performance import Drawdown, RiskStats
from core.domain.pnl.book import COMPONENTS
from core.domain.pnl.sampling import CENTS, PLACES
from core.domain.types import ExchangeAccount
from core.errors import InvalidInputError
from core.services.rates import Rate
from core.services.trades_types import Trades
from core.services.unpriced import UnpricedRow

TODAY, WEEK, THIRTY, MONTH, YEAR, WHOLE, CUSTOM = "today", "7d", "30d", "month", "ytd", "all", "custom"
PERIODS = (TODAY, WEEK, THIRTY, MONTH, YEAR, WHOLE, CUSTOM)
FLOWS = ("net_flows", "scope_flows")
OPENING, CLOSING = "opening", "closing"
STEPS = (*FLOWS, *COMPONENTS)
BARS = (OPENING, *STEPS, CLOSING)
ACCOUNT, EXCHANGE, ASSET, SYMBOL = "account", "exchange", "asset", "symbol"
GROUPS = (EXCHANGE, ACCOUNT, ASSET, SYMBOL)
MONEY = ("total", *COMPONENTS, *FLOWS)
REST = "(rest)"
HALF = 0.5  # of the last digit that is shown
LIVE_DAYS = 31  # more days that are not stored are waited for, not computed while somebody looks


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: whose results, of which accounts ("main", "all" or an account id), when, in which currency.

    `first` and `last` are local dates of the client's zone, both included; they count for a custom period only.
    """

    client_id: UUID
    view: str = "main"
    period: str = THIRTY
    first: date | None = None
    last: date | None = None
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class Span:
    """Local dates from first to last, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1


def span_of(question: Question, today: date, began: date | None) -> Span:
    """Return the local dates that a question means; none is in the future, and "all" begins where history does.

    Raises:
        InvalidInputError: an unknown period, or a custom one without its dates or with the last before the first.
    """
    starts = {
        TODAY: today,
        WEEK: today - timedelta(days=6),
        THIRTY: today - timedelta(days=29),
        MONTH: today.replace(day=1),
        YEAR: today.replace(month=1, day=1),
        WHOLE: min(began or today, today),
    }
    if question.period in starts:
        return Span(starts[question.period], today)
    if question.period != CUSTOM or question.first is None or question.last is None:
        raise InvalidInputError("period", "unknown_period")
    if question.first > question.last or question.first > today:
        raise InvalidInputError("period", "unknown_period")
    return Span(question.first, min(question.last, today))


@dataclass(frozen=True, slots=True)
class Part:
    """What one account, exchange, asset or symbol did in the period; money in the currency asked for."""

    by: str
    key: str
    name: str
    money: Mapping[str, float]

    @property
    def total(self) -> float:
        """P&L of the part."""
        return self.money["total"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line behind a bar: a ledger entry, or what prices did to an asset of a wallet.

    `at` is None where the line is a sum over the period; `count` tells how many changes it sums.
    """

    component: str
    kind: str
    at: datetime | None
    account: str
    exchange: str
    wallet: str
    asset: str
    symbol: str
    value: float
    count: int = 1
    entry: str = ""
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """One local day: its stored or just computed result; `is_open`: the day is not over."""

    result: DayResult
    is_open: bool = False

    @property
    def is_provisional(self) -> bool:
        """Tell whether the ledger may still bring entries of this day."""
        return self.is_open or not self.result.settled


@dataclass(frozen=True, slots=True)
class Returns:
    """Returns of the period as ratios, None where they have no meaning.

    `twr` links the days, `mwr` explains the money that came and went; `per_year` only from 365 days on.
    """

    twr: float | None = None
    mwr: float | None = None
    twr_per_year: float | None = None
    mwr_per_year: float | None = None
    wiped_out: bool = False
    days: float = 0.0


@dataclass(frozen=True, slots=True)
class Results:
    """Everything the Results page draws; every file and answer is written from it.

    `bars` hold opening, flows, components and closing (None: unknown); `since` is the local date where the figures
    begin, `history_begins` tells that the history begins inside the period. `risk` counts closed days only.
    `pending` closed days are not computed in this currency yet: then there are no other figures. `rate` is the one in
    force at the end; `unpriced` is what is held now and in no figure.
    """

    question: Question
    span: Span
    time_zone: str
    now: datetime
    accounts: tuple[ExchangeAccount, ...]
    shown: tuple[UUID, ...]
    testnet: bool
    since: date | None
    history_begins: bool
    began: date | None
    ledger_read_to: datetime | None
    days: tuple[Day, ...] = ()
    bars: Mapping[str, float | None] = field(default_factory=dict)
    total: float | None = None
    unexplained_ok: bool | None = None
    returns: Returns = Returns()
    risk: RiskStats | None = None
    fall: Drawdown | None = None
    parts: Mapping[str, tuple[Part, ...]] = field(default_factory=dict)
    trades: Trades | None = None
    pending: int = 0
    rate: Rate | None = None
    unpriced: tuple[UnpricedRow, ...] = ()

    @property
    def cent(self) -> float:
        """Return below which amount nothing is shown but zero: half of the currency's last digit."""
        return HALF * float(10.0 ** -PLACES.get(self.question.currency, CENTS))

    @property
    def trading(self) -> float | None:
        """Return the result without what exchange rates did to it."""
        effect = self.bars.get("fx_effect")
        return None if self.total is None or effect is None else self.total - effect

    @property
    def is_provisional(self) -> bool:
        """Tell whether a figure may still change because its ledger is not read to the end."""
        return any(day.is_provisional for day in self.days)

    @property
    def revised(self) -> tuple[date, ...]:
        """The days that were stated anew after they had been settled."""
        return tuple(day.result.day for day in self.days if day.result.revised)

    @property
    def unexplained_days(self) -> tuple[date, ...]:
        """The days on which the ledger does not explain the change within tolerance."""
        return tuple(day.result.day for day in self.days if day.result.unexplained_ok is False)

    @property
    def gaps(self) -> tuple[date, ...]:
        """The days at whose end a wallet had not been read for more than a day."""
        return tuple(day.result.day for day in self.days if day.result.status == "gap")

    @property
    def unrated(self) -> tuple[date, ...]:
        """The days for which no exchange rate is known, or only one that is too old."""
        return tuple(day.result.day for day in self.days if day.result.status == "no_fx")
