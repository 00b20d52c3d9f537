"""What is remarkable about figures."""

from datetime import UTC, datetime, timedelta

import pytest

from core.domain.marks import awaits_funding, late_steps

HOUR = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "read_to", "awaits"),
    [(0, None, True), (89, 89, True), (89, 90, False), (30, -200, True), (90, -200, False), (1800, None, False)],
)
def test_figures_within_ninety_seconds_of_an_hour_wait_for_a_ledger_read_past_them(
    after: int, read_to: int | None, awaits: bool
) -> None:
    told = None if read_to is None else HOUR + timedelta(seconds=read_to)
    assert awaits_funding(HOUR + timedelta(seconds=after), told) is awaits


def test_late_entries_are_told_by_quarters_of_an_hour_each_once() -> None:
    times = [HOUR + timedelta(minutes=minutes) for minutes in (44, 31, 59, 60)]
    assert [at.strftime("%H:%M") for at in late_steps(times)] == ["08:30", "08:45", "09:00"]
