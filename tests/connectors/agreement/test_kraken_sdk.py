"""python-kraken-sdk reads the same at Kraken spot and futures as our connectors."""

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from kraken.futures import User as FuturesUser
from kraken.spot import User

from connectors.sandbox import Sandbox
from tests.connectors.agreement.reading import Ledgers, Ours, added_up, amounts_of, cash_of, changes_of
from tests.connectors.agreement.world import SINCE_MS, Change

pytestmark = pytest.mark.usefixtures("sdk")
NAMES = {
    "XXBT": "BTC",
    "XBT": "BTC",
    "XETH": "ETH",
    "ETH2": "ETH",
    "XXRP": "XRP",
    "XXDG": "DOGE",
    "ZUSD": "USD",
    "XLTC": "LTC",
}
accounts = pytest.mark.parametrize("name", ["good", "one_way", "spot"])
futures_accounts = pytest.mark.parametrize("name", ["good", "one_way"])
Connect = Callable[[str], Any]


@pytest.fixture
def kraken(sandbox: Sandbox, sdk: None) -> Connect:
    def connect(name: str) -> Any:  # noqa: ANN401 - its answers have no types
        key = sandbox.key("kraken", name)
        return User(key=key.api_key, secret=key.api_secret, url=sandbox.hosts()["kraken"]["rest"])

    return connect


@pytest.fixture
def kraken_futures(sandbox: Sandbox, sdk: None) -> Connect:
    def connect(name: str) -> Any:  # noqa: ANN401
        key = sandbox.key("krakenfutures", name)
        return FuturesUser(key=key.api_key, secret=key.api_secret, url=sandbox.hosts()["krakenfutures"]["rest"])

    return connect


def coin(code: str) -> str:
    plain = code.upper().partition(".")[0]
    return NAMES.get(plain, plain)


@accounts
def test_spot_balances_agree(kraken: Connect, ours: Ours, name: str) -> None:
    found, rows = cash_of(ours("kraken", name)), kraken(name).get_balances()
    spot = {code: row["balance"] for code, row in rows.items() if "." not in code}
    earning = {code: row["balance"] for code, row in rows.items() if "." in code}
    assert found["spot"] == amounts_of((coin(code), amount) for code, amount in spot.items())
    assert found.get("earn", {}) == amounts_of((coin(code), amount) for code, amount in earning.items())


@accounts
def test_margin_positions_agree(kraken: Connect, ours: Ours, name: str) -> None:
    rows = kraken(name).get_open_positions(docalcs=True)
    expected = sorted(
        (
            row["pair"],
            {"buy": "long", "sell": "short"}[row["type"]],
            Decimal(row["vol"]) - Decimal(row["vol_closed"]),
            Decimal(row["net"]),
        )
        for row in rows
    )
    found = sorted(
        (item.venue_symbol, item.side.value, item.size_base, item.unrealized_pnl)
        for item in ours("kraken", name).get_futures_positions()
    )
    assert found == expected
    assert bool(expected) is (name != "spot")


@accounts
def test_the_ledger_agrees(kraken: Connect, ledger: Ledgers, name: str) -> None:
    client = kraken(name)

    def entries() -> Iterator[Change]:
        offset = 0
        while rows := client.get_ledgers_info(start=SINCE_MS // 1000 - 1, ofs=offset)["ledger"]:
            offset += len(rows)
            for row in rows.values():
                at = int(Decimal(str(row["time"])) * 1000)
                if at >= SINCE_MS:
                    yield at, coin(row["asset"]), Decimal(row["amount"]) - Decimal(row["fee"])

    expected = added_up(entries())
    assert changes_of(ledger("kraken", name), "spot", "earn") == expected
    assert expected


@futures_accounts
def test_futures_wallets_agree(kraken_futures: Connect, ours: Ours, name: str) -> None:
    found, wallets = cash_of(ours("krakenfutures", name)), kraken_futures(name).get_wallets()["accounts"]
    for wallet, row in wallets.items():
        if row["type"] == "multiCollateralMarginAccount":
            held = amounts_of((coin(code), part["quantity"]) for code, part in row["currencies"].items())
        elif row["type"] == "marginAccount":
            held = amounts_of([(coin(row["currency"]), row["balances"][row["currency"]])])
        else:
            held = amounts_of((coin(code), amount) for code, amount in row["balances"].items())
        assert found.get(f"futures_{wallet}", {}) == held, wallet
    assert found.keys() <= {f"futures_{wallet}" for wallet in wallets}


@futures_accounts
def test_futures_positions_agree(kraken_futures: Connect, ours: Ours, name: str) -> None:
    expected = sorted(
        (row["symbol"], row["side"], Decimal(str(row["size"])), Decimal(str(row["price"])))
        for row in kraken_futures(name).get_open_positions()["openPositions"]
    )
    found = sorted(
        (item.venue_symbol, item.side.value, item.contracts, item.entry_price)
        for item in ours("krakenfutures", name).get_futures_positions()
    )
    assert found == expected
    assert expected


@futures_accounts
def test_the_account_log_agrees(kraken_futures: Connect, ledger: Ledgers, name: str) -> None:
    client = kraken_futures(name)

    def log() -> Iterator[tuple[str, Change]]:
        last = None
        while rows := client.get_account_log(since=SINCE_MS, count=500, to=last)["logs"]:
            last = str(rows[-1]["id"] - 1)
            for row in rows:
                if row["asset"] != row["contract"]:
                    at = int(datetime.fromisoformat(row["date"]).timestamp() * 1000)
                    change = Decimal(str(row["new_balance"])) - Decimal(str(row["old_balance"]))
                    yield row["margin_account"], (at, coin(row["asset"]), change)

    told = list(log())
    for wallet in {wallet for wallet, _change in told}:
        expected = added_up(change for place, change in told if place == wallet)
        assert changes_of(ledger("krakenfutures", name), f"futures_{wallet}") == expected
    assert told
