"""Who may touch what."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from core.domain.types import Role, Scope
from core.errors import ForbiddenError, NotFoundError, StepUpRequiredError
from core.services.access import clients_of, require_recent_login, require_write, without_hint
from tests.core.persistence.makers import make_account, make_user

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
ME, OTHER = uuid4(), uuid4()


def scope(role: Role = Role.CLIENT, at: datetime | None = NOW) -> Scope:
    return Scope(ME, role, None if role is Role.ADMIN else frozenset({ME}), authenticated_at=at)


def test_a_client_asks_for_themselves_whether_named_or_not() -> None:
    assert clients_of(scope()) == {ME}
    assert clients_of(scope(), ME) == {ME}


def test_a_foreign_client_is_answered_as_if_it_did_not_exist() -> None:
    with pytest.raises(NotFoundError, match="^client$"):
        clients_of(scope(), OTHER)


def test_an_administrator_asks_for_everybody_or_for_one() -> None:
    assert clients_of(scope(Role.ADMIN)) is None
    assert clients_of(scope(Role.ADMIN), OTHER) == {OTHER}


def test_an_analyst_without_clients_asks_for_nobody_not_for_everybody() -> None:
    assert clients_of(Scope(ME, Role.ANALYST, frozenset())) == frozenset()


def test_only_analysts_may_not_write() -> None:
    require_write(scope())
    require_write(scope(Role.ADMIN))
    with pytest.raises(ForbiddenError):
        require_write(scope(Role.ANALYST))


def is_recent(at: datetime | None) -> bool:
    try:
        require_recent_login(scope(at=at), NOW)
    except StepUpRequiredError:
        return False
    return True


def test_a_login_counts_as_recent_for_ten_minutes_and_none_never() -> None:
    ten = timedelta(minutes=10)
    ages = {at: is_recent(at) for at in (NOW, NOW - ten, NOW - ten - timedelta(microseconds=1), None)}
    assert list(ages.values()) == [True, True, False, False]


def test_an_analyst_sees_nothing_of_a_key() -> None:
    account = make_account(make_user("ana"), hint="abcd")
    hints = {role: without_hint(scope(role), account).hint for role in Role}
    assert hints == {Role.CLIENT: "abcd", Role.ADMIN: "abcd", Role.ANALYST: ""}
