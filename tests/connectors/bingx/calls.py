"""How the tests of BingX make connectors and worlds, and how they read what these say."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import connectors
from connectors._base import RestConnector
from connectors.sandbox import Sandbox, SandboxConfig
from connectors.types import Balance, WalletAccount
from tests.connectors.cases import make
from tests.connectors.servers import Reply, ScriptServer

NOW = datetime(2026, 2, 14, 15, 30, 20, 250_000, tzinfo=UTC)
NAMES = ["good", "spot", "empty", "dust", "one_way"]
ZERO = Decimal(0)
SPOT, FUNDING, INCOME = (
    "/openApi/spot/v1/account/balance",
    "/openApi/fund/v1/account/balance",
    "/openApi/swap/v2/user/income",
)
RIGHTS, KEYS, UID = "/openApi/v1/account/apiPermissions", "/openApi/account/v1/apiKey/query", "/openApi/account/v1/uid"
USERS, CONTRACTS = "/openApi/wallets/v1/capital/innerTransfer/records", "/openApi/cswap/v1/market/contracts"
COIN_POSITIONS, COIN_MARKS = "/openApi/cswap/v1/user/positions", "/openApi/cswap/v1/market/premiumIndex"
ORDERS, FILLS = "/openApi/spot/v1/trade/historyOrders", "/openApi/spot/v1/trade/myTrades"
TRANSFERS = "/openApi/api/v3/asset/transferRecord"
SPANS = [
    (datetime(2026, 1, 1, tzinfo=UTC), NOW),
    (datetime(2026, 1, 20, 3, 4, 5, 6_000, tzinfo=UTC), datetime(2026, 2, 9, 17, 0, 0, 1_000, tzinfo=UTC)),
]


def still() -> SandboxConfig:
    return SandboxConfig(opened_on=date(2026, 1, 1), clock=lambda: NOW, exchanges=("bingx",), enforce_limits=False)


def connect(sandbox: Sandbox, name: str, **changes: Any) -> RestConnector:  # noqa: ANN401 - handed on
    key = sandbox.key("bingx", name)
    given = {"api_key": key.api_key, "api_secret": key.api_secret, "testnet": key.testnet, "clock": lambda: NOW}
    connector = make("bingx", hosts=sandbox.hosts()["bingx"], **{**given, **changes})
    assert isinstance(connector, RestConnector)
    return connector


def at(server: ScriptServer, **changes: Any) -> connectors.Connector:  # noqa: ANN401 - handed on
    return make("bingx", **{"hosts": {"rest": server.url}, "clock": lambda: NOW, **changes})


def ok(data: object) -> Reply:
    return Reply({"code": 0, "msg": "", "data": data})


def refusal(code: int, msg: str = "no") -> Reply:
    return Reply({"code": code, "msg": msg})


def uid(sandbox: Sandbox, name: str) -> str:
    return sandbox.key("bingx", name).uid


def by_name(wallets: Iterable[WalletAccount]) -> dict[str, WalletAccount]:
    return {wallet.wallet: wallet for wallet in wallets}


def totals(balances: Iterable[Balance]) -> dict[str, Decimal]:
    return {balance.asset: balance.total for balance in balances}


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def asked(sandbox: Sandbox) -> dict[str, int]:
    counts: defaultdict[str, int] = defaultdict(int)
    for row in sandbox.requests.rows():
        counts[row["path"]] += row["count"]
    return counts


def make_rest() -> RestConnector:
    connector = make("bingx")
    assert isinstance(connector, RestConnector)
    return connector
