"""Settings: read once from the environment at start, checked, and passed down."""

import ipaddress
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from core.domain.currencies import FxSource
from core.errors import ConfigurationError

PREFIX = "GA_"
HOSTS_VARIABLE = "EXCHANGE_HOSTS"
PRIVATE_VARIABLES = ("GA_VAULT_PRIVATE_KEYS", "GA_VAULT_PRIVATE_KEYS_FILE")


class Settings(BaseSettings):
    """Everything an operator may set; each field is the environment variable `GA_<NAME>`. Durations are in seconds."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    data_dir: Path = Path("data")
    database_url: str = Field(default="", repr=False)
    address: str = "127.0.0.1"
    port: int = Field(default=8501, ge=1, le=65535)
    public_url: str = ""
    app_key_file: Path = Path()
    vault_public_key: str = ""
    vault_public_key_file: Path = Path()
    vault_private_keys: SecretStr = SecretStr("")
    vault_private_keys_file: Path = Path()
    sync_interval_seconds: int = Field(default=30, ge=5, le=3600)
    sync_slow_interval_seconds: int = Field(default=120, ge=5, le=86400)
    sync_rest_interval_seconds: int = Field(default=300, ge=5, le=86400)
    client_active_days: int = Field(default=7, ge=1, le=3650)
    slow_wallet_interval_seconds: int = Field(default=120, ge=5, le=86400)
    earn_interval_seconds: int = Field(default=600, ge=5, le=86400)
    ledger_interval_seconds: int = Field(default=300, ge=5, le=86400)
    sync_threads: int = Field(default=16, ge=1, le=128)
    lease_seconds: int = Field(default=60, ge=20, le=3600)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_json: bool = False
    allow_withdraw_keys: bool = False
    demo: bool = False
    default_language: Literal["pt_BR", "en"] = "pt_BR"
    default_time_zone: str = "America/Sao_Paulo"
    egress_ips: str = ""
    egress_address: str = ""
    egress_proxy: SecretStr = SecretStr("")
    egress_name: str = Field(default="", max_length=64)
    backup_dir: Path = Path()
    backup_keep_hourly: int = Field(default=24, ge=1, le=1000)
    backup_keep_daily: int = Field(default=30, ge=1, le=30)
    pg_bin_dir: Path | None = None
    fx_source: FxSource = FxSource.PTAX
    metrics_token: SecretStr = SecretStr("")
    exchange_hosts: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from `load_settings` alone, so that nothing reads the environment behind its back."""
        return (init_settings,)

    @model_validator(mode="before")
    @classmethod
    def _fill_defaults(cls, values: dict[str, Any]) -> dict[str, Any]:
        data_dir = Path(values.get("data_dir", "data"))
        keys = data_dir / "keys"
        derived = {
            "database_url": f"sqlite:///{(data_dir / 'dashboard.db').as_posix()}",
            "public_url": f"http://127.0.0.1:{values.get('port', 8501)}",
            "app_key_file": keys / "app.key",
            "backup_dir": data_dir / "backups",
            "vault_public_key_file": keys / "vault.public",
            "vault_private_keys_file": keys / "vault.private",
        }
        return derived | values

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError("must look like https://dashboard.example.com")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError("plain http is accepted on loopback addresses only; use https")
        return url.rstrip("/")

    @field_validator("default_time_zone")
    @classmethod
    def _check_time_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError("is not the name of a time zone, such as America/Sao_Paulo")
        return name

    @field_validator("exchange_hosts")
    @classmethod
    def _check_hosts(cls, hosts: Mapping[str, Mapping[str, str]]) -> Mapping[str, Mapping[str, str]]:
        for url in (url for urls in hosts.values() for url in urls.values()):
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not is_loopback(parts.hostname or ""):
                raise ValueError("only loopback addresses are accepted (it exists for the sandbox and for tests)")
        return hosts

    @field_validator("egress_address")
    @classmethod
    def _check_egress_address(cls, address: str) -> str:
        if address:
            try:
                ipaddress.ip_address(address)
            except ValueError:
                raise ValueError("is not an IP address of this machine") from None
        return address

    @field_validator("egress_proxy")
    @classmethod
    def _check_egress_proxy(cls, proxy: SecretStr) -> SecretStr:
        parts = urlsplit(proxy.get_secret_value())
        try:
            is_whole = parts.scheme == "http" and parts.hostname and parts.port and not parts.path.strip("/")
        except ValueError:
            is_whole = False
        if proxy.get_secret_value() and not is_whole:
            raise ValueError("must look like http://name:password@proxy.example.com:3128")
        return proxy

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.lease_seconds < self.sync_interval_seconds:
            raise ValueError("GA_LEASE_SECONDS must not be shorter than GA_SYNC_INTERVAL_SECONDS")
        if self.egress_address and self.egress_proxy.get_secret_value():
            raise ValueError("GA_EGRESS_ADDRESS and GA_EGRESS_PROXY exclude each other")
        return self

    @property
    def egress(self) -> str:
        """Return the name under which what this process's address uses of the exchanges' limits is counted."""
        proxy = urlsplit(self.egress_proxy.get_secret_value())
        return self.egress_name or self.egress_address or (f"{proxy.hostname}:{proxy.port}" if proxy.hostname else "")

    @property
    def is_sqlite(self) -> bool:
        """Tell whether the data lies in a SQLite file."""
        return self.database_url.startswith("sqlite")


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment (the process's own when not given).

    Raises:
        ConfigurationError: a value is wrong or a `GA_` variable unknown; the text names the variable, never its value.
    """
    environ = os.environ if environ is None else environ
    unknown = sorted(name for name in environ if name.startswith(PREFIX) and name not in setting_names())
    if unknown:
        raise ConfigurationError(f"unknown setting {', '.join(unknown)}; the README lists every setting")
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): value for name, value in environ.items() if value}
    try:
        return Settings(**{**source(), **_read_hosts(environ)})
    except ValidationError as e:
        raise ConfigurationError("; ".join(_explain(error["loc"], error["msg"]) for error in e.errors())) from None


def setting_names() -> list[str]:
    """Return the names of all environment variables, in the order of the fields."""
    fields = [PREFIX + name.upper() for name in Settings.model_fields if name != "exchange_hosts"]
    return [*fields, HOSTS_VARIABLE]


def is_loopback(host: str) -> bool:
    """Tell whether a host name is `localhost` or an address of this machine's loopback range."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _read_hosts(environ: Mapping[str, str]) -> dict[str, Any]:
    text = environ.get(HOSTS_VARIABLE, "")
    if not text:
        return {}
    try:
        return {"exchange_hosts": json.loads(text)}
    except ValueError:
        raise ConfigurationError(f"{HOSTS_VARIABLE} is not JSON of the form {{exchange: {{host: URL}}}}") from None


def _explain(loc: tuple[int | str, ...], message: str) -> str:
    problem = message.removeprefix("Value error, ")
    if not loc:
        return problem
    name = HOSTS_VARIABLE if loc[0] == "exchange_hosts" else PREFIX + str(loc[0]).upper()
    return f"{name}: {problem}"
