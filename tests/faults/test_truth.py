"""Answers that are well formed and wrong: moves, repeats, somebody else's, ledgers in disorder."""

import logging
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors.sandbox.faults import FaultKind
from core.domain.marks import MarkKind
from core.domain.types import AccountStatus, Job
from tests.faults.house import FaultHouse

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SPOT = "/api/v3/account"
LEDGERS = ("/sapi/v1/capital/deposit/hisrec", "/fapi/v1/income", "/sapi/v1/asset/assetDividend")


def marks(house: FaultHouse, job: Job) -> list[MarkKind]:
    with house.storage.begin(write=False) as uow:
        found = uow.marks.find({job.account_id}, None, kinds=set(MarkKind), noted_since=NOON)
    return [mark.kind for mark in found]


def test_a_large_move_that_a_second_reading_confirms_is_accepted_and_flagged(house: FaultHouse) -> None:
    before = house.figures(house.good)
    house.strike(FaultKind.REWRITE, key="good", path_prefix=SPOT, field="free", value='"9999"')
    house.pass_time(2)
    house.once()
    assert house.state(house.good).last_error_code is None
    assert house.figures(house.good).equities["spot"] != before.equities["spot"]
    assert marks(house, house.good) == [MarkKind.LARGE_MOVE]


def test_a_large_move_that_the_next_reading_denies_is_suspect_and_never_in_the_total(house: FaultHouse) -> None:
    before = house.figures(house.good)
    equity = shown_equity(house)
    house.strike(FaultKind.REWRITE, key="good", path_prefix=SPOT, field="free", value='"9999"', count=1)
    house.pass_time(2)
    house.once()
    assert house.figures(house.good).equities == before.equities
    assert house.state(house.good).last_error_code == "suspect"
    assert marks(house, house.good) == [MarkKind.SUSPECT]
    assert shown_equity(house) == equity
    house.pass_time(2)
    house.once()
    assert house.state(house.good).last_error_code is None
    assert house.amounts(house.good) == house.truth("good")


def shown_equity(house: FaultHouse) -> str:
    metrics = house.screen("overview").metric
    return str(next(metric.value for metric in metrics if metric.label == "Equity"))


def test_answers_that_stand_still_for_five_minutes_are_stale_at_the_exchange(house: FaultHouse) -> None:
    runner = house.runner()
    house.tick(runner)
    house.tick(runner)
    assert house.age(house.good) == 0
    house.strike(FaultKind.FREEZE, key="good")
    frozen_at = house.clock()
    house.ticks(runner, seconds=420, step=60)
    read_at = house.state(house.good).last_ok_at
    assert read_at is not None
    assert (read_at - frozen_at).total_seconds() <= 330
    assert house.state(house.good).last_error_code == "stale_at_exchange"
    assert house.account(house.good).status is AccountStatus.ACTIVE
    assert house.age(house.spot) <= 60
    assert "Binance keeps sending the same old answer" in house.reads()
    house.heal()
    house.ticks(runner, seconds=60, step=30)
    assert house.state(house.good).last_error_code is None
    assert house.age(house.good) <= 30


def test_another_account_s_answer_is_dropped_with_a_critical_alert(
    any_house: FaultHouse, caplog: pytest.LogCaptureFixture
) -> None:
    house = any_house
    house.once()
    before = house.figures(house.good)
    house.strike(FaultKind.SWAP, key="good", path_prefix=SPOT)
    house.pass_time()
    house.once()
    after = house.figures(house.good)
    assert (after.amounts, after.equities) == (before.amounts, before.equities)
    assert (house.account(house.good).status, house.account(house.good).reason) == (
        AccountStatus.NEEDS_ATTENTION,
        "other_identity",
    )
    dropped = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert ["another account" in record.message for record in dropped] == [True]
    assert house.amounts(house.spot) == house.truth("spot")
    assert "This key belongs to another exchange account" in house.reads()


@pytest.mark.parametrize(
    "kind", [FaultKind.REPEAT_ROWS, FaultKind.REVERSE_ROWS, FaultKind.OVERLAP_ROWS, FaultKind.WITHHOLD_ROWS]
)
def test_a_ledger_in_disorder_ends_as_the_truth(house: FaultHouse, undisturbed: FaultHouse, kind: FaultKind) -> None:
    receive(house)
    for path in LEDGERS:
        house.strike(kind, key="good", path_prefix=path, rows=2)
    house.pass_time(11)
    house.once()
    house.heal()
    house.pass_time(11)
    house.once()
    undisturbed.once()
    assert len(undisturbed.ledger(undisturbed.good)) > 10
    assert house.ledger(house.good) == undisturbed.ledger(undisturbed.good)
    told = house.ledger(house.good)
    house.pass_time(11)
    house.once()
    assert house.ledger(house.good).items() >= told.items()
    assert [row.amount for row in house.ledger_rows(house.good, "spot", "USDT")].count(Decimal(11)) == 2


def test_a_page_that_fails_midway_leaves_no_gap(any_house: FaultHouse, undisturbed: FaultHouse) -> None:
    house = any_house
    receive(house)
    read_to = house.state(house.good).ledger_read_to
    house.strike(FaultKind.STATUS, status=500, key="good", path_prefix=LEDGERS[0])
    house.pass_time(11)
    house.once()
    assert house.state(house.good).ledger_read_to == read_to
    house.heal()
    house.pass_time(11)
    house.once()
    undisturbed.once()
    assert house.ledger(house.good) == undisturbed.ledger(undisturbed.good)


def receive(house: FaultHouse) -> None:
    """Let deposits arrive, two of them at the same instant and of the same amount."""
    for amount in ("11", "11", "12"):
        house.deposit("good", "USDT", amount)
