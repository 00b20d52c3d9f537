"""Local servers for connector tests: one that answers from a script, one that misbehaves at the byte level."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as the server got it."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    port: int


@dataclass(frozen=True)
class Reply:
    """An answer to give; `body` is data for JSON, or bytes as they are."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Script = dict[str, Reply | list[Reply] | Callable[[Asked], Reply]]


@dataclass
class ScriptServer:
    """Answers each path from its script; a list is used up to its last item, which stays."""

    script: Script
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    def paths(self) -> list[str]:
        return [request.path for request in self.asked]

    def answer(self, request: Asked) -> Reply:
        self.asked.append(request)
        planned = self.script.get(request.path, Reply({"code": -1, "msg": "not scripted"}, 404))
        if isinstance(planned, list):
            return planned.pop(0) if len(planned) > 1 else planned[0]
        return planned if isinstance(planned, Reply) else planned(request)


@contextmanager
def scripted(script: Script) -> Iterator[ScriptServer]:
    """Serve a script on a free port."""
    server = ScriptServer(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet

        def handle_any(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path)
            params, port = dict(parse_qsl(parts.query)), self.client_address[1]
            reply = server.answer(Asked(self.command, parts.path, params, dict(self.headers), port))
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = handle_any  # noqa: N815 - names of the standard library

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - name of the standard library
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


@contextmanager
def raw(behave: Callable[[socket.socket, threading.Event], None], *, read_first: bool = True) -> Iterator[str]:
    """Serve raw bytes: `behave` gets each accepted socket, and an event that is set when the test is over."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()
    threads: list[threading.Thread] = []

    def serve(client: socket.socket) -> None:
        with client:
            try:
                if read_first:
                    client.recv(65_536)
                behave(client, over)
            except OSError:
                pass  # the client hung up, which is what many tests are about

    def accept() -> None:
        while not over.is_set():
            try:
                client, _address = listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=serve, args=(client,))
            thread.start()
            threads.append(thread)

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in [accepting, *threads]:
            thread.join(timeout=5)
