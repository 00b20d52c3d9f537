"""The Overview page, played without a browser on a real database."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from core.domain.types import AccountStatus
from core.ui.curve import FROM, zoom_key
from tests.core.persistence import makers
from tests.core.ui.house import ScreenHouse, words


def test_a_client_sees_equity_results_and_positions_in_portuguese(house: ScreenHouse) -> None:
    ana = house.person()
    house.read(house.account(ana), equity=1234.5)
    at = house.screen(ana)
    assert not at.exception
    shown = {metric.label: metric.value for metric in at.metric}
    assert shown["Patrimônio"].replace("\xa0", " ") == "US\\$ 1.234,50"
    assert shown["Não realizado"].replace("\xa0", " ") == "-US\\$ 12,50"
    assert "Posições abertas" in [heading.value for heading in at.header]
    assert len(at.dataframe) == 3


def test_the_same_page_in_english_for_who_reads_english(house: ScreenHouse) -> None:
    ana = house.person(language="en")
    house.read(house.account(ana), equity=1234.5)
    at = house.screen(ana)
    assert {metric.label: metric.value for metric in at.metric}["Equity"] == "\\$1,234.50"
    assert "Open positions" in [heading.value for heading in at.header]


def test_no_account_yet_offers_to_add_one(house: ScreenHouse) -> None:
    at = house.screen(house.person())
    assert "Nenhuma conta de corretora ainda" in words(at)
    assert "Adicionar conta" in [button.label for button in at.button]


def test_an_account_without_a_reading_says_that_the_first_one_is_on_its_way(house: ScreenHouse) -> None:
    ana = house.person()
    house.account(ana)
    at = house.screen(ana)
    assert "A primeira leitura está a caminho" in words(at)
    assert not at.metric


def test_a_truly_empty_account_says_zero_and_when_it_was_read(house: ScreenHouse) -> None:
    ana = house.person()
    account = house.account(ana)
    at_ = house.now - timedelta(seconds=5)
    wallet = makers.make_wallet(account, as_of=at_, attempted_at=at_, equity=0.0, unpriced=())
    house.read(account, equity=0.0, days=0, wallets=(wallet,), balances=(), positions=())
    at = house.screen(ana)
    assert "Saldo zero na corretora" in words(at)
    assert {metric.label: metric.value for metric in at.metric}["Patrimônio"].replace("\xa0", " ") == "US\\$ 0,00"


def test_a_choice_that_hides_everything_offers_to_clear_it(house: ScreenHouse) -> None:
    ana = house.person()
    house.read(house.account(ana, is_main=False))
    at = house.screen(ana, account="main")
    assert "Nada corresponde a esta escolha" in words(at)
    assert "Limpar filtros" in [button.label for button in at.button]


def test_a_refused_account_says_cause_and_cure(house: ScreenHouse) -> None:
    ana = house.person()
    house.account(ana, status=AccountStatus.REFUSED, reason="may_withdraw", is_main=False)
    at = house.screen(ana, account="all")
    assert "Não foi possível ler" in words(at)
    assert "Esta chave permite saque" in words(at)
    assert "só com leitura" in words(at)


def test_what_was_carried_and_what_has_no_price_is_said_beside_the_sum(house: ScreenHouse) -> None:
    ana = house.person()
    account = house.account(ana)
    at_ = house.now - timedelta(minutes=20)
    wallet = makers.make_wallet(
        account, as_of=at_, attempted_at=house.now, equity=500.0, ok=False, reason="network", unpriced=("XYZ",)
    )
    house.read(account, equity=500.0, wallets=(wallet,))
    text = words(house.screen(ana))
    assert "com valores anteriores de Binance" in text
    assert "sem XYZ: não há preço" in text
    assert "parcial" in text


def test_a_silent_sidecar_and_locked_keys_are_said_on_top(house: ScreenHouse) -> None:
    ana = house.person()
    house.read(house.account(ana))
    house.beat(age=timedelta(minutes=7), keys="locked")
    text = words(house.screen(ana))
    assert "Sem leituras novas" in text
    assert "há 7 min" in text
    assert "As chaves estão trancadas" in text


def test_the_url_chooses_account_and_period_and_nonsense_in_it_is_dropped(house: ScreenHouse) -> None:
    ana = house.person()
    house.read(house.account(ana), equity=1000.0)
    house.read(house.account(ana, "Bitget", exchange="bitget", is_main=False), equity=250.0)

    def equity(account: str = "main", period: str = "30") -> str:
        at = house.screen(ana, account=account, period=period)
        assert not at.exception
        return {metric.label: metric.value for metric in at.metric}["Patrimônio"].replace("\xa0", " ")

    assert equity() == "US\\$ 1.000,00"
    assert equity(account="all", period="7") == "US\\$ 1.250,00"
    assert equity(account="00000000-0000-0000-0000-000000000000", period="12") == "US\\$ 1.000,00"


def test_choosing_an_account_writes_the_url(house: ScreenHouse) -> None:
    ana = house.person()
    house.read(house.account(ana), equity=1000.0)
    at = house.screen(ana)
    at.selectbox(key="filter_account").set_value("all").run()
    assert at.query_params["account"] == "all"
    at.selectbox(key="filter_period").set_value("7").run()
    assert at.query_params["period"] == "7"


def test_another_clients_account_in_the_url_shows_nothing_of_it(house: ScreenHouse) -> None:
    ana, bia = house.person(), house.person("bia")
    house.read(house.account(ana), equity=1000.0)
    foreign = house.account(bia, "Segredo da Bia")
    house.read(foreign, equity=777.0)
    at = house.screen(ana, account=str(foreign.id), client=str(bia.id))
    assert "777" not in words(at)
    assert "Segredo da Bia" not in words(at)


@pytest.mark.parametrize("demo", [True, False])
def test_made_up_data_is_flagged_and_real_data_is_not(house: ScreenHouse, demo: bool) -> None:
    at = house.screen(house.person(is_demo=demo))
    assert ("Dados fictícios" in words(at)) is demo


def test_a_test_network_wears_its_badge(house: ScreenHouse) -> None:
    ana = house.person()
    house.read(house.account(ana, testnet=True))
    assert "Rede de testes" in words(house.screen(ana))


def test_a_name_with_markdown_in_it_is_shown_as_it_is(house: ScreenHouse) -> None:
    ana = house.person()
    house.read(house.account(ana, "[x](http://evil.example) **b**"))
    text = words(house.screen(ana))
    assert "[x](http" not in text
    assert "\\[x\\]" in text


def test_amounts_in_the_table_keep_every_digit(house: ScreenHouse) -> None:
    ana = house.person()
    account = house.account(ana)
    balance = makers.make_balance(account, total=Decimal("1234567.12345678"), as_of=house.now)
    house.read(account, balances=(balance,))
    tables = house.screen(ana).dataframe
    assert Decimal("1234567.12345678") in [value for table in tables for value in table.value.to_numpy().ravel()]


def test_a_zoom_survives_the_next_reading(house: ScreenHouse) -> None:
    ana = house.person()
    account = house.account(ana)
    house.read(account, days=5)
    at = house.screen(ana)
    day_before_yesterday = house.now.astimezone(ZoneInfo(ana.time_zone)) - timedelta(days=2)
    key = zoom_key(FROM, f"{ana.id}_main_30")
    at.selectbox(key=key).set_value(f"{day_before_yesterday:%Y-%m-%d}").run()
    house.read(account, equity=2000.0, days=0)
    at.run()
    assert not at.exception
    assert "2.000,00" in words(at)
    assert at.selectbox(key=key).value == f"{day_before_yesterday:%Y-%m-%d}"


def test_every_stop_of_the_zoom_has_a_label_of_its_own(house: ScreenHouse) -> None:
    ana = house.person()
    house.read(house.account(ana), days=5)
    for period in ("1", "7", "30"):
        key = zoom_key(FROM, f"{ana.id}_main_{period}")
        labels = list(house.screen(ana, period=period).selectbox(key=key).options)
        assert len(labels) == len(set(labels)) > 4
