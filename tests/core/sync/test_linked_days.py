"""A person's word on a transfer restates the days it touches, and money on its way stays in them until it arrives."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.domain.day_result import DayResult
from core.domain.pnl import equity_at
from core.domain.points import DetailPoint, HeldAsset, WalletPoint
from core.domain.transfer_links import LinkKind
from core.domain.types import ExchangeAccount, User
from core.persistence import SqlStorage
from core.services.book_links import leg_key
from core.services.books import load_book
from core.services.transfer_words import Word, say, undo
from core.sync.days import ALL, close_days
from tests.core.persistence.makers import add_account, make_ledger, make_reading, make_user, make_wallet, scope_of
from tests.core.persistence.statements import refuse_unscoped_statements
from tests.core.sync.conftest import BACKEND_PARAMS
from tests.databases import fresh_storage

START = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)  # midnight in America/Sao_Paulo
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SENT, RECEIVED = Decimal(300), Decimal(280)  # too short for the rules: a person has to say that they belong together
SENT_AT, RECEIVED_AT = START + DAY + 5 * HOUR, START + 4 * DAY + 5 * HOUR
END = START + 6 * DAY


class Two:
    """Two accounts of 1,000 USDT each; 300 leave the first on the second day, 280 arrive in the other on the fifth."""

    def __init__(self, storage: SqlStorage) -> None:
        self.storage = storage
        self.client: User = replace(make_user("ana"), time_zone="America/Sao_Paulo")
        with storage.begin() as uow:
            uow.users.add(self.client, None)
        self.one = self._account("One", "binance", lambda at: 1000 - (SENT if at > SENT_AT else 0))
        self.two = self._account("Two", "bitget", lambda at: 1000 + (RECEIVED if at > RECEIVED_AT else 0))
        fields = {"asset": "USDT", "price": Decimal(1)}
        out = make_ledger(self.one, "out", kind="withdrawal", amount=-SENT, booked_at=SENT_AT, **fields)
        into = make_ledger(self.two, "in", kind="deposit", amount=RECEIVED, booked_at=RECEIVED_AT, **fields)
        with storage.begin() as uow:
            uow.ledger.add([out, into])
        self.out, self.into = leg_key(out), leg_key(into)

    def _account(self, name: str, exchange: str, amount) -> ExchangeAccount:  # type: ignore[no-untyped-def] # noqa: ANN001
        account = add_account(self.storage, self.client, name=name, exchange=exchange, options={})
        with self.storage.begin() as uow:
            uow.syncing.ensure(account.id, self.client.id, START, 30)
            for n in range(6 * 24):
                at = START + n * HOUR + timedelta(minutes=10)
                held = (HeldAsset("USDT", Decimal(amount(at)), Decimal(1)),)
                point = DetailPoint(at, (WalletPoint("spot", True, held),))
                state = make_wallet(account, attempted_at=at, as_of=at, unpriced=())
                uow.readings.store(make_reading(account, at, wallets=(state,), balances=(), details=point))
            lease = uow.syncing.claim_one(account.id, END + DAY, owner="past", lease_seconds=60)
            assert lease is not None
            uow.syncing.set_ledger(lease, read_to=END + DAY, since=START, cursor=None)
            uow.syncing.release(lease, next_due_at=END, interval_seconds=30, now=END, error_code=None)
        return account

    def close(self, now: datetime) -> int:
        """Close the days that are due."""
        done = 0
        while some := close_days(self.storage, self.client, now):
            done += some
        return done

    def days(self, scope: str = ALL) -> list[DayResult]:
        """Return the stored days."""
        with self.storage.begin(write=False) as uow:
            return uow.days.find(None, {scope}, since=date(2026, 1, 1), until=date(2027, 1, 1), currency="USD")

    def say(self, kind: LinkKind, now: datetime, *, into: bool = False):  # type: ignore[no-untyped-def] # noqa: ANN201
        """Say something of the transfer."""
        word = Word(self.client.id, kind, self.out, self.into if into else None)
        return say(self.storage, scope_of(self.client), word, now=now)


@pytest.fixture(params=BACKEND_PARAMS)
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Two]:
    """Give both accounts on each database."""
    with fresh_storage(str(request.param), tmp_path) as storage:
        refuse_unscoped_statements(storage.engine)
        yield Two(storage)


def flows(two: Two, scope: str = ALL) -> list[float]:
    return [round(day.net_flows or 0.0, 6) for day in two.days(scope)]


def fees(two: Two) -> list[float]:
    return [round(day.fees or 0.0, 6) for day in two.days()]


def closing(two: Two) -> list[float]:
    return [round(day.equity1 or 0.0, 6) for day in two.days()]


def test_a_linked_pair_is_no_flow_of_the_whole_and_the_lost_part_is_a_fee(two: Two) -> None:
    two.close(END + HOUR)
    assert flows(two) == [0, -300, 0, 0, 280, 0]
    before = two.days()
    link = two.say(LinkKind.PAIR, END + 2 * HOUR, into=True)
    assert two.close(END + 3 * HOUR) > 0
    assert flows(two) == [0, 0, 0, 0, 0, 0]
    assert fees(two) == [0, -20, 0, 0, 0, 0]
    assert closing(two) == [2000, 1980, 1980, 1980, 1980, 1980]
    assert [day.total for day in two.days()] == pytest.approx([0, -20, 0, 0, 0, 0])
    assert flows(two, str(two.one.id)) == [0, -280, 0, 0, 0, 0]
    assert flows(two, str(two.two.id)) == [0, 0, 0, 0, 280, 0]
    assert [day.day.day for day in two.days() if day.revised] == [2, 3, 4, 5]
    assert two.close(END + 4 * HOUR) == 0
    undo(two.storage, scope_of(two.client), two.client.id, link.id, now=END + 5 * HOUR)
    assert two.close(END + 6 * HOUR) > 0
    assert flows(two) == [0, -300, 0, 0, 280, 0]
    assert [day.total for day in two.days()] == pytest.approx([day.total for day in before])


def test_external_changes_nothing_where_nothing_was_matched(two: Two) -> None:
    two.close(END + HOUR)
    two.say(LinkKind.EXTERNAL, END + 2 * HOUR, into=True)
    two.close(END + 3 * HOUR)
    assert flows(two) == [0, -300, 0, 0, 280, 0]
    assert not any(day.revised for day in two.days())


def test_money_on_its_way_is_equity_of_every_day_until_it_is_linked(two: Two) -> None:
    third = START + 3 * DAY
    two.close(third + HOUR)
    assert closing(two) == [2000, 1700, 1700]
    two.say(LinkKind.PENDING, third + 2 * HOUR)
    two.close(third + 3 * HOUR)
    assert (closing(two), flows(two)) == ([2000, 2000, 2000], [0, 0, 0])
    two.close(START + 4 * DAY + HOUR)  # a night later, from a book that begins after it was sent
    assert closing(two)[-1] == 2000
    assert flows(two)[-1] == 0


def test_a_book_between_the_two_entries_holds_what_is_on_its_way(two: Two) -> None:
    two.say(LinkKind.PAIR, END, into=True)
    since, until = START + 3 * DAY, START + 3 * DAY + 12 * HOUR
    ids = [two.one.id, two.two.id]
    with two.storage.begin(write=False) as uow:
        book = load_book(uow, None, ids, since, until)
        own = load_book(uow, None, [two.one.id], since, until)
    assert equity_at(book, until, None, "USD").equity == pytest.approx(700 + 1000 + 280)
    assert equity_at(book, until, None, "USD").in_transit == pytest.approx(280)
    assert equity_at(own, until, None, "USD").equity == pytest.approx(700)
