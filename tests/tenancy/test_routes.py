"""Every route beside the screens: with no cookie, with another person's, from a foreign Origin, for a foreign Host."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
import requests
from starlette.routing import Mount, Route

from core import bootstrap
from core.api import paths
from core.api.routes import make_routes
from tests.tenancy.canaries import count_foreign, kinds_seen
from tests.tenancy.forging import DATASETS, export_paths
from tests.tenancy.wire import Ask
from tests.tenancy.world import World

FOREIGN = "http://evil.example"
MEDIA = re.compile(rb"/(?:media|component|_stcore)/[A-Za-z0-9_./-]+")
UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")


@pytest.fixture(autouse=True)
def _fresh_logins(world: World) -> None:
    """Let everybody sign in anew: files want a login of the last ten minutes, and a busy machine takes longer."""
    world.cookies.clear()


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture(scope="module")
def routes(world: World) -> list[tuple[str, str]]:
    """Return method and path of every route of our own, with the first client's ids in the query."""
    web, other = bootstrap.build_web(world.installation.settings), world.clients[0]
    try:
        query = f"?client={other.user.id}&view={other.accounts[0].id}&account={other.accounts[0].id}"
        found: list[tuple[str, str]] = []
        for route in make_routes(web):
            assert isinstance(route, (Route, Mount)), "a route that this test does not know how to ask"
            if isinstance(route, Mount):
                found.append(("GET", f"{route.path}/{other.accounts[0].id}"))
                continue
            for value in DATASETS if "{dataset}" in route.path else (str(other.accounts[0].id),):
                path = PARAMETER.sub(value, route.path)
                found += [(method, path + query) for method in sorted(route.methods or {"GET"})]
        return found
    finally:
        web.storage.dispose()


def ask(http: requests.Session, world: World, method: str, path: str, **headers: str) -> requests.Response:
    return http.request(method, world.installation.url + path, headers=headers, allow_redirects=False, timeout=60)


def test_the_routes_are_all_of_them(routes: list[tuple[str, str]]) -> None:
    assert {path.partition("?")[0] for _method, path in routes} >= {
        "/login",
        "/healthz",
        "/metrics",
        "/exports/ledger.csv",
    }


def test_no_route_gives_anything_of_anybody_without_a_cookie(
    http: requests.Session, world: World, routes: list[tuple[str, str]]
) -> None:
    for method, path in routes:
        answer = ask(http, world, method, path)
        assert count_foreign([answer.content], world.everybody, path) == [], path
        if not paths.is_open(path.partition("?")[0]):
            assert answer.status_code in (303, 401, 403, 404), path
            assert answer.headers.get("content-type", "").partition(";")[0] != "text/csv"


def test_no_route_gives_anything_of_somebody_else_for_a_foreign_cookie(
    http: requests.Session, world: World, routes: list[tuple[str, str]]
) -> None:
    own = world.clients[1]
    for method, path in routes:
        if "logout" in path or method not in ("GET", "HEAD"):
            continue
        for person in (own, world.analyst):
            answer = ask(http, world, method, path, Cookie=world.cookie(person))
            assert count_foreign([answer.content], world.others(person), path) == [], path


def test_every_route_refuses_a_foreign_host_and_every_change_a_foreign_origin(
    http: requests.Session, world: World, routes: list[tuple[str, str]]
) -> None:
    cookie = world.cookie(world.clients[0])
    for method, path in routes:
        plain = path.partition("?")[0]
        if plain not in paths.ANY_HOST:
            assert ask(http, world, method, path, Cookie=cookie, Host="evil.example").status_code == 421, path
        else:
            answer = ask(http, world, method, path, Cookie=cookie, Host="evil.example")
            assert count_foreign([answer.content], world.everybody, path) == []
        for changing in ("POST", "PUT", "PATCH", "DELETE"):
            for origin in ({"Origin": FOREIGN}, {"Origin": "null"}, {}):
                answer = ask(http, world, changing, path, Cookie=cookie, **origin)
                assert answer.status_code in (403, 404, 405), (changing, path)
                assert count_foreign([answer.content], world.everybody, path) == []


def without_ids(answer: requests.Response) -> str:
    """Return a body without ids: the page repeats the address that was asked for, in its choice of languages."""
    return UUIDS.sub("", answer.text)


@pytest.mark.parametrize("role", ["client", "analyst"])
def test_files_of_foreign_and_of_unknown_ids_are_refused_alike(http: requests.Session, world: World, role: str) -> None:
    other, own = world.clients[0], (world.clients[1] if role == "client" else world.analyst)
    cookie, account = world.cookie(own), other.accounts[0]
    pairs = [(export_paths(other.user.id, account.id), export_paths(uuid4(), uuid4()))]
    pairs += [(export_paths(other.user.id, "all"), export_paths(uuid4(), "all"))]
    pairs += [(export_paths(own.user.id, account.id), export_paths(own.user.id, uuid4()))]
    for foreign, unknown in ((one, two) for ones, twos in pairs for one, two in zip(ones, twos, strict=True)):
        first, second = (ask(http, world, "GET", path, Cookie=cookie) for path in (foreign, unknown))
        assert first.status_code == second.status_code == 404, foreign
        assert without_ids(first) == without_ids(second), foreign
        assert count_foreign([first.content], world.others(own), foreign) == []


def test_every_file_holds_the_values_of_its_owner(http: requests.Session, world: World) -> None:
    own = world.clients[0]
    for path in export_paths(own.user.id, "all"):
        answer = ask(http, world, "GET", path, Cookie=world.cookie(own))
        assert answer.status_code == 200, path
        assert count_foreign([answer.content], world.others(own)) == []
        if not path.startswith(("/exports/pnl.csv", "/exports/daily", "/exports/pnl_rows")):
            assert kinds_seen([answer.content], own), path


def test_files_that_streamlit_serves_hold_nothing_of_anybody(http: requests.Session, world: World) -> None:
    other, own = world.clients[0], world.clients[1]
    with world.tab(other) as tab:
        answers = [tab.run(Ask("account=all", page)) for page in world.hashes().values()]
        session_id = answers[-1].session_id
        named = {found.decode() for answer in answers for raw in answer.raw for found in MEDIA.findall(raw)}
        named |= {f"/_stcore/upload_file/{session_id}/{uuid4()}", f"/_stcore/message?hash={session_id}"}
        named |= {f"/media/{other.accounts[0].id}.csv", "/component/../data/", "/media/../../data/dashboard.db"}
        named |= {"/_stcore/health", "/_stcore/host-config", "/_stcore/metrics", "/_stcore/agent/openapi.json"}
        for path in sorted(named):
            for cookie in ("", world.cookie(own)):
                answer = ask(http, world, "GET", path, Cookie=cookie)
                assert count_foreign([answer.content], [other, world.admin], path) == [], path
                if not cookie:
                    assert answer.status_code in (303, 401, 404), path
        upload = f"/_stcore/upload_file/{session_id}/{uuid4()}"
        for method in ("PUT", "DELETE"):
            assert ask(http, world, method, upload, Cookie=world.cookie(own), Origin=FOREIGN).status_code == 403
