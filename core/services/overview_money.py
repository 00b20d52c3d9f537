"""The Overview in another currency than the dollar: every figure at the rate of the moment it was measured.

A figure whose rate is not known is None. Results of today and of the month are those of the Results page.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from core.domain.currencies import USD
from core.domain.types import Scope
from core.ports import Storage
from core.services import results_sums as sums
from core.services.overview import load_overview
from core.services.overview_types import Allocation, BalanceRow, Curve, Overview, PnlFigure
from core.services.rates import Rates, check_currency, load_rates
from core.services.results import load_results
from core.services.results_types import MONTH, Day, Question, Results
from core.services.unpriced import load_unpriced

EMPTY = "empty"  # nothing was read of such a day


def load_money_overview(
    storage: Storage, scope: Scope, question: Question, *, period_days: int, time_zone: str, now: datetime
) -> Overview:
    """Return what the Overview shows in the currency of the question, with the list of what has no price.

    Raises:
        NotFoundError: the client or the account is outside the scope.
        InvalidInputError: the period or the currency is not one.
    """
    check_currency(question.currency)
    overview = load_overview(
        storage,
        scope,
        client_id=question.client_id,
        view=question.view,
        period_days=period_days,
        time_zone=time_zone,
        now=now,
    )
    overview = with_unpriced(storage, scope, overview)
    return overview if question.currency == USD else in_currency(storage, scope, overview, question)


def with_unpriced(storage: Storage, scope: Scope, overview: Overview) -> Overview:
    """Return the Overview with the list of what is held without a price; nothing is read where all is priced."""
    silent = any(row.value is None for row in overview.balances)
    if not silent and not any(row.pnl is None and row.position.unrealized_pnl for row in overview.positions):
        return overview
    accounts = [health.account for health in overview.accounts if health.account.id in overview.shown]
    with storage.begin(scope, write=False) as uow:
        rows = load_unpriced(uow, accounts, {account.user_id for account in accounts})
    return replace(overview, unpriced=rows)


def in_currency(storage: Storage, scope: Scope, overview: Overview, question: Question) -> Overview:
    """Return the Overview in the currency that the question names, for the accounts that it shows."""
    now, since = overview.now, min([overview.now, *overview.curve.at])
    with storage.begin(scope, write=False) as uow:
        rates = load_rates(uow, question.currency, since, now)
    own = [(row.as_of, float(row.price)) for row in overview.balances if row.asset == rates.currency and row.price]
    rates = rates.with_prices(own)
    wallets = [wallet for health in overview.accounts for wallet in health.wallets]
    shown = [wallet for wallet in wallets if wallet.account_id in overview.shown]
    balances = tuple(replace(row, value=rates.convert(row.value, row.as_of)) for row in overview.balances)
    results = load_results(storage, scope, replace(question, period=MONTH), now=now) if overview.shown else None
    return replace(
        overview,
        currency=rates.currency,
        rate=rates.at(now),
        accounts=tuple(
            replace(one, equity=rates.worth((w.equity, w.as_of) for w in one.wallets)) for one in overview.accounts
        ),
        equity=replace(overview.equity, value=rates.worth((w.equity, w.as_of) for w in shown)),
        unrealized=replace(overview.unrealized, value=rates.worth((w.unrealized_pnl, w.as_of) for w in shown)),
        today=_result(overview.today, results, today=True),
        month=_result(overview.month, results, today=False),
        curve=_curve(overview.curve, rates),
        allocation=_allocation(overview.allocation, balances),
        balances=balances,
        positions=tuple(replace(row, pnl=rates.convert(row.pnl, row.position.as_of)) for row in overview.positions),
    )


def _result(figure: PnlFigure, results: Results | None, *, today: bool) -> PnlFigure:
    """Return a result of the Results page in the place of the dollars' one."""
    days: Sequence[Day] = () if results is None else results.days
    chosen = [day for day in days if day.is_open] if today else days
    if all(day.result.status == EMPTY for day in chosen):
        chosen = ()
    total = sums.total_of(chosen) if chosen else None
    flows = sums.bars_of(chosen).get("net_flows") if chosen else None
    rate = sums.returns_of(chosen, (), None).twr if chosen else None
    status = chosen[-1].result.status if chosen else figure.status
    return replace(figure, value=total, rate=rate, net_flows=flows or 0.0, status=status, trend=_trend(chosen, total))


def _trend(days: Sequence[Day], total: float | None) -> tuple[float, ...]:
    """Return the cumulative result at the end of each day from zero on; of one day there is nothing to draw."""
    if total is None or len(days) < 2:
        return ()
    levels = [0.0]
    for day in days:
        levels.append(levels[-1] + (day.result.total or 0.0))
    return tuple(levels)


def _curve(curve: Curve, rates: Rates) -> Curve:
    def worth(value: float | None, at: datetime) -> float | None:
        return rates.convert(value, at)

    return replace(
        curve,
        equity=tuple(worth(value, at) for value, at in zip(curve.equity, curve.at, strict=True)),
        flows=tuple(replace(flow, value=worth(flow.value, flow.at)) for flow in curve.flows),
    )


def _allocation(parts: Sequence[Allocation], balances: Sequence[BalanceRow]) -> tuple[Allocation, ...]:
    """Return the assets with the sums of their balances in the currency; shares stay what they are."""
    values: dict[str, list[float | None]] = {}
    for row in balances:
        values.setdefault(row.asset, []).append(row.value)
    return tuple(
        replace(
            part,
            value=None if part.value is None else sums.sum_of(values[part.asset]) if part.asset in values else None,
        )
        for part in parts
    )
