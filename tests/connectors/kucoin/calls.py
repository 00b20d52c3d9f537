"""How the tests of KuCoin make connectors and worlds, and how they read what these say."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors._base import RestConnector
from connectors.sandbox import Sandbox, SandboxConfig, SandboxKey
from connectors.types import Balance, LedgerEntry
from tests.connectors.cases import make

OPENED_ON = date(2026, 1, 1)
NOW = datetime(2026, 2, 2, 16, 0, 0, 250_000, tzinfo=UTC)  # just after a settlement: no result is pending
SINCE = NOW - timedelta(days=30)
CLASSIC = ["good", "spot", "empty", "dust", "one_way"]
ZERO = Decimal(0)
Changes = dict[tuple[str, str], Decimal]


def still(clock: Callable[[], datetime] = lambda: NOW, *, enforce_limits: bool = False) -> SandboxConfig:
    return SandboxConfig(opened_on=OPENED_ON, clock=clock, exchanges=("kucoin",), enforce_limits=enforce_limits)


def connect(sandbox: Sandbox, key: str | SandboxKey, **changes: Any) -> RestConnector:  # noqa: ANN401 - handed on
    key = sandbox.key("kucoin", key) if isinstance(key, str) else key
    given = {"api_key": key.api_key, "api_secret": key.api_secret, "passphrase": key.passphrase, "clock": lambda: NOW}
    connector = make("kucoin", hosts=sandbox.hosts()["kucoin"], **{**given, **changes})
    assert isinstance(connector, RestConnector)
    return connector


def uid(sandbox: Sandbox, name: str) -> str:
    return sandbox.key("kucoin", name).uid


def totals(balances: Iterable[Balance]) -> dict[str, Decimal]:
    return {balance.asset: balance.total for balance in balances}


def asked(sandbox: Sandbox) -> dict[str, int]:
    counts: defaultdict[str, int] = defaultdict(int)
    for row in sandbox.requests.rows():
        counts[row["path"]] += row["count"]
    return counts


OWN_NAMES = {"spot": "trade", "funding": "main"}


def change_of_books(sandbox: Sandbox, name: str, since: datetime, until: datetime) -> Changes:
    """Return by how much each coin of each wallet changed, under KuCoin's names of wallets."""
    before, after = (sandbox.world.book(uid(sandbox, name), at).wallets for at in (since, until))
    found = {
        (OWN_NAMES.get(wallet, wallet), asset): after.get(wallet, {}).get(asset, ZERO)
        - before.get(wallet, {}).get(asset, ZERO)
        for wallet in before.keys() | after.keys()
        for asset in before.get(wallet, {}).keys() | after.get(wallet, {}).keys()
    }
    return {place: amount for place, amount in found.items() if amount}


def added_up(entries: Iterable[LedgerEntry]) -> Changes:
    found: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in entries:
        found[entry.wallet, entry.asset] += entry.amount
    return {place: amount for place, amount in found.items() if amount}
