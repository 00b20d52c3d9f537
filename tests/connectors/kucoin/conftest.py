"""Worlds at a standstill, and connectors that do not wait."""

from collections.abc import Iterator

import pytest

from connectors import _base
from connectors.sandbox import Sandbox
from tests.connectors.kucoin.calls import still


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_base, "RETRY_SECONDS", 0.0)


@pytest.fixture(scope="module")
def quiet() -> Iterator[Sandbox]:
    """Serve a world at a standstill, that no test changes."""
    with Sandbox(still()) as running:
        yield running


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Serve a world at a standstill, whose keys and faults a test may change."""
    with Sandbox(still()) as running:
        yield running
