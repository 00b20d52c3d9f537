"""Adding an account: the form comes from what the exchange needs, and nothing of the key stays in the session."""

from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from connectors import available, describe
from core.domain.types import AccountStatus, Job, JobStatus, JobStep, StepState
from core.services.account_keys import CHECK_LIST
from core.ui.checklist import STEPS
from tests.core.persistence import makers
from tests.core.ui.house import ScreenHouse, words

CANARY = "canary" + "A1b2C3d4" * 7 + "zz"
SECRET = "secret" + "Z9y8X7w6" * 7 + "qq"


def choose_exchange(at: AppTest, exchange: str) -> AppTest:
    return at.selectbox(key="add_exchange").set_value(exchange).run()


def fill(at: AppTest, exchange: str, **typed: str) -> AppTest:
    for field in describe(exchange).credential_fields:
        at.text_input(key=f"key_{exchange}_{field.name}").set_value(typed.get(field.name, SECRET))
    return at.button(key="add_submit").click().run()


@pytest.mark.parametrize("exchange", available())
def test_the_form_asks_for_exactly_the_fields_the_exchange_needs(house: ScreenHouse, exchange: str) -> None:
    at = choose_exchange(house.screen(house.person(), "add_account"), exchange)
    drawn = [box.key for kind in (at.text_input, at.selectbox) for box in kind if str(box.key).startswith("key_")]
    assert sorted(map(str, drawn)) == sorted(
        f"key_{exchange}_{field.name}" for field in describe(exchange).credential_fields
    )


def test_a_passphrase_is_asked_for_only_where_there_is_one(house: ScreenHouse) -> None:
    at = house.screen(house.person(), "add_account")
    labels = {exchange: [box.label for box in choose_exchange(at, exchange).text_input] for exchange in available()}
    with_passphrase = {exchange for exchange, drawn in labels.items() if "Passphrase" in drawn}
    assert "bitget" in with_passphrase
    assert "binance" not in with_passphrase


def test_secrets_are_typed_into_password_inputs(house: ScreenHouse) -> None:
    at = choose_exchange(house.screen(house.person(), "add_account"), "bitget")
    kinds = {box.key: box.proto.type for box in at.text_input if str(box.key).startswith("key_")}
    assert set(kinds.values()) == {at.text_input(key="key_bitget_passphrase").proto.PASSWORD}


def test_the_suggested_name_is_the_first_free_one(house: ScreenHouse) -> None:
    ana = house.person()
    house.account(ana, "Binance")
    at = choose_exchange(house.screen(ana, "add_account"), "binance")
    assert at.text_input(key="name_binance").value == "Binance 2"


def test_submitting_seals_the_key_and_shows_the_check_list(house: ScreenHouse) -> None:
    ana = house.person()
    at = choose_exchange(house.screen(ana, "add_account"), "binance")
    fill(at, "binance", api_key=CANARY)
    assert not at.exception
    with house.storage.begin(write=False) as uow:
        (account,) = uow.accounts.all({ana.id})
        sealed = uow.credentials.load(account.id, ana.id)
    assert account.status is AccountStatus.PENDING
    assert account.hint == CANARY[-4:]
    assert sealed is not None
    assert CANARY not in repr(sealed)
    text = words(at)
    assert "Conferindo Binance" in text
    assert "A chave não permite saque" in text


def test_nothing_of_a_key_stays_in_the_session(house: ScreenHouse) -> None:
    ana = house.person()
    at = choose_exchange(house.screen(ana, "add_account"), "bitget")
    fill(at, "bitget", api_key=CANARY)
    assert_no_secret(at)
    at.run()
    assert_no_secret(at)


def test_nothing_of_a_refused_key_stays_in_the_session_either(house: ScreenHouse) -> None:
    ana = house.person()
    at = choose_exchange(house.screen(ana, "add_account"), "bitget")
    fill(at, "bitget", api_key=CANARY, passphrase="")
    assert "Passphrase: Este campo é obrigatório" in words(at)
    assert_no_secret(at)


def assert_no_secret(at: AppTest) -> None:
    inside: Any = at.session_state._state._state  # Streamlit's own store, widgets' raw states included
    kept = repr((at.session_state.to_dict(), inside._old_state, inside._new_session_state, inside._new_widget_state))
    assert CANARY not in kept
    assert SECRET not in kept
    assert CANARY not in words(at)


