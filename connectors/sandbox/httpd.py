"""A small threaded HTTP/1.1 server on loopback that can also break the wire: reset, hang, truncate, drip."""

import logging
import socket
import struct
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from connectors.sandbox.faults import Fault, FaultKind
from connectors.sandbox.wire import Answer, WireRequest

log = logging.getLogger(__name__)
LOOPBACK = "127.0.0.1"
MAX_BODY = 1 << 20
HUGE_BYTES = 12 << 20
DEEP_LEVELS = 100_000
# A handler returns the answer and, where one was ordered, the fault to act out while sending it.
App = Callable[[WireRequest], tuple[Answer, Fault | None]]


class WireServer(ThreadingHTTPServer):
    """Serves one app on one loopback port; stopping closes every open connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, app: App) -> None:
        super().__init__((LOOPBACK, port), WireHandler)
        self.app = app
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._serving: set[threading.Thread] = set()
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """Base URL."""
        return f"http://{LOOPBACK}:{self.server_address[1]}"

    def start(self) -> None:
        """Serve from a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving, close every connection, wait for the threads."""
        self.stopping.set()
        self.shutdown()
        self._thread.join(5)
        self.server_close()
        with self._guard:
            connections, threads = list(self._open), list(self._serving)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                log.debug("connection was gone")
        for thread in threads:
            thread.join(5)

    def process_request_thread(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        """Serve one connection, remembered so that stop() can end it."""
        with self._guard:
            self._open.add(request)
            self._serving.add(threading.current_thread())
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._guard:
                self._open.discard(request)
                self._serving.discard(threading.current_thread())

    def handle_error(self, request: object, client_address: object) -> None:
        """Log what a handler raised; a caller that went away is no error."""
        gone = isinstance(sys.exc_info()[1], OSError)
        log.log(logging.DEBUG if gone else logging.ERROR, "sandbox connection ended", exc_info=True)


class WireHandler(BaseHTTPRequestHandler):
    """Turns HTTP into a WireRequest and an Answer into bytes."""

    protocol_version = "HTTP/1.1"
    server_version = "sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 120
    server: WireServer

    def do_GET(self) -> None:  # noqa: N802 - the name http.server calls
        """Answer a GET."""
        self._serve()

    do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server uses
        """Log nothing: paths carry signatures."""

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            self.close_connection = True
            self._send(Answer(413, ""))
            return
        url = urlsplit(self.path)
        request = WireRequest(
            method=self.command,
            path=url.path,
            query=url.query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
            client_ip=str(self.client_address[0]),
        )
        try:
            answer, fault = self.server.app(request)
        except Exception:  # the edge of a request: a mistake of ours shows in the log, not as a broken wire
            log.exception("sandbox failed at %s", request.path)
            answer, fault = Answer(500, "sandbox failed, see its log"), None
        if fault is None:
            self._send(answer)
        else:
            self._break(answer, fault)

    def _head(self, answer: Answer, length: int | None) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type())
        for name, value in answer.headers.items():
            if name != "Content-Type":
                self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _send(self, answer: Answer) -> None:
        payload = answer.payload()
        self._head(answer, len(payload))
        if self.command != "HEAD":
            self.wfile.write(payload)
        self.wfile.flush()

    def _break(self, answer: Answer, fault: Fault) -> None:
        """Send `answer` in the broken way of `fault`."""
        payload = answer.payload()
        match fault.kind:
            case FaultKind.LATENCY:
                if not self.server.stopping.wait(fault.seconds):
                    self._send(answer)
                return
            case FaultKind.HANG:
                self.server.stopping.wait(fault.seconds if fault.seconds > 1 else 3600)
            case FaultKind.RESET:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
            case FaultKind.TRUNCATE:
                self._head(answer, len(payload))
                self.wfile.write(payload[: len(payload) // 2])
                self.wfile.flush()
            case FaultKind.SLOW_BODY:
                self._head(answer, len(payload))
                self._drip(payload, fault.seconds)
            case FaultKind.SLOW_HEAD:
                self._drip(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n", fault.seconds)
            case FaultKind.BAD_CHUNKS:
                answer.headers["Transfer-Encoding"] = "chunked"
                self._head(answer, None)
                self.wfile.write(b"zz\r\n" + payload + b"\r\n0\r\n\r\n")
                self.wfile.flush()
            case _:
                self._send(_spoiled(answer, payload, fault))
                return
        self.close_connection = True

    def _drip(self, data: bytes, seconds: float) -> None:
        self.wfile.flush()
        for index in range(len(data)):
            if self.server.stopping.wait(seconds):
                return
            self.wfile.write(data[index : index + 1])
            self.wfile.flush()


def _spoiled(answer: Answer, payload: bytes, fault: Fault) -> Answer:
    """Return a whole answer with a bad body."""
    match fault.kind:
        case FaultKind.GARBAGE:
            return Answer(answer.status, b"\x00\xff{]" + payload[::-1], {"Content-Type": "application/json"})
        case FaultKind.HTML:
            return Answer(
                fault.status if fault.status != 503 else 200, "<html><body><h1>Just a moment</h1></body></html>"
            )
        case FaultKind.EMPTY:
            return Answer(200, b"", {"Content-Type": "application/json"})
        case FaultKind.BOM:
            return Answer(answer.status, payload.decode().encode("utf-16"), {"Content-Type": "application/json"})
        case FaultKind.HUGE:
            return Answer(200, b'{"pad":"' + b"x" * HUGE_BYTES + b'"}', {"Content-Type": "application/json"})
        case FaultKind.DEEP:
            return Answer(200, b"[" * DEEP_LEVELS + b"]" * DEEP_LEVELS, {"Content-Type": "application/json"})
        case FaultKind.REDIRECT:
            return Answer(302, "", {"Location": "http://127.0.0.1:9/elsewhere"})
        case _:
            return answer
