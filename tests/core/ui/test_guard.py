"""Who may see what: no session, ended sessions, roles, and each page's own guard."""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from streamlit.testing.v1 import AppTest

from core.domain.types import Role
from tests.core.ui.house import LONGEST_SECONDS, PAGES, ScreenHouse, words

FOLDER = Path(__file__).parents[3] / "pages"


def test_every_page_file_is_in_the_list_of_these_tests() -> None:
    assert sorted(PAGES) == sorted(path.stem for path in FOLDER.glob("*.py"))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_run_alone_without_a_session_shows_nothing(house: ScreenHouse, page: str) -> None:
    house.read(house.account(house.person()))
    at = AppTest.from_file(str(FOLDER / f"{page}.py"), default_timeout=LONGEST_SECONDS).run()
    assert not at.exception
    assert words(at) == ""
    assert len(at.main) == 0


@pytest.mark.parametrize("reference", ["", "not-an-id", "00000000-0000-0000-0000-000000000000"])
def test_the_router_shows_nothing_for_a_made_up_session(house: ScreenHouse, reference: str) -> None:
    house.read(house.account(house.person()))
    at = house.screen(None)
    at.user = {"session_ref": reference}
    at.run()
    assert words(at) == ""


def test_a_revoked_session_ends_at_the_next_run(house: ScreenHouse) -> None:
    ana = house.person()
    house.read(house.account(ana))
    at = house.screen(ana)
    assert "Patrimônio" in words(at)
    with house.storage.begin() as uow:
        uow.sessions.revoke_all(ana.id, house.now)
    at.run()
    assert "Patrimônio" not in words(at)


def test_a_client_does_not_get_the_clients_page(house: ScreenHouse) -> None:
    ana = house.person()
    with pytest.raises(ValueError, match="clients"):
        house.screen(ana, "clients")


def test_a_client_who_runs_the_clients_page_alone_sees_nothing_of_it(house: ScreenHouse) -> None:
    ana, bia = house.person(), house.person("bia")
    at = AppTest.from_file(str(FOLDER / "clients.py"), default_timeout=LONGEST_SECONDS)
    at.user = {"session_ref": str(house.sign_in(ana))}
    at.run()
    assert bia.name not in words(at)
    assert len(at.main) == 0


def test_an_analyst_gets_no_page_that_changes_anything(house: ScreenHouse) -> None:
    at = house.screen(house.person("leo", role=Role.ANALYST))
    assert not at.exception
    with pytest.raises(ValueError, match="add_account"):
        at.switch_page("../../pages/add_account.py")


def test_an_administrator_first_chooses_a_client(house: ScreenHouse) -> None:
    ana = house.person()
    house.read(house.account(ana), equity=4321.0)
    root = house.admin()
    assert "Contas de quem?" in words(house.screen(root))
    assert "4.321,00" in words(house.screen(root, client=str(ana.id)))


def test_looking_does_not_keep_an_idle_session_alive_but_acting_does(house: ScreenHouse) -> None:
    ana = house.person()
    session_id = house.sign_in(ana)
    with house.storage.begin() as uow:
        uow.sessions.touch(session_id, house.now - timedelta(minutes=5))
    at = AppTest.from_file(str(FOLDER / "overview.py"), default_timeout=LONGEST_SECONDS)
    at.user = {"session_ref": str(session_id)}
    at.run()
    assert _seen(house, session_id) == house.now - timedelta(minutes=5)
    router = house.screen(None)
    router.user = {"session_ref": str(session_id)}
    router.run()
    assert _seen(house, session_id) > house.now - timedelta(minutes=5)


def _seen(house: ScreenHouse, session_id: UUID) -> datetime:
    with house.storage.begin(write=False) as uow:
        found = uow.sessions.by_id(session_id)
    assert found is not None
    return found[0].seen_at
