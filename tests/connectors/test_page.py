"""docs/exchanges.md says what the connectors declare today, and they declare what the page needs."""

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

import connectors
from connectors import _connector_class
from connectors.types import Permissions

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "exchanges.md").read_text(encoding="utf-8")
MODES = {"classic", "unified", "portfolio_margin"}
each_exchange = pytest.mark.parametrize("exchange", connectors.available())


def test_the_page_is_current() -> None:
    command = [sys.executable, "-m", "connectors"]
    written = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, encoding="utf-8").stdout
    assert written == PAGE, "run `make docs`"


@each_exchange
def test_a_connector_declares_modes_key_facts_days_and_quirks(exchange: str) -> None:
    info = connectors.describe(exchange)
    assert set(info.modes) <= MODES
    assert info.modes
    assert {"read", "withdraw"} <= info.key_facts <= {field.name for field in fields(Permissions)}
    assert all(days >= 0 for days in info.history.values())
    assert all(days > 0 for days in info.windows.values())
    assert info.quirks
    assert all(quirk.endswith(".") for quirk in info.quirks)


@each_exchange
def test_every_limit_of_a_call_is_declared(exchange: str) -> None:
    kind = _connector_class(exchange)
    limits = {limit.name for limit in kind.info.rate_limits}
    assert [call.path for call in kind.endpoints if call.limit and call.limit not in limits] == []


def test_every_link_within_the_page_leads_to_a_chapter() -> None:
    titles = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) == anchors
    assert len(titles) == len(connectors.available())


def test_every_row_of_a_table_is_as_long_as_its_head() -> None:
    for table in re.findall(r"(?:^\|.*\|\n)+", PAGE, re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1
