"""Writing although the database is locked, full or down: again and again with jitter, ten minutes long."""

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from core.errors import StorageUnavailableError

log = logging.getLogger(__name__)
T = TypeVar("T")

KEPT_SECONDS = 600.0
FIRST_SECONDS = 0.5
MOST_SECONDS = 15.0


class MissedError(Exception):
    """The database took nothing for ten minutes; what was to be written is given up."""


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return True


@dataclass(frozen=True, slots=True)
class Patience:
    """How to wait: `sleep` takes seconds and returns whether to go on, `spread` returns a number in [0, 1)."""

    sleep: Callable[[float], bool] = _sleep
    monotonic: Callable[[], float] = time.monotonic
    spread: Callable[[], float] = secrets.SystemRandom().random

    def insist(self, write: Callable[[], T]) -> T:
        """Do a write until the database takes it.

        Raises:
            MissedError: it did not for ten minutes, or waiting was ended.
        """
        begun, step, is_told = self.monotonic(), FIRST_SECONDS, False
        while True:
            try:
                return write()
            except StorageUnavailableError as e:
                problem = str(e)
            if not is_told:
                log.warning("the database took nothing, trying again: %s", problem)
                is_told = True
            wait = step * (0.5 + self.spread())
            if self.monotonic() - begun + wait > KEPT_SECONDS or not self.sleep(wait):
                raise MissedError(problem)
            step = min(2 * step, MOST_SECONDS)
