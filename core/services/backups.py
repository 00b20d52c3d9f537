"""What is known of backups inside the installation: when one was made last, and when one was last proved to restore."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.ports import Storage

MADE, VERIFIED, VERIFIED_MADE = "backup_made_at", "backup_verified_at", "backup_verified_made_at"
OLD_AFTER = timedelta(days=2)
UNVERIFIED_AFTER = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class BackupHealth:
    """When the newest backup was made, when one was last restored and compared, and when that one was made.

    None: never.
    """

    made_at: datetime | None
    verified_at: datetime | None
    verified_made_at: datetime | None

    @property
    def is_verified(self) -> bool:
        """Tell whether the newest backup was itself proved."""
        return self.made_at is not None and self.made_at == self.verified_made_at

    def problem(self, now: datetime) -> str | None:
        """Return the code of what an operator should do something about, None where all is well."""
        if self.made_at is None:
            return "backup_never"
        if now - self.made_at > OLD_AFTER:
            return "backup_old"
        if self.verified_made_at is None or now - self.verified_made_at > UNVERIFIED_AFTER:
            return "backup_unverified"
        return None


def note_made(storage: Storage, made_at: datetime) -> None:
    """Remember that a backup was made."""
    with storage.begin() as uow:
        uow.facts.set(MADE, made_at.isoformat())


def note_verified(storage: Storage, made_at: datetime, at: datetime) -> None:
    """Remember that the backup made at `made_at` was restored and compared at `at`."""
    with storage.begin() as uow:
        uow.facts.set(VERIFIED, at.isoformat())
        uow.facts.set(VERIFIED_MADE, made_at.isoformat())


def read_backup_health(storage: Storage) -> BackupHealth:
    """Read what is known of backups."""
    with storage.begin(write=False) as uow:
        found = [uow.facts.get(key) for key in (MADE, VERIFIED, VERIFIED_MADE)]
    return BackupHealth(*(datetime.fromisoformat(value) if value else None for value in found))
