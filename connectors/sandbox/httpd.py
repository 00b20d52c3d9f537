"""A small threaded HTTP/1.1 server on loopback that can also break the wire, or close its port."""

import logging
import socket
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from connectors.sandbox.breakage import send_broken
from connectors.sandbox.faults import Fault
from connectors.sandbox.wire import Answer, WireRequest

log = logging.getLogger(__name__)
LOOPBACK = "127.0.0.1"
MAX_BODY = 1 << 20
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
        self._refusing = False
        self._port = threading.Lock()
        self._thread = self._make_thread()

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
        with self._port:
            self.shutdown()
            self._thread.join(5)
            self.server_close()
        for thread in self._hang_up():
            thread.join(5)

    def refuse(self, refusing: bool) -> None:
        """Close the port, so that whoever calls is refused, or open it again; the port stays the same."""
        with self._port:
            if refusing == self._refusing or self.stopping.is_set():
                return
            self._refusing = refusing
            if not refusing:
                self.server_activate()
                self._thread = self._make_thread()
                self._thread.start()
                return
            self.shutdown()
            self._thread.join(5)
            self.socket.close()
            self._hang_up()
            # bound, but nobody listens: the system refuses, and nobody else can take the port
            self.socket = socket.socket(self.address_family, self.socket_type)
            self.server_bind()

    def _make_thread(self) -> threading.Thread:
        return threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def _hang_up(self) -> list[threading.Thread]:
        """Close every connection and return the threads that served them."""
        with self._guard:
            connections, threads = list(self._open), list(self._serving)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                log.debug("connection was gone")
        return threads

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
            self.send_answer(Answer(413, ""))
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
            self.send_answer(answer)
        elif not send_broken(self, answer, fault):
            self.close_connection = True

    @property
    def stopping(self) -> threading.Event:
        """Set when the server ends."""
        return self.server.stopping

    def send_head(self, answer: Answer, length: int | None) -> None:
        """Send status and headers; without a length the body ends with the connection, or as its headers say."""
        self.send_response_only(answer.status)
        self.send_header("Server", self.server_version)
        if "Date" not in answer.headers:
            self.send_header("Date", self.date_time_string())
        self.send_header("Content-Type", answer.content_type())
        for name, value in answer.headers.items():
            if name != "Content-Type":
                self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def send_bytes(self, data: bytes) -> None:
        """Send bytes at once."""
        self.wfile.write(data)
        self.wfile.flush()

    def send_answer(self, answer: Answer) -> None:
        """Send a whole answer."""
        payload = answer.payload()
        self.send_head(answer, len(payload))
        self.send_bytes(payload if self.command != "HEAD" else b"")
