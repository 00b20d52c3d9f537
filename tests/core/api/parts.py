"""A whole web process without Streamlit: the real gate, pages, services and database behind a real uvicorn."""

import http.client
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from core.api.routes import make_middleware, make_routes
from core.bootstrap import AuditChain, ConnectorLibrary, Passwords, Tokens, Web
from core.bootstrap.adapters import SealingVault
from core.config import load_settings
from core.domain.types import Role, User
from core.persistence import SqlStorage
from core.security.app_key import AppKey
from core.security.keyring import VaultPrivateKey
from core.security.passwords import Passwords as Argon2
from core.security.vault import Sealer
from core.services import people
from core.services.people import NewPerson
from tests.databases import fresh_url

PASSWORD = "correct horse battery"
START = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
HTML = {"accept": "text/html,application/xhtml+xml"}
COOKIE = "__Host-session"


@dataclass
class FakeClock:
    """A clock that stands still until a test moves it."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def location(self) -> str:
        return self.headers.get("location", "")

    @property
    def token(self) -> str:
        """The session token that this answer hands over."""
        name, _, rest = self.headers.get("set-cookie", "").partition("=")
        return rest.partition(";")[0].strip('"') if name == COOKIE else ""


@dataclass
class Site:
    """A running web process and a browser of sorts."""

    web: Web
    clock: FakeClock
    port: int
    seen: list[dict[str, str]] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, *, token: str = "", headers: Mapping[str, str] | None = None) -> Answer:
        return self._send(method, path, token, headers or {}, None)

    def get(self, path: str, *, token: str = "", headers: Mapping[str, str] | None = None) -> Answer:
        return self._send("GET", path, token, headers or HTML, None)

    def post(
        self, path: str, fields: Mapping[str, str], *, token: str = "", headers: Mapping[str, str] | None = None
    ) -> Answer:
        wanted = {"origin": self.origin, "content-type": "application/x-www-form-urlencoded", **HTML, **(headers or {})}
        return self._send("POST", path, token, wanted, urlencode(fields).encode())

    def sign_in(self, login: str, password: str = PASSWORD) -> str:
        answer = self.post("/login", {"login": login, "password": password})
        assert answer.status == 303, answer.text
        return answer.token

    def add_person(self, login: str, role: Role = Role.CLIENT) -> User:
        person = NewPerson(name=login.title(), login=login, password=PASSWORD, role=role)
        return people.create_person(self.web.storage, self.web.passwords, person, scope=None, now=self.clock())

    def _send(self, method: str, path: str, token: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            cookies = {"cookie": f"{COOKIE}={token}"} if token else {}
            connection.request(method, path, body=body, headers={**headers, **cookies})
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()


def make_web(url: str, clock: FakeClock, *, public_url: str = "", environ: Mapping[str, str] | None = None) -> Web:
    """Join the parts of a web process on a database, with quick password hashes."""
    app_key = AppKey(bytes(range(32)))
    settings = load_settings(
        {"GA_DATABASE_URL": url, **({"GA_PUBLIC_URL": public_url} if public_url else {}), **(environ or {})}
    )
    return Web(
        settings=settings,
        storage=SqlStorage(url, role="web", audit_chain=AuditChain(app_key)),
        clock=clock,
        sealer=SealingVault(Sealer(VaultPrivateKey.generate().public, app_key)),
        tokens=Tokens(app_key),
        passwords=Passwords(Argon2(time_cost=1, memory_kib=64, parallelism=1)),
        exchanges=ConnectorLibrary({}),
    )


@contextmanager
def running_site(folder: Path, *, streamlit_folder: Path, poll_seconds: float = 0.1) -> Iterator[Site]:
    """Run the web process with a stand-in for Streamlit until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    with fresh_url("sqlite", folder) as url:
        clock = FakeClock()
        web = make_web(url, clock, public_url=f"http://127.0.0.1:{port}")
        site = Site(web, clock, port)
        app = Starlette(
            routes=[*make_routes(web), *_stand_in(site, streamlit_folder)],
            middleware=list(make_middleware(web, streamlit_folder, poll_seconds=poll_seconds)),
        )
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="websockets-sansio", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield site
        finally:
            server.should_exit = True
            thread.join(10)
            listener.close()
            web.storage.dispose()


def with_public_url(web: Web, public_url: str) -> Web:
    """Return the same parts under another address."""
    return replace(web, settings=web.settings.model_copy(update={"public_url": public_url}))


def _stand_in(site: Site, streamlit_folder: Path) -> list[Route | WebSocketRoute]:
    """Return what stands for Streamlit: its start page on every path, its websocket as an echo, its media."""

    async def page(request: Request) -> Response:
        site.seen.append(dict(request.headers))
        return FileResponse(streamlit_folder / "index.html", headers={"etag": '"old"'})

    async def media(request: Request) -> Response:
        return JSONResponse({"session": request.headers.get("x-session-ref")})

    async def stream(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(websocket.headers.get("x-session-ref", ""))
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    return [
        Route("/media/{name}", media),
        WebSocketRoute("/_stcore/stream", stream),
        Route("/{path:path}", page, methods=["GET", "POST"]),
    ]
