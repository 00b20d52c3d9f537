"""Overview and Results say the same of the same client, view, period and instant, whatever happened."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from core.domain.marks import Mark, MarkKind
from core.domain.pnl import daily_pnl
from core.domain.points import DetailPoint, HeldAsset, OpenLeg, WalletPoint
from core.domain.types import ExchangeAccount, WalletState
from core.services import accounts
from core.services.books import load_book
from core.services.main_account import set_main
from core.services.overview_results import Latest, load_running
from core.services.overview_types import PnlFigure
from core.services.results import find_shown, load_results
from core.services.results_types import CLOSING, MONTH, TODAY, Question, Results
from core.services.views import ALL, MAIN
from core.sync.days import close_days
from tests.core.persistence.makers import DAY, HOUR, MINUTE, Change, make_reading, make_wallet
from tests.core.services.office import NOW, Office, look

MIDNIGHT = NOW - 9 * HOUR  # of Ana's zone
CENT = 0.005
PAR = Decimal(1)


@dataclass
class World:
    """One account as it goes on: dollars and a bitcoin in spot, dollars and a contract in futures."""

    office: Office
    account: ExchangeAccount
    usdt: Decimal = Decimal(5000)
    odd: Decimal | None = None
    price: Decimal = Decimal(60000)
    states: dict[str, WalletState] = field(default_factory=dict)

    def read(self, at: datetime, move: str = "0", *, failed: tuple[str, ...] = ()) -> None:
        """Store a reading after a move of the price; wallets that failed are carried."""
        self.price += Decimal(move)
        upnl = (self.price - 60000) / 10
        held = [HeldAsset("USDT", self.usdt, PAR), HeldAsset("BTC", PAR, self.price)]
        held += [] if self.odd is None else [HeldAsset("ODD", Decimal(7), self.odd or None)]
        leg = OpenLeg("BTC/USDT:USDT", "long", "USDT", qty=Decimal("0.1"), upnl=upnl, settle_price=PAR)
        wallets = {
            "spot": WalletPoint("spot", True, tuple(held)),
            "usdm": WalletPoint("usdm", True, (HeldAsset("USDT", Decimal(1000), PAR),), (leg,)),
        }
        worth = {"spot": self.usdt + self.price + 7 * (self.odd or 0), "usdm": 1000 + upnl}
        for name in wallets:
            if name in failed and name in self.states:
                self.states[name] = replace(self.states[name], ok=False, reason="network", attempted_at=at)
                wallets[name] = WalletPoint(name, False)
                continue
            unpriced = ("ODD",) if name == "spot" and self.odd == 0 else ()
            old = self.states.get(name)
            self.states[name] = make_wallet(
                self.account, name, attempted_at=at, as_of=at, equity=float(worth[name]), unpriced=unpriced,
                first_ok_at=at if old is None else old.first_ok_at,
            )  # fmt: skip
        equity = sum(state.equity or 0.0 for state in self.states.values())
        reading = make_reading(
            self.account, at, equity, wallets=tuple(self.states.values()), balances=(), fresh_wallets=tuple(wallets),
            details=DetailPoint(at, tuple(wallets.values())),
        )  # fmt: skip
        with self.office.sync.begin() as uow:
            uow.readings.store(reading)

    def book(self, at: datetime, amount: str, **changes: Change) -> None:
        """Book a deposit or a withdrawal of dollars in spot, which the next reading sees."""
        self.usdt += Decimal(amount)
        self.office.book(self.account, at, amount, **changes)


def grow(office: Office, name: str, *, since: datetime = NOW - 3 * DAY, today: bool = True, **changes: Change) -> World:
    """Return an account that was read now and then from `since` on: until midnight, and some hours of today."""
    world = World(office, office.account(name, **changes))
    world.price += len(name) * 10
    at, moves = since, ("120.5", "-80.25", "33", "-12.75")
    count = 0
    while at < MIDNIGHT:
        world.read(at, moves[count % 4])
        at, count = at + 5 * HOUR, count + 1
        if at - 5 * HOUR < MIDNIGHT - DAY <= at:
            world.read(MIDNIGHT - DAY - MINUTE, "2")
    world.read(MIDNIGHT - MINUTE, "7.5")
    if today:
        for minutes in (1, 95, 190):
            world.read(MIDNIGHT + minutes * MINUTE, "41.25")
    return world


def close(office: Office, now: datetime = NOW) -> None:
    while close_days(office.sync, office.ana, now):
        pass


def pair(office: Office) -> tuple[World, World]:
    return grow(office, "One", is_main=True), grow(office, "Other")


def end(office: Office, *worlds: World) -> None:
    """Read the accounts once more, now, and close the days that are over."""
    for world in worlds:
        world.read(NOW, "-5.5")
        office.end_slot(world.account, NOW, read_to=NOW - MINUTE)
    close(office)


# what may have happened


def nothing(office: Office) -> None:
    end(office, *pair(office))


def deposit_today(office: Office) -> None:
    one, other = pair(office)
    one.book(NOW - 2 * HOUR, "2500")
    one.read(NOW - 2 * HOUR + MINUTE, "12")
    other.book(NOW - HOUR, "-700")
    other.read(NOW - HOUR + MINUTE, "3")
    end(office, one, other)


def deposit_just_before_midnight(office: Office) -> None:
    one, other = grow(office, "One", is_main=True, today=False), grow(office, "Other")
    one.book(MIDNIGHT - MINUTE / 2, "2500")
    end(office, one, other)


def transfer_between_own_accounts(office: Office) -> None:
    one, other = pair(office)
    one.book(NOW - 2 * HOUR, "-900", txid="tx1")
    one.read(NOW - 2 * HOUR + MINUTE)
    other.book(NOW - 110 * MINUTE, "900", txid="tx1")
    end(office, one, other)


def transfer_under_way(office: Office) -> None:
    one, other = pair(office)
    one.book(NOW - MINUTE, "-900", txid="tx1")
    end(office, one, other)
    other.book(NOW - MINUTE / 2, "900", txid="tx1")


def account_joins_today(office: Office) -> None:
    one, _other = pair(office)
    late = World(office, office.account("Late"))
    late.read(NOW - 3 * HOUR)
    late.read(NOW - HOUR, "77")
    end(office, one, late)


def wallet_carried(office: Office) -> None:
    one, other = pair(office)
    one.read(NOW - 8 * MINUTE, "30")
    one.read(NOW, "50", failed=("usdm",))
    end(office, other)
    office.end_slot(one.account, NOW, read_to=NOW)


def wallet_stale(office: Office) -> None:
    one, other = pair(office)
    for minutes in (120, 60, 0):
        one.read(NOW - minutes * MINUTE, "50", failed=("usdm",))
    end(office, other)


def wallet_lost_since_yesterday(office: Office) -> None:
    one, other = grow(office, "One", is_main=True, today=False), grow(office, "Other")
    one.read(NOW - 25 * HOUR + 16 * HOUR, "50", failed=("usdm", "spot"))
    with_gap = World(office, office.account("Gap"))
    with_gap.read(NOW - 26 * HOUR)
    end(office, one, other)


def account_removed_today(office: Office) -> None:
    one, other = pair(office)
    accounts.remove(office.web, office.mine, other.account.id, successor=None, now=NOW - 2 * HOUR)
    end(office, one)


def account_removed_before(office: Office) -> None:
    one, other = pair(office)
    accounts.remove(office.web, office.mine, other.account.id, successor=None, now=NOW - 30 * HOUR)
    end(office, one)


def late_entry(office: Office) -> None:
    one, other = pair(office)
    end(office, one, other)
    booked = MIDNIGHT - 20 * HOUR
    one.office.book(one.account, booked, "33.25")
    with office.sync.begin() as uow:
        late = Mark(one.account.id, office.ana.id, MarkKind.LATE, booked, NOW + MINUTE)
        uow.marks.add([late])


def late_entry_restated(office: Office) -> None:
    late_entry(office)
    close(office, NOW + 2 * MINUTE)


def with_a_testnet_account(office: Office) -> None:
    toy = grow(office, "Toy", testnet=True)
    end(office, *pair(office), toy)


def main_switched_today(office: Office) -> None:
    one, other = pair(office)
    set_main(office.web, office.mine, other.account.id, expected_main=one.account.id, reason="test", now=NOW - 2 * HOUR)
    end(office, one, other)


def price_found_today(office: Office) -> None:
    one, other = grow(office, "One", is_main=True, today=False), grow(office, "Other")
    one.odd = Decimal(0)
    one.read(MIDNIGHT - MINUTE / 2)
    one.odd = Decimal(30)
    end(office, one, other)


def price_lost_today(office: Office) -> None:
    one, other = pair(office)
    one.odd = Decimal(30)
    one.read(NOW - HOUR)
    one.odd = Decimal(0)
    end(office, one, other)


def yesterday_not_closed_yet(office: Office) -> None:
    one, other = pair(office)
    close(office, NOW - 3 * DAY)
    for world in (one, other):
        world.read(NOW, "-5.5")


def dust(office: Office) -> None:
    one, other = pair(office)
    tiny = office.account("Tiny")
    for at in (NOW - 2 * DAY, MIDNIGHT - MINUTE, NOW):
        office.read(tiny, at, 0.2)
    end(office, one, other)


WORLDS = (
    nothing, deposit_today, deposit_just_before_midnight, transfer_between_own_accounts, transfer_under_way,
    account_joins_today, wallet_carried, wallet_stale, wallet_lost_since_yesterday, account_removed_today,
    account_removed_before, late_entry, late_entry_restated, with_a_testnet_account, main_switched_today,
    price_found_today, price_lost_today, yesterday_not_closed_yet, dust,
)  # fmt: skip


def ask(office: Office, view: str, period: str) -> Results:
    return load_results(office.web, office.mine, Question(office.ana.id, view, period), now=NOW)


def views(office: Office) -> list[str]:
    with office.sync.begin(write=False) as uow:
        everything = uow.accounts.all({office.ana.id}, with_removed=True)
    return [MAIN, ALL, *(str(account.id) for account in everything)]


def same(figure: PnlFigure, results: Results) -> None:
    if not results.days:
        assert (figure.value, figure.rate) == (None, None)
        return
    assert figure.value == pytest.approx(results.total, abs=1e-6)
    assert figure.rate == pytest.approx(results.returns.twr, abs=1e-9)
    assert figure.net_flows == pytest.approx(results.bars["net_flows"], abs=1e-6)
    assert figure.status == results.days[-1].result.status
    assert figure.ledger_read_to == results.ledger_read_to
    if figure.trend:
        assert figure.trend[0] == pytest.approx(0)
        assert figure.trend[-1] == pytest.approx(results.total, abs=1e-6)


@pytest.mark.parametrize("happen", WORLDS, ids=lambda world: world.__name__)
def test_overview_and_results_never_differ(office: Office, happen: Callable[[Office], None]) -> None:
    happen(office)
    known = 0
    for view in views(office):
        overview = look(office, view, time_zone=office.ana.time_zone)
        for figure, period in ((overview.today, TODAY), (overview.month, MONTH)):
            same(figure, ask(office, view, period))
            known += figure.value is not None
    assert known > 0


# each world means what its name says


def today_of(office: Office, view: str | UUID = ALL) -> PnlFigure:
    return look(office, view, time_zone=office.ana.time_zone).today


MOVED = 3 * 41.25 - 5.5  # what the price did today in each account; it holds 1.1 bitcoin


def test_a_deposit_is_a_flow_and_no_result(office: Office) -> None:
    deposit_today(office)
    today = today_of(office)
    assert today.net_flows == 1800
    assert today.value == pytest.approx(1.1 * (2 * MOVED + 15), abs=CENT)


def test_an_account_that_joins_or_leaves_brings_capital_not_profit(office: Office) -> None:
    account_joins_today(office)
    today = today_of(office)
    assert today.net_flows == 0
    assert today.value == pytest.approx(1.1 * (MOVED + 3 * 41.25 + 77 - 5.5), abs=CENT)


def test_a_removed_account_takes_its_capital_and_leaves_its_result(office: Office) -> None:
    account_removed_today(office)
    assert today_of(office).value == pytest.approx(1.1 * (MOVED + 3 * 41.25), abs=CENT)


def test_a_switch_of_the_main_account_is_no_flow_and_no_jump(office: Office) -> None:
    main_switched_today(office)
    today, results = today_of(office, MAIN), ask(office, MAIN, TODAY)
    assert (today.net_flows, results.bars["scope_flows"]) == (0, 0)
    assert today.value == pytest.approx(1.1 * MOVED, abs=CENT)
    assert results.bars[CLOSING] == look(office, MAIN).equity.value


def test_a_price_that_is_found_is_no_profit(office: Office) -> None:
    price_found_today(office)
    assert today_of(office, MAIN).value == pytest.approx(1.1 * -5.5, abs=CENT)


def test_what_nobody_has_read_for_a_day_is_unknown_on_both(office: Office) -> None:
    wallet_lost_since_yesterday(office)
    results = ask(office, ALL, TODAY)
    assert (today_of(office).value, results.total, results.returns.twr) == (None, None, None)


@pytest.mark.parametrize(
    ("happen", "is_quiet"),
    [(nothing, True), (wallet_carried, True), (with_a_testnet_account, True), (late_entry, True)]
    + [(world, False) for world in (deposit_today, wallet_stale, account_joins_today, price_found_today)]
    + [(world, False) for world in (account_removed_today, deposit_just_before_midnight, yesterday_not_closed_yet)],
    ids=lambda given: getattr(given, "__name__", ""),
)
def test_only_a_day_on_which_nothing_came_or_went_is_shown_without_a_book(
    office: Office, happen: Callable[[Office], None], is_quiet: bool
) -> None:
    happen(office)
    question = Question(office.ana.id, ALL, MONTH)
    with office.web.begin(office.mine, write=False) as uow:
        shown = find_shown(uow, office.mine, question, NOW)
        picture = uow.pictures.of_client(
            office.ana.id, times=[], flows_since=NOW - 31 * DAY, kinds=("deposit", "withdrawal"), now=NOW
        )
        latest = Latest(picture.flows, picture.positions)
        running = load_running(uow, shown, latest, month=NOW.date().replace(day=1))
    assert (running.days[-1].result.price_effect is None) is is_quiet
    assert timedelta(0) < running.days[-1].result.ends_at - running.days[-1].result.begins_at <= DAY


FULL = [world for world in WORLDS if world is not price_lost_today]


@pytest.mark.parametrize("happen", FULL, ids=lambda world: world.__name__)
def test_the_few_points_that_are_read_say_what_all_points_say(office: Office, happen: Callable[[Office], None]) -> None:
    happen(office)
    results = ask(office, ALL, TODAY)
    scope = replace(office.mine, client_ids=frozenset({office.ana.id}))
    with office.web.begin(scope, write=False) as uow:
        book = load_book(
            uow, scope, results.shown, MIDNIGHT, NOW, time_zone=office.ana.time_zone, step_seconds=1
        )  # fmt: skip
    today = NOW.date().isoformat()
    (whole,) = daily_pnl(book, today, today, now=NOW)
    mine = results.days[-1].result
    for name in ("total", "net_flows", "scope_flows", "equity0", "equity1", "twr"):
        assert getattr(mine, name) == pytest.approx(getattr(whole, name), abs=1e-6), name
    assert mine.status == whole.status
