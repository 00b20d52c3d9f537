"""How often accounts are read and by which address, and what that costs: plans, budgets, turns."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select, update

from core.domain.reading_plans import Budget, ReadingPlan
from core.domain.types import AccountStatus, Tier
from core.persistence.models import (
    ExchangeAccountRow,
    LoginSessionRow,
    RateBudgetRow,
    ReadingPlanRow,
    SyncStateRow,
    TurnRow,
    UserRow,
)
from core.persistence.repositories.base import EVERY_CLIENT, Repository
from core.ports import ClientIds, FleetRow, Pacing

LOOK_AGAIN = timedelta(seconds=20)
MICROS = 1_000_000
PLAN_COLUMNS = tuple(getattr(ReadingPlanRow, name) for name in ReadingPlan.__dataclass_fields__)
MEASURED = ("slot_units", "other_rate", "ledger_units", "ledger_rate")
BUDGET_COLUMNS = tuple(getattr(RateBudgetRow, name) for name in Budget.__dataclass_fields__)


class PlanningRepository(Repository):
    """Implements `core.ports.Planning`."""

    def take_turn(self, name: str, now: datetime, *, every_seconds: float) -> bool:
        """Tell whether it is this caller's turn: one gets it in `every_seconds`, whoever comes first."""
        first = self._insert(TurnRow).values(name=name, at=now)
        taken = first.on_conflict_do_update(
            index_elements=["name"], set_={"at": now}, where=TurnRow.at <= now - timedelta(seconds=every_seconds)
        )
        return self.run(taken.returning(TurnRow.name)).one_or_none() is not None

    def fleet(self) -> list[FleetRow]:
        """Return the accounts that are being read, by id; a client counts as seen when its login was made."""
        seen = (
            select(LoginSessionRow.user_id, func.max(LoginSessionRow.seen_at).label("seen_at"))
            .group_by(LoginSessionRow.user_id)
            .subquery()
        )
        statement = (
            select(
                SyncStateRow.account_id, SyncStateRow.client_id, ExchangeAccountRow.exchange,
                ExchangeAccountRow.testnet, ExchangeAccountRow.is_main, SyncStateRow.tier, SyncStateRow.egress,
                SyncStateRow.looked_at, func.coalesce(seen.c.seen_at, UserRow.created_at),
                SyncStateRow.planned_interval_seconds,
            )
            .prefix_with(EVERY_CLIENT)
            .join(ExchangeAccountRow, ExchangeAccountRow.id == SyncStateRow.account_id)
            .join(UserRow, UserRow.id == SyncStateRow.client_id)
            .outerjoin(seen, seen.c.user_id == SyncStateRow.client_id)
            .where(ExchangeAccountRow.removed_at.is_(None), ExchangeAccountRow.is_active)
            .where(ExchangeAccountRow.status.in_((AccountStatus.ACTIVE, AccountStatus.NEEDS_ATTENTION)))
            .order_by(SyncStateRow.account_id)
        )  # fmt: skip
        return [FleetRow(*row) for row in self.run(statement)]

    def pace(self, pacings: Iterable[Pacing], now: datetime) -> None:
        """Store what was decided; an account that is to be read sooner is due one new interval after its last try.

        One that waits for its person to cure it keeps its time.
        """
        groups: dict[tuple[str, str | None, int, bool], list[UUID]] = defaultdict(list)
        for pacing in pacings:
            groups[pacing.tier, pacing.egress, pacing.interval_seconds, pacing.is_sooner].append(pacing.account_id)
        for (tier, egress, interval, sooner), ids in groups.items():
            values: dict[str, Any] = {"tier": tier, "egress": egress, "planned_interval_seconds": interval}
            self._change(SyncStateRow.account_id.in_(sorted(ids)), values)
            if sooner:
                self._bring_forward(SyncStateRow.account_id.in_(sorted(ids)), now, interval)

    def look(self, account_ids: Collection[UUID], client_ids: ClientIds, now: datetime) -> None:
        """Note that accounts are on somebody's screen; a note of less than twenty seconds ago is enough."""
        faded = or_(SyncStateRow.looked_at.is_(None), SyncStateRow.looked_at <= now - LOOK_AGAIN)
        statement = self._scoped(update(SyncStateRow), SyncStateRow.client_id, client_ids)
        own = SyncStateRow.account_id.in_(sorted(account_ids))
        self.run(statement.where(own, faded).values(looked_at=now))

    def watch(self, now: datetime, *, look_seconds: float, interval_seconds: int) -> int:
        """Move accounts that have come on a screen into their tier and return how many."""
        looked = and_(
            SyncStateRow.looked_at > now - timedelta(seconds=look_seconds),
            SyncStateRow.tier.in_((Tier.ACTIVE, Tier.REST)),
        )
        self._bring_forward(looked, now, interval_seconds)
        values = {"tier": Tier.WATCHED.value, "planned_interval_seconds": interval_seconds}
        return self._change(looked, values)

    def save_plans(self, plans: Iterable[ReadingPlan]) -> None:
        """Store plans in place of earlier ones of the same exchange and address."""
        self._upsert(ReadingPlanRow, [asdict(plan) for plan in plans], newer="made_at")

    def plans(self, egress: str | None = None) -> list[ReadingPlan]:
        """Return the plans of all addresses or of one, by exchange and address."""
        statement = select(*PLAN_COLUMNS).order_by(ReadingPlanRow.exchange, ReadingPlanRow.egress)
        if egress is not None:
            statement = statement.where(ReadingPlanRow.egress == egress)
        return [ReadingPlan(*row) for row in self.run(statement)]

    def budgets(self, exchange: str | None = None) -> list[Budget]:
        """Return the counts of all exchanges or of one, by exchange, address and bucket."""
        order = (RateBudgetRow.exchange, RateBudgetRow.egress, RateBudgetRow.bucket)
        statement = select(*BUDGET_COLUMNS).order_by(*order)
        if exchange is not None:
            statement = statement.where(RateBudgetRow.exchange == exchange)
        return [Budget(*row) for row in self.run(statement)]

    def ensure_budget(self, budget: Budget) -> Budget:
        """Return the stored count with the exchange's present limit; it is begun if there is none."""
        known = {"limit": budget.limit, "window_seconds": budget.window_seconds}
        first = self._insert(RateBudgetRow).values(**asdict(budget))
        kept = first.on_conflict_do_update(index_elements=["exchange", "egress", "bucket"], set_=known)
        return Budget(*self.run(kept.returning(*BUDGET_COLUMNS)).one())

    def book(self, budget: Budget, *, units: int, span_us: int, floor_us: int, latest_us: int) -> int | None:
        """Book units that take `span_us` at the count's own pace, and return when they begin (µs since 1970).

        What was booked before goes first; of an idle time nothing is left but what lies after `floor_us`. None, and
        nothing booked, where they would begin after `latest_us`. `budget.window` says which window they count for; the
        first of a window count twice, for what was booked last may leave in it too.
        """
        begins = case((RateBudgetRow.free_at > floor_us, RateBudgetRow.free_at), else_=floor_us)
        counted = case((RateBudgetRow.window == budget.window, RateBudgetRow.units + units), else_=2 * units)
        booked = (
            update(RateBudgetRow)
            .where(_same(budget), RateBudgetRow.free_at <= latest_us)
            .values(free_at=begins + span_us, window=budget.window, units=counted)
        )
        free_at = self.run(booked.returning(RateBudgetRow.free_at)).scalar_one_or_none()
        return None if free_at is None else int(free_at) - span_us

    def correct(self, budget: Budget, *, used: int, slack: int, unit_us: float, floor_us: int) -> int | None:
        """Push the count on by what others have used behind the same address; return its new time if it moved.

        Others' is what the exchange counts above what we have booked in the window, but for `slack` units.
        """
        own = case((RateBudgetRow.window == budget.window, RateBudgetRow.units), else_=0)
        begins = case((RateBudgetRow.free_at > floor_us, RateBudgetRow.free_at), else_=floor_us)
        ends = (budget.window + 1) * budget.window_seconds * MICROS
        pushed = begins + func.round((used - slack - own) * unit_us)
        moved = case((used >= RateBudgetRow.limit, case((pushed > ends, pushed), else_=ends)), else_=pushed)
        statement = (
            update(RateBudgetRow)
            .where(_same(budget), own + slack < used)
            .values(free_at=moved, window=budget.window, units=used)
        )
        free_at = self.run(statement.returning(RateBudgetRow.free_at)).scalar_one_or_none()
        return None if free_at is None else int(free_at)

    def hold_back(self, exchange: str, egress: str, until_us: int) -> None:
        """Let nothing of this exchange leave from this address before then."""
        own = and_(RateBudgetRow.exchange == exchange, RateBudgetRow.egress == egress)
        self.run(update(RateBudgetRow).where(own, RateBudgetRow.free_at < until_us).values(free_at=until_us))

    def measure(self, budgets: Iterable[Budget]) -> None:
        """Store what slots, ledgers and all else were found to take."""
        for budget in budgets:
            found = {name: getattr(budget, name) for name in MEASURED}
            self.run(update(RateBudgetRow).where(_same(budget)).values(**found))

    def _change(self, condition: ColumnElement[bool], values: dict[str, Any]) -> int:
        return self.run(update(SyncStateRow).prefix_with(EVERY_CLIENT).where(condition).values(**values)).rowcount

    def _bring_forward(self, condition: ColumnElement[bool], now: datetime, interval_seconds: int) -> None:
        """Set those due that were last tried longer ago than the interval, the others one interval from now."""
        interval = timedelta(seconds=interval_seconds)
        well = and_(condition, SyncStateRow.failures == 0)
        last = SyncStateRow.last_attempt_at
        is_old = or_(last.is_(None), last <= now - interval)
        self._change(and_(well, is_old, SyncStateRow.next_due_at > now), {"next_due_at": now})
        soon = now + interval
        self._change(and_(well, last > now - interval, SyncStateRow.next_due_at > soon), {"next_due_at": soon})


def _same(budget: Budget) -> ColumnElement[bool]:
    return and_(
        RateBudgetRow.exchange == budget.exchange,
        RateBudgetRow.egress == budget.egress,
        RateBudgetRow.bucket == budget.bucket,
    )
