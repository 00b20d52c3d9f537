"""Binance's own clients read the same as our connector and find nothing strange in the form of the answers."""

import logging
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from binance_common.configuration import ConfigurationRestAPI
from binance_sdk_derivatives_trading_coin_futures import DerivativesTradingCoinFutures
from binance_sdk_derivatives_trading_usds_futures import DerivativesTradingUsdsFutures
from binance_sdk_spot import Spot
from binance_sdk_wallet import Wallet

from connectors.sandbox import Sandbox
from connectors.types import LedgerKind
from tests.connectors.agreement.reading import (
    Holdings,
    Ledgers,
    Ours,
    added_up,
    amounts_of,
    cash_of,
    changes_of,
    flows_of,
    positions_of,
)
from tests.connectors.agreement.world import NOW_MS, SINCE_MS, Change

accounts = pytest.mark.parametrize("name", ["good", "one_way", "spot"])
Connect = Callable[[Any, str, str], Any]


@pytest.fixture
def binance(sandbox: Sandbox, sdk: None, caplog: pytest.LogCaptureFixture) -> Iterator[Connect]:
    def connect(kind: Any, host: str, name: str) -> Any:  # noqa: ANN401 - one of four clients
        key = sandbox.key("binance", name)
        base = sandbox.hosts()["binance"][host]
        settings = ConfigurationRestAPI(key.api_key, key.api_secret, base_path=base, retries=0)
        return kind(config_rest_api=settings).rest_api

    caplog.set_level(logging.WARNING)
    yield connect
    # they warn of answers that are not of the documented form
    assert [record.getMessage() for record in caplog.records] == []


def told(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [row.to_dict() for row in rows]


def income(ask: Callable[..., Any]) -> Iterator[Change]:
    since, seen = SINCE_MS, set()
    while True:
        page = told(ask(start_time=since, end_time=NOW_MS, limit=1000).data())
        for row in page:
            if (row["tranId"], row["incomeType"]) not in seen:
                seen.add((row["tranId"], row["incomeType"]))
                yield row["time"], row["asset"], Decimal(row["income"])
        if len(page) < 1000:
            return
        since = page[-1]["time"]


@accounts
def test_balances_agree(binance: Connect, ours: Ours, name: str) -> None:
    found = cash_of(ours("binance", name))
    spot = told(binance(Spot, "spot", name).get_account().data().balances)
    held = amounts_of(
        (row["asset"], Decimal(row["free"]) + Decimal(row["locked"]))
        for row in spot
        if not row["asset"].startswith("LD") or row["asset"] == "LDO"
    )
    assert found.get("spot", {}) == held
    funding = told(binance(Wallet, "spot", name).funding_wallet().data())
    assert found.get("funding", {}) == amounts_of(
        (row["asset"], Decimal(row["free"]) + Decimal(row["locked"])) for row in funding
    )
    linear = told(binance(DerivativesTradingUsdsFutures, "usdm", name).futures_account_balance_v3().data())
    assert found.get("usdm", {}) == amounts_of((row["asset"], row["balance"]) for row in linear)
    inverse = told(binance(DerivativesTradingCoinFutures, "coinm", name).futures_account_balance().data())
    assert found.get("coinm", {}) == amounts_of((row["asset"], row["balance"]) for row in inverse)
    assert found


@accounts
def test_positions_agree(binance: Connect, ours: Ours, name: str) -> None:
    rows = told(binance(DerivativesTradingUsdsFutures, "usdm", name).position_information_v3().data())
    rows += told(binance(DerivativesTradingCoinFutures, "coinm", name).position_information().data())
    expected: Holdings = sorted(
        (
            row["symbol"],
            "long" if Decimal(row["positionAmt"]) > 0 else "short",
            abs(Decimal(row["positionAmt"])),
            Decimal(row["entryPrice"]),
            Decimal(row["unRealizedProfit"]),
        )
        for row in rows
        if Decimal(row["positionAmt"])
    )
    assert positions_of(ours("binance", name)) == expected
    assert bool(expected) is (name != "spot")


@pytest.mark.parametrize("name", ["good", "one_way"])
def test_income_agrees(binance: Connect, ledger: Ledgers, name: str) -> None:
    for kind, wallet in ((DerivativesTradingUsdsFutures, "usdm"), (DerivativesTradingCoinFutures, "coinm")):
        expected = added_up(income(binance(kind, wallet, name).get_income_history))
        assert changes_of(ledger("binance", name), wallet) == expected
        assert bool(expected) or (name, wallet) == ("one_way", "coinm")


@accounts
def test_deposits_withdrawals_and_rewards_agree(binance: Connect, ledger: Ledgers, name: str) -> None:
    client, entries = binance(Wallet, "spot", name), ledger("binance", name)
    came = told(client.deposit_history(start_time=SINCE_MS, end_time=NOW_MS).data())
    crypto = [entry for entry in entries if entry.asset != "BRL"]
    assert flows_of(crypto, LedgerKind.DEPOSIT) == sorted(
        (row["coin"], Decimal(row["amount"])) for row in came if row["status"] == 1
    )
    left = told(client.withdraw_history(start_time=SINCE_MS, end_time=NOW_MS).data())
    assert flows_of(crypto, LedgerKind.WITHDRAWAL) == sorted(
        (row["coin"], Decimal(row["amount"])) for row in left if row["status"] == 6
    )
    given = told(client.asset_dividend_record(start_time=SINCE_MS, end_time=NOW_MS, limit=500).data().rows)
    assert flows_of(entries, LedgerKind.REWARD) == sorted((row["asset"], Decimal(row["amount"])) for row in given)
    assert came
