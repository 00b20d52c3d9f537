"""What a dead sidecar's last commit does when the server gets it after its death: a whole slot, or a lease.

Until it is in, the server keeps the account's row and nobody else claims it. A kill loop that took a new version's
number before it had the lease once read "of another slot" there.
"""

import random
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from core.domain.types import ExchangeAccount, SyncState
from core.persistence import SqlStorage
from core.ports import Lease
from tests.databases import fresh_url
from tests.torture.kill import Life, Witness
from tests.torture.late import LateWire, late_wire
from tests.torture.slots import CASH, Writer, furnish, judge, opened, state_of

pytestmark = pytest.mark.postgres
SECONDS = 0.6


class Longest(random.Random):
    """Dice that always show the most."""

    def uniform(self, _a: float, b: float) -> float:
        return b


class Scene:
    """A sidecar whose every commit is long under way, and those who look at the database itself."""

    def __init__(self, storage: SqlStorage, account: ExchangeAccount, wire: LateWire, life: Life) -> None:
        self.storage, self.account, self.wire, self._life = storage, account, wire, life

    @property
    def state(self) -> SyncState:
        return state_of(self.storage, self.account.id)

    def kill_when(self, is_time: Callable[[SyncState], bool]) -> SyncState:
        """Kill the sidecar while a commit about this account is under way and its state is such; return that state."""
        self.wait_until(lambda: is_time(self.state) and self._is_locked() and self.wire.under_way == 1)
        self._life.kill()
        return self.state

    def _is_locked(self) -> bool:
        free = text("SELECT 1 FROM sync_states WHERE account_id = :id FOR UPDATE SKIP LOCKED")
        with self.storage.begin() as uow:
            return uow.connection.execute(free, {"id": self.account.id}).one_or_none() is None

    def claim(self) -> Lease | None:
        """Claim the account at a time when every lease is over."""
        with self.storage.begin() as uow:
            later = self.state.next_due_at + timedelta(days=1)
            return uow.syncing.claim_one(self.account.id, later, owner="next", lease_seconds=60)

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not is_so():
            assert time.monotonic() < deadline
            time.sleep(0.005)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with fresh_url("postgresql", tmp_path) as url, opened(url) as storage:
        (account,) = furnish(storage, 1)
        with late_wire(url, Longest(), dwell=SECONDS, hold=SECONDS) as (wire, through):
            life = Life(through, [(account.id, account.user_id)], Witness({}), with_reader=False)
            try:
                yield Scene(storage, account, wire, life)
            finally:
                life.kill()


def has_lease(state: SyncState) -> bool:
    return state.leased_by is not None


def test_nobody_claims_an_account_while_a_dead_sidecars_slot_is_under_way(scene: Scene) -> None:
    before = scene.kill_when(has_lease)
    assert (before.data_version, scene.wire.late) == (0, 0)
    assert scene.claim() is None  # its lease is over, but its slot may still land
    scene.wait_until(lambda: scene.state.data_version == 1)
    assert scene.wire.late == 1
    lease = scene.claim()
    assert lease is not None
    assert lease.fence == before.fence + 1


def test_a_slot_that_lands_after_death_is_whole_and_the_next_one_builds_on_it(scene: Scene) -> None:
    scene.kill_when(has_lease)
    writer = Writer(scene.storage, scene.account.id, scene.account.user_id, "next")
    writer.start()  # it has seen nothing of the slot that is under way
    assert writer.feed.version == 0
    assert writer.write() == 2
    with scene.storage.begin(write=False) as uow:
        held = uow.readings.balances({scene.account.id}, {scene.account.user_id})
    assert {balance.total for balance in held} == {CASH + 2}
    url = scene.storage.engine.url.render_as_string(hide_password=False)
    assert judge(url, {scene.account.id: 2}).torn == []


def test_a_lease_that_lands_after_death_is_waited_for(scene: Scene) -> None:
    before = scene.kill_when(lambda state: not has_lease(state))
    assert scene.claim() is None
    scene.wait_until(lambda: has_lease(scene.state))
    assert scene.state.fence == before.fence + 1
    writer = Writer(scene.storage, scene.account.id, scene.account.user_id, "next")
    writer.start()
    assert writer.write() == 1
