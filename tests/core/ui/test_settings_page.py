"""A person's own settings."""

from tests.core.ui.house import ScreenHouse, words


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
