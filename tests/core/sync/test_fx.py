"""Rates come from the central bank over HTTP into the database, once, with their time; what is late restates days."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connectors import PtaxRates
from connectors.sandbox import Fault, FaultKind, Sandbox, SandboxConfig
from core.domain.currencies import FxSource
from core.domain.marks import PricePoint
from core.persistence import SqlStorage
from core.services.rates import Rates, load_rates
from core.sync.fx import AGAIN_AFTER, READ_EVERY, FxReader
from tests.core.sync.conftest import BACKEND_PARAMS
from tests.core.sync.house import MovableClock
from tests.databases import fresh_storage

NOON = datetime(2026, 3, 11, 18, 0, tzinfo=UTC)  # a Wednesday, after the bank's closing
FRIDAY = date(2026, 3, 6)
DAY = timedelta(days=1)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(NOON)


@pytest.fixture
def sandbox(clock: MovableClock) -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(clock=clock, exchanges=("binance",))) as made:
        yield made


@pytest.fixture(params=BACKEND_PARAMS)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStorage]:
    with fresh_storage(str(request.param), tmp_path) as made:
        yield made


def reader(storage: SqlStorage, clock: MovableClock, sandbox: Sandbox, source: FxSource = FxSource.PTAX) -> FxReader:
    return FxReader(storage, clock, source, PtaxRates(sandbox.hosts()["ptax"]).read)


def known(storage: SqlStorage, currency: str, clock: MovableClock) -> Rates:
    with storage.begin(write=False) as uow:
        return load_rates(uow, currency, clock() - 30 * DAY, clock())


def asked(sandbox: Sandbox) -> int:
    return sum(int(row["count"]) for row in sandbox.requests.rows() if row["exchange"] == "ptax")


def test_rates_are_stored_with_their_time_and_a_weekend_carries_fridays(
    storage: SqlStorage, clock: MovableClock, sandbox: Sandbox
) -> None:
    sandbox.bank.fixed[("USD", FRIDAY)] = Decimal("5.2345")
    reader(storage, clock, sandbox).run()
    rates = known(storage, "BRL", clock)
    sunday = rates.at(datetime(2026, 3, 8, 12, tzinfo=UTC))
    assert sunday is not None
    assert (sunday.per_usd, sunday.as_of.date(), sunday.source) == (5.2345, FRIDAY, "ptax")
    assert rates.at(NOON - 500 * DAY) is None
    assert rates.convert(1000.0, datetime(2026, 3, 8, 12, tzinfo=UTC)) == pytest.approx(5234.5)
    euro = known(storage, "EUR", clock).at(NOON)
    assert euro is not None
    assert euro.per_usd == pytest.approx(1 / 1.09, rel=1e-3)


def test_a_rate_counts_for_five_days_and_not_a_second_longer(
    storage: SqlStorage, clock: MovableClock, sandbox: Sandbox
) -> None:
    reader(storage, clock, sandbox).run()
    rates = known(storage, "BRL", clock)
    newest = max(rates.times)
    assert rates.at(newest + 5 * DAY) is not None
    assert rates.at(newest + 5 * DAY + timedelta(seconds=1)) is None


def test_nothing_is_known_before_anything_was_read(storage: SqlStorage, clock: MovableClock) -> None:
    for currency in ("BRL", "EUR", "BTC", "USDT"):
        assert known(storage, currency, clock).at(NOON) is None
    dollar = known(storage, "USD", clock).at(NOON)
    assert dollar is not None
    assert dollar.per_usd == 1.0


def test_the_bank_is_asked_every_half_hour_and_sooner_after_a_failure(
    storage: SqlStorage, clock: MovableClock, sandbox: Sandbox
) -> None:
    fx = reader(storage, clock, sandbox)
    sandbox.fault(Fault("ptax", FaultKind.STATUS, status=503, count=1))
    fx.run()
    assert known(storage, "BRL", clock).at(NOON) is None
    assert not fx.is_due(clock())
    clock.move(AGAIN_AFTER.total_seconds())
    assert fx.is_due(clock())
    fx.run()
    assert known(storage, "BRL", clock).at(NOON) is not None
    before = asked(sandbox)
    clock.move(READ_EVERY.total_seconds() - 1)
    assert not fx.is_due(clock())
    reader(storage, clock, sandbox).run()  # another sidecar
    clock.move(1)
    fx.run()
    assert asked(sandbox) == before + 2


def test_a_rate_that_figures_were_made_with_is_never_replaced(
    storage: SqlStorage, clock: MovableClock, sandbox: Sandbox
) -> None:
    sandbox.bank.fixed[("USD", FRIDAY)] = Decimal("5.2345")
    reader(storage, clock, sandbox).run()
    sandbox.bank.fixed[("USD", FRIDAY)] = Decimal("9.9")
    clock.move(READ_EVERY.total_seconds())
    reader(storage, clock, sandbox).run()
    found = known(storage, "BRL", clock).at(datetime(2026, 3, 7, tzinfo=UTC))
    assert found is not None
    assert found.per_usd == 5.2345


def test_the_market_is_taken_where_the_setting_says_so_and_the_bank_is_left_alone(
    storage: SqlStorage, clock: MovableClock, sandbox: Sandbox
) -> None:
    with storage.begin() as uow:
        uow.price_history.save(
            [PricePoint("BRL", NOON, Decimal("0.2")), PricePoint("BRL", NOON, Decimal("7"), "elsewhere")]
        )
    reader(storage, clock, sandbox).run()
    bank = known(storage, "BRL", clock).at(NOON)
    reader(storage, clock, sandbox, FxSource.MARKET).run()
    market = known(storage, "BRL", clock).at(NOON)
    assert bank is not None
    assert market is not None
    assert (bank.source, market.source, market.per_usd) == ("ptax", "market", 5.0)


def test_a_coins_rate_is_its_own_price_at_the_instant(storage: SqlStorage, clock: MovableClock) -> None:
    with storage.begin() as uow:
        uow.price_history.save([PricePoint("BTC", NOON, Decimal(50000))])
    rates = known(storage, "BTC", clock).with_prices([(NOON + timedelta(seconds=30), 40000.0)])
    assert rates.convert(40000.0, NOON + timedelta(seconds=30)) == pytest.approx(1)
    assert rates.convert(40000.0, NOON + timedelta(seconds=29)) == pytest.approx(0.8)
    assert rates.convert(1.0, NOON + timedelta(seconds=30) + DAY + timedelta(seconds=1)) is None
