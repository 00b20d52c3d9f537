"""The main account: exactly one as soon as one account is verified, whatever happens in whatever order."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.domain.types import AccountStatus, ExchangeAccount
from core.errors import ConflictError, ForbiddenError, NotFoundError, StepUpRequiredError
from core.persistence import SqlStorage
from core.services import accounts
from core.services.main_account import accept_unverified, set_main
from core.sync.rights import VERIFIED, refuse_account
from tests.core.persistence.makers import Change
from tests.core.services.office import NOW, Office
from tests.databases import chain_for_tests, fresh_url


def switch(office: Office, to: UUID, expected: UUID | None, reason: str = "") -> None:
    set_main(office.web, office.mine, to, expected_main=expected, reason=reason, now=NOW)


def accept(office: Office, account: ExchangeAccount) -> None:
    accept_unverified(office.web, office.admin, account.id, now=NOW)


def refused(office: Office, to: UUID, expected: UUID | None) -> str:
    with pytest.raises(ConflictError) as caught:
        switch(office, to, expected)
    return caught.value.code


def test_another_account_becomes_main_and_the_change_is_audited(office: Office) -> None:
    old, new = office.account("Old", is_main=True), office.account("New", wants_main=True)
    office.account("Theirs", office.bruno, is_main=True)
    switch(office, new.id, old.id, f"  {'because ' * 40}")
    assert office.mains() == ["New"]
    assert office.mains(office.bruno) == ["Theirs"]
    assert not office.stored(new.id).wants_main
    assert office.due(new.id)
    ((action, actor, client, details),) = office.audit()
    assert (action, actor, client) == ("account.main_set", office.ana.id, office.ana.id)
    assert details == {"exchange": "binance", "old": str(old.id), "reason": ("because " * 40)[:200]}


def test_a_switch_counts_only_from_the_account_that_the_person_saw(office: Office) -> None:
    old, new, other = office.account("Old", is_main=True), office.account("New"), office.account("Other")
    assert refused(office, new.id, None) == "main_changed"
    assert refused(office, new.id, other.id) == "main_changed"
    switch(office, other.id, old.id)
    assert refused(office, new.id, old.id) == "main_changed"
    assert office.mains() == ["Other"]


def test_of_two_switches_at_once_one_wins(office: Office) -> None:
    old = office.account("Old", is_main=True)
    wanted = [office.account(f"New {number}") for number in range(4)]

    def attempt(account: ExchangeAccount) -> str:
        try:
            switch(office, account.id, old.id)
        except ConflictError as e:
            return e.code
        return account.name

    with ThreadPoolExecutor(len(wanted)) as pool:
        outcomes = sorted(pool.map(attempt, wanted))
    assert outcomes[1:] == ["main_changed"] * 3
    assert office.mains() == [outcomes[0]]


@pytest.mark.parametrize("status", [status for status in AccountStatus if status not in VERIFIED])
def test_an_account_that_was_never_verified_cannot_be_main(office: Office, status: AccountStatus) -> None:
    old, new = office.account("Old", is_main=True), office.account("New", status=status)
    assert refused(office, new.id, old.id) == "not_active"


def test_a_testnet_account_is_main_only_where_there_is_no_mainnet_one(office: Office) -> None:
    toy, real = office.account("Toy", testnet=True, is_main=True), office.account("Real")
    switch(office, real.id, toy.id)
    assert refused(office, toy.id, real.id) == "testnet_main"
    office.set_status(real.id, AccountStatus.REFUSED)
    switch(office, toy.id, None)
    assert office.mains() == ["Toy"]


def test_the_main_account_is_changed_by_those_who_may(office: Office) -> None:
    old, new = office.account("Old", is_main=True), office.account("New")
    with pytest.raises(ForbiddenError):
        set_main(office.web, office.analyst, new.id, expected_main=old.id, reason="", now=NOW)
    for hidden in office.unknown_to_ana():
        with pytest.raises(NotFoundError):
            switch(office, hidden, old.id)
    set_main(office.web, office.admin, new.id, expected_main=old.id, reason="", now=NOW)
    assert office.mains() == ["New"]


# keys whose rights the exchange does not tell


def unverified(office: Office, name: str = "Unclear", **changes: Change) -> ExchangeAccount:
    return office.account(name, status=AccountStatus.UNVERIFIED, reason="permissions_unknown", **changes)


def test_an_administrator_accepts_a_key_and_its_account_is_read(office: Office) -> None:
    account = unverified(office)
    accept(office, account)
    stored = office.stored(account.id)
    assert (stored.status, stored.reason, stored.is_main) == (AccountStatus.ACTIVE, None, True)
    assert office.due(account.id)
    assert office.actions() == ["account.unverified_accepted"]


def test_nobody_else_accepts_a_key_and_no_old_login_does(office: Office) -> None:
    account = unverified(office)
    for scope in (office.mine, office.analyst):
        with pytest.raises(ForbiddenError):
            accept_unverified(office.web, scope, account.id, now=NOW)
    with pytest.raises(StepUpRequiredError):
        accept_unverified(office.web, office.stale(office.admin), account.id, now=NOW)
    assert office.stored(account.id) == account


@pytest.mark.parametrize("status", [status for status in AccountStatus if status is not AccountStatus.UNVERIFIED])
def test_there_is_nothing_to_accept_of_other_accounts(office: Office, status: AccountStatus) -> None:
    with pytest.raises(ConflictError) as caught:
        accept(office, office.account("Other", status=status))
    assert caught.value.code == "not_unverified"


@pytest.mark.parametrize(
    ("main", "accepted", "mains"),
    [
        ({}, {}, ["Main"]),
        ({}, {"wants_main": True}, ["Unclear"]),
        ({"testnet": True}, {}, ["Unclear"]),
        ({}, {"testnet": True, "wants_main": True}, ["Main"]),
    ],
)
def test_an_accepted_account_becomes_main_as_a_verified_one_would(
    office: Office, main: dict[str, Change], accepted: dict[str, Change], mains: list[str]
) -> None:
    office.account("Main", is_main=True, **main)
    accept(office, unverified(office, **accepted))
    assert office.mains() == mains


# every order of events


class MainAccounts(RuleBasedStateMachine):
    """Accounts are verified, chosen, paused, removed and refused; there is one main account all the while."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.number = 0

    @initialize()
    def open_office(self) -> None:
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        url = self.stack.enter_context(fresh_url("sqlite", folder))
        web, sync = (SqlStorage(url, role=role, audit_chain=chain_for_tests) for role in ("web", "sync"))
        self.stack.callback(web.dispose)
        self.stack.callback(sync.dispose)
        self.office = Office(web, sync, url)

    def teardown(self) -> None:
        self.stack.close()

    def present(self) -> list[ExchangeAccount]:
        with self.office.sync.begin(write=False) as uow:
            return uow.accounts.all({self.office.ana.id})

    def any_account(self, data: st.DataObject) -> ExchangeAccount:
        return data.draw(st.sampled_from(sorted(self.present(), key=lambda account: account.name)))

    @rule(testnet=st.booleans(), wants_main=st.booleans(), is_accepted=st.booleans())
    def add(self, testnet: bool, wants_main: bool, is_accepted: bool) -> None:
        self.number += 1
        account = unverified(self.office, f"{self.number:03}", testnet=testnet, wants_main=wants_main)
        if is_accepted:
            accept(self.office, account)

    @precondition(lambda self: self.number)
    @rule(data=st.data())
    def choose(self, data: st.DataObject) -> None:
        if not self.present():
            return
        account, main = self.any_account(data), next((a.id for a in self.present() if a.is_main), None)
        try:
            switch(self.office, account.id, main)
        except ConflictError as e:
            assert e.code in {"not_active", "testnet_main"}
        else:
            assert self.office.mains() == [account.name]

    @precondition(lambda self: self.number)
    @rule(data=st.data(), is_active=st.booleans())
    def pause_or_resume(self, data: st.DataObject, is_active: bool) -> None:
        if self.present():
            accounts.set_active(self.office.web, self.office.mine, self.any_account(data).id, is_active, now=NOW)

    @precondition(lambda self: self.number)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        if not self.present():
            return
        account, successor = self.any_account(data), self.any_account(data)
        try:
            accounts.remove(self.office.web, self.office.mine, account.id, successor=successor.id, now=NOW)
        except ConflictError as e:
            assert e.code in {"successor_needed", "testnet_main"}

    @precondition(lambda self: self.number)
    @rule(data=st.data())
    def find_it_able_to_withdraw(self, data: st.DataObject) -> None:
        if self.present():
            with self.office.sync.begin() as uow:
                refuse_account(uow, self.any_account(data), code="may_withdraw", now=NOW)

    @invariant()
    def there_is_exactly_one_as_soon_as_one_can_be(self) -> None:
        if not self.number:
            return
        able = [account for account in self.present() if account.status in VERIFIED]
        mains = [account for account in self.present() if account.is_main]
        assert len(mains) == (1 if able else 0)
        assert all(main.status in VERIFIED for main in mains)
        assert not any(main.testnet for main in mains) or all(account.testnet for account in able)


def test_there_is_one_main_account_whatever_happens() -> None:
    run_state_machine_as_test(
        MainAccounts,
        settings=settings(
            max_examples=10, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
