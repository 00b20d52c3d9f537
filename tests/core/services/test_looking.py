"""A look is noted on one's own accounts only, whatever ids are given."""

from uuid import UUID, uuid4

import pytest

from core.errors import NotFoundError
from core.services.looking import mark_looked
from tests.core.services.office import NOW, Office


def looks(office: Office) -> set[UUID]:
    """Return the accounts that a look is noted on."""
    with office.sync.begin(write=False) as uow:
        return {state.account_id for state in uow.syncing.states(None) if state.looked_at}


def test_a_look_is_noted_on_accounts_of_the_client_that_is_looked_at(office: Office) -> None:
    own, foreign = office.account("Own"), office.account("Foreign", office.bruno)
    with office.sync.begin() as uow:
        for account in (own, foreign):
            uow.syncing.ensure(account.id, account.user_id, NOW, 30)
    mark_looked(office.web, office.mine, office.ana.id, {own.id, foreign.id, uuid4()}, now=NOW)
    assert looks(office) == {own.id}


@pytest.mark.parametrize("client_id", [None, uuid4()])
def test_a_foreign_and_an_unknown_client_cannot_be_looked_at(office: Office, client_id: UUID | None) -> None:
    foreign = office.account("Foreign", office.bruno)
    with office.sync.begin() as uow:
        uow.syncing.ensure(foreign.id, foreign.user_id, NOW, 30)
    with pytest.raises(NotFoundError):
        mark_looked(office.web, office.mine, client_id or office.bruno.id, {foreign.id}, now=NOW)
    assert looks(office) == set()
