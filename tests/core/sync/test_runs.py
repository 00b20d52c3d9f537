"""Each run leaves a record in the transaction that stores it, and is counted with the next heartbeat."""

import io
import json
import logging
from datetime import UTC, datetime

import pytest

from connectors.sandbox.faults import Fault, FaultKind
from core.domain.sync_runs import RunOutcome, SyncRun
from core.domain.types import Job
from core.log import configure_logging
from core.sync.tallies import Tallies
from tests.core.persistence.makers import make_account, make_run, make_user
from tests.core.sync.house import EXCHANGE, House


def runs(house: House, job: Job) -> list[SyncRun]:
    with house.storage.begin(write=False) as uow:
        return uow.runs.of_accounts([job.account_id], None).get(job.account_id, [])


def counted(house: House) -> dict[tuple[str, str], int]:
    with house.storage.begin(write=False) as uow:
        return {(count.outcome.value, count.error_code): count.last_hour for count in uow.runs.counts(house.clock())}


def test_a_good_run_says_who_read_when_and_with_how_many_requests(any_house: House) -> None:
    job = any_house.add("good")
    any_house.once()
    any_house.clock.move(120)
    any_house.sandbox.requests.clear()
    any_house.once()
    run = runs(any_house, job)[0]
    assert (run.outcome, run.error_code, run.wallets_failed) == (RunOutcome.OK, None, {})
    assert (run.sidecar_id, run.started_at) == ("one", any_house.clock())
    assert run.slot == int(run.started_at.timestamp()) // 30
    asked = any_house.requests()
    assert run.requests == sum(asked.values()) - asked["/api/v3/ticker/price"] - asked["/api/v3/time"]
    assert counted(any_house)["ok", ""] >= 1


def test_a_run_without_one_wallet_is_partial_and_names_it(house: House) -> None:
    job = house.add("good")
    house.once()
    house.sandbox.fault(Fault(EXCHANGE, FaultKind.STATUS, status=503, path_prefix="/fapi/v3/account"))
    house.clock.move(120)
    house.once()
    run = runs(house, job)[0]
    assert run.outcome is RunOutcome.PARTIAL
    assert list(run.wallets_failed) == ["usdm"]
    assert run.reason == run.wallets_failed["usdm"]


def test_a_run_that_stored_nothing_says_why(any_house: House) -> None:
    job = any_house.add("good")
    any_house.once()
    any_house.sandbox.fault(Fault(EXCHANGE, FaultKind.STATUS, status=503, path_prefix="/api/v3/account"))
    any_house.sandbox.fault(
        Fault(EXCHANGE, FaultKind.STATUS, status=503, path_prefix="/sapi/v1/account/apiRestrictions")
    )
    any_house.clock.move(86_400)
    any_house.once()
    run = runs(any_house, job)[0]
    assert (run.outcome, run.error_code) == (RunOutcome.FAILED, "maintenance")
    assert run.requests > 0
    assert counted(any_house)["failed", "maintenance"] == 1


def test_an_error_of_our_own_is_recorded_and_counted(house: House) -> None:
    job = house.add("good")
    house.once()
    house.clock.move(120)

    def break_off(*_: object) -> object:
        raise RuntimeError("made up")

    house.wrap = break_off  # type: ignore[assignment]
    house.once()
    run = runs(house, job)[0]
    assert (run.outcome, run.error_code) == (RunOutcome.FAILED, "internal")
    assert counted(house)["failed", "internal"] == 1


def test_counts_that_could_not_be_stored_are_stored_with_the_next_heartbeat() -> None:
    tallies = Tallies()
    account = make_account(make_user("ana"))
    for number in (1, 2):
        tallies.count("alpha", make_run(account, number, requests=2))
    tallies.count("alpha", make_run(account, 3, outcome=RunOutcome.FAILED, error_code="network"))
    with pytest.raises(RuntimeError), tallies.taken() as first:
        tallies.count("alpha", make_run(account, 4))
        raise RuntimeError
    with tallies.taken() as second:
        found = {(tally.outcome, tally.error_code): (tally.runs, tally.requests, tally.busy_ms) for tally in second}
    assert len(first) == 2
    assert found == {(RunOutcome.OK, ""): (3, 7, 2100), (RunOutcome.FAILED, "network"): (1, 3, 700)}
    assert {tally.at for tally in second} == {datetime(2026, 11, 22, 12, 0, tzinfo=UTC)}
    with tallies.taken() as third:
        assert third == []


def test_every_line_of_a_run_carries_its_ids(house: House) -> None:
    job = house.add("good")
    house.once()
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    configure_logging("INFO", json=True, stream=stream)
    try:
        house.sandbox.fault(
            Fault(EXCHANGE, FaultKind.STATUS, status=503, path_prefix="/sapi/v1/account/apiRestrictions")
        )
        house.clock.move(86_400)
        house.once()
    finally:
        logging.captureWarnings(False)
        root.handlers[:] = handlers
        root.setLevel(level)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    line = next(line for line in lines if line["event"].startswith("account not read"))
    run = runs(house, job)[0]
    assert {name: line[name] for name in ("account_id", "client_id", "exchange", "sidecar_id", "slot", "run")} == {
        "account_id": str(job.account_id), "client_id": str(job.client_id), "exchange": EXCHANGE,
        "sidecar_id": "one", "slot": run.slot, "run": run.number,
    }  # fmt: skip
