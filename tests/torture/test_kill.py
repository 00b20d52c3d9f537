"""One in a hundred of the kills, and proof that the judge sees what a kill must not leave."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from core.persistence import SqlStorage
from tests.databases import BACKENDS, fresh_url
from tests.torture.__main__ import main
from tests.torture.kill import COUNT, Life, Witness, kill_writers
from tests.torture.migration import kill_migrations
from tests.torture.slots import Writer, furnish, judge, opened

BACKEND_PARAMS = [pytest.param(name, marks=pytest.mark.postgres) if name == "postgresql" else name for name in BACKENDS]


@pytest.mark.parametrize("backend", BACKEND_PARAMS)
def test_a_killed_writer_loses_nothing_that_was_seen_and_tears_no_slot(backend: str) -> None:
    tally = kill_writers(backend, COUNT // 100)
    assert tally.kills == {backend: COUNT // 100}
    assert (tally.lost, tally.torn, tally.ended) == ([], [], [])
    assert tally.stored >= COUNT // 100


@pytest.mark.parametrize("backend", BACKEND_PARAMS)
def test_a_killed_migration_leaves_the_old_schema_or_the_new_one(backend: str, tmp_path: Path) -> None:
    outcome = kill_migrations(backend, tmp_path, 2)
    assert outcome.faults == []
    assert outcome.ends.total() == 2


def sever(statement: str) -> Callable[[SqlStorage], None]:
    def act(storage: SqlStorage) -> None:
        with storage.begin() as uow:
            uow.connection.execute(text(statement))

    return act


TEARS = {
    "a ledger row is missing": "DELETE FROM ledger_entries WHERE dedupe_key = '2'",
    "the cursor is not moved": "UPDATE sync_states SET ledger_read_to = NULL",
    "a balance is missing": "DELETE FROM balances WHERE wallet = 'spot'",
    "a position is missing": "DELETE FROM positions",
    "a wallet is of another slot": "UPDATE wallet_states SET equity = equity - 1 WHERE wallet = 'spot'",
    "a point is missing": "DELETE FROM equity_points WHERE bucket_seconds = 3600",
    "the details are missing": "DELETE FROM snapshot_details",
    "the reading counts twice": "UPDATE sync_states SET data_version = data_version + 1",
}


@pytest.mark.parametrize("statement", TEARS.values(), ids=list(TEARS))
def test_the_judge_sees_a_torn_slot(statement: str, tmp_path: Path) -> None:
    with fresh_url("sqlite", tmp_path) as url:
        account_id = write_versions(url, 3)
        assert judge(url, {account_id: 3}).torn == []
        with opened(url) as storage:
            sever(statement)(storage)
        assert judge(url, {account_id: 3}).torn != []


@pytest.mark.parametrize("backend", BACKEND_PARAMS)
def test_a_slot_that_lands_after_its_writer_s_death_is_no_tear_of_the_next(backend: str, tmp_path: Path) -> None:
    with fresh_url(backend, tmp_path) as url, opened(url) as storage:
        (account,) = furnish(storage, 1)
        dead, next_one = (Writer(storage, account.id, account.user_id, name) for name in ("dead", "next"))
        for writer in (dead, next_one):
            writer.start()
        assert dead.write() == 1
        assert next_one.write() == 2
        assert judge(url, {account.id: 2}).torn == []


def test_the_judge_sees_what_is_lost(tmp_path: Path) -> None:
    with fresh_url("sqlite", tmp_path) as url:
        account_id = write_versions(url, 2)
        assert judge(url, {account_id: 2}).lost == []
        assert judge(url, {account_id: 3}).lost == ["version 3 was seen, 2 is stored"]
        Path(url.removeprefix("sqlite:///")).write_bytes(b"no database at all" * 1000)
        assert judge(url, {account_id: 2}).lost != []


def test_a_writer_that_ends_of_itself_is_told_and_of_what(tmp_path: Path) -> None:
    with fresh_url("sqlite", tmp_path) as url:
        witness = Witness({})
        life = Life(url, [(uuid4(), uuid4())], witness, with_reader=False)  # nobody's account
        assert not life.wait_for_more()
        life.kill()
        assert [words.partition(":")[0] for words in witness.last_words] == ["IndexError"]


def write_versions(url: str, count: int) -> UUID:
    with opened(url) as storage:
        (account,) = furnish(storage, 1)
        writer = Writer(storage, account.id, account.user_id, "one")
        writer.start()
        assert [writer.write() for _ in range(count)] == list(range(1, count + 1))
    return account.id


def test_the_command_kills_and_prints_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kill", "--count", "1"]) == 0
    assert "lost, torn               0, 0" in capsys.readouterr().out
