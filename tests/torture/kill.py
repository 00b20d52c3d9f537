"""Writers killed with -9 at any moment, and migrations: what anyone has seen is there, slots and schemas are whole."""

import argparse
import logging
import multiprocessing
import os
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import UUID

from tests.databases import BACKENDS, fresh_url
from tests.torture.late import late_wire
from tests.torture.slots import Verdict, Versions, Writer, furnish, judge, opened, versions
from tests.torture.summary import Summary

COUNT = 1000
LIVES_PER_DATABASE = 100
THREADS = 2
LONGEST_SECONDS = 0.15
START_SECONDS = 120.0
log = logging.getLogger(__name__)
Owners = Sequence[tuple[UUID, UUID]]  # account and client
context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["tests.torture.kill"])


@dataclass(slots=True)
class Tally:
    """What a loop has seen. `stored` counts versions written over all lives, `faults` says what was lost or torn."""

    kills: Counter[str] = field(default_factory=Counter)
    stored: int = 0
    lost: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)  # writers that ended before they were killed, and of what
    torn: list[str] = field(default_factory=list)
    early: int = 0
    late: int = 0  # commits that reached a server only after the death of who had sent them
    seconds: float = 0.0

    @property
    def verdict(self) -> str:
        """Say what was found, in one line."""
        return f"lost {len(self.lost)}, torn {len(self.torn)}, ended of themselves {len(self.ended)}"

    def take(self, verdict: Verdict, where: str) -> None:
        """Add what was found at one place."""
        self.lost += [f"{where}: {text}" for text in verdict.lost]
        self.torn += [f"{where}: {text}" for text in verdict.torn]


def live(url: str, owners: Owners, acks: Connection) -> None:
    """Write one version after the other in as many threads as there are accounts, and acknowledge each; never ends."""
    lock = threading.Lock()
    logging.disable()
    with opened(url) as storage:

        def write(account_id: UUID, client_id: UUID) -> None:
            writer = Writer(storage, account_id, client_id, f"life-{os.getpid()}")
            try:
                writer.start()
                while True:
                    number = writer.write()
                    with lock:
                        acks.send((account_id, number))
            except BaseException as e:  # noqa: BLE001 - whatever ends a writer that nobody killed is told, then it ends
                with lock:
                    acks.send(f"{type(e).__name__}: {e}")
                os._exit(1)

        threads = [threading.Thread(target=write, args=owner) for owner in owners]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


class Witness:
    """Remembers the newest version of each account that was acknowledged or that a reader saw."""

    def __init__(self, seen: Mapping[UUID, int]) -> None:
        self.seen: Versions = dict(seen)
        self.last_words: list[str] = []
        self._lock = threading.Lock()

    def note(self, found: Mapping[UUID, int]) -> None:
        with self._lock:
            for key, number in found.items():
                self.seen[key] = max(number, self.seen.get(key, 0))

    def listen(self, acks: Connection) -> None:
        """Take in acknowledgements until the writer is dead and its last one is read."""
        while True:
            try:
                said = acks.recv()
            except (EOFError, OSError):
                return
            if isinstance(said, str):
                self.last_words.append(said)
            else:
                self.note(dict([said]))

    def watch(self, url: str, dead: threading.Event) -> None:
        """Read like a page does until the writer is dead."""
        with opened(url) as storage:
            while not dead.wait(0.002):
                self.note(versions(storage))


