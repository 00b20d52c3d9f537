"""How the tests of Gate.io make connectors and worlds, and how they read what these say."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import connectors
from connectors._base import RestConnector
from connectors.sandbox import Sandbox, SandboxConfig, SandboxKey
from connectors.types import Balance, LedgerEntry, WalletAccount
from tests.connectors.cases import FIXTURES, make
from tests.connectors.servers import Reply, ScriptServer

OPENED_ON = date(2026, 1, 1)
NOW = datetime(2026, 2, 14, 15, 30, 20, 250_000, tzinfo=UTC)
CLASSIC, UNIFIED = ["good", "spot", "empty", "dust", "one_way"], ["unified", "portfolio"]
API = "/api/v4"
MODE, SPOT, UNIFIED_ACCOUNTS = f"{API}/unified/unified_mode", f"{API}/spot/accounts", f"{API}/unified/accounts"
KEYS, DETAIL, EARN = f"{API}/account/main_keys", f"{API}/account/detail", f"{API}/earn/uni/lends"
ZERO = Decimal(0)


def still() -> SandboxConfig:
    return SandboxConfig(opened_on=OPENED_ON, clock=lambda: NOW, exchanges=("gateio",), enforce_limits=False)


def connect(sandbox: Sandbox, key: str | SandboxKey, **changes: Any) -> RestConnector:  # noqa: ANN401 - handed on
    key = sandbox.key("gateio", key) if isinstance(key, str) else key
    given = {"api_key": key.api_key, "api_secret": key.api_secret, "testnet": key.testnet, "clock": lambda: NOW}
    connector = make("gateio", hosts=sandbox.hosts()["gateio"], **{**given, **changes})
    assert isinstance(connector, RestConnector)
    return connector


def uid(sandbox: Sandbox, name: str) -> str:
    return sandbox.key("gateio", name).uid


def by_name(wallets: Iterable[WalletAccount]) -> dict[str, WalletAccount]:
    return {wallet.wallet: wallet for wallet in wallets}


def totals(balances: Iterable[Balance]) -> dict[str, Decimal]:
    return {balance.asset: balance.total for balance in balances}


def asked(sandbox: Sandbox) -> dict[str, int]:
    counts: defaultdict[str, int] = defaultdict(int)
    for row in sandbox.requests.rows():
        counts[row["path"]] += row["count"]
    return counts


def ledger(sandbox: Sandbox, name: str, since: datetime | None = None, until: datetime = NOW) -> list[LedgerEntry]:
    return connect(sandbox, name).get_ledger(since or sandbox.world.opened_at, until)


def sample(name: str) -> Reply:
    return Reply(json.loads((FIXTURES / "samples" / "gateio" / f"{name}.json").read_text())["body"])


def refusal(label: str, status: int = 400, message: str = "") -> Reply:
    return Reply({"label": label, "message": message}, status)


def at(server: ScriptServer, **changes: Any) -> connectors.Connector:  # noqa: ANN401 - handed on
    return make("gateio", hosts={"rest": server.url}, clock=lambda: NOW, **changes)


def read_one(path: str, body: Any, status: int = 200, **params: Any) -> dict[str, Any]:  # noqa: ANN401 - a payload
    return make("gateio").read_answer("GET", API + path, status=status, headers={}, body=body, params=params)
