"""The lock that keeps a second sidecar away from an SQLite database."""

import fcntl
import os
from pathlib import Path

LOCK_FILE = "sidecar.lock"


def take_lock(folder: Path) -> bool:
    """Lock the data folder for this process until it ends; False where another process holds it."""
    file = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return False
    return True
