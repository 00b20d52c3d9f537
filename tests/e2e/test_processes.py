"""The processes from outside: supervisor, exit codes, lost keys, a database that is locked, both databases."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import requests
from playwright.sync_api import BrowserContext, expect

from connectors.sandbox import Sandbox
from tests.e2e.installation import Installation, clean_environ, free_port
from tests.e2e.person import Person


def test_the_supervisor_starts_everything_prints_the_link_and_ends_cleanly(tmp_path: Path) -> None:
    port = free_port()
    environ = clean_environ() | {"GA_DATA_DIR": str(tmp_path / "data"), "GA_PORT": str(port)}
    subprocess.run([sys.executable, "-m", "core", "init"], env=environ, check=True, timeout=60, capture_output=True)
    started = time.monotonic()
    with (tmp_path / "log").open("wb") as log:
        supervisor = subprocess.Popen([sys.executable, "-m", "core.supervisor"], env=environ, stdout=log, stderr=log)
    try:
        output = wait_for_text(tmp_path / "log", "/setup?token=")
        assert time.monotonic() - started < 30, "15 seconds on a quiet machine"
        link = re.search(r"http://127\.0\.0\.1:\d+/setup\?token=\S+", output)
        assert link is not None and requests.get(link[0], timeout=10).status_code == 200
        children = psutil.Process(supervisor.pid).children(recursive=True)
        web = next(child for child in children if "streamlit" in " ".join(child.cmdline()))
        sync = next(child for child in children if "sidecar.py" in " ".join(child.cmdline()))
        sync.kill()
        wait_for_text(tmp_path / "log", "sync ended with exit code -9")
        assert web.is_running()
    finally:
        supervisor.send_signal(signal.SIGINT)
        code = supervisor.wait(timeout=25)
    assert code == 0
    assert not [child for child in psutil.process_iter() if child in children]


def test_both_processes_refuse_an_empty_folder_with_78_and_say_what_to_run(tmp_path: Path) -> None:
    environ = clean_environ() | {"GA_DATA_DIR": str(tmp_path / "nothing"), "GA_PORT": str(free_port())}
    web = [*["-m", "streamlit", "run", "app.py", "--server.headless", "true", "--server.port"], environ["GA_PORT"]]
    for arguments in (["sidecar.py"], web):
        ended = subprocess.run(
            [sys.executable, *arguments], env=environ, capture_output=True, text=True, timeout=60, check=False
        )
        assert ended.returncode == 78
        assert "python -m core init" in ended.stdout + ended.stderr
        assert "Traceback" not in ended.stderr
    assert not (tmp_path / "nothing").exists()


def test_one_pass_of_the_sidecar_ends_with_0_and_a_second_sidecar_with_75(installation: Installation) -> None:
    second = installation.run("sidecar.py", "--once")
    assert second.returncode == 75
    installation.stop("sync")
    try:
        assert installation.run("sidecar.py", "--once").returncode == 0
    finally:
        installation.start("sync")
        installation.wait_until_ready()


def test_a_sigterm_ends_the_sidecar_with_0_within_twenty_seconds(installation: Installation) -> None:
    started = time.monotonic()
    assert installation.stop("sync") == 0
    assert time.monotonic() - started < 20
    installation.start("sync")
    installation.wait_until_ready()


def test_without_its_private_key_sync_names_it_and_exits_78_and_web_shows_a_banner(
    tmp_path: Path, sandbox: Sandbox, new_context: Callable[[], BrowserContext]
) -> None:
    with Installation(tmp_path, sandbox) as installation:
        client = installation.add_person("lia")
        installation.add_account(client, sandbox.key("binance", "good"), "Binance")
        installation.stop("sync")
        before = (tmp_path / "data" / "dashboard.db").read_bytes()
        key_file = installation.settings.vault_private_keys_file
        kid = installation.run("-m", "core", "keys", "status").stdout.splitlines()[1].split()[0]
        key_file.rename(key_file.with_suffix(".away"))
        ended = installation.run("sidecar.py")
        assert ended.returncode == 78 and "Traceback" not in ended.stderr
        other = installation.run("sidecar.py", GA_VAULT_PRIVATE_KEYS="vsk1.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
        assert other.returncode == 78 and kid in other.stderr
        assert len((tmp_path / "data" / "dashboard.db").read_bytes()) == len(before)
        installation.silence_sync()
        lia = Person(new_context().new_page(), installation.url)
        lia.sign_in("lia")
        expect(lia.page.locator(".st-key-card_equity")).to_be_visible()
        banner = lia.page.get_by_text("The keys are locked").or_(lia.page.get_by_text("No new readings"))
        expect(banner.first).to_be_visible()


@pytest.mark.postgres
def test_the_same_installation_works_on_postgresql(
    tmp_path: Path, sandbox: Sandbox, new_context: Callable[[], BrowserContext]
) -> None:
    with Installation(tmp_path, sandbox, backend="postgresql") as installation:
        installation.add_person("paula")
        paula = Person(new_context().new_page(), installation.url)
        paula.sign_in("paula")
        paula.add_account("Binance", sandbox.key("binance", "good"))
        expect(paula.page.get_by_text("Balance now:")).to_be_visible(timeout=45_000)
        paula.go_to("Overview")
        expect(paula.page.locator(".st-key-card_equity")).to_be_visible()
        assert not (tmp_path / "data" / "dashboard.db").exists()


def wait_for_text(path: Path, text: str, *, seconds: float = 45) -> str:
    """Wait until a log holds a text, and return the log."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        content = path.read_text(errors="replace")
        if text in content:
            return content
        time.sleep(0.1)
    raise AssertionError(f"{text!r} did not appear in:\n{path.read_text(errors='replace')[-3000:]}")
