"""The central bank's rates over real HTTP: what is read is exactly what the bank says, and nothing else counts."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from connectors import PtaxRates
from connectors.errors import BadResponseError, ExchangeError, MaintenanceError, NetworkError
from connectors.sandbox import Fault, FaultKind, Sandbox, SandboxConfig

NOW = datetime(2026, 3, 11, 15, 0, tzinfo=UTC)  # a Wednesday, noon in Brasília: today's closing is not out yet
FRIDAY, MONDAY, TUESDAY = date(2026, 3, 6), date(2026, 3, 9), date(2026, 3, 10)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(clock=lambda: NOW, exchanges=("binance",))) as sandbox:
        yield sandbox


def reader(sandbox: Sandbox) -> PtaxRates:
    return PtaxRates(sandbox.hosts()["ptax"])


def test_rates_are_the_banks_closing_rates_of_business_days(sandbox: Sandbox) -> None:
    sandbox.bank.fixed |= {("USD", FRIDAY): Decimal("5.2345"), ("EUR", FRIDAY): Decimal("5.7580")}
    found = reader(sandbox).read(FRIDAY, date(2026, 3, 11))
    reais = {rate.at: rate.per_usd for rate in found if rate.currency == "BRL"}
    assert [at.date() for at in reais] == [FRIDAY, MONDAY, TUESDAY]  # no weekend, and nothing of a day not closed yet
    first = min(reais)
    assert first == datetime(2026, 3, 6, 16, 5, 27, 423000, tzinfo=UTC)  # 13:05 in Brasília
    assert reais[first] == Decimal("5.2345")
    euro = next(rate for rate in found if rate.currency == "EUR" and rate.at.date() == FRIDAY)
    assert abs(euro.per_usd * Decimal("5.7580") - Decimal("5.2345")) < Decimal("1e-20")
    assert {rate.source for rate in found} == {"ptax"}


def test_a_period_without_business_days_has_no_rates(sandbox: Sandbox) -> None:
    assert reader(sandbox).read(date(2026, 3, 7), date(2026, 3, 8)) == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("ptax", FaultKind.STATUS, status=503), MaintenanceError),
        (Fault("ptax", FaultKind.STATUS, status=400), BadResponseError),
        (Fault("ptax", FaultKind.REDIRECT, value="http://127.0.0.1:9/"), BadResponseError),
        (Fault("ptax", FaultKind.HTML), BadResponseError),
        (Fault("ptax", FaultKind.EMPTY), BadResponseError),
        (Fault("ptax", FaultKind.TRUNCATE), BadResponseError),
        (Fault("ptax", FaultKind.HUGE), BadResponseError),
        (Fault("ptax", FaultKind.RESET), NetworkError),
    ],
)
def test_what_is_no_whole_answer_is_an_error(sandbox: Sandbox, fault: Fault, error: type[ExchangeError]) -> None:
    sandbox.fault(fault)
    with pytest.raises(error):
        reader(sandbox).read(FRIDAY, TUESDAY)


@pytest.mark.parametrize("rate", ["0", "-5.2", "NaN", "1e9", '"five"', "null"])
def test_a_rate_that_cannot_be_is_refused_with_the_whole_answer(sandbox: Sandbox, rate: str) -> None:
    sandbox.bank.written = lambda _rate: rate
    with pytest.raises(BadResponseError):
        reader(sandbox).read(FRIDAY, TUESDAY)
