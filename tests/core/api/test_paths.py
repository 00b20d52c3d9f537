"""Which paths are open, and where a sign-in may lead."""

import pytest

from core.api.paths import is_blocked, is_open, is_page, local_path, sign_in_path


@pytest.mark.parametrize(
    "path", ["/login", "/logout", "/auth/logout", "/setup", "/healthz", "/readyz", "/static/js/a.js"]
)
def test_open_paths_are_open(path: str) -> None:
    assert is_open(path)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/loginx",
        "/login/",
        "/login/x",
        "/setup2",
        "/static",
        "/static/../media/x",
        "/static//media/x",
        "/static/..\\media",
        "/app-static/../exports/balances.csv",
        "/_stcore/health",
        "/reauth",
    ],
)
def test_everything_else_is_closed(path: str) -> None:
    assert not is_open(path)


@pytest.mark.parametrize(
    "path",
    ["/_stcore/metrics", "/_stcore/agent", "/_stcore/agent/openapi.json", "/auth/login", "/oauth2callback", "/auth"],
)
def test_streamlits_own_side_doors_are_blocked(path: str) -> None:
    assert is_blocked(path)


def test_our_logout_stands_in_streamlits_place() -> None:
    assert not is_blocked("/auth/logout")


@pytest.mark.parametrize(
    ("path", "accept", "expected"),
    [
        ("/", "text/html", True),
        ("/overview", "*/*", True),
        ("/overview", "", True),
        ("/exports/balances.csv", "text/html,*/*", True),
        ("/exports/balances.csv", "*/*", False),
        ("/media/x.png", "text/html", False),
        ("/_stcore/host-config", "text/html", False),
        ("/overview", "application/json", False),
    ],
)
def test_only_pages_lead_to_the_sign_in_page(path: str, accept: str, expected: bool) -> None:
    assert is_page(path, accept) is expected


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "evil",
        "/\t/evil.example",
        "/a\r\nset-cookie: x=1",
        "/a/../../b",
        "/a//b",
        "/login?next=/login",
        "/logout",
        "/" + "a" * 2000,
        "",
        None,
    ],
)
def test_a_sign_in_leads_to_no_other_site(address: str | None) -> None:
    assert local_path(address) == "/"


@pytest.mark.parametrize(
    "address",
    ["/accounts", "/overview?client=11111111-1111-4111-8111-111111111111&view=main", "/exports/equity.csv?days=7"],
)
def test_a_sign_in_leads_back_to_where_the_person_was(address: str) -> None:
    assert local_path(address) == address


def test_the_way_back_is_quoted_into_the_sign_in_address() -> None:
    assert sign_in_path("/overview?view=main&x=1") == "/login?next=%2Foverview%3Fview%3Dmain%26x%3D1"
    assert sign_in_path("/") == "/login"
