"""How the tests of Bybit make connectors and worlds, and how they read what these say."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors._base import RestConnector
from connectors.sandbox import Sandbox, SandboxConfig, SandboxKey
from connectors.sandbox.model import Book
from connectors.types import Balance, Permissions, WalletAccount
from tests.connectors.cases import FIXTURES, make

OPENED_ON = date(2026, 1, 1)
NOW = datetime(2026, 2, 14, 15, 30, 20, 250_000, tzinfo=UTC)
NAMES = ["good", "spot", "empty", "dust", "one_way", "uta1", "classic"]
ZERO = Decimal(0)
PURSES: dict[str, dict[str, tuple[str, ...]]] = {  # our wallets of each account mode, and the world's that lie in them
    "unified": {"unified": ("unified", "futures_inverse"), "funding": ("funding",), "earn": ("earn",)},
    "uta1": {
        "unified": ("unified",),
        "contract": ("futures_inverse",),
        "funding": ("funding",),
        "earn": ("earn",),
        "loans": ("loans",),
    },
    "classic": {
        "spot": ("spot",),
        "contract": ("futures_linear", "futures_inverse"),
        "funding": ("funding",),
        "earn": ("earn",),
    },
}
SPANS = [
    (datetime(2026, 1, 1, tzinfo=UTC), NOW),
    (datetime(2026, 1, 20, 3, 4, 5, 6_000, tzinfo=UTC), datetime(2026, 2, 9, 17, 0, 0, 1_000, tzinfo=UTC)),
    (NOW - timedelta(days=2), NOW - timedelta(hours=1)),
]


def still() -> SandboxConfig:
    return SandboxConfig(opened_on=OPENED_ON, clock=lambda: NOW, exchanges=("bybit",), enforce_limits=False)


def connect(sandbox: Sandbox, key: str | SandboxKey, **changes: Any) -> RestConnector:  # noqa: ANN401 - handed on
    key = sandbox.key("bybit", key) if isinstance(key, str) else key
    given = {"api_key": key.api_key, "api_secret": key.api_secret, "clock": lambda: NOW}
    connector = make("bybit", hosts=sandbox.hosts()["bybit"], **{**given, **changes})
    assert isinstance(connector, RestConnector)
    return connector


def uid(sandbox: Sandbox, name: str) -> str:
    return sandbox.key("bybit", name).uid


def purses(sandbox: Sandbox, name: str) -> dict[str, tuple[str, ...]]:
    return PURSES[sandbox.world.account(uid(sandbox, name)).mode]


def by_name(wallets: Iterable[WalletAccount]) -> dict[str, WalletAccount]:
    return {wallet.wallet: wallet for wallet in wallets}


def totals(balances: Iterable[Balance]) -> dict[str, Decimal]:
    return {balance.asset: balance.total for balance in balances}


def added(book: Book, wallets: tuple[str, ...], read: Callable[[Book, str], dict[str, Decimal]]) -> dict[str, Decimal]:
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for wallet in wallets:
        for asset, amount in read(book, wallet).items():
            found[asset] += amount
    return {asset: amount for asset, amount in found.items() if amount}


def asked(sandbox: Sandbox) -> set[str]:
    return {row["path"] for row in sandbox.requests.rows()}


READS = Permissions(True, False, False, False, True)


def sample(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((FIXTURES / "samples" / "bybit" / f"{name}.json").read_text())["body"]
    return body


def read_one(path: str, body: Any, status: int = 200, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - a payload
    return make("bybit").read_answer("GET", path, status=status, headers={}, body=body, **more)