def test_a_field_with_blanks_in_it_is_caught_before_anything_is_stored(house: ScreenHouse) -> None:
    ana = house.person()
    at = choose_exchange(house.screen(ana, "add_account"), "binance")
    fill(at, "binance", api_key="with blanks inside")
    assert "Isto não parece o que a corretora emite" in words(at)
    with house.storage.begin(write=False) as uow:
        assert uow.accounts.all({ana.id}) == []


def test_the_same_key_twice_is_refused_with_a_reason(house: ScreenHouse) -> None:
    ana = house.person()
    fill(choose_exchange(house.screen(ana, "add_account"), "binance"), "binance", api_key=CANARY)
    at = fill(choose_exchange(house.screen(ana, "add_account"), "binance"), "binance", api_key=CANARY)
    assert "Esta chave já está em uso" in words(at)


def test_an_old_login_is_asked_for_the_password_first(house: ScreenHouse) -> None:
    ana = house.person()
    at = choose_exchange(house.screen(ana, "add_account", login_age=timedelta(minutes=11)), "binance")
    fill(at, "binance", api_key=CANARY)
    assert "Informe a sua senha de novo" in words(at)
    assert_no_secret(at)


def test_an_unusual_key_is_checked_all_the_same_with_a_word_of_warning(house: ScreenHouse) -> None:
    ana = house.person()
    at = choose_exchange(house.screen(ana, "add_account"), "binance")
    fill(at, "binance", api_key="short", api_secret="alsoshort")
    assert "Não parece o que a corretora costuma emitir: Chave de API" in words(at)
    assert "Conferindo Binance" in words(at)


def finish(house: ScreenHouse, status: JobStatus, code: str | None, **steps: JobStep) -> Job:
    """Finish the only job as the sidecar would."""
    with house.storage.begin() as uow:
        (account,) = uow.accounts.all(None)
        (job,) = uow.jobs.latest([account.id], None)
        uow.jobs.set_steps(job.id, [steps.get(name, JobStep(name, StepState.OK)) for name in CHECK_LIST])
        uow.jobs.finish(job.id, status, house.now, error_code=code)
        if status is JobStatus.FAILED:
            uow.accounts.set_status(account, AccountStatus.REFUSED, code, house.now)
        else:
            uow.accounts.set_status(account, AccountStatus.ACTIVE, None, house.now)
    return job


def test_the_first_balance_is_shown_when_the_key_is_good(house: ScreenHouse) -> None:
    ana = house.person()
    at = fill(choose_exchange(house.screen(ana, "add_account"), "binance"), "binance", api_key=CANARY)
    finish(house, JobStatus.DONE, None)
    with house.storage.begin(write=False) as uow:
        (account,) = uow.accounts.all({ana.id})
    house.read(account, equity=4242.42, days=0)
    at.run()
    assert "A conta está conectada" in words(at)
    assert "4.242,42" in words(at)


def test_a_refusal_names_the_line_the_cause_and_the_way_on(house: ScreenHouse) -> None:
    ana = house.person()
    at = fill(choose_exchange(house.screen(ana, "add_account"), "binance"), "binance", api_key=CANARY)
    failed = JobStep("no_withdraw", StepState.FAILED, "may_withdraw")
    finish(house, JobStatus.FAILED, "may_withdraw", no_withdraw=failed)
    at.run()
    text = words(at)
    assert "A chave não permite saque · *falhou* (permite saque)" in text
    assert "Esta chave permite saque. Não a guardamos." in text
    assert "Informar outra chave" in [button.label for button in at.button]


def test_every_line_of_the_check_list_has_words() -> None:
    assert set(STEPS) == set(CHECK_LIST)


def test_another_clients_job_is_not_shown(house: ScreenHouse) -> None:
    ana, bia = house.person(), house.person("bia")
    foreign = house.account(bia, "Segredo da Bia")
    with house.storage.begin() as uow:
        job = uow.jobs.add(makers.make_job(foreign))
    at = house.screen(ana, "add_account")
    at.session_state["watched_job"] = str(job.id)
    at.run()
    assert "Segredo da Bia" not in words(at)
    assert "watched_job" not in at.session_state
