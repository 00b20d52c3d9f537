"""Money in the client's currency: the central bank's rates, days in it, and what the exchange rate did."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connectors import PtaxRates
from connectors.sandbox import Sandbox, SandboxConfig
from core.api.csv_text import make_dialect, write_csv
from core.domain.currencies import FxSource, StoredRate
from core.domain.marks import PricePoint
from core.domain.points import DetailPoint, HeldAsset, WalletPoint
from core.domain.types import Scope
from core.errors import ConflictError, InvalidInputError, NotFoundError
from core.persistence import SqlStorage
from core.services.rates import note_currency
from core.services.results import load_results
from core.services.results_export import open_results_export
from core.services.results_types import CLOSING, STEPS, Question, Results
from core.sync.days import close_days, closed_until, currencies_of
from core.sync.fx import FxReader
from core.sync.upkeep import Upkeep
from tests.core.persistence.makers import add_account, make_ledger, make_reading, make_user, make_wallet
from tests.core.services.conftest import BACKEND_PARAMS
from tests.databases import fresh_storage

MONDAY, TUESDAY, WEDNESDAY = (datetime(2026, 3, day, 18, tzinfo=UTC) for day in (2, 3, 4))
NOW = datetime(2026, 3, 4, 21, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ONE = Decimal(1)


class Story:
    """One account of a client who reads reais: what it held when, and what was booked."""

    def __init__(self, storage: SqlStorage, currency: str = "BRL") -> None:
        self.storage = storage
        self.client = make_user("ana", currency=currency)
        with storage.begin() as uow:
            uow.users.add(self.client, None)
        self.account = add_account(storage, self.client, is_main=True, created_at=MONDAY, options={})
        self.scope = Scope(self.client.id, self.client.role, frozenset({self.client.id}), authenticated_at=NOW)
        self.count = 0

    def read(self, at: datetime, **held: tuple[str, str]) -> None:
        """Store what one wallet held (amount, price in USD) at an instant."""
        assets = tuple(HeldAsset(name, Decimal(amount), Decimal(price)) for name, (amount, price) in held.items())
        wallet = make_wallet(self.account, "spot", attempted_at=at, as_of=at, first_ok_at=MONDAY, unpriced=())
        point = DetailPoint(at, (WalletPoint("spot", True, assets),))
        with self.storage.begin() as uow:
            uow.syncing.ensure(self.account.id, self.client.id, at, 30)
            reading = make_reading(self.account, at, wallets=(wallet,), balances=(), details=None)
            uow.readings.store(reading)
            uow.history.save(reading, point)

    def book(self, kind: str, amount: str, at: datetime) -> None:
        """Store an entry in USDT."""
        self.count += 1
        entry = make_ledger(
            self.account, str(self.count), wallet="spot", kind=kind, amount=Decimal(amount), booked_at=at, price=ONE
        )
        with self.storage.begin() as uow:
            uow.ledger.add([entry])

    def dollars(self) -> None:
        """Let three days pass: 10,000 held, 1,000 deposited, 330 made (acceptance vector T07)."""
        self.read(MONDAY, USDT=("10000", "1"))
        self.read(TUESDAY - 16 * HOUR, USDT=("10000", "1"))
        self.book("deposit", "1000", TUESDAY)
        self.read(TUESDAY + 2 * HOUR, USDT=("11000", "1"))
        self.book("realized_pnl", "330", WEDNESDAY)
        self.read(WEDNESDAY + 2 * HOUR, USDT=("11330", "1"))

    def close(self, now: datetime = NOW) -> int:
        done = 0
        while some := close_days(self.storage, self.client, now):
            done += some
        return done

    def ask(self, currency: str = "BRL", now: datetime = NOW, period: str = "all") -> Results:
        question = Question(self.client.id, "all", period, currency=currency)
        return load_results(self.storage, self.scope, question, now=now)

    def file(self, dataset: str, currency: str = "BRL", now: datetime = NOW) -> list[list[str]]:
        """Return the lines of a file for a spreadsheet in Brazil."""
        question = Question(self.client.id, "all", "all", currency=currency)
        export = open_results_export(
            self.storage, replace(self.scope, authenticated_at=now), dataset, question, now=now
        )
        dialect = make_dialect("pt-BR", self.client.time_zone)
        assert dialect is not None
        text = b"".join(piece for piece, _n in write_csv(export.columns, export.rows, dialect)).decode("utf-8-sig")
        return [line.split(";") for line in text.splitlines()]


@pytest.fixture(params=BACKEND_PARAMS)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStorage]:
    with fresh_storage(str(request.param), tmp_path) as made:
        yield made


@pytest.fixture
def bank() -> Iterator[Sandbox]:
    """Give a central bank that said 5.00, 5.20 and 5.50 reais."""
    with Sandbox(SandboxConfig(clock=lambda: NOW, exchanges=("binance",))) as sandbox:
        for at, rate in ((MONDAY, "5.0"), (TUESDAY, "5.2"), (WEDNESDAY, "5.5")):
            sandbox.bank.fixed["USD", at.date()] = Decimal(rate)
        yield sandbox


def read_rates(storage: SqlStorage, bank: Sandbox, now: datetime = NOW, source: FxSource = FxSource.PTAX) -> None:
    FxReader(storage, lambda: now, source, PtaxRates(bank.hosts()["ptax"]).read).run()


def test_t07_reais_tell_trading_from_currency_from_the_bank_to_the_file(storage: SqlStorage, bank: Sandbox) -> None:
    story = Story(storage)
    read_rates(storage, bank)
    story.dollars()
    assert story.close() == 8  # Monday and Tuesday, account and whole, dollars and reais
    results = story.ask()
    assert results.total == pytest.approx(7115)
    assert results.trading == pytest.approx(1815)
    assert results.bars["fx_effect"] == pytest.approx(5300)
    assert results.bars["net_flows"] == pytest.approx(5200)
    assert results.bars["closing"] == pytest.approx(62315)
    assert results.bars["scope_flows"] == pytest.approx(50000)
    assert results.rate is not None
    assert (results.rate.per_usd, results.rate.source) == (5.5, "ptax")
    figures = {line[0]: line[1] for line in story.file("pnl")}
    written = {name: f"{Decimal(figures[name].replace(',', '.')):.2f}" for name in ("result", "trading", "fx_effect")}
    assert written == {"result": "7115.00", "trading": "1815.00", "fx_effect": "5300.00"}
    days = [Decimal(line[15].replace(",", ".")) for line in story.file("daily")[1:]]
    assert float(sum(days)) == pytest.approx(7115)


def test_flat_dollars_and_a_dollar_that_rises_are_no_trading_and_all_currency(
    storage: SqlStorage, bank: Sandbox
) -> None:
    story = Story(storage)
    bank.bank.fixed["USD", TUESDAY.date()] = Decimal("5.5")
    read_rates(storage, bank)
    for at in (MONDAY, MONDAY + DAY / 2, TUESDAY + HOUR):
        story.read(at, USDT=("10000", "1"))
    story.close()
    results = story.ask(now=TUESDAY + 2 * HOUR)
    assert results.trading == pytest.approx(0)
    assert results.bars["fx_effect"] == pytest.approx(5000)
    assert results.returns.twr == pytest.approx(0.1)
    dollars = story.ask("USD", now=TUESDAY + 2 * HOUR)
    assert [dollars.total, dollars.bars["fx_effect"]] == pytest.approx([0, 0])


def test_without_a_rate_money_is_unknown_in_reais_and_known_in_dollars(storage: SqlStorage) -> None:
    story = Story(storage)
    story.dollars()
    story.close()
    results = story.ask()
    assert (results.total, results.trading, results.rate) == (None, None, None)
    assert {results.bars[name] for name in (*STEPS, CLOSING)} == {None}
    assert results.unrated == tuple(MONDAY.date() + n * DAY for n in range(3))
    assert results.returns.twr is None
    assert [line[1] for line in story.file("pnl") if line[0] in ("result", "closing")] == ["", ""]
    assert story.ask("USD").total == pytest.approx(330)


def test_a_rate_older_than_five_days_is_none(storage: SqlStorage, bank: Sandbox) -> None:
    story = Story(storage)
    read_rates(storage, bank)
    story.dollars()
    end = WEDNESDAY + 8 * DAY
    for n in range(1, 9):
        story.read(WEDNESDAY + n * DAY, USDT=("11330", "1"))
    story.close(end)
    days = {day.result.day: day.result for day in story.ask(now=end).days}
    assert days[date(2026, 3, 8)].status != "no_fx"  # Wednesday's rate is not five days old at the end of Sunday
    assert (days[date(2026, 3, 10)].status, days[date(2026, 3, 10)].total) == ("no_fx", None)


def test_days_made_before_a_rate_was_learnt_are_made_again_with_it(storage: SqlStorage, bank: Sandbox) -> None:
    story = Story(storage)
    story.dollars()
    assert story.close() == 8
    assert story.ask().unrated
    read_rates(storage, bank, NOW + HOUR)
    assert story.close(NOW + 2 * HOUR) == 4
    results = story.ask(now=NOW + 2 * HOUR)
    assert (results.unrated, results.revised) == ((), ())
    assert results.total == pytest.approx(7115)
    assert story.close(NOW + 3 * HOUR) == 0


def test_a_late_rate_restates_a_day_that_was_made_with_an_older_one(storage: SqlStorage) -> None:
    story = Story(storage)
    first = StoredRate("BRL", MONDAY - HOUR, Decimal(5), "ptax", MONDAY)
    late = StoredRate("BRL", TUESDAY - HOUR, Decimal("5.2"), "ptax", NOW)
    with storage.begin() as uow:
        uow.fx.save([first])
    story.dollars()
    story.close(NOW - HOUR)
    before = {day.result.day: day.result.equity1 for day in story.ask().days}
    assert before[TUESDAY.date()] == pytest.approx(55000)
    with storage.begin() as uow:
        uow.fx.save([late])
    assert story.close(NOW + HOUR) > 0
    after = {day.result.day: day.result.equity1 for day in story.ask(now=NOW + HOUR).days}
    assert [after[MONDAY.date()], after[TUESDAY.date()]] == pytest.approx([50000, 57200])


def test_a_coin_as_currency_holds_itself_exactly(storage: SqlStorage) -> None:
    story = Story(storage, "BTC")
    prices = {MONDAY: "50000", MONDAY + DAY / 2: "40000", TUESDAY + HOUR: "60000"}
    for at, price in prices.items():
        story.read(at, BTC=("1.5", price), USDT=("0", "1"))
        with storage.begin() as uow:
            uow.price_history.save([PricePoint("BTC", at - timedelta(minutes=4), Decimal("55555"))])
    story.close()
    results = story.ask("BTC", now=TUESDAY + 2 * HOUR)
    assert results.bars["closing"] == pytest.approx(1.5)
    assert results.total == pytest.approx(0, abs=1e-12)
    assert results.unexplained_ok is True
    assert results.cent == 5e-9


def test_a_coin_that_nobody_holds_is_the_price_services_rate(storage: SqlStorage) -> None:
    story = Story(storage, "BTC")
    with storage.begin() as uow:
        uow.price_history.save([PricePoint("BTC", at, Decimal(50000)) for at in (MONDAY, TUESDAY, WEDNESDAY)])
        uow.price_history.save([PricePoint("BTC", WEDNESDAY, Decimal(7), "elsewhere")])  # another coin of that name
    story.dollars()
    story.close()
    assert story.ask("BTC").bars["closing"] == pytest.approx(11330 / 50000)


def test_a_currency_chosen_for_the_first_time_is_computed_for_all_days(storage: SqlStorage, bank: Sandbox) -> None:
    story = Story(storage, "USD")
    read_rates(storage, bank)
    story.dollars()
    story.close()
    assert currencies_of(storage, story.client) == ["USD"]
    upkeep = Upkeep(storage, lambda: NOW, "one")
    upkeep.run()
    assert not upkeep.is_due(NOW + timedelta(seconds=11))
    note_currency(storage, story.scope, story.client.id, "BRL", now=NOW + timedelta(seconds=12))
    assert upkeep.is_due(NOW + timedelta(seconds=22))
    assert closed_until(storage, story.client, NOW) < MONDAY  # nothing is thinned before those days are made
    assert story.close() == 4
    assert closed_until(storage, story.client, NOW) > TUESDAY
    assert currencies_of(storage, story.client) == ["USD", "BRL"]
    with storage.begin(write=False) as uow:
        rows = uow.days.find({story.client.id}, {"all"}, since=MONDAY.date(), until=NOW.date(), currency="BRL")
    assert [row.equity1 for row in rows] == pytest.approx([50000, 57200])


def test_a_long_past_is_computed_from_its_newest_day_back_and_shown_when_it_is_whole(
    storage: SqlStorage, bank: Sandbox
) -> None:
    story = Story(storage, "USD")
    end = MONDAY + 80 * DAY
    for n in range(81):
        story.read(MONDAY + n * DAY, USDT=("1000", "1"))
    with storage.begin() as uow:
        uow.fx.save([StoredRate("BRL", MONDAY + (n - 1) * DAY, Decimal(5), "ptax", MONDAY) for n in range(82)])
    story.close(end)
    note_currency(storage, story.scope, story.client.id, "BRL", now=end)
    results = story.ask(now=end)
    assert (results.pending, results.days, results.total) == (80, (), None)
    with pytest.raises(ConflictError, match="days_pending"):
        story.file("pnl", now=end)
    close_days(storage, story.client, end)
    assert story.ask(now=end).pending == 80 - 31
    assert story.ask(now=end, period="7d").total == pytest.approx(0)  # the newest days are there first
    story.close(end)
    whole = story.ask(now=end)
    assert (whole.pending, len(whole.days)) == (0, 81)
    assert whole.bars["closing"] == pytest.approx(5000)


def test_another_source_of_rates_makes_the_days_anew(storage: SqlStorage, bank: Sandbox) -> None:
    story = Story(storage)
    read_rates(storage, bank)
    story.dollars()
    story.close()
    with storage.begin() as uow:
        uow.price_history.save([PricePoint("BRL", at, Decimal("0.25")) for at in (MONDAY, TUESDAY, WEDNESDAY)])
    read_rates(storage, bank, NOW, FxSource.MARKET)
    assert story.close() == 4
    results = story.ask()
    assert results.bars["closing"] == pytest.approx(11330 * 4)
    assert results.bars["fx_effect"] == pytest.approx(0)


def test_money_is_shown_in_known_currencies_and_to_its_owner_only(storage: SqlStorage) -> None:
    story = Story(storage)
    with pytest.raises(InvalidInputError):
        story.ask("DOGE")
    with pytest.raises(InvalidInputError):
        note_currency(storage, story.scope, story.client.id, "DOGE", now=NOW)
    with pytest.raises(NotFoundError):
        note_currency(storage, story.scope, make_user("bia").id, "BRL", now=NOW)
