"""ccxt, which knows nothing of us, signs in with the sandbox's keys and reads the truth to the last digit."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from connectors.sandbox import Sandbox, SandboxKey
from connectors.sandbox.model import Event
from connectors.types import LedgerKind
from tests.connectors.sandbox.callers import Clock

CLIENTS: list[Any] = []
DAY_MS = 86_400_000


def connect(sandbox: Sandbox, clock: Clock, key: SandboxKey, **options: object) -> Any:  # noqa: ANN401 - ccxt has no types
    """Return a ccxt client of the sandbox that takes numbers as text and the time from our clock."""
    settings = {"apiKey": key.api_key, "secret": key.api_secret, "password": key.passphrase, "enableRateLimit": False}
    client = getattr(ccxt, key.exchange)({**settings, "options": options})
    base = next(iter(sandbox.hosts()[key.exchange].values()))
    for name, url in client.urls["api"].items():
        rest = url.split("/", 3)
        client.urls["api"][name] = base + (f"/{rest[3]}" if len(rest) > 3 else "")
    client.number = str
    client.session.trust_env = False
    client.milliseconds = clock.ms
    CLIENTS.append(client)
    return client


@pytest.fixture(autouse=True)
def closed_clients() -> Iterator[None]:
    yield
    while CLIENTS:
        CLIENTS.pop().session.close()


def totals(balance: dict[str, Any]) -> dict[str, Decimal]:
    return {asset: Decimal(total) for asset, total in balance["total"].items() if Decimal(total)}


def positions(rows: list[dict[str, Any]]) -> set[tuple[object, ...]]:
    fields = ("contracts", "entryPrice", "markPrice", "unrealizedPnl")
    return {
        (row["symbol"], row["side"], *(Decimal(row[field]).normalize() for field in fields))
        for row in rows
        if Decimal(row["contracts"] or 0)
    }


def true_positions(sandbox: Sandbox, uid: str, *, inverse: bool = False) -> set[tuple[object, ...]]:
    found: set[tuple[object, ...]] = set()
    for position in sandbox.world.book(uid, sandbox.world.clock()).positions:
        if position.inverse is inverse:
            symbol = f"{position.base}/{'USD' if inverse else 'USDT'}:{position.settle}"
            size = position.contracts
            numbers = (size, position.entry, position.mark, position.unrealized)
            found.add((symbol, position.side.value, *(number.normalize() for number in numbers)))
    return found


def with_pnl(sandbox: Sandbox, uid: str, wallet: str) -> dict[str, Decimal]:
    book = sandbox.world.book(uid, sandbox.world.clock())
    amounts = book.amounts(wallet)
    for asset, pnl in book.unrealized(wallet).items():
        amounts[asset] = amounts.get(asset, Decimal(0)) + pnl
    return amounts


def events(sandbox: Sandbox, uid: str) -> list[Event]:
    return sandbox.world.events(uid, sandbox.world.opened_at, sandbox.world.clock())


@pytest.mark.parametrize("name", ["good", "spot", "dust", "one_way", "empty"])
def test_binance_spot_and_funding_balances(sandbox: Sandbox, clock: Clock, name: str) -> None:
    key = sandbox.key("binance", name)
    client = connect(sandbox, clock, key)
    book = sandbox.world.book(key.uid, clock())
    spot = totals(client.fetch_balance())
    own = {asset: amount for asset, amount in spot.items() if not asset.startswith("LD") or asset == "LDO"}
    assert own == book.amounts("spot")
    assert totals(client.fetch_balance({"type": "funding"})) == book.amounts("funding")


@pytest.mark.parametrize("name", ["good", "one_way", "empty"])
def test_binance_futures_balances_and_positions(sandbox: Sandbox, clock: Clock, name: str) -> None:
    key = sandbox.key("binance", name)
    client = connect(sandbox, clock, key)
    assert totals(client.fetch_balance({"type": "future"})) == with_pnl(sandbox, key.uid, "futures_linear")
    assert totals(client.fetch_balance({"type": "future", "useV2": True})) == with_pnl(
        sandbox, key.uid, "futures_linear"
    )
    assert totals(client.fetch_balance({"type": "delivery"})) == with_pnl(sandbox, key.uid, "futures_inverse")
    truth = true_positions(sandbox, key.uid)
    assert positions(client.fetch_positions()) == truth
    assert positions(client.fetch_positions(None, {"useV2": True})) == truth
    inverse = client.fetch_positions(None, {"subType": "inverse"})
    assert positions(inverse) == true_positions(sandbox, key.uid, inverse=True)


@pytest.mark.parametrize(("kind", "wallet"), [("future", "futures_linear"), ("delivery", "futures_inverse")])
def test_binance_income_is_the_ledger_of_the_wallet(sandbox: Sandbox, clock: Clock, kind: str, wallet: str) -> None:
    key = sandbox.key("binance", "good")
    client = connect(sandbox, clock, key)
    since = int(sandbox.world.opened_at.timestamp() * 1000)
    rows: dict[tuple[str, str], Any] = {}
    while True:
        page = client.fetch_ledger(None, since, 1000, {"type": kind, "until": clock.ms()})
        rows |= {(str(row["info"]["tranId"]), row["info"]["incomeType"]): row for row in page}
        if len(page) < 1000:
            break
        assert page[-1]["timestamp"] > since
        since = page[-1]["timestamp"]
    signed = sorted((row["timestamp"], Decimal(row["info"]["income"]), row["currency"]) for row in rows.values())
    truth = sorted((e.at_ms, e.amount, e.asset) for e in events(sandbox, key.uid) if e.wallet == wallet)
    assert signed == truth
    assert len(truth) > 100


def test_binance_flows_explain_deposits_and_withdrawals(sandbox: Sandbox, clock: Clock) -> None:
    key = sandbox.key("binance", "good")
    client = connect(sandbox, clock, key)
    since = int(sandbox.world.opened_at.timestamp() * 1000)
    came = [
        (row["timestamp"], Decimal(row["amount"]), row["currency"])
        for row in client.fetch_deposits(None, since)
        if row["status"] == "ok"
    ]
    came += [(row["timestamp"], Decimal(row["amount"]), row["currency"]) for row in client.fetch_deposits("BRL", since)]
    left = [Decimal(row["amount"]) for row in client.fetch_withdrawals(None, since)]
    truth = [e for e in events(sandbox, key.uid) if e.counts]
    assert sorted(came) == sorted((e.at_ms, e.amount, e.asset) for e in truth if e.kind is LedgerKind.DEPOSIT)
    assert sorted(left) == sorted(-e.amount for e in truth if e.kind is LedgerKind.WITHDRAWAL)
    assert {currency for _, _, currency in came} == {"USDT", "BRL"}
    assert left


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("revoked", ccxt.AuthenticationError),
        ("wrong_ip", ccxt.AuthenticationError),
        ("expired", ccxt.AuthenticationError),
        ("blind", ccxt.AuthenticationError),
    ],
)
def test_binance_refusals_are_understood(sandbox: Sandbox, clock: Clock, name: str, error: type[Exception]) -> None:
    client = connect(sandbox, clock, sandbox.key("binance", name))
    with pytest.raises(error):
        client.fetch_balance()


@pytest.mark.parametrize("name", ["good", "spot", "dust", "one_way", "empty"])
def test_bitget_spot_balances(sandbox: Sandbox, clock: Clock, name: str) -> None:
    key = sandbox.key("bitget", name)
    client = connect(sandbox, clock, key)
    assert totals(client.fetch_balance()) == sandbox.world.book(key.uid, clock()).amounts("spot")


@pytest.mark.parametrize("name", ["good", "one_way", "empty"])
def test_bitget_futures_balances_and_positions(sandbox: Sandbox, clock: Clock, name: str) -> None:
    key = sandbox.key("bitget", name)
    client = connect(sandbox, clock, key)
    linear: dict[str, Decimal] = {}
    for product in ("USDT-FUTURES", "USDC-FUTURES"):
        linear |= totals(client.fetch_balance({"type": "swap", "productType": product}))
    assert linear == with_pnl(sandbox, key.uid, "futures_linear")
    inverse = totals(client.fetch_balance({"type": "swap", "productType": "COIN-FUTURES"}))
    assert inverse == with_pnl(sandbox, key.uid, "futures_inverse")
    assert positions(client.fetch_positions(None, {"productType": "USDT-FUTURES"})) == true_positions(sandbox, key.uid)
    coin = client.fetch_positions(None, {"productType": "COIN-FUTURES", "marginCoin": "BTC"})
    held = sandbox.world.book(key.uid, clock()).positions
    assert [Decimal(row["unrealizedPnl"]) for row in coin] == [p.unrealized for p in held if p.inverse]


@pytest.mark.parametrize(
    ("params", "wallet", "asset"),
    [
        ({"type": "swap", "productType": "USDT-FUTURES"}, "futures_linear", "USDT"),
        ({"type": "swap", "productType": "COIN-FUTURES"}, "futures_inverse", "BTC"),
        ({"type": "spot"}, "spot", "USDT"),
    ],
)
def test_bitget_bills_are_the_ledger_of_the_wallet(
    sandbox: Sandbox, clock: Clock, params: dict[str, object], wallet: str, asset: str
) -> None:
    key = sandbox.key("bitget", "good")
    client = connect(sandbox, clock, key)
    since, at, total, count = int(sandbox.world.opened_at.timestamp() * 1000), clock(), Decimal(0), 0
    for start, end in ((since, since + 30 * DAY_MS - 1), (since + 30 * DAY_MS, clock.ms())):
        cursor: str | None = None
        while True:
            more: dict[str, object] = {"idLessThan": cursor} if cursor else {}
            page = client.fetch_ledger(None, start, 100, {**params, "until": end, **more})
            clock.move(seconds=0.2)
            if not page:
                break
            for info in (row["info"] for row in page if row["currency"] == asset):
                total += Decimal(info.get("amount", info.get("size"))) + Decimal(info.get("fee", info.get("fees")))
            count += len(page)
            last, cursor = cursor, min((row["id"] for row in page), key=int)
            assert cursor != last
    opening = sandbox.world.opening(key.uid)[wallet][asset]
    assert opening + total == sandbox.world.book(key.uid, at).wallets[wallet][asset]
    assert count > 100


def test_bitget_flows_explain_deposits_and_withdrawals(sandbox: Sandbox, clock: Clock) -> None:
    key = sandbox.key("bitget", "good")
    client = connect(sandbox, clock, key)
    since = int(sandbox.world.opened_at.timestamp() * 1000)
    came = [Decimal(row["amount"]) for row in client.fetch_deposits(None, since, 100) if row["status"] == "ok"]
    left = [Decimal(row["amount"]) for row in client.fetch_withdrawals(None, since, 100)]
    truth = [e for e in events(sandbox, key.uid) if e.counts]
    assert sorted(came) == sorted(e.amount for e in truth if e.kind is LedgerKind.DEPOSIT)
    assert sorted(left) == sorted(-e.amount for e in truth if e.kind is LedgerKind.WITHDRAWAL)
    assert came
    assert left


def test_bitget_unified_account(sandbox: Sandbox, clock: Clock) -> None:
    key = sandbox.key("bitget", "unified")
    client = connect(sandbox, clock, key, uta=True)
    assert totals(client.fetch_balance()) == sandbox.world.book(key.uid, clock()).amounts("unified")
    truth = true_positions(sandbox, key.uid)
    assert positions(client.fetch_positions(None, {"productType": "USDT-FUTURES"})) == truth
    assert truth


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("revoked", ccxt.AuthenticationError),
        ("wrong_ip", ccxt.PermissionDenied),
        ("blind", ccxt.PermissionDenied),
    ],
)
def test_bitget_refusals_are_understood(sandbox: Sandbox, clock: Clock, name: str, error: type[Exception]) -> None:
    client = connect(sandbox, clock, sandbox.key("bitget", name))
    with pytest.raises(error):
        client.fetch_balance()


def test_a_wrong_passphrase_is_understood(sandbox: Sandbox, clock: Clock) -> None:
    client = connect(sandbox, clock, sandbox.key("bitget", "good"))
    client.password = "not the passphrase"
    with pytest.raises(ccxt.AuthenticationError):
        client.fetch_balance()
