"""Everything the web process serves beside Streamlit's screens, and what stands in front of all of it."""

from collections.abc import Sequence
from pathlib import Path

from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from core.api.exports import export_routes
from core.api.gate import Gate
from core.api.headers import SecurityHeaders, content_security_policy
from core.api.health import health_routes
from core.api.index_html import IndexHtml
from core.api.login import HashQueue, SignInPages
from core.api.metrics import metrics_routes
from core.api.pages import ASSETS, Pages
from core.api.setup import SetupPages
from core.api.sockets import POLL_SECONDS
from core.api.static_bundle import StaticBundle
from core.bootstrap import Web


def make_routes(web: Web) -> Sequence[BaseRoute]:
    """Return our own routes: sign-in, setup, health, exports and a few open files."""
    pages, queue = Pages(web.settings.default_language), HashQueue()
    sign_in = SignInPages(web, pages, queue)
    return [
        *sign_in.routes(),
        *SetupPages(web, pages, queue, sign_in).routes(),
        *health_routes(web),
        *metrics_routes(web),
        *export_routes(web, pages),
        Mount("/app-static", StaticFiles(directory=ASSETS)),
    ]


def make_middleware(web: Web, streamlit_folder: Path, *, poll_seconds: float = POLL_SECONDS) -> Sequence[Middleware]:
    """Return what every request passes, outermost first: security headers, gate, compressed bundle, start page.

    Args:
        web: the parts of the process.
        streamlit_folder: where Streamlit's own `index.html` and `static/` lie.
        poll_seconds: how often the sessions of open websockets are looked up.
    """
    policy = content_security_policy((streamlit_folder / "index.html").read_text(encoding="utf-8"))
    is_https = web.settings.public_url.startswith("https://")
    return [
        Middleware(SecurityHeaders, policy=policy, is_https=is_https),
        Middleware(Gate, web=web, poll_seconds=poll_seconds),
        Middleware(StaticBundle, folder=streamlit_folder),
        Middleware(IndexHtml),
    ]
