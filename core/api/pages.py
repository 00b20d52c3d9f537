"""The pages outside Streamlit: plain HTML from templates, with no script, in the visitor's language."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from core.api.headers import FORM_REFERRERS
from core.api.texts import PRODUCT, explain, html_language
from core.errors import InvalidInputError, PlatformError, ThrottledError
from core.locales import LANGUAGES, choose_language, translator

TEMPLATES = Path(__file__).with_name("templates")
ASSETS = Path(__file__).with_name("assets")
LARGEST_FORM_BYTES = 16 * 1024
MOST_FIELDS = 20
FIELDS = frozenset({"name", "login", "password", "repeated"})
NAMES = {"pt_BR": "Português", "en": "English"}
STATUS_CODES = {
    "throttled": 429,
    "wrong_login": 401,
    "wrong_password": 401,
    "not_signed_in": 401,
    "forbidden": 403,
    "not_found": 404,
    "bad_link": 404,
    "setup_done": 409,
    "login_taken": 409,
    "too_large": 413,
    "storage_unavailable": 503,
    "busy": 503,
}

environment = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


class Pages:
    """Renders templates and errors."""

    def __init__(self, default_language: str) -> None:
        self._default_language = default_language

    def render(
        self, request: Request, template: str, values: Mapping[str, object], *, error: PlatformError | None = None
    ) -> HTMLResponse:
        """Return a page; with an error, its sentence stands on top or beside the field, and it sets the status."""
        language = self.language(request, str(values.get("language", "")))
        text = explain(error, language) if error else None
        field = error.field if isinstance(error, InvalidInputError) and error.field in FIELDS else None
        wrong = {"field": field, "text": text} if field else None
        html = environment.get_template(template).render(
            {
                "notice": None,
                **values,
                "_": translator(language),
                "product": PRODUCT,
                "language": language,
                "html_language": html_language(language),
                "languages": _language_links(request, language) if request.method == "GET" else None,
                "alert": None if wrong else text,
                "wrong": wrong,
            }
        )
        response = HTMLResponse(html, status_code=_status(error))
        response.headers["referrer-policy"] = FORM_REFERRERS
        if isinstance(error, ThrottledError):
            response.headers["retry-after"] = str(round(error.retry_after + 0.5))
        return response

    def fail(self, request: Request, error: PlatformError) -> HTMLResponse:
        """Return the page that says only what went wrong."""
        return self.render(request, "message.html", {}, error=error)

    def language(self, request: Request, chosen: str = "") -> str:
        """Return the language to answer in: chosen in the form or address, the person's own, or the browser's."""
        login = getattr(request.state, "login", None)
        own = login[1].language if login else ""
        for language in (chosen, request.query_params.get("lang", ""), own):
            if language in LANGUAGES:
                return str(language)
        return choose_language(request.headers.get("accept-language", ""), fallback=self._default_language)


def see_other(address: str) -> RedirectResponse:
    """Return the answer that leads a browser on after a form, from a page whose address it may tell this site only."""
    return RedirectResponse(address, status_code=303)


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a plain form.

    Raises:
        PlatformError: `too_large`.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM_BYTES:
            raise PlatformError(code="too_large")
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise PlatformError(code="too_large") from None


def _language_links(request: Request, current: str) -> list[dict[str, object]]:
    kept = [(key, value) for key, value in request.query_params.multi_items() if key != "lang"]
    return [
        {
            "name": NAMES[language],
            "address": f"{request.url.path}?{urlencode([*kept, ('lang', language)])}",
            "html_language": html_language(language),
            "is_current": language == current,
        }
        for language in LANGUAGES
    ]


def _status(error: PlatformError | None) -> int:
    if error is None:
        return 200
    if isinstance(error, InvalidInputError):
        return 422
    return STATUS_CODES.get(error.code, 400)
