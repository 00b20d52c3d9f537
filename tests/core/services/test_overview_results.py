"""What the Overview says of results and of history: midnights, deposits, accounts that join and leave, the curve."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from core.domain.points import DetailPoint, HeldAsset, WalletPoint
from core.domain.types import AccountStatus
from core.services import accounts
from core.services.overview import MAIN, PERIODS
from core.services.overview_types import EmptyState
from tests.core.persistence.makers import DAY, HOUR, MINUTE, make_point, make_wallet
from tests.core.services.office import NOW, Office, equity_of, look

SECOND = timedelta(seconds=1)


def test_a_deposit_is_no_profit_and_a_withdrawal_no_loss(office: Office) -> None:
    account = office.account("Main", is_main=True)
    office.read(account, NOW - 3 * DAY, 1000.0)
    office.read(account, NOW - 10 * HOUR, 1010.0)
    office.book(account, NOW - 9 * HOUR, "500")
    office.read(account, NOW - 8 * HOUR, 1510.0)
    office.book(account, NOW - 7 * HOUR, "-200")
    office.read(account, NOW - 6 * HOUR, 1310.0)
    office.read(account, NOW, 1320.0)
    overview = look(office)
    assert overview.today.value == pytest.approx(20.0)
    assert overview.today.net_flows == 300.0
    assert overview.month.value == pytest.approx(20.0)
    assert overview.today.rate == pytest.approx(1.01 * 1320 / 1310 - 1)
    assert [marker.value for marker in overview.curve.flows] == [500.0, -200.0]
    assert overview.today.trend[-1] == pytest.approx(20.0)


def test_a_deposit_between_the_last_reading_of_yesterday_and_midnight_is_no_profit_of_today(office: Office) -> None:
    account = office.account("Main", is_main=True)
    midnight = NOW - 12 * HOUR
    office.read(account, midnight - 3 * DAY, 1000.0)
    office.book(account, midnight - 2 * DAY, "500")
    office.read(account, midnight + 30 * SECOND, 1500.0)
    office.read(account, NOW, 1510.0)
    assert look(office).today.value == pytest.approx(10.0)
    first = datetime(2026, 11, 1, tzinfo=UTC)
    older = office.account("Older")
    office.read(older, first - 5 * DAY, 70.0)
    office.book(older, first - 4 * DAY, "30")
    office.read(older, first + HOUR, 100.0)
    office.read(older, NOW, 100.0)
    assert look(office, older.id, period_days=1).month.value == pytest.approx(0.0)


def test_a_deposit_without_a_price_is_in_no_figure_and_is_named(office: Office) -> None:
    account = office.account("Main", is_main=True)
    office.read(account, NOW - 2 * DAY, 100.0)
    office.book(account, NOW - HOUR, "5", asset="NEW", price=None)
    state = make_wallet(account, attempted_at=NOW, as_of=NOW, equity=101.0, unpriced=("NEW",))
    new = HeldAsset("NEW", Decimal(5), None)
    details = DetailPoint(NOW, (WalletPoint("spot", True, (HeldAsset("USDT", Decimal(101), Decimal(1)), new)),))
    office.read(account, NOW, 101.0, wallets=(state,), details=details)
    overview = look(office)
    assert overview.today.value == pytest.approx(1.0)
    assert overview.today.unvalued == ("NEW",)
    assert overview.curve.flows[0].value is None


def test_an_account_that_joins_is_capital_and_its_result_counts_from_its_first_reading(office: Office) -> None:
    main, joined = office.account("Main", is_main=True), office.account("Joined")
    for at in (NOW - 2 * DAY, NOW):
        office.read(main, at, 100.0)
    begun = NOW - 2 * HOUR
    office.book(joined, begun - HOUR, "700")
    office.read(joined, begun, 1000.0)
    office.book(joined, begun + 20 * SECOND, "50")
    office.read(joined, begun + MINUTE, 1050.0)
    office.read(joined, NOW, 1057.0)
    alone, together = look(office, joined.id), look(office)
    assert [alone.today.value, together.today.value] == pytest.approx([7.0, 7.0])
    assert (alone.today.since, alone.today.period_start) == (begun, NOW - 12 * HOUR)
    assert together.today.since == NOW - 12 * HOUR
    assert alone.curve.at[0] >= begun
    assert together.equity.value == 1157.0


@pytest.mark.parametrize(
    ("zone", "today", "month"),
    [("UTC", 30.0, 90.0), ("America/Sao_Paulo", 20.0, 80.0), ("Asia/Kolkata", 40.0, 95.0)],
)
def test_today_and_this_month_begin_at_the_clients_own_midnight(
    office: Office, zone: str, today: float, month: float
) -> None:
    account = office.account("Main", is_main=True)
    for at, equity in (
        ("2026-10-31T18:20", 55.0),
        ("2026-10-31T23:50", 60.0),
        ("2026-11-01T02:50", 70.0),
        ("2026-11-21T18:20", 110.0),
        ("2026-11-21T18:40", 120.0),
        ("2026-11-22T01:00", 130.0),
        ("2026-11-22T12:00", 150.0),
    ):
        office.read(account, datetime.fromisoformat(at).replace(tzinfo=UTC), equity)
    overview = look(office, time_zone=zone)
    assert [overview.today.value, overview.month.value] == pytest.approx([today, month])


def test_a_result_tells_up_to_when_deposits_are_known(office: Office) -> None:
    one, two = office.account("One", is_main=True), office.account("Two")
    office.account("Waiting", status=AccountStatus.PENDING)
    office.read(one, NOW, 1.0)
    office.end_slot(one, NOW, read_to=NOW - MINUTE)
    assert look(office, MAIN).today.ledger_read_to == NOW - MINUTE
    assert not look(office, MAIN).today.is_provisional
    office.read(two, NOW, 1.0)
    assert look(office).today.ledger_read_to is None
    office.end_slot(two, NOW, read_to=NOW - HOUR)
    assert look(office).month.ledger_read_to == NOW - HOUR
    assert look(office).month.is_provisional


# removed accounts


def test_a_removed_account_keeps_its_place_in_the_history_of_all(office: Office) -> None:
    main, gone = office.account("Main", is_main=True), office.account("Gone")
    for hours in reversed(range(60)):
        office.read(main, NOW - hours * HOUR, 100.0)
    for hours in reversed(range(20, 60)):
        office.read(gone, NOW - hours * HOUR, 50.0 if hours > 30 else 57.0)
    accounts.remove(office.web, office.mine, gone.id, successor=None, now=NOW - 20 * HOUR + MINUTE)
    overview = look(office, period_days=7)
    assert equity_of(overview) == 100.0
    value = dict(zip(overview.curve.at, overview.curve.equity, strict=True))
    assert (value[NOW - 40 * HOUR], value[NOW - 20 * HOUR], value[NOW - 19 * HOUR]) == (150.0, 157.0, 100.0)
    assert overview.today.value == pytest.approx(0.0)
    assert overview.month.value == pytest.approx(7.0)
    assert {row.account for row in overview.balances} == {"Main"}


def test_an_account_removed_before_the_period_is_no_profit_of_it(office: Office) -> None:
    main, gone = office.account("Main", is_main=True), office.account("Gone")
    office.read(gone, NOW - 80 * DAY, 5000.0)
    accounts.remove(office.web, office.mine, gone.id, successor=None, now=NOW - 79 * DAY)
    office.read(main, NOW - 80 * DAY, 100.0)
    office.read(main, NOW, 101.0)
    for days in PERIODS:
        overview = look(office, period_days=days)
        assert [overview.today.value, overview.month.value] == pytest.approx([1.0, 1.0])


def test_the_history_of_a_removed_account_can_still_be_looked_at(office: Office) -> None:
    gone = office.account("Gone", is_main=True)
    office.read(gone, NOW - 2 * DAY, 10.0)
    accounts.remove(office.web, office.mine, gone.id, successor=None, now=NOW - DAY)
    overview = look(office, gone.id)
    assert (overview.empty, overview.accounts, equity_of(overview)) == (EmptyState.NONE, (), None)
    assert 10.0 in overview.curve.equity
    assert look(office, MAIN).empty is EmptyState.NO_ACCOUNT


# the curve


@pytest.mark.parametrize("days", PERIODS)
def test_a_curve_covers_its_period_in_at_most_two_thousand_points(office: Office, days: int) -> None:
    account = office.account("Main", is_main=True)
    hourly = [make_point(account.id, office.ana.id, NOW - n * HOUR, 100.0 + n) for n in range(95 * 24)]
    with office.sync.begin() as uow:
        uow.readings.add_history(hourly, [])
    curve = look(office, MAIN, period_days=days).curve
    assert 150 < len(curve.at) <= 2000
    assert NOW - days * DAY <= curve.at[0] < NOW - days * DAY + 2 * HOUR
    assert (curve.at[-1], curve.equity[-1]) == (NOW, 100.0)
    assert None not in curve.equity
    assert curve.equity[0] == pytest.approx(100.0 + days * 24, abs=2)
