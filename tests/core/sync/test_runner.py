"""The loop: heartbeat, jobs, prices, slots; nothing that fails or hangs stops the rest."""

import logging
import threading
import time
from typing import cast

import pytest

from connectors import Connector
from connectors.sandbox.faults import Fault, FaultKind
from core.domain.types import AccountStatus, Heartbeat, Job, JobKind, JobStatus
from core.services.health import read_system_health
from core.services.sync_health import read_sync_health
from tests.core.sync.house import EXCHANGE, House


def beats(house: House) -> list[Heartbeat]:
    with house.storage.begin(write=False) as uow:
        return uow.syncing.heartbeats()


def test_every_tick_keeps_the_heartbeat_young(house: House) -> None:
    runner = house.runner("mine")
    for _ in range(11):
        house.tick(runner)
        assert (house.clock() - beats(house)[0].beat_at).total_seconds() < 5
        house.clock.move(1)
    assert [(beat.sidecar_id, beat.keys) for beat in beats(house)] == [("mine", "ok")]


def test_a_sidecar_says_that_it_ends_and_the_next_one_forgets_it(house: House) -> None:
    first, second = house.runner("first"), house.runner("second")
    stop = threading.Event()
    stop.set()
    assert first.run(stop) == 0
    now = house.clock()
    assert [(beat.sidecar_id, beat.keys) for beat in beats(house)] == [("first", "stopped")]
    assert read_sync_health(house.storage, now).sidecars == ()
    assert read_system_health(house.storage, now).sidecar_silent
    assert not read_system_health(house.storage, now).keys_locked
    house.tick(second)
    assert [beat.sidecar_id for beat in beats(house)] == ["second"]


def test_a_main_account_is_read_every_thirty_seconds_and_the_others_every_two_minutes(house: House) -> None:
    runner = house.runner()
    main = house.add("good")
    house.tick(runner)
    other = house.add("spot")
    read: dict[str, list[float]] = {"main": [], "other": []}
    start = house.clock()
    for _ in range(13):
        house.tick(runner)
        house.tick(runner)
        for name, job in (("main", main), ("other", other)):
            at = house.state(job).last_ok_at
            seconds = None if at is None else (at - start).total_seconds()
            if seconds is not None and seconds not in read[name]:
                read[name].append(seconds)
        house.clock.move(10)
    assert read == {"main": [0, 30, 60, 90, 120], "other": [0, 120]}


def test_prices_are_asked_once_for_all_accounts_of_an_exchange(house: House) -> None:
    for name in ("good", "spot", "one_way"):
        house.add(name)
    house.once()
    house.clock.move(120)
    house.sandbox.requests.clear()
    house.once()
    assert house.requests()["/api/v3/ticker/price"] == 1
    assert house.requests()["/api/v3/account"] >= 3


def test_a_hanging_account_leaves_the_heartbeat_and_the_other_accounts_alone(house: House) -> None:
    stuck, other = house.add("good"), house.add("spot")
    house.once()
    house.clock.move(120)
    house.sandbox.fault(
        Fault(EXCHANGE, FaultKind.HANG, seconds=4, count=1, api_key=house.sandbox.key(EXCHANGE, "good").api_key)
    )
    runner = house.runner()
    began = time.monotonic()
    house.tick_until(runner, lambda: house.state(other).last_ok_at == house.clock())
    assert time.monotonic() - began < 3.5
    assert house.state(stuck).last_ok_at != house.clock()
    house.sandbox.faults.clear()
    assert runner.wait(30)


def test_an_exchange_that_is_down_is_left_alone_and_probed_once_a_minute(house: House) -> None:
    jobs = [house.add("good"), house.add("spot")]
    runner = house.runner()
    house.tick(runner)
    house.sandbox.fault(Fault(EXCHANGE, FaultKind.STATUS, status=503))
    for _ in range(8):
        house.clock.move(30)
        house.tick(runner)
    assert house.pauses() == {EXCHANGE: "maintenance"}
    house.sandbox.requests.clear()
    for _ in range(60):
        house.clock.move(1)
        house.tick(runner)
    assert set(house.requests()) == {"/api/v3/ticker/price"}
    house.sandbox.faults.clear()
    for _ in range(70):
        house.clock.move(1)
        house.tick(runner)
    for job in jobs:
        assert house.state(job).last_error_code is None
        assert house.amounts(job) == house.truth("good" if job is jobs[0] else "spot")


def test_a_reading_that_breaks_for_a_reason_of_ours_is_logged_and_the_account_comes_back(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    broken, other = house.add("good"), house.add("spot")
    house.once()
    house.clock.move(120)
    house.wrap = lambda account, connector: cast(Connector, None) if account.id == broken.account_id else connector
    with caplog.at_level(logging.ERROR):
        house.once()
    assert "work failed" in caplog.text
    assert house.state(broken).last_error_code == "internal"
    assert house.account(broken).status is AccountStatus.ACTIVE
    assert house.state(other).last_error_code is None


def test_a_wish_to_read_an_account_now_is_done_at_the_next_tick(house: House) -> None:
    job = house.add("good")
    house.once()
    house.clock.move(7)
    wish = Job(
        id=house.new_id(), account_id=job.account_id, client_id=job.client_id, kind=JobKind.SYNC,
        status=JobStatus.QUEUED, created_at=house.clock(),
    )  # fmt: skip
    with house.storage.begin() as uow:
        uow.jobs.add(wish)
    house.once()
    assert house.is_done(wish)
    assert house.state(job).last_ok_at == house.clock()


def test_the_loop_ends_when_told_and_gives_its_accounts_back(house: House) -> None:
    job = house.add("good")
    runner, stop = house.runner(), threading.Event()
    loop = threading.Thread(target=lambda: runner.run(stop))
    loop.start()
    deadline = time.monotonic() + 20
    while house.account(job).status is not AccountStatus.ACTIVE and time.monotonic() < deadline:
        time.sleep(0.05)
    stop.set()
    loop.join(20)
    assert not loop.is_alive()
    assert house.account(job).status is AccountStatus.ACTIVE
    assert house.state(job).leased_by is None


def test_no_secret_reaches_a_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for name in ("good", "withdraw", "revoked"):
            house.add(name)
        house.once()
        house.clock.move(30)
        house.sandbox.fault(Fault(EXCHANGE, FaultKind.GARBAGE))
        house.once()
    secrets = [key for name in ("good", "withdraw", "revoked") for key in house.key(EXCHANGE, name).fields.values()]
    assert len(secrets) == 6
    for secret in secrets:
        assert secret not in caplog.text
    assert "signature=" not in caplog.text
