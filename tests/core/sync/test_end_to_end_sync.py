"""From a submitted key to stored figures, through the real parts."""

from dataclasses import replace

import pytest

from connectors.sandbox.faults import Fault, FaultKind
from core.domain.types import AccountStatus, JobStatus, StepState
from core.errors import LeaseLostError
from core.sync.slot import run_slot
from tests.core.sync.house import EXCHANGE, House

BAD_ANSWERS = [FaultKind[name] for name in ("GARBAGE", "ERROR_200", "EMPTY", "RESET")]
ALL_STEPS = ("clock", "signature", "permissions", "no_withdraw", "ip", "expiry", "identity", "balances")


def test_a_good_key_becomes_an_active_main_account_with_the_exchange_s_own_figures(any_house: House) -> None:
    house = any_house
    job = house.add("good")
    house.once()
    assert (house.job(job).status, house.job(job).error_code) == (JobStatus.DONE, None)
    assert {step.code: step.state for step in house.job(job).steps} == dict.fromkeys(ALL_STEPS, StepState.OK)
    account = house.account(job)
    assert (account.status, account.is_main) == (AccountStatus.ACTIVE, True)
    assert account.uid == house.sandbox.key(EXCHANGE, "good").uid
    assert account.rights.withdraw is False
    assert account.rights.ip_restricted is True
    assert house.amounts(job) == house.truth("good")
    equity = sum(wallet.equity or 0 for wallet in house.wallets(job).values())
    assert equity == pytest.approx(float(house.world("good")["equity_usd"]), rel=2e-3)  # type: ignore[arg-type]


def test_a_second_pass_changes_nothing_and_a_fresh_sidecar_goes_on_where_the_first_ended(any_house: House) -> None:
    house = any_house
    job = house.add("good")
    house.once()
    before = (house.amounts(job), house.ledger(job), house.wallets(job), house.job(job))
    assert before[1]
    house.once()
    assert (house.amounts(job), house.ledger(job), house.wallets(job), house.job(job)) == before
    house.clock.move(30)
    house.once()
    assert house.amounts(job) == house.truth("good")
    assert house.state(job).last_ok_at == house.clock()
    assert before[1].items() <= house.ledger(job).items()


def test_a_deposit_is_in_the_ledger_in_the_very_slot_that_shows_it(house: House) -> None:
    job = house.add("good")
    house.once()
    house.clock.move(60)
    known = house.ledger(job).keys()
    house.deposit("good", "USDT", "50000")
    house.once()
    fresh = {key: amount for key, amount in house.ledger(job).items() if key not in known}
    assert house.amounts(job) == house.truth("good")
    assert 50000 in fresh.values()


@pytest.mark.parametrize(
    ("fault", "code", "pause"),
    [
        (Fault(EXCHANGE, FaultKind.STATUS, status=429, retry_after=45), "rate_limited", 45),
        (Fault(EXCHANGE, FaultKind.STATUS, status=418, retry_after=7), "ip_banned", 120),
    ],
)
def test_an_exchange_that_asks_for_peace_gets_it_and_the_last_good_figures_stay(
    house: House, fault: Fault, code: str, pause: int
) -> None:
    job = house.add("good")
    house.once()
    before = (house.amounts(job), house.wallets(job))
    house.clock.move(30)
    house.sandbox.fault(fault)
    house.once()
    house.sandbox.faults.clear()
    assert (house.amounts(job), house.wallets(job)) == before
    assert house.account(job).status is AccountStatus.ACTIVE
    house.sandbox.requests.clear()
    house.clock.move(pause - 1)
    house.once()
    assert house.requests() == {}
    assert house.pauses() == {EXCHANGE: code}
    house.clock.move(30)
    house.once()
    assert house.amounts(job) == house.truth("good")


@pytest.mark.parametrize(
    "kind",
    [FaultKind.GARBAGE, FaultKind.ERROR_200, FaultKind.HTML, FaultKind.EMPTY, FaultKind.TRUNCATE, FaultKind.RESET],
)
def test_a_bad_answer_to_one_account_leaves_its_last_good_figures_and_the_other_account_alone(
    house: House, kind: FaultKind
) -> None:
    struck, other = house.add("good"), house.add("spot")
    house.once()
    before = (house.amounts(struck), {name: wallet.equity for name, wallet in house.wallets(struck).items()})
    house.clock.move(120)
    house.sandbox.fault(Fault(EXCHANGE, kind, api_key=house.sandbox.key(EXCHANGE, "good").api_key))
    house.once()
    assert (house.amounts(struck), {name: wallet.equity for name, wallet in house.wallets(struck).items()}) == before
    assert house.state(struck).last_error_code is not None
    assert house.account(struck).status is AccountStatus.ACTIVE
    assert house.amounts(other) == house.truth("spot")
    assert house.state(other).last_error_code is None
    house.sandbox.faults.clear()
    house.clock.move(120)
    house.once()
    assert house.amounts(struck) == house.truth("good")
    assert house.state(struck).last_error_code is None


def test_one_wallet_that_fails_is_carried_and_the_others_are_new(house: House) -> None:
    job = house.add("good")
    house.once()
    before = house.wallets(job)["usdm"]
    house.clock.move(30)
    house.sandbox.fault(Fault(EXCHANGE, FaultKind.STATUS, status=503, path_prefix="/fapi/v3/account"))
    house.once()
    usdm, spot = house.wallets(job)["usdm"], house.wallets(job)["spot"]
    assert (usdm.ok, usdm.equity, usdm.as_of) == (False, before.equity, before.as_of)
    assert usdm.reason is not None
    assert (spot.ok, spot.as_of) == (True, house.clock())


