"""Metrics: for loopback or the token, and only counts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.requests import Request

from core.api.metrics import may_scrape, render_metrics
from core.bootstrap import Web
from core.domain.types import Heartbeat
from tests.core.api.parts import FakeClock, Site, make_web
from tests.core.persistence.makers import make_account, make_credential, make_user
from tests.databases import fresh_url

TOKEN = "scrape-token-of-the-operator"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    with fresh_url("sqlite", tmp_path) as url:
        web = make_web(url, FakeClock())
        yield web
        web.storage.dispose()


def add_account(web: Web) -> None:
    client = make_user("ana")
    account = make_account(client)
    now = web.clock()
    with web.storage.begin() as uow:
        uow.users.add(client, None)
        uow.accounts.add(account, make_credential(account), "index")
        uow.syncing.ensure(account.id, client.id, now, 30)
        uow.syncing.beat(Heartbeat("one", now, now, "ok"))


def test_accounts_are_counted_by_status_and_freshness(web: Web) -> None:
    add_account(web)
    text = render_metrics(web).decode()
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["ga_accounts", "active", "alpha"] == 1
    assert samples["ga_accounts_read", "alpha", "never"] == 1
    assert samples["ga_sidecar_age_seconds",] == 0
    assert samples["ga_keys_locked",] == 0
    assert "ana" not in text.lower()


def test_loopback_may_scrape_without_a_login(site: Site) -> None:
    answer = site.ask("GET", "/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert b"ga_keys_locked" in answer.body


@pytest.mark.parametrize("headers", [{"x-forwarded-for": "127.0.0.1"}, {"host": "dashboard.example.com"}])
def test_whoever_comes_through_a_proxy_finds_nothing(site: Site, headers: dict[str, str]) -> None:
    assert site.ask("GET", "/metrics", headers=headers).status == 404


def test_the_token_opens_it_from_anywhere() -> None:
    def request(authorization: str) -> Request:
        headers = [(b"host", b"dashboard.example.com"), (b"authorization", authorization.encode())]
        return Request({"type": "http", "headers": headers, "client": ("203.0.113.9", 1), "path": "/metrics",
                        "scheme": "https", "server": None, "query_string": b"", "method": "GET"})  # fmt: skip

    assert may_scrape(request(f"Bearer {TOKEN}"), TOKEN)
    assert not may_scrape(request("Bearer wrong"), TOKEN)
    assert not may_scrape(request("Bearer "), "")
