"""Health and readiness."""

import json
from dataclasses import replace
from pathlib import Path

from sqlalchemy import text

from core.api.health import check_readiness
from core.domain.types import Heartbeat
from tests.core.api.parts import FakeClock, Site, make_web
from tests.databases import empty_url


def ready(site: Site) -> tuple[int, dict[str, object]]:
    answer = site.ask("GET", "/readyz")
    return answer.status, json.loads(answer.body)


def beat(site: Site, keys: str = "ok") -> None:
    now = site.clock()
    with site.web.storage.begin() as uow:
        uow.syncing.beat(Heartbeat("one", now, now, keys))


def test_the_process_answers_without_a_login(site: Site) -> None:
    assert site.ask("GET", "/healthz").body == b'{"status":"ok"}'


def test_ready_while_the_sidecar_beats(site: Site) -> None:
    beat(site)
    assert ready(site) == (200, {"status": "ok", "reasons": []})
    site.clock.advance(seconds=60)
    assert ready(site) == (200, {"status": "ok", "reasons": []})


def test_a_silent_sidecar_and_locked_keys_only_degrade(site: Site) -> None:
    assert ready(site) == (200, {"status": "degraded", "reasons": ["sync_silent"]})
    beat(site, keys="locked")
    assert ready(site) == (200, {"status": "degraded", "reasons": ["keys_locked"]})
    site.clock.advance(seconds=61)
    assert ready(site) == (200, {"status": "degraded", "reasons": ["sync_silent", "keys_locked"]})


def test_not_ready_without_migrations(site: Site) -> None:
    site.web.storage.dispose()
    with site.web.storage.engine.begin() as connection:  # type: ignore[attr-defined]
        connection.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    assert ready(site) == (503, {"status": "unavailable", "reasons": ["migrations"]})


def test_not_ready_without_a_database(tmp_path: Path) -> None:
    with empty_url("sqlite", tmp_path) as url:
        web = make_web(url, FakeClock())
        assert check_readiness(replace(web)) == ("unavailable", ["database"])
        web.storage.dispose()
