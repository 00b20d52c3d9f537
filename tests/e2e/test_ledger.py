"""The ledger in a browser: a pair is confirmed, undone and linked by hand, and the day's result follows the word."""

import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, expect

from connectors.sandbox import Sandbox
from core import bootstrap
from core.domain.day_result import DayResult
from core.domain.points import DetailPoint, HeldAsset, WalletPoint, start_of_day
from core.domain.types import ExchangeAccount, LedgerRow, User, WalletState
from core.sync.upkeep import TURN_FACT
from tests.core.persistence.makers import make_ledger, make_wallet
from tests.e2e.installation import Installation
from tests.e2e.person import Person

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PASS_SECONDS = 90.0
SLOW_MS = 45_000  # a busy machine loads the parts of a page late
SENT, RECEIVED = Decimal(300), Decimal(280)  # too little arrives for the rules: a person has to say so


class Journey:
    """Two accounts of a client with three days behind them; on `day` money is sent from the first to the second."""

    def __init__(self, installation: Installation, sandbox: Sandbox, client: User) -> None:
        self.installation, self.client = installation, client
        self.one = installation.add_account(client, sandbox.key("binance", "empty"), "Sender")
        self.two = installation.add_account(client, sandbox.key("bitget", "empty"), "Receiver")
        today = bootstrap.utc_now().astimezone(ZoneInfo(client.time_zone)).date()
        self.day: date = today - timedelta(days=2)
        self.begin = start_of_day(self.day, client.time_zone)
        noon = self.begin + 12 * HOUR
        moves = [
            (self.one, "w1", -SENT, noon),
            (self.two, "d1", RECEIVED, noon + HOUR),
            (self.one, "w2", Decimal(-50), noon + 3 * HOUR),
            (self.two, "d2", Decimal(50), noon + 4 * HOUR),
        ]
        for account in (self.one, self.two):
            own = [(key, amount, at) for owner, key, amount, at in moves if owner is account]
            self._store(account, [self._row(account, *move) for move in own])

    def _row(self, account: ExchangeAccount, key: str, amount: Decimal, at: datetime) -> LedgerRow:
        kind = "deposit" if amount > 0 else "withdrawal"
        return make_ledger(account, key, kind=kind, amount=amount, booked_at=at, price=Decimal(1))

    def _store(self, account: ExchangeAccount, rows: list[LedgerRow]) -> None:
        instants = [self.begin - DAY + n * HOUR + timedelta(minutes=5) for n in range(3 * 24)]
        points = []
        for at in instants:
            held = Decimal(1000) + sum((row.amount for row in rows if row.booked_at < at), Decimal(0))
            points.append(DetailPoint(at, (WalletPoint("spot", True, (HeldAsset("USDT", held, Decimal(1)),)),)))
        start: WalletState = make_wallet(account, first_ok_at=instants[0], first_equity=1000.0, unpriced=())
        with self.installation.storage.begin() as uow:
            uow.readings.add_history([], rows, [start])
            uow.history.add(account, points)

    def row(self) -> DayResult | None:
        """Return the stored result of the day."""
        with self.installation.storage.begin(write=False) as uow:
            rows = uow.days.find({self.client.id}, {"all"}, since=self.day, until=self.day, currency="USD")
        return rows[0] if rows else None

    def pass_of_the_sidecar(self) -> DayResult:
        """Start the sidecar anew, which looks after the days at once; return the day it has computed since."""
        old, now = self.row(), bootstrap.utc_now()
        self.installation.stop("sync")
        with self.installation.storage.begin() as uow:
            uow.facts.set(TURN_FACT, "")
        self.installation.start("sync")
        deadline = time.monotonic() + PASS_SECONDS
        while time.monotonic() < deadline:
            row = self.row()
            if row is not None and row.computed_at >= now and (old is None or row.computed_at > old.computed_at):
                return row
            time.sleep(0.2)
        raise AssertionError(f"the day was not computed:\n{self.installation.logs()[-3000:]}")


@pytest.fixture
def journey(installation: Installation, sandbox: Sandbox, client: User) -> Iterator[Journey]:
    """Give the client both accounts; the sidecar runs again whatever happens."""
    yield Journey(installation, sandbox, client)
    installation.wait_until_ready()


def card(person: Person, text: str) -> Locator:
    """Return the card of a transfer or of a single entry."""
    return person.page.locator("[class*=st-key-transfer_], [class*=st-key-single_]").filter(has_text=text).first


def result_of(person: Person, day: date) -> Locator:
    """Open the results of one day and return its figure."""
    person.open(f"/results?account=all&period=custom&from={day}&to={day}")
    person.settle()
    return person.page.get_by_test_id("stMetric").filter(has_text="Result").first


def test_a_persons_word_on_a_transfer_changes_the_result_of_its_day(person: Person, journey: Journey) -> None:
    before = journey.pass_of_the_sidecar()
    assert [before.total, before.net_flows] == pytest.approx([0, -20])
    expect(result_of(person, journey.day)).to_contain_text("$0.00", timeout=SLOW_MS)

    person.open("/ledger?account=all&show=transfers")
    person.settle()
    pair = card(person, "50 USDT")
    expect(pair).to_contain_text("matched by amount and time", timeout=SLOW_MS)
    pair.get_by_role("button", name="Confirm").click()
    expect(pair).to_contain_text("confirmed by you", timeout=SLOW_MS)
    pair.get_by_role("button", name="Undo").click()
    expect(pair).to_contain_text("matched by amount and time", timeout=SLOW_MS)

    sent = card(person, "-300 USDT")
    sent.get_by_role("button", name="Link with …").click()
    person.page.get_by_role("button", name="Link", exact=True).click()
    linked = card(person, "300 USDT")
    expect(linked).to_contain_text("fee 20 USDT", timeout=SLOW_MS)
    expect(linked).to_contain_text("confirmed by you", timeout=SLOW_MS)
    after = journey.pass_of_the_sidecar()
    assert [after.total, after.net_flows, after.fees] == pytest.approx([-20, 0, -20])
    expect(result_of(person, journey.day)).to_contain_text("-$20.00", timeout=SLOW_MS)

    person.open("/ledger?account=all&show=transfers")
    person.settle()
    linked.get_by_role("button", name="Undo").click()
    expect(sent).to_be_visible(timeout=SLOW_MS)
    sent.get_by_role("button", name="This went to outside").click()
    expect(card(person, "-300 USDT")).to_contain_text("declared external by you", timeout=SLOW_MS)
    back = journey.pass_of_the_sidecar()
    assert [back.total, back.net_flows] == pytest.approx([0, -20])
    expect(result_of(person, journey.day)).to_contain_text("$0.00", timeout=SLOW_MS)
