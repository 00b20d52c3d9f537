"""Wallets, positions, rights and prices of an OKX account are the world's, to the last digit."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

import connectors
from connectors.errors import BadResponseError
from connectors.sandbox import Sandbox, SandboxConfig
from connectors.sandbox.model import q8
from connectors.types import Permissions
from tests.connectors.cases import FIXTURES, make
from tests.connectors.okx.calls import (
    ACCOUNTS,
    BALANCE,
    CONFIG,
    NOW,
    TRADERS,
    TRADING,
    ZERO,
    asked,
    cash,
    connect,
    profits,
    uid,
)
from tests.connectors.servers import Reply, scripted


@pytest.mark.parametrize("name", ACCOUNTS)
def test_every_wallet_is_read_exactly(quiet: Sandbox, name: str) -> None:
    info, book = connect(quiet, name).get_account_info(), quiet.world.book(uid(quiet, name), NOW)
    wallets = {wallet.wallet: wallet for wallet in info.wallets}
    assert {wallet: (item.kind, item.ok) for wallet, item in wallets.items()} == {
        wallet: (kind, True) for wallet, kind in connectors.describe("okx").wallets.items()
    }
    for wallet, item in wallets.items():
        assert {balance.asset: balance.total for balance in item.balances} == cash(book.wallets, wallet)
    profit = profits(book)
    for balance in wallets["trading"].balances:
        assert balance.unrealized_pnl == profit.get(balance.asset, ZERO)
        assert balance.equity == balance.total + balance.unrealized_pnl
        assert balance.free is not None and balance.locked is not None  # noqa: PT018 - for the type
        assert balance.free + balance.locked == balance.equity
        assert balance.locked >= book.locked.get(balance.asset, ZERO)
    assert info.uid == uid(quiet, name)
    assert info.mode == ("portfolio_margin" if name == "portfolio" else "unified")


@pytest.mark.parametrize("name", ACCOUNTS)
def test_the_worth_of_the_trading_account_holds_the_open_result_once(quiet: Sandbox, name: str) -> None:
    book = quiet.world.book(uid(quiet, name), NOW)
    trading = connect(quiet, name).get_account_info(wallets=["trading"]).wallets[0]
    equity, _unpriced = quiet.world.equity(book)
    worth = sum((equity.get(part, ZERO) for part in TRADING), ZERO)
    profit = sum((p.unrealized * (quiet.world.price(p.settle, NOW) or ZERO) for p in book.positions), ZERO)
    assert trading.currency == "USD"
    assert trading.equity == pytest.approx(worth, abs=Decimal("0.00001"))
    assert trading.unrealized_pnl == pytest.approx(profit, abs=Decimal("0.00001"))
    assert trading.wallet_balance == trading.equity - trading.unrealized_pnl


@pytest.mark.parametrize("name", ACCOUNTS)
def test_positions_are_the_ones_held(quiet: Sandbox, name: str) -> None:
    spec, book = quiet.world.account(uid(quiet, name)), quiet.world.book(uid(quiet, name), NOW)
    expected = {
        (
            f"{held.base}/{'USD' if held.inverse else 'USDT'}:{held.settle}",
            held.side,
            held.size,
            held.entry,
            held.mark,
            held.unrealized,
            held.settle,
            held.liquidation,
            Decimal(held.leverage),
            spec.hedged,
            held.inverse,
            "isolated" if name == "one_way" else "cross",
        )
        for held in book.positions
    }
    found = connect(quiet, name).get_futures_positions()
    assert {
        (
            item.symbol,
            item.side,
            q8(item.size_base),
            item.entry_price,
            item.mark_price,
            item.unrealized_pnl,
            item.settle_asset,
            item.liquidation_price,
            item.leverage,
            item.hedged,
            item.inverse,
            item.margin_mode,
        )
        for item in found
    } == expected
    assert len(found) == len(expected)
    assert bool(found) is (name in TRADERS)


def test_the_facts_of_contracts_are_asked_once_and_not_without_need(sandbox: Sandbox) -> None:
    for name, times in (("spot", 0), ("good", 1)):
        connector = connect(sandbox, name)
        for _ in range(3):
            connector.get_futures_positions()
        assert asked(sandbox)["/api/v5/public/instruments"] == times


def test_reads_can_be_restricted_to_wallets(sandbox: Sandbox) -> None:
    connector, since = connect(sandbox, "good"), NOW - timedelta(days=5)
    assert connector.get_futures_positions(wallets=["funding"]) == []
    assert [wallet.wallet for wallet in connector.get_account_info(wallets=["earn"]).wallets] == ["earn"]
    assert {entry.wallet for entry in connector.get_ledger(since, NOW, wallets=["trading"])} == {"trading"}
    assert set(asked(sandbox)) == {
        CONFIG,
        "/api/v5/finance/savings/balance",
        "/api/v5/finance/staking-defi/orders-active",
        "/api/v5/account/bills",
    }


def test_spot_is_traded_from_the_trading_account(quiet: Sandbox) -> None:
    found = connect(quiet, "spot").get_spot_balances()
    assert {row.asset: row.total for row in found} == cash(quiet.world.book(uid(quiet, "spot"), NOW).wallets, "trading")


READS = Permissions(True, False, False, False, True)


@pytest.mark.parametrize(
    ("name", "rights"),
    [
        ("good", READS),
        ("portfolio", READS),
        ("no_ip", replace(READS, ip_restricted=False)),
        ("trade", replace(READS, trade=True, transfer=True)),
        ("withdraw", replace(READS, trade=True, transfer=True, withdraw=True)),
    ],
)
def test_the_rights_of_a_key_and_the_uid_are_told(quiet: Sandbox, name: str, rights: Permissions) -> None:
    assert connect(quiet, name).get_permissions() == replace(rights, uid=uid(quiet, name))


def test_prices_are_the_markets_with_those_in_reais(quiet: Sandbox) -> None:
    public = connectors.create_public("okx", hosts=quiet.hosts()["okx"], clock=lambda: NOW)
    prices = {(price.asset, price.quote): price.value for price in public.get_prices()}
    assert prices == {pair: quiet.world.market.pair(*pair, NOW) for pair in prices}
    assert {("BTC", "USDT"), ("USDT", "BRL"), ("BTC", "BRL")} <= set(prices)
    assert ("NEW", "USDT") not in prices


def read(sample: str, change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Return the reading of a sample whose first row is changed."""
    given = json.loads((FIXTURES / "samples" / "okx" / f"{sample}.json").read_text())
    change(given["body"]["data"][0])
    context = given.get("context") or {}
    return make("okx").read_answer(
        "GET", given["path"], status=200, headers={}, body=given["body"], params={}, context=context
    )


