"""The months of the mapping torture in small, and what it says of a ledger that has lost a row."""

import argparse
from pathlib import Path

import pytest

from tests.mapping import checks
from tests.mapping.lived import Plan, live
from tests.torture.mapping import add_arguments, run

EXCHANGE = "krakenfutures"


def test_some_days_of_another_world_close(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    summary = run(parser.parse_args(["--days", "8", "--seeds", "1", "--exchange", EXCHANGE]))
    assert summary.faults == ()
    assert capsys.readouterr().out.count(": 0 faults\n") == int(summary.facts["accounts"]) == 2


def test_a_lost_row_is_a_fault(tmp_path: Path) -> None:
    with live(EXCHANGE, "one_way", tmp_path, Plan(days=6)) as lived:
        (row, *_others) = checks.one_of_each_kind(lived)
        lived.rows.remove(row)
        assert len(checks.breaks_of_the_ledger(lived)) == 1
        checks.forget(lived, row)
        assert len(checks.days_that_do_not_close(lived)) == 1
