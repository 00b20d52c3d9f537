"""The gate over real HTTP and real websockets."""

import time
from uuid import UUID

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from core.domain.types import Role
from core.services import auth
from tests.core.api.parts import COOKIE, HTML, Site


def open_websocket(site: Site, token: str = "", **headers: str) -> ClientConnection:
    wanted = {"Origin": site.origin, **({"Cookie": f"{COOKIE}={token}"} if token else {}), **headers}
    wanted = {name: value for name, value in wanted.items() if value}
    return connect(
        f"ws://127.0.0.1:{site.port}/_stcore/stream", additional_headers=wanted, open_timeout=5, close_timeout=1
    )


def refused_with(site: Site, token: str = "", **headers: str) -> int:
    with pytest.raises(InvalidStatus) as caught, open_websocket(site, token, **headers):
        pass
    return caught.value.response.status_code


@pytest.mark.parametrize("path", ["/", "/accounts", "/overview?view=main"])
def test_an_anonymous_page_leads_to_the_sign_in_page(site: Site, path: str) -> None:
    answer = site.get(path)
    assert answer.status == 303
    assert answer.location.startswith("/login")
    assert site.seen == []


@pytest.mark.parametrize(
    "path", ["/media/x.png", "/_stcore/host-config", "/_stcore/health", "/component/x/y.js", "/favicon.png"]
)
def test_an_anonymous_request_for_anything_else_gets_401(site: Site, path: str) -> None:
    assert site.ask("GET", path, headers={"accept": "*/*"}).status == 401


def test_an_unknown_or_doubled_cookie_counts_for_nothing(site: Site) -> None:
    site.add_person("ana")
    token = site.sign_in("ana")
    assert site.get("/", token="x" * 43).status == 303
    assert site.get("/", headers={**HTML, "cookie": f"{COOKIE}={token}; {COOKIE}=other"}).status == 303


def test_a_signed_in_request_carries_its_session_and_nobody_elses(site: Site) -> None:
    site.add_person("ana")
    token = site.sign_in("ana")
    forged = {"accept": "*/*", "X-Session-Ref": "11111111-1111-4111-8111-111111111111"}
    found = auth.resolve_token(site.web.storage, site.web.tokens, token, site.clock())
    assert found is not None
    assert site.get("/media/x", token=token, headers=forged).text == f'{{"session":"{found[0].id}"}}'


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/agent/openapi.json", "/auth/login", "/oauth2callback"])
def test_blocked_paths_are_not_found_for_anybody(site: Site, path: str) -> None:
    site.add_person("ana")
    assert site.get(path).status == 404
    assert site.get(path, token=site.sign_in("ana")).status == 404


def test_a_foreign_host_is_refused_and_a_loopback_name_is_led_home(site: Site) -> None:
    assert site.get("/login", headers={**HTML, "host": "evil.example"}).status == 421
    alias = site.get("/accounts?x=1", headers={**HTML, "host": f"localhost:{site.port}"})
    assert (alias.status, alias.location) == (303, f"{site.origin}/accounts?x=1")
    assert site.ask("GET", "/healthz", headers={"host": "10.0.0.7:8501"}).status == 200


@pytest.mark.parametrize("origin", ["", "null", "http://evil.example", "https://127.0.0.1"])
def test_a_form_from_elsewhere_is_refused(site: Site, origin: str) -> None:
    site.add_person("ana")
    token = site.sign_in("ana")
    assert site.post("/logout", {}, token=token, headers={"origin": origin}).status == 403
    assert site.get("/", token=token).status == 200


def test_headers_protect_every_answer(site: Site) -> None:
    site.add_person("ana")
    token = site.sign_in("ana")
    for answer in (site.get("/"), site.get("/login"), site.get("/", token=token), site.get("/media/x", token=token)):
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self' 'sha256-" in policy
        assert "unsafe-eval" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in answer.headers
    assert site.get("/", token=token).headers["referrer-policy"] == "no-referrer"
    assert site.get("/login").headers["referrer-policy"] == "same-origin"


def test_a_websocket_needs_a_session_an_own_origin_and_an_own_host(site: Site) -> None:
    site.add_person("ana")
    token = site.sign_in("ana")
    assert refused_with(site) == 403
    assert refused_with(site, "x" * 43) == 403
    assert refused_with(site, token, Origin="") == 403
    assert refused_with(site, token, Origin="http://evil.example") == 403
    assert refused_with(site, token, Origin="http://localhost:8501") == 403


def test_a_websocket_carries_the_session_of_its_cookie_whatever_the_browser_says(site: Site) -> None:
    site.add_person("ana")
    with open_websocket(site, site.sign_in("ana"), **{"X-Session-Ref": "forged"}) as websocket:
        assert UUID(str(websocket.recv(timeout=5)))
        websocket.send("still there")
        assert websocket.recv(timeout=5) == "still there"


def wait_for_close(websocket: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed) as caught:
        websocket.recv(timeout=5)
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code


def test_the_websockets_of_a_revoked_session_are_closed_and_others_stay(site: Site) -> None:
    site.add_person("ana")
    site.add_person("bia")
    token, other = site.sign_in("ana"), site.sign_in("bia")
    with open_websocket(site, token) as ended, open_websocket(site, other) as kept:
        ended.recv(timeout=5)
        kept.recv(timeout=5)
        site.post("/logout", {}, token=token)
        assert wait_for_close(ended) == 1008
        kept.send("here")
        assert kept.recv(timeout=5) == "here"


def test_the_websockets_of_an_idle_session_are_closed(site: Site) -> None:
    site.add_person("root", Role.ADMIN)
    with open_websocket(site, site.sign_in("root")) as websocket:
        websocket.recv(timeout=5)
        time.sleep(0.3)
        site.clock.advance(minutes=31)
        assert wait_for_close(websocket) == 1008


def test_a_session_used_elsewhere_keeps_its_websocket(site: Site) -> None:
    site.add_person("root", Role.ADMIN)
    token = site.sign_in("root")
    with open_websocket(site, token) as websocket:
        session_id = UUID(str(websocket.recv(timeout=5)))
        site.clock.advance(minutes=20)
        auth.scope_of(site.web.storage, session_id, site.clock(), touch=True)
        site.clock.advance(minutes=20)
        time.sleep(0.5)
        websocket.send("here")
        assert websocket.recv(timeout=5) == "here"
