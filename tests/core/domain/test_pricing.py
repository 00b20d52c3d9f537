"""The golden pricing case, and what it does not say."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.domain.pricing import Market, PricingRules, Quote, resolve_price

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOLDEN = Path(__file__).parents[2] / "fixtures" / "pnl-golden" / "g23-pricing.json"
CALLS: list[dict[str, Any]] = json.loads(GOLDEN.read_text())["calls"]


def quote(base: str, other: str, price: str, age_s: float = 0, source: str = "a") -> Quote:
    return Quote(base, other, Decimal(price), NOON - timedelta(seconds=age_s), source)


@pytest.mark.parametrize("call", CALLS, ids=[f"{n}-{call['args']['asset']}" for n, call in enumerate(CALLS)])
def test_the_golden_case_gives_its_prices(call: dict[str, Any]) -> None:
    found = resolve_price(**call["args"])
    expected = call["expect"]
    assert (None if found.price is None else float(found.price)) == pytest.approx(expected["price"])
    assert found.status == expected["status"]
    assert "path" not in expected or list(found.path) == expected["path"]
    assert "ts" not in expected or found.ts == datetime.fromisoformat(expected["ts"])


def test_prices_stay_exact() -> None:
    market = Market.of([quote("DEF", "BTC", "0.00012345678901234567"), quote("BTC", "USD", "59990.01")], NOON)
    assert market.resolve("DEF").price == Decimal("0.00012345678901234567") * Decimal("59990.01")


def test_only_the_latest_quote_of_a_source_counts() -> None:
    market = Market.of([quote("BTC", "USD", "1", age_s=9), quote("BTC", "USD", "3", age_s=1)], NOON)
    assert market.resolve("BTC").price == 3


def test_bridges_go_in_their_order_and_a_bridge_is_never_its_own_way() -> None:
    market = Market.of(
        [quote("X", "ETH", "1"), quote("X", "BTC", "1"), quote("BTC", "USDC", "50"), quote("ETH", "USDT", "2")], NOON
    )
    assert market.resolve("X").price == 50
    assert market.resolve("X").path == ("X/BTC", "BTC/USDC")
    assert Market.of([quote("ETH", "BTC", "0.03")], NOON).resolve("ETH").status == "unpriced"


def test_a_depegged_coin_prices_what_is_quoted_in_it() -> None:
    rules = PricingRules(depeg=0.01)
    market = Market.of([quote("USDC", "USD", "0.90"), quote("X", "USDC", "10")], NOON, rules)
    assert market.resolve("USDC").status == "depeg"
    assert market.resolve("X").price == Decimal("9.00")


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        resolve_price("BTC", [], "2026-03-01T12:00:00")
