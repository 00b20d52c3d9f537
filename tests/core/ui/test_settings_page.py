"""A person's own settings."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from streamlit.testing.v1 import AppTest

from core.domain.types import User
from core.ui import own_login
from core.ui.i18n import use_language
from core.ui.messages import explain
from core.ui.own_login import CURRENT, REPEATED, device_name
from tests.core.persistence.makers import HOUR
from tests.core.ui.house import ScreenHouse, words

PASSWORD, NEW = "violet-kettle-harbour-29", "seven purple anchors"


def test_the_language_changes_at_once(house: ScreenHouse) -> None:
    ana = house.person()
    at = house.screen(ana, "settings")
    assert "Idioma, horário e moeda" in words(at)
    at.selectbox(key="settings_language").set_value("en")
    at.selectbox(key="settings_time_zone").set_value("Europe/Lisbon")
    at.button(key="settings_submit").click().run()
    assert not at.exception
    assert "Language, time and currency" in words(at)
    with house.storage.begin(write=False) as uow:
        stored = uow.users.get(ana.id)
    assert stored is not None
    assert (stored.language, stored.time_zone) == ("en", "Europe/Lisbon")


def test_signing_out_everywhere_ends_this_session_too(house: ScreenHouse) -> None:
    at = house.screen(house.person(), "settings")
    at.button(key="sign_out_all").click().run()
    at.run()
    assert words(at) == ""


def test_signing_out_asks_the_browser_to_go_to_the_sign_out_address(house: ScreenHouse) -> None:
    at = house.screen(house.person())
    at.button(key="sign_out").click().run()
    assert dict(at.user) == {}


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Let AppTest write options as the English screens of these tests do."""
    yield
    use_language("pt_BR")


def kept_of(at: AppTest) -> str:
    """Return everything that the session holds, widgets without a name too."""
    state: Any = at.session_state._state._state  # Streamlit's own store
    return repr((state._old_state, state._new_session_state, state._new_widget_state.states))


def with_password(house: ScreenHouse) -> User:
    """Store a person whose password is PASSWORD."""
    ana = house.person()
    with house.storage.begin() as uow:
        uow.users.set_password(ana.id, house.web.passwords.hash(PASSWORD))
    return ana


def change(at: AppTest, current: str, new: str, repeated: str) -> None:
    """Fill the form for a new password in and send it."""
    for key, text in ((CURRENT, current), (own_login.NEW, new), (REPEATED, repeated)):
        at.text_input(key=key).set_value(text)
    at.button(key="password_submit").click().run()


def test_a_new_password_is_taken_and_nothing_of_it_stays_in_the_session(house: ScreenHouse) -> None:
    ana = with_password(house)
    phone = house.sign_in(ana)
    at = house.screen(ana, "settings")
    change(at, PASSWORD, NEW, NEW)
    assert not at.exception and not at.error
    with house.storage.begin(write=False) as uow:
        found, other = uow.users.by_login("ana"), uow.sessions.by_id(phone)
    assert found is not None and house.web.passwords.verify(found[1], NEW)
    assert other is not None and other[0].revoked_at is not None
    kept = kept_of(at)
    assert NEW not in kept and PASSWORD not in kept
    assert words(at).count("visto há") == 1


@pytest.mark.parametrize("language", ["pt_BR", "en"])
@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (("wrong words here", NEW, NEW), "wrong_password"),
        ((PASSWORD, "short", "short"), "password_too_short"),
        ((PASSWORD, NEW, NEW + "s"), "passwords_differ"),
        ((PASSWORD, PASSWORD, PASSWORD), "password_same"),
    ],
)
def test_a_refused_password_says_why_and_what_to_do(
    house: ScreenHouse, language: str, typed: tuple[str, str, str], code: str
) -> None:
    ana = with_password(house)
    with house.storage.begin() as uow:
        uow.users.update(replace(ana, language=language))
    use_language(language)
    at = house.screen(ana, "settings")
    change(at, *typed)
    message = explain(code)
    assert len(at.error) == 1
    assert message.title in at.error[0].proto.title and at.error[0].value == message.cure
    kept = kept_of(at)
    assert all(text not in kept for text in typed)
    at.run()
    assert not at.error


def test_the_list_shows_this_session_marked_and_signs_another_out(house: ScreenHouse) -> None:
    use_language("en")
    ana = house.person(language="en")
    phone = house.sign_in(ana, HOUR)
    at = house.screen(ana, "settings")
    assert words(at).count("badge[:material/check: this session]") == 1 and words(at).count("last seen") == 2
    at.button(key=f"end_{phone}").click().run()
    assert not at.exception and words(at).count("last seen") == 1
    with house.storage.begin(write=False) as uow:
        ended = uow.sessions.by_id(phone)
    assert ended is not None and ended[0].revoked_at is not None


def test_a_session_that_has_ended_meanwhile_is_said_to_be_gone(house: ScreenHouse) -> None:
    use_language("en")
    ana = house.person(language="en")
    phone = house.sign_in(ana)
    at = house.screen(ana, "settings")
    with house.storage.begin() as uow:
        uow.sessions.revoke(phone, house.now)
    at.button(key=f"end_{phone}").click().run()
    assert at.error[0].proto.title == "This does not exist."


def test_other_peoples_sessions_are_not_listed(house: ScreenHouse) -> None:
    house.sign_in(house.person("bruno"))
    at = house.screen(house.person(language="en"), "settings")
    assert words(at).count("last seen") == 1


@pytest.mark.parametrize(
    ("user_agent", "shown"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36",
            "Chrome/149.0.0.0 Safari/537.36 · X11; Linux x86_64",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox/130.0 · X11; Linux x86_64"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", ""),
    ],
)
def test_a_device_is_named_by_its_own_words_in_short(user_agent: str, shown: str) -> None:
    assert device_name(user_agent).startswith(shown)
    assert len(device_name(user_agent * 5)) <= 90


def test_a_device_that_calls_itself_markdown_is_shown_as_it_is(house: ScreenHouse) -> None:
    ana = house.person(language="en")
    session_id = house.sign_in(ana)
    with house.storage.begin() as uow:
        found = uow.sessions.by_id(session_id)
        assert found is not None
        uow.sessions.add(replace(found[0], id=uuid4(), token_hash="other", user_agent="[bad] **loud**"))
    assert r"\[bad\]" in words(house.screen(ana, "settings"))
