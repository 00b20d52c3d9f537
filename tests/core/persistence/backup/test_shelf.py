"""The folder of backups: what is kept, what is noted, and what is not ours to delete."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.persistence.backup import Backup, Contents, Keep, Shelf
from core.persistence.backup.shelf import digest, note_path, read_note

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "backups")


def put(shelf: Shelf, at: datetime) -> Backup:
    target = shelf.new_target(at)
    path = target.with_name(f"{target.name}.db")
    path.write_bytes(f"{at}".encode())
    return shelf.add(path, Contents("0001", {"users": 3}), at)


def test_a_backup_is_noted_with_what_it_holds_and_is_unverified(shelf: Shelf) -> None:
    made = put(shelf, NOW)
    assert shelf.all() == [made]
    assert (made.verified_at, made.counts, made.sha256) == (None, {"users": 3}, digest(made.path))
    assert shelf.folder.stat().st_mode & 0o777 == 0o700
    assert note_path(made.path).stat().st_mode & 0o777 == 0o600


def test_a_verified_backup_stays_verified_until_it_fails(shelf: Shelf) -> None:
    made = put(shelf, NOW)
    marked = shelf.mark(made, at=NOW + HOUR, keys_opened=True)
    assert shelf.all() == [marked]
    assert (marked.verified_at, marked.keys_opened) == (NOW + HOUR, True)
    failed = shelf.mark(marked, at=NOW + DAY, keys_opened=False, problem="damaged")
    assert (failed.verified_at, failed.problem) == (None, "damaged")
    assert read_note(made.path) == failed


def test_of_older_backups_the_newest_of_each_hour_and_of_each_day_stays(shelf: Shelf) -> None:
    times = [NOW - number * timedelta(minutes=20) for number in range(3 * 24 * 5)]
    for at in times:
        put(shelf, at)
    gone = shelf.prune(Keep(hourly=3, daily=2), NOW)
    kept = [backup.made_at for backup in shelf.all()]
    assert kept == [
        *(NOW, NOW - 20 * timedelta(minutes=1), NOW - 40 * timedelta(minutes=1)),  # of the last hour all stay
        NOW - 100 * timedelta(minutes=1),
        datetime(2026, 11, 21, 23, 50, tzinfo=UTC),
    ]
    assert len(gone) == len(times) - len(kept)
    assert not any(path.exists() or note_path(path).exists() for path in gone)


def test_the_newest_backup_and_the_newest_verified_one_always_stay(shelf: Shelf) -> None:
    proved = put(shelf, NOW - 90 * DAY)
    shelf.mark(proved, at=NOW, keys_opened=True)
    for days in (80, 70, 60):
        put(shelf, NOW - days * DAY)
    shelf.prune(Keep(hourly=1, daily=1), NOW)
    assert [NOW - backup.made_at for backup in shelf.all()] == [60 * DAY, 90 * DAY]


def test_files_without_a_note_are_left_alone(shelf: Shelf) -> None:
    made = put(shelf, NOW - 90 * DAY)
    put(shelf, NOW - 80 * DAY)
    note_path(made.path).write_text("no note")
    assert shelf.prune(Keep(hourly=1, daily=1), NOW) == []
    assert made.path.exists()
    assert read_note(made.path) is None


def test_an_absent_folder_holds_no_backups(shelf: Shelf) -> None:
    assert shelf.all() == []
