"""Calls of one account stay under the exchange's per-account limits."""

import threading
import time

from connectors._pace import Pace, hold
from connectors._reading import Endpoint
from connectors.types import RateLimit

FIVE = RateLimit("five", 5, 1, "uid")
SHARED = RateLimit("shared", 1, 1, "ip")
READ = Endpoint("GET", "/read", limit="five")


def test_calls_beyond_the_used_part_of_a_limit_wait_for_the_window() -> None:
    pace = Pace([FIVE])
    assert [pace.reserve(READ, 100.0) for _ in range(5)] == [0.0, 0.0, 0.0, 1.0, 1.0]
    assert [pace.reserve(READ, 101.5) for _ in range(2)] == [0.0, 0.5]


def test_endpoints_are_counted_apart() -> None:
    pace = Pace([FIVE])
    for _ in range(3):
        pace.reserve(READ, 100.0)
    assert pace.reserve(Endpoint("GET", "/other", limit="five"), 100.0) == 0.0


def test_limits_shared_by_accounts_and_unlimited_calls_do_not_wait() -> None:
    pace = Pace([SHARED])
    assert [pace.reserve(Endpoint("GET", "/read", limit="shared"), 1.0) for _ in range(3)] == [0.0] * 3


def test_a_wait_beyond_the_deadline_is_refused_at_once() -> None:
    pace = Pace([RateLimit("one", 1, 10, "uid")])
    endpoint = Endpoint("GET", "/read", limit="one")
    started = time.monotonic()
    assert pace.wait(endpoint, started + 5)
    assert not pace.wait(endpoint, started + 5)
    assert time.monotonic() - started < 1


def test_whoever_waits_too_long_for_a_turn_goes_without() -> None:
    lock, holding, over = threading.RLock(), threading.Event(), threading.Event()

    def keep() -> None:
        with hold(lock, time.monotonic() + 1):
            holding.set()
            over.wait(5)

    thread = threading.Thread(target=keep)
    thread.start()
    assert holding.wait(2)
    started = time.monotonic()
    with hold(lock, started + 0.1) as in_time:
        assert not in_time
    assert time.monotonic() - started < 0.6
    over.set()
    thread.join()
    with hold(lock, time.monotonic() + 0.1) as in_time:
        assert in_time
    with hold(None, 0.0) as in_time:
        assert in_time
