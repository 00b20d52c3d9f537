"""A house behind the proxy, with short deadlines and a clock that the tests move."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from connectors import _base
from connectors.sandbox.server import Sandbox, SandboxConfig
from core.bootstrap import parts
from core.domain.types import Job
from tests.core.sync.house import EXCHANGE, MovableClock
from tests.databases import fresh_url, postgres_copy
from tests.faults.house import OTHER, SLOT, FaultHouse

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OPENED_ON = date(2026, 2, 25)  # few days cost little
DATABASE = "settled.db"


@dataclass(frozen=True)
class Template:
    """The folder of an installation whose accounts have been read well at noon."""

    folder: Path
    jobs: dict[str, Job]


@contextmanager
def exchanges(clock: MovableClock, *, proxied: bool = True) -> Iterator[Sandbox]:
    """Serve two exchanges without limits of their own, behind proxies."""
    config = SandboxConfig(
        clock=clock, opened_on=OPENED_ON, enforce_limits=False, proxied=proxied, exchanges=(EXCHANGE, OTHER)
    )
    with Sandbox(config) as made:
        yield made


@pytest.fixture(scope="session")
def shared_clock() -> MovableClock:
    """The clock of all these tests, which each of them begins at noon."""
    return MovableClock(NOON)


@pytest.fixture(scope="session")
def shared_sandbox(shared_clock: MovableClock) -> Iterator[Sandbox]:
    """Two exchanges behind proxies; starting them anew for each test would cost more than the tests."""
    with exchanges(shared_clock) as made:
        yield made


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, shared_sandbox: Sandbox, shared_clock: MovableClock) -> Template:
    """Settle one installation, of which every test gets a copy."""
    folder = tmp_path_factory.mktemp("settled")
    with fresh_url("sqlite", folder) as url:
        house = FaultHouse(url=url, folder=folder, sandbox=shared_sandbox, clock=shared_clock)
        jobs = house.settle()
        house.storage.dispose()
        Path(url.removeprefix("sqlite:///")).rename(folder / DATABASE)
    return Template(folder, jobs)


@pytest.fixture(scope="session")
def postgres_template(
    tmp_path_factory: pytest.TempPathFactory, shared_sandbox: Sandbox, shared_clock: MovableClock
) -> Iterator[tuple[str, Template]]:
    """Settle the same installation on PostgreSQL."""
    folder = tmp_path_factory.mktemp("settled-postgres")
    shared_sandbox.reset()
    shared_clock.move((NOON - shared_clock()).total_seconds())
    with fresh_url("postgresql", folder) as url:
        house = FaultHouse(url=url, folder=folder, sandbox=shared_sandbox, clock=shared_clock)
        jobs = house.settle()
        house.storage.dispose()
        yield url, Template(folder, jobs)


@pytest.fixture
def clock(shared_clock: MovableClock) -> MovableClock:
    """A clock that stands at noon."""
    shared_clock.move((NOON - shared_clock()).total_seconds())
    return shared_clock


@pytest.fixture
def sandbox(clock: MovableClock, shared_sandbox: Sandbox) -> Sandbox:
    """Two exchanges behind proxies, as they were at the start."""
    shared_sandbox.reset()
    return shared_sandbox


@pytest.fixture(autouse=True)
def _repeat_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_base, "RETRY_SECONDS", 0.005)


@contextmanager
def at_home(house: FaultHouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultHouse]:
    """Let the screens find the house and live by its clock; afterwards all is well and closed."""
    monkeypatch.setenv("GA_DATABASE_URL", house.settings.database_url)
    monkeypatch.setenv("GA_DATA_DIR", str(house.settings.data_dir))
    monkeypatch.setattr(parts, "utc_now", house.clock)
    parts.get_web.cache_clear()
    try:
        yield house
    finally:
        house.heal()
        house.storage.dispose()
        if parts.get_web.cache_info().currsize:
            parts.get_web().storage.dispose()
        parts.get_web.cache_clear()


def move_in(template: Template, url: str, folder: Path, sandbox: Sandbox, clock: MovableClock) -> FaultHouse:
    """Return a house in a copy of what was settled."""
    shutil.copytree(template.folder, folder)
    made = FaultHouse(url=url, folder=folder, sandbox=sandbox, clock=clock)
    made.move_in(template.jobs)
    clock.move((NOON - clock()).total_seconds() + SLOT)
    return made


@pytest.fixture
def house(
    template: Template, sandbox: Sandbox, clock: MovableClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FaultHouse]:
    """A settled house on SQLite, half a minute after its accounts were read."""
    folder = tmp_path / "house"
    made = move_in(template, f"sqlite:///{folder / DATABASE}", folder, sandbox, clock)
    with at_home(made, monkeypatch):
        yield made


@pytest.fixture
def undisturbed(template: Template, sandbox: Sandbox, clock: MovableClock, tmp_path: Path) -> Iterator[FaultHouse]:
    """Another house with the same accounts, on SQLite, for comparison; nobody looks at its screens."""
    folder = tmp_path / "undisturbed"
    made = move_in(template, f"sqlite:///{folder / DATABASE}", folder, sandbox, clock)
    yield made
    made.storage.dispose()


@pytest.fixture
def postgres_house(
    postgres_template: tuple[str, Template],
    sandbox: Sandbox,
    clock: MovableClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[FaultHouse]:
    """The same on PostgreSQL."""
    original, template = postgres_template
    with postgres_copy(original) as url:
        made = move_in(template, url, tmp_path / "house", sandbox, clock)
        with at_home(made, monkeypatch):
            yield made


@pytest.fixture(params=["house", pytest.param("postgres_house", marks=pytest.mark.postgres)])
def any_house(request: pytest.FixtureRequest) -> FaultHouse:
    """A settled house on each database in turn."""
    made: FaultHouse = request.getfixturevalue(str(request.param))
    return made
