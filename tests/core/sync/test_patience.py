"""Writing to a database that takes nothing for a while."""

import logging

import pytest

from core.errors import LeaseLostError, StorageUnavailableError
from core.sync.patience import KEPT_SECONDS, MissedError, Patience


class Time:
    """Time that passes only in sleep."""

    def __init__(self, *, until: float = float("inf")) -> None:
        self.now, self.until = 100.0, until
        self.naps: list[float] = []

    def sleep(self, seconds: float) -> bool:
        self.now += seconds
        self.naps.append(seconds)
        return self.now < 100 + self.until

    def patience(self) -> Patience:
        return Patience(self.sleep, lambda: self.now, lambda: 0.5)


class Database:
    """Takes nothing the first few times."""

    def __init__(self, refusals: int) -> None:
        self.refusals, self.asked = refusals, 0

    def __call__(self) -> str:
        self.asked += 1
        if self.asked <= self.refusals:
            raise StorageUnavailableError("SQLITE_BUSY")
        return "taken"


def test_what_is_not_taken_is_tried_again_after_ever_longer_waits(caplog: pytest.LogCaptureFixture) -> None:
    time = Time()
    with caplog.at_level(logging.WARNING):
        assert time.patience().insist(Database(8)) == "taken"
    assert time.naps == [0.5, 1, 2, 4, 8, 15, 15, 15]
    assert len(caplog.records) == 1
    assert caplog.records[0].exc_info is None


def test_after_ten_minutes_it_is_given_up() -> None:
    time, database = Time(), Database(10_000)
    with pytest.raises(MissedError):
        time.patience().insist(database)
    assert KEPT_SECONDS - 15 <= time.now - 100 <= KEPT_SECONDS
    assert database.asked < 60


def test_an_end_of_waiting_ends_it_at_once() -> None:
    time, database = Time(until=0), Database(5)
    with pytest.raises(MissedError):
        time.patience().insist(database)
    assert database.asked == 1


def test_what_waiting_cannot_cure_is_not_waited_for() -> None:
    def lose() -> None:
        raise LeaseLostError("fence 1")

    time = Time()
    with pytest.raises(LeaseLostError):
        time.patience().insist(lose)
    assert time.naps == []
