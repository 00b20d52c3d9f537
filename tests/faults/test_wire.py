"""What breaks on the wire or in a body: a typed error, the last good figures with their age, everybody else on time."""

from typing import Any

import pytest

from connectors.sandbox.faults import FaultKind
from core.domain.types import AccountStatus
from tests.faults.house import FaultHouse

SPOT = "/api/v3/account"
LOST = "Binance could not be reached in time"
BAD = "Binance sent an answer that cannot be used"
SILENT: list[tuple[FaultKind, dict[str, Any], str]] = [
    (FaultKind.REFUSED, {}, "network"),
    (FaultKind.RESET, {}, "network"),
    (FaultKind.HANG, {}, "network"),
    (FaultKind.SLOW_HEAD, {"seconds": 0.02}, "network"),
    (FaultKind.SLOW_BODY, {"seconds": 0.02}, "network"),
    (FaultKind.STATUS, {"status": 500}, "unknown"),
    (FaultKind.STATUS, {"status": 503}, "maintenance"),
]
GARBLED = [
    FaultKind.TRUNCATE,
    FaultKind.HALF_CLOSED,
    FaultKind.BAD_CHUNKS,
    FaultKind.GARBAGE,
    FaultKind.EMPTY,
    FaultKind.BOM,
    FaultKind.ENCODING,
    FaultKind.HTML,
    FaultKind.TEXT,
]


@pytest.mark.parametrize(
    ("kind", "how", "code"), SILENT, ids=[f"{kind}{how.get('status', '')}" for kind, how, _ in SILENT]
)
def test_an_exchange_that_does_not_answer_is_asked_three_times_at_most_and_the_last_good_figures_stay(
    house: FaultHouse, kind: FaultKind, how: dict[str, Any], code: str
) -> None:
    struck, other = house.good, house.other
    before = house.figures(struck)
    house.strike(kind, **how)
    house.sandbox.requests.clear()
    house.once()
    assert house.state(struck).last_error_code == code
    assert max(house.requests("good").values(), default=0) <= 3
    assert house.figures(struck) == before
    assert house.account(struck).status is AccountStatus.ACTIVE
    assert house.age(other) == 0


def test_an_exchange_that_is_back_is_read_again_as_if_nothing_had_been(house: FaultHouse) -> None:
    house.strike(FaultKind.REFUSED)
    house.once()
    assert house.state(house.good).last_error_code == "network"
    house.heal()
    house.pass_time(2)
    house.once()
    assert (house.age(house.good), house.state(house.good).last_error_code) == (0, None)
    assert house.amounts(house.good) == house.truth("good")


@pytest.mark.parametrize("kind", GARBLED)
def test_of_a_bad_answer_nothing_is_stored(house: FaultHouse, kind: FaultKind) -> None:
    struck, other = house.good, house.spot
    before = house.figures(struck)
    house.strike(kind, key="good", seconds=0.05)
    house.once()
    assert house.state(struck).last_error_code == "bad_response"
    assert house.figures(struck) == before
    assert house.account(struck).status is AccountStatus.ACTIVE
    assert (house.age(other), house.amounts(other)) == (0, house.truth("spot"))


def test_an_error_hidden_in_a_success_counts_as_the_error_it_is(house: FaultHouse) -> None:
    struck, other = house.good, house.spot
    before = house.figures(struck)
    house.strike(FaultKind.ERROR_200, key="good")
    house.once()
    assert house.state(struck).last_error_code == "maintenance"
    assert house.figures(struck) == before
    assert house.age(other) == 0


def test_the_screen_shows_the_last_figures_with_their_age_and_says_why(house: FaultHouse) -> None:
    job = house.good
    equity = {metric.label: metric.value for metric in house.screen("overview").metric}["Equity"]
    house.strike(FaultKind.RESET)
    house.pass_time(8)
    house.once()
    shown = house.screen("overview")
    assert {metric.label: metric.value for metric in shown.metric}["Equity"] == equity
    assert "late · 4 min ago" in house.reads("overview")
    assert LOST in house.reads()
    house.heal()
    house.strike(FaultKind.GARBAGE)
    house.pass_time()
    house.once()
    assert house.state(job).last_error_code == "bad_response"
    assert BAD in house.reads()


def test_one_struck_request_is_repeated_within_the_slot_and_nobody_notices(house: FaultHouse) -> None:
    job = house.good
    house.strike(FaultKind.RESET, key="good", path_prefix=SPOT, count=2)
    house.sandbox.requests.clear()
    house.once()
    assert (house.age(job), house.state(job).last_error_code) == (0, None)
    assert all(wallet.ok for wallet in house.wallets(job).values())
    assert house.requests("good")[SPOT] == 3
