"""Where the P&L came from: by wallet, account, exchange, asset or symbol; rows always add up (PNL.md section 10)."""

from typing import Any

import numpy as np
import pandas as pd

from core.domain.pnl.book import COMPONENTS, Book, Scope, instant
from core.domain.pnl.period import scoped_increments, sums_by_component
from core.domain.pnl.transit import IN_TRANSIT
from core.domain.pnl.wallets import Wallet, readings

NONE = "(none)"
GROUPS = ("wallet", "account", "exchange", "asset", "symbol")
MONEY = ("total", *COMPONENTS, "net_flows", "scope_flows")
NOISE = 1e-9


def attribution(  # noqa: PLR0913 (the fixed arguments of PNL.md section 17)
    book: Book,
    t0: Any,  # noqa: ANN401
    t1: Any,  # noqa: ANN401
    by: str,
    scope: Scope = None,
    ccy: str | None = None,
) -> pd.DataFrame:
    """Return key, total, the components, net_flows and scope_flows of each group over (t0, t1].

    By wallet, account and exchange each group is a scope of its own, and what moved between them is "(in transit)".
    Raises ValueError for another `by`.
    """
    if by not in GROUPS:
        raise ValueError(f"cannot attribute by {by!r}; known: {', '.join(GROUPS)}")
    edges = np.array([instant(t0), instant(t1)], dtype=np.int64)
    currency = ccy or book.ccy
    whole = scoped_increments(book, edges, scope, currency)
    if by in ("asset", "symbol"):
        keyed = whole.assign(key=whole[by].where(whole[by].notna(), NONE))
        found = {str(key): sums_by_component(part) for key, part in keyed.groupby("key")}
    else:
        found = {
            key: sums_by_component(scoped_increments(book, edges, members, currency))
            for key, members in _groups(book, scope, by).items()
        }
        total = sums_by_component(whole)
        found[IN_TRANSIT] = {name: total[name] - sum(part[name] for part in found.values()) for name in total}
    rows = [
        {"key": key, **{name: found[key][name] for name in MONEY}}
        for key in sorted(found)
        if any(not abs(found[key][name]) <= NOISE for name in MONEY)
    ]
    return pd.DataFrame(rows, columns=["key", *MONEY])


def _groups(book: Book, scope: Scope, by: str) -> dict[str, list[str]]:
    name = {
        "wallet": lambda wallet: wallet.key,
        "account": lambda wallet: wallet.account,
        "exchange": lambda wallet: wallet.exchange,
    }[by]
    groups: dict[str, list[str]] = {}
    for wallet in readings(book).of(scope):
        groups.setdefault(_named(name, wallet), []).append(wallet.key)
    return groups


def _named(name: Any, wallet: Wallet) -> str:  # noqa: ANN401 (one of three getters)
    return str(name(wallet))
