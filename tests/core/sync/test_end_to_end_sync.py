"""From a submitted key to stored figures, through the real parts."""

from core.domain.types import AccountStatus, StepState
from tests.core.sync.house import House


def test_a_good_key_becomes_an_active_main_account_with_the_exchange_s_own_figures(any_house: House) -> None:
    house = any_house
    job = house.add("good")
    house.once()
    assert house.job(job).error_code is None
    assert house.is_done(job)
    assert {step.code: step.state for step in house.job(job).steps} == dict.fromkeys(
        ("clock", "signature", "permissions", "no_withdraw", "ip", "expiry", "identity", "balances"), StepState.OK
    )
    account = house.account(job)
    assert (account.status, account.is_main) == (AccountStatus.ACTIVE, True)
    assert account.uid == house.sandbox.key("binance", "good").uid
    assert house.amounts(job) == house.truth("good")
