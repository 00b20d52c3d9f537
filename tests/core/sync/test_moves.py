"""Large moves: what prices and the ledger explain, and what must be read again."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from connectors.types import WalletKind
from core.domain.types import LedgerRow
from core.sync.ingest import Answers, Stored, make_reading
from core.sync.ledger import ledger_rows
from core.sync.moves import SUSPECT, Move, agree, doubt, move_between, positions_changed
from tests.core.sync.worlds import NOON, account, balance, entry, failed, info, position, prices, wallet

PRICES = prices({"BTC": "60000", "USDT": "1"})
LATER = NOON + timedelta(seconds=30)
SPOT = wallet("spot", balance("spot", "BTC", "1"))
USDM = wallet("usdm", balance("usdm", "USDT", "1000", equity="1005"), kind=WalletKind.FUTURES_LINEAR)


def stored(*wallets: object, positions: tuple[object, ...] = (position(),)) -> Stored:
    answers = Answers(info(*wallets), list(positions), NOON)  # type: ignore[arg-type]
    reading = make_reading(account(), answers, Stored(), price_of=PRICES)
    return Stored(reading.wallets, reading.balances, reading.positions)


def move(before: Stored, *wallets: object, **more: object) -> Move:
    answers = Answers(info(*wallets), [position()], LATER)  # type: ignore[arg-type]
    return move_between(before, replace(answers, **more), PRICES)  # type: ignore[arg-type]


def rows(*entries: object) -> list[LedgerRow]:
    return ledger_rows(account(), entries, price_of=PRICES, now=LATER)  # type: ignore[arg-type]


def test_what_stays_is_no_move_and_a_move_of_prices_is_none() -> None:
    before = stored(SPOT, USDM)
    assert move(before, SPOT, USDM).change == 0
    assert move_between(before, Answers(info(SPOT), [], LATER), prices({"BTC": "1"})).change == 0


def test_a_deposit_that_the_ledger_tells_is_explained_and_one_that_it_does_not_is_not() -> None:
    found = move(stored(SPOT), wallet("spot", balance("spot", "BTC", "1.5")))
    assert found.change == 30000
    assert found.is_large(found.unexplained([], PRICES))
    assert found.unexplained(rows(entry("a", "0.5", NOON)), PRICES) == 0


def test_an_entry_from_before_the_wallet_was_read_explains_nothing() -> None:
    found = move(stored(SPOT), wallet("spot", balance("spot", "BTC", "1.5")))
    old = rows(entry("a", "0.5", NOON - timedelta(seconds=1)))
    assert found.unexplained(old, PRICES) == 30000


def test_a_realised_profit_is_no_explanation_for_it_takes_the_place_of_an_open_one() -> None:
    before = stored(wallet("usdm", balance("usdm", "USDT", "1000", equity="1500"), kind=WalletKind.FUTURES_LINEAR))
    closed = wallet("usdm", balance("usdm", "USDT", "1500", equity="1500"), kind=WalletKind.FUTURES_LINEAR)
    found = move(before, closed, positions=[])
    told = [replace(row, kind="realized_pnl", wallet="usdm") for row in rows(entry("a", "500", NOON, "USDT"))]
    assert found.change == 0
    assert found.unexplained(told, PRICES) == 0


def test_a_transfer_of_which_only_one_leg_is_told_is_no_move() -> None:
    before = stored(SPOT, wallet("earn", kind=WalletKind.EARN))
    found = move(before, wallet("spot"), wallet("earn", balance("earn", "BTC", "1"), kind=WalletKind.EARN))
    leg = [replace(row, kind="transfer_out") for row in rows(entry("a", "-1", NOON))]
    assert found.unexplained(leg, PRICES) == 0


def test_a_position_is_forgiven_as_much_as_its_mark_has_moved() -> None:
    before = stored(USDM)
    after = wallet("usdm", balance("usdm", "USDT", "1000", equity="2005"), kind=WalletKind.FUTURES_LINEAR)
    there = move(before, after, positions=[replace(position(), mark_price=Decimal(62000))])
    assert (there.change, there.forgiven, there.unexplained([], PRICES)) == (1000, 1000, 0)
    still = move(before, after)
    assert still.is_large(still.unexplained([], PRICES))


@pytest.mark.parametrize(("amount", "large"), [("1.05", False), ("1.0502", True), ("0.9498", True)])
def test_more_than_five_percent_is_large(amount: str, large: bool) -> None:
    found = move(stored(SPOT), wallet("spot", balance("spot", "BTC", amount)))
    assert found.is_large(found.unexplained([], PRICES)) is large


def test_dust_is_never_large_and_wallets_that_were_not_read_both_times_do_not_count() -> None:
    dust = stored(wallet("spot", balance("spot", "USDT", "1")))
    found = move(dust, wallet("spot", balance("spot", "USDT", "10")))
    assert not found.is_large(found.unexplained([], PRICES))
    assert move(stored(SPOT), failed("spot"), USDM).change == 0


def test_two_readings_agree_up_to_half_a_percent_and_never_where_a_wallet_failed() -> None:
    first = Answers(info(SPOT), [], NOON)
    near, far = (Answers(info(wallet("spot", balance("spot", "BTC", text))), [], LATER) for text in ("1.004", "1.006"))
    assert agree(first, near, equity=60000, price_of=PRICES)
    assert not agree(first, far, equity=60000, price_of=PRICES)
    assert not agree(first, Answers(info(failed("spot")), [], LATER), equity=60000, price_of=PRICES)


def test_a_doubted_reading_holds_nothing_and_the_last_values_are_carried() -> None:
    before = stored(SPOT, USDM)
    doubted = doubt(Answers(info(wallet("spot", balance("spot", "BTC", "9")), USDM), [], LATER))
    reading = make_reading(account(), doubted, before, price_of=PRICES)
    assert {(state.wallet, state.ok, state.reason) for state in reading.wallets} == {
        ("spot", False, SUSPECT),
        ("usdm", False, SUSPECT),
    }
    assert (reading.equity, reading.complete) == (before.equity, False)


def test_positions_matter_where_a_wallet_s_worth_rests_on_them() -> None:
    resting = wallet("usdm", balance("usdm", "USDT", "1000"), kind=WalletKind.FUTURES_LINEAR)
    before = stored(resting)
    assert not positions_changed(before, info(resting), [position()])
    assert positions_changed(before, info(resting), [])
    assert not positions_changed(stored(USDM), info(USDM), [])
