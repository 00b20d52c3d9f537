"""What the day that runs costs a page: processor time of the Overview's and the Results' service call.

Money moved today, a year of days is stored, accounts were read every 30 s: all of it as the sidecar leaves it.
"""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

from core.domain.day_result import DayResult
from core.domain.points import DetailPoint, HeldAsset, OpenLeg, WalletPoint, start_of_day
from core.domain.types import ExchangeAccount, User
from core.persistence import SqlStorage
from core.services.overview import ALL, load_overview
from core.services.results import load_results
from core.services.results_types import MONTH, TODAY, YEAR, Question
from core.sync.days import close_days
from tests.bench.pages import times
from tests.bench.report import show
from tests.core.persistence.makers import add_account, make_ledger, make_reading, make_user, make_wallet, scope_of
from tests.core.services.results_past import worth
from tests.databases import BACKENDS, fresh_storage

NOW = datetime(2026, 11, 22, 21, 7, 11, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RAW = timedelta(seconds=30)
DAYS, ROUNDS = 365, 25
PAR = Decimal(1)
ASSETS = {"USDT": Decimal(9000), "BTC": Decimal("0.31"), "ETH": Decimal(4), "SOL": Decimal(55), "BNB": Decimal(12)}
PRICES = {"USDT": PAR, "BTC": Decimal(64000), "ETH": Decimal(3100), "SOL": Decimal(160), "BNB": Decimal(610)}


def main() -> None:
    """Measure two accounts and ten, on both databases."""
    for backend in BACKENDS:
        for count in (2, 10):
            with tempfile.TemporaryDirectory() as folder, fresh_storage(backend, Path(folder)) as storage:
                client = fill(storage, count)
                for name, call in calls(storage, client):
                    show(f"{backend}, {count} accounts: {name}", times(cpu_of(call)), "processor time")


def calls(storage: SqlStorage, client: User) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield the service calls by name."""
    scope, zone = scope_of(client), client.time_zone
    view = partial(load_overview, storage, scope, client_id=client.id, view=ALL, time_zone=zone, now=NOW)
    yield "overview", view
    for period in (TODAY, MONTH, YEAR):
        question = Question(client.id, ALL, period)
        yield f"results, {period}", partial(load_results, storage, scope, question, now=NOW)


def cpu_of(call: Callable[[], object]) -> list[float]:
    """Return the seconds of processor time of each round."""
    call()
    found = []
    for _ in range(ROUNDS):
        began = time.thread_time()
        call()
        found.append(time.thread_time() - began)
    return found


def fill(storage: SqlStorage, count: int) -> User:
    """Give a client this many accounts, a year of stored days, and two of them money in or out today."""
    client = make_user("bench", created_at=NOW - DAYS * DAY)
    with storage.begin() as uow:
        uow.users.add(client, None)
    accounts = [add_account(storage, client, name=f"Account {n}", is_main=not n) for n in range(count)]
    with storage.begin() as uow:
        uow.days.save(row for name in (None, *accounts) for row in year(client, name))
    for n, account in enumerate(accounts):
        live(storage, account, (HOUR * 7, HOUR * 3)[n] if n < 2 else None)
    while close_days(storage, client, NOW):
        pass
    return client


def live(storage: SqlStorage, account: ExchangeAccount, ago: timedelta | None) -> None:
    """Store readings since the day before yesterday; a deposit that long ago, where one is asked for."""
    rng = random.Random(account.name)
    today = start_of_day((NOW - 3 * HOUR).date(), "America/Sao_Paulo")
    moved = Decimal(2500) if ago is not None else Decimal(0)
    booked = NOW - (ago or DAY)

    def point(at: datetime) -> DetailPoint:
        cash = ASSETS["USDT"] + (moved if at > booked else 0)
        prices = {name: price * Decimal(str(round(rng.gauss(1, 0.001), 6))) for name, price in PRICES.items()}
        held = tuple(
            HeldAsset(name, cash if name == "USDT" else amount, PAR if name == "USDT" else prices[name])
            for name, amount in ASSETS.items()
        )
        open_pnl = Decimal(str(round(rng.gauss(40, 5), 2)))
        leg = OpenLeg("BTC/USDT:USDT", "long", "USDT", qty=PAR, upnl=open_pnl, settle_price=PAR, mark=prices["BTC"])
        margin = WalletPoint("usdm", True, (HeldAsset("USDT", Decimal(5000), PAR),), (leg,))
        return DetailPoint(at, (WalletPoint("spot", True, held), margin))

    early = [point(today - DAY - 2 * HOUR + n * 5 * MINUTE) for n in range(24 * 12)]
    late, at = [], today - 2 * HOUR
    while at <= NOW:
        late.append(point(at))
        at += RAW
    with storage.begin() as uow:
        uow.history.add(account, early)
        for one in late:
            uow.history.save(make_reading(account, one.at), one)
        uow.history.pack(account, before=NOW - HOUR, limit=100)
        if ago is not None:
            uow.ledger.add([make_ledger(account, "1", amount=moved, booked_at=booked, price=PAR)])
        uow.syncing.ensure(account.id, account.user_id, NOW, 30)
        states = tuple(
            make_wallet(
                account, wallet.wallet, attempted_at=late[-1].at, as_of=late[-1].at, unpriced=(),
                first_ok_at=NOW - DAYS * DAY,
                equity=worth(wallet),
            )
            for wallet in late[-1].wallets
        )  # fmt: skip
        uow.readings.store(make_reading(account, late[-1].at, wallets=states, balances=(), details=late[-1]))


def year(client: User, account: ExchangeAccount | None) -> Iterator[DayResult]:
    """Yield a year of days up to the one before yesterday."""
    today = (NOW - 3 * HOUR).date()
    for n in range(DAYS, 1, -1):
        day = today - n * DAY
        begin, end = start_of_day(day, client.time_zone), start_of_day(day + DAY, client.time_zone)
        yield DayResult(
            client_id=client.id, scope="all" if account is None else str(account.id), day=day, currency="USD",
            account_id=None if account is None else account.id, time_zone=client.time_zone, begins_at=begin,
            ends_at=end, equity0=50000.0, equity1=50010.0, net_flows=0.0, scope_flows=0.0, total=10.0, realised=0.0,
            unrealised_change=0.0, funding=0.0, fees=0.0, other_income=0.0, price_effect=10.0, fx_effect=0.0,
            unexplained=0.0, unexplained_ok=True, twr=0.0002, status="ok", settled=True, revised=False,
            computed_at=end + HOUR, unpriced=0,
        )  # fmt: skip
