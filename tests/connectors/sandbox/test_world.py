"""The world: its books always equal opening plus events, for every account, at any time, in any order of asking."""

import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from connectors.sandbox import World
from connectors.sandbox.accounts import AccountSpec, Habits
from connectors.sandbox.dialects import all_accounts
from connectors.sandbox.model import Wallets
from connectors.sandbox.world import UnknownAccountError
from connectors.types import LedgerKind, Side

OPENED_ON = date(2026, 1, 1)
NOW = datetime(2026, 2, 14, 15, 30, 20, tzinfo=UTC)
UIDS = [pytest.param(spec.uid, id=f"{spec.exchange}-{spec.name}") for spec in all_accounts()]
RICH = "354937868"


def make_world(seed: int = 7) -> World:
    return World(seed, OPENED_ON, lambda: NOW)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world()


def summed(world: World, uid: str, until: datetime) -> Wallets:
    wallets = world.opening(uid)
    for event in world.events(uid, world.opened_at, until):
        if event.counts:
            purse = wallets.setdefault(event.wallet, {})
            purse[event.asset] = purse.get(event.asset, Decimal(0)) + event.amount
    return wallets


@pytest.mark.parametrize("uid", UIDS)
def test_balances_are_the_opening_plus_the_events_at_any_time(world: World, uid: str) -> None:
    for hours in (0, 1, 7, 200, 519, 1071):
        at = world.opened_at + timedelta(hours=hours, minutes=13)
        assert world.book(uid, at).wallets == summed(world, uid, at)


@pytest.mark.parametrize("uid", UIDS)
def test_no_balance_is_ever_negative_but_the_debts_of_the_opening(world: World, uid: str) -> None:
    owed = world.opening(uid)
    for hours in range(0, 1071, 9):
        for wallet, assets in world.book(uid, world.opened_at + timedelta(hours=hours)).wallets.items():
            lowest = {asset: min(Decimal(0), owed.get(wallet, {}).get(asset, Decimal(0))) for asset in assets}
            assert {asset: amount for asset, amount in assets.items() if amount < lowest[asset]} == {}


def test_amounts_have_at_most_eight_places(world: World) -> None:
    for event in world.events(RICH, world.opened_at, NOW):
        assert event.amount == round(event.amount, 8)


def test_spot_commissions_are_paid_in_what_is_received_or_always_in_the_quote_currency() -> None:
    habits = Habits(spot_trades=20)
    opening = {"spot": {"USDT": Decimal(9000), "BTC": Decimal(1), "ETH": Decimal(10), "SOL": Decimal(100)}}
    paid_in: dict[str, set[str]] = {}
    for uid, quote_fees in (("1", False), ("2", True)):
        spec = AccountSpec(uid, "any", "trader", opening=opening, habits=habits, quote_fees=quote_fees)
        events = World(7, OPENED_ON, lambda: NOW, [spec]).events(uid, NOW - timedelta(days=3), NOW)
        paid_in[uid] = {event.asset for event in events if event.kind is LedgerKind.FEE}
    assert paid_in == {"1": {"USDT", "BTC", "ETH", "SOL"}, "2": {"USDT"}}


def test_the_same_seed_gives_the_same_world_and_another_seed_another() -> None:
    one, same, other = make_world(), make_world(), make_world(seed=8)
    assert one.book(RICH, NOW) == same.book(RICH, NOW)
    assert one.events(RICH, one.opened_at, NOW) == same.events(RICH, same.opened_at, NOW)
    assert one.book(RICH, NOW).wallets != other.book(RICH, NOW).wallets
    assert one.price("BTC", NOW) != other.price("BTC", NOW)


def test_a_past_answer_does_not_depend_on_what_was_asked_before() -> None:
    past = NOW - timedelta(days=20, hours=3)
    fresh, used = make_world(), make_world()
    used.book(RICH, NOW + timedelta(days=10))
    assert used.book(RICH, past) == fresh.book(RICH, past)
    assert used.events(RICH, used.opened_at, past) == fresh.events(RICH, fresh.opened_at, past)


def test_funding_falls_due_every_eight_hours_on_each_open_position(world: World) -> None:
    events = [event for event in world.events(RICH, world.opened_at, NOW) if event.kind is LedgerKind.FUNDING]
    assert {(event.at.hour, event.at.minute, event.at.second) for event in events} == {(0, 0, 0), (8, 0, 0), (16, 0, 0)}
    due = datetime(2026, 2, 14, 8, tzinfo=UTC)
    held = {(position.base, position.settle, position.side.value) for position in world.book(RICH, due).positions}
    paid = {(event.base, event.asset, event.note) for event in events if event.at == due}
    assert paid == held
    assert len(held) >= 4


