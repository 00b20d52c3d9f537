"""The process itself: what it ends with, and how."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from connectors.sandbox.server import Sandbox
from core.bootstrap import SyncParts, build_sync, build_web, operator_scope, utc_now
from core.config import Settings, load_settings
from core.domain.types import HeldBalance, Job, Role, User
from core.persistence import SqlStorage
from core.ports import Storage
from core.security import keyfiles
from core.services.account_keys import NewAccount, NewKey, add_account
from tests.databases import fresh_url

ROOT = Path(__file__).parents[1]
SIDECAR = ROOT / "sidecar.py"


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Give the environment of an installation with keys, on SQLite."""
    with fresh_url("sqlite", tmp_path) as url:
        made = keyfiles.init_keys(tmp_path / "keys", data_keys_exist=False)
        storage = SqlStorage(url)
        with storage.begin() as uow:
            uow.credentials.add_key_check(made.kid, made.key_check)
        storage.dispose()
        yield os.environ | {"GA_DATABASE_URL": url, "GA_DATA_DIR": str(tmp_path)}


def start(environ: dict[str, str], *options: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(SIDECAR), *options], cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True
    )


def run(environ: dict[str, str], *options: str) -> tuple[int, str]:
    process = start(environ, *options)
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors


def settings_of(environ: dict[str, str]) -> Settings:
    return load_settings({name: text for name, text in environ.items() if name.startswith(("GA_", "EXCHANGE_"))})


def parts_of(environ: dict[str, str]) -> SyncParts:
    return build_sync(settings_of(environ))


def balances_of(storage: Storage, job: Job) -> list[HeldBalance]:
    with storage.begin(write=False) as uow:
        return uow.readings.balances({job.account_id}, {job.client_id})


def wait_until(is_reached: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_reached():
        assert time.monotonic() < deadline, "too late"
        time.sleep(0.1)


def has_heartbeat(environ: dict[str, str]) -> bool:
    parts = parts_of(environ)
    try:
        with parts.storage.begin(write=False) as uow:
            return bool(uow.syncing.heartbeats())
    finally:
        parts.storage.dispose()


def test_one_pass_over_an_installation_without_accounts_ends_well(environ: dict[str, str]) -> None:
    code, errors = run(environ, "--once")
    assert (code, "Traceback" in errors) == (0, False)
    assert has_heartbeat(environ)


def test_a_submitted_key_shows_its_first_balance_within_five_seconds(environ: dict[str, str]) -> None:
    with Sandbox() as sandbox:
        environ["EXCHANGE_HOSTS"] = json.dumps(sandbox.hosts())
        web = build_web(settings_of(environ))
        process = start(environ)
        try:
            wait_until(lambda: has_heartbeat(environ), 30)
            key, now = sandbox.key("binance", "good"), utc_now()
            scope = operator_scope(now)
            client = User(uuid4(), "ana", "Ana", Role.CLIENT, "USD", "en", "UTC", True, now)
            with web.storage.begin() as uow:
                uow.users.add(client, None)
            fields = {"api_key": key.api_key, "api_secret": key.api_secret}
            new = NewAccount(client.id, "binance", "Binance", NewKey(fields))
            job = add_account(web.storage, web.exchanges, web.sealer, scope, new, now=now)
            wait_until(lambda: bool(balances_of(web.storage, job)), 5)
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
            process.wait()
            web.storage.dispose()
    assert process.returncode == 0
    assert key.api_key not in errors
    assert key.api_secret not in errors
    assert "Traceback" not in errors


def test_an_empty_folder_is_a_configuration_error_that_says_what_to_do(tmp_path: Path) -> None:
    code, errors = run(os.environ | {"GA_DATA_DIR": str(tmp_path / "none")})
    assert code == 78
    assert "core init" in errors
    assert "Traceback" not in errors
    assert not (tmp_path / "none").exists()


def test_a_missing_private_key_ends_the_process_with_the_key_s_id_and_changes_nothing(environ: dict[str, str]) -> None:
    folder = Path(environ["GA_DATA_DIR"])
    parts = parts_of(environ)
    (kid,) = parts.opener.kids
    parts.storage.dispose()
    stranger = keyfiles.init_keys(folder / "other", data_keys_exist=False)
    database = Path(environ["GA_DATABASE_URL"].removeprefix("sqlite:///"))
    before = database.read_bytes()
    environ["GA_VAULT_PRIVATE_KEYS_FILE"] = str(folder / "other" / keyfiles.PRIVATE_KEYS_FILE)
    code, errors = run(environ, "--once")
    assert code == 78
    assert kid in errors
    assert stranger.kid != kid
    assert "Traceback" not in errors
    assert database.read_bytes() == before


def test_a_second_sidecar_on_the_same_file_goes_away_and_sigterm_ends_the_first_one(environ: dict[str, str]) -> None:
    first = start(environ)
    try:
        wait_until(lambda: has_heartbeat(environ), 30)
        code, errors = run(environ, "--once")
        assert code == 75
        assert "another sidecar" in errors
        first.send_signal(signal.SIGTERM)
        _, errors = first.communicate(timeout=20)
        assert first.returncode == 0
        assert "Traceback" not in errors
    finally:
        first.kill()
        first.wait()
    assert run(environ, "--once")[0] == 0
