"""Backups of the database: one consistent file, what it must hold, and the way back into an empty database."""

from core.persistence.backup.contents import (
    Contents,
    UnusableBackupError,
    faults_of,
    has_data,
    is_in_use,
    read_contents,
)
from core.persistence.backup.files import Kind, dump, known_revision, load
from core.persistence.backup.shelf import Backup, Keep, Shelf

__all__ = [
    "Backup",
    "Contents",
    "Keep",
    "Kind",
    "Shelf",
    "UnusableBackupError",
    "dump",
    "faults_of",
    "has_data",
    "is_in_use",
    "known_revision",
    "load",
    "read_contents",
]
