"""A whole installation for the browser tests: data folder, keys, database, web and sync as real processes."""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Self

import requests

from connectors.sandbox import Sandbox, SandboxKey
from core import bootstrap
from core.config import load_settings
from core.domain.types import ExchangeAccount, Role, User
from core.ports import Storage
from core.services import account_keys, people
from core.services.people import NewPerson, Preferences
from core.supervisor import Child, make_children
from tests.databases import fresh_url

PASSWORD = "violet-kettle-harbour-29"
START_SECONDS = 45.0
STOP_SECONDS = 25.0


class Installation:
    """Web and sync on one database, talking to a sandbox. Use as a context manager; logs go to files in `folder`."""

    def __init__(self, folder: Path, sandbox: Sandbox, *, backend: str = "sqlite", **settings: str) -> None:
        self.folder, self.sandbox, self.backend = folder, sandbox, backend
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._given = settings
        self._exit = ExitStack()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.environ: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Make the database and the keys, and start both processes."""
        try:
            self.prepare()
            self.start("web")
            self.start("sync")
            self.wait_until_ready()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End both processes and drop the database."""
        self.close()

    def close(self) -> None:
        """End what runs and drop the database."""
        for name in tuple(self._processes):
            self.stop(name)
        self._exit.close()

    def prepare(self) -> None:
        """Make database and keys without starting anything."""
        self.environ = clean_environ() | {
            "GA_DATA_DIR": str(self.folder / "data"),
            "GA_PORT": str(self.port),
            "EXCHANGE_HOSTS": json.dumps(self.sandbox.hosts()),
            **self._given,
        }
        if self.backend == "postgresql":
            self.environ["GA_DATABASE_URL"] = self._exit.enter_context(fresh_url("postgresql", self.folder))
        self.settings = load_settings(self.environ)
        bootstrap.initialise(self.settings)
        self.storage: Storage = bootstrap.open_storage(self.settings)
        self._exit.callback(self.storage.dispose)

    def start(self, name: str, **changes: str) -> subprocess.Popen[bytes]:
        """Start web or sync as the supervisor does."""
        child = next(child for child in self._children(changes) if child.name == name)
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                child.argv, env=dict(child.environ), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._processes[name] = process
        return process

    def stop(self, name: str) -> int:
        """End a process with SIGTERM and return its exit code."""
        process = self._processes.pop(name)
        process.terminate()
        try:
            return process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def pid(self, name: str) -> int:
        """Return the process id of web or sync."""
        return self._processes[name].pid

    def wait_until_ready(self) -> None:
        """Wait until `/readyz` says ok: web, database and sidecar."""
        deadline = time.monotonic() + START_SECONDS
        answer = "nothing"
        while time.monotonic() < deadline:
            try:
                response = requests.get(f"{self.url}/readyz", timeout=5)
                answer = response.text
                if response.status_code == 200 and ("sync" not in self._processes or self._sync_is_new()):
                    return
            except requests.RequestException:
                pass
            if any(process.poll() is not None for process in self._processes.values()):
                break
            time.sleep(0.1)
        raise AssertionError(f"not ready ({answer}):\n{self.logs()[-4000:]}")

    def run(self, *arguments: str, text: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
        """Run `python …` in this installation's environment."""
        return subprocess.run(
            [sys.executable, *arguments], env=self.environ | changes, input=text, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip

    def add_person(self, login: str, *, role: Role = Role.CLIENT, name: str = "", language: str = "en") -> User:
        """Store a person whose password is PASSWORD."""
        web = bootstrap.build_web(self.settings)
        person = NewPerson(name or login.title(), login, PASSWORD, role, Preferences(language=language))
        try:
            return people.create_person(web.storage, web.passwords, person, scope=None, now=web.clock())
        finally:
            web.storage.dispose()

    def forget_failures(self) -> None:
        """Let this machine sign in again at once: all tests come from one address."""
        with self.storage.begin() as uow:
            uow.sessions.clear_failures("ip:127.0.0.1")

    def remove_accounts(self) -> None:
        """Take every exchange account out, as a person would."""
        with self.storage.begin() as uow:
            for account in uow.accounts.all(None):
                uow.accounts.remove(account, bootstrap.utc_now())

    def add_account(self, client: User, key: SandboxKey, name: str) -> ExchangeAccount:
        """Add an account as the form does, and wait until the sidecar has verified and read it."""
        web = bootstrap.build_web(self.settings)
        fields = {"api_key": key.api_key, "api_secret": key.api_secret, "passphrase": key.passphrase or ""}
        new = account_keys.NewAccount(client.id, key.exchange, name, account_keys.NewKey(fields))
        now = web.clock()
        job = account_keys.add_account(
            web.storage, web.exchanges, web.sealer, bootstrap.operator_scope(now), new, now=now
        )  # fmt: skip
        web.storage.dispose()
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with self.storage.begin(write=False) as uow:
                account = uow.accounts.get(job.account_id, None)
                if account is not None and uow.readings.first_point_at([account.id], None):
                    return account
            time.sleep(0.1)
        raise AssertionError(f"{name} was not verified:\n{self.logs()[-4000:]}")

    def accounts_of(self, client: User) -> list[ExchangeAccount]:
        """Return a client's accounts as they are stored."""
        with self.storage.begin(write=False) as uow:
            return uow.accounts.all({client.id})

    def equity_of(self, account: ExchangeAccount) -> float:
        """Return the account's last stored equity in USD."""
        with self.storage.begin(write=False) as uow:
            now = bootstrap.utc_now()
            return uow.readings.last_points_before([account.id], None, [now])[now][account.id].equity

    def logs(self) -> str:
        """Return everything that the processes wrote."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def _sync_is_new(self) -> bool:
        """Tell whether the running sidecar has given a sign of life, not one before it."""
        with self.storage.begin(write=False) as uow:
            return any(str(self.pid("sync")) in beat.sidecar_id for beat in uow.syncing.heartbeats())

    def silence_sync(self) -> None:
        """Make the last sign of life look two minutes old."""
        with self.storage.begin() as uow:
            for beat in uow.syncing.heartbeats():
                uow.syncing.beat(replace(beat, beat_at=beat.beat_at - timedelta(minutes=2)))

    def _children(self, changes: dict[str, str]) -> list[Child]:
        environ = self.environ | changes
        return make_children(load_settings(environ), environ)


def clean_environ() -> dict[str, str]:
    """Return this process's environment without settings of the dashboard."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("GA_", "EXCHANGE_HOSTS"))}


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
