"""Closed positions from fills, at average cost, from flat to flat (PNL.md section 8), and what they say together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from core.domain.pnl.book import settings

FLAT = 1e-12
NUMBERS = ("qty", "price", "multiplier", "fee", "amount", "settle_price")
DEFAULTS: dict[str, Any] = {
    "pos_side": "net", "contract": "linear", "multiplier": 1.0, "fee": 0.0, "settle": None, "settle_price": 1.0
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClosedPositions:
    """Positions from flat to flat, and those still open; money in settle units, `net_usd` at each piece's own price."""

    closed: list[dict[str, Any]]
    open: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class TradeStats:
    """Counts, rates (ratios) and money of closed positions; None where there is nothing to divide by."""

    n: int
    wins: int
    losses: int
    breakeven: int
    win_rate: float | None
    profit_factor: float | None
    expectancy: float | None
    avg_win: float | None
    avg_loss: float | None
    payoff: float | None
    largest_win: float | None
    largest_loss: float | None
    net: float
    low_sample: bool


@dataclass(slots=True)
class _Position:
    """One position while it is open: sums of what was entered and left, by quantity (or its inverse)."""

    key: tuple[str, str, str]
    contract: Literal["linear", "inverse"]
    direction: int
    open_ts: pd.Timestamp
    qty: float = 0.0
    max_qty: float = 0.0
    entered: float = 0.0
    entered_by_price: float = 0.0
    left: float = 0.0
    left_by_price: float = 0.0
    cost: float = 0.0
    gross: float = 0.0
    gross_usd: float = 0.0
    fees: float = 0.0
    fees_usd: float = 0.0
    funding: float = 0.0
    funding_usd: float = 0.0
    fills: int = 0

    def enter(self, qty: float, price: float) -> None:
        weight = qty / price if self.contract == "inverse" else qty * price
        self.qty += qty
        self.max_qty = max(self.max_qty, self.qty)
        self.entered += qty
        self.entered_by_price += weight
        self.cost += weight

    def leave(self, qty: float, fill: Mapping[str, Any]) -> None:
        share = qty / self.qty
        cost = self.cost * share
        weight = qty / fill["price"] if self.contract == "inverse" else qty * fill["price"]
        gain = (cost - weight if self.contract == "inverse" else weight - cost) * self.direction * fill["multiplier"]
        self.gross += gain
        self.gross_usd += gain * fill["settle_price"]
        self.cost -= cost
        self.qty -= qty
        self.left += qty
        self.left_by_price += weight

    def pay(self, fee: float, settle_price: float) -> None:
        self.fees += fee
        self.fees_usd += fee * settle_price

    def _average(self, qty: float, weight: float) -> float | None:
        if qty <= FLAT:
            return None
        return qty / weight if self.contract == "inverse" else weight / qty

    def row(self, close_ts: pd.Timestamp | None) -> dict[str, Any]:
        account, symbol, side = self.key
        net = self.gross + self.fees + self.funding
        return {
            "account": account,
            "symbol": symbol,
            "pos_side": side,
            "direction": "long" if self.direction > 0 else "short",
            "open_ts": self.open_ts,
            "close_ts": close_ts,
            "qty": self.left if close_ts is not None else self.qty,
            "max_qty": self.max_qty,
            "entry": self._average(self.entered, self.entered_by_price),
            "exit": self._average(self.left, self.left_by_price),
            "gross": self.gross,
            "fees": self.fees,
            "funding": self.funding,
            "net": net,
            "net_usd": self.gross_usd + self.fees_usd + self.funding_usd,
            "fills": self.fills,
        }


@dataclass(slots=True)
class _Desk:
    """All positions open at a moment, and those already closed."""

    open: dict[tuple[str, str, str], _Position] = field(default_factory=dict)
    closed: list[dict[str, Any]] = field(default_factory=list)

    def fund(self, row: Mapping[str, Any]) -> None:
        position = self.open.get(_key(row))
        if position is not None:
            position.funding += row["amount"]
            position.funding_usd += row["amount"] * row["settle_price"]

    def fill(self, row: Mapping[str, Any]) -> None:
        """Apply one fill; one that crosses zero closes a position and opens the opposite, its fee pro rata."""
        key, direction, rest = _key(row), (1 if row["side"] == "buy" else -1), row["qty"]
        position = self.open.get(key)
        if position is not None and position.direction != direction:
            closing = min(rest, position.qty)
            position.leave(closing, row)
            position.pay(row["fee"] * closing / row["qty"], row["settle_price"])
            position.fills += 1
            rest -= closing
            if position.qty <= FLAT * max(position.max_qty, 1.0):
                self.closed.append(position.row(row["ts"]))
                del self.open[key]
                position = None
        if rest > FLAT * row["qty"]:
            if position is None:
                position = self.open[key] = _Position(key, row["contract"], direction, row["ts"])
            position.enter(rest, row["price"])
            position.pay(row["fee"] * rest / row["qty"], row["settle_price"])
            position.fills += 1


def closed_positions(fills: Sequence[Mapping[str, Any]], funding: Sequence[Mapping[str, Any]] = ()) -> ClosedPositions:
    """Return positions from fills {ts, account, symbol, side, qty, price, …} and funding {ts, account, symbol, amount}.

    One position per account, symbol and position side (default net), ordered by close, account, symbol, side. At equal
    times funding counts before fills.
    """
    rows = [(0, _row(row)) for row in funding or ()] + [(1, _row(row)) for row in fills]
    desk = _Desk()
    for is_fill, row in sorted(rows, key=lambda item: (item[1]["ts"], item[0])):
        if is_fill:
            desk.fill(row)
        else:
            desk.fund(row)
    order = ("close_ts", "account", "symbol", "pos_side")
    still = [desk.open[key].row(None) for key in sorted(desk.open)]
    return ClosedPositions(sorted(desk.closed, key=lambda row: tuple(row[name] for name in order)), still)


def trade_stats(nets: Sequence[float], cfg: Mapping[str, float] | None = None) -> TradeStats:
    """Return the statistics of closed positions' net results; break-even ones are neither wins nor losses."""
    rules = settings(cfg)
    net = np.array([float(value) for value in nets], dtype=np.float64)
    even = np.abs(net) < rules["breakeven_usd"]
    wins, losses = net[(net > 0) & ~even], net[(net < 0) & ~even]
    decided = len(wins) + len(losses)
    avg_win = float(wins.mean()) if len(wins) else None
    avg_loss = float(losses.mean()) if len(losses) else None
    return TradeStats(
        n=len(net),
        wins=len(wins),
        losses=len(losses),
        breakeven=int(even.sum()),
        win_rate=len(wins) / decided if decided else None,
        profit_factor=float(wins.sum() / -losses.sum()) if len(losses) else None,
        expectancy=float(net.mean()) if len(net) else None,
        avg_win=avg_win,
        avg_loss=avg_loss,
        payoff=avg_win / -avg_loss if avg_win is not None and avg_loss is not None else None,
        largest_win=float(wins.max()) if len(wins) else None,
        largest_loss=float(losses.min()) if len(losses) else None,
        net=float(net.sum()),
        low_sample=len(net) < rules["low_trades"],
    )


def _key(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(row["account"]), str(row["symbol"]), str(row["pos_side"])


def _row(given: Mapping[str, Any]) -> dict[str, Any]:
    row = {**DEFAULTS, **{name: value for name, value in given.items() if value is not None}}
    for name in NUMBERS:
        if name in row:
            row[name] = float(row[name])
    row["ts"] = pd.Timestamp(row["ts"])
    return row
