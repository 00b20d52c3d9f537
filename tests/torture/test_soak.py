"""The soak in small, and what it would say of a fleet that is late or a ledger that is not the exchange's."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from connectors.types import LedgerEntry, LedgerKind
from core.domain.types import LedgerRow
from tests.fleet.readings import ages, judge, missed
from tests.torture.soak import Plan, facts, faults, soak

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENTRY = LedgerEntry(
    id="1", dedupe_key="deposit:1", kind=LedgerKind.DEPOSIT, wallet="spot", asset="USDT", amount=Decimal(5),
    booked_at=NOON,
)  # fmt: skip
ROW = LedgerRow(
    account_id=UUID(int=1), client_id=UUID(int=2), wallet="spot", dedupe_key="deposit:1", native_id="1",
    kind="deposit", asset="USDT", amount=Decimal(5), booked_at=NOON, price=None,
)  # fmt: skip
BOOKED: dict[str, object] = {"kind": "deposit", "counts": True, "amount": "5"}


@pytest.mark.postgres
def test_a_small_fleet_is_kept_on_time_by_two_sidecars_with_nothing_lost_or_double(tmp_path: Path) -> None:
    plan = Plan(
        accounts=6, mains=3, seconds=5, latency=0.01, main_interval=5, rest_interval=10,
        exchanges=("bitget", "gateio"), grace=0,
    )  # fmt: skip
    found = soak(plan, tmp_path)
    assert [line for line in faults(found) if "missed" not in line] == []  # a busy machine may be late
    assert found.slots >= 1
    assert found.ledgers.accounts == 6
    assert found.ledgers.rows > 0
    assert found.booked > 2
    assert facts(plan, found)["ledger rows lost, extra"] == "0, 0"


def test_a_gap_of_one_and_a_half_intervals_is_a_missed_slot() -> None:
    assert missed([29, 31, 44.9], 30) == 0
    assert missed([45, 61], 30) == 2
    assert missed([75], 30) == 2


def test_ages_are_those_reached_before_each_reading_and_at_the_end() -> None:
    read = [NOON + timedelta(seconds=seconds) for seconds in (10, 40)]
    assert ages(read, NOON, NOON + timedelta(seconds=65)) == [10, 30, 25]


def test_equal_ledgers_have_no_difference() -> None:
    found = judge("a", [ROW], [ENTRY], [BOOKED])
    assert (found.lost, found.extra, found.rows, found.deposits) == ([], [], 1, 1)


def test_a_row_that_is_not_stored_is_lost() -> None:
    assert len(judge("a", [], [ENTRY], []).lost) == 1
    assert len(judge("a", [ROW], [ENTRY], [BOOKED, BOOKED]).lost) == 1


def test_a_row_under_two_keys_or_with_another_amount_is_found() -> None:
    double = replace(ROW, dedupe_key="deposit:1b")
    assert len(judge("a", [ROW, double], [ENTRY], [BOOKED]).extra) == 2
    other = judge("a", [replace(ROW, amount=Decimal(6))], [ENTRY], [BOOKED])
    assert other.lost
    assert other.extra