def test_unrealized_pnl_is_the_move_from_entry_to_mark(world: World) -> None:
    for position in world.book(RICH, NOW).positions:
        sign = 1 if position.side is Side.LONG else -1
        if position.inverse:
            expected = sign * position.contracts * position.contract_size * (1 / position.entry - 1 / position.mark)
        else:
            expected = sign * (position.mark - position.entry) * position.size
        assert abs(position.unrealized - expected) <= Decimal("0.00000001")


def test_closed_trips_add_up_to_the_booked_results(world: World) -> None:
    events = world.events(RICH, world.opened_at, NOW)
    booked = sum(event.amount for event in events if event.kind is LedgerKind.REALIZED_PNL)
    trips = world.closed_trips(RICH, world.opened_at, NOW)
    still_open = sum(position.held.gross for position in world.book(RICH, NOW).positions)
    assert sum(trip.gross for trip in trips) + still_open == booked
    assert len(trips) > 5


def test_the_rich_account_is_hedged_and_the_one_way_account_is_not(world: World) -> None:
    sides = {(position.base, position.inverse, position.side) for position in world.book(RICH, NOW).positions}
    assert {("BTC", False, Side.LONG), ("BTC", False, Side.SHORT)} <= sides
    one_way = next(spec.uid for spec in world.accounts() if spec.name == "one_way")
    bases = [position.base for position in world.book(one_way, NOW).positions]
    assert len(bases) == len(set(bases)) > 0


def test_prices_move_smoothly_and_do_not_stand_still(world: World) -> None:
    start = world.price("BTC", NOW)
    soon, later = world.price("BTC", NOW + timedelta(seconds=30)), world.price("BTC", NOW + timedelta(days=3))
    assert start and soon and later
    assert 0 < abs(soon / start - 1) < Decimal("0.01")
    assert abs(later / start - 1) > Decimal("0.001")
    assert world.price("USDT", NOW) == 1
    assert Decimal("0.15") < (world.price("BRL", NOW) or 0) < Decimal("0.25")
    assert world.price("GHOST", NOW) is None


def test_equity_counts_unrealized_pnl_once_and_names_what_has_no_price(world: World) -> None:
    book = world.book(RICH, NOW)
    equity, unpriced = world.equity(book)
    cash = sum(amount * (world.price(asset, NOW) or 0) for asset, amount in book.wallets["futures_linear"].items())
    assert equity["futures_linear"] - cash == book.unrealized("futures_linear")["USDT"]
    assert unpriced == []
    dust = next(spec.uid for spec in world.accounts() if spec.name == "dust")
    assert world.equity(world.book(dust, NOW))[1] == ["GHOST"]


def test_events_added_now_change_balances_from_now_on() -> None:
    world = make_world()
    before = world.book(RICH, NOW).wallets["spot"]["USDT"]
    world.add_event(RICH, LedgerKind.DEPOSIT, {"USDT": Decimal("250.5")})
    assert world.book(RICH, NOW).wallets["spot"]["USDT"] == before + Decimal("250.5")
    assert world.book(RICH, NOW - timedelta(seconds=1)).wallets["spot"]["USDT"] == before
    assert world.book(RICH, NOW).wallets == summed(world, RICH, NOW)


def test_a_transfer_moves_money_between_wallets_and_nets_to_zero() -> None:
    world = make_world()
    out, into = world.add_transfer(RICH, "USDT", Decimal(100), source="spot", target="funding")
    assert (out.amount, into.amount, out.ref) == (Decimal(-100), Decimal(100), into.ref)
    assert world.book(RICH, NOW).wallets == summed(world, RICH, NOW)


def test_nobody_can_spend_more_than_there_is() -> None:
    with pytest.raises(ValueError, match="balance too low"):
        make_world().add_event(RICH, LedgerKind.WITHDRAWAL, {"USDT": Decimal(-10_000_000)})


def test_an_unknown_account_is_refused(world: World) -> None:
    with pytest.raises(UnknownAccountError):
        world.book("1", NOW)


def test_ids_grow_with_time_and_are_unique_within_an_account(world: World) -> None:
    ids = [event.id for event in world.events(RICH, world.opened_at, NOW)]
    assert ids == sorted(set(ids))


def test_a_book_takes_about_a_millisecond_once_warm(world: World) -> None:
    world.book(RICH, NOW)
    taken = []
    for hours in range(200):
        at = NOW - timedelta(hours=5 * hours, seconds=hours)
        begin = time.perf_counter()
        world.book(RICH, at)
        taken.append(time.perf_counter() - begin)
    assert sorted(taken)[100] < 0.003
