"""The house on each database, with a sandbox of its own."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.sandbox.server import Sandbox, SandboxConfig
from tests.core.sync.house import House, MovableClock
from tests.databases import BACKENDS, fresh_url

BACKEND_PARAMS = [pytest.param(name, marks=pytest.mark.postgres) if name == "postgresql" else name for name in BACKENDS]


@pytest.fixture
def clock() -> MovableClock:
    """Give a clock that stands at noon."""
    return MovableClock(datetime(2026, 3, 1, 12, tzinfo=UTC))


@pytest.fixture
def sandbox(clock: MovableClock) -> Iterator[Sandbox]:
    """Give exchanges that live by the same clock; it stands still, so limits by the second are off."""
    with Sandbox(SandboxConfig(clock=clock, enforce_limits=False)) as made:
        yield made


def make_house(backend: str, folder: Path, sandbox: Sandbox, clock: MovableClock) -> Iterator[House]:
    """Give a house on one kind of database."""
    with fresh_url(backend, folder) as url:
        house = House(url=url, folder=folder, sandbox=sandbox, clock=clock)
        yield house
        house.storage.dispose()


@pytest.fixture
def house(tmp_path: Path, sandbox: Sandbox, clock: MovableClock) -> Iterator[House]:
    """Give a house on SQLite."""
    yield from make_house("sqlite", tmp_path, sandbox, clock)


@pytest.fixture(params=BACKEND_PARAMS)
def any_house(request: pytest.FixtureRequest, tmp_path: Path, sandbox: Sandbox, clock: MovableClock) -> Iterator[House]:
    """Give a house on each database in turn."""
    yield from make_house(str(request.param), tmp_path, sandbox, clock)
