"""Books with hardly anything in them are answered like any other."""

import pandas as pd
import pytest

from core.domain.pnl import Book, attribution, daily_pnl, returns

T0, T1 = "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"
ACCOUNTS = pd.DataFrame([("a", "x", None)], columns=["account", "exchange", "removed_at"])
READ = pd.DataFrame([(T0, "a", "spot", True), (T1, "a", "spot", True)], columns=["ts", "account", "wallet", "ok"])
OPEN = pd.DataFrame(
    [(T0, "a", "spot", "(none)", "USDT", 5.0, 1.0), (T1, "a", "spot", "(none)", "USDT", 7.5, 1.0)],
    columns=["ts", "account", "wallet", "symbol", "settle", "upnl", "settle_price"],
)


@pytest.mark.parametrize(
    ("book", "total"),
    [
        (Book(), 0.0),
        (Book(accounts=ACCOUNTS), 0.0),
        (Book(accounts=ACCOUNTS, snapshots=READ), 0.0),
        (Book(accounts=ACCOUNTS, snapshots=READ.assign(ok=False)), 0.0),
        (Book(accounts=ACCOUNTS, snapshots=READ, positions=OPEN), 2.5),
    ],
    ids=["nothing", "an account never read", "empty wallets", "failed wallets", "open P&L alone"],
)
def test_a_bare_book_has_its_days(book: Book, total: float) -> None:
    [_before, day] = daily_pnl(book, "2026-02-28", "2026-03-01", now=T1)
    assert day.total == pytest.approx(total)
    assert attribution(book, T0, T1, by="symbol")["total"].sum() == pytest.approx(total)
    assert returns(book, T0, T1).wiped_out is False
