"""What the Overview prints of today and of the month is what the Results page prints, sign, cents and percent."""

from datetime import timedelta

import pytest

from core.domain.types import User
from tests.core.services.results_past import HOUR, Trader, close
from tests.core.ui.house import ScreenHouse

MINUTE = timedelta(minutes=1)
CARDS = {"today": "Resultado de hoje", "month": "Resultado no mês"}


@pytest.fixture(params=["quiet", "busy"])
def ana(house: ScreenHouse, request: pytest.FixtureRequest) -> User:
    """Give a client with two accounts: nothing came or went today, or a deposit did."""
    client = house.person()
    since = house.now - timedelta(days=3)
    traders = [
        Trader(house.storage, client, name, seed=seed, is_main=seed == 1, created_at=since)
        for seed, name in enumerate(("Binance", "Bitget"), start=1)
    ]
    for trader in traders:
        trader.live(since, house.now - MINUTE, step=HOUR)
        if request.param == "busy":
            trader.book("deposit", trader.spot["BTC"] * 4000, house.now - MINUTE, wallet="spot")
            trader.live(house.now, house.now)
    close(house.storage, client, house.now)
    return client


@pytest.mark.parametrize("view", ["main", "all"])
def test_both_pages_print_the_same(house: ScreenHouse, ana: User, view: str) -> None:
    overview = {metric.label: (metric.value, metric.delta) for metric in house.screen(ana, account=view).metric}
    for period, label in CARDS.items():
        results = house.screen(ana, "results", account=view, period=period)
        assert not results.exception
        printed = {metric.label: metric.value for metric in results.metric}
        assert overview[label] == (printed["Resultado"], printed["Retorno ponderado pelo tempo"])
        assert any(digit in printed["Resultado"] for digit in "123456789")
