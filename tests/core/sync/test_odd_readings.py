"""Answers that are odd, through the sandbox and the real storage: asked again, doubted, refused, told on the screen."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from connectors.sandbox.faults import Fault, FaultKind
from connectors.sandbox.server import Sandbox, SandboxConfig
from connectors.types import LedgerKind, LedgerPart
from core.bootstrap import operator_scope
from core.domain.marks import Mark, MarkKind
from core.domain.types import AccountStatus, Job
from core.errors import StorageUnavailableError
from core.ports import Storage
from core.services.health import read_system_health
from core.services.overview import load_overview
from core.sync.patience import Patience
from core.sync.slot import run_slot
from tests.core.sync.house import EXCHANGE, House, MovableClock

Passed = Any  # what is handed through as it is
SPOT = "/api/v3/account"
DEPOSITS = "/sapi/v1/capital/deposit/hisrec"


@pytest.fixture
def sandbox(clock: MovableClock) -> Iterator[Sandbox]:
    """Give one exchange behind the proxy that remembers what was said."""
    with Sandbox(SandboxConfig(clock=clock, enforce_limits=False, exchanges=(EXCHANGE,), proxied=True)) as made:
        yield made


def settled(house: House, key: str = "good") -> Job:
    """Add an account, read it with its ledger, and let so much time go by that every wallet is due again."""
    job = house.add(key)
    house.once()
    house.clock.move(600)
    return job


def marks(house: House, job: Job) -> list[Mark]:
    since = house.clock() - timedelta(days=1)
    with house.storage.begin(write=False) as uow:
        return uow.marks.find({job.account_id}, None, kinds=list(MarkKind), noted_since=since)


def equity(house: House, job: Job) -> float:
    return sum(wallet.equity or 0 for wallet in house.wallets(job).values())


def order(house: House, kind: FaultKind, path: str, **more: Passed) -> None:
    """Order a fault for the account of the key "good" alone."""
    house.sandbox.fault(
        Fault(EXCHANGE, kind, path_prefix=path, api_key=house.sandbox.key(EXCHANGE, "good").api_key, **more)
    )


def grow(house: House, amount: str) -> None:
    """Let money appear in spot that no ledger of this exchange tells of."""
    uid = house.sandbox.key(EXCHANGE, "good").uid
    house.sandbox.world.add_event(uid, LedgerKind.TRADE, {"USDT": Decimal(amount)})


def test_a_large_move_that_a_second_reading_confirms_is_believed_and_marked(house: House) -> None:
    job = settled(house)
    before = equity(house, job)
    grow(house, "900000")
    house.sandbox.requests.clear()
    house.once()
    assert house.requests("good")[SPOT] == 2
    assert house.amounts(job) == house.truth("good")
    (mark,) = marks(house, job)
    assert (mark.kind, mark.at) == (MarkKind.LARGE_MOVE, house.clock())
    assert mark.value == pytest.approx(equity(house, job) - before, rel=0.02)
    house.clock.move(60)
    house.once()
    assert len(marks(house, job)) == 1


def test_a_large_move_that_a_second_reading_contradicts_is_suspect_and_in_no_total(house: House) -> None:
    job = settled(house)
    before = equity(house, job)
    order(house, FaultKind.REWRITE, SPOT, field="free", value='"5000000"', count=1)
    house.once()
    assert equity(house, job) == before
    assert {(wallet.ok, wallet.reason) for wallet in house.wallets(job).values()} == {(False, "suspect")}
    assert house.state(job).last_error_code == "suspect"
    assert [mark.kind for mark in marks(house, job)] == [MarkKind.SUSPECT]
    overview = load_overview(
        house.storage, operator_scope(house.clock()), client_id=job.client_id, now=house.clock() + timedelta(seconds=1)
    )
    assert overview.equity.value == before
    assert len(overview.equity.carried) == len(house.wallets(job))
    assert overview.curve.carried[-1]
    house.clock.move(30)
    house.once()
    assert house.amounts(job) == house.truth("good")
    assert house.state(job).last_error_code is None


def test_a_deposit_that_the_ledger_tells_is_not_read_twice(house: House) -> None:
    job = settled(house)
    house.deposit("good", "USDT", "900000")
    house.sandbox.requests.clear()
    house.once()
    assert house.requests("good")[SPOT] == 1
    assert house.amounts(job) == house.truth("good")
    assert marks(house, job) == []


def test_frozen_answers_are_stale_after_five_minutes_and_the_figures_keep_their_age(house: House) -> None:
    job = settled(house)
    runner = house.runner()
    house.tick(runner)
    house.tick(runner)
    order(house, FaultKind.FREEZE, "/")
    codes = []
    for _ in range(12):
        house.clock.move(30)
        house.tick(runner)
        codes.append(house.state(job).last_error_code)
    stale_from = codes.index("stale_at_exchange")
    assert stale_from == 9  # the tenth tick comes five minutes after the last answer that was new
    assert set(codes[stale_from:]) == {"stale_at_exchange"}
    last_good = max(wallet.as_of for wallet in house.wallets(job).values() if wallet.as_of)
    assert house.clock() - last_good >= timedelta(seconds=90)
    house.sandbox.faults.clear()
    house.clock.move(30)
    house.tick(runner)
    assert house.state(job).last_error_code is None
    assert house.amounts(job) == house.truth("good")


def test_a_fresh_sidecar_finds_old_answers_out_by_the_exchange_s_clock(house: House) -> None:
    job = settled(house)
    order(house, FaultKind.FREEZE, "/")
    house.clock.move(301)
    house.once()
    assert house.state(job).last_error_code == "stale_at_exchange"


def test_the_answer_of_another_account_is_dropped_and_the_operator_is_told(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    job, other = house.add("good"), house.add("spot")
    house.once()
    house.clock.move(120)
    before = house.wallets(job)
    order(house, FaultKind.SWAP, SPOT)
    house.once()
    assert house.wallets(job) == before
    assert (house.account(job).status, house.account(job).reason) == (AccountStatus.NEEDS_ATTENTION, "other_identity")
    assert house.amounts(other) == house.truth("spot")
    assert [record.levelname for record in caplog.records if "another account" in record.message] == ["CRITICAL"]


@pytest.mark.parametrize("value", ["NaN", '"-5"', "{}"])
def test_a_section_that_cannot_be_true_fails_alone(house: House, value: str) -> None:
    job = settled(house)
    before = house.wallets(job)["spot"]
    order(house, FaultKind.REWRITE, SPOT, field="free", value=value)
    house.once()
    spot = house.wallets(job).pop("spot")
    assert (spot.ok, spot.reason, spot.equity, spot.as_of) == (False, "bad_response", before.equity, before.as_of)
    others = [wallet for wallet in house.wallets(job).values() if wallet.wallet in ("usdm", "coinm")]
    assert all(wallet.ok and wallet.as_of == house.clock() for wallet in others)


def test_an_unknown_asset_is_listed_without_a_price_and_never_as_zero(house: House) -> None:
    job = house.add("good")
    house.deposit("good", "GHOST", "12.5")
    house.once()
    assert house.wallets(job)["spot"].unpriced == ("GHOST",)
    (ghost,) = [row for row in house.balances(job) if row.asset == "GHOST"]
    assert (ghost.total, ghost.price, ghost.value) == (Decimal("12.5"), None, None)
    overview = load_overview(
        house.storage, operator_scope(house.clock()), client_id=job.client_id, now=house.clock() + timedelta(seconds=1)
    )
    assert overview.equity.unpriced == ("GHOST",)


def test_a_wrong_clock_is_measured_used_and_told(house: House) -> None:
    seconds = -400
    house.sandbox.fault(Fault(EXCHANGE, FaultKind.SKEW, seconds=seconds))
    job = house.add("good")
    runner = house.runner()
    house.tick(runner)
    for _ in range(2):
        house.clock.move(30)
        house.tick(runner)
    assert house.state(job).last_ok_at == house.clock()
    assert house.wallets(job)["spot"].as_of == house.clock() + timedelta(seconds=seconds)
    assert read_system_health(house.storage, house.clock()).clock_seconds == seconds


class Unwilling:
    """A storage that takes no writes for a number of tries."""

    def __init__(self, storage: Storage, refusals: int) -> None:
        self._storage, self.refusals = storage, refusals

    def begin(self, *given: Passed, **named: Passed) -> Passed:
        if named.get("write", True) and self.refusals > 0:
            self.refusals -= 1
            raise StorageUnavailableError("disk full")
        return self._storage.begin(*given, **named)


def read_unwillingly(house: House, refusals: int) -> str | None:
    """Read the account that is due although the database takes nothing; time passes only in waiting."""
    lease = house.claim("one")
    assert lease is not None
    begun = house.clock()

    def sleep(seconds: float) -> bool:
        house.clock.move(seconds)
        return True

    patience = Patience(sleep, lambda: (house.clock() - begun).total_seconds(), lambda: 0.5)
    storage = cast(Storage, Unwilling(house.storage, refusals))
    tools = replace(house.runner().tools, storage=storage, patience=patience)
    return run_slot(tools, lease)


def test_a_slot_waits_for_a_database_that_takes_nothing_and_is_stored_whole(any_house: House) -> None:
    house = any_house
    job = settled(house)
    truth, at = house.truth("good"), house.clock()
    assert read_unwillingly(house, 20) is None
    assert house.clock() - at > timedelta(minutes=3)
    assert house.amounts(job) == truth
    assert {wallet.as_of for wallet in house.wallets(job).values()} == {at}
    assert house.state(job).leased_by is None


def test_a_slot_that_cannot_be_stored_for_ten_minutes_is_missed_and_nothing_of_it_is_stored(house: House) -> None:
    job = settled(house)
    before = house.wallets(job)
    assert read_unwillingly(house, 60) == "missed"
    assert house.wallets(job) == before
    assert house.state(job).last_error_code == "missed"
    house.clock.move(60)
    house.once()
    assert house.amounts(job) == house.truth("good")
    assert house.state(job).last_error_code is None


# the ledger


def deposits(house: House, job: Job) -> dict[str, Decimal]:
    rows = [row for row in house.ledger_rows(job) if row.kind == "deposit"]
    assert len(rows) == len({(row.wallet, row.dedupe_key) for row in rows})
    return {row.dedupe_key: row.amount for row in rows}


def test_an_entry_that_comes_late_is_stored_once_and_its_quarter_of_an_hour_is_marked(any_house: House) -> None:
    house = any_house
    job = settled(house)
    known = deposits(house, job)
    house.deposit("good", "USDT", "30")
    booked_at = house.clock()
    order(house, FaultKind.WITHHOLD_ROWS, DEPOSITS, rows=1000)
    house.clock.move(240)
    house.once()
    assert deposits(house, job) == known
    house.sandbox.faults.clear()
    for _ in range(2):
        house.clock.move(300)
        house.once()
        fresh = [amount for key, amount in deposits(house, job).items() if key not in known]
        assert fresh == [30]
    assert [(mark.kind, mark.at) for mark in marks(house, job)] == [
        (MarkKind.LATE, booked_at.replace(minute=0, second=0, microsecond=0))
    ]


def test_an_entry_told_a_day_late_is_found_by_the_daily_reading_of_two_days(house: House) -> None:
    job = settled(house)
    known = deposits(house, job)
    house.deposit("good", "USDT", "30")
    order(house, FaultKind.WITHHOLD_ROWS, DEPOSITS, rows=1000)
    house.clock.move(3600)
    house.once()
    house.sandbox.faults.clear()
    house.clock.move(1800)
    house.once()
    assert deposits(house, job) == known
    house.clock.move(12 * 3600)
    house.once()
    assert [amount for key, amount in deposits(house, job).items() if key not in known] == [30]
    assert [mark.kind for mark in marks(house, job)] == [MarkKind.LATE]


def test_rows_repeated_reversed_or_overlapping_leave_the_ledger_as_it_is(house: House) -> None:
    job = settled(house)
    for number, kind in enumerate((FaultKind.REPEAT_ROWS, FaultKind.REVERSE_ROWS, FaultKind.OVERLAP_ROWS), start=1):
        house.deposit("good", "USDT", "30")
        house.deposit("good", "USDT", "30")
        order(house, kind, "/sapi")
        order(house, kind, "/fapi/v1/income")
        house.clock.move(300)
        house.once()
        struck = house.ledger(job)
        house.sandbox.faults.clear()
        house.clock.move(300)
        house.once()
        assert house.state(job).ledger_read_to == house.clock()
        assert {key: amount for key, amount in house.ledger(job).items() if key in struck} == struck
        told = [row.amount for row in house.ledger_rows(job, "spot", "USDT") if row.kind == "deposit"]
        assert told.count(Decimal(30)) == 2 * number


def test_a_page_that_fails_midway_stores_nothing_of_the_ledger_and_leaves_no_gap(house: House) -> None:
    job = settled(house)
    known, read_to = house.ledger(job), house.state(job).ledger_read_to
    house.clock.move(300)
    house.deposit("good", "USDT", "30")
    order(house, FaultKind.RESET, "/fapi/v1/income")
    house.once()
    assert house.ledger(job) == known
    assert house.state(job).ledger_read_to == read_to
    assert house.state(job).last_error_code is None
    house.sandbox.faults.clear()
    house.clock.move(30)
    house.once()
    assert Decimal(30) in house.ledger(job).values()
    assert house.state(job).ledger_read_to == house.clock()


def test_a_deposit_booked_while_nobody_read_has_the_price_of_its_time(any_house: House) -> None:
    house = any_house
    job = settled(house)
    runner = house.runner()
    house.tick(runner)
    house.deposit("good", "BTC", "2")
    booked_at = house.clock()
    worth = house.sandbox.world.price("BTC", booked_at)
    house.clock.move(3 * 3600)
    house.once()
    (row,) = [row for row in house.ledger_rows(job, asset="BTC") if row.booked_at == booked_at]
    assert worth is not None
    assert row.price is not None
    assert abs(row.price / worth - 1) < Decimal("0.005")
    assert row.price != house.sandbox.world.price("BTC", house.clock())


def test_the_ledger_tells_which_money_moved_between_own_accounts(house: House) -> None:
    job = house.add("good")

    class Inside:
        """A connector whose transfers are told to be inside."""

        def __init__(self, inner: Passed) -> None:
            self._inner = inner

        def __getattr__(self, name: str) -> Passed:
            return getattr(self._inner, name)

        def get_ledger_part(self, since: Passed, until: Passed) -> LedgerPart:
            part: LedgerPart = self._inner.get_ledger_part(since, until)
            inside = (LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT)
            entries = tuple(replace(entry, internal=entry.kind in inside or None) for entry in part.entries)
            return replace(part, entries=entries)

    house.wrap = lambda account, connector: Inside(connector)  # type: ignore[assignment,return-value]
    house.once()
    told = {row.kind: row.internal for row in house.ledger_rows(job)}
    assert told["transfer_in"] is True
    assert told["deposit"] is None
