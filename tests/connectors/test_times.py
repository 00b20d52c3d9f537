"""When answers are from, as exchanges tell it."""

from datetime import UTC, datetime

import pytest

import connectors
from connectors._times import AnswerTimes
from connectors.sandbox.server import Sandbox, SandboxConfig

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MS = 1772366400000


@pytest.mark.parametrize(
    "told", [MS, str(MS), "2026-03-01T12:00:00.000Z", "2026-03-01T12:00:00", "2026-03-01T09:00:00-03:00"]
)
def test_the_envelope_s_time_comes_before_the_header_s(told: object) -> None:
    times = AnswerTimes("time")
    times.note({"time": told}, {"date": "Sun, 01 Mar 2026 10:00:00 GMT"})
    assert times.take() == NOON


def test_the_oldest_answer_counts_until_it_is_taken() -> None:
    times = AnswerTimes()
    for second in (7, 3, 5):
        times.note([], {"date": f"Sun, 01 Mar 2026 12:00:0{second} GMT"})
    assert times.take() == NOON.replace(second=3)
    assert times.take() is None


@pytest.mark.parametrize("told", ["soon", "9" * 30, {}, True, "2026-13-01"])
def test_a_time_that_cannot_be_read_counts_for_nothing(told: object) -> None:
    times = AnswerTimes("time")
    times.note({"time": told}, {})
    times.note({}, {"date": "yesterday"})
    assert times.take() is None


def test_every_exchange_tells_when_its_private_answers_are_from() -> None:
    with Sandbox(SandboxConfig(clock=lambda: NOON, enforce_limits=False)) as sandbox:
        told = {}
        for name in connectors.available():
            key = sandbox.key(name, "good")
            connector = connectors.create(
                name,
                api_key=key.api_key,
                api_secret=key.api_secret,
                passphrase=key.passphrase,
                testnet=False,
                hosts=sandbox.hosts()[name],
                clock=lambda: NOON,
            )
            connector.get_account_info()
            told[name] = connector.times.take()
    assert told == dict.fromkeys(connectors.available(), NOON)
