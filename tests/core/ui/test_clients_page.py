"""The Clients page, for administrators."""

from datetime import timedelta

from tests.core.ui.house import ScreenHouse, words

PASSWORD = "four unrelated words here"  # noqa: S105 - typed into the form under test


def test_clients_are_listed_and_found_by_part_of_their_name(house: ScreenHouse) -> None:
    house.person("ana.souza", name="Ana Souza")
    house.person("bia", name="Beatriz Lima")
    at = house.screen(house.admin(), "clients")
    assert "Ana Souza" in words(at)
    assert "Beatriz Lima" in words(at)
    at.text_input(key="client_search").set_value("lima").run()
    assert "Ana Souza" not in words(at)
    assert "Beatriz Lima" in words(at)
    at.text_input(key="client_search").set_value("nobody").run()
    assert "Nenhum cliente com este nome" in words(at)


def test_opening_a_client_puts_it_on_the_screen(house: ScreenHouse) -> None:
    ana = house.person(name="Ana Souza")
    house.read(house.account(ana), equity=321.0)
    at = house.screen(house.admin(), "clients")
    at.button(key=f"open_{ana.id}").click().run()
    assert not at.exception
    assert at.session_state["client_id"] == str(ana.id)


def test_nobody_opens_a_client_once_the_session_has_ended(house: ScreenHouse) -> None:
    ana, admin = house.person(name="Ana Souza"), house.admin()
    at = house.screen(admin, "clients")
    with house.storage.begin() as uow:
        uow.sessions.revoke_all(admin.id, house.now)
    at.button(key=f"open_{ana.id}").click().run()
    assert "client_id" not in at.session_state
    assert "Ana Souza" not in words(at)


def test_a_new_client_is_added_and_the_password_is_not_kept(house: ScreenHouse) -> None:
    at = house.screen(house.admin(), "clients")
    at.text_input(key="client_name").set_value("Carla Dias")
    at.text_input(key="client_login").set_value("carla")
    at.text_input(key="client_password").set_value(PASSWORD)
    at.button(key="client_submit").click().run()
    assert not at.exception
    with house.storage.begin(write=False) as uow:
        found = uow.users.by_login("carla")
    assert found is not None
    assert found[0].name == "Carla Dias"
    assert house.web.passwords.verify(found[1], PASSWORD)
    assert PASSWORD not in repr(at.session_state.to_dict())


def test_a_short_password_is_refused_in_words(house: ScreenHouse) -> None:
    at = house.screen(house.admin(), "clients")
    at.text_input(key="client_name").set_value("Carla Dias")
    at.text_input(key="client_login").set_value("carla")
    at.text_input(key="client_password").set_value("short")
    at.button(key="client_submit").click().run()
    assert "Esta senha é curta demais" in words(at)


def test_an_old_login_gives_the_password_again_before_adding_somebody(house: ScreenHouse) -> None:
    at = house.screen(house.admin(), "clients", login_age=timedelta(minutes=11))
    at.text_input(key="client_name").set_value("Carla Dias")
    at.text_input(key="client_login").set_value("carla")
    at.text_input(key="client_password").set_value(PASSWORD)
    at.button(key="client_submit").click().run()
    assert "Informe a sua senha de novo" in words(at)


def test_the_list_stays_short_and_says_how_many_there_are(house: ScreenHouse) -> None:
    for number in range(27):
        house.person(f"client{number:02}")
    at = house.screen(house.admin(), "clients")
    assert "25 de 27 na lista" in words(at)
