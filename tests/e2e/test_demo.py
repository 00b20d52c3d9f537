"""The demo world: one command, three accounts with a past, flagged, removable, never beside real accounts."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from connectors.sandbox import Sandbox
from core import bootstrap
from core.config import load_settings
from tests.e2e.installation import Installation, clean_environ, free_port
from tests.e2e.person import Person
from tests.e2e.test_processes import wait_for_text


def test_the_demo_shows_three_accounts_with_thirty_days_of_history_and_goes_away_whole(
    tmp_path: Path, new_context: Callable[[], BrowserContext]
) -> None:
    port, log = free_port(), tmp_path / "log"
    environ = clean_environ() | {"GA_DATA_DIR": str(tmp_path), "GA_PORT": str(port)}
    with log.open("wb") as output:
        demo = subprocess.Popen(
            [sys.executable, "-m", "core", "demo", "run"], env=environ, stdout=output, stderr=output
        )
    try:
        text = wait_for_text(log, "sign in as demo-admin", seconds=90)
        login = re.search(r"sign in as (demo)  password (\S+)", text)
        assert login is not None
        visitor = Person(new_context().new_page(), f"http://127.0.0.1:{port}")
        visitor.sign_in(login[1], login[2])
        visitor.open("/?account=all")
        visitor.settle()
        for path in ("/", "/accounts", "/add_account", "/settings"):
            visitor.open(path)
            visitor.settle()
            expect(visitor.page.get_by_text("Dados fictícios")).to_be_visible()
    finally:
        demo.send_signal(signal.SIGINT)
        assert demo.wait(timeout=25) == 0
    settings = load_settings(environ | {"GA_DATA_DIR": str(tmp_path / "demo")})
    storage = bootstrap.open_storage(settings)
    with storage.begin(write=False) as uow:
        accounts = uow.accounts.all(None)
        firsts = uow.readings.first_point_at([account.id for account in accounts], None)
        flows = uow.ledger.flows(
            [account.id for account in accounts],
            None,
            since=bootstrap.utc_now() - timedelta(days=30),
            until=bootstrap.utc_now(),
            kinds=["deposit", "withdrawal"],
        )
        assert not uow.accounts.has_real()
    assert len(accounts) == 3 and {account.exchange for account in accounts} == {"binance", "bitget"}
    assert all(bootstrap.utc_now() - point.at > timedelta(days=29) for point in firsts.values())
    assert flows and all(flow.price is not None for flow in flows)
    subprocess.run(
        [sys.executable, "-m", "core", "demo", "remove"], env=environ | {"GA_DATA_DIR": str(tmp_path / "demo")},
        check=True, timeout=60, capture_output=True,
    )  # fmt: skip
    with storage.begin(write=False) as uow:
        assert uow.users.all() == [] and uow.accounts.all(None, with_removed=True) == []
        assert uow.readings.first_point_at([account.id for account in accounts], None) == {}
    storage.dispose()


def test_the_demo_world_is_refused_beside_real_accounts_and_where_no_screen_would_say_so(
    installation: Installation, sandbox: Sandbox
) -> None:
    unflagged = installation.run("-m", "core", "demo", "load")
    assert unflagged.returncode == 78 and "GA_DEMO" in unflagged.stderr
    client = installation.add_person("real-client")
    installation.add_account(client, sandbox.key("binance", "spot"), "Real")
    refused = installation.run("-m", "core", "demo", "load", GA_DEMO="true")
    assert refused.returncode == 1 and "real accounts" in refused.stderr
    assert [account.name for account in installation.accounts_of(client)] == ["Real"]
