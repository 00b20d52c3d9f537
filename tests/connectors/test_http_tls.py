"""Over TLS the certificate is always verified, and the same deadlines hold."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from connectors import _wire
from connectors._http import WireError, build_request, send
from tests.connectors.servers import raw


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for 127.0.0.1 that nobody vouches for; the file holds its key too."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "loopback.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + private)
    return path


def encrypted(certificate: Path, drip: bool = False) -> Callable[[socket.socket, threading.Event], None]:
    """Answer over TLS: whole, or a head that never ends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def behave(client: socket.socket, over: threading.Event) -> None:
        with context.wrap_socket(client, server_side=True) as secured:
            secured.recv(65_536)
            secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + (b"" if drip else b"\r\n{}"))
            while drip and not over.wait(0.05):
                secured.sendall(b"X-A: b\r\n")

    return behave


@pytest.fixture
def trusting(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the shared context be made anew, with our certificate as the only authority."""
    monkeypatch.setattr(_wire, "where", lambda: str(certificate))
    context = _wire.tls_context.__wrapped__()
    monkeypatch.setattr(_wire, "tls_context", lambda: context)


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    with raw(encrypted(certificate), read_first=False) as url, pytest.raises(WireError, match="tls") as caught:
        send(build_request("GET", url.replace("http:", "https:")), 2)
    assert not caught.value.retryable


@pytest.mark.usefixtures("trusting")
def test_a_certificate_for_another_name_is_refused(certificate: Path) -> None:
    with raw(encrypted(certificate), read_first=False) as url, pytest.raises(WireError, match="tls"):
        send(build_request("GET", url.replace("http://127.0.0.1", "https://localhost")), 2)


@pytest.mark.usefixtures("trusting")
def test_a_good_certificate_is_accepted_and_the_answer_read(certificate: Path) -> None:
    with raw(encrypted(certificate), read_first=False) as url:
        assert send(build_request("GET", url.replace("http:", "https:")), 2).body == b"{}"


@pytest.mark.usefixtures("trusting")
def test_a_slow_head_over_tls_ends_in_time(certificate: Path) -> None:
    with raw(encrypted(certificate, drip=True), read_first=False) as url:
        started = time.monotonic()
        with pytest.raises(WireError, match="timeout"):
            send(build_request("GET", url.replace("http:", "https:")), 0.5)
        assert time.monotonic() - started < 1.1


def stay_silent(client: socket.socket, over: threading.Event) -> None:
    over.wait(5)


def test_a_handshake_that_never_comes_ends_in_time() -> None:
    with raw(stay_silent) as url:
        started = time.monotonic()
        with pytest.raises(WireError, match="timeout"):
            send(build_request("GET", url.replace("http:", "https:")), 0.5)
        assert time.monotonic() - started < 1.1
