"""From answers to what is stored: carried, doubted, never zero for want of an answer."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from connectors.types import AccountInfo, Side, WalletKind
from core.domain.valuation import face_value
from core.ports import StoredReading
from core.sync.ingest import Answers, Stored, doubt_emptiness, emptied_wallets, has_jumped, make_reading
from tests.core.sync.worlds import NOON, account, balance, failed, info, position, prices, wallet

PRICES = prices({"BTC": "60000", "USDT": "1"})
LATER = NOON + timedelta(seconds=30)
STEP = timedelta(seconds=30)
SPOT = wallet("spot", balance("spot", "BTC", "1"))
USDM = wallet("usdm", balance("usdm", "USDT", "1000", equity="1005"), kind=WalletKind.FUTURES_LINEAR)


def read(given: AccountInfo, before: Stored | None = None, *, later: bool = False, **changes: object) -> StoredReading:
    answers = replace(Answers(given, [position()], LATER if later else NOON), **changes)  # type: ignore[arg-type]
    return make_reading(account(), answers, before or Stored(), price_of=PRICES)


def stored(reading: StoredReading) -> Stored:
    return Stored(reading.wallets, reading.balances, reading.positions)


def test_a_whole_reading_holds_every_wallet_and_their_sum() -> None:
    reading = read(info(SPOT, USDM))
    assert reading.equity == 61005
    assert reading.unrealized_pnl == 5
    assert reading.complete
    assert reading.fresh_wallets == {"spot", "usdm"}
    assert [(w.wallet, w.ok, w.equity, w.first_ok_at, w.first_equity) for w in reading.wallets] == [
        ("spot", True, 60000, NOON, 60000),
        ("usdm", True, 1005, NOON, 1005),
    ]


def test_a_failed_wallet_is_carried_with_its_age_and_never_zero() -> None:
    reading = read(info(failed("spot", "maintenance"), USDM), stored(read(info(SPOT, USDM))), later=True)
    spot = next(w for w in reading.wallets if w.wallet == "spot")
    assert (spot.ok, spot.reason, spot.equity, spot.as_of, spot.attempted_at) == (
        False,
        "maintenance",
        60000,
        NOON,
        LATER,
    )
    assert reading.equity == 61005
    assert not reading.complete
    assert reading.fresh_wallets == {"usdm"}
    assert {b.wallet for b in reading.balances} == {"usdm"}


def test_a_wallet_that_never_answered_has_no_figure() -> None:
    reading = read(info(failed("spot"), USDM))
    assert [(w.wallet, w.equity, w.as_of) for w in reading.wallets] == [("spot", None, None), ("usdm", 1005, NOON)]
    assert reading.equity == 1005
    assert not reading.complete


def test_a_wallet_that_is_not_mentioned_any_more_is_carried_too() -> None:
    reading = read(info(USDM), stored(read(info(SPOT, USDM))), later=True)
    assert [(w.wallet, w.ok, w.reason) for w in reading.wallets] == [
        ("usdm", True, None),
        ("spot", False, "not_reported"),
    ]
    assert reading.equity == 61005


def test_the_first_good_reading_of_a_wallet_is_remembered() -> None:
    first = read(info(SPOT))
    more = wallet("spot", balance("spot", "BTC", "2"))
    second = read(info(more, USDM), stored(first), later=True)
    assert [(w.wallet, w.first_ok_at, w.first_equity) for w in second.wallets] == [
        ("spot", NOON, 60000),
        ("usdm", LATER, 1005),
    ]


def test_positions_that_could_not_be_read_stay_with_their_age() -> None:
    reading = read(info(USDM), stored(read(info(USDM))), later=True, positions=None)
    assert [(p.symbol, p.as_of) for p in reading.positions] == [("BTC/USDT:USDT", NOON)]
    assert read(info(USDM), stored(read(info(USDM))), later=True, positions=[]).positions == []


def test_an_account_that_is_suddenly_empty_is_believed_at_the_second_poll() -> None:
    before = stored(read(info(SPOT, USDM)))
    empty = info(wallet("spot"), wallet("usdm", balance("usdm", "USDT", "0"), kind=WalletKind.FUTURES_LINEAR))
    assert emptied_wallets(empty, before) == {"spot", "usdm"}
    doubted = read(doubt_emptiness(empty, before), before, later=True)
    assert doubted.equity == 61005
    assert {w.reason for w in doubted.wallets} == {"empty_unconfirmed"}
    after = replace(before, wallets=doubted.wallets)
    confirmed = read(doubt_emptiness(empty, after), after, later=True, positions=[])
    assert confirmed.equity == 0
    assert confirmed.complete


def test_one_empty_wallet_among_others_is_no_reason_for_doubt() -> None:
    before = stored(read(info(SPOT, USDM)))
    given = info(wallet("spot"), USDM)
    assert doubt_emptiness(given, before) is given


def test_an_account_that_was_always_empty_is_truly_empty() -> None:
    given = info(wallet("spot"))
    assert doubt_emptiness(given, Stored()) is given
    assert read(given).complete


@pytest.mark.parametrize(
    ("amount", "jumped"), [("1.0049", False), ("0.9951", False), ("1.0051", True), ("0.9949", True)]
)
def test_amounts_that_move_by_half_a_percent_are_a_jump(amount: str, jumped: bool) -> None:
    before = stored(read(info(SPOT)))
    assert has_jumped(info(wallet("spot", balance("spot", "BTC", amount))), before, PRICES) is jumped


def test_a_trade_at_the_market_is_no_jump() -> None:
    before = stored(read(info(SPOT)))
    traded = wallet("spot", balance("spot", "BTC", "0.5"), balance("spot", "USDT", "29990"))
    assert not has_jumped(info(traded), before, PRICES)


def test_a_move_of_prices_alone_is_no_jump() -> None:
    before = stored(read(info(SPOT)))
    assert not has_jumped(info(SPOT), before, prices({"BTC": "30000"}))


def test_a_failed_or_a_new_wallet_is_no_jump() -> None:
    before = stored(read(info(SPOT)))
    assert not has_jumped(info(failed("spot"), USDM), before, PRICES)


def test_a_position_was_opened_after_the_last_reading_that_did_not_show_it() -> None:
    first = read(info(USDM), positions=[])
    second = read(info(USDM), stored(first), at=NOON + STEP, positions=[])
    third = read(info(USDM), stored(second), at=NOON + 2 * STEP)
    fourth = read(info(USDM), stored(third), at=NOON + 3 * STEP)
    for reading in (third, fourth):
        assert [(p.opened_at, p.seen_since) for p in reading.positions] == [(NOON + STEP, NOON + 2 * STEP)]


def test_a_position_that_was_open_at_the_first_reading_has_no_opening_of_ours() -> None:
    first = read(info(USDM))
    second = read(info(USDM), stored(first), at=NOON + STEP)
    for reading in (first, second):
        assert [(p.opened_at, p.seen_since) for p in reading.positions] == [(None, NOON)]
    unread = read(info(USDM), positions=[])  # its positions may not have been read with it
    later = read(info(USDM), stored(unread), at=NOON + STEP)
    assert [(p.opened_at, p.seen_since) for p in later.positions] == [(None, NOON + STEP)]


def test_what_the_exchange_says_of_an_opening_counts_and_a_turned_position_is_another_one() -> None:
    opened = NOON - timedelta(days=3)
    told = read(info(USDM), positions=[replace(position(), opened_at=opened)])
    assert [(p.opened_at, p.seen_since) for p in told.positions] == [(opened, NOON)]
    before = stored(read(info(USDM), stored(read(info(USDM))), at=NOON + STEP))
    turned = read(info(USDM), before, at=NOON + 2 * STEP, positions=[replace(position(), side=Side.SHORT)])
    assert [(p.opened_at, p.seen_since) for p in turned.positions] == [(NOON + STEP, NOON + 2 * STEP)]


def test_margins_are_kept_in_dollars_and_carried_with_the_wallet() -> None:
    told = replace(USDM, maintenance_margin=Decimal("0.001"), currency="BTC", margin_ratio=Decimal("0.05"))
    first = read(info(told))
    assert [(w.maintenance_margin, w.margin_ratio) for w in first.wallets] == [(60.0, 0.05)]
    without = read(info(USDM), stored(first), at=NOON + STEP, carried=frozenset({"usdm"}))
    assert [(w.maintenance_margin, w.margin_ratio, w.as_of) for w in without.wallets] == [(60.0, 0.05, NOON)]
    broken = read(info(failed("usdm")), stored(first), at=NOON + STEP)
    assert [(w.maintenance_margin, w.margin_ratio) for w in broken.wallets] == [(60.0, 0.05)]
    silent = read(info(USDM), stored(first), at=NOON + STEP)
    assert [(w.maintenance_margin, w.margin_ratio) for w in silent.wallets] == [(None, None)]
    unpriced = read(info(replace(told, currency="ODD")))
    assert [w.maintenance_margin for w in unpriced.wallets] == [None]


@pytest.mark.parametrize(
    ("contracts", "size", "unit", "face"),
    [("100", "100", "USD", "10000"), ("0.25", "1", "BTC", "15000"), (None, None, None, "15000")],
)
def test_the_face_value_of_an_inverse_contract_is_in_dollars(
    contracts: str | None, size: str | None, unit: str | None, face: str
) -> None:
    held = replace(
        position(), inverse=True, size_base=Decimal("0.25"), mark_price=Decimal(60000), contract_size_unit=unit,
        contracts=None if contracts is None else Decimal(contracts),
        contract_size=None if size is None else Decimal(size),
    )  # fmt: skip
    assert face_value(held) == Decimal(face)
