"""Sign in, sign out, confirm the password again: plain pages in front of Streamlit."""

import functools
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

import anyio
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core.api import cookies
from core.api.gate import Login
from core.api.pages import Pages, read_form, see_other
from core.api.paths import local_path
from core.api.texts import NOTICES
from core.bootstrap import Web
from core.domain.types import Role
from core.errors import PlatformError
from core.locales import translator
from core.services import auth

CONCURRENT_HASHES = 4
LONGEST_QUEUE = 40
SAME_SITE = frozenset({"", "none", "same-origin"})
DOWNLOADS = "/exports/"
COOKIE_SLACK = timedelta(minutes=1)

T = TypeVar("T")


class HashQueue:
    """Lets four password checks run at once in threads of their own and turns people away when too many wait."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(CONCURRENT_HASHES)

    async def run(self, work: Callable[[], T]) -> T:
        """Run slow work without holding up the rest of the server.

        Raises:
            PlatformError: `busy`, forty are waiting already.
        """
        if self._limiter.statistics().tasks_waiting >= LONGEST_QUEUE:
            raise PlatformError(code="busy")
        return await to_thread.run_sync(work, limiter=self._limiter)


class SignInPages:
    """The routes `/login`, `/logout`, `/auth/logout` and `/reauth`."""

    def __init__(self, web: Web, pages: Pages, queue: HashQueue) -> None:
        self._web = web
        self._pages = pages
        self._queue = queue

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes; the gate has checked Host and Origin, and for /reauth the login session."""
        return [
            Route("/login", self.show_login, methods=["GET"]),
            Route("/login", self.sign_in, methods=["POST"]),
            Route("/logout", self.sign_out, methods=["GET", "POST"]),
            Route("/auth/logout", self.sign_out, methods=["GET"]),
            Route("/reauth", self.show_reauth, methods=["GET"]),
            Route("/reauth", self.confirm, methods=["POST"]),
        ]

    async def show_login(self, request: Request) -> Response:
        """Show the form, or lead on whoever is signed in already."""
        try:
            if await self._find_login(request):
                return see_other(local_path(request.query_params.get("next")))
            needs_setup = await to_thread.run_sync(self._needs_setup)
        except PlatformError as e:
            return self._pages.fail(request, e)
        notice = NOTICES.get(request.query_params.get("notice", ""))
        values = _login_values(next_address=request.query_params.get("next"), needs_setup=needs_setup)
        translate = translator(self._pages.language(request))
        return self._pages.render(request, "login.html", {**values, "notice": translate(notice) if notice else None})

    async def sign_in(self, request: Request) -> Response:
        """Check name and password; a right answer gets a new session, the one of before ends."""
        values = _login_values()
        try:
            fields = await read_form(request)
            values = _login_values(next_address=fields.get("next"), login=fields.get("login", "")[:64])
            values["language"] = fields.get("lang", "")
            form = auth.SignInForm(fields.get("login", ""), fields.get("password", ""), origin_of(request))
            web = self._web
            check = functools.partial(auth.sign_in, web.storage, web.passwords, web.tokens, form, now=web.clock())
            before = await self._find_login(request)
            signed_in = await self._queue.run(check)
            if before:
                await to_thread.run_sync(self._end, before)
        except PlatformError as e:
            return self._pages.render(request, "login.html", values, error=e)
        return self.welcome(signed_in, str(values["next"]))

    def welcome(self, signed_in: auth.SignedIn, address: str) -> Response:
        """Hand over the session cookie and lead on."""
        response = see_other(local_path(address))
        life = signed_in.session.expires_at - signed_in.session.created_at + COOKIE_SLACK
        cookies.set_token(response, signed_in.token, max_age_seconds=int(life.total_seconds()))
        return response

    async def sign_out(self, request: Request) -> Response:
        """End the session; a link on another site only gets the question whether to."""
        if request.method == "GET" and request.headers.get("sec-fetch-site", "") not in SAME_SITE:
            return self._pages.render(request, "logout.html", {})
        try:
            login = await self._find_login(request)
            if login:
                await to_thread.run_sync(self._end, login)
        except PlatformError as e:
            return self._pages.fail(request, e)
        response = see_other("/login?notice=signed_out")
        cookies.clear_token(response)
        return response

    async def show_reauth(self, request: Request) -> Response:
        """Ask for the password once more."""
        values = {"next": local_path(request.query_params.get("next")), "login": request.state.login[1].login}
        return self._pages.render(request, "reauth.html", values)

    async def confirm(self, request: Request) -> Response:
        """Check the password of the person who is signed in."""
        session, user = request.state.login
        values: dict[str, object] = {"next": "/", "login": user.login}
        try:
            fields = await read_form(request)
            values |= {"next": local_path(fields.get("next")), "language": fields.get("lang", "")}
            await self._queue.run(functools.partial(self._reauthenticate, session.id, fields.get("password", "")))
        except PlatformError as e:
            return self._pages.render(request, "reauth.html", values, error=e)
        address = str(values["next"])
        if address.startswith(DOWNLOADS):  # a download leaves the browser on this page, which then must not be a form
            return self._pages.render(request, "download.html", {**values, "address": address})
        return see_other(address)

    async def _find_login(self, request: Request) -> Login | None:
        token = cookies.read_token(request.headers.raw)
        if token is None:
            return None
        web = self._web
        return await to_thread.run_sync(auth.resolve_token, web.storage, web.tokens, token, web.clock())

    def _reauthenticate(self, session_id: object, password: str) -> None:
        web = self._web
        scope, _ = auth.scope_of(web.storage, str(session_id), web.clock(), touch=False)
        auth.reauthenticate(web.storage, web.passwords, scope, password, now=web.clock())

    def _end(self, login: Login) -> None:
        auth.sign_out(self._web.storage, *login, now=self._web.clock())

    def _needs_setup(self) -> bool:
        with self._web.storage.begin(write=False) as uow:
            return uow.users.count(role=Role.ADMIN) == 0


def origin_of(request: Request) -> auth.Origin:
    """Return the address and browser a request came from (behind a proxy: as uvicorn has read its headers)."""
    return auth.Origin(
        ip=request.client.host if request.client else "", user_agent=request.headers.get("user-agent", "")
    )


def _login_values(*, next_address: str | None = None, login: str = "", needs_setup: bool = False) -> dict[str, object]:
    return {"next": local_path(next_address), "login": login, "needs_setup": needs_setup}
