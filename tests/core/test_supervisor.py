"""The supervisor restarts what ends, gives up after exit 78, stops everything, and keeps the private key from web."""

import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from core.config import load_settings
from core.supervisor import Child, Supervisor, make_children, web_environ

SLEEP = "import time; time.sleep(60)"


@pytest.fixture(autouse=True)
def _short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.supervisor.POLL_SECONDS", 0.01)
    monkeypatch.setattr("core.supervisor.STOP_SECONDS", 2.0)


def child(name: str, code: str, **options: float) -> Child:
    return Child(name, [sys.executable, "-c", code], {"PATH": "/usr/bin"}, **options)  # type: ignore[arg-type]


def run_in_thread(supervisor: Supervisor) -> tuple[threading.Thread, list[int]]:
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(supervisor.run()))
    thread.start()
    return thread, codes


def wait_for(path: Path, lines: int) -> None:
    deadline = time.monotonic() + 10
    while not path.exists() or len(path.read_text().splitlines()) < lines:
        assert time.monotonic() < deadline, "the child did not start often enough"
        time.sleep(0.02)


def test_the_end_of_one_child_does_not_end_the_other(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    failing = child("failing", f"open({str(marks)!r}, 'a').write('x\\n'); raise SystemExit(3)", delay=0.02)
    steady = child("steady", SLEEP)
    supervisor = Supervisor([failing, steady])
    thread, _ = run_in_thread(supervisor)
    wait_for(marks, lines=3)
    assert steady.process is not None and steady.process.poll() is None
    first = steady.process.pid
    supervisor.stopping.set()
    thread.join(timeout=10)
    assert steady.process.pid == first and steady.process.returncode == -signal.SIGTERM


def test_delays_between_restarts_double_up_to_a_minute() -> None:
    failing = child("failing", "raise SystemExit(1)")
    delays, now = [], 0.0
    for _ in range(9):
        failing.watch(now)
        assert failing.process is not None
        failing.process.wait()
        failing.watch(now)
        delays.append(failing.start_at - now)
        now = failing.start_at
    assert delays == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_child_that_ran_for_a_minute_starts_again_at_once() -> None:
    steady = child("steady", "raise SystemExit(1)", delay=32.0)
    steady.watch(0.0)
    assert steady.process is not None
    steady.process.wait()
    steady.watch(61.0)
    assert steady.start_at == 62.0


def test_a_child_that_exits_78_is_not_started_again() -> None:
    locked = child("locked", "raise SystemExit(78)")
    thread, codes = run_in_thread(Supervisor([locked]))
    thread.join(timeout=10)
    assert codes == [78]
    assert locked.given_up


def test_stopping_kills_a_child_that_ignores_the_signal(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    code = (
        f"import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open({str(ready)!r}, 'w').write('x\\n')"
    )
    stubborn = child("stubborn", f"{code}; time.sleep(60)")
    supervisor = Supervisor([stubborn])
    thread, codes = run_in_thread(supervisor)
    wait_for(ready, lines=1)
    supervisor.stopping.set()
    thread.join(timeout=10)
    assert codes == [0]
    assert stubborn.process is not None and stubborn.process.returncode == -signal.SIGKILL


def test_the_web_process_gets_no_variable_that_names_a_private_key() -> None:
    environ = {"GA_VAULT_PRIVATE_KEYS": "vsk1.x", "GA_VAULT_PRIVATE_KEYS_FILE": "/k", "GA_VAULT_PUBLIC_KEY": "vpk1.y"}
    assert web_environ(environ) == {"GA_VAULT_PUBLIC_KEY": "vpk1.y"}
    web, sync = make_children(load_settings({}), environ)
    assert not [name for name in web.environ if "PRIVATE" in name]
    assert sync.environ == environ


def test_the_web_process_listens_where_the_settings_say() -> None:
    web, _ = make_children(load_settings({"GA_PORT": "9123", "GA_ADDRESS": "::1"}), {})
    assert " ".join(web.argv).endswith("--server.port 9123 --server.address ::1")


def test_children_and_their_secrets_do_not_show_in_a_representation() -> None:
    assert "vsk1" not in repr(Child("sync", ["python"], {"GA_VAULT_PRIVATE_KEYS": "vsk1.x"}))
