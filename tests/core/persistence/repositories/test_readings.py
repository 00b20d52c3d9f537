"""One reading is stored whole, and storing it again changes nothing."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from core.domain.types import User
from core.errors import ConflictError
from core.persistence import SqlStorage
from core.persistence.models import Base
from tests.core.persistence.makers import (
    NOW,
    SECOND,
    add_account,
    make_balance,
    make_detail,
    make_ledger,
    make_position,
    make_reading,
    make_user,
    make_wallet,
)
from tests.databases import fresh_storage


def test_wallets_balances_and_positions_come_back_as_stored(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    spot, futures = make_wallet(account, first_ok_at=NOW, first_equity=9.0), make_wallet(account, "futures", ok=False)
    balances = (
        make_balance(account, "ETH"),
        make_balance(account, "BTC"),
        make_balance(account, "ETH", debt=Decimal(1)),
    )
    positions = (
        make_position(account),
        make_position(account, "ETH/USDT:USDT", side="short", hedged=None, leverage=None),
    )
    reading = make_reading(
        account,
        wallets=(spot, futures),
        fresh_wallets=("spot", "futures"),
        balances=balances,
        positions=positions,
        ledger=(make_ledger(account),),
    )
    with storage.begin() as uow:
        uow.readings.store(reading)
    with storage.begin(write=False) as uow:
        assert uow.readings.wallets([account.id], {client.id}) == [futures, spot]
        assert uow.readings.balances([account.id], {client.id}) == list(balances)
        assert uow.readings.positions([account.id], {client.id}) == list(positions)
        flows = uow.ledger.flows([account.id], None, since=NOW - SECOND, until=NOW, kinds=["deposit"])
        assert flows == [make_ledger(account)]


def test_readings_of_a_foreign_client_are_not_found(storage: SqlStorage, client: User, stranger: User) -> None:
    account = add_account(storage, client)
    with storage.begin() as uow:
        uow.readings.store(make_reading(account))
        for found in (
            uow.readings.wallets([account.id], {stranger.id}),
            uow.readings.balances([account.id], {stranger.id}),
            uow.readings.positions([account.id], {stranger.id}),
            uow.readings.wallets([], {client.id}),
        ):
            assert found == []


def test_a_reading_cannot_join_two_clients(storage: SqlStorage, client: User, stranger: User) -> None:
    account = add_account(storage, client)
    with pytest.raises(ConflictError), storage.begin() as uow:
        uow.readings.store(make_reading(replace(account, user_id=stranger.id)))


def test_only_freshly_read_wallets_are_replaced(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    spot, position = make_balance(account), make_position(account)
    earn = make_balance(account, "ETH", wallet="earn", kind="earn")
    wallets = ("spot", "earn", "futures")
    first = make_reading(account, fresh_wallets=wallets, balances=(spot, earn), positions=(position,))
    newer = replace(spot, total=Decimal(2), as_of=NOW + SECOND)
    second = make_reading(
        account, NOW + SECOND, fresh_wallets=("spot",), balances=(newer, replace(earn, total=Decimal(9))), positions=()
    )
    with storage.begin() as uow:
        uow.readings.store(first)
        uow.readings.store(second)
        assert uow.readings.balances([account.id], {client.id}) == [earn, newer]
        assert uow.readings.positions([account.id], {client.id}) == [position]
        uow.readings.store(make_reading(account, NOW + 2 * SECOND, fresh_wallets=("futures", "spot"), balances=()))
        assert uow.readings.balances([account.id], {client.id}) == [earn]
        assert uow.readings.positions([account.id], {client.id}) == []


def test_what_is_gone_from_a_wallet_goes_and_what_is_not_new_is_not_written(tmp_path: Path) -> None:
    with fresh_storage("postgresql", tmp_path) as storage:
        client = make_user("ana")
        with storage.begin() as uow:
            uow.users.add(client, None)
        account = add_account(storage, client)
        held = [make_balance(account, name) for name in ("BTC", "ETH", "USDT")]
        earn = [make_balance(account, name, wallet="earn") for name in ("BTC", "ETH")]
        versions = []
        for balances in ((*held, *earn), (held[0], replace(held[1], total=Decimal(7)), *earn)):
            reading = make_reading(account, fresh_wallets=("spot", "earn"), balances=balances)
            with storage.begin() as uow:
                uow.readings.store(reading)
                assert uow.readings.balances([account.id], {client.id}) == [*balances[-2:], *balances[:-2]]
            with storage.begin(write=False) as uow:
                rows = uow.connection.execute(text("SELECT wallet, ordinal, xmin::text FROM balances ORDER BY 1, 2"))
                versions.append({(wallet, ordinal): version for wallet, ordinal, version in rows})
    changed = {place for place, version in versions[1].items() if versions[0][place] != version}
    assert changed == {("spot", 1)}
    assert set(versions[0]) - set(versions[1]) == {("spot", 2)}


def test_the_first_good_reading_of_a_wallet_is_remembered(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    failed = make_wallet(account, ok=False, as_of=None, equity=None, reason="timeout")
    good = make_wallet(account, equity=50.0, as_of=NOW + SECOND, attempted_at=NOW + SECOND)
    later = make_wallet(account, equity=70.0, as_of=NOW + 2 * SECOND)
    with storage.begin() as uow:
        for state in (failed, good, later):
            uow.readings.store(make_reading(account, wallets=(state,)))
        (stored,) = uow.readings.wallets([account.id], {client.id})
    assert stored == replace(later, first_ok_at=NOW + SECOND, first_equity=50.0)


def test_a_first_reading_without_any_price_keeps_its_moment(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    with storage.begin() as uow:
        for equity in (None, 70.0):
            uow.readings.store(make_reading(account, wallets=(make_wallet(account, equity=equity),)))
        (stored,) = uow.readings.wallets([account.id], {client.id})
    assert (stored.first_ok_at, stored.first_equity) == (NOW, None)


def test_storing_a_slot_again_changes_nothing_but_the_version(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    reading = make_reading(
        account,
        fresh_wallets=("spot", "futures"),
        positions=(make_position(account),),
        ledger=(make_ledger(account),),
        details=make_detail(NOW),
    )
    with storage.begin() as uow:
        uow.readings.store(reading)
    once = dump(storage)
    with storage.begin() as uow:
        uow.readings.store(reading)
        assert uow.syncing.data_version(None) == 2
    assert dump(storage) == once


def test_a_block_that_fails_stores_nothing_of_the_reading(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    before = dump(storage)
    with pytest.raises(RuntimeError), storage.begin() as uow:
        uow.readings.store(make_reading(account, ledger=(make_ledger(account),), details=make_detail(NOW)))
        raise RuntimeError("the process ends here")
    assert dump(storage) == before


def dump(storage: SqlStorage) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table, without the data version."""
    rows: dict[str, list[tuple[object, ...]]] = {}
    with storage.begin(write=False) as uow:
        for table in Base.metadata.sorted_tables:
            columns = ", ".join(f'"{column.name}"' for column in table.columns if column.name != "data_version")
            statement = text(f"SELECT {columns} /* every client */ FROM {table.name}")  # noqa: S608 - our own tables
            rows[table.name] = sorted((tuple(row) for row in uow.connection.execute(statement)), key=repr)
    return rows
