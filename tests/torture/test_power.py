"""One in a hundred of the power cuts, and proof that a cut is one: with weaker settings it loses what was seen."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from core.persistence import SqlStorage, engine
from tests.torture.power import COUNT, SERVER_SHARE, Disk, cut_files, cut_servers, record
from tests.torture.servers import Server, flushed, own_server
from tests.torture.slots import Writer, furnish, judge, opened
from tests.torture.vfs import Act, Step


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with own_server() as made:
        yield made


def test_power_cuts_of_a_file_lose_nothing_that_was_seen_and_tear_no_slot(tmp_path: Path) -> None:
    tally = cut_files(tmp_path, COUNT // 100)
    assert tally.kills == {"sqlite": COUNT // 100}
    assert (tally.lost, tally.torn) == ([], [])
    assert tally.early > COUNT // 200  # most cuts fall where something was on its way to the disk


@pytest.mark.postgres
def test_power_cuts_of_a_server_lose_nothing_that_was_seen_and_tear_no_slot(server: Server) -> None:
    tally = cut_servers(server, COUNT // 100 // SERVER_SHARE)
    assert (tally.lost, tally.torn) == ([], [])
    assert tally.stored > 0


def test_a_file_that_is_not_synced_at_each_commit_loses_what_was_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PRAGMAS", tuple(text.replace("FULL", "NORMAL") for text in engine.PRAGMAS))
    assert cut_files(tmp_path, 10).lost != []


@pytest.mark.postgres
def test_what_a_server_has_not_flushed_is_lost_in_a_cut(server: Server) -> None:
    with opened(server.url) as storage:
        (account,) = furnish(storage, 1, login="bruno")
        writer = Writer(storage, account.id, account.user_id, "one")
        writer.start()
        writer.write()
        with server.watch() as connection:
            place = flushed(connection)
        writer.write()
    server.kill()
    server.tear_wal(place, random.Random(1), most_kept=0)
    server.start()
    verdict = judge(server.url, {account.id: 2})
    assert verdict.lost == ["version 2 was seen, 1 is stored"]
    assert verdict.torn == []


@pytest.mark.postgres
def test_a_server_that_does_not_sync_is_refused(server: Server) -> None:
    with server.admin("postgres") as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    storage = SqlStorage(server.url)
    try:
        with pytest.raises(ConfigurationError, match="fsync=off"):
            storage.ping()
    finally:
        storage.dispose()
        with server.admin("postgres") as connection:
            connection.execute("ALTER SYSTEM RESET fsync")
            connection.execute("SELECT pg_reload_conf()")


def test_a_write_that_was_not_synced_may_be_gone_whole_torn_or_there() -> None:
    disk = Disk(bytearray(b"a" * 1024))
    disk.do(Step(Act.WRITE, "db", 0, b"b" * 1024))
    rng = random.Random(1)
    found = {disk.cut(rng) for _ in range(200)}
    assert {b"a" * 1024, b"b" * 1024, b"b" * 512 + b"a" * 512} <= found
    disk.do(Step(Act.SYNC, "db"))
    assert {disk.cut(rng) for _ in range(50)} == {b"b" * 1024}


def test_a_deletion_that_was_not_synced_may_not_have_happened() -> None:
    disk = Disk(bytearray(b"a"))
    disk.do(Step(Act.DELETE, "wal"))
    rng = random.Random(1)
    assert {disk.cut(rng) for _ in range(50)} == {b"a", None}


def test_the_recording_holds_every_byte_of_the_file(tmp_path: Path) -> None:
    before, steps = record(tmp_path, 4)
    disk = {"db": Disk(bytearray(before)), "wal": Disk()}
    for step in steps:
        if step.act is not Act.NOTE:
            disk[step.file].do(step)
    (path,) = tmp_path.glob("dashboard-*.db")
    assert bytes(disk["db"].synced or b"") == path.read_bytes()
    assert {step.act for step in steps} == set(Act)
