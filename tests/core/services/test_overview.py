"""The Overview of a client, from readings stored in a real database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import event

from core.domain.types import AccountStatus, ExchangeAccount, Freshness, Heartbeat, JobKind
from core.errors import InvalidInputError, NotFoundError
from core.persistence import SqlStorage
from core.ports import ExchangePause
from core.services import accounts
from core.services.overview import ALL, MAIN, data_version
from core.services.overview_types import EmptyState
from core.sync.days import close_days
from tests.core.persistence.makers import (
    DAY,
    HOUR,
    MINUTE,
    Change,
    make_balance,
    make_job,
    make_position,
    make_wallet,
)
from tests.core.services.office import NOW, Office, equity_of, look

SECOND = timedelta(seconds=1)
MIDNIGHT = NOW - 9 * HOUR  # of Ana's zone


# who sees what


def test_a_foreign_client_and_a_foreign_account_are_not_found(office: Office) -> None:
    foreign = office.account("Foreign", office.bruno)
    with pytest.raises(NotFoundError, match="^client$"):
        look(office, client_id=office.bruno.id)
    for view in (foreign.id, uuid4(), "nonsense", ""):
        with pytest.raises(NotFoundError, match="^account$"):
            look(office, view)


def test_staff_see_their_clients_and_an_analyst_no_hint_of_a_key(office: Office) -> None:
    office.account("Reserve", hint="abcd")
    hints = [
        look(office, scope=scope).accounts[0].account.hint for scope in (office.mine, office.admin, office.analyst)
    ]
    assert hints == ["abcd", "abcd", ""]


@pytest.mark.parametrize("days", [0, 2, 31, 365, -1])
def test_a_period_is_one_of_four(office: Office, days: int) -> None:
    with pytest.raises(InvalidInputError) as caught:
        look(office, period_days=days)
    assert (caught.value.field, caught.value.code) == ("period", "unknown_period")


# views


def test_each_view_adds_up_its_own_accounts(office: Office) -> None:
    main, other = office.account("Main", is_main=True), office.account("Other")
    foreign = office.account("Foreign", office.bruno)
    for account, equity in ((main, 100.0), (other, 20.0), (foreign, 3000.0)):
        office.read(account, NOW, equity)
    assert [equity_of(look(office, view)) for view in (MAIN, ALL, main.id, other.id)] == [100.0, 120.0, 100.0, 20.0]
    assert look(office, MAIN).shown == (main.id,)
    assert [health.account.name for health in look(office, other.id).accounts] == ["Main", "Other"]
    assert {row.account for row in look(office, other.id).balances} == {"Other"}


def test_mainnet_and_testnet_are_never_added_up(office: Office) -> None:
    toy, real = office.account("Toy", testnet=True), office.account("Real", is_main=True)
    office.read(toy, NOW, 1_000_000.0)
    office.read(real, NOW, 100.0)
    assert (equity_of(look(office)), look(office).testnet) == (100.0, False)
    assert (equity_of(look(office, toy.id)), look(office, toy.id).testnet) == (1_000_000.0, True)


def test_all_are_testnet_accounts_where_no_mainnet_one_is_in_use(office: Office) -> None:
    toy, gone = office.account("Toy", testnet=True, is_main=True), office.account("Gone")
    office.account("Waiting", status=AccountStatus.PENDING)
    office.read(toy, NOW, 50.0)
    office.read(gone, NOW - DAY, 900.0)
    accounts.remove(office.web, office.mine, gone.id, successor=None, now=NOW - HOUR)
    overview = look(office)
    assert (overview.shown, equity_of(overview), overview.testnet) == ((toy.id,), 50.0, True)
    assert set(overview.curve.equity) == {50.0}


def test_what_is_not_verified_belongs_to_no_sum(office: Office) -> None:
    office.read(office.account("Main", is_main=True), NOW, 100.0)
    for status in (AccountStatus.PENDING, AccountStatus.UNVERIFIED, AccountStatus.REFUSED):
        office.read(office.account(status, status=status), NOW - 2 * DAY, 1000.0)
    overview = look(office)
    assert equity_of(overview) == 100.0
    assert overview.curve.equity[-1] == 100.0
    assert len(overview.accounts) == 4


@pytest.mark.parametrize(
    "changes", [{"is_active": False}, {"status": AccountStatus.NEEDS_ATTENTION}, {"status": AccountStatus.DAMAGED}]
)
def test_money_in_an_account_that_is_not_read_now_still_counts_with_its_age(
    office: Office, changes: dict[str, Change]
) -> None:
    office.read(office.account("Main", is_main=True), NOW, 100.0)
    office.read(office.account("Still", **changes), NOW - 3 * HOUR, 20.0)
    overview = look(office)
    assert (equity_of(overview), overview.equity.as_of) == (120.0, NOW - 3 * HOUR)
    assert (overview.today.status, overview.today.value) == ("stale", 0.0)
    assert overview.curve.carried[-1]


def test_after_a_day_without_a_reading_the_result_is_unknown_not_zero(office: Office) -> None:
    office.read(office.account("Main", is_main=True), NOW, 100.0)
    office.read(office.account("Paused", is_active=False), NOW - 25 * HOUR, 20.0)
    overview = look(office)
    assert (overview.today.status, overview.today.value, overview.today.rate) == ("gap", None, None)
    assert overview.curve.equity[-1] is None
    assert look(office, MAIN).today.status == "ok"


# what is in a figure and what is not


def test_older_values_are_named_and_wallets_never_read_are_missing(office: Office) -> None:
    account = office.account("Main", is_main=True)
    spot = make_wallet(account, equity=100.0, unrealized_pnl=0.0, unpriced=("ODD", "NEW"))
    failed = replace(spot, ok=False, reason="network", unpriced=("ODD",))
    futures = replace(failed, wallet="futures", equity=50.0, unrealized_pnl=-4.0, as_of=NOW - HOUR)
    wallets = (spot, futures, replace(failed, wallet="earn", equity=None, unrealized_pnl=None, as_of=None))
    positions, fresh = (make_position(account),), ("spot", "futures")
    office.read(account, NOW, 150.0, wallets=wallets, positions=positions, fresh_wallets=fresh, complete=False)
    overview = look(office, MAIN)
    assert (overview.equity.value, overview.equity.as_of) == (150.0, NOW - HOUR)
    assert overview.equity.carried == ("Main · futures",)
    assert overview.equity.missing == ("Main · earn",)
    assert overview.equity.unpriced == ("NEW", "ODD")
    assert (overview.unrealized.value, overview.unrealized.carried) == (-4.0, ("Main · futures",))
    assert overview.positions[0].carried
    assert overview.curve.carried[-1]


def test_an_asset_without_a_price_is_listed_without_a_value(office: Office) -> None:
    account = office.account("Main", is_main=True)
    held = (make_balance(account, "NEW", price=None, value=None), make_balance(account, "BTC", value=10.0))
    office.read(account, NOW, 10.0, balances=held)
    overview = look(office)
    assert [(row.asset, row.value) for row in overview.allocation] == [("BTC", 10.0), ("NEW", None)]
    assert [(row.asset, row.value) for row in overview.balances] == [("BTC", 10.0), ("NEW", None)]


def test_each_account_tells_its_own_state(office: Office) -> None:
    main, bad = office.account("Main", is_main=True), office.account("Bad", status="refused", reason="bad_key")
    slow, idle = office.account("Slow", exchange="bitget"), office.account("Idle")
    office.read(main, NOW, 1.0)
    office.end_slot(main, NOW - SECOND)
    office.end_slot(slow, NOW - 3 * MINUTE)
    office.end_slot(slow, NOW, error_code="network")
    pause = ExchangePause("bitget", NOW + MINUTE, "rate_limited")
    with office.sync.begin() as uow:
        uow.syncing.pause(pause)
        job = uow.jobs.add(make_job(bad))
        uow.jobs.add(make_job(bad, kind=JobKind.SYNC, created_at=NOW + SECOND))
        uow.syncing.beat(Heartbeat("one", NOW, NOW, "ok"))
    overview = look(office)
    found = {health.account.id: health for health in overview.accounts}
    assert [found[account.id].freshness for account in (main, bad, slow, idle)] == [
        Freshness.FRESH,
        Freshness.NEVER,
        Freshness.LATE,
        Freshness.NEVER,
    ]
    assert [found[account.id].error_code for account in (main, bad, slow, idle)] == [None, "bad_key", "network", None]
    assert (found[main.id].equity, found[idle.id].equity) == (1.0, None)
    assert (found[slow.id].pause, found[main.id].pause) == (pause, None)
    assert (found[bad.id].job, found[main.id].job) == (job, None)
    assert (found[idle.id].as_of, found[idle.id].planned_interval_seconds, found[idle.id].sync) == (None, None, None)
    assert not overview.system.sidecar_silent


# five reasons for an empty screen, and none


def test_a_client_without_accounts_has_an_overview_of_nothing(office: Office) -> None:
    for view in (MAIN, ALL):
        overview = look(office, view)
        assert overview.empty is EmptyState.NO_ACCOUNT
        assert (overview.accounts, overview.shown, overview.balances, overview.curve.at) == ((), (), (), ())
        assert (equity_of(overview), overview.unrealized.value, overview.today.value) == (None, None, None)
        assert (overview.today.status, overview.today.since, overview.today.trend) == ("empty", None, ())
        assert not overview.testnet
        assert overview.system.sidecar_silent


@pytest.mark.parametrize("view", [MAIN, ALL])
def test_an_account_that_waits_for_its_first_reading(office: Office, view: str) -> None:
    office.submit()
    assert look(office, view).empty is EmptyState.FIRST_SYNC
    office.account("Verified", is_main=True)
    assert look(office, view).empty is EmptyState.FIRST_SYNC


@pytest.mark.parametrize("view", [MAIN, ALL])
def test_an_account_that_cannot_be_read(office: Office, view: str) -> None:
    account = office.account("Refused", status="refused", reason="bad_key")
    for shown in (view, account.id):
        assert look(office, shown).empty is EmptyState.FAILED
    office.end_slot(office.account("Broken", is_main=True), NOW, error_code="network")
    assert look(office, view).empty is EmptyState.FAILED


def test_a_key_that_nobody_has_accepted_yet_is_a_failure_with_its_reason(office: Office) -> None:
    account = office.account("Unclear", status="unverified", reason="permissions_unknown")
    office.read(account, NOW, 100.0)
    overview = look(office, MAIN)
    assert (overview.empty, overview.accounts[0].error_code) == (EmptyState.FAILED, "permissions_unknown")


def test_an_account_that_truly_holds_nothing(office: Office) -> None:
    account = office.account("Main", is_main=True)
    office.read(account, NOW, 0.0, balances=(make_balance(account, total=Decimal(0)),))
    gone = office.account("Gone")
    office.read(gone, NOW - DAY, 10.0)
    accounts.remove(office.web, office.mine, gone.id, successor=None, now=NOW - HOUR)
    for view in (MAIN, ALL):
        overview = look(office, view)
        assert (overview.empty, equity_of(overview)) == (EmptyState.ZERO, 0.0)
    position = (make_position(account, wallet="spot"),)
    office.read(account, NOW + SECOND, 0.0, balances=(), positions=position)
    assert look(office, now=NOW + SECOND).empty is EmptyState.NONE


def test_a_choice_that_hides_everything(office: Office) -> None:
    office.read(office.account("Main", is_main=True), NOW, 1.0)
    gone = office.account("Gone")
    accounts.remove(office.web, office.mine, gone.id, successor=None, now=NOW)
    assert look(office, gone.id).empty is EmptyState.FILTERED


# cost and change


@contextmanager
def counted(storage: SqlStorage) -> Iterator[list[str]]:
    """Count the queries that a storage sends."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        verbs = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")
        if "set_config" not in statement and statement.lstrip().upper().startswith(verbs):
            sent.append(statement)

    event.listen(storage.engine, "before_cursor_execute", note)
    yield sent
    event.remove(storage.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("view", [MAIN, ALL])
def test_a_page_costs_four_queries_however_many_accounts_there_are(office: Office, view: str) -> None:
    for number in range(8):
        account = office.account(f"{number}", is_main=number == 0)
        for at in (MIDNIGHT - DAY - MINUTE, MIDNIGHT - MINUTE, NOW):
            office.read(account, at, 10.0 + number)
    while close_days(office.sync, office.ana, NOW):
        pass
    with counted(office.web) as sent:
        overview = look(office, view, time_zone=office.ana.time_zone)
    assert len(sent) == 4
    assert (overview.today.status, overview.today.value) == ("ok", 0.0)


def test_the_data_version_grows_with_every_reading_and_is_the_same_wherever_it_is_asked(office: Office) -> None:
    account: ExchangeAccount = office.account("Main", is_main=True)
    for client in (office.ana, office.bruno):
        office.read(office.account("Other", client), NOW, 1.0)
    versions = []
    for seconds in range(3):
        versions.append(data_version(office.web, office.mine, office.ana.id))
        assert {look(office, view).data_version for view in (MAIN, ALL, account.id)} == {versions[-1]}
        office.read(account, NOW + seconds * SECOND, 1.0)
    assert versions == sorted(set(versions))
    with pytest.raises(NotFoundError):
        data_version(office.web, office.mine, office.bruno.id)


def test_an_overview_changes_nothing(office: Office) -> None:
    office.read(office.account("Main", is_main=True), NOW, 1.0)
    first = look(office)
    assert replace(look(office), now=NOW) == first
    assert office.actions() == []
