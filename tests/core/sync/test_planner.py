"""Who reads which account how often: tiers, addresses, and intervals within the exchanges' limits."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from core.config import load_settings
from core.domain.reading_plans import Budget
from core.domain.types import Tier
from core.ports import FleetRow
from core.sync.due import Intervals, tier_of
from core.sync.planner import decide, divide, intervals_of
from tests.core.sync.worlds import CLIENT, NOON

RULES = Intervals()
SPOT = Budget("acme", "", "api", 6_000, 60, slot_units=20)


def ago(**span: float) -> datetime:
    return NOON - timedelta(**span)


def row(number: int, *, egress: str | None = "", is_main: bool = True, exchange: str = "acme") -> FleetRow:
    tier = Tier.MAIN if is_main else Tier.ACTIVE
    return FleetRow(
        UUID(int=number), CLIENT, exchange, False, is_main, tier, egress, None, NOON if not is_main else None, 30
    )


@pytest.mark.parametrize(
    ("is_main", "looked_at", "seen_at", "tier"),
    [
        (True, None, None, Tier.MAIN),
        (False, ago(seconds=59), None, Tier.WATCHED),
        (False, ago(seconds=60), ago(days=1), Tier.ACTIVE),
        (False, None, ago(days=6.9), Tier.ACTIVE),
        (False, ago(seconds=61), ago(days=7), Tier.REST),
        (False, None, None, Tier.REST),
    ],
)
def test_the_tier_follows_from_what_is_stored_and_the_time(
    is_main: bool, looked_at: datetime | None, seen_at: datetime | None, tier: Tier
) -> None:
    found = tier_of(is_main=is_main, looked_at=looked_at, client_seen_at=seen_at, now=NOON, intervals=RULES)
    assert found is tier


def test_every_interval_is_a_setting() -> None:
    settings = load_settings(
        {
            "GA_SYNC_INTERVAL_SECONDS": "31", "GA_SYNC_SLOW_INTERVAL_SECONDS": "121",
            "GA_LEDGER_INTERVAL_SECONDS": "301",
            "GA_SYNC_REST_INTERVAL_SECONDS": "302", "GA_SLOW_WALLET_INTERVAL_SECONDS": "122",
            "GA_EARN_INTERVAL_SECONDS": "601", "GA_CLIENT_ACTIVE_DAYS": "8",
        }
    )  # fmt: skip
    assert intervals_of(settings) == Intervals(31, 121, 301, 302, 122, 601, 8)


def test_more_accounts_than_a_limit_allows_are_read_less_often_and_the_plan_says_how() -> None:
    fleet = [row(number) for number in range(412)]
    (plan,) = decide(fleet, {""}, [SPOT], now=NOON, intervals=RULES).plans
    assert (plan.accounts, plan.allowed, plan.seconds, plan.is_stretched) == (412, 143, {"main": 87}, True)
    (plan,) = decide(fleet[:100], {""}, [SPOT], now=NOON, intervals=RULES).plans
    assert (plan.seconds, plan.is_stretched) == ({"main": 30}, False)


def test_a_second_address_takes_half_of_the_accounts_and_each_has_its_own_limit() -> None:
    fleet = [row(number, egress="one") for number in range(280)]
    budgets = [replace(SPOT, egress="one"), replace(SPOT, egress="two")]
    decision = decide(fleet, {"one", "two"}, budgets, now=NOON, intervals=RULES)
    assert [(plan.egress, plan.accounts, plan.seconds) for plan in decision.plans] == [
        ("one", 140, {"main": 30}),
        ("two", 140, {"main": 30}),
    ]
    assert Counter(pacing.egress for pacing in decision.pacings) == {"two": 140}


def test_accounts_stay_where_they_are_as_long_as_their_address_lives() -> None:
    fleet = [row(number, egress="one" if number % 2 else "two") for number in range(20)]
    assert divide(fleet, {"one", "two"}) == {item.account_id: item.egress for item in fleet}
    moved = divide(fleet, {"one", "three"})
    assert all(moved[item.account_id] == "one" for item in fleet if item.egress == "one")
    assert Counter(moved.values()) == {"one": 10, "three": 10}


def test_main_accounts_move_last() -> None:
    fleet = [row(number, egress="one", is_main=number < 10) for number in range(20)]
    places = divide(fleet, {"one", "two"})
    assert {places[item.account_id] for item in fleet if item.is_main} == {"one"}


def test_every_exchange_is_divided_by_itself() -> None:
    fleet = [row(number, egress=None, exchange="acme" if number < 3 else "other") for number in range(6)]
    places = divide(fleet, {"one", "two"})
    for exchange in ("acme", "other"):
        counts = Counter(places[item.account_id] for item in fleet if item.exchange == exchange)
        assert sorted(counts.values()) == [1, 2]


def test_only_what_changes_is_decided_anew() -> None:
    settled = row(1)
    looked = replace(row(2, is_main=False), looked_at=ago(seconds=5))
    gone = replace(row(3, is_main=False), client_seen_at=ago(days=9))
    pacings = decide([settled, looked, gone], {""}, [], now=NOON, intervals=RULES).pacings
    assert [(pacing.account_id.int, pacing.tier, pacing.interval_seconds, pacing.is_sooner) for pacing in pacings] == [
        (2, "watched", 30, True),
        (3, "rest", 300, False),
    ]


def test_accounts_planned_for_a_far_longer_interval_are_brought_forward() -> None:
    kept, late = row(1), replace(row(2), interval_seconds=706)  # planned while first readings were dear
    (pacing,) = decide([kept, late], {""}, [SPOT], now=NOON, intervals=RULES).pacings
    assert (pacing.account_id, pacing.interval_seconds, pacing.is_sooner) == (late.account_id, 30, True)
    nearly = [replace(row(number), interval_seconds=33) for number in range(2)]
    assert decide(nearly, {""}, [SPOT], now=NOON, intervals=RULES).pacings == []


def test_accounts_on_a_testnet_take_nothing_from_the_real_exchange_s_limits() -> None:
    fleet = [replace(row(number), testnet=True, tier="rest") for number in range(500)]
    decision = decide(fleet, {""}, [SPOT, replace(SPOT, bucket="testnet api")], now=NOON, intervals=RULES)
    assert decision.plans == []
    assert {pacing.interval_seconds for pacing in decision.pacings} == {30}
