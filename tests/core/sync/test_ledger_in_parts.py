"""A ledger that an account's limits let be read in parts only is caught up slot by slot, through the real storage."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.sandbox.server import Sandbox, SandboxConfig
from core.domain.types import SyncState
from tests.core.sync.conftest import make_house
from tests.core.sync.house import House, MovableClock

EXCHANGE = "kraken"
MOST_SLOTS = 60


@pytest.fixture
def sandbox(clock: MovableClock) -> Iterator[Sandbox]:
    """Give an exchange that counts calls."""
    with Sandbox(SandboxConfig(clock=clock, exchanges=(EXCHANGE,))) as made:
        yield made


@pytest.fixture
def house(tmp_path: Path, sandbox: Sandbox, clock: MovableClock) -> Iterator[House]:
    """Give a house at that exchange."""
    yield from make_house("sqlite", tmp_path, sandbox, clock)


def changes(house: House) -> Decimal:
    """Return by how much the dollars of the spot wallet changed in the ninety days, by the exchange's own book."""
    uid = house.sandbox.key(EXCHANGE, "good").uid
    start = house.sandbox.world.opening(uid)["spot"]["USDT"]
    return house.sandbox.world.book(uid, house.clock()).wallets["spot"]["USDT"] - start


def test_a_busy_account_is_caught_up_over_several_slots_and_then_read_as_ever(house: House) -> None:
    job = house.add("good", exchange=EXCHANGE)
    states: list[SyncState] = []
    begun = house.clock()
    while not states or states[-1].ledger_cursor is not None:
        assert len(states) < MOST_SLOTS
        house.once()
        states.append(house.state(job))
        assert states[-1].last_error_code is None
        house.clock.move(30)
    *partial, last = states
    assert len(partial) > 2
    cursors = [state.ledger_cursor for state in partial if state.ledger_cursor is not None]
    assert cursors == sorted(cursors)
    assert len(set(cursors)) > 2
    assert {state.ledger_read_to for state in partial} == {None}
    assert last.ledger_read_to is not None
    assert last.ledger_read_to > begun
    assert last.ledger_since == begun - timedelta(days=90)
    house.clock.move(-30)
    told = sum((row.amount for row in house.ledger_rows(job, "spot", "USDT")), Decimal(0))
    assert told == changes(house)
    house.clock.move(300)
    house.once()
    assert house.state(job).ledger_cursor is None
    assert house.state(job).ledger_read_to == house.clock()
