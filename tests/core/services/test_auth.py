"""Signing in and out, the throttle, sessions and the setup link, on a real database."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from core.bootstrap import Web
from core.domain.types import Role, Scope, User
from core.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    NotSignedInError,
    StepUpRequiredError,
    ThrottledError,
)
from core.services import auth, people
from core.services.auth import Origin, SetupForm, SignedIn, SignInForm
from core.services.people import NewPerson
from tests.core.api.parts import PASSWORD, FakeClock, make_web
from tests.databases import fresh_url

WRONG = "not the right words"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def web(tmp_path: Path, clock: FakeClock) -> Iterator[Web]:
    with fresh_url("sqlite", tmp_path) as url:
        web = make_web(url, clock)
        yield web
        web.storage.dispose()


def add(web: Web, login: str, role: Role = Role.CLIENT) -> User:
    person = NewPerson(name=login.title(), login=login, password=PASSWORD, role=role)
    return people.create_person(web.storage, web.passwords, person, scope=None, now=web.clock())


def sign_in(web: Web, login: str, password: str = PASSWORD, *, ip: str = "10.0.0.1") -> SignedIn:
    form = SignInForm(login, password, Origin(ip, "browser"))
    return auth.sign_in(web.storage, web.passwords, web.tokens, form, now=web.clock())


def scope_of(web: Web, signed_in: SignedIn, *, touch: bool = False) -> Scope:
    return auth.scope_of(web.storage, signed_in.session.id, web.clock(), touch=touch)[0]


def audited(web: Web) -> list[tuple[str, str]]:
    with web.storage.begin(write=False) as uow:
        rows = uow.connection.execute(text("SELECT action, object_id FROM audit_log ORDER BY seq"))  # type: ignore[attr-defined]
        return [(row.action, row.object_id) for row in rows]


def test_the_right_password_opens_a_session_that_its_token_finds(web: Web) -> None:
    ana = add(web, "ana")
    signed_in = sign_in(web, " ANA ")
    found = auth.resolve_token(web.storage, web.tokens, signed_in.token, web.clock())
    assert found is not None
    assert (found[0].id, found[1]) == (signed_in.session.id, ana)
    assert signed_in.token not in repr(signed_in)


def test_the_database_holds_neither_token_nor_password(web: Web, tmp_path: Path) -> None:
    add(web, "ana")
    signed_in = sign_in(web, "ana")
    web.storage.dispose()
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("*.db*"))
    assert signed_in.session.token_hash.encode() in stored
    assert signed_in.token.encode() not in stored
    assert PASSWORD.encode() not in stored


@pytest.mark.parametrize(("login", "password"), [("ana", WRONG), ("nobody", PASSWORD), ("off", PASSWORD), ("ana", "")])
def test_every_wrong_sign_in_gets_the_same_answer(web: Web, login: str, password: str) -> None:
    add(web, "ana")
    people.set_active(web.storage, None, add(web, "off").id, False, now=web.clock())
    with pytest.raises(NotSignedInError) as caught:
        sign_in(web, login, password)
    assert (caught.value.code, str(caught.value)) == ("wrong_login", "wrong_login")


def test_an_unknown_name_is_hashed_as_long_as_a_known_one(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str | None] = []
    verify = type(web.passwords).verify

    def spy(self: object, stored: str | None, password: str) -> bool:
        checked.append(stored)
        return bool(verify(web.passwords, stored, password))

    monkeypatch.setattr(type(web.passwords), "verify", spy)
    with pytest.raises(NotSignedInError):
        sign_in(web, "nobody")
    assert checked == [None]


def test_delays_double_after_five_failures_up_to_fifteen_minutes(web: Web, clock: FakeClock) -> None:
    add(web, "ana")
    waits = []
    for _ in range(17):
        try:
            sign_in(web, "ana", WRONG, ip="")
        except ThrottledError as e:
            waits.append(e.retry_after)
            clock.advance(seconds=e.retry_after)
            with pytest.raises(NotSignedInError):
                sign_in(web, "ana", WRONG, ip="")
        except NotSignedInError:
            continue
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def test_a_throttled_account_refuses_even_the_right_password_and_opens_again_by_itself(
    web: Web, clock: FakeClock
) -> None:
    add(web, "ana")
    for _ in range(5):
        with pytest.raises(NotSignedInError):
            sign_in(web, "ana", WRONG, ip="10.0.0.9")
    with pytest.raises(ThrottledError):
        sign_in(web, "ana", ip="10.0.0.1")
    clock.advance(seconds=1)
    assert sign_in(web, "ana").user.login == "ana"
    with pytest.raises(NotSignedInError):
        sign_in(web, "ana", WRONG)


def test_one_address_that_tries_many_names_is_slowed_down(web: Web) -> None:
    for number in range(5):
        with pytest.raises(NotSignedInError):
            sign_in(web, f"name{number}", ip="10.6.6.6")
    with pytest.raises(ThrottledError):
        sign_in(web, "name9", ip="10.6.6.6")
    with pytest.raises(NotSignedInError):
        sign_in(web, "name9", ip="10.7.7.7")


def test_old_failures_are_forgotten(web: Web, clock: FakeClock) -> None:
    for _ in range(5):
        with pytest.raises(NotSignedInError):
            sign_in(web, "ana", WRONG)
    clock.advance(hours=1, seconds=1)
    for _ in range(4):
        with pytest.raises(NotSignedInError):
            sign_in(web, "ana", WRONG)


@pytest.mark.parametrize(
    ("role", "idle", "absolute"),
    [(Role.ADMIN, timedelta(minutes=30), timedelta(hours=12)), (Role.CLIENT, timedelta(hours=12), timedelta(days=7))],
)
def test_a_session_ends_when_idle_and_when_its_time_is_over(
    web: Web, clock: FakeClock, role: Role, idle: timedelta, absolute: timedelta
) -> None:
    add(web, "ana", role)
    signed_in, unused = sign_in(web, "ana"), sign_in(web, "ana")
    started = clock()
    while clock() + idle * 0.9 < started + absolute:
        clock.now += idle * 0.9
        scope_of(web, signed_in, touch=True)
    with pytest.raises(NotSignedInError):
        scope_of(web, unused)
    clock.now = started + absolute
    with pytest.raises(NotSignedInError):
        scope_of(web, signed_in)
    assert auth.resolve_token(web.storage, web.tokens, signed_in.token, clock()) is None


def test_what_runs_by_itself_keeps_no_session_alive(web: Web, clock: FakeClock) -> None:
    add(web, "root", Role.ADMIN)
    signed_in = sign_in(web, "root")
    for _ in range(2):
        clock.advance(minutes=14)
        scope_of(web, signed_in, touch=False)
    clock.advance(minutes=3)
    with pytest.raises(NotSignedInError):
        scope_of(web, signed_in)


def test_each_role_gets_its_own_clients(web: Web) -> None:
    ana, root, eva = add(web, "ana"), add(web, "root", Role.ADMIN), add(web, "eva", Role.ANALYST)
    assert scope_of(web, sign_in(web, "ana")).client_ids == frozenset({ana.id})
    assert scope_of(web, sign_in(web, "root")).client_ids is None
    assert scope_of(web, sign_in(web, "eva")).client_ids == frozenset()
    assert {root.id, eva.id}.isdisjoint({ana.id})


@pytest.mark.parametrize("session_id", [None, "", "forged", uuid4(), str(uuid4())])
def test_an_unknown_session_has_no_scope(web: Web, session_id: UUID | str | None) -> None:
    with pytest.raises(NotSignedInError):
        auth.scope_of(web.storage, session_id, web.clock(), touch=True)


def test_signing_out_ends_this_session_only_and_everywhere_ends_all(web: Web) -> None:
    add(web, "ana")
    first, second, third = (sign_in(web, "ana") for _ in range(3))
    auth.sign_out(web.storage, first.session, first.user, now=web.clock())
    with pytest.raises(NotSignedInError):
        scope_of(web, first)
    assert auth.sign_out_everywhere(web.storage, scope_of(web, second), now=web.clock()) == 2
    for signed_in in (second, third):
        with pytest.raises(NotSignedInError):
            scope_of(web, signed_in)


def test_disabling_a_person_ends_their_sessions(web: Web) -> None:
    ana = add(web, "ana")
    signed_in = sign_in(web, "ana")
    people.set_active(web.storage, None, ana.id, False, now=web.clock())
    with pytest.raises(NotSignedInError):
        scope_of(web, signed_in)
    assert auth.ended_among(web.storage, {signed_in.session.id: signed_in.session.expires_at}, web.clock()) == {
        signed_in.session.id
    }


def test_the_password_again_opens_ten_minutes_for_delicate_acts(web: Web, clock: FakeClock) -> None:
    add(web, "ana")
    signed_in = sign_in(web, "ana")
    clock.advance(minutes=10)
    auth.require_recent(scope_of(web, signed_in), clock())
    clock.advance(seconds=1)
    stale = scope_of(web, signed_in)
    with pytest.raises(StepUpRequiredError):
        auth.require_recent(stale, clock())
    with pytest.raises(NotSignedInError) as caught:
        auth.reauthenticate(web.storage, web.passwords, stale, WRONG, now=clock())
    assert caught.value.code == "wrong_password"
    auth.reauthenticate(web.storage, web.passwords, stale, PASSWORD, now=clock())
    auth.require_recent(scope_of(web, signed_in), clock())


def test_the_password_again_is_throttled_too(web: Web) -> None:
    add(web, "ana")
    scope = scope_of(web, sign_in(web, "ana"))
    for _ in range(5):
        with pytest.raises(NotSignedInError):
            auth.reauthenticate(web.storage, web.passwords, scope, WRONG, now=web.clock())
    with pytest.raises(ThrottledError):
        auth.reauthenticate(web.storage, web.passwords, scope, PASSWORD, now=web.clock())


def setup_form(token: str, *, login: str = "root", password: str = PASSWORD) -> SetupForm:
    return SetupForm(token, NewPerson(name="Rita", login=login, password=password))


def complete(web: Web, form: SetupForm) -> SignedIn:
    return auth.complete_setup(web.storage, web.passwords, web.tokens, form, now=web.clock())


def test_a_setup_link_makes_the_first_administrator_once(web: Web) -> None:
    token = auth.make_setup_link(web.storage, web.tokens, now=web.clock())
    other = auth.make_setup_link(web.storage, web.tokens, now=web.clock())
    signed_in = complete(web, setup_form(token))
    assert signed_in.user.role is Role.ADMIN
    assert scope_of(web, signed_in).client_ids is None
    for used in (token, other):
        with pytest.raises(ConflictError):
            complete(web, setup_form(used, login="second"))
    with pytest.raises(ConflictError):
        auth.make_setup_link(web.storage, web.tokens, now=web.clock())


def test_a_wrong_field_leaves_the_setup_link_usable(web: Web) -> None:
    token = auth.make_setup_link(web.storage, web.tokens, now=web.clock())
    for form in (setup_form(token, password="short"), setup_form(token, login="no blanks")):
        with pytest.raises(InvalidInputError):
            complete(web, form)
    auth.check_setup_link(web.storage, web.tokens, token, now=web.clock())
    assert complete(web, setup_form(token)).user.login == "root"


def test_an_unknown_or_old_setup_link_is_refused(web: Web, clock: FakeClock) -> None:
    token = auth.make_setup_link(web.storage, web.tokens, now=clock())
    with pytest.raises(NotFoundError):
        complete(web, setup_form("guessed"))
    clock.advance(hours=24)
    with pytest.raises(NotFoundError):
        complete(web, setup_form(token))


def test_signing_in_and_out_is_audited_without_what_was_typed(web: Web) -> None:
    ana = add(web, "ana")
    with pytest.raises(NotSignedInError):
        sign_in(web, "my password by mistake", WRONG)
    with pytest.raises(NotSignedInError):
        sign_in(web, "ana", WRONG)
    signed_in = sign_in(web, "ana")
    auth.sign_out(web.storage, signed_in.session, ana, now=web.clock())
    own = str(ana.id)
    assert audited(web) == [
        ("user.added", own),
        ("login.failed", ""),
        ("login.failed", own),
        ("login", own),
        ("logout", own),
    ]


def test_the_deadline_of_a_session_that_was_used_meanwhile_moves_on(web: Web, clock: FakeClock) -> None:
    add(web, "root", Role.ADMIN)
    used, unused = sign_in(web, "root"), sign_in(web, "root")
    deadlines = {each.session.id: auth.idle_deadline(each.session, each.user) for each in (used, unused)}
    clock.advance(minutes=20)
    scope_of(web, used, touch=True)
    clock.advance(minutes=20)
    assert auth.ended_among(web.storage, deadlines, clock()) == {unused.session.id}
    assert deadlines[used.session.id] == clock() + timedelta(minutes=10)
