"""The sidecar's loop: every second the heartbeat, then jobs, prices and the accounts that are due."""

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import schedule

from connectors.errors import ConnectorError, ExchangeError, NotSupportedError
from core import __version__
from core.bootstrap import SyncParts
from core.domain.types import STOPPED, Heartbeat, Job
from core.errors import LeaseLostError, StorageUnavailableError
from core.log import log_ids
from core.ports import Lease
from core.sync.budgets import DOWN, PROBE_JITTER, PROBE_SECONDS, Breakers
from core.sync.bulkheads import Bulkheads
from core.sync.claims import claim, claim_ahead
from core.sync.clocks import Clocks
from core.sync.connections import Connections
from core.sync.fx import FxReader
from core.sync.jobs import fail_job, run_job
from core.sync.meter import Meters
from core.sync.patience import Patience
from core.sync.planner import Planner, intervals_of
from core.sync.ports import Tools
from core.sync.prices import PriceBoard
from core.sync.rights import VERIFIED
from core.sync.runs import RunRecord
from core.sync.slot import run_slot
from core.sync.upkeep import Upkeep
from core.sync.verify import Retry

log = logging.getLogger(__name__)

TICK_SECONDS = 1
POLL_SECONDS = 0.2
BEAT_SECONDS = 4
JOB_STALE_SECONDS = 120.0
JOBS_AT_ONCE = 8
JOBS = "jobs"
HISTORY = "history"
RATES = "rates"
STOP_SECONDS = 15.0
COMPLAIN_SECONDS = 60.0
FORGOTTEN_AFTER = timedelta(days=1)
CLAIM_MOST = 64
CLOCK_STEP = timedelta(seconds=30)  # less is slept over
LEASE_LEFT = timedelta(seconds=20)
PROBE_ANSWERED_SECONDS = 10.0  # prices so young have come since the exchange was found down


@dataclass(slots=True)
class Fleet:
    """The exchanges that accounts are at, as last listed."""

    listed_at: datetime | None = None
    exchanges: frozenset[str] = frozenset()


