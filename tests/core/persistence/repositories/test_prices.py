"""The latest price of each asset at each exchange."""

from decimal import Decimal

from core.domain.types import PriceQuote
from core.persistence import SqlStorage
from tests.core.persistence.makers import NOW, SECOND


def test_a_newer_price_replaces_an_older_one_and_never_the_reverse(storage: SqlStorage) -> None:
    first = PriceQuote("alpha", "BTC", Decimal("65000.123456789"), NOW, "BTC/USDT")
    newer = PriceQuote("alpha", "BTC", Decimal("65001"), NOW + SECOND, "BTC/USDC")
    other = PriceQuote("beta", "BTC", Decimal("64999"), NOW)
    with storage.begin() as uow:
        uow.prices.save([first, other])
        uow.prices.save([newer])
        uow.prices.save([first])
        uow.prices.save([])
        assert uow.prices.latest() == [newer, other]
        assert uow.prices.latest("beta") == [other]
