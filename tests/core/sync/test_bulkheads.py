"""Threads by group: one that hangs holds up none of the others."""

import logging
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from core.sync.bulkheads import Bulkheads


def hold(gate: threading.Event) -> None:
    gate.wait(5)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_group_that_hangs_leaves_the_threads_of_the_others_free(gate: threading.Event) -> None:
    work, done = Bulkheads(2), threading.Event()
    for number in range(5):
        assert work.submit("slow", f"slow {number}", partial(hold, gate))
    assert work.free("slow") == -3
    assert work.free("quick") == 2
    assert work.submit("quick", "quick", done.set)
    assert done.wait(5)
    gate.set()
    assert work.wait(5)
    assert work.free("slow") == 2


def test_what_still_runs_is_not_started_again(gate: threading.Event) -> None:
    work = Bulkheads(2)
    assert work.submit("a", "one", partial(hold, gate))
    assert not work.submit("a", "one", lambda: None)
    assert not work.wait(0.01)
    gate.set()
    assert work.wait(5)
    assert work.submit("a", "one", lambda: None)
    assert work.stop(5)


def test_work_that_fails_is_logged_and_frees_its_thread(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ValueError("broken")

    work = Bulkheads(1)
    with caplog.at_level(logging.ERROR):
        work.submit("a", "one", fail)
        assert work.wait(5)
    assert "work failed: one" in caplog.text
    assert work.free("a") == 1


def test_stopping_drops_what_has_not_begun_and_waits_for_the_rest_as_long_as_told(gate: threading.Event) -> None:
    work, begun = Bulkheads(1), threading.Event()
    work.submit("a", "running", partial(hold, gate))
    work.submit("a", "waiting", begun.set)
    assert not work.stop(0.05)
    gate.set()
    assert work.wait(5)
    assert not begun.is_set()
