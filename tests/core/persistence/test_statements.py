"""The hook that fails statements without a client does fail them."""

import pytest
from sqlalchemy import text

from core.persistence import SqlStorage
from tests.core.persistence.statements import UnscopedStatementError, check_statement, tenant_tables


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT client_id, total FROM balances",
        "SELECT total FROM balances WHERE account_id = ?",
        "UPDATE jobs SET status = ? WHERE id = ?",
        "DELETE FROM positions WHERE account_id = ?",
        "SELECT users.id FROM users JOIN exchange_accounts ON 1 = 1 WHERE users.id = ?",
        "INSERT INTO jobs (id) VALUES (?)",
    ],
)
def test_a_statement_without_a_client_is_refused(statement: str) -> None:
    with pytest.raises(UnscopedStatementError):
        check_statement(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT total FROM balances WHERE client_id IN (?)",
        "SELECT /* every client */ id FROM jobs WHERE status = ?",
        "UPDATE exchange_accounts SET is_main = ? WHERE user_id = ?",
        "INSERT INTO jobs (id, client_id) VALUES (?, ?)",
        "SELECT value FROM facts WHERE key = ?",
    ],
)
def test_a_statement_with_its_client_or_the_marker_passes(statement: str) -> None:
    check_statement(statement)


def test_every_table_of_accounts_is_a_tenants() -> None:
    assert {"exchange_accounts", "balances", "positions", "equity_points", "ledger_entries", "jobs"} <= tenant_tables()


def test_the_fixture_storage_refuses_such_statements(storage: SqlStorage) -> None:
    with pytest.raises(UnscopedStatementError), storage.begin(write=False) as uow:
        uow.connection.execute(text("SELECT count(*) FROM balances"))
