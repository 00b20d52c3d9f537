"""The sidecar's house with the fault-injecting proxy in front of its exchanges, and the screens of its people."""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from streamlit.testing.v1 import AppTest

from connectors import _http
from connectors.sandbox.faults import Fault, FaultKind
from connectors.sandbox.server import Sandbox
from core.domain.types import Heartbeat, Job, User
from core.sync.runner import Runner
from tests.core.persistence import makers
from tests.core.sync.house import EXCHANGE, House, MovableClock
from tests.core.ui.house import words

ROUTER = str(Path(__file__).parents[2] / "core" / "ui" / "main.py")
OTHER = "bybit"
SLOT = 30
SLOW = frozenset({FaultKind.HANG, FaultKind.SLOW_HEAD, FaultKind.SLOW_BODY})
LONG_SECONDS, SHORT_SECONDS = _http.DEADLINE_SECONDS, 0.3


@dataclass(frozen=True)
class Figures:
    """What is stored of an account: amounts by asset, equity by wallet, the ledger."""

    amounts: dict[str, object]
    equities: dict[str, float | None]
    ledger: dict[str, object]


class FaultHouse(House):
    """The installation, and short words for what goes wrong and what is then seen.

    `good` and `spot` are accounts at one exchange (`good` is the main one), `other` is at
    another one; all are read every half minute, last well half a minute ago.
    """

    good: Job
    spot: Job
    other: Job

    def __init__(self, *, url: str, folder: Path, sandbox: Sandbox, clock: MovableClock) -> None:
        super().__init__(url=url, folder=folder, sandbox=sandbox, clock=clock)
        often = {"sync_slow_interval_seconds": SLOT, "sync_rest_interval_seconds": SLOT}
        self.settings = self.settings.model_copy(update=often)

    def _make_keys(self) -> None:
        if not self.settings.app_key_file.exists():
            super()._make_keys()

    def add_client(self, login: str) -> User:
        """Store a client who reads English, or return the one of that name."""
        with self.storage.begin(write=False) as uow:
            known = [user for user in uow.users.all() if user.login == login]
        if known:
            return known[0]
        user = replace(super().add_client(login), language="en")
        with self.storage.begin() as uow:
            uow.users.update(user)
        return user

    def settle(self) -> dict[str, Job]:
        """Add the three accounts and read them well."""
        jobs = {"good": self.add("good")}
        self.once()
        jobs |= {"spot": self.add("spot"), "other": self.add("good", exchange=OTHER)}
        self.once()
        for job in jobs.values():
            assert self.state(job).last_error_code is None, self.state(job)
        return jobs

    def move_in(self, jobs: dict[str, Job]) -> None:
        """Take over what was settled, half a minute later: a slot of every account has come."""
        self.good, self.spot, self.other = jobs["good"], jobs["spot"], jobs["other"]
        self.pass_time()

    def strike(
        self,
        kind: FaultKind,
        *,
        exchange: str = EXCHANGE,
        key: str | None = None,
        **more: Any,  # noqa: ANN401 - fields of a Fault
    ) -> None:
        """Let an exchange fail from now on, for everybody or for the key of one account."""
        _http.DEADLINE_SECONDS = SHORT_SECONDS if kind in SLOW else LONG_SECONDS
        api_key = None if key is None else self.sandbox.key(exchange, key).api_key
        self.sandbox.fault(Fault(exchange, kind, api_key=api_key, **more))

    def wait_at_most(self, seconds: float) -> None:
        """Let every call end after so long, from the next one on."""
        _http.DEADLINE_SECONDS = seconds

    def heal(self) -> None:
        """Let everything be well again."""
        self.sandbox.faults.clear()
        _http.DEADLINE_SECONDS = LONG_SECONDS

    def pass_time(self, slots: float = 1) -> None:
        """Let so many slots of half a minute go by."""
        self.clock.move(SLOT * slots)

    def ticks(self, runner: Runner, *, seconds: int, step: int = 1) -> None:
        """Let a sidecar tick for a while."""
        for _ in range(0, seconds, step):
            self.clock.move(step)
            self.tick(runner)

    def figures(self, job: Job) -> Figures:
        """Return what is stored of an account's money."""
        equities = {name: wallet.equity for name, wallet in self.wallets(job).items()}
        return Figures(dict(self.amounts(job)), equities, dict(self.ledger(job)))

    def age(self, job: Job) -> float:
        """Return the seconds since an account was last read well."""
        read_at = self.state(job).last_ok_at
        assert read_at is not None
        return (self.clock() - read_at).total_seconds()

    def asked(self, key: str | None = None, exchange: str = EXCHANGE) -> int:
        """Return how many requests there were since the count was cleared."""
        return sum(self.requests(key, exchange).values())

    # what people see

    def screen(self, page: str = "accounts") -> AppTest:
        """Return a page as the client's browser shows it now; the sidecar is alive."""
        person = self.client
        session = makers.make_session(
            person,
            token_hash=uuid4().hex,
            created_at=self.clock(),
            seen_at=self.clock(),
            authenticated_at=self.clock(),
            expires_at=self.clock() + timedelta(hours=1),
        )
        with self.storage.begin() as uow:
            uow.sessions.add(session)
            uow.syncing.beat(Heartbeat("one", self.clock(), self.clock(), "ok"))
        at = AppTest.from_file(ROUTER, default_timeout=30)
        at.user = {"session_ref": str(session.id)}
        at.run()
        if page != "overview" and not at.exception:
            at.switch_page(f"../../pages/{page}.py").run()
        return at

    def reads(self, page: str = "accounts") -> str:
        """Return everything that is written on a page, which shows no traceback."""
        at = self.screen(page)
        assert not at.exception, at.exception
        return words(at)
