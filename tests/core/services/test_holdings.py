"""Balances, allocation and positions as rows."""

from decimal import Decimal

import pytest

from core.services.holdings import allocation, balance_rows, liquidation_distance, position_rows
from tests.core.persistence.makers import make_account, make_balance, make_position, make_user, make_wallet

ANA = make_user("ana")
ONE, TWO = make_account(ANA, name="One"), make_account(ANA, name="Two", exchange="beta")
ACCOUNTS = {ONE.id: ONE, TWO.id: TWO}
ZERO = Decimal(0)


def test_the_largest_value_comes_first_and_what_has_no_price_last() -> None:
    rows = balance_rows(
        [
            make_balance(ONE, "DUST", value=0.01),
            make_balance(ONE, "NEW", price=None, value=None),
            make_balance(TWO, "BTC", value=900.0),
            make_balance(ONE, "OWED", total=ZERO, debt=Decimal(5), value=-5.0),
            make_balance(ONE, "BTC", value=900.0),
        ],
        ACCOUNTS,
        [],
    )
    order = [("BTC", "One"), ("BTC", "Two"), ("DUST", "One"), ("OWED", "One"), ("NEW", "One")]
    assert [(row.asset, row.account) for row in rows] == order
    assert [row.exchange for row in rows[:2]] == ["alpha", "beta"]


def test_an_asset_that_is_neither_held_nor_owed_is_no_row() -> None:
    assert balance_rows([make_balance(ONE, total=ZERO)], ACCOUNTS, []) == ()
    assert allocation([make_balance(ONE, total=ZERO)]) == ()


def test_amounts_keep_every_digit() -> None:
    (row,) = balance_rows([make_balance(ONE)], ACCOUNTS, [])
    assert (row.total, row.price) == (Decimal("0.1234567890123456789"), Decimal("65000.10"))


def test_rows_of_a_wallet_that_failed_are_marked_in_its_account_only() -> None:
    wallets = [make_wallet(ONE, ok=False), make_wallet(ONE, "futures"), make_wallet(TWO)]
    rows = balance_rows([make_balance(ONE), make_balance(TWO), make_balance(ONE, wallet="futures")], ACCOUNTS, wallets)
    assert {(row.account, row.wallet): row.carried for row in rows} == {
        ("One", "spot"): True,
        ("Two", "spot"): False,
        ("One", "futures"): False,
    }
    (position,) = position_rows([make_position(ONE)], ACCOUNTS, [make_wallet(ONE, "futures", ok=False)])
    assert position.carried


def test_allocation_adds_an_asset_up_over_accounts_and_wallets_less_debt() -> None:
    rows = allocation(
        [
            make_balance(ONE, "BTC", total=Decimal("1.5"), value=75.0),
            make_balance(TWO, "BTC", total=Decimal("0.5"), debt=Decimal("1.5"), value=-50.0),
            make_balance(ONE, "USDT", total=Decimal(75), value=75.0),
            make_balance(ONE, "EUR", total=ZERO, debt=Decimal(10), value=-11.0),
        ]
    )
    assert [(row.asset, row.amount, row.value) for row in rows] == [
        ("USDT", Decimal(75), 75.0),
        ("BTC", Decimal("0.5"), 25.0),
        ("EUR", Decimal(-10), -11.0),
    ]
    assert [row.share for row in rows] == pytest.approx([0.75, 0.25, -0.11])


def test_an_asset_without_a_price_anywhere_has_no_value_and_no_share_not_zero() -> None:
    rows = allocation([make_balance(ONE, "NEW", price=None, value=None), make_balance(ONE, "BTC", value=10.0)])
    assert [(row.asset, row.value, row.share) for row in rows] == [("BTC", 10.0, 1.0), ("NEW", None, None)]


def test_an_empty_row_without_a_price_takes_no_value_away() -> None:
    rows = allocation([make_balance(ONE, value=10.0), make_balance(TWO, total=ZERO, price=None, value=None)])
    assert [row.value for row in rows] == [10.0]


def test_shares_of_nothing_but_debt_are_unknown() -> None:
    (row,) = allocation([make_balance(ONE, total=ZERO, debt=Decimal(1), value=-5.0)])
    assert row.share is None


def test_the_largest_position_comes_first() -> None:
    rows = position_rows(
        [
            make_position(ONE, "A/USDT:USDT", notional_usd=None),
            make_position(ONE, "B/USDT:USDT", notional_usd=10.0),
            make_position(TWO, "C/USDT:USDT", notional_usd=30.0),
        ],
        ACCOUNTS,
        [],
    )
    assert [(row.position.symbol[0], row.account) for row in rows] == [("C", "Two"), ("B", "One"), ("A", "One")]


@pytest.mark.parametrize(
    ("side", "mark", "liquidation", "distance"),
    [
        ("long", "100", "80", 0.2),
        ("short", "100", "130", 0.3),
        ("long", "100", "101", -0.01),
        ("long", "100", None, None),
        ("long", None, "80", None),
        ("short", "100", "0", None),
        ("short", "0", "80", None),
    ],
)
def test_the_distance_to_liquidation_is_a_ratio_of_the_mark(
    side: str, mark: str | None, liquidation: str | None, distance: float | None
) -> None:
    position = make_position(
        ONE,
        side=side,
        mark_price=Decimal(mark) if mark else None,
        liquidation_price=Decimal(liquidation) if liquidation else None,
    )
    assert liquidation_distance(position) == distance
