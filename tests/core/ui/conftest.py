"""Fixtures of the screens' tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.bootstrap.parts import get_web
from tests.core.ui.house import ScreenHouse
from tests.databases import fresh_url


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScreenHouse]:
    """A real installation with an empty database, which the screens find through the environment."""
    with fresh_url("sqlite", tmp_path) as url:
        monkeypatch.setenv("GA_DATABASE_URL", url)
        monkeypatch.setenv("GA_DATA_DIR", str(tmp_path / "data"))
        get_web.cache_clear()
        made = ScreenHouse(url)
        yield made
        made.close()
        get_web.cache_clear()
