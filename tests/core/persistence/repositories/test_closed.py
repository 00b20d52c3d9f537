"""Closed positions are stored once, whatever is read again."""

from dataclasses import replace
from decimal import Decimal

import pytest

from core.domain.types import User
from core.errors import ConflictError, NotFoundError
from core.persistence import SqlStorage
from tests.core.persistence.makers import DAY, HOUR, NOW, add_account, make_closed, scope_of

EXACT = Decimal("-0.000000000000000000123456789")


def test_a_closed_position_is_stored_once_and_exactly(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    rows = [
        make_closed(account, "1", net_pnl=EXACT, gross_pnl=None, fee=None, funding=None, opened_at=None, price=None),
        make_closed(account, "2", closed_at=NOW + HOUR, price=Decimal("60000.1")),
    ]
    with storage.begin() as uow:
        assert uow.closed.add(rows) == 2
        again = replace(rows[0], net_pnl=Decimal(7))
        assert uow.closed.add([again, *rows, make_closed(account, "1", closed_at=NOW + 2 * HOUR)]) == 1
        assert uow.closed.add([]) == 0
        assert uow.closed.between([account.id], {client.id}, since=NOW, until=NOW + 2 * HOUR) == rows
    assert (rows[0].net_usd, rows[1].net_usd) == (None, rows[1].net_pnl * Decimal("60000.1"))


def test_many_are_stored_as_few_are(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    rows = [make_closed(account, f"{n:04}", net_pnl=Decimal(f"{n}.0000001")) for n in range(400)]
    with storage.begin() as uow:
        assert uow.closed.add([*rows[:300], rows[0]]) == 300
        assert uow.closed.add(rows) == 100
        assert uow.closed.between([account.id], {client.id}, since=NOW, until=NOW + DAY) == rows


def test_only_the_period_the_accounts_and_the_clients_asked_for_are_read(
    storage: SqlStorage, client: User, stranger: User
) -> None:
    own, foreign = add_account(storage, client), add_account(storage, stranger)
    early, inside, late = (make_closed(own, str(n), closed_at=NOW + n * DAY) for n in range(3))
    theirs = make_closed(foreign, closed_at=inside.closed_at)
    with storage.begin() as uow:
        uow.closed.add([late, early, inside, theirs])
    period = {"since": NOW + HOUR, "until": NOW + 2 * DAY}
    with storage.begin(write=False) as uow:
        assert uow.closed.between([own.id, foreign.id], {client.id}, **period) == [inside]
        assert uow.closed.between([own.id], {client.id}, since=NOW, until=NOW + 3 * DAY) == [early, inside, late]
        assert uow.closed.between([foreign.id], None, **period) == [theirs]
        assert uow.closed.between([], {client.id}, **period) == []
    with storage.begin(scope_of(client), write=False) as uow:
        assert uow.closed.between([foreign.id], {stranger.id}, **period) == []


def test_a_closed_position_cannot_join_two_clients(storage: SqlStorage, client: User, stranger: User) -> None:
    account = add_account(storage, client)
    with pytest.raises(ConflictError), storage.begin() as uow:
        uow.closed.add([make_closed(account, client_id=stranger.id)])
    with pytest.raises(NotFoundError), storage.begin(scope_of(stranger)) as uow:
        uow.closed.add([make_closed(account)])


def test_how_far_they_are_read_is_kept_with_the_lease(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    with storage.begin() as uow:
        lease = uow.syncing.claim_one(account.id, NOW, owner="one", lease_seconds=60)
        assert lease is not None
        uow.syncing.set_closed(lease, since=NOW - DAY, read_to=NOW)
        state = uow.syncing.states({client.id})[0]
    assert (state.closed_since, state.closed_read_to) == (NOW - DAY, NOW)
