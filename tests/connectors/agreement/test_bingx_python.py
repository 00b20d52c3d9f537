"""bingx-python, a client that others publish, reads the same as our connector."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from bingx import BingXClient

from connectors.sandbox import Sandbox
from tests.connectors.agreement.reading import (
    Holdings,
    Ledgers,
    Ours,
    added_up,
    amounts_of,
    cash_of,
    changes_of,
    positions_of,
)

pytestmark = pytest.mark.usefixtures("sdk")
accounts = pytest.mark.parametrize("name", ["good", "one_way", "spot"])
Connect = Callable[[str], Any]


@pytest.fixture
def bingx(sandbox: Sandbox, sdk: None) -> Connect:
    def connect(name: str) -> Any:  # noqa: ANN401 - bingx-python has no types
        key = sandbox.key("bingx", name)
        host = sandbox.hosts()["bingx"]["rest"]
        return BingXClient(key.api_key, key.api_secret, base_uri=host, signature_encoding="hex")

    return connect


@accounts
def test_balances_agree(bingx: Connect, ours: Ours, name: str) -> None:
    client, found = bingx(name), cash_of(ours("bingx", name))
    spot = client.spot_account().get_balance()["data"]["balances"]
    assert found.get("spot", {}) == amounts_of(
        (row["asset"], Decimal(row["free"]) + Decimal(row["locked"])) for row in spot
    )
    linear = client.account().get_balance()["data"]
    assert found.get("futures_linear", {}) == amounts_of((row["asset"], row["balance"] or 0) for row in linear)
    inverse = client.coinm().trade().get_balance()["data"]
    assert found.get("futures_inverse", {}) == amounts_of((row["asset"], row["balance"]) for row in inverse)
    assert found


@accounts
def test_positions_agree(bingx: Connect, ours: Ours, name: str) -> None:
    rows = bingx(name).account().get_positions()["data"]
    rows += bingx(name).coinm().trade().get_positions()["data"]
    expected: Holdings = sorted(
        (
            row["symbol"],
            row["positionSide"].lower(),
            abs(Decimal(row["positionAmt"])),
            Decimal(row["avgPrice"]),
            Decimal(row["unrealizedProfit"]),
        )
        for row in rows
    )
    assert positions_of(ours("bingx", name)) == expected
    assert bool(expected) is (name != "spot")


@pytest.mark.parametrize("name", ["good", "one_way"])
def test_income_agrees(bingx: Connect, ledger: Ledgers, name: str) -> None:
    # it signs parameters in order but sends them as they come, which fails with times; without, it gets the last days
    page = bingx(name).account().get_income_history(limit=1000)["data"]
    oldest = min(int(row["time"]) for row in page)
    expected = added_up((int(row["time"]), row["asset"], Decimal(row["income"])) for row in page)
    changes = changes_of(ledger("bingx", name), "futures_linear")
    assert {moment: amount for moment, amount in changes.items() if moment[0] >= oldest} == expected
    assert expected
