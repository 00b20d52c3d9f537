"""The command line makes an installation, and each process gets its own parts of it and no more."""

from pathlib import Path

import pytest

from core import bootstrap
from core.__main__ import main
from core.config import Settings, load_settings
from core.errors import ConfigurationError, VaultLockedError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"GA_DATA_DIR": str(tmp_path / "data")})


def test_init_makes_database_and_keys_readable_by_their_owner_only(settings: Settings) -> None:
    made = bootstrap.initialise(settings)
    assert made is not None
    assert settings.data_dir.stat().st_mode & 0o077 == 0
    assert settings.vault_private_keys_file.stat().st_mode & 0o777 == 0o600
    assert settings.app_key_file.stat().st_mode & 0o777 == 0o600
    assert [key.kid for key in bootstrap.key_states(settings)] == [made.kid]
    assert bootstrap.open_storage(settings).schema_is_current()


def test_init_again_changes_no_key(settings: Settings) -> None:
    bootstrap.initialise(settings)
    before = settings.vault_private_keys_file.read_text()
    assert bootstrap.initialise(settings) is None
    assert settings.vault_private_keys_file.read_text() == before


def test_init_makes_no_new_keys_beside_data_whose_keys_are_lost(settings: Settings) -> None:
    bootstrap.initialise(settings)
    for path in settings.app_key_file.parent.iterdir():
        path.unlink()
    assert bootstrap.initialise(settings) is None
    assert not settings.app_key_file.exists()


def test_another_empty_database_beside_the_same_keys_gets_their_check(settings: Settings) -> None:
    made = bootstrap.initialise(settings)
    assert made is not None
    other = settings.model_copy(update={"database_url": f"sqlite:///{settings.data_dir / 'other.db'}"})
    assert bootstrap.initialise(other) is None
    assert [(key.kid, key.has_check) for key in bootstrap.key_states(other)] == [(made.kid, True)]
    bootstrap.build_sync(other).storage.dispose()


def test_keys_are_not_made_where_the_settings_scatter_them(settings: Settings, tmp_path: Path) -> None:
    bootstrap.migrate_database(settings)
    scattered = settings.model_copy(update={"app_key_file": tmp_path / "elsewhere.key"})
    with pytest.raises(ConfigurationError, match="one folder"):
        bootstrap.create_keys(scattered)


def test_web_and_sync_refuse_an_empty_folder_and_say_what_to_run(settings: Settings) -> None:
    for build in (bootstrap.build_web, bootstrap.build_sync):
        with pytest.raises(ConfigurationError, match="python -m core init"):
            build(settings)


def test_sync_names_the_key_it_misses(settings: Settings) -> None:
    made = bootstrap.initialise(settings)
    assert made is not None
    settings.vault_private_keys_file.unlink()
    with pytest.raises(VaultLockedError, match="private keys file"):
        bootstrap.build_sync(settings)
    other = bootstrap.initialise(load_settings({"GA_DATA_DIR": str(settings.data_dir.parent / "other")}))
    assert other is not None
    wrong = settings.model_copy(update={"vault_private_keys_file": other.private_keys_file})
    with pytest.raises(VaultLockedError, match=made.kid):
        bootstrap.build_sync(wrong)


def test_web_is_built_without_any_private_key(settings: Settings) -> None:
    bootstrap.initialise(settings)
    settings.vault_private_keys_file.unlink()
    web = bootstrap.build_web(settings)
    web.storage.ping()
    assert web.exchanges.available()


def test_an_exchange_is_called_at_the_hosts_of_the_environment() -> None:
    library = bootstrap.ConnectorLibrary({"binance": {"spot": "http://127.0.0.1:1"}})
    fields = {"api_key": "k" * 64, "api_secret": "s" * 64}
    connector = library.create("binance", fields, testnet=False, options={})
    request = connector.prepare("GET", "http://127.0.0.1:1/api/v3/account", now_ms=0)
    assert str(request.url).startswith("http://127.0.0.1:1/")


def test_tokens_of_sessions_and_links_have_different_hashes(settings: Settings) -> None:
    bootstrap.initialise(settings)
    tokens = bootstrap.build_web(settings).tokens
    token = tokens.new()
    assert tokens.hash_session(token) != tokens.hash_link(token)
    assert tokens.new() != token


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["migrate"], 0, "the schema is current"),
        (["init"], 0, "keep it apart from database backups"),
        (["keys", "init"], 78, "schema is missing"),
        (["setup-link"], 78, "python -m core init"),
        (["doctor"], 1, "python -m core init"),
    ],
)
def test_a_command_on_an_empty_folder_works_or_says_in_one_line_what_to_do(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.setenv("GA_DATA_DIR", str(tmp_path / "data"))
    assert main(arguments) == code
    output = capsys.readouterr()
    assert said in output.out + output.err
    assert "Traceback" not in output.err


def test_a_wrong_setting_ends_every_command_with_78(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GA_PORT", "eighty")
    assert main(["init"]) == 78
    assert capsys.readouterr().err.startswith("GA_PORT: ")
