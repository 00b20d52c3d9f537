"""People and their preferences, on a real database."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from core.bootstrap import Web
from core.domain.types import Role, Scope, User
from core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError, StepUpRequiredError
from core.services import people
from core.services.people import NewPerson, Preferences
from tests.core.api.parts import PASSWORD, FakeClock, make_web
from tests.databases import fresh_url

BRUNO = NewPerson(name="Bruno", login="bruno", password=PASSWORD)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def web(tmp_path: Path, clock: FakeClock) -> Iterator[Web]:
    with fresh_url("sqlite", tmp_path) as url:
        web = make_web(url, clock)
        yield web
        web.storage.dispose()


def add(web: Web, login: str, role: Role = Role.CLIENT, name: str = "") -> User:
    person = NewPerson(name=name or login.title(), login=login, password=PASSWORD, role=role)
    return people.create_person(web.storage, web.passwords, person, scope=None, now=web.clock())


def scope(web: Web, user: User) -> Scope:
    clients = {Role.ADMIN: None, Role.CLIENT: frozenset({user.id}), Role.ANALYST: frozenset[object]()}[user.role]
    return Scope(user_id=user.id, role=user.role, client_ids=clients, authenticated_at=web.clock())  # type: ignore[arg-type]


def test_an_administrator_adds_clients_and_sees_them_by_name(web: Web) -> None:
    admin = scope(web, add(web, "root", Role.ADMIN))
    added = people.add_client(web.storage, admin, web.passwords, replace(BRUNO, role=Role.ADMIN), now=web.clock())
    add(web, "ana", name="ana")
    assert added.role is Role.CLIENT
    assert [client.name for client in people.list_clients(web.storage, admin)] == ["ana", "Bruno"]
    assert people.get_client(web.storage, admin, added.id) == added


@pytest.mark.parametrize("role", [Role.CLIENT, Role.ANALYST])
def test_nobody_else_lists_adds_or_disables_people(web: Web, role: Role) -> None:
    other, asking = add(web, "other"), scope(web, add(web, "eva", role))
    with pytest.raises(ForbiddenError):
        people.list_clients(web.storage, asking)
    with pytest.raises(ForbiddenError):
        people.add_client(web.storage, asking, web.passwords, BRUNO, now=web.clock())
    with pytest.raises(ForbiddenError):
        people.set_active(web.storage, asking, other.id, False, now=web.clock())


def test_a_foreign_client_and_an_unknown_one_get_the_same_answer(web: Web) -> None:
    ana, other, root = add(web, "ana"), add(web, "other"), add(web, "root", Role.ADMIN)
    errors = []
    for asking, wanted in ((ana, other.id), (ana, uuid4()), (root, uuid4()), (root, root.id)):
        with pytest.raises(NotFoundError) as caught:
            people.get_client(web.storage, scope(web, asking), wanted)
        errors.append(str(caught.value))
    assert set(errors) == {"client"}
    assert people.get_client(web.storage, scope(web, ana), ana.id) == ana


def test_people_are_added_and_disabled_only_after_a_recent_login(web: Web, clock: FakeClock) -> None:
    other, admin = add(web, "other"), scope(web, add(web, "root", Role.ADMIN))
    clock.advance(minutes=11)
    with pytest.raises(StepUpRequiredError):
        people.add_client(web.storage, admin, web.passwords, BRUNO, now=clock())
    with pytest.raises(StepUpRequiredError):
        people.set_active(web.storage, admin, other.id, False, now=clock())


def test_nobody_disables_themselves(web: Web) -> None:
    root = add(web, "root", Role.ADMIN)
    with pytest.raises(ConflictError):
        people.set_active(web.storage, scope(web, root), root.id, False, now=web.clock())


def test_a_disabled_person_can_be_enabled_again(web: Web) -> None:
    ana, admin = add(web, "ana"), scope(web, add(web, "root", Role.ADMIN))
    assert not people.set_active(web.storage, admin, ana.id, False, now=web.clock()).is_active
    assert people.set_active(web.storage, admin, ana.id, True, now=web.clock()).is_active


def test_a_sign_in_name_exists_once_however_it_is_written(web: Web) -> None:
    add(web, "bruno")
    with pytest.raises(ConflictError) as caught:
        people.create_person(web.storage, web.passwords, replace(BRUNO, login=" BRUNO "), scope=None, now=web.clock())
    assert caught.value.code == "login_taken"


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"login": ""}, "login", "required"),
        ({"login": "ab"}, "login", "bad_login"),
        ({"login": "with blank"}, "login", "bad_login"),
        ({"login": "x" * 65}, "login", "bad_login"),
        ({"login": "‮ana"}, "login", "bad_login"),
        ({"name": " "}, "name", "required"),
        ({"name": "x" * 81}, "name", "too_long"),
        ({"name": "An\u200ba"}, "name", "forbidden_character"),
        ({"password": "short"}, "password", "password_too_short"),
        ({"password": "password1234"}, "password", "password_common"),
        ({"preferences": Preferences(language="tlh")}, "language", "unknown_language"),
        ({"preferences": Preferences(time_zone="Mars/Olympus")}, "time_zone", "unknown_time_zone"),
        ({"preferences": Preferences(currency="$")}, "currency", "unknown_currency"),
    ],
)
def test_a_wrong_field_is_named(web: Web, changes: dict[str, str], field: str, code: str) -> None:
    person = replace(BRUNO, **changes)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError) as caught:
        people.create_person(web.storage, web.passwords, person, scope=None, now=web.clock())
    assert (caught.value.field, caught.value.code) == (field, code)


@pytest.mark.parametrize("role", list(Role))
def test_everybody_changes_their_own_preferences(web: Web, role: Role) -> None:
    user = add(web, "ana", role)
    wanted = Preferences(language="en", time_zone="Europe/Lisbon", currency="EUR")
    changed = people.update_preferences(web.storage, scope(web, user), wanted, now=web.clock())
    with web.storage.begin(write=False) as uow:
        assert uow.users.get(user.id) == changed
    assert (changed.language, changed.time_zone, changed.currency) == ("en", "Europe/Lisbon", "EUR")
    with pytest.raises(InvalidInputError):
        people.update_preferences(web.storage, scope(web, user), Preferences(language="xx"), now=web.clock())


def test_a_password_is_not_shown_by_accident() -> None:
    assert PASSWORD not in repr(BRUNO)
