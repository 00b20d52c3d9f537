"""Changing one's password and ending one's sessions, on both databases."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from core.bootstrap import Web
from core.domain.types import Role, Scope, User
from core.errors import InvalidInputError, NotFoundError, NotSignedInError, StepUpRequiredError, ThrottledError
from core.services import auth, own_login, people
from core.services.auth import Origin, SignedIn, SignInForm
from core.services.own_login import PasswordChange
from core.services.people import NewPerson
from tests.core.api.parts import PASSWORD, FakeClock, make_web
from tests.core.services.conftest import BACKEND_PARAMS
from tests.databases import fresh_url

WRONG, NEW = "not the right words", "seven purple anchors"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=BACKEND_PARAMS)
def web(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[Web]:
    with fresh_url(str(request.param), tmp_path) as url:
        web = make_web(url, clock)
        yield web
        web.storage.dispose()


def add(web: Web, login: str, role: Role = Role.CLIENT) -> User:
    person = NewPerson(name=login.title(), login=login, password=PASSWORD, role=role)
    return people.create_person(web.storage, web.passwords, person, scope=None, now=web.clock())


def sign_in(web: Web, login: str, password: str = PASSWORD, *, ip: str = "10.0.0.1") -> SignedIn:
    form = SignInForm(login, password, Origin(ip, "browser"))
    return auth.sign_in(web.storage, web.passwords, web.tokens, form, now=web.clock())


def scope_of(web: Web, signed_in: SignedIn) -> Scope:
    return auth.scope_of(web.storage, signed_in.session.id, web.clock(), touch=False)[0]


def change(web: Web, scope: Scope, current: str = PASSWORD, new: str = NEW, repeated: str = NEW) -> int:
    wanted = PasswordChange(current, new, repeated)
    return own_login.change_password(web.storage, web.passwords, scope, wanted, now=web.clock())


def audited(web: Web) -> list[str]:
    with web.storage.begin(write=False) as uow:
        return list(uow.connection.execute(text("SELECT action FROM audit_log ORDER BY seq")).scalars())  # type: ignore[attr-defined]


@pytest.mark.parametrize("role", list(Role))
def test_a_new_password_takes_the_place_of_the_old_one(web: Web, role: Role) -> None:
    add(web, "ana", role)
    change(web, scope_of(web, sign_in(web, "ana")))
    assert sign_in(web, "ana", NEW).user.login == "ana"
    with pytest.raises(NotSignedInError):
        sign_in(web, "ana")


def test_a_new_password_is_stored_as_argon2id_and_nowhere_as_it_was_typed(web: Web) -> None:
    add(web, "ana")
    change(web, scope_of(web, sign_in(web, "ana")))
    with web.storage.begin(write=False) as uow:
        found = uow.users.by_login("ana")
    assert found is not None and str(found[1]).startswith("$argon2id$") and NEW not in str(found[1])
    assert PASSWORD not in repr(PasswordChange(PASSWORD, NEW, NEW)) and NEW not in repr(PasswordChange(NEW, NEW, NEW))


def test_a_new_password_ends_all_other_sessions_of_this_person_only(web: Web) -> None:
    add(web, "ana")
    add(web, "bruno")
    mine, phone, laptop, other = (sign_in(web, login) for login in ("ana", "ana", "ana", "bruno"))
    assert change(web, scope_of(web, mine)) == 2
    deadlines = {each.session.id: each.session.expires_at for each in (mine, phone, laptop, other)}
    assert auth.ended_among(web.storage, deadlines, web.clock()) == {phone.session.id, laptop.session.id}
    for ended in (phone, laptop):
        assert auth.resolve_token(web.storage, web.tokens, ended.token, web.clock()) is None
    assert scope_of(web, other).user_id == other.user.id


def test_a_new_password_counts_as_a_fresh_sign_in_of_this_session(web: Web, clock: FakeClock) -> None:
    add(web, "ana")
    signed_in = sign_in(web, "ana")
    clock.advance(minutes=11)
    stale = scope_of(web, signed_in)
    with pytest.raises(StepUpRequiredError):
        auth.require_recent(stale, clock())
    change(web, stale)
    assert scope_of(web, signed_in).authenticated_at == clock()


@pytest.mark.parametrize(
    ("new", "repeated", "code"),
    [
        ("short", "short", "password_too_short"),
        ("x1" * 130, "x1" * 130, "password_too_long"),
        ("password1234", "password1234", "password_common"),
        (NEW, NEW + "!", "passwords_differ"),
        (PASSWORD, PASSWORD, "password_same"),
    ],
)
def test_a_new_password_against_the_rules_changes_nothing(web: Web, new: str, repeated: str, code: str) -> None:
    add(web, "ana")
    mine, phone = sign_in(web, "ana"), sign_in(web, "ana")
    with pytest.raises(InvalidInputError) as caught:
        change(web, scope_of(web, mine), new=new, repeated=repeated)
    assert (caught.value.field, caught.value.code) == ("password", code)
    assert scope_of(web, phone).user_id == mine.user.id
    assert sign_in(web, "ana").user.login == "ana"


def test_a_wrong_current_password_changes_nothing_and_is_throttled_like_a_sign_in(web: Web) -> None:
    add(web, "ana")
    mine, phone = sign_in(web, "ana"), sign_in(web, "ana")
    for _ in range(5):
        with pytest.raises(NotSignedInError) as caught:
            change(web, scope_of(web, mine), current=WRONG)
        assert caught.value.code == "wrong_password"
    for asked in (lambda: change(web, scope_of(web, mine)), lambda: sign_in(web, "ana", ip="10.0.0.2")):
        with pytest.raises(ThrottledError):
            asked()
    assert scope_of(web, phone).user_id == mine.user.id
    assert audited(web)[-5:] == ["login.failed"] * 5


def test_a_session_that_another_change_has_ended_changes_nothing(web: Web) -> None:
    add(web, "ana")
    mine, phone = sign_in(web, "ana"), sign_in(web, "ana")
    mine_scope, phone_scope = scope_of(web, mine), scope_of(web, phone)
    change(web, mine_scope)
    with pytest.raises(NotSignedInError):
        change(web, phone_scope, current=NEW, new="eight golden ladders", repeated="eight golden ladders")
    assert sign_in(web, "ana", NEW).user.login == "ana"


def test_people_see_their_own_living_sessions_this_one_first(web: Web, clock: FakeClock) -> None:
    add(web, "ana")
    add(web, "bruno")
    mine, phone, gone, _other = (sign_in(web, login, ip=ip) for login, ip in SESSIONS)
    auth.sign_out(web.storage, gone.session, gone.user, now=clock())
    clock.advance(minutes=5)
    auth.scope_of(web.storage, phone.session.id, clock(), touch=True)
    listed = own_login.list_own_sessions(web.storage, scope_of(web, mine), now=clock())
    assert [(one.id, one.is_this, one.ip) for one in listed] == [
        (mine.session.id, True, "10.0.0.1"),
        (phone.session.id, False, "10.0.0.2"),
    ]
    assert listed[1].seen_at == clock() and listed[1].signed_in_at == phone.session.created_at


SESSIONS = (("ana", "10.0.0.1"), ("ana", "10.0.0.2"), ("ana", "10.0.0.3"), ("bruno", "10.0.0.4"))


def test_idle_sessions_are_not_listed_since_nobody_can_use_them(web: Web, clock: FakeClock) -> None:
    add(web, "root", Role.ADMIN)
    sign_in(web, "root")
    clock.advance(minutes=31)
    mine = sign_in(web, "root")
    listed = own_login.list_own_sessions(web.storage, scope_of(web, mine), now=clock())
    assert [one.id for one in listed] == [mine.session.id]


def test_one_session_is_ended_and_the_others_go_on(web: Web) -> None:
    add(web, "ana")
    mine, phone, laptop = (sign_in(web, "ana") for _ in range(3))
    own_login.end_own_session(web.storage, scope_of(web, mine), phone.session.id, now=web.clock())
    with pytest.raises(NotSignedInError):
        scope_of(web, phone)
    assert scope_of(web, laptop).user_id == scope_of(web, mine).user_id
    assert audited(web)[-1] == "logout.other"


def test_foreign_ended_and_unknown_sessions_answer_alike(web: Web) -> None:
    add(web, "ana")
    add(web, "root", Role.ADMIN)
    mine, ended, foreign = sign_in(web, "ana"), sign_in(web, "ana"), sign_in(web, "root")
    auth.sign_out(web.storage, ended.session, ended.user, now=web.clock())

    def answer(asking: SignedIn, session_id: UUID) -> tuple[type, str, str]:
        with pytest.raises(NotFoundError) as caught:
            own_login.end_own_session(web.storage, scope_of(web, asking), session_id, now=web.clock())
        return type(caught.value), caught.value.code, str(caught.value)

    assert len({answer(mine, session_id) for session_id in (foreign.session.id, ended.session.id, uuid4())}) == 1
    assert answer(foreign, mine.session.id) == answer(foreign, uuid4())
    assert scope_of(web, foreign).user_id == foreign.user.id and scope_of(web, mine).user_id == mine.user.id


def test_a_change_is_audited_without_the_passwords(web: Web) -> None:
    add(web, "ana")
    change(web, scope_of(web, sign_in(web, "ana")))
    assert audited(web) == ["user.added", "login", "user.password"]
    with web.storage.begin(write=False) as uow:
        rows = str(uow.connection.execute(text("SELECT * FROM audit_log")).all())  # type: ignore[attr-defined]
    assert PASSWORD not in rows and NEW not in rows
