"""What a screen says of odd readings and of a wrong clock."""

import pytest

from core.domain.marks import Mark, MarkKind
from core.domain.types import Heartbeat
from tests.core.persistence.makers import HOUR, MINUTE
from tests.core.ui.house import ScreenHouse, words


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Binance: a change of +\\$5,000.00 at"),
        ("pt_BR", "Binance: uma variação de +US\\$ 5.000,00 às"),
    ],
)
def test_a_confirmed_large_move_is_told_for_a_day(house: ScreenHouse, language: str, told: str) -> None:
    ana = house.person(language=language)
    account = house.account(ana)
    house.read(account)
    with house.storage.begin() as uow:
        uow.marks.add(
            [
                Mark(account.id, ana.id, MarkKind.LARGE_MOVE, house.now - HOUR, house.now - HOUR, 5000.0),
                Mark(account.id, ana.id, MarkKind.LARGE_MOVE, house.now - 25 * HOUR, house.now - 25 * HOUR, 7000.0),
                Mark(account.id, ana.id, MarkKind.LATE, house.now - HOUR, house.now - HOUR),
            ]
        )
    shown = words(house.screen(ana)).replace("\xa0", " ")
    assert told in shown
    assert "7" + ("," if language == "en" else ".") + "000" not in shown


def test_a_reading_that_was_not_believed_is_told(house: ScreenHouse) -> None:
    ana = house.person(language="en")
    account = house.account(ana)
    house.read(account)
    with house.storage.begin() as uow:
        uow.marks.add([Mark(account.id, ana.id, MarkKind.SUSPECT, house.now - MINUTE, house.now - MINUTE, 5000.0)])
    assert "was not believed" in words(house.screen(ana))


@pytest.mark.parametrize(("seconds", "told"), [(7.4, "7 seconds behind"), (-400.0, "400 seconds ahead")])
def test_a_wrong_clock_is_told_on_every_page(house: ScreenHouse, seconds: float, told: str) -> None:
    ana = house.person(language="en")
    house.read(house.account(ana))
    with house.storage.begin() as uow:
        uow.syncing.beat(Heartbeat("sidecar", house.now - HOUR, house.now, "ok", clock_seconds=seconds))
    assert told in words(house.screen(ana))


def test_a_code_of_the_engine_has_words_of_its_own_in_the_list_of_accounts(house: ScreenHouse) -> None:
    ana = house.person()
    account = house.account(ana)
    house.read(account)
    house.fail(account, "stale_at_exchange")
    assert "continua mandando a mesma resposta antiga" in words(house.screen(ana, "accounts"))
