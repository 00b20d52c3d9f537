"""A sandbox on a clock that stands still, and callers that sign by hand."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
import requests

from connectors.sandbox import Sandbox, SandboxConfig
from tests.connectors.sandbox.callers import BinanceCaller, BitgetCaller, Clock

OPENED_ON = date(2026, 1, 1)
NOW = datetime(2026, 2, 14, 15, 30, 20, 250_000, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(opened_on=OPENED_ON, clock=clock)) as running:
        yield running


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def binance(sandbox: Sandbox, clock: Clock, http: requests.Session) -> BinanceCaller:
    return BinanceCaller(sandbox, clock, http)


@pytest.fixture
def bitget(sandbox: Sandbox, clock: Clock, http: requests.Session) -> BitgetCaller:
    return BitgetCaller(sandbox, clock, http)