@pytest.mark.parametrize(
    ("words", "trade", "withdraw"),
    [
        ("read_only", False, False),
        ("read_only,trade", True, False),
        ("read_only, withdraw", False, True),
        ("read_only,convert", None, None),
        ("read_only,fast_withdraw", None, True),
    ],
)
def test_a_right_that_is_not_known_leaves_open_what_the_key_may_do(
    words: str, trade: bool | None, withdraw: bool | None
) -> None:
    found = read("account_config_read_only_hedge", lambda row: row.update(perm=words))["permissions"]
    assert (found["trade"], found["transfer"], found["withdraw"]) == (trade, trade, withdraw)


def test_what_is_borrowed_is_a_debt_and_not_owned() -> None:
    def borrow(row: dict[str, Any]) -> None:
        row["details"][0] |= {"eq": "-30", "cashBal": "-30", "upl": "0", "liab": "30", "availBal": "0"}

    given = json.loads((FIXTURES / "samples" / "okx" / "trading_balance_spot_mode.json").read_text())
    borrow(given["body"]["data"][0])
    with scripted({BALANCE: Reply(given["body"])}) as server:
        found = make("okx", hosts={"rest": server.url}, clock=lambda: NOW).get_spot_balances()[0]
    assert (found.total - found.debt, found.debt, found.equity) == (Decimal(-30), Decimal(30), Decimal(-30))


@pytest.mark.parametrize(
    ("name", "facts", "symbol", "size"),
    [
        ("BTC-USD_UM-SWAP", ("0.01", "1", "BTC", "linear", "USD"), "BTC/USD:USD", "0.3"),
        ("BTC-USD-SWAP", ("100", "1", "USD", "inverse", "BTC"), "BTC/USD:BTC", "0.05"),
        ("BTC-USDT-250328", ("0.01", "2", "BTC", "linear", "USDT"), "BTC/USDT:USDT-250328", "0.6"),
        ("BTC-USD-241227-100000-C", ("1", "0.01", "BTC", "", "BTC"), "BTC/USD:BTC-241227-100000-C", "0.3"),
    ],
)
def test_the_facts_of_a_contract_decide_and_not_its_name(
    name: str, facts: tuple[str, ...], symbol: str, size: str
) -> None:
    given = json.loads((FIXTURES / "samples" / "okx" / "positions_coin_margined_swap.json").read_text())
    given["body"]["data"][0] |= {"instId": name, "instType": "OPTION" if name.endswith("-C") else "SWAP"}
    contract = dict(zip(("ctVal", "ctMult", "ctValCcy", "ctType", "settleCcy"), facts, strict=True))
    (found,) = make("okx").read_answer(
        "GET", given["path"], status=200, headers={}, body=given["body"], context={"instruments": {name: contract}}
    )["positions"]
    assert (found["symbol"], Decimal(found["size_base"]), found["settle_asset"]) == (symbol, Decimal(size), facts[4])


def test_a_margin_trade_that_sold_what_is_borrowed_is_short() -> None:
    change = {"posCcy": "USDT", "pos": "1700", "liab": "-0.5", "liabCcy": "ETH", "ccy": "USDT"}
    (found,) = read("positions_margin_spot", lambda row: row.update(change))["positions"]
    assert (found["side"], found["size_base"], found["symbol"]) == ("short", "0.5", "ETH/USDT")


def test_a_position_of_an_unknown_kind_is_left_out_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert read("positions_coin_margined_swap", lambda row: row.update(instType="EVENTS"))["positions"] == []
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_contract_that_is_not_listed_is_a_bad_response_and_no_guess() -> None:
    with pytest.raises(BadResponseError):
        read("positions_coin_margined_swap", lambda row: row.update(instId="XYZ-USD-SWAP"))


def test_reads_in_quick_succession_stay_within_the_published_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with Sandbox(SandboxConfig(exchanges=("okx",))) as sandbox:
        connector = connect(sandbox, "spot", clock=lambda: datetime.now(UTC))
        for _ in range(3):
            connector.get_permissions()
            connector.get_account_info()
        connector.get_ledger(datetime.now(UTC) - timedelta(days=40), datetime.now(UTC))
        assert {row["status"] for row in sandbox.requests.rows()} == {200}