def test_a_revoked_key_needs_attention_is_tried_every_quarter_of_an_hour_and_recovers(house: House) -> None:
    job = house.add("good")
    house.once()
    key = house.sandbox.key(EXCHANGE, "good")
    house.sandbox.put_key(replace(key, revoked=True))
    house.clock.move(30)
    house.once()
    assert house.account(job).status is AccountStatus.NEEDS_ATTENTION
    assert house.account(job).reason == house.state(job).last_error_code
    house.sandbox.put_key(key)
    house.clock.move(890)
    house.sandbox.requests.clear()
    house.once()
    assert house.requests("good") == {}
    house.clock.move(10)
    house.once()
    assert house.account(job).status is AccountStatus.ACTIVE
    assert house.amounts(job) == house.truth("good")


def test_a_key_that_comes_to_be_able_to_withdraw_is_refused_and_erased_at_the_daily_look(house: House) -> None:
    job, other = house.add("good"), house.add("spot")
    house.once()
    key = house.sandbox.key(EXCHANGE, "good")
    house.sandbox.put_key(replace(key, permissions=replace(key.permissions, withdraw=True)))
    house.clock.move(86400)
    house.once()
    account = house.account(job)
    assert (account.status, account.reason, account.is_main) == (AccountStatus.REFUSED, "may_withdraw", False)
    assert not house.has_key(job)
    assert house.account(other).is_main


def test_a_refused_account_is_not_main_even_when_no_other_can_be(house: House) -> None:
    job = house.add("good")
    house.once()
    key = house.sandbox.key(EXCHANGE, "good")
    house.sandbox.put_key(replace(key, permissions=replace(key.permissions, withdraw=True)))
    house.clock.move(86400)
    house.once()
    assert (house.account(job).status, house.account(job).is_main) == (AccountStatus.REFUSED, False)


def test_an_account_whose_sidecar_died_is_taken_over_and_the_dead_one_s_late_write_is_refused(any_house: House) -> None:
    house = any_house
    job = house.add("good")
    house.once()
    house.clock.move(30)
    frozen = house.runner("frozen")
    lease = house.claim("frozen")
    assert house.claim("other") is None
    house.clock.move(61)
    house.once()
    taken_over = (house.state(job), house.wallets(job))
    assert taken_over[0].last_ok_at == house.clock()
    assert lease is not None
    with pytest.raises(LeaseLostError):
        run_slot(frozen.tools, lease)
    assert (house.state(job), house.wallets(job)) == taken_over


def test_a_sealed_key_that_was_moved_into_another_row_is_never_used(house: House) -> None:
    job, other = house.add("good"), house.add("spot")
    house.once()
    house.swap_credentials(job, other)
    house.clock.move(120)
    house.sandbox.requests.clear()
    house.once()
    for broken in (job, other):
        assert (house.account(broken).status, house.account(broken).reason) == (
            AccountStatus.DAMAGED,
            "damaged_credential",
        )
    assert house.requests("good") == house.requests("spot") == {}


def test_a_paused_account_is_left_alone(house: House) -> None:
    job = house.add("good")
    house.once()
    with house.storage.begin() as uow:
        uow.accounts.update(replace(house.account(job), is_active=False))
    house.clock.move(300)
    house.sandbox.requests.clear()
    house.once()
    assert house.requests() == {}


def test_an_answer_of_another_account_is_dropped(house: House) -> None:
    job = house.add("good")
    house.once()
    before = house.wallets(job)
    key = house.sandbox.key(EXCHANGE, "good")
    house.sandbox.put_key(replace(key, uid=house.sandbox.key(EXCHANGE, "spot").uid))
    house.clock.move(30)
    house.once()
    assert house.wallets(job) == before
    assert house.account(job).reason == "other_identity"


def test_a_jump_right_after_a_ledger_read_waits_for_the_next_one_rather_than_show_a_profit(house: House) -> None:
    job = house.add("good")
    house.once()
    before = house.wallets(job)
    house.clock.move(30)
    house.deposit("good", "USDT", "50000")
    house.once()
    assert house.wallets(job) == before
    assert house.state(job).last_error_code == "ledger_pending"
    house.clock.move(30)
    house.once()
    assert house.amounts(job) == house.truth("good")
    assert 50000 in house.ledger(job).values()


def test_another_exchange_goes_on_while_one_asks_for_peace(house: House) -> None:
    struck, other = house.add("good"), house.add("good", exchange="bitget")
    house.once()
    assert house.account(other).status is AccountStatus.ACTIVE
    equity = sum(wallet.equity or 0 for wallet in house.wallets(other).values())
    assert equity == pytest.approx(float(house.world("good", "bitget")["equity_usd"]), rel=1e-3)  # type: ignore[arg-type]
    house.clock.move(120)
    house.sandbox.fault(Fault(EXCHANGE, FaultKind.STATUS, status=429, retry_after=600))
    house.once()
    house.clock.move(120)
    house.once()
    assert house.state(struck).last_ok_at != house.clock()
    assert house.state(other).last_ok_at == house.clock()
    assert all(wallet.ok for wallet in house.wallets(other).values())
