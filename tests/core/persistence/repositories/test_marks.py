"""Remarks on figures."""

import pytest

from core.domain.marks import Mark, MarkKind
from core.domain.types import ExchangeAccount, Scope, User
from core.errors import NotFoundError
from core.persistence import SqlStorage
from tests.core.persistence.makers import HOUR, MINUTE, NOW, add_account


@pytest.fixture
def account(storage: SqlStorage, client: User) -> ExchangeAccount:
    """Give a stored account."""
    return add_account(storage, client)


def mark(account: ExchangeAccount, kind: MarkKind = MarkKind.LATE, value: float | None = None) -> Mark:
    return Mark(account.id, account.user_id, kind, NOW - HOUR, NOW, value)


def test_marks_are_found_by_kind_and_by_when_they_were_noted(storage: SqlStorage, account: ExchangeAccount) -> None:
    late, large = mark(account), mark(account, MarkKind.LARGE_MOVE, 12.5)
    with storage.begin() as uow:
        uow.marks.add([late, large])
        both = uow.marks.find({account.id}, {account.user_id}, kinds=list(MarkKind), noted_since=NOW)
        assert both == [large, late]
        assert uow.marks.find({account.id}, None, kinds=[MarkKind.LATE], noted_since=NOW) == [late]
        assert uow.marks.find({account.id}, None, kinds=[MarkKind.LATE], noted_since=NOW + MINUTE) == []


def test_a_mark_of_the_same_instant_is_noted_anew(storage: SqlStorage, account: ExchangeAccount) -> None:
    again = Mark(account.id, account.user_id, MarkKind.LATE, NOW - HOUR, NOW + MINUTE)
    with storage.begin() as uow:
        uow.marks.add([mark(account)])
        uow.marks.add([again])
        assert uow.marks.find({account.id}, None, kinds=[MarkKind.LATE], noted_since=NOW) == [again]


def test_marks_of_another_client_are_neither_read_nor_written(
    storage: SqlStorage, account: ExchangeAccount, stranger: User
) -> None:
    with storage.begin() as uow:
        uow.marks.add([mark(account)])
    scope = Scope(stranger.id, stranger.role, frozenset({stranger.id}))
    with storage.begin(scope, write=False) as uow:
        assert uow.marks.find({account.id}, None, kinds=[MarkKind.LATE], noted_since=NOW) == []
    with pytest.raises(NotFoundError), storage.begin(scope) as uow:
        uow.marks.add([mark(account)])
