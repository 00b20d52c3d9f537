"""The Accounts page: what it says of each account, and what its menu does, bound to ids."""

from datetime import datetime, timedelta

from streamlit.testing.v1 import AppTest

from core.domain.reading_plans import ReadingPlan
from core.domain.types import AccountStatus, ExchangeAccount
from core.ui import account_actions as actions
from tests.core.ui.house import ScreenHouse, words


def stored(house: ScreenHouse, account: ExchangeAccount) -> ExchangeAccount:
    with house.storage.begin(write=False) as uow:
        found = uow.accounts.get(account.id, None)
    assert found is not None
    return found


def choose(at: AppTest, account: ExchangeAccount, action: str) -> AppTest:
    return at.menu_button(key=actions.menu_key(str(account.id))).click(action).run()


def test_an_account_is_listed_with_exchange_hint_status_and_age(house: ScreenHouse) -> None:
    ana = house.person()
    house.read(house.account(ana, "Minha Binance"), equity=99.5)
    text = words(house.screen(ana, "accounts"))
    assert "Minha Binance" in text
    assert "chave ••••1234" in text
    assert "Conta principal" in text
    assert "Ativa" in text
    assert "99,50" in text.replace("\xa0", " ")


def test_pausing_and_resuming_takes_effect_at_once(house: ScreenHouse) -> None:
    ana = house.person()
    account = house.account(ana)
    at = choose(house.screen(ana, "accounts"), account, actions.PAUSE)
    assert not at.exception
    assert stored(house, account).is_active is False
    choose(at, account, actions.RESUME)
    assert stored(house, account).is_active is True


def test_renaming_asks_for_the_name_in_a_panel(house: ScreenHouse) -> None:
    ana = house.person()
    account = house.account(ana)
    at = choose(house.screen(ana, "accounts"), account, actions.RENAME)
    at.text_input(key="rename_name").set_value("Carteira longa")
    at.button(key="rename_submit").click().run()
    assert stored(house, account).name == "Carteira longa"
    assert "panel" not in at.session_state


def test_a_name_that_is_taken_is_refused_in_the_panel(house: ScreenHouse) -> None:
    ana = house.person()
    account = house.account(ana)
    house.account(ana, "Bitget", exchange="bitget", is_main=False)
    at = choose(house.screen(ana, "accounts"), account, actions.RENAME)
    at.text_input(key="rename_name").set_value("bitget")
    at.button(key="rename_submit").click().run()
    assert stored(house, account).name == "Binance"
    assert "Outra conta já tem este nome" in words(at)


def test_the_main_account_changes_after_a_panel_that_names_both(house: ScreenHouse) -> None:
    ana = house.person()
    old, new = house.account(ana), house.account(ana, "Bitget", exchange="bitget", is_main=False)
    at = choose(house.screen(ana, "accounts"), new, actions.SET_MAIN)
    assert "Tornar Bitget a conta principal" in [button.label for button in at.button]
    at.button(key="main_submit").click().run()
    assert (stored(house, old).is_main, stored(house, new).is_main) == (False, True)


def test_somebody_elses_switch_is_noticed(house: ScreenHouse) -> None:
    ana = house.person()
    house.account(ana)
    second = house.account(ana, "Bitget", exchange="bitget", is_main=False)
    third = house.account(ana, "Outra", is_main=False)
    at = choose(house.screen(ana, "accounts"), second, actions.SET_MAIN)
    with house.storage.begin() as uow:
        uow.accounts.set_main(ana.id, third.id, house.now)
    at.button(key="main_submit").click().run()
    assert stored(house, third).is_main
    assert "Alguém mudou a conta principal" in words(at)