class Life:
    """A writer in a process of its own, from its start to its violent end, and those who see what it does."""

    def __init__(self, url: str, owners: Owners, witness: Witness, *, with_reader: bool) -> None:
        self._receiver, sender = context.Pipe(duplex=False)
        self._process = context.Process(target=live, args=(url, owners, sender), daemon=True)
        self._process.start()
        sender.close()
        self._before, self._witness = dict(witness.seen), witness
        self._dead = threading.Event()
        self._helpers = [threading.Thread(target=witness.listen, args=(self._receiver,))]
        if with_reader:
            self._helpers.append(threading.Thread(target=witness.watch, args=(url, self._dead)))
        for helper in self._helpers:
            helper.start()

    @property
    def has_written(self) -> bool:
        """Tell whether anyone has seen something new of this life."""
        return self._witness.seen != self._before

    def wait_for_more(self) -> bool:
        """Wait until it has written something; False when it died of itself, or wrote nothing for long."""
        deadline = time.monotonic() + START_SECONDS
        while not self.has_written:
            if not self._process.is_alive():
                return False
            if time.monotonic() > deadline:
                self._witness.last_words.append(f"alive, and wrote nothing for {START_SECONDS:.0f} s")
                return False
            time.sleep(0.001)
        return True

    def kill(self) -> None:
        """Kill it with -9 and take in its last words."""
        self._process.kill()
        self._process.join()
        self._dead.set()
        for helper in self._helpers:
            helper.join()
        self._receiver.close()


def take_a_life(url: str, owners: Owners, witness: Witness, rng: random.Random) -> bool:
    """Start a writer and kill it at a random moment; return whether it had acknowledged something by then."""
    # a reader that is there when the writer dies keeps SQLite from recovering by itself: only half of them have one
    life = Life(url, owners, witness, with_reader=rng.random() < 0.5)
    try:
        if rng.random() < 0.8:  # else while it opens the database and takes its first lease
            life.wait_for_more()
        time.sleep(rng.uniform(0, LONGEST_SECONDS))
    finally:
        life.kill()
    return life.has_written


def kill_writers(backend: str, count: int, seed: int = 1) -> Tally:
    """Kill that many writers on one kind of database and judge what is left after each."""
    rng, tally, started = random.Random(f"{seed} {backend}"), Tally(), time.monotonic()
    left = count
    while left > 0:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ga-kill-")))
            url = stack.enter_context(fresh_url(backend, folder))
            with opened(url) as storage:
                owners = [(account.id, account.user_id) for account in furnish(storage, THREADS)]
            urls, witness, wire = [url], Witness({}), None
            if backend == "postgresql":
                wire, through = stack.enter_context(late_wire(url, random.Random(rng.random())))
                urls.append(through)
            for _ in range(min(left, LIVES_PER_DATABASE)):
                tally.early += not take_a_life(rng.choice(urls), owners, witness, rng)
                tally.kills[backend] += 1
                _judge(url, witness, tally)
            tally.ended += [f"{backend}: a writer ended of itself: {words}" for words in witness.last_words]
            tally.late += wire.late if wire else 0
            left -= LIVES_PER_DATABASE
            tally.stored += sum(witness.seen.values())
            log.info("%s: %d kills, %s", backend, tally.kills[backend], tally.verdict)
    tally.seconds = time.monotonic() - started
    return tally


def _judge(url: str, witness: Witness, tally: Tally) -> None:
    verdict = judge(url, witness.seen)
    tally.take(verdict, f"kill {tally.kills.total()} of {url.partition(':')[0]}")
    witness.note(verdict.versions)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this torture."""
    parser.add_argument("--count", type=int, default=COUNT, help="kills on each database (default: %(default)s)")
    parser.add_argument("--database", choices=BACKENDS, help="only this one")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")


def run(options: argparse.Namespace) -> Summary:
    """Kill on both databases."""
    facts: dict[str, str] = {}
    faults: list[str] = []
    logging.basicConfig(format="%(asctime)s %(message)s")
    log.setLevel(logging.INFO)
    for backend in [options.database] if options.database else BACKENDS:
        tally = kill_writers(backend, options.count, options.seed)
        facts |= {
            f"{backend}: kills": f"{tally.kills[backend]} ({tally.early} before a new version)",
            f"{backend}: versions stored": str(tally.stored),
            f"{backend}: commits after death": str(tally.late),
            f"{backend}: lost, torn": f"{len(tally.lost)}, {len(tally.torn)}",
            f"{backend}: writers ended unkilled": str(len(tally.ended)),
            f"{backend}: seconds": f"{tally.seconds:.0f}",
        }
        faults += tally.lost + tally.torn + tally.ended
    return Summary("kill", facts, faults)