class Runner:
    """Claims work and hands it to threads. `tick` never waits for an exchange."""

    def __init__(self, parts: SyncParts, *, jitter: Callable[[], float] | None = None) -> None:
        """Join the engine's parts; nothing is read yet."""
        settings = parts.settings
        intervals = intervals_of(settings)
        self._meters = Meters(parts.storage, parts.clock, egress=settings.egress, is_alone=settings.is_sqlite)
        self._is_alone = settings.is_sqlite
        self._planner = Planner(parts.storage, intervals, self._meters)
        self._opener = parts.opener
        self._connections = Connections(
            parts.opener,
            lambda account, fields: parts.make_connector(account, fields, self._meters.of(account.exchange)),
        )
        clocks = Clocks()
        self._stopping = threading.Event()
        self._complained = -COMPLAIN_SECONDS
        self.tools = Tools(
            storage=parts.storage,
            clock=parts.clock,
            connect=self._connections.connect,
            prices=PriceBoard(
                parts.storage,
                parts.clock,
                lambda exchange: parts.make_public(exchange, False, self._meters.for_all(exchange)),
                clocks,
            ),
            owner=parts.sidecar_id,
            intervals=intervals,
            lease_seconds=settings.lease_seconds,
            allow_withdraw_keys=settings.allow_withdraw_keys,
            clocks=clocks,
            patience=Patience(sleep=lambda seconds: not self._stopping.wait(seconds)),
            egress=settings.egress,
            planned_seconds=self._planner.seconds,
            planned_ledger=self._planner.ledger_seconds,
            is_crowded=lambda exchange, *, is_old=False: self._meters.of(exchange).is_crowded(is_old=is_old),
            kinds_of=lambda exchange: parts.exchanges.describe(exchange).wallets,
        )
        self._breakers = Breakers(jitter or (lambda: random.uniform(-1, 1)))  # noqa: S311 - spreads probes only
        self._upkeep = Upkeep(parts.storage, parts.clock, parts.sidecar_id)
        self._fx = FxReader(parts.storage, parts.clock, settings.fx_source, parts.read_rates)
        self._work = Bulkheads(max(2, settings.sync_threads // 2))
        self._started_at = parts.clock()
        self._beat_at: datetime | None = None
        self._ticked_at: datetime | None = None
        self._fleet = Fleet()
        self._asked: dict[str, datetime] = {}
        self._priced: set[str] = set()
        self._retries: dict[UUID, tuple[Job, datetime]] = {}
        self._leases: dict[UUID, Lease] = {}
        self._lock = threading.Lock()

    def run(self, stop: threading.Event) -> int:
        """Tick until told to stop, then let running slots end; return the exit code."""
        ticker = schedule.Scheduler()
        ticker.every(TICK_SECONDS).seconds.do(self._tick_safely)
        self._tick_safely()
        while not stop.wait(POLL_SECONDS):
            ticker.run_pending()
        self._stop()
        return 0

    def run_once(self) -> int:
        """Make one full pass (jobs, prices, accounts that are due) and return the exit code."""
        self._beat_and_list(self.tools.clock())
        self._start_jobs(self.tools.clock())
        self._work.wait()
        now = self.tools.clock()
        self._planner.tick(now)
        self._start_prices(now, self._beat_and_list(now))
        self._work.wait()
        while self._start_slots(self.tools.clock(), self._paused()) or self._is_held_up():
            self._work.wait()
        self._fx.run()
        self._upkeep.run()
        self._stop("ok")  # who runs it every minute has a sidecar that is alive
        return 0

    def tick(self, now: datetime) -> None:
        """Start what is due at `now`; what still runs is left alone."""
        self._mind_clock(now)
        paused = self._beat_and_list(now)
        self._planner.tick(now)
        self._start_jobs(now)
        self._start_prices(now, paused)
        self._start_slots(now, paused)
        self._start_upkeep(now)

    def wait(self, seconds: float) -> bool:
        """Wait until everything started has ended; False when the time was too short."""
        return self._work.wait(seconds)

    def _mind_clock(self, now: datetime) -> None:
        """Go on at once where our clock has been set back, instead of when it has caught up."""
        if self._ticked_at is not None and now < self._ticked_at - CLOCK_STEP:
            log.warning("our clock was set back by %.0f s", (self._ticked_at - now).total_seconds())
            with self.tools.storage.begin() as uow:
                uow.syncing.set_back(now)
            self._beat_at = None
            self._fleet = Fleet(None, self._fleet.exchanges)
            self._asked.clear()
        self._ticked_at = now

    def _start_upkeep(self, now: datetime) -> None:
        if self._fx.is_due(now):
            self._work.submit(RATES, "fx rates", self._fx.run)
        if self._upkeep.is_due(now):
            self._work.submit(HISTORY, "upkeep", self._upkeep.run)

    def _tick_safely(self) -> None:
        try:
            self.tick(self.tools.clock())
        except StorageUnavailableError as e:
            self._complain(e)
        except Exception:  # noqa: BLE001 - the edge of the loop: a tick that fails must not end the process
            log.exception("tick failed")

    def _complain(self, error: StorageUnavailableError) -> None:
        """Say once a minute that the database does not answer."""
        if time.monotonic() - self._complained >= COMPLAIN_SECONDS:
            self._complained = time.monotonic()
            log.error("nothing can be read or stored, the database does not answer: %s", error)

    def _beat_and_list(self, now: datetime) -> frozenset[str]:
        """Give a sign of life, list the accounts now and then, and return the paused exchanges."""
        if self._beat_at is None or now - self._beat_at >= timedelta(seconds=BEAT_SECONDS):
            self._beat(now)
        listed = self._fleet.listed_at
        if listed is None or now - listed >= timedelta(seconds=self.tools.intervals.main_seconds):
            with self.tools.storage.begin(write=False) as uow:
                accounts = uow.accounts.all(None)
            self._connections.keep_only({account.id for account in accounts})
            read = (account.exchange for account in accounts if account.is_active and account.status in VERIFIED)
            self._fleet = Fleet(now, frozenset(read))
        return self._paused()

    def _beat(self, now: datetime, keys: str = "ok") -> None:
        """Store a sign of life and what has been counted since the last one; the first one sees the dead off."""
        own, clock = self.tools, self.tools.clocks.own_error_seconds()
        kids = ",".join(self._opener.kids)
        beat = Heartbeat(own.owner, self._started_at, now, keys, __version__, own.egress, clock, kids)
        with self.tools.tallies.taken() as tallies, self.tools.storage.begin() as uow:
            if self._beat_at is None:
                uow.syncing.forget_sidecars(silent_before=now if self._is_alone else now - FORGOTTEN_AFTER)
            uow.syncing.beat(beat)
            uow.runs.add_tallies(tallies)
        self._beat_at = now

    def _paused(self) -> frozenset[str]:
        with self.tools.storage.begin(write=False) as uow:
            pauses = uow.syncing.pauses(self.tools.clock(), self.tools.egress)
        for pause in pauses:
            if pause.reason in DOWN:
                self._breakers.open(pause.exchange)
        return frozenset(pause.exchange for pause in pauses)

    # jobs

    def _start_jobs(self, now: datetime) -> None:
        with self.tools.storage.begin() as uow:
            jobs = uow.jobs.claim(now, stale_after_seconds=JOB_STALE_SECONDS, limit=JOBS_AT_ONCE)
        with self._lock:
            again = [job for job, at in self._retries.values() if at <= now]
        for job in [*jobs, *again]:
            if self._work.submit(JOBS, f"job {job.id}", partial(self._do_job, job)):
                with self._lock:
                    self._retries.pop(job.id, None)

    def _do_job(self, job: Job) -> None:
        try:
            retry = run_job(self.tools, job)
        except LeaseLostError:
            retry = Retry(self.tools.clock() + timedelta(seconds=1))
        except Exception:
            fail_job(self.tools, job, "internal")
            raise
        finally:
            self._fleet = Fleet(None, self._fleet.exchanges)
        if retry is not None:
            with self._lock:
                self._retries[job.id] = (job, retry.at)
            if retry.error is not None and retry.exchange:
                self._note(retry.exchange, retry.error)

    # prices

    def _start_prices(self, now: datetime, paused: frozenset[str]) -> None:
        interval = timedelta(seconds=self.tools.intervals.main_seconds)
        for exchange in self._fleet.exchanges - paused:
            asked = self._asked.get(exchange)
            if asked is None or now - asked >= interval or self._breakers.is_open(exchange):
                self._asked[exchange] = now
                self._work.submit(exchange, f"prices {exchange}", partial(self._read_prices, exchange))

    def _read_prices(self, exchange: str) -> None:
        is_probe = self._breakers.is_open(exchange)
        if is_probe and not self._may_probe(exchange):
            return
        max_age = 0.0 if is_probe else self.tools.intervals.main_seconds * 0.8
        try:
            self.tools.prices.refresh(exchange, max_age_seconds=max_age)
            self._note(exchange, None)
        except NotSupportedError:
            self._note(exchange, None)
        except ConnectorError as e:
            log.warning("prices not read: %s", e, extra={"exchange": exchange})
            self._note(exchange, e)
        finally:
            self._priced.add(exchange)

    def _may_probe(self, exchange: str) -> bool:
        """Tell whether it is this sidecar's turn to probe; where another's probe was answered, all go on."""
        if self.tools.prices.is_fresh(exchange, PROBE_ANSWERED_SECONDS):
            self._note(exchange, None)
            return False
        name, least = f"probe {exchange} {self.tools.egress}", PROBE_SECONDS * (1 - PROBE_JITTER) * 0.9
        with self.tools.storage.begin() as uow:
            return uow.planning.take_turn(name, self.tools.clock(), every_seconds=least)

    # accounts

    def _start_slots(self, now: datetime, paused: frozenset[str]) -> int:
        rooms = {name: self._room(name) for name in self._fleet.exchanges - paused if self._is_ready(name)}
        if not any(rooms.values()):
            return 0
        with self.tools.storage.begin(write=False) as uow:
            due = uow.syncing.due(now, egress=self.tools.egress)
        most = {name: min(room, due.get(name, 0), CLAIM_MOST) for name, room in rooms.items()}
        leases = claim(self.tools, now, most)
        left = {name: min(room, CLAIM_MOST) - most[name] for name, room in rooms.items()}
        leases += claim_ahead(self.tools, now, left, self._planner.ahead_seconds)
        for lease in leases:
            with self._lock:
                self._leases[lease.account.id] = lease
            key = f"account {lease.account.id}"
            if not self._work.submit(lease.account.exchange, key, partial(self._do_slot, lease)):
                log.warning("slot skipped, the one before still runs", extra={"account_id": str(lease.account.id)})
                self._give_back(lease, "missed")
        return len(leases)

    def _is_ready(self, exchange: str) -> bool:
        return exchange in self._priced and not self._breakers.is_open(exchange)

    def _room(self, exchange: str) -> int:
        """Return how many slots may begin: as many as threads are free and the exchange's limits have room for."""
        free, room = max(0, self._work.free(exchange)), self._meters.of(exchange).room()
        return free if room is None else min(free, room)

    def _is_held_up(self) -> bool:
        """Wait a little where accounts are due and only an exchange's limit is in the way; tell whether it is."""
        paused = self._paused()
        full = {name for name in self._fleet.exchanges - paused if self._is_ready(name) and not self._room(name)}
        with self.tools.storage.begin(write=False) as uow:
            due = uow.syncing.due(self.tools.clock(), egress=self.tools.egress)
        if not full & due.keys():
            return False
        time.sleep(POLL_SECONDS)
        return True

    def _do_slot(self, lease: Lease) -> None:
        with log_ids(**RunRecord(self.tools, lease).ids):
            self._read_claimed(lease)

    def _read_claimed(self, lease: Lease) -> None:
        exchange = lease.account.exchange
        if self.tools.clock() > lease.until - LEASE_LEFT:
            log.warning("slot missed, it waited too long", extra={"account_id": str(lease.account.id)})
            self._give_back(lease, "missed")
            return
        try:
            run_slot(self.tools, lease)
            self._note(exchange, None)
        except LeaseLostError:
            log.info("lease lost, nothing written", extra={"account_id": str(lease.account.id)})
        except ConnectorError as e:
            log.info("account not read: %s", e, extra={"account_id": str(lease.account.id), "exchange": exchange})
            self._note(exchange, e)
        except Exception:
            self._give_back(lease, "internal")
            raise
        finally:
            if not lease.account.testnet:
                self._meters.of(exchange).count_slot()
            with self._lock:
                if self._leases.get(lease.account.id) == lease:
                    del self._leases[lease.account.id]

    def _give_back(self, lease: Lease, code: str) -> None:
        now = self.tools.clock()
        record = RunRecord(self.tools, lease)
        try:
            with self.tools.storage.begin() as uow:
                due = now + timedelta(seconds=self.tools.intervals.main_seconds)
                uow.syncing.release(lease, next_due_at=due, interval_seconds=None, now=now, error_code=code)
                record.end(uow, code)
            record.count()
        except LeaseLostError:
            log.info("lease lost", extra={"account_id": str(lease.account.id)})

    def _note(self, exchange: str, error: ConnectorError | None) -> None:
        """Tell the exchange's breaker, and store the pause that follows."""
        if error is not None and not isinstance(error, ExchangeError):
            return
        pause = self._breakers.record(exchange, error, self.tools.clock())
        if pause is not None:
            log.warning("exchange paused: %s", pause.reason, extra={"exchange": exchange})
            with self.tools.storage.begin() as uow:
                uow.syncing.pause(replace(pause, egress=self.tools.egress))

    def _stop(self, keys: str = STOPPED) -> None:
        """Let running work end, then give back what is left, so that another sidecar can take it at once."""
        self._stopping.set()
        if not self._work.stop(STOP_SECONDS):
            log.warning("some slots did not end in time")
        with self._lock:
            left = list(self._leases.values())
        for lease in left:
            self._give_back(lease, "stopped")
        self._beat(self.tools.clock(), keys)
