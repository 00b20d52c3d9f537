"""What becomes of a submitted key, asked of the sandbox by the real connectors."""

from typing import cast

import pytest

from connectors import Connector
from connectors.errors import NotSupportedError
from connectors.sandbox.faults import Fault, FaultKind
from connectors.types import Permissions
from core.domain.types import AccountStatus, ExchangeAccount, Job, JobStatus, StepState
from tests.core.sync.house import EXCHANGE, House


class SilentAboutRights:
    """A real connector whose exchange does not tell what a key may do."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    def __getattr__(self, name: str) -> object:
        return getattr(self._connector, name)

    def get_permissions(self) -> Permissions:
        raise NotSupportedError("permissions")


def steps(house: House, job: Job) -> dict[str, tuple[StepState, str]]:
    return {step.code: (step.state, step.detail) for step in house.job(job).steps}


def refused(house: House, job: Job) -> str | None:
    """Return why a key was refused, having made sure that nothing of it is left."""
    assert house.account(job).status is AccountStatus.REFUSED
    assert house.job(job).status is JobStatus.FAILED
    assert house.account(job).reason == house.job(job).error_code
    assert not house.has_key(job)
    assert not house.account(job).is_main
    assert house.wallets(job) == {}
    return house.job(job).error_code


def test_a_key_that_may_withdraw_is_refused_erased_and_never_used_again(any_house: House) -> None:
    house = any_house
    job = house.add("withdraw")
    house.once()
    assert refused(house, job) == "may_withdraw"
    assert steps(house, job)["no_withdraw"] == (StepState.FAILED, "may_withdraw")
    assert steps(house, job)["balances"] == (StepState.WAITING, "")
    house.sandbox.requests.clear()
    house.clock.move(3600)
    house.once()
    assert house.requests("withdraw") == {}
    assert house.audit() == ["account.added", "key.opened", "key.refused"]


def test_an_operator_may_allow_keys_that_can_withdraw_and_the_warning_stays(house: House) -> None:
    job = house.add("withdraw")
    house.once(settings=house.settings.model_copy(update={"allow_withdraw_keys": True}))
    assert house.account(job).status is AccountStatus.ACTIVE
    assert house.account(job).rights.withdraw is True
    assert steps(house, job)["no_withdraw"] == (StepState.WARNING, "may_withdraw")


@pytest.mark.parametrize(
    ("key", "step", "detail"),
    [("trade", "permissions", "trade"), ("transfer", "permissions", "transfer"), ("no_ip", "ip", "not_restricted")],
)
def test_what_is_not_needed_is_a_warning_and_no_refusal(house: House, key: str, step: str, detail: str) -> None:
    job = house.add(key)
    house.once()
    assert house.account(job).status is AccountStatus.ACTIVE
    assert steps(house, job)[step] == (StepState.WARNING, detail)


@pytest.mark.parametrize("key", ["wrong_ip", "expired", "revoked", "blind"])
def test_a_key_that_cannot_read_is_refused_with_a_reason(house: House, key: str) -> None:
    job = house.add(key)
    house.once()
    code = refused(house, job)
    failed = [step for step, (state, _) in steps(house, job).items() if state is StepState.FAILED]
    assert len(failed) == 1
    assert code in {"auth_ambiguous", "ip_not_allowed", "key_expired", "bad_key", "permission_missing"}


def test_the_same_exchange_account_twice_is_refused_and_names_the_other_one_to_its_owner_only(house: House) -> None:
    first = house.add("good", name="Reserve")
    house.once()
    again, foreign = house.add("second"), house.add("trade", client=house.add_client("bruno"))
    house.once()
    assert (refused(house, again), refused(house, foreign)) == ("duplicate_account", "duplicate_account")
    assert steps(house, again)["identity"] == (StepState.FAILED, "Reserve")
    assert "Reserve" not in str(house.job(foreign))
    assert house.account(first).status is AccountStatus.ACTIVE


def test_of_two_keys_of_one_exchange_account_submitted_at_once_only_one_is_taken(any_house: House) -> None:
    house = any_house
    jobs = [house.add("good"), house.add("second"), house.add("spot")]
    runner = house.runner()
    for _ in range(3):
        house.tick(runner)
        house.clock.move(5)
    outcomes = sorted((house.account(job).status.value, house.job(job).error_code or "") for job in jobs)
    assert outcomes == [("active", ""), ("active", ""), ("refused", "duplicate_account")]
    assert sum(house.account(job).is_main for job in jobs) == 1


def test_an_exchange_that_is_down_leaves_the_account_pending_and_the_job_goes_on_when_it_is_back(house: House) -> None:
    job = house.add("good")
    house.sandbox.fault(Fault(EXCHANGE, FaultKind.STATUS, status=503))
    runner = house.runner()
    house.tick(runner)
    assert house.account(job).status is AccountStatus.PENDING
    assert house.job(job).status is JobStatus.RUNNING
    assert steps(house, job)["clock"] == (StepState.RUNNING, "maintenance")
    assert house.has_key(job)
    house.sandbox.faults.clear()
    house.clock.move(10)
    house.tick(runner)
    assert house.account(job).status is AccountStatus.ACTIVE
    assert house.amounts(job) == house.truth("good")


def test_a_new_key_of_the_same_account_takes_the_place_of_the_old_one(any_house: House) -> None:
    house = any_house
    job = house.add("good")
    house.once()
    change = house.replace_key(job.account_id, "second")
    house.once()
    assert house.is_done(change)
    assert house.account(job).generation == 2
    assert house.account(job).hint == house.sandbox.key(EXCHANGE, "second").api_key[-4:]
    house.clock.move(30)
    house.sandbox.requests.clear()
    house.once()
    assert house.requests("good") == {}
    assert house.requests("second")
    assert house.amounts(job) == house.truth("good")


@pytest.mark.parametrize(("key", "code"), [("spot", "other_identity"), ("withdraw", "may_withdraw"), ("revoked", None)])
def test_a_new_key_that_fails_leaves_the_old_one_as_it_was_byte_for_byte(
    house: House, key: str, code: str | None
) -> None:
    job = house.add("good")
    house.once()
    before = (house.sealed(job), house.account(job))
    change = house.replace_key(job.account_id, key)
    house.once()
    assert house.job(change).status is JobStatus.FAILED
    assert code in (None, house.job(change).error_code)
    assert (house.sealed(job), house.account(job)) == before
    with house.storage.begin(write=False) as uow:
        assert uow.credentials.load_candidate(job.account_id, job.client_id) is None


def test_a_new_key_is_verified_with_its_own_options(house: House) -> None:
    job = house.add("good")
    house.once()
    asked: list[tuple[int, object]] = []
    house.wrap = lambda account, connector: asked.append((account.generation, account.options)) or connector  # type: ignore[func-returns-value]
    change = house.replace_key(job.account_id, "second", options={"region": "eu"})
    house.once()
    assert house.is_done(change)
    assert asked == [(2, {"region": "eu"})]
    assert house.account(job).options == {"region": "eu"}


@pytest.mark.parametrize(
    ("first", "second", "outcome"), [("second", "withdraw", "may_withdraw"), ("withdraw", "second", None)]
)
def test_a_key_handed_in_while_another_is_verified_is_verified_itself(
    any_house: House, first: str, second: str, outcome: str | None
) -> None:
    house, late = any_house, [second]
    job = house.add("good")
    house.once()

    def hand_in_another(account: ExchangeAccount, connector: Connector) -> Connector:
        if late:
            house.replace_key(account.id, late.pop())
        return connector

    house.wrap = hand_in_another
    change = house.replace_key(job.account_id, first)
    runner = house.runner()
    for _ in range(3):
        house.tick(runner)
        house.clock.move(5)
    assert house.job(change).error_code == outcome
    taken = "good" if outcome else second
    assert house.account(job).hint == house.sandbox.key(EXCHANGE, taken).api_key[-4:]
    assert house.account(job).rights.withdraw is False


def test_a_refused_account_can_be_given_another_key(house: House) -> None:
    job = house.add("withdraw")
    house.once()
    house.clock.move(5)
    change = house.replace_key(job.account_id, "good")
    house.once()
    assert house.is_done(change)
    assert (house.account(job).status, house.account(job).is_main) == (AccountStatus.ACTIVE, True)
    assert house.amounts(job) == house.truth("good")


def test_rights_that_the_exchange_does_not_tell_leave_the_account_unverified(house: House) -> None:
    house.wrap = lambda _account, connector: cast(Connector, SilentAboutRights(connector))
    job = house.add("good")
    house.once()
    account = house.account(job)
    assert (account.status, account.reason, account.is_main) == (AccountStatus.UNVERIFIED, "permissions_unknown", False)
    assert steps(house, job)["no_withdraw"] == (StepState.WARNING, "unknown")
    assert house.amounts(job) == house.truth("good")
    house.clock.move(3600)
    house.sandbox.requests.clear()
    house.once()
    assert house.requests("good") == {}


def test_the_first_active_account_is_main_and_another_one_only_when_asked_for(house: House) -> None:
    first = house.add("good")
    house.once()
    second, third = house.add("spot"), house.add("one_way", make_main=True)
    house.once()
    assert [house.account(job).is_main for job in (first, second, third)] == [False, False, True]


def test_a_testnet_account_is_main_only_until_a_mainnet_one_is_there(house: House) -> None:
    toy = house.add("testnet", testnet=True)
    house.once()
    assert (house.account(toy).status, house.account(toy).is_main) == (AccountStatus.ACTIVE, True)
    real = house.add("good")
    house.once()
    assert (house.account(toy).is_main, house.account(real).is_main) == (False, True)


def test_a_clock_that_is_far_off_is_a_warning_and_is_corrected_for(house: House) -> None:
    house.sandbox.fault(Fault(EXCHANGE, FaultKind.SKEW, seconds=90))
    job = house.add("good")
    house.once()
    assert house.account(job).status is AccountStatus.ACTIVE
    assert steps(house, job)["clock"] == (StepState.WARNING, "90")


def test_a_key_is_opened_for_nobody_when_the_account_was_removed_meanwhile(house: House) -> None:
    job = house.add("good")
    with house.storage.begin() as uow:
        uow.accounts.remove(house.account(job), house.clock())
    house.once()
    assert house.requests("good") == {}
    assert house.job(job).error_code == "removed"
