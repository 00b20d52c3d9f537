"""The process itself: what it ends with, and how."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.bootstrap import SyncParts
from core.bootstrap.parts import build_sync
from core.config import load_settings
from core.persistence import SqlStorage
from core.security import keyfiles
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


def parts_of(environ: dict[str, str]) -> SyncParts:
    return build_sync(load_settings({name: value for name, value in environ.items() if name.startswith("GA_")}))


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
        deadline = time.monotonic() + 30
        while not has_heartbeat(environ) and time.monotonic() < deadline:
            time.sleep(0.1)
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
