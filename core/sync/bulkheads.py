"""Threads by exchange, so that one that hangs holds up none of the others."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from core.errors import StorageUnavailableError

log = logging.getLogger(__name__)


class Bulkheads:
    """Runs work in the pool of its group; what runs already under the same key is not started again."""

    def __init__(self, threads_per_group: int) -> None:
        """Start without threads; each group's come with its first work."""
        self._threads = threads_per_group
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._running: dict[str, str] = {}
        self._futures: set[Future[None]] = set()
        self._lock = threading.Lock()

    def submit(self, group: str, key: str, work: Callable[[], None]) -> bool:
        """Start the work, or return False where the key is still at work."""
        with self._lock:
            if key in self._running:
                return False
            pool = self._pools.get(group)
            if pool is None:
                pool = self._pools[group] = ThreadPoolExecutor(self._threads, thread_name_prefix=group)
            self._running[key] = group
            future = pool.submit(self._run, key, work)
            self._futures.add(future)
        future.add_done_callback(self._forget)
        return True

    def free(self, group: str) -> int:
        """Return how many threads of a group have nothing to do."""
        with self._lock:
            return self._threads - Counter(self._running.values())[group]

    def is_running(self, key: str) -> bool:
        """Tell whether the work of this key has not ended."""
        with self._lock:
            return key in self._running

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until nothing runs; False when the time was too short."""
        end = None if seconds is None else time.monotonic() + seconds
        while True:
            with self._lock:
                futures = set(self._futures)
            if not futures:
                return True
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                return False
            wait(futures, timeout=left)

    def stop(self, seconds: float) -> bool:
        """Start nothing more, drop what has not begun, and wait for the rest; False when some is still at work."""
        with self._lock:
            pools = list(self._pools.values())
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)
        return self.wait(seconds)

    def _run(self, key: str, work: Callable[[], None]) -> None:
        try:
            work()
        except StorageUnavailableError as e:
            log.warning("left undone, the database does not answer: %s: %s", key, e)
        except Exception:  # noqa: BLE001 - the edge of a job: one account failing never stops another
            log.exception("work failed: %s", key)
        finally:
            with self._lock:
                self._running.pop(key, None)

    def _forget(self, future: Future[None]) -> None:
        with self._lock:
            self._futures.discard(future)
