"""Small books told as stories: what was read when, what was booked when; a wallet is "A" or "A/um"."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from core.domain.pnl import Book, period_pnl, returns
from core.domain.pnl.period import PeriodPnl

DAY0 = pd.Timestamp("2026-06-01T00:00:00Z")
Amounts = dict[str, float]


def at(hours: float) -> pd.Timestamp:
    """Return the instant so many hours after the story begins."""
    return DAY0 + pd.Timedelta(hours=hours)


@dataclass
class Story:
    """A book in the making. Prices are USD; a dollar coin costs one unless a price is given."""

    tz: str = "UTC"
    ccy: str = "USD"
    cfg: dict[str, float] = field(default_factory=lambda: {"stale_after_s": 1e9, "price_max_age_s": 1e9})
    snapshots: list[dict[str, Any]] = field(default_factory=list)
    balances: list[dict[str, Any]] = field(default_factory=list)
    positions: list[dict[str, Any]] = field(default_factory=list)
    ledger: list[dict[str, Any]] = field(default_factory=list)
    fx: list[dict[str, Any]] = field(default_factory=list)

    def read(
        self, hours: float, wallet: str, amounts: Amounts, *, prices: Amounts | None = None, ok: bool = True
    ) -> "Story":
        """Tell what a wallet held; a price of NaN is none."""
        place = self._place(hours, wallet)
        self.snapshots.append({**place, "ok": ok})
        for asset, amount in amounts.items():
            price = (prices or {}).get(asset, 1.0)
            self.balances.append({**place, "asset": asset, "amount": amount, "price": price})
        return self

    def holds(self, hours: float, wallet: str, upnl: float, **given: Any) -> "Story":  # noqa: ANN401
        """Tell an open position of the last reading."""
        usual = {"symbol": "BTCUSDT", "base": "BTC", "side": "long", "qty": 1.0, "contract": "linear", "mark": 1.0}
        usual |= {"multiplier": 1.0, "settle": "USDT", "settle_price": 1.0}
        self.positions.append({**self._place(hours, wallet), **usual, "upnl": upnl, **given})
        return self

    def book_entry(self, hours: float, wallet: str, kind: str, amount: float, **given: Any) -> "Story":  # noqa: ANN401
        """Tell a ledger entry; USDT unless said otherwise."""
        entry = {"id": f"e{len(self.ledger)}", "kind": kind, "asset": "USDT", "amount": amount, "price": 1.0}
        self.ledger.append({**self._place(hours, wallet), **entry, **given})
        return self

    def rate(self, hours: float, per_usd: float) -> "Story":
        """Tell what a dollar costs in BRL from then on."""
        self.fx.append({"ts": at(hours), "ccy": "BRL", "per_usd": per_usd})
        return self

    def book(self) -> Book:
        """Return the book."""
        names = sorted({row["account"] for row in self.snapshots})
        tables = {name: pd.DataFrame(getattr(self, name)) if getattr(self, name) else None for name in
                  ("snapshots", "balances", "positions", "ledger", "fx")}  # fmt: skip
        accounts = pd.DataFrame({"account": names, "exchange": "x"})
        return Book(tz=self.tz, ccy=self.ccy, cfg=self.cfg, accounts=accounts, **tables)

    def pnl(self, t0: float, t1: float, **given: Any) -> PeriodPnl:  # noqa: ANN401
        """Return the P&L between two hours of the story."""
        return period_pnl(self.book(), at(t0), at(t1), **given)

    def twr(self, t0: float, t1: float, **given: Any) -> float | None:  # noqa: ANN401
        """Return the time-weighted return between two hours of the story."""
        return returns(self.book(), at(t0), at(t1), **given).twr

    def _place(self, hours: float, wallet: str) -> dict[str, Any]:
        account, _slash, name = wallet.partition("/")
        return {"ts": at(hours), "account": account, "wallet": name or "um"}
