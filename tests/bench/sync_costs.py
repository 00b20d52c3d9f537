"""What fetching and storing one account costs: ours, beside ccxt with SQLAlchemy's ORM and a bare loop of requests."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import requests
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from core.bootstrap import build_sync
from core.config import load_settings
from core.sync.runner import Runner
from core.sync.slot import run_slot
from tests.bench.readers import CASES, Case, Ccxt, Plain
from tests.bench.report import show
from tests.databases import BACKENDS, fresh_url
from tests.fleet.exchanges import SORTS, Member, Running, members, opened_at, running
from tests.fleet.installation import Installation
from tests.fleet.limits import forget_limits

ACCOUNTS = 20
ROUNDS = 5
GOAL = 0.20
OURS, CCXT, BARE = "ours", "ccxt + ORM", "bare requests, nothing stored"


class Naive(DeclarativeBase):
    """The tables of a plain program."""


class NaiveBalance(Naive):
    """One amount of one asset at one instant."""

    __tablename__ = "naive_balances"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    asset: Mapped[str]
    free: Mapped[Decimal | None]
    used: Mapped[Decimal | None]
    total: Mapped[Decimal | None]
    at: Mapped[datetime]


class NaivePosition(Naive):
    """One position at one instant."""

    __tablename__ = "naive_positions"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    symbol: Mapped[str]
    side: Mapped[str | None]
    contracts: Mapped[Decimal | None]
    entry: Mapped[Decimal | None]
    at: Mapped[datetime]


class Stored(Ccxt):
    """ccxt's clients, whose answers SQLAlchemy's ORM stores: a row for every balance and position."""

    def __init__(self, case: Case, exchanges: Running, fleet: Sequence[Member], engine: Engine) -> None:
        super().__init__(case, exchanges.hosts[case.exchange], [member.key for member in fleet])
        self._engine = engine
        Naive.metadata.create_all(engine)

    def read_all(self) -> None:
        """Read every account and store it in one transaction each."""
        for number, client in enumerate(self._clients):
            answers = [(name, getattr(client, name)(*arguments)) for name, arguments in self._case.steps]
            with Session(self._engine) as session:
                for name, answer in answers:
                    session.add_all(_rows(name, answer, UUID(int=number + 1)))
                session.commit()


def _rows(name: str, answer: Any, account_id: UUID) -> list[Naive]:  # noqa: ANN401 - ccxt has no types
    at = datetime.now(UTC).replace(tzinfo=None)
    if name == "fetch_balance":
        return [
            NaiveBalance(
                account_id=account_id, asset=asset, free=_exact(answer["free"].get(asset)),
                used=_exact(answer["used"].get(asset)), total=_exact(total), at=at,
            )
            for asset, total in answer["total"].items()
        ]  # fmt: skip
    if name == "fetch_positions":
        return [
            NaivePosition(
                account_id=account_id, symbol=row["symbol"], side=row["side"], contracts=_exact(row["contracts"]),
                entry=_exact(row["entryPrice"]), at=at,
            )
            for row in answer
        ]  # fmt: skip
    return []


def _exact(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


@contextmanager
def ours(case: Case, exchanges: Running, fleet: Sequence[Member], backend: str) -> Iterator[Callable[[], None]]:
    """Give out the work of reading and storing every account once, as the sidecar does it."""
    with tempfile.TemporaryDirectory(prefix="ga-bench-") as name, fresh_url(backend, Path(name)) as url:
        house = Installation(url, Path(name))
        house.place(fleet, is_main=lambda _: True, interval=lambda _: 30, ledger_from=opened_at())
        parts = build_sync(load_settings(house.environ(exchanges.hosts)))
        tools = Runner(parts).tools
        tools.prices.refresh(case.exchange, max_age_seconds=1)

        def read_all() -> None:
            later = parts.clock() + timedelta(minutes=1)
            with parts.storage.begin() as uow:
                leases = uow.syncing.claim(later, owner=tools.owner, lease_seconds=600, limit=len(fleet))
            for lease in leases:
                run_slot(tools, lease)

        read_all()
        yield read_all
        parts.storage.dispose()
        house.storage.dispose()


def main() -> None:
    """Measure and print, paired round by round."""
    forget_limits()
    for case in CASES:
        fleet = [member for member in members({case.exchange: ACCOUNTS * SORTS})][::SORTS]  # the rich ones
        with running({case.exchange: ACCOUNTS * SORTS}, latency_seconds=0) as exchanges:
            for backend in BACKENDS:
                compare(case, exchanges, fleet, backend)


def compare(case: Case, exchanges: Running, fleet: Sequence[Member], backend: str) -> None:
    """Print what one exchange's accounts cost on one database."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ga-bench-")))
        engine = create_engine(stack.enter_context(fresh_url(backend, folder)))
        stack.callback(engine.dispose)
        plain = Plain(case, exchanges.hosts[case.exchange], [member.key for member in fleet])
        stored = Stored(case, exchanges, fleet, engine)
        stack.callback(stored.close)
        work = {
            OURS: stack.enter_context(ours(case, exchanges, fleet, backend)),
            CCXT: stored.read_all,
            BARE: plain.read_all,
        }
        rounds: dict[str, list[float]] = {name: [] for name in work}
        counts = {name: _requests(exchanges, one) for name, one in work.items()}
        for _ in range(ROUNDS):
            for name, one in work.items():
                started = time.process_time()
                one()
                rounds[name].append((time.process_time() - started) / len(fleet) * 1000)
    for name, values in rounds.items():
        note = ""
        if name != OURS:
            ratio = statistics.median(mine / other for mine, other in zip(rounds[OURS], values, strict=True))
            note = f"ours is {ratio:.2f} of it{f', goal {GOAL:.2f}' if name == CCXT else ''}; "
        each = " ".join(f"{value:.1f}" for value in values)
        head = f"{case.exchange}, {backend}, CPU ms per account: {name}"
        show(head, f"{statistics.median(values):.1f}", f"{note}{counts[name]:.1f} requests, rounds {each}")


def _requests(exchanges: Running, work: Callable[[], None]) -> float:
    requests.delete(f"{exchanges.control}/sandbox/requests", timeout=30)
    work()
    return float(sum(row["count"] for row in exchanges.rows())) / ACCOUNTS
