"""Fixtures for every test: a clean environment and the marker of each kind of test."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

E2E = Path(__file__).parent / "e2e"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in tests/e2e, and run it last: the quick tests speak first."""
    for item in items:
        if E2E in item.path.parents:
            item.add_marker(pytest.mark.e2e)
    items.sort(key=lambda item: item.get_closest_marker("e2e") is not None)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep settings of the shell that runs the tests out of them."""
    for name in [name for name in os.environ if name.startswith(("GA_", "EXCHANGE_HOSTS"))]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _main_module_stays() -> Iterator[None]:
    """Take back the `__main__` that Streamlit's AppTest leaves behind: processes started later would run it."""
    own = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = own
