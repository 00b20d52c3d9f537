"""The one-time link that makes the first administrator."""

import functools
from collections.abc import Sequence

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core.api.login import HashQueue, SignInPages, origin_of
from core.api.pages import Pages, read_form
from core.bootstrap import Web
from core.errors import ConflictError, InvalidInputError, NotFoundError, PlatformError
from core.services import auth
from core.services.people import NewPerson, Preferences

CURRENCY = "USD"


class SetupPages:
    """The route `/setup`."""

    def __init__(self, web: Web, pages: Pages, queue: HashQueue, sign_in: SignInPages) -> None:
        self._web = web
        self._pages = pages
        self._queue = queue
        self._sign_in = sign_in

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes."""
        return [
            Route("/setup", self.show, methods=["GET"]),
            Route("/setup", self.complete, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show the form to whoever brings a usable link; looking does not use it up."""
        token = request.query_params.get("token", "")
        web = self._web
        check = functools.partial(auth.check_setup_link, web.storage, web.tokens, token, now=web.clock())
        try:
            await to_thread.run_sync(check)
        except PlatformError as e:
            return self._pages.fail(request, e)
        return self._pages.render(request, "setup.html", {"token": token, "name": "", "login": ""})

    async def complete(self, request: Request) -> Response:
        """Make the administrator and sign them in; after a wrong field the link still works."""
        values: dict[str, object] = {"token": "", "name": "", "login": ""}
        try:
            fields = await read_form(request)
            values = {name: fields.get(name, "") for name in ("token", "name", "login")}
            values["language"] = fields.get("lang", "")
            if fields.get("password") != fields.get("repeated"):
                raise InvalidInputError("repeated", "passwords_differ")
            web = self._web
            form = auth.SetupForm(fields.get("token", ""), self._person(request, fields), origin_of(request))
            make = functools.partial(auth.complete_setup, web.storage, web.passwords, web.tokens, form, now=web.clock())
            signed_in = await self._queue.run(make)
        except (NotFoundError, ConflictError) as e:
            return self._pages.fail(request, e)
        except PlatformError as e:
            return self._pages.render(request, "setup.html", values, error=e)
        return self._sign_in.welcome(signed_in, "/")

    def _person(self, request: Request, fields: dict[str, str]) -> NewPerson:
        preferences = Preferences(
            language=self._pages.language(request, fields.get("lang", "")),
            time_zone=self._web.settings.default_time_zone,
            currency=CURRENCY,
        )
        return NewPerson(
            name=fields.get("name", ""),
            login=fields.get("login", ""),
            password=fields.get("password", ""),
            preferences=preferences,
        )
