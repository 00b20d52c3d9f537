"""The content security policy and the headers."""

import asyncio
import base64
import hashlib
from pathlib import Path

from starlette.types import Message, Receive, Scope, Send

from core.api.headers import SecurityHeaders, content_security_policy
from core.api.index_html import rewrite


def test_every_inline_script_is_named_by_its_hash_and_nothing_else_may_run() -> None:
    html = '<script>\n one()\n</script><script src="./a.js"></script><script>two()</script>'
    hashes = [base64.b64encode(hashlib.sha256(text).digest()).decode() for text in (b"\n one()\n", b"two()")]
    policy = content_security_policy(html)
    assert f"script-src 'self' 'sha256-{hashes[0]}' 'sha256-{hashes[1]}';" in policy
    for rule in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'self'"):
        assert rule in policy


def test_rewriting_the_start_page_leaves_its_scripts_as_the_policy_names_them(streamlit_folder: Path) -> None:
    html = (streamlit_folder / "index.html").read_text(encoding="utf-8")
    assert "sha256-" in content_security_policy(html)
    assert content_security_policy(rewrite(html, "pt_BR")) == content_security_policy(html)


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"cache-control", b"public")]})


def sent_headers(path: str, *, is_https: bool) -> dict[bytes, bytes]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    app = SecurityHeaders(_answer, policy="default-src 'self'", is_https=is_https)
    asyncio.run(app({"type": "http", "path": path}, receive, send))
    return dict(sent[0]["headers"])


def test_https_is_remembered_by_the_browser() -> None:
    assert sent_headers("/", is_https=True)[b"strict-transport-security"] == b"max-age=31536000"
    assert b"strict-transport-security" not in sent_headers("/", is_https=False)


def test_only_static_files_may_be_stored() -> None:
    assert sent_headers("/media/x", is_https=True)[b"cache-control"] == b"no-store"
    assert sent_headers("/static/js/a.js", is_https=True)[b"cache-control"] == b"public"
