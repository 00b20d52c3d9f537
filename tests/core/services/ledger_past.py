"""A client's ledger by hand: two accounts at two exchanges, money sent between them, fees, funding, odd names."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from core.domain.transfer_links import LegKey
from core.domain.types import ExchangeAccount, LedgerRow, User
from core.persistence import SqlStorage
from core.services.book_links import leg_key
from tests.core.persistence.makers import add_account, make_ledger

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ODD_SYMBOL = '=HYPERLINK("x")'


@dataclass(slots=True)
class LedgerPast:
    """Two accounts and the rows booked in them; `at` is when money was sent from one to the other."""

    storage: SqlStorage
    client: User
    one: ExchangeAccount
    two: ExchangeAccount
    at: datetime

    def book(
        self, account: ExchangeAccount, key: str, kind: str, amount: str, at: datetime, **changes: object
    ) -> LegKey:
        """Store an entry of USDT; return what names it."""
        fields = {"asset": "USDT", "price": Decimal(1), **changes}
        row = make_ledger(account, key, kind=kind, amount=Decimal(amount), booked_at=at, **fields)
        with self.storage.begin() as uow:
            uow.ledger.add([row])
        return leg_key(row)

    def rows(self) -> list[LedgerRow]:
        """Return every entry, the newest first."""
        with self.storage.begin(write=False) as uow:
            far = timedelta(days=9000)
            kinds = ("deposit", "withdrawal", "fee", "funding", "trade", "reward", "transfer_in", "transfer_out")
            ids = [self.one.id, self.two.id]
            found = uow.ledger.flows(ids, {self.client.id}, since=self.at - far, until=self.at + far, kinds=kinds)
        return found[::-1]


def make_ledger_past(storage: SqlStorage, client: User, at: datetime) -> LedgerPast:
    """Store both accounts and: a transfer by transaction id, one by amount, a lone deposit, fee, funding, a trade."""
    fields: dict[str, object] = {"options": {}, "created_at": at - timedelta(days=60)}
    one = add_account(storage, client, name="Binance", exchange="binance", is_main=True, **fields)
    two = add_account(storage, client, name="Bitget", exchange="bitget", **fields)
    with storage.begin() as uow:
        for account in (one, two):
            uow.syncing.ensure(account.id, client.id, at, 30)
    past = LedgerPast(storage, client, one, two, at)
    txid = "0x" + "ab" * 32
    past.book(one, "w1", "withdrawal", "-300", at, txid=txid, venue_type="WITHDRAW")
    past.book(two, "d1", "deposit", "299", at + 20 * MINUTE, txid=txid.upper().replace("0X", ""), venue_type="deposit")
    past.book(one, "w2", "withdrawal", "-50", at + 2 * HOUR)
    past.book(two, "d2", "deposit", "50", at + 3 * HOUR)
    past.book(two, "d3", "deposit", "1000.000000000000000001", at - 5 * HOUR)
    past.book(one, "f1", "fee", "-0.10", at + HOUR, wallet="usdm", symbol="BTC/USDT:USDT", venue_type="COMMISSION")
    past.book(one, "n1", "funding", "-1.25", at + HOUR, wallet="usdm", symbol="ETH/USDT:USDT", ref="ref-77")
    past.book(one, "t1", "trade", "0.002", at + HOUR, asset="BTC", price=None, symbol=ODD_SYMBOL, native_id="-native")
    past.book(one, "t1q", "trade", "-120.5", at + HOUR, symbol=ODD_SYMBOL)
    past.book(two, "r1", "reward", "0.85", at - HOUR, asset="SOL", price=Decimal("151.3"))
    return past
