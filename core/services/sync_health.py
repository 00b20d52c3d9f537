"""How the sync is doing, for administrators: exchanges with ages, success, errors, limits and queues, and sidecars."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.domain.reading_plans import Budget, ReadingPlan
from core.domain.sync_runs import ErrorClass, RunCount, RunOutcome, error_class
from core.domain.types import STOPPED, AccountStatus, Freshness, Heartbeat, Role, Scope
from core.errors import ForbiddenError
from core.ports import AccountPulse, ExchangePause, Storage
from core.services.access import WHOLE_FLEET
from core.services.health import fresh_by_interval, is_alive, system_health
from core.services.overview_types import SystemHealth

READABLE = (AccountStatus.ACTIVE, AccountStatus.NEEDS_ATTENTION)
GOOD = (RunOutcome.OK, RunOutcome.PARTIAL)
HOUR_SECONDS = 3600.0
BREAKER_REASONS = frozenset({"network", "maintenance"})


@dataclass(frozen=True, slots=True)
class Success:
    """Runs of a stretch of time by outcome. A partial run counts as good: it stored what could be read."""

    runs: Mapping[RunOutcome, int]

    @property
    def total(self) -> int:
        """Return how many runs there were."""
        return sum(self.runs.values())

    @property
    def rate(self) -> float | None:
        """Return the share of runs that stored something, in [0, 1]; None where there was no run."""
        return sum(self.runs.get(outcome, 0) for outcome in GOOD) / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """How much of one limit of an exchange one address uses in a window, on average over the last hour's runs."""

    bucket: str
    egress: str
    used: float
    limit: int
    window_seconds: int

    @property
    def ratio(self) -> float:
        """Return the used share of the limit."""
        return self.used / self.limit if self.limit else 0.0


@dataclass(frozen=True, slots=True)
class ExchangeHealth:
    """One exchange as its accounts see it.

    Ages are seconds since the last good reading of the accounts being read that ever had one; `never` counts the
    others. `due` accounts wait to be taken, the oldest since `oldest_due_seconds`. `errors` counts the failed runs of
    the last hour by code, `failing` the accounts by the code of their last run. `intervals` counts accounts by planned
    interval in seconds.
    """

    exchange: str
    accounts: int
    reading: int
    by_freshness: Mapping[Freshness, int]
    ages: Sequence[float] = ()
    never: int = 0
    running: int = 0
    due: int = 0
    oldest_due_seconds: float = 0.0
    intervals: Mapping[int, int] = field(default_factory=dict)
    failing: Mapping[str, int] = field(default_factory=dict)
    last_hour: Success = Success({})
    last_day: Success = Success({})
    errors: Mapping[str, int] = field(default_factory=dict)
    requests_last_hour: int = 0
    pauses: tuple[ExchangePause, ...] = ()
    budgets: tuple[BudgetUse, ...] = ()
    plans: tuple[ReadingPlan, ...] = ()

    def age(self, share: float) -> float | None:
        """Return the age in seconds that this share of the accounts is at most; None where none was read."""
        return percentile(self.ages, share)

    @property
    def classes(self) -> dict[ErrorClass, int]:
        """Return the failed runs of the last hour by kind of trouble."""
        found: Counter[ErrorClass] = Counter()
        for code, count in self.errors.items():
            found[error_class(code)] += count
        return dict(found)

    @property
    def breaker_open(self) -> bool:
        """Tell whether the exchange failed so often that it must answer a probe first."""
        return any(pause.reason in BREAKER_REASONS for pause in self.pauses)

    @property
    def fullest(self) -> BudgetUse | None:
        """Return the limit that is used most."""
        return max(self.budgets, key=lambda use: use.ratio, default=None)


@dataclass(frozen=True, slots=True)
class SidecarHealth:
    """One sidecar's last sign of life; `version` is what it runs."""

    beat: Heartbeat
    silent: bool

    @property
    def version(self) -> str:
        """Return the version of the program that gave the sign of life."""
        return self.beat.detail


@dataclass(frozen=True, slots=True)
class SyncHealth:
    """The whole sync at `now`: exchanges by id, sidecars with the newest sign of life first."""

    now: datetime
    system: SystemHealth
    sidecars: tuple[SidecarHealth, ...]
    exchanges: tuple[ExchangeHealth, ...]


def require_admin(scope: Scope) -> None:
    """Refuse everybody who does not look after all clients.

    Raises:
        ForbiddenError: the person who asks is no administrator.
    """
    if scope.role is not Role.ADMIN:
        raise ForbiddenError(scope.role)


def load_sync_health(storage: Storage, scope: Scope, now: datetime) -> SyncHealth:
    """Return how the sync is doing, for an administrator.

    Raises:
        ForbiddenError: the person who asks is no administrator.
    """
    require_admin(scope)
    return read_sync_health(storage, now)


