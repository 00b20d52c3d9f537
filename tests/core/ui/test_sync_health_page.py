"""The sync health page: what it tells administrators, and that nobody else gets it."""

from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.domain.reading_plans import Budget, ReadingPlan
from core.domain.sync_runs import RunOutcome, RunTally, SyncRun
from core.domain.types import ExchangeAccount, Heartbeat, Role, Tier
from core.ports import ExchangePause
from core.ui.sync_cards import countdown
from tests.core.persistence.makers import NOW, Change, make_run
from tests.core.ui.house import LONGEST_SECONDS, ScreenHouse, words

PAGE = Path(__file__).parents[3] / "pages" / "sync_health.py"


def run(house: ScreenHouse, account: ExchangeAccount, number: int, **changes: Change) -> SyncRun:
    at = house.now - timedelta(seconds=30 * (60 - number))
    made = make_run(account, number, started_at=at, ended_at=at + timedelta(seconds=1.25), **changes)
    with house.storage.begin() as uow:
        uow.runs.add(made)
    return made


def test_an_exchange_is_told_with_ages_success_limits_and_rhythm(house: ScreenHouse) -> None:
    house.read(house.account(house.person()))
    wanted: dict[str, int] = {Tier.MAIN: 30, Tier.WATCHED: 30, Tier.ACTIVE: 120, Tier.REST: 300}
    with house.storage.begin() as uow:
        uow.runs.add_tallies(
            [
                RunTally("one", "binance", house.now, RunOutcome.OK, "", 995, 3000, 1),
                RunTally("one", "binance", house.now, RunOutcome.FAILED, "network", 5, 10, 1),
            ]
        )
        uow.planning.save_plans([ReadingPlan("binance", "", 412, 150, {**wanted, Tier.MAIN: 83}, wanted, house.now)])
        uow.planning.ensure_budget(Budget("binance", "", "weight", 6000, 60, other_rate=75.0))
        uow.syncing.beat(Heartbeat("one", house.now, house.now, "ok", "0.1.0"))
    at = house.screen(house.admin(), "sync_health")
    assert not at.exception
    text = words(at)
    assert "Binance" in text and "1 / 1" in text and "99,5%" in text
    assert "412 contas" in text and "agora a cada 83 s" in text
    assert "inalcançável 5" in text
    assert any("75%, 4.500 de 6.000 em 60 s" in progress.text for progress in at.get("progress"))
    assert "one · 0\\.1\\.0 · chaves abertas" in text
    assert "a cada 30 s: 1" in text


def test_a_pause_is_told_with_the_time_that_is_left(house: ScreenHouse) -> None:
    house.read(house.account(house.person()))
    until = house.now + timedelta(minutes=10)
    with house.storage.begin() as uow:
        uow.syncing.pause(ExchangePause("binance", until, "ip_banned"))
    assert "endereço bloqueado · continua em 9:" in words(house.screen(house.admin(), "sync_health"))


def test_an_account_in_trouble_tells_its_runs_with_reason_and_cure(house: ScreenHouse) -> None:
    account = house.account(house.person(name="Ana Souza"), "Longo prazo")
    for number in range(1, 4):
        run(house, account, number)
    run(house, account, 4, outcome=RunOutcome.PARTIAL, wallets_failed={"usdm": "network"})
    run(house, account, 5, outcome=RunOutcome.FAILED, error_code="bad_key")
    house.fail(account, "bad_key")
    at = house.screen(house.admin(), "sync_health")
    assert "Longo prazo" in words(at) and "Ana Souza" in words(at)
    assert "3 boas nas últimas 5 leituras" in words(at)
    at.button(key=f"health_open_{account.id}").click().run()
    assert not at.exception
    text = words(at)
    assert "A Binance não reconhece esta chave." in text
    assert "1× A Binance não respondeu a tempo." in text
    table = at.dataframe[0].value
    assert list(table["run"]) == [5, 4, 3, 2, 1]
    assert list(table["wallets"])[:2] == ["", "usdm"]
    at.button(key=f"health_open_{account.id}").click().run()
    assert len(at.dataframe) == 0


def test_read_now_makes_the_account_due_at_once(house: ScreenHouse) -> None:
    account = house.account(house.person())
    house.fail(account, "network")
    at = house.screen(house.admin(), "sync_health")
    at.button(key=f"health_open_{account.id}").click().run()
    at.button(key=f"health_read_{account.id}").click().run()
    assert not at.exception
    with house.storage.begin(write=False) as uow:
        assert uow.syncing.states(None, account_ids=[account.id])[0].next_due_at <= house.web.clock()


def test_when_all_is_well_the_page_says_so_and_any_account_can_be_found(house: ScreenHouse) -> None:
    account = house.account(house.person(name="Ana Souza"), "Hedge")
    house.read(account)
    at = house.screen(house.admin(), "sync_health")
    assert "em dia" in words(at) and "Hedge" not in words(at)
    at.text_input(key="health_search").set_value("souza").run()
    assert "Hedge" in words(at)
    at.text_input(key="health_search").set_value("nobody").run()
    assert "Nenhuma conta com este nome" in words(at)


def test_an_empty_installation_says_what_will_appear(house: ScreenHouse) -> None:
    at = house.screen(house.admin(), "sync_health")
    assert not at.exception
    assert "Ainda não há conta de corretora" in words(at)


@pytest.mark.parametrize("role", [Role.CLIENT, Role.ANALYST])
def test_nobody_else_gets_the_page_not_even_by_running_it_alone(house: ScreenHouse, role: Role) -> None:
    house.account(house.person("bia", name="Beatriz Lima"))
    other = house.person("leo", role=role)
    with pytest.raises(ValueError, match="sync_health"):
        house.screen(other, "sync_health")
    at = AppTest.from_file(str(PAGE), default_timeout=LONGEST_SECONDS)
    at.user = {"session_ref": str(house.sign_in(other))}
    at.run()
    assert words(at) == ""
    assert len(at.main) == 0


@pytest.mark.parametrize(
    ("seconds", "text"), [(-3, "0:00"), (42.9, "0:42"), (61, "1:01"), (3600, "1:00:00"), (7384, "2:03:04")]
)
def test_a_countdown_is_read_like_a_clock(seconds: float, text: str) -> None:
    assert countdown(NOW + timedelta(seconds=seconds), NOW) == text
