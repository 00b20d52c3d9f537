"""Ledger entries as rows."""

from datetime import timedelta
from decimal import Decimal

from core.sync.ledger import ledger_rows
from tests.core.sync.worlds import ACCOUNT, CLIENT, NOON, account, entry, prices

PRICES = prices({"BTC": "60000", "USDT": "1"})
MINUTE = timedelta(minutes=1)


def test_recent_entries_get_the_present_price_and_older_ones_only_what_needs_no_market() -> None:
    entries = [
        entry("a", "1", NOON - 10 * MINUTE),
        entry("b", "1", NOON - 11 * MINUTE),
        entry("c", "5", NOON - 90 * MINUTE, "USDT"),
        entry("d", "5", NOON, "MOON"),
    ]
    rows = ledger_rows(account(), entries, price_of=PRICES, now=NOON)
    assert {row.dedupe_key: row.price for row in rows} == {"c": Decimal(1), "b": None, "a": Decimal(60000), "d": None}
    assert [row.booked_at for row in rows] == sorted(row.booked_at for row in rows)


def test_one_key_gives_one_row_and_nothing_of_the_entry_is_lost() -> None:
    rows = ledger_rows(account(), [entry("a", "0.1", NOON), entry("a", "0.1", NOON)], price_of=PRICES, now=NOON)
    assert len(rows) == 1
    row = rows[0]
    assert (row.account_id, row.client_id, row.wallet, row.kind, row.amount) == (
        ACCOUNT,
        CLIENT,
        "spot",
        "deposit",
        Decimal("0.1"),
    )
    assert (row.native_id, row.dedupe_key) == ("id-a", "a")
