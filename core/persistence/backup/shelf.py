"""The folder of backups: each file with a note of what it holds and when it was verified, and which ones are kept."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from core.persistence.backup.contents import Contents
from core.persistence.backup.files import sync_file

PREFIX = "backup-"
HOUR = timedelta(hours=1)
STAMP = "%Y%m%dT%H%M%S%fZ"


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup. `verified_at` None: nobody has proved yet that it can be restored; `problem`: that it cannot.

    `kids` are the vault keys without which its credentials do not open; None where that was not noted.
    """

    path: Path
    made_at: datetime
    size: int
    sha256: str
    revision: str | None
    counts: Mapping[str, int]
    verified_at: datetime | None = None
    keys_opened: bool = False
    problem: str = ""
    kids: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Keep:
    """How many backups stay: those of the last hour, then the newest of each hour and of each day that has one."""

    hourly: int
    daily: int

    def chosen(self, backups: Iterable[Backup], now: datetime) -> set[Path]:
        """Return the files that stay, the newest one and the newest verified one always among them."""
        newest_first = sorted(backups, key=lambda backup: backup.made_at, reverse=True)
        hours: dict[str, Path] = {}
        days: dict[str, Path] = {}
        for backup in newest_first:
            hours.setdefault(f"{backup.made_at:%Y%m%d%H}", backup.path)
            days.setdefault(f"{backup.made_at:%Y%m%d}", backup.path)
        proved = [backup.path for backup in newest_first if backup.verified_at is not None]
        fresh = [backup.path for backup in newest_first if now - backup.made_at < HOUR]
        newest = [backup.path for backup in newest_first]
        kept = [*list(hours.values())[: self.hourly], *list(days.values())[: self.daily]]
        return {*kept, *fresh, *newest[:1], *proved[:1]}


class Shelf:
    """A folder of backups, readable by its owner only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def new_target(self, now: datetime) -> Path:
        """Return where a backup made now goes, less its ending; the folder is made."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.folder / f"{PREFIX}{now.astimezone(UTC):{STAMP}}"

    def add(self, path: Path, contents: Contents, now: datetime) -> Backup:
        """Put the note of a new backup beside it."""
        made = Backup(
            path, now, path.stat().st_size, digest(path), contents.revision, contents.counts, kids=contents.kids
        )
        self.write_note(made)
        return made

    def all(self) -> list[Backup]:
        """Return all backups that have a note and a file, the newest first."""
        if not self.folder.is_dir():
            return []
        found = (read_note(path) for path in self.folder.glob(f"{PREFIX}*") if path.suffix != ".json")
        return sorted((backup for backup in found if backup), key=lambda backup: backup.made_at, reverse=True)

    def find(self, name: str) -> Path:
        """Return the file of this name in the folder, or the path itself where it names one elsewhere."""
        inside = self.folder / name
        return inside if inside.exists() or not Path(name).exists() else Path(name)

    def mark(self, backup: Backup, *, at: datetime, keys_opened: bool, problem: str = "") -> Backup:
        """Note that a backup was restored and compared, or why that failed."""
        marked = replace(
            backup, verified_at=None if problem else at, keys_opened=keys_opened and not problem, problem=problem
        )
        self.write_note(marked)
        return marked

    def prune(self, keep: Keep, now: datetime) -> list[Path]:
        """Delete what need not be kept and return it; files without a note are not ours to delete."""
        backups = self.all()
        kept = keep.chosen(backups, now)
        gone = [backup.path for backup in backups if backup.path not in kept]
        for path in gone:
            path.unlink(missing_ok=True)
            note_path(path).unlink(missing_ok=True)
        return gone

    def write_note(self, backup: Backup) -> None:
        """Write the note beside the file, whole or not at all."""
        values = {name: _plain(value) for name, value in asdict(backup).items() if name != "path"}
        target = note_path(backup.path)
        partial = target.with_name(f".{target.name}.partial")
        descriptor = os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(values, file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
        sync_file(target.parent)


def note_path(path: Path) -> Path:
    """Return where the note of a backup lies."""
    return path.with_name(f"{path.name}.json")


def read_note(path: Path) -> Backup | None:
    """Return what was noted of a backup; None where there is no note that can be read."""
    try:
        values: dict[str, Any] = json.loads(note_path(path).read_text(encoding="utf-8"))
        verified, kids = values.pop("verified_at"), values.pop("kids", None)
        return Backup(
            path=path,
            made_at=datetime.fromisoformat(values.pop("made_at")),
            verified_at=datetime.fromisoformat(verified) if verified else None,
            kids=None if kids is None else tuple(kids),
            **values,
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return dict(value) if isinstance(value, Mapping) else value