def read_sync_health(storage: Storage, now: datetime) -> SyncHealth:
    """Return how the sync is doing: counts and ages, without a client, a name or a figure of anybody."""
    with storage.begin(WHOLE_FLEET, write=False) as uow:
        pulses = uow.fleet.pulses(None)
        counts = uow.runs.counts(now)
        beats = uow.syncing.heartbeats()
        pauses = uow.syncing.pauses(now)
        budgets = uow.planning.budgets()
        plans = uow.planning.plans()
    by_exchange: dict[str, list[AccountPulse]] = defaultdict(list)
    for pulse in pulses:
        by_exchange[pulse.exchange].append(pulse)
    names = sorted(set(by_exchange) | {pause.exchange for pause in pauses})
    limits = Limits(pauses, budgets, plans, _measured_seconds(beats, now))
    exchanges = (exchange_health(name, by_exchange[name], counts, limits=limits, now=now) for name in names)
    return SyncHealth(
        now=now,
        system=system_health(beats, now),
        sidecars=tuple(SidecarHealth(beat, not is_alive(beat, now)) for beat in beats if beat.keys != STOPPED),
        exchanges=tuple(exchanges),
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds requests back: pauses, budgets and the plans made of them, over all exchanges.

    The runs counted as the last hour's were made in `seconds`, which is less shortly after the first start.
    """

    pauses: Sequence[ExchangePause] = ()
    budgets: Sequence[Budget] = ()
    plans: Sequence[ReadingPlan] = ()
    seconds: float = HOUR_SECONDS


def exchange_health(
    exchange: str, pulses: Sequence[AccountPulse], counts: Iterable[RunCount], *, limits: Limits, now: datetime
) -> ExchangeHealth:
    """Sum up one exchange; `pulses` are those of its accounts, counts and limits may be of all. Pure."""
    reading = [pulse for pulse in pulses if is_read(pulse)]
    waits = [waiting_seconds(pulse, now) for pulse in reading if is_waiting(pulse, now)]
    own = [count for count in counts if count.exchange == exchange]
    asked = sum(count.last_hour for count in own if count.outcome is not RunOutcome.MISSED) / limits.seconds
    plans = tuple(plan for plan in limits.plans if plan.exchange == exchange)
    good = [pulse.last_ok_at for pulse in reading if pulse.last_ok_at is not None]
    return ExchangeHealth(
        exchange=exchange,
        accounts=len(pulses),
        reading=len(reading),
        by_freshness=Counter(fresh_by_interval(p.last_ok_at, p.planned_interval_seconds, now) for p in reading),
        ages=sorted(max(0.0, (now - at).total_seconds()) for at in good),
        never=len(reading) - len(good),
        running=sum(1 for pulse in reading if pulse.leased_until is not None and pulse.leased_until > now),
        due=len(waits),
        oldest_due_seconds=max(waits, default=0.0),
        intervals=Counter(p.planned_interval_seconds for p in reading if p.planned_interval_seconds is not None),
        failing=Counter(pulse.last_error_code for pulse in reading if pulse.failures and pulse.last_error_code),
        last_hour=Success(_by_outcome((count.outcome, count.last_hour) for count in own)),
        last_day=Success(_by_outcome((count.outcome, count.last_day) for count in own)),
        errors=_errors(own),
        requests_last_hour=sum(count.requests_last_hour for count in own),
        pauses=tuple(pause for pause in limits.pauses if pause.exchange == exchange),
        budgets=tuple(
            budget_use(budget, asked * _share(plans, budget.egress))
            for budget in limits.budgets
            if budget.exchange == exchange
        ),
        plans=plans,
    )


def is_read(pulse: AccountPulse) -> bool:
    """Tell whether an account is one that the sidecars read."""
    return pulse.is_active and pulse.status in READABLE


def is_waiting(pulse: AccountPulse, now: datetime) -> bool:
    """Tell whether an account is due and nobody has taken it."""
    is_free = pulse.leased_until is None or pulse.leased_until <= now
    return pulse.next_due_at is not None and pulse.next_due_at <= now and is_free


def waiting_seconds(pulse: AccountPulse, now: datetime) -> float:
    """Return for how long a waiting account has been due."""
    return (now - pulse.next_due_at).total_seconds() if pulse.next_due_at is not None else 0.0


def budget_use(budget: Budget, runs_per_second: float) -> BudgetUse:
    """Return what is used of a budget when so many runs are made, each at the price that was measured."""
    used = (budget.slot_units * runs_per_second + budget.other_rate) * budget.window_seconds
    return BudgetUse(budget.bucket, budget.egress, used, budget.limit, budget.window_seconds)


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """Return the smallest value that at least this share of the ascending values do not exceed; None for none."""
    if not ordered:
        return None
    place = max(0, -int(-share * len(ordered) // 1) - 1)
    return ordered[min(place, len(ordered) - 1)]


def _share(plans: Sequence[ReadingPlan], egress: str) -> float:
    """Return which share of an exchange's accounts one address reads."""
    total = sum(plan.accounts for plan in plans)
    return sum(plan.accounts for plan in plans if plan.egress == egress) / total if total else 1.0


def _measured_seconds(beats: Sequence[Heartbeat], now: datetime) -> float:
    """Return how much of the last hour any living sidecar has run; at least a minute."""
    alive = [beat.started_at for beat in beats if is_alive(beat, now)]
    ran = (now - min(alive, default=now)).total_seconds()
    return min(HOUR_SECONDS, max(60.0, ran))


def _by_outcome(counts: Iterable[tuple[RunOutcome, int]]) -> dict[RunOutcome, int]:
    sums: Counter[RunOutcome] = Counter()
    for outcome, count in counts:
        if count:
            sums[outcome] += count
    return dict(sums)


def _errors(counts: Iterable[RunCount]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for count in counts:
        if count.error_code and count.last_hour:
            sums[count.error_code] += count.last_hour
    return dict(sums.most_common())
