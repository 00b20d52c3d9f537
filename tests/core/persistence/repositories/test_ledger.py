"""Ledger rows are stored once, whatever is read again."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event

from core.domain.types import User
from core.errors import ConflictError
from core.persistence import SqlStorage
from core.ports import LedgerFilter, LedgerPlace
from tests.core.persistence.makers import NOW, SECOND, add_account, make_ledger

MICROSECOND = timedelta(microseconds=1)


def test_a_row_is_stored_once(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    rows = [make_ledger(account, "1"), make_ledger(account, "2", booked_at=NOW + SECOND)]
    with storage.begin() as uow:
        assert uow.ledger.add(rows) == 2
        changed = replace(rows[0], amount=Decimal(7))
        assert uow.ledger.add([changed, *rows, make_ledger(account, "1", wallet="funding")]) == 1
        assert uow.ledger.add([]) == 0
        flows = uow.ledger.flows(
            [account.id], {client.id}, since=NOW - SECOND, until=NOW + SECOND, kinds=["deposit", "withdrawal"]
        )
    assert flows == [make_ledger(account, "1", wallet="funding"), *rows]


def test_many_rows_are_stored_as_few_are(storage: SqlStorage, client: User, stranger: User) -> None:
    account = add_account(storage, client)
    rows = [
        make_ledger(account, f"{n:04}", amount=Decimal(f"{n}.00000001"), price=Decimal("0.1") if n % 3 else None,
                    txid=f"tab\there \\N {n}", internal=[None, True, False][n % 3], booked_at=NOW + n * MICROSECOND)
        for n in range(600)
    ]  # fmt: skip
    with storage.begin() as uow:
        assert uow.ledger.add(rows[:300]) == 300
        assert uow.ledger.add([*rows, *rows[:50]]) == 300
        assert uow.ledger.add(rows) == 0
        period = {"since": NOW - SECOND, "until": NOW + SECOND}
        assert uow.ledger.flows([account.id], {client.id}, **period, kinds=["deposit"]) == rows
    foreign = [make_ledger(account, f"f{n}", client_id=stranger.id) for n in range(300)]
    with pytest.raises(ConflictError), storage.begin() as uow:
        uow.ledger.add(foreign)


def test_flows_are_those_of_the_period_kinds_accounts_and_clients(
    storage: SqlStorage, client: User, stranger: User
) -> None:
    account, other = add_account(storage, client), add_account(storage, stranger)
    at_start, inside, at_end, after = (
        make_ledger(account, str(number), booked_at=NOW + number * SECOND, price=Decimal("1.0001"), txid="0xabc")
        for number in range(4)
    )
    fee = make_ledger(account, "fee", kind="fee", booked_at=inside.booked_at)
    foreign = make_ledger(other, "f", booked_at=inside.booked_at)
    with storage.begin() as uow:
        uow.ledger.add([at_start, inside, at_end, after, fee, foreign])
        period = {"since": NOW, "until": NOW + 2 * SECOND}
        both = [account.id, other.id]
        assert uow.ledger.flows(both, {client.id}, **period, kinds=["deposit"]) == [inside, at_end]
        assert uow.ledger.flows([other.id], {client.id}, **period, kinds=["deposit"]) == []
        assert uow.ledger.flows([account.id], None, **period, kinds=["fee"]) == [fee]
        assert uow.ledger.flows([], {client.id}, **period, kinds=["deposit"]) == []


def test_a_row_cannot_join_two_clients(storage: SqlStorage, client: User, stranger: User) -> None:
    account = add_account(storage, client)
    with pytest.raises(ConflictError), storage.begin() as uow:
        uow.ledger.add([make_ledger(account, client_id=stranger.id)])


def test_a_page_walks_along_an_index(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    with storage.begin() as uow:
        uow.ledger.add(make_ledger(account, f"{n:05}", kind="fee", booked_at=NOW - n * SECOND) for n in range(3000))
    asked = LedgerFilter(frozenset({account.id}), NOW - 9000 * SECOND, NOW + SECOND, frozenset({"fee", "deposit"}))
    place = LedgerPlace(NOW - 1500 * SECOND, account.id, "spot", "01500")
    statements: list[tuple[str, Any]] = []

    @event.listens_for(storage.engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:  # noqa: ANN401
        statements.append((statement, parameters))

    with storage.begin(write=False) as uow:
        if not storage.is_sqlite:
            uow.connection.exec_driver_sql("ANALYZE ledger_entries")
        found = uow.ledger.page(asked, {client.id}, place=place, newer=False, limit=50)
        statement, parameters = next(one for one in reversed(statements) if "ledger_entries" in one[0])
        explain = "EXPLAIN QUERY PLAN " if storage.is_sqlite else "EXPLAIN "
        plan = uow.connection.exec_driver_sql(explain + statement, parameters).all()
    assert [row.dedupe_key for row in found] == [f"{n:05}" for n in range(1501, 1551)]
    assert "ix_ledger_entries_account_id_booked_at" in "\n".join(str(row) for row in plan)
