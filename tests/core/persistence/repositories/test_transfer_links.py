"""Words on transfers join entries of one client, and an entry has one word in force."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from core.domain.transfer_links import LegKey, LinkKind, TransferLink
from core.domain.types import ExchangeAccount, User
from core.errors import ConflictError, NotFoundError
from core.persistence import SqlStorage
from tests.core.persistence.makers import NOW, SECOND, add_account, make_ledger, scope_of


def entry(storage: SqlStorage, account: ExchangeAccount, key: str) -> LegKey:
    with storage.begin() as uow:
        uow.ledger.add([make_ledger(account, key)])
    return LegKey(account.id, "spot", key)


def make_link(client: User, out: LegKey | None, into: LegKey | None, **changes: object) -> TransferLink:
    link = TransferLink(
        id=uuid4(), client_id=client.id, kind=LinkKind.PAIR, out=out, in_=into,
        out_at=NOW if out else None, in_at=NOW + SECOND if into else None,
        first_at=NOW, last_at=NOW + SECOND, said_at=NOW, said_by=client.id, changed_at=NOW,
    )  # fmt: skip
    return replace(link, **changes)  # type: ignore[arg-type]


def test_a_word_is_kept_when_it_is_taken_back(storage: SqlStorage, client: User, stranger: User) -> None:
    one, two = add_account(storage, client), add_account(storage, client, name="Two")
    out, into = entry(storage, one, "out"), entry(storage, two, "in")
    link = make_link(client, out, into)
    with storage.begin(scope_of(client)) as uow:
        uow.links.add(link)
        assert uow.links.in_force({client.id}) == [link]
    later = NOW + timedelta(hours=1)
    with storage.begin(scope_of(client)) as uow:
        assert uow.links.end(link, at=later, by=client.id, first_at=NOW, last_at=later)
        assert not uow.links.end(link, at=later, by=client.id, first_at=NOW, last_at=later)
        assert uow.links.in_force({client.id}) == []
        expected = replace(link, undone_at=later, undone_by=client.id, changed_at=later, last_at=later)
        assert uow.links.changed({client.id}, since=later) == [expected]
        assert uow.links.changed({client.id}, since=later + SECOND) == []
        uow.links.add(make_link(client, out, None, kind=LinkKind.PENDING))  # the entry is free again
    with storage.begin(scope_of(stranger), write=False) as uow:
        assert uow.links.in_force(None) == []
        assert uow.links.changed({client.id}, since=NOW) == []


def test_an_entry_has_one_word_in_force(storage: SqlStorage, client: User) -> None:
    one, two = add_account(storage, client), add_account(storage, client, name="Two")
    out, into = entry(storage, one, "out"), entry(storage, two, "in")
    with storage.begin() as uow:
        uow.links.add(make_link(client, out, into))
    for other in (
        make_link(client, out, None, kind=LinkKind.EXTERNAL),
        make_link(client, None, into, kind=LinkKind.EXTERNAL),
    ):
        with pytest.raises(ConflictError), storage.begin() as uow:
            uow.links.add(other)


def test_no_row_joins_two_clients(storage: SqlStorage, client: User, stranger: User) -> None:
    own, other = add_account(storage, client), add_account(storage, stranger)
    out, into = entry(storage, own, "out"), entry(storage, other, "in")
    unknown = LegKey(own.id, "spot", "none")
    for link in (
        make_link(client, out, into),
        make_link(stranger, out, into),
        make_link(client, unknown, None, kind=LinkKind.PENDING),
    ):
        with pytest.raises(ConflictError), storage.begin() as uow:
            uow.links.add(link)
    with pytest.raises(NotFoundError), storage.begin(scope_of(client)) as uow:
        uow.links.add(make_link(stranger, None, into, kind=LinkKind.EXTERNAL))


@pytest.mark.parametrize("kind", [LinkKind.PAIR, LinkKind.PENDING])
def test_a_word_without_the_entries_it_needs_is_no_row(storage: SqlStorage, client: User, kind: LinkKind) -> None:
    into = entry(storage, add_account(storage, client), "in")
    with pytest.raises(ConflictError), storage.begin() as uow:
        uow.links.add(make_link(client, None, into, kind=kind))
