"""Whatever goes wrong on the wire, nothing secret that was sent is in an error, its traceback, its copy or a log."""

import copy
import json
import logging
import pickle
import re
import socket
import threading
import traceback
import warnings
from collections.abc import Callable

import pytest

import connectors
from connectors import _base, _http, _pace
from connectors._base import RestConnector
from connectors._reading import Endpoint
from connectors.errors import ConnectorError, ExchangeError
from tests.connectors.cases import API_KEY, PASSPHRASE, make, secret_for
from tests.connectors.servers import raw

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
WORD = re.compile(r"[A-Za-z0-9+/_=%.-]{20,}")
PUBLIC = ("application/json", "x-www-form-urlencoded", "globalautomation")
Answer = Callable[[bytes], bytes]


def whole(body: bytes, status: bytes = b"200 OK", headers: bytes = b"") -> bytes:
    return b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (status, headers, len(body), body)


def echo_in_words(asked: bytes) -> bytes:
    """Refuse with the whole request in every field that is meant for people."""
    said = asked.decode("latin-1")
    told = {"code": "-9", "retCode": -9, "label": "X", "msg": said, "message": said, "detail": said, "data": said}
    return whole(json.dumps(told).encode(), b"400 Bad Request")


FAULTS: dict[str, Answer] = {
    "reset": lambda asked: b"",
    "no http": lambda asked: b"\x16\x03\x01" + asked,
    "cut": lambda asked: HEAD + b"Content-Length: 99999\r\n\r\n" + asked,
    "bad chunk": lambda asked: HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz" + asked,
    "bad gzip": lambda asked: whole(asked, headers=b"Content-Encoding: gzip\r\n"),
    "odd headers": lambda asked: whole(asked, headers=b"no colon here\r\n : nothing\r\n"),
    "redirect": lambda asked: whole(b"", b"302 Found", b"Location: http://127.0.0.1:1/" + asked.split()[1] + b"\r\n"),
    "page": lambda asked: whole(b"<html>" + asked, b"502 Bad Gateway"),
    "text": lambda asked: whole(asked, b"403 Forbidden"),
    "limit": lambda asked: whole(asked, b"429 Too Many Requests", b"Retry-After: 1\r\n"),
    "words": echo_in_words,
    "list": lambda asked: whole(json.dumps([asked.decode("latin-1")]).encode()),
    "huge": lambda asked: HEAD + b"\r\n" + asked + b" " * (_http.MAX_BODY_BYTES + 1),
    "silence": lambda asked: b"WAIT",
}


# an answer that repeats the request lies, as any answer does, in the values of the frames that read it
ECHOES = frozenset({"page", "text", "limit", "words", "list"})


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_base, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(_base, "RETRIES", 0)
    monkeypatch.setattr(_pace, "LONGEST_WINDOW_SECONDS", 0)
    monkeypatch.setattr(_http, "DEADLINE_SECONDS", 0.3)


def fail(connector: RestConnector, endpoint: Endpoint) -> ConnectorError:
    """Ask and return the error, with its traceback."""
    try:
        connector.call(endpoint, {"currency": "USDT"})
    except ConnectorError as e:
        return e
    raise AssertionError("a broken answer was read")


def texts_of(error: ConnectorError, *, with_locals: bool) -> str:
    """Return every text that a log, a report with the frames' values or a queue could make of an error."""
    frames = traceback.TracebackException.from_exception(error, capture_locals=with_locals)
    copies = [pickle.dumps(error).decode("latin-1"), repr(copy.copy(error))]
    assert error.__cause__ is None
    assert error.__context__ is None
    return "\n".join([str(error), repr(error), repr(error.args), repr(vars(error)), *frames.format(), *copies])


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("exchange", connectors.available())
def test_no_fault_of_the_wire_shows_what_was_sent(exchange: str, fault: str, caplog: pytest.LogCaptureFixture) -> None:
    received: list[bytes] = []

    def behave(client: socket.socket, over: threading.Event) -> None:
        received.append(client.recv(65_536))
        answer = FAULTS[fault](received[-1])
        if answer == b"WAIT":
            over.wait(2)
        client.sendall(answer)

    with (
        raw(behave, read_first=False) as url,
        caplog.at_level(logging.DEBUG),
        warnings.catch_warnings(record=True) as told,
    ):
        warnings.simplefilter("always")
        connector = make(exchange, hosts=dict.fromkeys(connectors.describe(exchange).hosts, url))
        assert isinstance(connector, RestConnector)
        endpoint = next(item for item in connector.endpoints if item.private and "{" not in item.path)
        error = fail(connector, endpoint)
    assert isinstance(error, ExchangeError)
    assert received
    shown = "\n".join(
        [texts_of(error, with_locals=fault not in ECHOES), caplog.text, *(str(item.message) for item in told)]
    )
    secrets = {API_KEY, PASSPHRASE, secret_for(exchange)} | sent_words(received, endpoint)
    assert [secret for secret in secrets if secret in shown] == []


def sent_words(received: list[bytes], endpoint: Endpoint) -> set[str]:
    """Return all that looks like a key, a signature or a token in what a server received."""
    found = {word for asked in received for word in WORD.findall(asked.decode("latin-1"))}
    assert found
    return {word for word in found if word not in endpoint.path and not any(name in word for name in PUBLIC)}


@pytest.mark.parametrize("exchange", connectors.available())
def test_a_connector_and_its_key_can_neither_be_pickled_nor_copied_into_text(exchange: str) -> None:
    connector = make(exchange)
    assert isinstance(connector, RestConnector)
    for thing in (connector, connector.credentials, connector.credentials.api_secret):
        with pytest.raises(TypeError):
            pickle.dumps(thing)
        with pytest.raises(TypeError):
            copy.deepcopy(thing)
        with pytest.raises(TypeError):
            json.dumps(thing)
        assert not any(secret in f"{thing} {thing!r}" for secret in (API_KEY, secret_for(exchange), PASSPHRASE))


@pytest.mark.parametrize("exchange", connectors.available())
def test_a_signed_request_shows_neither_address_nor_headers(exchange: str) -> None:
    connector = make(exchange)
    request = connector.prepare("GET", f"{next(iter(connector.info.hosts.values()))}/x", params={"a": "1"}, now_ms=1)
    assert repr(request) == "<PreparedRequest [GET]>"
