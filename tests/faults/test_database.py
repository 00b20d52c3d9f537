"""A database that is locked, full or down: nothing crashes, nothing is half written, people are told."""

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, make_url

from core.bootstrap import parts
from core.persistence import SqlStorage, storage
from core.sync.patience import Patience
from core.sync.runner import Runner
from core.ui.messages import explain
from tests.core.ui.house import words
from tests.databases import postgres_server
from tests.faults.house import FaultHouse


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "BUSY_SECONDS", 0.1)


def impatient(house: FaultHouse) -> None:
    """Let SQLite say at once that it is locked, instead of after ten seconds."""
    assert isinstance(house.storage, SqlStorage)
    house.storage.engine.dispose()
    event.listen(house.storage.engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout = 50"))


@contextmanager
def locked(house: FaultHouse) -> Iterator[None]:
    """Keep the database locked, as a stuck writer would."""
    path = Path(house.settings.database_url.removeprefix("sqlite:///"))
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
    finally:
        other.close()


def patient(house: FaultHouse, pauses: list[float], *, rounds: int) -> Runner:
    """Return a sidecar whose waiting is written down and gives up after so many rounds."""
    runner = house.runner()

    def wait(seconds: float) -> bool:
        pauses.append(seconds)
        return len(pauses) < rounds

    runner.tools = replace(runner.tools, patience=Patience(sleep=wait))
    return runner


def test_a_locked_database_is_asked_again_with_jitter_and_the_slot_is_kept(house: FaultHouse) -> None:
    impatient(house)
    runner, released = house.runner(), threading.Event()
    pauses: list[float] = []
    house.tick(runner)

    def wait(seconds: float) -> bool:
        pauses.append(seconds)
        released.set()
        return True

    runner.tools = replace(runner.tools, patience=Patience(sleep=wait))
    with unreadable(house, released):
        house.tick(runner)
    assert pauses
    assert all(0 < pause <= 15 * 1.5 for pause in pauses)
    assert house.state(house.good).last_error_code is None
    assert house.age(house.good) == 0


@contextmanager
def unreadable(house: FaultHouse, released: threading.Event) -> Iterator[None]:
    """Lock the database from the moment that a slot wants to write until somebody has waited for it once."""
    path = Path(house.settings.database_url.removeprefix("sqlite:///"))
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    real = house.wrap
    taken = threading.Lock()

    def wrap(account: object, connector: object) -> object:
        if taken.acquire(blocking=False):
            other.execute("BEGIN IMMEDIATE")
            threading.Thread(target=lambda: (released.wait(10), other.execute("ROLLBACK"))).start()
        return real(account, connector)  # type: ignore[arg-type]

    house.wrap = wrap  # type: ignore[assignment]
    try:
        yield
    finally:
        released.set()
        house.wrap = real
        other.close()


def test_a_tick_on_a_locked_database_neither_crashes_nor_loops(
    house: FaultHouse, caplog: pytest.LogCaptureFixture
) -> None:
    impatient(house)
    runner = house.runner()
    house.tick(runner)
    with locked(house), caplog.at_level(logging.WARNING):
        for _ in range(3):
            house.clock.move(5)
            runner._tick_safely()
        assert runner.wait(10)
    assert "Traceback" not in caplog.text
    assert not [record for record in caplog.records if record.exc_info]
    house.pass_time()
    house.tick(runner)
    assert house.age(house.good) == 0


def test_a_full_disk_loses_nothing_that_was_stored_and_reading_goes_on_afterwards(
    house: FaultHouse, caplog: pytest.LogCaptureFixture
) -> None:
    assert isinstance(house.storage, SqlStorage)
    before = house.figures(house.good)
    house.storage.engine.dispose()
    full = True

    def limit(raw: sqlite3.Connection, _record: object) -> None:
        (pages,) = raw.execute("PRAGMA page_count").fetchone()
        if full:
            raw.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(house.storage.engine, "connect", limit)
    pauses: list[float] = []
    runner = patient(house, pauses, rounds=6)
    runner._tick_safely()
    runner._tick_safely()
    assert runner.wait(20)
    assert not [record for record in caplog.records if record.exc_info]
    assert house.figures(house.good) == before
    full = False
    house.storage.engine.dispose()
    house.pass_time(4)
    house.once()
    assert house.age(house.good) == 0


def test_a_server_that_hangs_up_on_everybody_is_found_again(
    postgres_house: FaultHouse, caplog: pytest.LogCaptureFixture
) -> None:
    house = postgres_house
    runner = house.runner()
    house.tick(runner)
    before = house.figures(house.good)
    name = make_url(house.settings.database_url).database
    with psycopg.connect(postgres_server().get_uri(database="postgres"), autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
    house.pass_time()
    for _ in range(3):
        runner._tick_safely()
        assert runner.wait(20)
    assert not [record for record in caplog.records if record.exc_info]
    assert house.age(house.good) == 0
    assert house.figures(house.good).ledger.items() >= before.ledger.items()


def test_a_page_says_that_the_database_does_not_answer_and_shows_no_traceback(house: FaultHouse) -> None:
    at = house.screen("overview")
    web, path = parts.get_web(), Path(house.settings.database_url.removeprefix("sqlite:///"))
    web.storage.dispose()
    path.rename(path.with_suffix(".away"))
    at.run()
    path.with_suffix(".away").rename(path)
    assert not at.exception
    assert [error.proto.title for error in at.error] == [explain("storage_unavailable").title]
    at.run()
    assert not at.exception
    assert not at.error
    assert "Equity" in words(at)
