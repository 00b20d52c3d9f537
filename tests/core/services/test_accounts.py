"""Exchange accounts as people handle them, on both databases."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from core.domain.types import AccountStatus, JobKind, JobStatus, Scope
from core.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    StepUpRequiredError,
)
from core.services import accounts
from tests.core.persistence.makers import Change, make_job, make_reading
from tests.core.services.office import NOW, Office

Act = Callable[[Office, Scope, UUID], object]
ACTS: dict[str, Act] = {
    "rename": lambda office, scope, account: accounts.rename(office.web, scope, account, "New", now=NOW),
    "pause": lambda office, scope, account: accounts.set_active(office.web, scope, account, False, now=NOW),
    "remove": lambda office, scope, account: accounts.remove(office.web, scope, account, successor=None, now=NOW),
    "sync": lambda office, scope, account: accounts.request_sync(office.web, scope, account, now=NOW),
}


def names(office: Office, scope: Scope, client: UUID | None = None, *, with_removed: bool = False) -> list[str]:
    views = accounts.list_accounts(office.web, scope, client or office.ana.id, with_removed=with_removed)
    return [view.account.name for view in views]


@pytest.mark.parametrize("act", ACTS.values(), ids=list(ACTS))
def test_a_foreign_an_unknown_and_a_removed_account_get_the_same_answer(office: Office, act: Act) -> None:
    answers = set()
    for hidden in office.unknown_to_ana():
        with pytest.raises(NotFoundError) as caught:
            act(office, office.mine, hidden)
        answers.add(str(caught.value))
    assert answers == {"account"}
    assert office.actions() == []


@pytest.mark.parametrize("act", ACTS.values(), ids=list(ACTS))
def test_an_analyst_changes_nothing(office: Office, act: Act) -> None:
    account = office.account("Reserve")
    with pytest.raises(ForbiddenError):
        act(office, office.analyst, account.id)
    assert office.stored(account.id) == account
    assert not office.due(account.id)


@pytest.mark.parametrize("act", ACTS.values(), ids=list(ACTS))
def test_an_administrator_acts_for_every_client(office: Office, act: Act) -> None:
    for client in (office.ana, office.bruno):
        account = office.account("Reserve", client)
        act(office, office.admin, account.id)
        changed = office.stored(account.id) != account
        assert changed or office.due(account.id), "neither the account nor its next reading has changed"


# the list


def test_the_main_account_comes_first_then_the_names_in_order(office: Office) -> None:
    for name in ("beta", "Alpha", "gamma"):
        office.account(name)
    office.account("Zeta", is_main=True)
    office.account("Foreign", office.bruno)
    assert names(office, office.mine) == ["Zeta", "Alpha", "beta", "gamma"]
    assert names(office, office.admin, office.bruno.id) == ["Foreign"]


def test_a_foreign_client_has_no_list(office: Office) -> None:
    for client in (office.bruno.id, uuid4()):
        with pytest.raises(NotFoundError, match="client"):
            names(office, office.mine, client)


def test_an_analyst_sees_assigned_accounts_without_the_hint_of_their_keys(office: Office) -> None:
    office.account("Reserve", hint="abcd")
    views = {
        scope.role: accounts.list_accounts(office.web, scope, office.ana.id) for scope in (office.mine, office.analyst)
    }
    assert [view.account.hint for (view,) in views.values()] == ["abcd", ""]
    with pytest.raises(NotFoundError):
        names(office, office.analyst, office.bruno.id)


def test_each_row_has_its_own_state_wallets_and_newest_verification(office: Office) -> None:
    read, quiet = office.account("Read"), office.account("Quiet")
    with office.sync.begin() as uow:
        uow.readings.store(make_reading(read, NOW))
        uow.jobs.add(make_job(read, created_at=NOW - timedelta(days=2), status=JobStatus.DONE))
        newest = uow.jobs.add(make_job(read, created_at=NOW - timedelta(days=1), kind=JobKind.REPLACE_KEY))
        uow.jobs.add(make_job(read, created_at=NOW, kind=JobKind.SYNC))
    rows = {view.account.id: view for view in accounts.list_accounts(office.web, office.mine, office.ana.id)}
    assert rows[read.id].job == newest
    assert [wallet.wallet for wallet in rows[read.id].wallets] == ["spot"]
    assert rows[read.id].sync is not None
    assert (rows[quiet.id].job, rows[quiet.id].sync, rows[quiet.id].wallets) == (None, None, ())


# names


def test_an_account_gets_another_name(office: Office) -> None:
    account = office.account("Reserve")
    changed = accounts.rename(office.web, office.mine, account.id, " Savings ", now=NOW)
    assert office.stored(account.id) == changed == replace(account, name="Savings", updated_at=NOW)
    assert office.actions() == ["account.renamed"]


def test_a_name_stays_unique_among_a_clients_accounts(office: Office) -> None:
    account, taken = office.account("Reserve"), office.account("Taken")
    gone = office.account("Gone")
    accounts.remove(office.web, office.mine, gone.id, successor=None, now=NOW)
    office.account("Theirs", office.bruno)
    for scope in (office.mine, office.admin):
        with pytest.raises(InvalidInputError) as caught:
            accounts.rename(office.web, scope, account.id, "TAKEN", now=NOW)
        assert (caught.value.field, caught.value.code) == ("name", "name_in_use")
    assert accounts.rename(office.web, office.mine, taken.id, "TAKEN", now=NOW).name == "TAKEN"
    assert accounts.rename(office.web, office.mine, account.id, "Gone", now=NOW).name == "Gone"
    assert accounts.rename(office.web, office.mine, account.id, "Theirs", now=NOW).name == "Theirs"


# pause and resume


def test_a_paused_account_keeps_key_history_and_place_and_is_read_at_once_when_resumed(office: Office) -> None:
    account = office.account("Reserve", is_main=True)
    accounts.set_active(office.web, office.mine, account.id, False, now=NOW)
    assert office.stored(account.id) == replace(account, is_active=False, updated_at=NOW)
    assert office.mains() == ["Reserve"]
    assert not office.due(account.id)
    with office.sync.begin(write=False) as uow:
        assert uow.credentials.load(account.id, account.user_id) is not None
    accounts.set_active(office.web, office.mine, account.id, True, now=NOW)
    assert office.due(account.id)
    assert office.actions() == ["account.paused", "account.resumed"]


# a reading at once


def test_a_reading_is_asked_for_by_name_of_an_account_that_is_read(office: Office) -> None:
    for status in (AccountStatus.ACTIVE, AccountStatus.NEEDS_ATTENTION):
        account = office.account(status, status=status)
        accounts.request_sync(office.web, office.mine, account.id, now=NOW)
        assert office.due(account.id)


@pytest.mark.parametrize(
    "changes",
    [
        {"is_active": False},
        *({"status": status} for status in AccountStatus if status not in ("active", "needs_attention")),
    ],
    ids=str,
)
def test_an_account_that_is_paused_or_not_verified_is_not_read(office: Office, changes: dict[str, Change]) -> None:
    account = office.account("Reserve", **changes)
    with pytest.raises(ConflictError) as caught:
        accounts.request_sync(office.web, office.mine, account.id, now=NOW)
    assert caught.value.code == "not_active"
    assert not office.due(account.id)


# removal


def test_removal_erases_every_credential_and_keeps_the_history(office: Office) -> None:
    account = office.account("Reserve")
    waiting = office.submit(office.new("Other"))
    with office.sync.begin() as uow:
        uow.readings.store(make_reading(account, NOW - timedelta(days=1), 700.0))
    for account_id in (account.id, waiting.account_id):
        accounts.remove(office.web, office.mine, account_id, successor=None, now=NOW)
    sealed = "api_key, secret_key, passphrase, dek_id, origin_mac, duplicate_index"
    with office.sync.engine.connect() as connection:
        assert {*connection.execute(text(f"SELECT {sealed} FROM exchange_accounts")).all()} == {(None,) * 6}  # noqa: S608
        for table in ("data_keys", "credential_candidates"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0  # noqa: S608
    with office.sync.begin(write=False) as uow:
        points = list(uow.readings.iter_points([account.id], None, since=NOW - timedelta(days=2), until=NOW))
    assert [point.equity for point in points] == [700.0]
    assert office.actions() == ["account.added", "account.removed", "account.removed"]


def test_a_removed_account_leaves_the_list_and_is_found_among_the_removed(office: Office) -> None:
    account = office.account("Reserve")
    office.account("Stays")
    accounts.remove(office.web, office.mine, account.id, successor=None, now=NOW)
    assert names(office, office.mine) == ["Stays"]
    assert names(office, office.mine, with_removed=True) == ["Reserve", "Stays"]
    stored = office.stored(account.id)
    assert (stored.removed_at, stored.is_active, stored.is_main) == (NOW, False, False)


def test_removal_ends_the_verification_that_was_under_way(office: Office) -> None:
    job = office.submit()
    accounts.remove(office.web, office.mine, job.account_id, successor=None, now=NOW)
    ended = accounts.job(office.web, office.mine, job.id)
    assert (ended.status, ended.error_code) == (JobStatus.FAILED, "removed")


def test_removal_needs_a_recent_login(office: Office) -> None:
    account = office.account("Reserve")
    with pytest.raises(StepUpRequiredError):
        accounts.remove(office.web, office.stale(office.mine), account.id, successor=None, now=NOW)
    assert office.stored(account.id) == account


def test_a_main_account_goes_only_when_another_takes_its_place(office: Office) -> None:
    main, next_one = office.account("Main", is_main=True), office.account("Next")
    office.account("Refused", status=AccountStatus.REFUSED)
    foreign = office.account("Foreign", office.bruno)
    for successor in (None, foreign.id, main.id, uuid4()):
        with pytest.raises(ConflictError) as caught:
            accounts.remove(office.web, office.mine, main.id, successor=successor, now=NOW)
        assert caught.value.code == "successor_needed"
        assert office.mains() == ["Main"]
    accounts.remove(office.web, office.mine, main.id, successor=next_one.id, now=NOW)
    assert office.mains() == ["Next"]


def test_the_last_account_that_can_be_main_goes_without_a_successor(office: Office) -> None:
    main = office.account("Main", is_main=True)
    office.account("Pending", status=AccountStatus.PENDING)
    accounts.remove(office.web, office.mine, main.id, successor=None, now=NOW)
    assert office.mains() == []


def test_a_testnet_account_succeeds_only_when_no_mainnet_one_can(office: Office) -> None:
    main, toy = office.account("Main", is_main=True), office.account("Toy", testnet=True)
    real = office.account("Real")
    with pytest.raises(ConflictError) as caught:
        accounts.remove(office.web, office.mine, main.id, successor=toy.id, now=NOW)
    assert caught.value.code == "testnet_main"
    accounts.remove(office.web, office.mine, real.id, successor=None, now=NOW)
    accounts.remove(office.web, office.mine, main.id, successor=toy.id, now=NOW)
    assert office.mains() == ["Toy"]


# jobs


def test_a_job_is_shown_to_those_who_may_see_its_client(office: Office) -> None:
    job = office.submit()
    for scope in (office.mine, office.admin, office.analyst):
        assert accounts.job(office.web, scope, job.id) == job
    for scope, wanted in ((office.scope(office.bruno), job.id), (office.mine, uuid4())):
        with pytest.raises(NotFoundError, match="^job$"):
            accounts.job(office.web, scope, wanted)
