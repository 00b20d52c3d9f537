"""Prices of the past."""

from datetime import datetime
from decimal import Decimal

from core.domain.marks import PricePoint
from core.domain.types import User
from core.persistence import SqlStorage
from tests.core.persistence.makers import DAY, HOUR, MINUTE, NOW, SECOND, add_account, make_ledger

DAY_SECONDS = 86_400


def point(asset: str, at: datetime, price: str, exchange: str = "") -> PricePoint:
    return PricePoint(asset, at, Decimal(price), exchange)


def test_a_price_at_an_instant_is_the_last_one_before_it_and_never_a_later_one(storage: SqlStorage) -> None:
    with storage.begin() as uow:
        uow.price_history.save([point("BTC", NOW - HOUR, "65000.123456789"), point("BTC", NOW, "66000")])
        asked = [("BTC", NOW - HOUR - SECOND), ("BTC", NOW - HOUR), ("BTC", NOW - MINUTE), ("BTC", NOW), ("ETH", NOW)]
        found = uow.price_history.prices_at("alpha", asked, max_age_seconds=DAY_SECONDS)
    assert [found.get(one) for one in asked] == [
        None,
        Decimal("65000.123456789"),
        Decimal("65000.123456789"),
        Decimal(66000),
        None,
    ]


def test_a_price_that_is_too_old_is_no_price(storage: SqlStorage) -> None:
    with storage.begin() as uow:
        uow.price_history.save([point("BTC", NOW, "66000")])
        asked = ("BTC", NOW + HOUR)
        assert uow.price_history.prices_at("alpha", [asked], max_age_seconds=3600) == {asked: Decimal(66000)}
        assert uow.price_history.prices_at("alpha", [asked], max_age_seconds=3599) == {}


def test_the_price_of_an_exchange_s_own_coin_comes_before_that_of_its_namesake(storage: SqlStorage) -> None:
    with storage.begin() as uow:
        uow.price_history.save([point("SAME", NOW, "5"), point("SAME", NOW, "0.01", "alpha")])
        asked = ("SAME", NOW)
        assert uow.price_history.prices_at("alpha", [asked], max_age_seconds=60)[asked] == Decimal("0.01")
        assert uow.price_history.prices_at("beta", [asked], max_age_seconds=60)[asked] == Decimal(5)


def test_of_the_prices_of_one_step_the_first_stays_and_a_series_tells_each_step_once(storage: SqlStorage) -> None:
    start = NOW.replace(minute=0, second=1, microsecond=0)
    with storage.begin() as uow:
        for minutes in range(12):
            uow.price_history.save([point("BTC", start + minutes * MINUTE, str(60000 + minutes))])
        told = uow.price_history.series(["BTC"], since=start, until=start + HOUR)
    assert [(row.at - start, row.price) for row in told] == [
        (0 * MINUTE, Decimal(60000)),
        (5 * MINUTE, Decimal(60005)),
        (10 * MINUTE, Decimal(60010)),
    ]


def test_what_nobody_has_keeps_its_steps_for_two_days_and_what_somebody_has_for_ninety(
    storage: SqlStorage, client: User
) -> None:
    account = add_account(storage, client)
    ages = (1, 3, 91)
    with storage.begin() as uow:
        uow.ledger.add([make_ledger(account, asset="USED")])
        uow.price_history.save([point(name, NOW - age * DAY, "1") for name in ("USED", "NOBODY") for age in ages])
        before = len(uow.price_history.series(["USED", "NOBODY"], since=NOW - 100 * DAY, until=NOW))
        assert uow.price_history.thin(NOW) > 0
        again = uow.price_history.thin(NOW)
        asked = [(name, NOW - age * DAY) for name in ("USED", "NOBODY") for age in ages]
        left = uow.price_history.prices_at("", asked, max_age_seconds=0)
    assert before == 6
    assert again == 0
    assert sorted((name, (NOW - at) // DAY) for name, at in left) == [
        ("NOBODY", 1),
        ("NOBODY", 3),
        ("USED", 1),
        ("USED", 3),
        ("USED", 91),
    ]
