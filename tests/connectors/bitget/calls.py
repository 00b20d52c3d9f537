"""How the tests of Bitget make connectors and worlds, and how they read what these say."""

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
CLASSIC = ["good", "spot", "empty", "dust", "one_way"]
SETTINGS, ASSETS, OVERVIEW = (
    "/api/v3/account/settings",
    "/api/v2/spot/account/assets",
    "/api/v2/account/all-account-balance",
)
ZERO = Decimal(0)


def still() -> SandboxConfig:
    return SandboxConfig(opened_on=OPENED_ON, clock=lambda: NOW, exchanges=("bitget",), enforce_limits=False)


def connect(sandbox: Sandbox, key: str | SandboxKey, **changes: Any) -> RestConnector:  # noqa: ANN401 - handed on
    key = sandbox.key("bitget", key) if isinstance(key, str) else key
    given = {"api_key": key.api_key, "api_secret": key.api_secret, "passphrase": key.passphrase, "testnet": key.testnet}
    connector = make("bitget", hosts=sandbox.hosts()["bitget"], **{**given, "clock": lambda: NOW, **changes})
    assert isinstance(connector, RestConnector)
    return connector


def uid(sandbox: Sandbox, name: str) -> str:
    return sandbox.key("bitget", name).uid


def by_name(wallets: Iterable[WalletAccount]) -> dict[str, WalletAccount]:
    return {wallet.wallet: wallet for wallet in wallets}


def totals(balances: Iterable[Balance]) -> dict[str, Decimal]:
    return {balance.asset: balance.total for balance in balances}


def asked(sandbox: Sandbox) -> dict[str, int]:
    counts: defaultdict[str, int] = defaultdict(int)
    for row in sandbox.requests.rows():
        counts[row["path"]] += row["count"]
    return counts


def ms(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))


def ledger(sandbox: Sandbox, name: str, since: datetime | None = None, until: datetime = NOW) -> list[LedgerEntry]:
    return connect(sandbox, name).get_ledger(since or sandbox.world.opened_at, until)


def ok(data: object) -> Reply:
    return Reply({"code": "00000", "msg": "success", "requestTime": 1, "data": data})


def refusal(code: str) -> Reply:
    return Reply({"code": code, "msg": "no", "requestTime": 1, "data": None}, 400)


def sample(name: str) -> Reply:
    return Reply(json.loads((FIXTURES / "samples" / "bitget" / f"{name}.json").read_text())["body"])


def at(server: ScriptServer) -> connectors.Connector:
    return make("bitget", hosts={"rest": server.url}, clock=lambda: NOW)


def read_one(path: str, body: Any, status: int = 200, **params: str) -> dict[str, Any]:  # noqa: ANN401 - a payload
    return make("bitget").read_answer("GET", path, status=status, headers={}, body=body, params=params)
