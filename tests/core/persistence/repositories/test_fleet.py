"""All accounts at a glance."""

from datetime import timedelta

from core.domain.types import AccountStatus, Role, Scope, User
from core.persistence import SqlStorage
from core.ports import AccountPulse
from tests.core.persistence.makers import NOW, add_account


def test_every_account_is_there_with_its_sync_state_if_it_has_one(
    storage: SqlStorage, client: User, stranger: User
) -> None:
    read = add_account(storage, client, is_main=True)
    waiting = add_account(storage, stranger, exchange="beta", status=AccountStatus.PENDING)
    gone = add_account(storage, client)
    with storage.begin() as uow:
        uow.accounts.remove(gone, NOW)
        uow.syncing.ensure(read.id, client.id, NOW, 30)
        lease = uow.syncing.claim_one(read.id, NOW, owner="one", lease_seconds=60)
        assert lease is not None
        due = NOW + timedelta(minutes=15)
        uow.syncing.release(lease, next_due_at=due, interval_seconds=120, now=NOW, error_code="network")
    with storage.begin(write=False) as uow:
        pulses = {pulse.account_id: pulse for pulse in uow.fleet.pulses(None)}
    active, pending = AccountStatus.ACTIVE, AccountStatus.PENDING
    assert pulses == {
        read.id: AccountPulse(
            read.id, client.id, "alpha", active, True, True, 120, due, None, None, "network", 1
        ),
        waiting.id: AccountPulse(
            waiting.id, stranger.id, "beta", pending, True, False, None, None, None, None, None, 0
        ),
    }  # fmt: skip


def test_accounts_are_named_with_their_clients(storage: SqlStorage, client: User, stranger: User) -> None:
    mine, theirs = add_account(storage, client, name="Long run"), add_account(storage, stranger)
    with storage.begin() as uow:
        uow.syncing.ensure(mine.id, client.id, NOW, 30)
    with storage.begin(write=False) as uow:
        assert dict(uow.fleet.names(None)) == {
            mine.id: f"Long run {client.name} {client.login}",
            theirs.id: f"{theirs.name} {stranger.name} {stranger.login}",
        }
        named = {found.account.id: found for found in uow.fleet.named([mine.id, theirs.id], None)}
    assert (named[mine.id].account, named[mine.id].client) == (mine, client)
    state = named[mine.id].sync
    assert state is not None
    assert state.planned_interval_seconds == 30
    assert (named[theirs.id].client, named[theirs.id].sync) == (stranger, None)


def test_whoever_is_not_an_administrator_finds_their_own_only(
    storage: SqlStorage, client: User, stranger: User
) -> None:
    mine, theirs = add_account(storage, client), add_account(storage, stranger)
    with storage.begin(Scope(client.id, Role.CLIENT, frozenset({client.id})), write=False) as uow:
        assert [pulse.account_id for pulse in uow.fleet.pulses(None)] == [mine.id]
        assert [account_id for account_id, _name in uow.fleet.names(None)] == [mine.id]
        assert [found.account.id for found in uow.fleet.named([mine.id, theirs.id], None)] == [mine.id]
