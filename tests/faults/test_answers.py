"""Whole answers that must not be believed, or only in part: odd numbers, single wallets, coins without a price."""

import time
import tracemalloc
from decimal import Decimal
from typing import Any

import pytest

from connectors import Connector, create
from connectors.errors import BadResponseError
from connectors.sandbox.faults import FaultKind
from core.domain.types import AccountStatus
from tests.core.sync.house import EXCHANGE
from tests.faults.house import FaultHouse

SPOT, FUTURES = "/api/v3/account", "/fapi/v3/account"
MEBIBYTE = 1 << 20


def connector(house: FaultHouse) -> Connector:
    key = house.sandbox.key(EXCHANGE, "good")
    return create(
        EXCHANGE,
        api_key=key.api_key,
        api_secret=key.api_secret,
        hosts=house.sandbox.hosts()[EXCHANGE],
        clock=house.clock,
    )


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (FaultKind.BOMB, {}),
        (FaultKind.DEEP, {}),
        (FaultKind.ENDLESS_HEAD, {}),
        (FaultKind.REWRITE, {"field": "free", "value": "9" * 1_000_000}),
        (FaultKind.REWRITE, {"field": "free", "value": "1e999999999"}),
        (FaultKind.REWRITE, {"field": "free", "value": '"1e99"'}),
    ],
    ids=["bomb", "deep nesting", "endless headers", "a million digits", "1e999999999", "1e99"],
)
def test_what_would_swallow_memory_or_time_is_cut_off(house: FaultHouse, kind: FaultKind, more: dict[str, Any]) -> None:
    reader = connector(house)
    house.strike(kind, path_prefix=SPOT, **more)
    with pytest.raises(BadResponseError):
        reader.get_spot_balances()  # the exchange makes its bomb
    tracemalloc.start()
    begun = time.thread_time()
    with pytest.raises(BadResponseError):
        reader.get_spot_balances()
    spent, (_, most) = time.thread_time() - begun, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert spent < 1
    assert most < 50 * MEBIBYTE


@pytest.mark.parametrize("kind", [FaultKind.BOMB, FaultKind.HUGE])
def test_the_sidecar_lives_on_after_an_answer_that_was_cut_off(house: FaultHouse, kind: FaultKind) -> None:
    before = house.figures(house.good)
    house.strike(kind, key="good")
    house.once()
    assert house.state(house.good).last_error_code == "bad_response"
    assert house.figures(house.good) == before
    assert house.age(house.spot) == house.age(house.other) == 0


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (FaultKind.REWRITE, "NaN"),
        (FaultKind.REWRITE, '"NaN"'),
        (FaultKind.REWRITE, "Infinity"),
        (FaultKind.REWRITE, '"-5"'),
        (FaultKind.REWRITE, "{}"),
        (FaultKind.REWRITE, "true"),
        (FaultKind.REWRITE, "null"),
        (FaultKind.TWICE, '"5"'),
    ],
    ids=["NaN", "NaN as text", "Infinity", "negative", "an object", "a boolean", "null", "a key twice"],
)
def test_a_wallet_with_an_impossible_value_fails_alone_and_is_carried(
    house: FaultHouse, kind: FaultKind, value: str
) -> None:
    before = house.wallets(house.good)["spot"]
    house.strike(kind, key="good", path_prefix=SPOT, field="free", value=value)
    house.once()
    spot, futures = house.wallets(house.good)["spot"], house.wallets(house.good)["usdm"]
    assert (spot.ok, spot.reason, spot.equity, spot.as_of) == (False, "bad_response", before.equity, before.as_of)
    assert (futures.ok, futures.as_of) == (True, house.clock())
    assert house.age(house.spot) == 0


def test_a_section_that_fails_is_carried_marked_on_the_screen_and_back_afterwards(any_house: FaultHouse) -> None:
    house = any_house
    before = house.wallets(house.good)["usdm"]
    house.strike(FaultKind.STATUS, status=503, path_prefix="/fapi/")
    house.pass_time(3)
    house.once()
    usdm, spot = house.wallets(house.good)["usdm"], house.wallets(house.good)["spot"]
    assert (usdm.ok, usdm.equity, usdm.as_of) == (False, before.equity, before.as_of)
    assert (spot.ok, spot.as_of) == (True, house.clock())
    shown = house.reads("overview")
    assert "partial" in shown
    assert "with older values of binance good · usdm" in shown
    house.heal()
    house.pass_time(4)
    house.once()
    assert all(wallet.ok for wallet in house.wallets(house.good).values())
    assert "older values" not in house.reads("overview")


def test_a_coin_without_a_price_is_named_and_never_counted_as_zero(house: FaultHouse) -> None:
    house.once()
    house.deposit("good", "NOPRICE", "1000")
    house.pass_time(2)
    house.once()
    wallet = house.wallets(house.good)["spot"]
    assert wallet.unpriced == ("NOPRICE",)
    assert house.amounts(house.good)["NOPRICE"] == Decimal(1000)
    (held,) = [balance for balance in house.balances(house.good) if balance.asset == "NOPRICE"]
    assert held.value is None
    assert "without NOPRICE: no price" in house.reads("overview")
    assert house.account(house.good).status is AccountStatus.ACTIVE
