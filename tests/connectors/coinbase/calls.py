"""How the tests of Coinbase make connectors and worlds, and how they read what these say."""

from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import connectors
from connectors._base import RestConnector
from connectors.sandbox import Sandbox, SandboxConfig
from connectors.types import WalletAccount
from tests.connectors.cases import make
from tests.connectors.servers import Reply, Script, ScriptServer

NOW = datetime(2026, 2, 14, 15, 30, 20, 250_000, tzinfo=UTC)
NAMES = ["good", "spot", "empty", "dust", "one_way"]
V3 = "/api/v3/brokerage"
ACCOUNTS, SUMMARY, RIGHTS = f"{V3}/accounts", f"{V3}/cfm/balance_summary", f"{V3}/key_permissions"
FILLS, TIME = f"{V3}/orders/historical/fills", f"{V3}/time"
MINE = {"can_view": True, "can_trade": False, "can_transfer": False, "portfolio_uuid": "p", "portfolio_type": "DEFAULT"}
NO_ACCOUNTS = {"accounts": [], "has_next": False, "cursor": ""}
ZERO = Decimal(0)


def still() -> SandboxConfig:
    return SandboxConfig(opened_on=date(2026, 1, 1), clock=lambda: NOW, exchanges=("coinbase",), enforce_limits=False)


def connect(sandbox: Sandbox, name: str, **changes: Any) -> RestConnector:  # noqa: ANN401 - handed on
    key = sandbox.key("coinbase", name)
    given = {"api_key": key.api_key, "api_secret": key.api_secret, "passphrase": None, "clock": lambda: NOW}
    connector = make("coinbase", hosts=sandbox.hosts()["coinbase"], **{**given, **changes})
    assert isinstance(connector, RestConnector)
    return connector


def at(server: ScriptServer) -> connectors.Connector:
    return make("coinbase", hosts={"rest": server.url}, clock=lambda: NOW)


def uid(sandbox: Sandbox, name: str) -> str:
    return sandbox.key("coinbase", name).uid


def coin(asset: str, wallet: str = "spot") -> str:
    """Name an asset of the world as Coinbase does: its dollar is USDC, in the derivatives account USD."""
    return asset if asset != "USDT" else "USD" if wallet == "futures_linear" else "USDC"


def true(sandbox: Sandbox, name: str, wallet: str) -> dict[str, Decimal]:
    amounts = sandbox.world.book(uid(sandbox, name), NOW).amounts(wallet)
    return {coin(asset, wallet): amount for asset, amount in amounts.items()}


def totals(wallet: WalletAccount) -> dict[str, Decimal]:
    return {balance.asset: balance.total for balance in wallet.balances}


def wallets_of(connector: connectors.Connector) -> dict[str, WalletAccount]:
    return {wallet.wallet: wallet for wallet in connector.get_account_info().wallets}


def asked(sandbox: Sandbox) -> dict[str, int]:
    counts: defaultdict[str, int] = defaultdict(int)
    for row in sandbox.requests.rows():
        counts[row["path"]] += row["count"]
    return counts


def account(native: str, name: str, kind: str, amount: str) -> dict[str, object]:
    balance = {"amount": amount, "currency": "BTC"}
    return {"id": native, "name": name, "type": kind, "currency": "BTC", "balance": balance}


def page(rows: list[dict[str, object]], following: str | None = None) -> Reply:
    return Reply({"pagination": {"next_uri": following}, "data": rows})


def script() -> Script:
    return {
        RIGHTS: Reply(MINE),
        ACCOUNTS: Reply(NO_ACCOUNTS),
        FILLS: Reply({"fills": [], "cursor": ""}),
        "/v2/accounts": page([account("a", "BTC Wallet", "wallet", "1")]),
    }
