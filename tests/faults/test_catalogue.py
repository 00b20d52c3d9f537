"""The table of the fault catalogue is whole, and every test that it names exists."""

import ast
import re
from functools import lru_cache
from pathlib import Path

import pytest

from tests.faults.catalogue import ROWS

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "tests" / "fixtures" / "fault-catalogue.md"


def faults() -> list[str]:
    """Return the faults of the catalogue's table, in order."""
    lines = [line for line in CATALOGUE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    return [line.split("|")[1].strip() for line in lines[2:]]


@lru_cache
def names_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def test_every_row_of_the_catalogue_is_shown_and_no_other() -> None:
    assert len(faults()) == 21
    assert list(ROWS) == faults()


@pytest.mark.parametrize("fault", list(ROWS))
def test_a_row_names_tests_that_exist_or_the_issue_it_waits_for(fault: str) -> None:
    assert ROWS[fault]
    for name in ROWS[fault]:
        if re.fullmatch(r"issue \d+", name):
            assert fault == "webhook target slow or down"
            continue
        path, _, test = name.partition("::")
        assert test in names_in(ROOT / path), name
