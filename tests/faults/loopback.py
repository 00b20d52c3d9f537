"""A listener on loopback that hears what is sent to it and answers nothing of use."""

import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


class Listener:
    """Hears what callers say, behind TLS where a context is given."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.calls = 0
        self._context = context
        self._heard: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def heard(self) -> bytes:
        """Return every byte that came, decrypted."""
        return b"".join(self._heard)

    def close(self) -> None:
        """Stop listening."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self.calls += 1
            with client, suppress(OSError):
                client.settimeout(0.5)
                if self._context is None:
                    self._heard.append(client.recv(65_536))
                    client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                    continue
                with self._context.wrap_socket(client, server_side=True) as secured:
                    self._heard.append(secured.recv(65_536))


@contextmanager
def listening(context: ssl.SSLContext | None) -> Iterator[Listener]:
    """Listen for as long as the block lasts."""
    listener = Listener(context)
    try:
        yield listener
    finally:
        listener.close()


@lru_cache(maxsize=1)
def self_signed() -> ssl.SSLContext:
    """Return the context of a server whose certificate nobody vouches for."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "loopback.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(made.public_bytes(Encoding.PEM) + private)
        context.load_cert_chain(path)
    return context
