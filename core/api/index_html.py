"""Streamlit's start page with our name, icon and language instead of its own."""

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.api.texts import PRODUCT, html_language
from core.locales import FALLBACK, translator

# What would let a browser or Streamlit answer with an old, partial or compressed copy, which cannot be rewritten.
DROPPED_REQUEST_HEADERS = frozenset({b"accept-encoding", b"if-none-match", b"if-modified-since", b"range"})
NOSCRIPT = re.compile(r"<noscript>.*?</noscript>", re.DOTALL)
SERVICE_DESCRIPTION = re.compile(r'<link rel="service-desc"[^>]*>')
TITLE = "<title>Streamlit</title>"


class IndexHtml:
    """Middleware that rewrites the start page in the language of the person who is signed in."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; only page loads of a browser are looked at."""
        if scope["type"] != "http" or scope["method"] != "GET" or not _wants_html(scope):
            await self.app(scope, receive, send)
            return
        kept = [pair for pair in scope["headers"] if pair[0] not in DROPPED_REQUEST_HEADERS]
        language = _language(scope)
        await self.app({**scope, "headers": kept}, receive, _Rewriter(send, language))


class _Rewriter:
    """Holds an HTML answer back until it is whole, then sends it rewritten; other answers pass as they come."""

    def __init__(self, send: Send, language: str) -> None:
        self._send = send
        self._language = language
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_html(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish(self._start)

    async def _finish(self, start: Message) -> None:
        body = rewrite(self._body.decode(), self._language).encode()
        headers = MutableHeaders(scope=start)
        for name in ("etag", "last-modified"):
            del headers[name]
        headers["content-length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def rewrite(html: str, language: str) -> str:
    """Return Streamlit's start page in our clothes; any other page comes back unchanged."""
    if TITLE not in html:
        return html
    _ = translator(language)
    needs_script = _("This page needs JavaScript. Please turn it on in your browser.")
    html = html.replace('<html lang="en">', f'<html lang="{html_language(language)}">', 1)
    html = html.replace(TITLE, f"<title>{PRODUCT}</title>", 1)
    html = html.replace('href="./favicon.png"', 'href="/app-static/icon.svg" type="image/svg+xml"', 1)
    html = SERVICE_DESCRIPTION.sub("", html, count=1)
    return NOSCRIPT.sub(f"<noscript><p>{needs_script}</p></noscript>", html, count=1)


def _wants_html(scope: Scope) -> bool:
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


def _is_html(start: Message) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in start["headers"])


def _language(scope: Scope) -> str:
    login = scope.get("state", {}).get("login")
    return str(login[1].language) if login else FALLBACK
