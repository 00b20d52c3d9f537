"""The lock that keeps a second sidecar away from an SQLite database."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK_FILE = "sidecar.lock"


def take_lock(folder: Path) -> bool:
    """Lock the data folder for this process until it ends; False where another process holds it."""
    return _lock(folder) is not None


@contextmanager
def holding_lock(folder: Path) -> Iterator[bool]:
    """Lock the data folder while the block lasts; False where another process holds it."""
    file = _lock(folder)
    try:
        yield file is not None
    finally:
        if file is not None:
            os.close(file)


def _lock(folder: Path) -> int | None:
    file = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file
