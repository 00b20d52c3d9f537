"""Accounts and their last runs, for administrators only."""

from datetime import timedelta
from uuid import uuid4

import pytest

from core.domain.types import AccountStatus
from core.errors import ForbiddenError, NotFoundError
from core.services.sync_runs import AccountList, find_accounts, list_in_trouble, load_account_runs
from tests.core.persistence.makers import make_run
from tests.core.services.office import EXCHANGE, NOW, WITH_PASSPHRASE, Office


def names(found: AccountList) -> list[str]:
    return [view.account.name for view in found.accounts]


@pytest.mark.parametrize("who", ["mine", "analyst"])
def test_only_administrators_are_told(office: Office, who: str) -> None:
    scope, account = getattr(office, who), office.account("Mine")
    with pytest.raises(ForbiddenError):
        list_in_trouble(office.web, scope, NOW)
    with pytest.raises(ForbiddenError):
        find_accounts(office.web, scope, "")
    with pytest.raises(ForbiddenError):
        load_account_runs(office.web, scope, account.id)


def test_those_in_trouble_are_listed_main_ones_first_then_the_oldest(office: Office) -> None:
    good, late = office.account("Good"), office.account("Late")
    older, failing = (
        office.account("Older", exchange=WITH_PASSPHRASE),
        office.account("Failing", office.bruno, is_main=True),
    )
    office.account("Damaged", status=AccountStatus.DAMAGED)
    office.account("Checked", status=AccountStatus.PENDING)
    office.account("New")
    paused = office.account("Paused", is_active=False)
    for account, age in ((good, 10), (late, 100), (older, 200), (failing, 5), (paused, 9000)):
        office.end_slot(account, NOW - timedelta(seconds=age))
    office.end_slot(failing, NOW, error_code="network")
    found = list_in_trouble(office.web, office.admin, NOW)
    assert names(found) == ["Failing", "Older", "Late", "Damaged"]
    assert found.accounts[0].client == office.bruno
    assert found.accounts[0].sync is not None and found.accounts[0].sync.last_error_code == "network"
    assert names(list_in_trouble(office.web, office.admin, NOW, exchange=EXCHANGE)) == ["Failing", "Late", "Damaged"]
    first = list_in_trouble(office.web, office.admin, NOW, limit=1)
    assert (names(first), first.total) == (["Failing"], 4)


def test_accounts_are_found_by_parts_of_their_own_and_their_clients_names(office: Office) -> None:
    office.account("Longo prazo")
    office.account("Hedge", office.bruno, exchange=WITH_PASSPHRASE)
    assert names(find_accounts(office.web, office.admin, "LONGO ana")) == ["Longo prazo"]
    assert names(find_accounts(office.web, office.admin, "bruno")) == ["Hedge"]
    assert names(find_accounts(office.web, office.admin, "bruno longo")) == []
    everybody = find_accounts(office.web, office.admin, "", limit=1)
    assert (names(everybody), everybody.total) == (["Longo prazo"], 2)
    assert names(find_accounts(office.web, office.admin, "", exchange=WITH_PASSPHRASE)) == ["Hedge"]


def test_an_account_comes_with_its_runs_the_newest_first(office: Office) -> None:
    account, other = office.account("Mine"), office.account("Other")
    with office.sync.begin() as uow:
        for number in (1, 2, 3):
            uow.runs.add(make_run(account, number))
        uow.runs.add(make_run(other, 9))
    found = load_account_runs(office.web, office.admin, account.id)
    assert [run.number for run in found.runs] == [3, 2, 1]
    assert (found.account.id, found.client) == (account.id, office.ana)


def test_an_account_that_is_not_there_is_not_found(office: Office) -> None:
    for account_id in (uuid4(), office.unknown_to_ana()[2]):
        with pytest.raises(NotFoundError):
            load_account_runs(office.web, office.admin, account_id)
