"""The gate: no request reaches Streamlit or a route without a living login session, an own Origin and an own Host.

The row id of the session goes on in the header `x-session-ref`, which only the gate can set; Streamlit binds its own
session to it (`server.trustedUserHeaders`).
"""

import functools
import logging
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from anyio import to_thread
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from core.api import cookies, paths
from core.api.sockets import POLICY_VIOLATION, OpenSockets
from core.bootstrap import Web
from core.config import is_loopback
from core.domain.types import User
from core.errors import StorageUnavailableError
from core.ports import LoginSession
from core.services import auth

log = logging.getLogger(__name__)

SESSION_HEADER = b"x-session-ref"
READING = frozenset({"GET", "HEAD", "OPTIONS"})
DEFAULT_PORTS = {"http": 80, "https": 443}

Login = tuple[LoginSession, User]


class Gate:
    """ASGI middleware in front of everything but the security headers."""

    def __init__(self, app: ASGIApp, *, web: Web, poll_seconds: float = 4.0) -> None:
        self.app = app
        self._web = web
        self._origin = web.settings.public_url
        self._host = _authority(self._origin)
        find_ended = functools.partial(_find_ended, web)
        self._sockets = OpenSockets(find_ended, poll_seconds=poll_seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0].lower() != SESSION_HEADER]}
        if scope["type"] == "websocket":
            await self._serve_websocket(scope, receive, send)
            return
        refusal = self._refuse(scope)
        if refusal is None and not paths.is_open(scope["path"]):
            refusal = await self._admit(scope)
        await (refusal or self.app)(scope, receive, send)

    def _refuse(self, scope: Scope) -> Response | None:
        """Return the answer to a request that is wrong whoever asks, else None."""
        path, method = scope["path"], scope["method"]
        if path not in paths.ANY_HOST and not self._is_own_host(scope):
            return self._answer_foreign_host(scope)
        if paths.is_blocked(path):
            return _refusal(404, "not_found")
        if method not in READING and _header(scope, b"origin") != self._origin:
            return _refusal(403, "foreign_origin")
        return None

    async def _admit(self, scope: Scope) -> Response | None:
        """Note the login session in the request, or return the refusal."""
        try:
            login = await self._find_login(scope)
        except StorageUnavailableError:
            return _refusal(503, "storage_unavailable")
        if login is None:
            accept = _header(scope, b"accept") or ""
            if scope["method"] in READING and paths.is_page(scope["path"], accept):
                return RedirectResponse(paths.sign_in_path(_address(scope)), status_code=303)
            return _refusal(401, "not_signed_in")
        _note(scope, login)
        return None

    async def _serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        login = None
        if self._is_own_host(scope) and _header(scope, b"origin") == self._origin:
            try:
                login = await self._find_login(scope)
            except StorageUnavailableError:
                log.warning("a websocket was refused: the storage is unavailable")
        if login is None:
            await receive()
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
            return
        _note(scope, login)
        session, user = login
        deadline = auth.idle_deadline(session, user)
        await self._sockets.serve(self.app, (scope, receive, send), session_id=session.id, deadline=deadline)

    async def _find_login(self, scope: Scope) -> Login | None:
        token = cookies.read_token(scope["headers"])
        if token is None:
            return None
        web = self._web
        return await to_thread.run_sync(auth.resolve_token, web.storage, web.tokens, token, web.clock())

    def _is_own_host(self, scope: Scope) -> bool:
        return _split_authority(_header(scope, b"host") or "", self._origin) == self._host

    def _answer_foreign_host(self, scope: Scope) -> Response:
        """Lead another loopback name of this very server to the one name that has the cookie; refuse other hosts."""
        asked, own = _split_authority(_header(scope, b"host") or "", self._origin), self._host
        alias = asked[1] == own[1] and is_loopback(asked[0]) and is_loopback(own[0])
        if alias and scope["method"] in READING and paths.is_page(scope["path"], _header(scope, b"accept") or ""):
            return RedirectResponse(self._origin + _address(scope), status_code=303)
        return _refusal(421, "foreign_host")


def _find_ended(web: Web, deadlines: dict[UUID, datetime]) -> set[UUID]:
    return auth.ended_among(web.storage, deadlines, web.clock())


def _note(scope: Scope, login: Login) -> None:
    scope["headers"] = [*scope["headers"], (SESSION_HEADER, str(login[0].id).encode())]
    scope["state"] = {**scope.get("state", {}), "login": login}


def _refusal(status: int, code: str) -> JSONResponse:
    return JSONResponse({"error": code}, status_code=status)


def _header(scope: Scope, name: bytes) -> str | None:
    """Return the one value of a header; a repeated one counts as missing."""
    values: list[bytes] = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else None


def _address(scope: Scope) -> str:
    """Return path and query as they were asked for."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    return raw.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")


def _authority(url: str) -> tuple[str, int | None]:
    parts = urlsplit(url)
    return (parts.hostname or "").lower(), parts.port or DEFAULT_PORTS.get(parts.scheme)


def _split_authority(host: str, origin: str) -> tuple[str, int | None]:
    try:
        return _authority(f"{urlsplit(origin).scheme}://{host}") if "@" not in host and "/" not in host else ("", None)
    except ValueError:
        return "", None
