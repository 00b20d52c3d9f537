"""Accounts with a past to look back on: prices that walk, contracts, funding, fees, money in and out, one odd day."""

import random
from datetime import datetime, timedelta
from decimal import Decimal

from core.domain.points import DetailPoint, HeldAsset, OpenLeg, WalletPoint
from core.domain.types import ExchangeAccount, LedgerRow, User
from core.persistence import SqlStorage
from core.sync.days import close_days
from tests.core.persistence.makers import add_account, make_ledger, make_reading, make_wallet

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CENT = Decimal("0.01")
ODD = Decimal("-42.50")
SYMBOLS = ("BTC/USDT:USDT", "ETH/USDT:USDT", "SOL/USDT:USDT")


class Trader:
    """One account: coins and USDT in spot, USDT and contracts in futures. Money is Decimal, prices USD."""

    def __init__(self, storage: SqlStorage, client: User, name: str, *, seed: int = 1, **changes: object) -> None:
        self.storage, self.client = storage, client
        fields = {"exchange": "binance", "options": {}, **changes}
        self.account: ExchangeAccount = add_account(storage, client, name=name, **fields)
        self.rng = random.Random(seed)
        self.spot = {"BTC": Decimal("0.25"), "ETH": Decimal(3), "USDT": Decimal(8000)}
        self.futures = Decimal(12000)
        self.open = Decimal(0)
        self.symbol = SYMBOLS[0]
        self.price = {"BTC": Decimal(60000), "ETH": Decimal(3000), "USDT": Decimal(1)}
        self.rows: list[LedgerRow] = []
        self.points: list[DetailPoint] = []

    def live(self, since: datetime, until: datetime, *, step: timedelta = HOUR, odd: bool = False) -> None:
        """Let time pass and store it; `odd`: in the middle, money goes that no entry tells of."""
        at, count = since, 0
        middle = since + (until - since) / 2
        while at <= until:
            if odd and at <= middle < at + step:
                self.spot["USDT"] += ODD
            self._walk()
            self._point(at)
            self._events(at + step / 3, count)
            at, count = at + step, count + 1
        self._store(since, self.points[-1].at)

    def _walk(self) -> None:
        for asset, size in (("BTC", 0.004), ("ETH", 0.006)):
            moved = Decimal(str(1 + self.rng.gauss(0.0001, size)))
            self.price[asset] = (self.price[asset] * moved).quantize(CENT)
        self.open = (self.open * Decimal("0.9") + Decimal(str(self.rng.gauss(5, 90)))).quantize(CENT)

    def _point(self, at: datetime) -> None:
        held = tuple(HeldAsset(asset, amount, self.price[asset]) for asset, amount in self.spot.items())
        leg = OpenLeg(self.symbol, "long", "USDT", qty=Decimal(1), upnl=self.open, settle_price=Decimal(1))
        cash = (HeldAsset("USDT", self.futures, Decimal(1)),)
        wallets = (WalletPoint("spot", True, held), WalletPoint("futures", True, cash, (leg,)))
        self.points.append(DetailPoint(at, wallets))

    def _events(self, at: datetime, count: int) -> None:
        if count % 5 == 1:
            gain = Decimal(str(self.rng.gauss(14, 70))).quantize(CENT)
            self.book("realized_pnl", gain, at, symbol=self.symbol)
            self.book("fee", Decimal("-3.21"), at, symbol=self.symbol)
            self.symbol = self.rng.choice(SYMBOLS)
        if count % 8 == 2:
            paid = Decimal(str(self.rng.gauss(-1.5, 1.2))).quantize(CENT)
            self.book("funding", paid, at, symbol=self.symbol)
        if count % 70 == 31:
            self.book("deposit", Decimal(1500), at, wallet="spot")
        if count % 110 == 61:
            self.book("withdrawal", Decimal(-2000), at, wallet="spot")
        if count % 40 == 13:
            self.book("transfer_out", Decimal(-300), at, wallet="spot", ref=f"t{count}")
            self.book("transfer_in", Decimal(300), at, ref=f"t{count}")
        if count % 24 == 7:
            self.book("reward", Decimal("0.85"), at, wallet="spot")

    def book(
        self, kind: str, amount: Decimal, at: datetime, *, wallet: str = "futures", symbol: str | None = None,
        ref: str | None = None,
    ) -> None:  # fmt: skip
        """Book an entry of USDT that changes what is held."""
        if wallet == "futures":
            self.futures += amount
        else:
            self.spot["USDT"] += amount
        row = make_ledger(
            self.account, f"{len(self.rows)}", wallet=wallet, kind=kind, amount=amount, booked_at=at, price=Decimal(1),
            symbol=symbol, ref=ref,
        )  # fmt: skip
        self.rows.append(row)

    def _store(self, since: datetime, until: datetime) -> None:
        with self.storage.begin() as uow:
            uow.syncing.ensure(self.account.id, self.client.id, since, 30)
            for at, point in ((since, self.points[0]), (until, self.points[-1])):
                states = tuple(
                    make_wallet(
                        self.account, wallet.wallet, attempted_at=at, as_of=at, first_ok_at=since, unpriced=(),
                        equity=worth(wallet),
                    )
                    for wallet in point.wallets
                )  # fmt: skip
                uow.readings.store(make_reading(self.account, at, wallets=states, balances=(), details=None))
            for point in self.points:
                uow.history.save(make_reading(self.account, point.at), point)
            uow.ledger.add(self.rows)
        self.read_to(until + HOUR)

    def read_to(self, at: datetime) -> None:
        """Store up to when the ledger was read."""
        with self.storage.begin() as uow:
            lease = uow.syncing.claim_one(self.account.id, at + DAY, owner="past", lease_seconds=60)
            assert lease is not None
            uow.syncing.set_ledger(lease, read_to=at, since=at - 400 * DAY, cursor=None)
            uow.syncing.release(lease, next_due_at=at, interval_seconds=30, now=at, error_code=None)


def worth(wallet: WalletPoint) -> float:
    """Return what a wallet is worth, USD."""
    held = sum(asset.amount * (asset.price or 0) for asset in wallet.assets)
    return float(held + sum(leg.upnl or 0 for leg in wallet.legs))


def close(storage: SqlStorage, client: User, now: datetime) -> None:
    """Close the client's days, as the sidecar does."""
    while close_days(storage, client, now):
        pass
