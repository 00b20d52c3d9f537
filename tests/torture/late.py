"""A wire to a PostgreSQL server on which commits dwell: some arrive only after the death of the client who sent them.

That is what a network, or a server under load, does: a client that is killed may have a COMMIT under way.
"""

import random
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import make_url

COMMIT = b"COMMIT"
CHUNK = 1 << 16
DWELL_SECONDS, HOLD_SECONDS = 0.05, 0.5
PORT_FILE = ".s.PGSQL.5432"


class LateWire:
    """Relays connections to the socket in `folder`; counts commits under way and those brought for the dead.

    A commit dwells up to `dwell` seconds, that of a client that has died meanwhile up to `hold` more.
    """

    def __init__(self, folder: Path, server: Path, rng: random.Random, *, dwell: float, hold: float) -> None:
        self.folder = folder
        self.late = 0
        self.under_way = 0
        self._server, self._rng, self._dwell, self._hold = str(server / PORT_FILE), rng, dwell, hold
        self._lock = threading.Lock()
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(folder / PORT_FILE))
        self._door.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections; those that are open go on."""
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server)
            threading.Thread(target=self._ask, args=(client, server), daemon=True).start()
            threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), server:
            while data := _receive(client):
                if COMMIT in data:
                    self._dwell_on(client)
                server.sendall(data)
            server.shutdown(socket.SHUT_RDWR)  # the thread that waits for answers holds it open otherwise
        client.close()

    def _dwell_on(self, client: socket.socket) -> None:
        with self._lock:
            self.under_way += 1
        time.sleep(self._rng.uniform(0, self._dwell))
        is_late = _is_dead(client)
        if is_late:
            time.sleep(self._rng.uniform(0, self._hold))
        with self._lock:
            self.under_way -= 1
            self.late += is_late

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := _receive(server):
                client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)


def _receive(end: socket.socket) -> bytes:
    try:
        return end.recv(CHUNK)
    except OSError:
        return b""


def _is_dead(client: socket.socket) -> bool:
    """Tell whether the other end is closed: a client that lives and has sent a COMMIT waits for its answer."""
    try:
        return client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


@contextmanager
def late_wire(
    url: str, rng: random.Random, *, dwell: float = DWELL_SECONDS, hold: float = HOLD_SECONDS
) -> Iterator[tuple[LateWire, str]]:
    """Give out a late wire to the server of a URL, and the URL through it."""
    parsed = make_url(url)
    with tempfile.TemporaryDirectory(prefix="ga-wire-") as name:
        wire = LateWire(Path(name), Path(str(parsed.query["host"])), rng, dwell=dwell, hold=hold)
        try:
            yield wire, parsed.set(query={**parsed.query, "host": name}).render_as_string(hide_password=False)
        finally:
            wire.close()
