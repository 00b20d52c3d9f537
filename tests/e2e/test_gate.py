"""What strangers get from the real web process: sign-in pages, refusals, and nothing of anybody."""

from collections.abc import Iterator

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.e2e.installation import Installation

PAGES = (
    "/",
    "/accounts",
    "/add_account",
    "/clients",
    "/settings",
    "/sync_health",
    "/overview",
    "/risk",
    "/nothing-here",
)


@pytest.fixture(scope="module")
def cold(installation: Installation) -> Installation:
    """A web process that nobody has visited yet: Streamlit's own page discovery would still be on."""
    installation.stop("web")
    installation.start("web")
    installation.wait_until_ready()
    return installation


@pytest.fixture
def stranger() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def socket_answer(installation: Installation, origin: str | None) -> int:
    """Return the status with which a websocket without a session is refused."""
    address = f"ws://127.0.0.1:{installation.port}/_stcore/stream"
    named = Origin(origin) if origin else None
    with pytest.raises(InvalidStatus) as refused, connect(address, origin=named, open_timeout=10):
        pass
    return refused.value.response.status_code


@pytest.mark.parametrize("path", PAGES)
def test_a_cold_deep_link_to_any_page_goes_to_the_sign_in_page(
    cold: Installation, stranger: requests.Session, path: str
) -> None:
    answer = stranger.get(f"{cold.url}{path}", headers={"Accept": "text/html"}, allow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")


@pytest.mark.parametrize(
    "path",
    [
        "/media/x.png",
        "/_stcore/upload_file/a/b",
        "/_stcore/metrics",
        "/exports/balances.csv",
        "/component/x/index.html",
    ],
)
def test_nothing_but_pages_is_answered_with_a_redirect_or_content(
    installation: Installation, stranger: requests.Session, path: str
) -> None:
    answer = stranger.get(f"{installation.url}{path}", headers={"Accept": "*/*"}, allow_redirects=False)
    assert answer.status_code in (401, 403, 404)


@pytest.mark.parametrize("origin", ["same", "http://evil.example", None])
def test_a_websocket_without_a_session_is_refused_whatever_its_origin(
    installation: Installation, origin: str | None
) -> None:
    assert socket_answer(installation, installation.url if origin == "same" else origin) == 403


def test_a_foreign_host_or_a_foreign_origin_is_refused(installation: Installation, stranger: requests.Session) -> None:
    foreign = stranger.get(f"{installation.url}/login", headers={"Host": "evil.example"})
    assert foreign.status_code in (400, 403, 421)
    form = {"login": "x", "password": "y"}
    posted = stranger.post(f"{installation.url}/login", data=form, headers={"Origin": "http://evil.example"})
    assert posted.status_code == 403


def test_every_answer_carries_the_protective_headers(installation: Installation, stranger: requests.Session) -> None:
    for path in ("/login", "/healthz", "/"):
        headers = stranger.get(f"{installation.url}{path}", allow_redirects=False).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "unsafe-eval" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] in ("no-referrer", "same-origin")
        assert headers["cross-origin-opener-policy"] == "same-origin"


def test_health_is_open_and_says_nothing_about_anybody(installation: Installation, stranger: requests.Session) -> None:
    assert stranger.get(f"{installation.url}/healthz").json() == {"status": "ok"}
    assert stranger.get(f"{installation.url}/readyz").json() == {"status": "ok", "reasons": []}
