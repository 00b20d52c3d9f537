"""Answers whose time stands still."""

from datetime import timedelta
from uuid import uuid4

from core.sync.stillness import Stillness
from tests.core.sync.worlds import ACCOUNT, NOON

SECOND = timedelta(seconds=1)


def test_answers_that_bear_the_same_time_for_five_minutes_are_still() -> None:
    stillness = Stillness()
    found = [
        stillness.is_still(ACCOUNT, NOON, now=NOON + after * SECOND, offset=None) for after in (0, 30, 299, 300, 330)
    ]
    assert found == [False, False, False, True, True]
    assert not stillness.is_still(ACCOUNT, NOON + SECOND, now=NOON + 360 * SECOND, offset=None)


def test_a_time_that_goes_back_has_not_moved_on() -> None:
    stillness = Stillness()
    assert not stillness.is_still(ACCOUNT, NOON, now=NOON, offset=None)
    assert stillness.is_still(ACCOUNT, NOON - 60 * SECOND, now=NOON + 300 * SECOND, offset=None)


def test_answers_five_minutes_behind_the_exchange_s_own_clock_are_still_at_once() -> None:
    late = NOON - 300 * SECOND
    assert Stillness().is_still(ACCOUNT, late, now=NOON, offset=timedelta(0))
    assert not Stillness().is_still(ACCOUNT, late, now=NOON, offset=None)
    assert not Stillness().is_still(ACCOUNT, late, now=NOON, offset=-10 * SECOND)


def test_accounts_are_told_apart_and_one_that_tells_no_time_is_never_still() -> None:
    stillness = Stillness()
    assert not stillness.is_still(ACCOUNT, NOON, now=NOON, offset=None)
    assert not stillness.is_still(uuid4(), NOON, now=NOON + 400 * SECOND, offset=None)
    assert not stillness.is_still(ACCOUNT, None, now=NOON + 400 * SECOND, offset=timedelta(0))


def test_a_clock_of_ours_that_was_set_back_makes_nothing_still() -> None:
    stillness = Stillness()
    assert not stillness.is_still(ACCOUNT, NOON, now=NOON + 3600 * SECOND, offset=None)
    assert not stillness.is_still(ACCOUNT, NOON, now=NOON, offset=None)
