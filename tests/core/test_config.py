"""Settings are read once, checked, and refused in one line that names the variable."""

from pathlib import Path

import pytest

from core.config import load_settings, setting_names
from core.errors import ConfigurationError


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    settings = load_settings({})
    assert settings.port == 8501
    assert settings.database_url == "sqlite:///data/dashboard.db"
    assert settings.public_url == "http://127.0.0.1:8501"
    assert settings.app_key_file == Path("data/keys/app.key")
    assert settings.vault_private_keys_file == Path("data/keys/vault.private")
    assert (settings.sync_interval_seconds, settings.lease_seconds) == (30, 60)
    assert settings.is_sqlite and not settings.demo and not settings.exchange_hosts


def test_paths_and_address_follow_data_folder_and_port() -> None:
    settings = load_settings({"GA_DATA_DIR": "/srv/ga", "GA_PORT": "9000"})
    assert settings.database_url == "sqlite:////srv/ga/dashboard.db"
    assert settings.vault_public_key_file == Path("/srv/ga/keys/vault.public")
    assert settings.public_url == "http://127.0.0.1:9000"


def test_a_set_value_wins_over_the_derived_one() -> None:
    settings = load_settings({"GA_DATABASE_URL": "postgresql+psycopg://web@db/ga", "GA_APP_KEY_FILE": "/run/app.key"})
    assert settings.database_url == "postgresql+psycopg://web@db/ga"
    assert settings.app_key_file == Path("/run/app.key")
    assert not settings.is_sqlite


def test_an_empty_value_counts_as_not_set() -> None:
    assert load_settings({"GA_PORT": "", "GA_PUBLIC_URL": ""}).port == 8501


def test_the_hosts_of_exchanges_may_point_to_loopback() -> None:
    settings = load_settings(
        {"EXCHANGE_HOSTS": '{"okx": {"rest": "http://127.0.0.1:9"}, "x": {"r": "http://[::1]:9"}}'}
    )
    assert settings.exchange_hosts["okx"]["rest"] == "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("GA_PORT", "eighty", "GA_PORT: "),
        ("GA_PORT", "0", "GA_PORT: "),
        ("GA_LOG_LEVEL", "LOUD", "GA_LOG_LEVEL: "),
        ("GA_DEFAULT_LANGUAGE", "fr", "GA_DEFAULT_LANGUAGE: "),
        ("GA_DEFAULT_TIME_ZONE", "Mars/Base", "GA_DEFAULT_TIME_ZONE: "),
        ("GA_PUBLIC_URL", "http://dashboard.example.com", "use https"),
        ("GA_PUBLIC_URL", "dashboard.example.com", "GA_PUBLIC_URL: must look like"),
        ("GA_LEASE_SECONDS", "25", "GA_LEASE_SECONDS must not be shorter"),
        ("GA_DATBASE_URL", "sqlite://", "unknown setting GA_DATBASE_URL"),
        ("EXCHANGE_HOSTS", "binance=http://127.0.0.1", "EXCHANGE_HOSTS is not JSON"),
        ("EXCHANGE_HOSTS", '{"okx": "http://127.0.0.1"}', "EXCHANGE_HOSTS: "),
        ("EXCHANGE_HOSTS", '{"okx": {"rest": "https://api.example.com"}}', "EXCHANGE_HOSTS: only loopback"),
        ("EXCHANGE_HOSTS", '{"okx": {"rest": "http://127.0.0.1.example.com"}}', "EXCHANGE_HOSTS: only loopback"),
    ],
)
def test_a_wrong_value_is_refused_naming_its_variable(name: str, value: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings({name: value})
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_secret_setting_shows_in_the_representation_or_in_an_error() -> None:
    environ = {
        "GA_VAULT_PRIVATE_KEYS": "vsk1.canary-private",
        "GA_METRICS_TOKEN": "canary-metrics",
        "GA_DATABASE_URL": "postgresql+psycopg://web:canary-password@db/ga",
    }
    assert "canary" not in repr(load_settings(environ))
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ | {"GA_PORT": "canary"})
    assert "canary" not in str(caught.value)


def test_settings_cannot_be_changed_after_the_start() -> None:
    with pytest.raises(ValueError, match="frozen"):
        setattr(load_settings({}), "port", 1)  # noqa: B010 - an assignment would not pass the type checker


def test_every_field_has_one_environment_variable() -> None:
    names = setting_names()
    assert len(names) == len(set(names))
    assert {"GA_DATABASE_URL", "GA_PORT", "EXCHANGE_HOSTS"} <= set(names)
    assert "GA_EXCHANGE_HOSTS" not in names
