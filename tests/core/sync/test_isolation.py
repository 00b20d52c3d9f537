"""Exchanges that hang or are down hold up nobody else, and are asked as little as can be."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from connectors import _base
from connectors.sandbox.faults import Fault, FaultKind
from core.domain.types import Job
from core.sync import due
from tests.core.sync.house import EXCHANGE, House

EIGHTH = "okx"
OTHERS = ("binance", "bingx", "bitget", "bybit", "gateio", "krakenfutures", "kucoin")
PRICES = "/api/v3/ticker/price"
HANG_SECONDS = 2.5
SLOT_SECONDS = 30
MINUTES = 5


@contextmanager
def hanging(house: House) -> Iterator[None]:
    """Let seven exchanges accept every request and answer none for a while."""
    for name in OTHERS:
        house.sandbox.fault(Fault(name, FaultKind.HANG, seconds=HANG_SECONDS))
    try:
        yield
    finally:
        house.sandbox.faults.clear()


@pytest.fixture(autouse=True)
def short_ledgers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let first readings go back one hour, not ninety days."""
    monkeypatch.setattr(due, "LEDGER_FIRST", timedelta(hours=1))


def settled(house: House) -> list[Job]:
    """Return one account at each of eight exchanges, all read once."""
    jobs = [house.add("empty", exchange=name, client=house.add_client(name)) for name in (*OTHERS, EIGHTH)]
    house.once()
    assert all(house.is_done(job) for job in jobs)
    return jobs


def test_seven_of_eight_exchanges_that_hang_leave_the_eighth_on_time(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    *stuck, eighth = settled(house)
    read_at = {job.account_id: house.state(job).last_ok_at for job in stuck}
    runner = house.runner()
    with caplog.at_level(logging.WARNING), hanging(house):
        for _ in range(4):
            house.clock.move(SLOT_SECONDS)
            asked_at = time.monotonic()
            house.tick_until(runner, lambda: house.state(eighth).last_ok_at == house.clock())
            assert time.monotonic() - asked_at < 15  # 45 s of age, less the slot itself
        assert {job.account_id: house.state(job).last_ok_at for job in stuck} == read_at
    assert runner.wait(60)


def test_a_slot_that_still_runs_is_skipped_not_queued(house: House, caplog: pytest.LogCaptureFixture) -> None:
    job = house.add("empty")
    house.once()
    runner = house.runner()
    house.clock.move(SLOT_SECONDS)
    house.tick(runner)
    house.sandbox.requests.clear()
    key = house.sandbox.key(EXCHANGE, "empty").api_key
    house.sandbox.fault(Fault(EXCHANGE, FaultKind.HANG, seconds=2, api_key=key))
    with caplog.at_level(logging.WARNING):
        for _ in range(6):  # its lease ends in between, and it is due in every slot
            house.clock.move(SLOT_SECONDS)
            runner.tick(house.clock())
            time.sleep(0.1)
        assert "slot skipped, the one before still runs" in caplog.text
        house.sandbox.faults.clear()
        assert runner.wait(60)
    assert house.state(job).leased_by is None
    house.sandbox.requests.clear()
    assert runner.wait(0)
    assert house.requests("empty") == {}


def test_an_exchange_that_is_down_gets_one_probe_a_minute_from_all_sidecars_together(house: House) -> None:
    for name in ("empty", "spot"):
        house.add(name, client=house.add_client(name))
    sidecars = [house.runner("one"), house.runner("two")]
    house.once()
    house.sandbox.fault(Fault(EXCHANGE, FaultKind.STATUS, status=503))
    for _ in range(6):
        house.clock.move(SLOT_SECONDS)
        for sidecar in sidecars:
            house.tick(sidecar)
    assert house.pauses() == {EXCHANGE: "maintenance"}
    house.sandbox.requests.clear()
    for _ in range(MINUTES * 12):
        house.clock.move(5)
        for sidecar in sidecars:  # both at once
            sidecar.tick(house.clock())
        assert all(sidecar.wait(30) for sidecar in sidecars)
    probes = house.requests()
    assert set(probes) == {PRICES}
    assert MINUTES - 2 <= probes[PRICES] / (_base.RETRIES + 1) <= MINUTES + 1
