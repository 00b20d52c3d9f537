"""When accounts are read, as tables of times."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.domain.types import KeyRights, Tier
from core.sync.due import Intervals, is_ledger_due, ledger_since, next_due, plan_slot, slot_of, tier_now
from tests.core.sync.worlds import NOON, account, state

RULES = Intervals(30, 120, 300)


def after(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def test_an_account_that_becomes_or_ceases_to_be_main_changes_its_tier_at_once() -> None:
    for known, is_main, tier in (
        ("rest", True, Tier.MAIN), ("main", False, Tier.ACTIVE), ("watched", False, Tier.WATCHED)
    ):  # fmt: skip
        assert tier_now(account(is_main=is_main), replace(state(), tier=known)) is tier
    assert tier_now(account(is_main=False), None) is Tier.ACTIVE


@pytest.mark.parametrize(
    ("planned", "now", "due"), [(0, 1, 30), (0, 29.9, 30), (0, 30, 60), (0, 95, 120), (10, 0, 10), (500, 0, 30)]
)
def test_the_next_slot_lies_on_the_grid_and_missed_ones_are_skipped(planned: float, now: float, due: float) -> None:
    assert next_due(NOON + after(planned), NOON + after(now), interval_seconds=30) == NOON + after(due)


def test_an_error_that_only_the_person_can_cure_is_tried_again_after_a_quarter_of_an_hour() -> None:
    for code in ("bad_key", "ip_not_allowed", "other_identity"):
        assert next_due(NOON, NOON, interval_seconds=30, error_code=code) == NOON + after(900)
    assert next_due(NOON, NOON, interval_seconds=30, error_code="network") == NOON + after(30)


def test_nothing_is_due_before_the_pause_of_the_exchange_ends() -> None:
    assert next_due(NOON, NOON, interval_seconds=30, paused_until=NOON + after(77)) == NOON + after(77)
    assert next_due(NOON, NOON, interval_seconds=30, paused_until=NOON + after(7)) == NOON + after(30)


def test_the_ledger_is_read_far_back_at_first_then_with_an_overlap_and_once_a_day_a_longer_one() -> None:
    assert ledger_since(state(), NOON) == NOON - timedelta(days=90)
    assert ledger_since(state(read_to=NOON - after(300)), NOON) == NOON - after(900)
    yesterday = NOON - timedelta(hours=13)
    assert ledger_since(state(read_to=yesterday), NOON) == yesterday - timedelta(hours=48)
    assert ledger_since(state(read_to=NOON + after(60)), NOON) == NOON - after(600)


def test_a_ledger_that_was_read_in_part_goes_on_at_once_where_it_ended() -> None:
    cursor = NOON - timedelta(days=70)
    for known in (state(), state(read_to=NOON)):
        half = replace(known, ledger_cursor=cursor)
        assert is_ledger_due(half, NOON, 300)
        assert ledger_since(half, NOON) == cursor


def test_the_ledger_is_due_when_never_read_or_longer_ago_than_its_interval() -> None:
    assert is_ledger_due(state(), NOON, 300)
    assert is_ledger_due(state(read_to=NOON - after(300)), NOON, 300)
    assert not is_ledger_due(state(read_to=NOON - after(299)), NOON, 300)


def test_rights_are_asked_daily() -> None:
    fresh = KeyRights(checked_at=NOON - timedelta(hours=23))
    old = KeyRights(checked_at=NOON - timedelta(hours=24))
    for rights, due in ((KeyRights(), True), (fresh, False), (old, True)):
        held = account()
        object.__setattr__(held, "rights", rights)
        plan = plan_slot(held, state(read_to=NOON), NOON, RULES)
        assert plan.rights is due
        assert plan.ledger_since is None


def test_a_slot_is_thirty_seconds_long() -> None:
    assert slot_of(NOON + after(29.9)) == slot_of(NOON)
    assert slot_of(NOON + after(30)) == slot_of(NOON) + 1