def test_removing_a_main_account_needs_a_successor(house: ScreenHouse) -> None:
    ana = house.person()
    old, new = house.account(ana), house.account(ana, "Bitget", exchange="bitget", is_main=False)
    at = choose(house.screen(ana, "accounts"), old, actions.REMOVE)
    assert "O histórico fica" in words(at)
    at.button(key="remove_submit").click().run()
    assert stored(house, old).removed_at is None
    assert "precisa de uma sucessora" in words(at)
    at.selectbox(key="remove_successor").set_value(str(new.id))
    at.button(key="remove_submit").click().run()
    assert stored(house, old).removed_at is not None
    assert stored(house, new).is_main


def test_a_removed_account_keeps_a_way_to_its_history(house: ScreenHouse) -> None:
    ana = house.person()
    house.account(ana)
    gone = house.account(ana, "Antiga", is_main=False)
    with house.storage.begin() as uow:
        uow.accounts.remove(gone, house.now)
    at = house.screen(ana, "accounts")
    assert "Contas removidas (1)" in [expander.label for expander in at.expander]
    assert "Antiga" in words(at)


def test_an_old_login_is_asked_for_the_password_before_a_key_is_touched(house: ScreenHouse) -> None:
    ana = house.person()
    account = house.account(ana)
    at = house.screen(ana, "accounts", login_age=timedelta(minutes=11))
    choose(at, account, actions.REMOVE)
    at.button(key="remove_submit").click().run()
    assert stored(house, account).removed_at is None
    assert "Informe a sua senha de novo" in words(at)


def test_a_failed_key_says_cause_and_cure_on_its_card(house: ScreenHouse) -> None:
    ana = house.person()
    account = house.account(ana)
    house.read(account)
    house.fail(account, "ip_not_allowed")
    text = words(house.screen(ana, "accounts"))
    assert "Precisa de atenção" in text
    assert "A chave está vinculada a outros IPs" in text


def test_only_an_administrator_can_accept_an_unverified_account(house: ScreenHouse) -> None:
    ana = house.person()
    account = house.account(ana, status=AccountStatus.UNVERIFIED, is_main=False)
    key = actions.menu_key(str(account.id))
    mine = house.screen(ana, "accounts")
    theirs = house.screen(house.admin(), client=str(ana.id)).switch_page("../../pages/accounts.py").run()
    accept = "Aceitar sem verificação"
    assert accept not in mine.menu_button(key=key).options
    assert accept in theirs.menu_button(key=key).options


def test_a_reading_can_be_asked_for(house: ScreenHouse) -> None:
    ana = house.person()
    account = house.account(ana)
    house.read(account)
    at = choose(house.screen(ana, "accounts"), account, actions.SYNC)
    assert not at.exception
    with house.storage.begin(write=False) as uow:
        (state,) = uow.syncing.states({ana.id})
    assert state.next_due_at < house.now + timedelta(seconds=25)


def test_what_is_on_the_screen_is_noted_for_the_sidecar_and_not_at_every_redraw(house: ScreenHouse) -> None:
    ana = house.person()
    account = house.account(ana)
    at = house.screen(ana, "accounts")
    first = look_at(house, account)
    assert first is not None
    at.run()
    assert look_at(house, account) == first
    other = house.account(house.person("bia"))
    assert look_at(house, other) is None


def test_an_exchange_whose_limits_are_too_tight_is_named(house: ScreenHouse) -> None:
    ana = house.person()
    house.read(house.account(ana))
    wanted = {"main": 30, "watched": 30, "active": 120, "rest": 300}
    with house.storage.begin() as uow:
        uow.planning.save_plans(
            [
                ReadingPlan("binance", "", 412, 150, {"main": 83}, wanted, house.now),
                ReadingPlan("bybit", "", 900, 100, {"main": 270}, wanted, house.now),
            ]
        )
    text = words(house.screen(ana, "accounts"))
    assert "Binance: 412 contas, um endereço permite 150 a cada 30 s: agora a cada 83 s" in text
    assert "Bybit" not in text
    assert "lida a cada 30 s · conta principal" in text


def look_at(house: ScreenHouse, account: ExchangeAccount) -> datetime | None:
    with house.storage.begin(write=False) as uow:
        (state,) = uow.syncing.states(None, account_ids={account.id})
    return state.looked_at
