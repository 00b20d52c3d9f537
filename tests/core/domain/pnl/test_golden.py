"""Every worked case of what P&L means gives its figures."""

from typing import Any

import pytest

from tests.core.domain.pnl.golden import cases, mistakes

CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_golden_case_gives_its_figures(case: dict[str, Any]) -> None:
    assert mistakes(case) == []


def test_there_are_twenty_five_cases() -> None:
    assert len(CASES) == 25
    assert sum(len(case["calls"]) for case in CASES) == 149
