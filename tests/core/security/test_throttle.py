"""Failures slow the next attempt down; they never lock for good."""

from datetime import UTC, datetime, timedelta

import pytest

from core.security.throttle import delay_seconds, next_allowed

LAST = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (1, 0), (4, 0), (5, 1), (6, 2), (7, 4), (10, 32), (14, 512), (15, 900), (16, 900), (10**9, 900)],
)
def test_delay_doubles_from_the_fifth_failure_to_a_quarter_of_an_hour(failures: int, seconds: int) -> None:
    assert delay_seconds(failures) == seconds
    assert next_allowed(failures, LAST) == LAST + timedelta(seconds=seconds)
