"""How the tests of the OKX connector reach the sandbox, and what the world says in its words."""

from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connectors._base import RestConnector
from connectors.sandbox import Sandbox, SandboxConfig, SandboxKey
from connectors.sandbox.model import Book
from tests.connectors.cases import make

OPENED_ON = date(2026, 1, 1)
NOW = datetime(2026, 2, 14, 15, 30, 20, 250_000, tzinfo=UTC)
ACCOUNTS = ["good", "spot", "empty", "dust", "one_way", "portfolio"]
TRADERS = ["good", "one_way", "portfolio"]
TRADING = ("trading", "futures_inverse")
CONFIG, BALANCE = "/api/v5/account/config", "/api/v5/account/balance"
ZERO = Decimal(0)


def still() -> SandboxConfig:
    return SandboxConfig(opened_on=OPENED_ON, clock=lambda: NOW, exchanges=("okx",), enforce_limits=False)


def connect(sandbox: Sandbox, key: str | SandboxKey, **changes: Any) -> RestConnector:  # noqa: ANN401 - handed on
    key = sandbox.key("okx", key) if isinstance(key, str) else key
    given: dict[str, Any] = {
        "api_key": key.api_key,
        "api_secret": key.api_secret,
        "passphrase": key.passphrase,
        "testnet": key.testnet,
    }
    given |= {"hosts": sandbox.hosts()["okx"], "clock": lambda: NOW}
    connector = make("okx", **{**given, **changes})
    assert isinstance(connector, RestConnector)
    return connector


def uid(sandbox: Sandbox, name: str) -> str:
    return sandbox.key("okx", name).uid


def asked(sandbox: Sandbox) -> dict[str, int]:
    counts: defaultdict[str, int] = defaultdict(int)
    for row in sandbox.requests.rows():
        counts[row["path"]] += row["count"]
    return counts


def cash(wallets: dict[str, dict[str, Decimal]], wallet: str) -> dict[str, Decimal]:
    """Return what lies in a wallet; the world's wallet of inverse contracts is a part of the trading account."""
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for part in TRADING if wallet == "trading" else (wallet,):
        for asset, amount in wallets.get(part, {}).items():
            found[asset] += amount
    return {asset: amount for asset, amount in found.items() if amount}


def profits(book: Book) -> dict[str, Decimal]:
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for position in book.positions:
        found[position.settle] += position.unrealized
    return found


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
