"""Wallets between their turns: as they were last read, unless money has moved that may lie in one of them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from connectors.types import AccountInfo, Position, WalletKind
from core.domain.types import HeldBalance, WalletState
from core.sync.due import Intervals, plan_slot, turns_due, wallets_due
from core.sync.ingest import Answers, Stored, make_reading
from core.sync.sizes import size_changes
from core.sync.turns import carry, has_closed, moved_one_way
from tests.core.sync.worlds import ACCOUNT, CLIENT, NOON, account, balance, info, position, prices, state, wallet

BEFORE = NOON - timedelta(minutes=1)
KINDS = {
    "spot": WalletKind.SPOT,
    "funding": WalletKind.FUNDING,
    "flexible": WalletKind.EARN,
    "usdm": WalletKind.OPTIONS,
}
PRICES = prices({"BTC": "60000", "USDT": "1"})


def known(name: str, kind: WalletKind, *, ok: bool = True) -> WalletState:
    return WalletState(
        ACCOUNT, CLIENT, name, kind.value, ok, BEFORE, as_of=BEFORE, equity=1.0, reason=None if ok else "x"
    )


def held(name: str, asset: str, total: str) -> HeldBalance:
    return HeldBalance(
        ACCOUNT, CLIENT, name, "spot", asset, None, None, Decimal(total), Decimal(0), None, None, as_of=BEFORE
    )


def stored(spot: str = "2") -> Stored:
    wallets = [known("spot", WalletKind.SPOT), known("funding", WalletKind.FUNDING)]
    return Stored(wallets, [held("spot", "BTC", spot), held("spot", "USDT", "9"), held("funding", "USDT", "70")])


def spot(btc: str, usdt: str = "9") -> AccountInfo:
    return info(wallet("spot", balance("spot", "BTC", btc), balance("spot", "USDT", usdt)))


def test_each_kind_of_wallet_has_its_own_turn() -> None:
    rules = Intervals()
    fresh = replace(state(), slow_read_at=NOON, seldom_read_at=NOON)
    read = {seconds: turns_due(fresh, NOON + timedelta(seconds=seconds), rules) for seconds in (30, 120, 300, 600)}
    assert read == {30: frozenset(), 120: {"slow"}, 300: {"slow"}, 600: {"slow", "seldom"}}
    assert turns_due(state(), NOON, rules) == {"slow", "seldom"}
    assert wallets_due(KINDS, {}, frozenset()) == frozenset({"spot", "usdm"})
    assert wallets_due(KINDS, {}, frozenset({"slow"})) == frozenset({"spot", "usdm", "funding"})
    assert wallets_due(KINDS, {}, frozenset({"slow", "seldom"})) is None


def test_a_wallet_that_failed_is_asked_for_again_with_the_slow_ones() -> None:
    failed = {"flexible": known("flexible", WalletKind.EARN, ok=False)}
    assert "flexible" not in (wallets_due(KINDS, failed, frozenset()) or ())
    assert "flexible" in (wallets_due(KINDS, failed, frozenset({"slow"})) or ())


def test_a_slot_plans_its_wallets_where_the_exchange_s_are_known() -> None:
    fresh = replace(state(read_to=NOON), slow_read_at=NOON, seldom_read_at=NOON)
    plan = plan_slot(account(), fresh, NOON + timedelta(seconds=30), Intervals(), kinds=KINDS)
    assert plan.wallets == frozenset({"spot", "usdm"})
    assert plan_slot(account(), fresh, NOON, Intervals()).wallets is None


def test_the_key_s_rights_are_asked_after_an_error_of_authentication() -> None:
    rights = replace(account().rights, checked_at=NOON)
    fine = replace(account(), rights=rights)
    assert not plan_slot(fine, state(), NOON, Intervals()).rights
    assert not plan_slot(fine, replace(state(), last_error_code="network"), NOON, Intervals()).rights
    assert plan_slot(fine, replace(state(), last_error_code="bad_key"), NOON, Intervals()).rights


def test_a_wallet_that_was_not_asked_for_is_carried_with_its_own_age_and_no_flag() -> None:
    before = stored()
    whole, carried = carry(spot("2"), {"spot"}, before)
    assert carried == frozenset({"funding"})
    reading = make_reading(account(), Answers(whole, [], NOON, carried), before, price_of=PRICES)
    ages = {item.wallet: (item.ok, item.as_of, item.equity) for item in reading.wallets}
    assert ages == {"spot": (True, NOON, 120_009.0), "funding": (True, BEFORE, 70.0)}
    assert (reading.equity, reading.complete) == (120_079.0, True)
    assert {item.wallet: item.as_of for item in reading.balances} == {"spot": NOON, "funding": BEFORE}


def test_a_wallet_that_had_failed_and_was_not_asked_again_stays_failed() -> None:
    before = replace(stored(), wallets=[known("spot", WalletKind.SPOT), known("funding", WalletKind.FUNDING, ok=False)])
    whole, _ = carry(spot("2"), {"spot"}, before)
    assert [(item.wallet, item.ok, item.reason) for item in whole.wallets[1:]] == [("funding", False, "x")]


def test_an_answer_to_everything_carries_nothing() -> None:
    answer = spot("2")
    assert carry(answer, None, stored()) == (answer, None)


@pytest.mark.parametrize(
    ("btc", "usdt", "moved"),
    [("2", "9", False), ("1", "9", True), ("3", "9", True), ("1", "60009", False), ("1", "8", True)],
    ids=["nothing", "gone", "come", "a trade", "all gone"],
)
def test_money_that_comes_or_goes_without_a_counterpart_is_a_move(btc: str, usdt: str, moved: bool) -> None:
    assert moved_one_way(spot(btc, usdt), stored()) is moved


def test_fees_and_funding_of_derivatives_are_no_move_and_a_transfer_is() -> None:
    before = Stored([known("usdm", WalletKind.FUTURES_LINEAR)], [held("usdm", "USDT", "1000")])
    for amount, moved in (("998", False), ("900", True)):
        answer = info(wallet("usdm", balance("usdm", "USDT", amount), kind=WalletKind.FUTURES_LINEAR))
        assert moved_one_way(answer, before) is moved


def test_a_position_that_is_gone_or_smaller_has_been_closed() -> None:
    one: Position = position()
    whole = info(wallet("usdm", balance("usdm", "USDT", "5"), kind=WalletKind.FUTURES_LINEAR))
    opened = make_reading(account(), Answers(whole, [one], NOON), Stored(), price_of=PRICES).positions
    assert not has_closed(opened, [one])
    assert not has_closed(opened, [replace(one, size_base=Decimal(1))])
    assert has_closed(opened, [replace(one, size_base=Decimal("0.4"))])
    assert has_closed(opened, [])


@pytest.mark.parametrize(
    ("contracts", "mark", "closed"),
    [
        ("300", "60000", False),
        ("300", "66000", False),
        ("300", "54000", False),
        ("297", "54000", True),
        ("303", "66000", False),
    ],
    ids=["nothing", "price up", "price down", "smaller, price down", "larger, price up"],
)
def test_the_price_of_an_inverse_position_closes_nothing(contracts: str, mark: str, closed: bool) -> None:
    whole = info(wallet("coinm", balance("coinm", "BTC", "5"), kind=WalletKind.FUTURES_INVERSE))
    opened = make_reading(
        account(), Answers(whole, [inverse("300", "60000")], NOON), Stored(), price_of=PRICES
    ).positions
    after = inverse(contracts, mark)
    assert has_closed(opened, [after]) is closed
    assert any(size_changes(opened, [after])) is (contracts != "300")


def test_an_inverse_position_that_its_exchange_counts_in_coins_is_compared_in_coins() -> None:
    before = replace(position("coinm", inverse=True), contracts=Decimal("0.5"))
    assert not any(size_changes([before], [replace(before, mark_price=Decimal(66_000))]))
    smaller = replace(before, size_base=Decimal("0.4"), contracts=Decimal("0.4"), mark_price=Decimal(90_000))
    assert has_closed([], [before]) is False
    assert list(size_changes([before], [smaller])) == [Decimal("-0.1")]


def inverse(contracts: str, mark: str) -> Position:
    """Return a position of contracts worth 100 USD each."""
    size, price = Decimal(contracts), Decimal(mark)
    made = replace(position("coinm", settle="BTC", inverse=True), size_base=size * 100 / price, mark_price=price)
    return replace(made, contracts=size, contract_size=Decimal(100))
