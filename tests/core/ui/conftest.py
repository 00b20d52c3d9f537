"""Fixtures of the screens' tests."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connectors import PtaxRates
from connectors.sandbox import Sandbox, SandboxConfig
from core.bootstrap.parts import get_web
from core.domain.currencies import FxSource
from core.sync.fx import FxReader
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


@pytest.fixture
def bank(house: ScreenHouse) -> Iterator[Sandbox]:
    """Give a central bank whose rates of five days are four reais for a dollar, and let the sidecar read them."""
    with Sandbox(SandboxConfig(clock=lambda: house.now, exchanges=("binance",))) as sandbox:
        for n in range(12):
            sandbox.bank.fixed["USD", (house.now - timedelta(days=n)).date()] = Decimal(4)
        FxReader(house.storage, lambda: house.now, FxSource.PTAX, PtaxRates(sandbox.hosts()["ptax"]).read).run()
        yield sandbox
