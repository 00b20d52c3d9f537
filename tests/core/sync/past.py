"""A client's past in storage, made by hand: readings of two wallets, trades, funding, deposits and a transfer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from core.domain.points import DetailPoint, HeldAsset, OpenLeg, WalletPoint
from core.domain.types import ExchangeAccount, LedgerRow, User
from core.persistence import SqlStorage
from core.ports import StoredReading
from tests.core.persistence.makers import add_account, make_ledger, make_reading, make_user, make_wallet
from tests.core.persistence.statements import refuse_unscoped_statements
from tests.databases import fresh_storage

START = datetime(2026, 3, 1, 12, 0, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BTC = Decimal(60000)


class Past:
    """One account: 1 BTC and 5,000 USDT in spot, 10,000 USDT with an open position in usdm."""

    def __init__(self, storage: SqlStorage, client: User, **changes: object) -> None:
        self.storage, self.client = storage, client
        self.account: ExchangeAccount = add_account(storage, client, **changes)
        self.spot = {"BTC": Decimal(1), "USDT": Decimal(5000)}
        self.usdm = Decimal(10000)
        self.number = 0
        self.readings: list[StoredReading] = []

    def read(self, at: datetime, *, usdm_ok: bool = True) -> None:
        """Make a reading of what is held now."""
        price = BTC + Decimal(int((at - START) / timedelta(minutes=1)) % 500)
        held = tuple(
            HeldAsset(name, amount, price if name == "BTC" else Decimal(1)) for name, amount in self.spot.items()
        )
        leg = OpenLeg(
            "BTC/USDT:USDT", "long", "USDT", qty=Decimal("0.1"), upnl=(price - BTC) / 10, settle_price=Decimal(1)
        )
        cash = (HeldAsset("USDT", self.usdm, Decimal(1)),)
        usdm = WalletPoint("usdm", True, cash, (leg,)) if usdm_ok else WalletPoint("usdm", False)
        states = tuple(make_wallet(self.account, name, attempted_at=at, as_of=at) for name in ("spot", "usdm"))
        point = DetailPoint(at, (WalletPoint("spot", True, held), usdm))
        self.readings.append(make_reading(self.account, at, wallets=states, details=point))

    def flush(self) -> None:
        """Store the readings made so far."""
        with self.storage.begin() as uow:
            for reading in self.readings:
                uow.readings.store(reading)
        self.readings.clear()

    def book(self, kind: str, amount: str, at: datetime, *, wallet: str = "usdm", ref: str | None = None) -> LedgerRow:
        """Return an entry of USDT that has changed what is held."""
        self.number += 1
        if wallet == "usdm":
            self.usdm += Decimal(amount)
        else:
            self.spot["USDT"] += Decimal(amount)
        return make_ledger(
            self.account, str(self.number), wallet=wallet, kind=kind, amount=Decimal(amount), booked_at=at,
            price=Decimal(1), ref=ref,
        )  # fmt: skip

    def store(self, *rows: LedgerRow) -> None:
        """Store entries."""
        with self.storage.begin() as uow:
            uow.ledger.add(rows)

    def live(self, days: float, *, step: timedelta = timedelta(minutes=10), since: datetime = START) -> datetime:
        """Let days pass: readings, hourly P&L, fees and funding, a deposit and a transfer a day; return the end."""
        at, end, rows = since, since + days * DAY, list[LedgerRow]()
        while at <= end:
            self.read(at, usdm_ok=(at - START) % (7 * step) != 3 * step)
            just = at + step / 3
            if at.minute < step / timedelta(minutes=1):
                rows += [self.book("realized_pnl", "12.5", just), self.book("fee", "-1.25", just)]
                rows += [self.book("funding", "-0.75", just)] if at.hour % 8 == 0 else []
                rows += [self.book("deposit", "1000", just, wallet="spot")] if at.hour == 13 else []
                if at.hour == 20:
                    rows.append(self.book("transfer_out", "-300", just, wallet="spot", ref=f"t{at.day}"))
                    rows.append(self.book("transfer_in", "300", just, ref=f"t{at.day}"))
            at += step
        self.flush()
        self.store(*rows)
        self.read_ledger_to(end)
        return end

    def read_ledger_to(self, at: datetime) -> None:
        """Store up to when the ledger was read."""
        with self.storage.begin() as uow:
            lease = uow.syncing.claim_one(self.account.id, at + DAY, owner="past", lease_seconds=60)
            assert lease is not None
            uow.syncing.set_ledger(lease, read_to=at, since=START, cursor=None)
            uow.syncing.release(lease, next_due_at=at, interval_seconds=30, now=at + DAY, error_code=None)


@contextmanager
def fresh_past(backend: str, folder: Path, **changes: object) -> Iterator[Past]:
    """Give an account without a past, on a storage that refuses statements without a client."""
    with fresh_storage(backend, folder) as storage:
        refuse_unscoped_statements(storage.engine)
        client = replace(make_user("ana"), time_zone="America/Sao_Paulo")
        with storage.begin() as uow:
            uow.users.add(client, None)
        yield Past(storage, client, **changes)
