"""Fixtures of the web process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit

from tests.core.api.parts import Site, running_site


@pytest.fixture(scope="session")
def streamlit_folder() -> Path:
    """Where the installed Streamlit keeps its start page and bundle."""
    return Path(streamlit.__file__).parent / "static"


@pytest.fixture
def site(tmp_path: Path, streamlit_folder: Path) -> Iterator[Site]:
    """A running web process on an empty database."""
    with running_site(tmp_path, streamlit_folder=streamlit_folder) as running:
        yield running
