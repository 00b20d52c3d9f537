"""What the web process checks before it starts."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit import config

from core.api.start import (
    LARGEST_OPTIONS,
    REQUIRED_OPTIONS,
    check_options,
    check_schema,
    note_script_error,
    public_host,
)
from core.bootstrap import Web
from core.errors import ConfigurationError
from tests.core.api.parts import FakeClock, make_web, with_public_url
from tests.databases import empty_url, fresh_url

GOOD: dict[str, object] = {**REQUIRED_OPTIONS, **LARGEST_OPTIONS, "server.port": 8501}


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    with fresh_url("sqlite", tmp_path) as url:
        web = make_web(url, FakeClock())
        yield web
        web.storage.dispose()


def test_the_shipped_configuration_is_accepted(web: Web) -> None:
    check_options(web, lambda name: 8501 if name == "server.port" else config.get_option(name))


def test_another_port_is_refused(web: Web) -> None:
    with pytest.raises(ConfigurationError, match="GA_PORT"):
        check_options(web, {**GOOD, "server.port": 8502}.__getitem__)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("server.trustedUserHeaders", {}),
        ("server.trustedUserHeaders", {"x-session-ref": "session_ref", "x-user": "user"}),
        ("server.enableXsrfProtection", False),
        ("server.enableAgentApi", True),
        ("server.enableStaticServing", True),
        ("server.maxUploadSize", 200),
        ("server.maxMessageSize", 200),
        ("client.showErrorDetails", "full"),
        ("client.allowedOrigins", ["https://*.streamlit.app"]),
        ("browser.gatherUsageStats", True),
    ],
)
def test_a_weakened_protection_is_named_and_refused(web: Web, name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=name):
        check_options(web, {**GOOD, name: value}.__getitem__)


def test_a_database_without_tables_is_refused(web: Web, tmp_path: Path) -> None:
    check_schema(web)
    with empty_url("sqlite", tmp_path) as url:
        empty = make_web(url, FakeClock())
        with pytest.raises(ConfigurationError, match="core migrate"):
            check_schema(empty)
        empty.storage.dispose()


def test_the_public_name_is_the_only_allowed_host(web: Web) -> None:
    assert public_host(with_public_url(web, "https://painel.example.com")) == "painel.example.com"


def test_a_screens_error_is_logged_under_the_number_that_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        first, second = note_script_error(ValueError("details")), note_script_error(ValueError("details"))
    assert first != second
    assert first in caplog.text
    assert "ValueError: details" in caplog.text
