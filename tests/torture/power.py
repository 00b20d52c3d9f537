"""Simulated power cuts: what was not synced is gone, torn or noise; what anyone has seen must still be there.

SQLite: the sidecar's slots run over a recording layer (vfs.py). A cut is a moment in the recording: what was synced by
then is kept; of each later write any part may have reached the disk, in any order, by sectors, or left noise.
PostgreSQL: the server and all its processes are killed at once, and the WAL behind the last flush is torn likewise.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from tests.databases import fresh_url
from tests.torture.kill import LONGEST_SECONDS, Life, Owners, Tally, Witness
from tests.torture.servers import Server, flushed, own_server
from tests.torture.slots import Versions, Writer, furnish, judge, opened, versions
from tests.torture.summary import Summary
from tests.torture.vfs import Act, Recording, Step, recording

COUNT = 5000
SERVER_SHARE = 20  # one in twenty cuts is of a server: it takes a second to start again
CUTS_PER_RECORDING = 500
ROUNDS = 150
ROUNDS_PER_OPENING = 75
SECTOR = 512


@dataclass(slots=True)
class Disk:
    """What a disk holds of one file: the synced bytes (None: no such file) and what is on its way."""

    synced: bytearray | None = None
    pending: list[Step] = field(default_factory=list)

    def do(self, step: Step) -> None:
        """Take in one step."""
        if step.act is Act.SYNC:
            self.synced = _settled(self.synced, self.pending)
            self.pending = []
        else:
            self.pending.append(step)

    def cut(self, rng: random.Random) -> bytes | None:
        """Return what is found of the file after a power cut now."""
        how = rng.random()
        if how < 0.2:
            steps = []
        elif how < 0.4:
            steps = self.pending
        elif how < 0.6:  # in order, the last one torn
            end = rng.randint(0, len(self.pending))
            steps = self.pending[:end] + [_torn(step, rng) for step in self.pending[end : end + 1]]
        else:  # in any order, each whole, torn or not at all
            kept = [step if rng.random() < 0.5 else _torn(step, rng) for step in self.pending if rng.random() < 0.6]
            steps = kept if rng.random() < 0.5 else rng.sample(kept, len(kept))
        found = _settled(None if self.synced is None else bytearray(self.synced), steps)
        return None if found is None else bytes(found)


def _settled(content: bytearray | None, steps: list[Step]) -> bytearray | None:
    for step in steps:
        if step.act is Act.DELETE:
            content = None
            continue
        content = bytearray() if content is None else content
        if step.act is Act.TRUNCATE:
            del content[step.offset :]
            continue
        content.extend(bytes(max(0, step.offset - len(content))))
        content[step.offset : step.offset + len(step.data)] = step.data
    return content


def _torn(step: Step, rng: random.Random) -> Step:
    """Return a write of which only a beginning reached the disk, sector by sector, perhaps with noise behind it."""
    if step.act is not Act.WRITE:
        return step
    first = SECTOR - step.offset % SECTOR
    ends = [0, *range(first, len(step.data), SECTOR)]
    end = rng.choice(ends)
    noise = rng.randbytes(min(SECTOR, len(step.data) - end)) if rng.random() < 0.3 else b""
    return Step(Act.WRITE, step.file, step.offset, step.data[:end] + noise)


def record(folder: Path, rounds: int = ROUNDS) -> tuple[bytes, list[Step]]:
    """Let slots be written and read; return the database file before, and every step and sight since."""
    with fresh_url("sqlite", folder) as url:
        path = Path(url.removeprefix("sqlite:///"))
        with opened(url) as storage:
            owners = [(account.id, account.user_id) for account in furnish(storage)]
        before = path.read_bytes()
        with recording(path) as tape:
            for start in range(0, rounds, ROUNDS_PER_OPENING):
                _write(url, owners, min(ROUNDS_PER_OPENING, rounds - start), tape)
    return before, tape.steps


def _write(url: str, owners: list[tuple[UUID, UUID]], rounds: int, tape: Recording) -> None:
    with opened(url) as reader, opened(url) as storage:
        tape.before_sync = lambda: tape.note(versions(reader))
        writers = [Writer(storage, *owner, "recorded") for owner in owners]
        for writer in writers:
            writer.start()
        for _ in range(rounds):
            for writer in writers:
                tape.note({writer.account_id: writer.write()})
        tape.before_sync = None


def moments(before: bytes, steps: list[Step], places: list[int]) -> Iterator[tuple[dict[str, Disk], Versions]]:
    """Yield the disk and what anyone has seen at each of these places in the recording (ascending)."""
    disk, seen = {"db": Disk(bytearray(before)), "wal": Disk()}, Versions()
    done = 0
    for place in places:
        for step in steps[done:place]:
            if step.act is Act.NOTE:
                seen |= {key: max(number, seen.get(key, 0)) for key, number in step.note.items()}
            else:
                disk[step.file].do(step)
        done = place
        yield disk, seen


def cut_files(folder: Path, count: int, seed: int = 1) -> Tally:
    """Cut the power of an SQLite database that many times, and judge what is found after each."""
    rng, tally, started = random.Random(f"{seed} sqlite"), Tally(), time.monotonic()
    left = count
    while left > 0:
        before, steps = record(folder, ROUNDS if left >= CUTS_PER_RECORDING else ROUNDS // 5)
        places = _places(steps, min(left, CUTS_PER_RECORDING), rng)
        for place, (disk, seen) in zip(places, moments(before, steps, places), strict=True):
            path = folder / f"found-{tally.kills.total() % 2}.db"
            _lay_out(path, {name: found.cut(rng) for name, found in disk.items()})
            tally.kills["sqlite"] += 1
            tally.take(judge(f"sqlite:///{path}", seen), f"cut {tally.kills.total()} at step {place}")
            tally.early += any(files.pending for files in disk.values())
        tally.stored += sum(step.act is Act.NOTE and len(step.note) == 1 for step in steps)
        left -= CUTS_PER_RECORDING
    tally.seconds = time.monotonic() - started
    return tally


def _places(steps: list[Step], count: int, rng: random.Random) -> list[int]:
    """Choose moments anywhere, and one in four around a checkpoint, which is rare and where most can go wrong."""
    rare = [number for number, step in enumerate(steps) if step.file == "db" or step.act is Act.DELETE]
    near = [rng.choice(rare) + rng.randint(-2, 3) for _ in range(count // 4 if rare else 0)]
    places = [min(max(place, 0), len(steps)) for place in near]
    return sorted(places + [rng.randint(0, len(steps)) for _ in range(count - len(places))])


def _lay_out(path: Path, files: Mapping[str, bytes | None]) -> None:
    for name, suffix in {"db": "", "wal": "-wal", "shm": "-shm"}.items():
        file, content = path.with_name(path.name + suffix), files.get(name)
        if content is None:
            file.unlink(missing_ok=True)
        else:
            file.write_bytes(content)


def cut_servers(server: Server, count: int, seed: int = 1) -> Tally:
    """Cut the power of a PostgreSQL server that many times while a sidecar writes, and judge what it recovers."""
    rng, tally, started = random.Random(f"{seed} postgresql"), Tally(), time.monotonic()
    with opened(server.url) as storage:
        owners = [(account.id, account.user_id) for account in furnish(storage)]
    witness = Witness({})
    for number in range(1, count + 1):
        seen, place = _pull_the_plug(server, owners, witness, rng)
        if rng.random() < 0.7:
            server.tear_wal(place, rng)
        else:
            seen = witness.seen
        server.start()
        verdict = judge(server.url, seen)
        tally.kills["postgresql"] += 1
        tally.take(verdict, f"server cut {number}")
        witness.seen = dict(verdict.versions)
    tally.stored = sum(witness.seen.values())
    tally.seconds = time.monotonic() - started
    return tally


def _pull_the_plug(server: Server, owners: Owners, witness: Witness, rng: random.Random) -> tuple[Versions, int]:
    """Kill server and writer at a random moment; return what had been seen just before the WAL was on disk that far."""
    life = Life(server.url, owners, witness, with_reader=False)
    try:
        with opened(server.url) as reader, server.watch() as connection:
            if not life.wait_for_more():
                raise RuntimeError(f"the writer ended before the power: {witness.last_words}")
            time.sleep(rng.uniform(0, LONGEST_SECONDS))
            witness.note(versions(reader))
            seen = dict(witness.seen)
            place = flushed(connection)
            server.kill()
            connection.close()
    finally:
        life.kill()
    return seen, place


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this torture."""
    parser.add_argument("--count", type=int, default=COUNT, help="cuts of an SQLite database (default: %(default)s)")
    parser.add_argument("--servers", type=int, default=COUNT // SERVER_SHARE, help="cuts of a PostgreSQL server")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")


def run(options: argparse.Namespace) -> Summary:
    """Cut the power of both databases."""
    with tempfile.TemporaryDirectory(prefix="ga-power-") as folder:
        files = cut_files(Path(folder), options.count, options.seed)
    with own_server() as server:
        servers = cut_servers(server, options.servers, options.seed)
    facts = {
        "sqlite: cuts": f"{files.kills['sqlite']} ({files.early} with unsynced writes)",
        "postgresql: server cuts": str(servers.kills["postgresql"]),
    }
    for name, tally in {"sqlite": files, "postgresql": servers}.items():
        facts[f"{name}: versions stored"] = str(tally.stored)
        facts[f"{name}: lost, torn"] = f"{len(tally.lost)}, {len(tally.torn)}"
        facts[f"{name}: seconds"] = f"{tally.seconds:.0f}"
    return Summary("power", facts, [*files.lost, *files.torn, *servers.lost, *servers.torn])
