"""Seeded books of wallets that trade, pay, send to each other and sometimes cannot be read."""

import random
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from core.domain.pnl import Book

START = pd.Timestamp("2026-03-01T00:00:00Z")
PRICES = {"USDT": 1.0, "BTC": 60_000.0, "BNB": 500.0}


@dataclass
class World:
    """What happened, before it is read: entries in time, and a price for every asset and hour."""

    seed: int
    hours: int = 72
    wallets: tuple[tuple[str, str], ...] = (("A", "spot"), ("A", "um"), ("B", "spot"))
    entries: list[dict[str, Any]] = field(default_factory=list)
    prices: list[dict[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Let things happen."""
        rng = random.Random(self.seed)
        price = dict(PRICES)
        for _hour in range(self.hours + 1):
            price = {name: value * (1 if name == "USDT" else 1 + rng.gauss(0, 0.01)) for name, value in price.items()}
            self.prices.append(dict(price))
        for hour in range(self.hours):
            for account, wallet in self.wallets:
                self._happen(rng, hour, account, wallet)

    def _add(self, rng: random.Random, hour: int, where: tuple[str, str], **entry: Any) -> None:  # noqa: ANN401
        number = len(self.entries)
        at = entry.pop("at", None) or START + pd.Timedelta(seconds=hour * 3600 + rng.randrange(1, 3500))
        price = entry.pop("price", self.prices[hour][entry["asset"]])
        base = {"id": f"e{number:05}", "ts": at, "account": where[0], "wallet": where[1], "price": price}
        self.entries.append({**base, "symbol": None, "side": None, "ref": None, "txid": None, **entry})

    def _happen(self, rng: random.Random, hour: int, account: str, wallet: str) -> None:
        where, roll = (account, wallet), rng.random()
        if roll < 0.15:
            kind = rng.choice(("realised", "funding", "fee", "rebate", "interest", "airdrop", "adjustment"))
            self._add(rng, hour, where, kind=kind, asset=rng.choice(list(PRICES)), amount=rng.uniform(-0.01, 0.02))
        elif roll < 0.25:
            sign = rng.choice((1, -1))
            kind = "deposit" if sign > 0 else "withdrawal"
            self._add(rng, hour, where, kind=kind, asset="USDT", amount=sign * rng.uniform(10, 500))
        elif roll < 0.35:
            at = START + pd.Timedelta(seconds=hour * 3600 + rng.randrange(1, 3500))
            amount, ref = rng.uniform(-0.01, 0.01), f"t{len(self.entries)}"
            paid = -amount * self.prices[hour]["BTC"] * (1 + rng.uniform(-0.002, 0.002))
            self._add(rng, hour, where, kind="trade", asset="BTC", amount=amount, price=None, ref=ref, at=at)
            self._add(rng, hour, where, kind="trade", asset="USDT", amount=paid, price=1.0, ref=ref, at=at)
        elif roll < 0.42:
            others = [other for other in self.wallets if other != where]
            into, amount, ref = rng.choice(others), rng.uniform(1, 100), f"x{len(self.entries)}"
            sent = START + pd.Timedelta(seconds=hour * 3600 + rng.randrange(1, 3500))
            arrived = sent + pd.Timedelta(seconds=rng.choice((1, 60, 5000)))
            self._add(rng, hour, where, kind="transfer", asset="USDT", amount=-amount, ref=ref, at=sent)
            if arrived < START + pd.Timedelta(hours=self.hours):
                self._add(rng, hour, into, kind="transfer", asset="USDT", amount=amount * 0.999, ref=ref, at=arrived)

    def amounts(self, where: tuple[str, str]) -> list[dict[str, float]]:
        """Return what a wallet holds at the start of each hour."""
        held, rows = {"USDT": 1000.0, "BTC": 0.05, "BNB": 1.0}, []
        mine = sorted((e for e in self.entries if (e["account"], e["wallet"]) == where), key=lambda e: e["ts"])
        for hour in range(self.hours + 1):
            until = START + pd.Timedelta(hours=hour)
            while mine and mine[0]["ts"] < until:
                entry = mine.pop(0)
                held[entry["asset"]] += entry["amount"]
            rows.append(dict(held))
        return rows

    def book(self, *, read: set[tuple[tuple[str, str], int]] | None = None, scale: float = 1.0, **given: Any) -> Book:  # noqa: ANN401
        """Return the book; `read` are the (wallet, hour) that answered, default all."""
        snapshots, balances = [], []
        for where in self.wallets:
            for hour, held in enumerate(self.amounts(where)):
                ok = read is None or (where, hour) in read
                row = {"ts": START + pd.Timedelta(hours=hour), "account": where[0], "wallet": where[1]}
                snapshots.append({**row, "ok": ok})
                if ok:
                    balances += [
                        {**row, "asset": asset, "amount": amount * scale, "price": self.prices[hour][asset]}
                        for asset, amount in held.items()
                    ]
        ledger = [{**entry, "amount": entry["amount"] * scale} for entry in self.entries]
        accounts: list[dict[str, Any]] = [
            {"account": "A", "exchange": "x", "removed_at": None},
            {"account": "B", "exchange": "y"},
        ]
        return Book(
            accounts=pd.DataFrame(accounts),
            snapshots=pd.DataFrame(snapshots),
            balances=pd.DataFrame(balances),
            ledger=pd.DataFrame(ledger),
            **given,
        )
