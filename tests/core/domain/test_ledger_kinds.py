"""Every kind that a connector may report has a kind in the book."""

import pytest

from connectors.types import LedgerKind
from core.domain.ledger_kinds import FLOWS, KIND_OF
from core.domain.pnl.book import KINDS

TABLE = [
    ("realized_pnl settlement", "realised"),
    ("funding", "funding"),
    ("fee", "fee"),
    ("rebate", "rebate"),
    ("liquidation_fee", "liquidation_fee"),
    ("interest reward", "interest"),
    ("bonus", "bonus"),
    ("airdrop", "airdrop"),
    ("deposit", "deposit"),
    ("withdrawal", "withdrawal"),
    ("transfer_in transfer_out", "transfer"),
    ("trade conversion option_premium", "trade"),
    ("other", "adjustment"),
]


@pytest.mark.parametrize(("reported", "kind"), [(name, kind) for names, kind in TABLE for name in names.split()])
def test_a_reported_kind_has_its_kind_in_the_book(reported: str, kind: str) -> None:
    assert KIND_OF[LedgerKind(reported)] == kind
    assert kind in KINDS


def test_no_kind_is_forgotten_and_none_made_up() -> None:
    assert KIND_OF.keys() == {kind.value for kind in LedgerKind}
    assert set(FLOWS) == {"deposit", "withdrawal", "transfer_in", "transfer_out"}
