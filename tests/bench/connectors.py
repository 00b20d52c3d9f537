"""What a read costs our process, beside ccxt and a plain script on the same sandbox with the same requests."""

import gc
import json
import multiprocessing
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self

import requests

from connectors.sandbox import SandboxKey, key
from tests.bench.readers import ACCOUNTS, CASES, Case, Ccxt, CcxtAsync, Hosts, Ours, OursAtOnce, Plain, Reader
from tests.bench.report import show

ROOT = Path(__file__).parents[2]
ROUNDS = 7
INSTANCES = 1_000
OURS, AT_ONCE = "ours", "ours, 16 threads"
# which of ours stands beside another client, and the share of its cost that ours may have: like with like, for one that
# waits for every answer alone pays a sleep and a cold start for each, which those with many in flight share
GOALS = {"ccxt": (OURS, 0.35), "ccxt async": (AT_ONCE, 0.60), "plain requests": (OURS, 0.60)}
MEMORY_GOAL = 0.10
CLIENTS: Mapping[str, Callable[[Case, Hosts, Sequence[SandboxKey]], Reader]] = {
    OURS: Ours,
    AT_ONCE: OursAtOnce,
    "ccxt": Ccxt,
    "ccxt async": CcxtAsync,
    "plain requests": Plain,
}
# a child of its own for each: imports and instances of one must not warm up the other
IMPORTS = {
    "ours": "import connectors; [connectors.describe(name) for name in connectors.available()]",
    "ccxt": "import ccxt",
    "ccxt async": "import ccxt.async_support",
}
CHILD = """
import gc, json, sys, time
started = time.process_time()
{imports}
seconds = time.process_time() - started
import psutil
before = psutil.Process().memory_info().rss
{make}
gc.collect()
print(json.dumps([seconds, before, psutil.Process().memory_info().rss - before]))
"""
MAKE = """
import importlib
from tests.bench import readers
hosts, many = json.loads(sys.argv[1]), int(sys.argv[2])
from connectors.sandbox import key
case = readers.CASES[0]
maker = getattr(readers, sys.argv[3])
maker(case, hosts, [key(case.exchange, "good")] * 2)
gc.collect()
before = psutil.Process().memory_info().rss
made = maker(case, hosts, [key(case.exchange, "good")] * many)
"""


def main() -> int:
    """Measure and print."""
    with sandbox() as (hosts, control):
        sums: dict[str, list[float]] = {name: [0.0] * ROUNDS for name in CLIENTS}
        for case in CASES:
            for name, rounds in read_costs(case, hosts[case.exchange], control).items():
                sums[name] = [have + more for have, more in zip(sums[name], rounds, strict=True)]
        print_costs("all exchanges, CPU ms per account of each", sums)
        many_instances(hosts[CASES[0].exchange])
    import_costs()
    return 0


@contextmanager
def sandbox() -> Iterator[tuple[Mapping[str, Hosts], str]]:
    """Run the sandbox in a process of its own; yields the hosts by exchange and the control port's URL."""
    names = [part for case in CASES for part in ("--exchange", case.exchange)]
    command = [sys.executable, "-m", "core", "sandbox", "serve", "--", "--no-limits", *names]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            if server.stdout is None:
                raise RuntimeError("no output")
            hosts, control = (server.stdout.readline().strip().partition("=")[2] for _ in range(2))
            yield json.loads(hosts), control
        finally:
            server.terminate()


def read_costs(case: Case, hosts: Hosts, control: str) -> dict[str, list[float]]:
    """Print and return the CPU milliseconds per account by client and round, and the peak of memory of one read.

    Every client has a process of its own, as it would have at work: none carries another's weight.
    """
    with ExitStack() as running:
        clients = {name: running.enter_context(Client(name, case, hosts)) for name in CLIENTS}
        calls = compare_requests(case, clients, control)
        rounds: dict[str, list[float]] = {name: [] for name in CLIENTS}
        for number in range(ROUNDS):
            order = list(CLIENTS)[number % len(CLIENTS) :] + list(CLIENTS)[: number % len(CLIENTS)]
            for name in order:
                rounds[name].append(clients[name].ask("cpu") / ACCOUNTS)
        print_costs(f"{case.exchange}, {calls} requests, CPU ms per account", rounds)
        peaks = {name: client.ask("peak") for name, client in clients.items() if name != AT_ONCE}
    show(
        f"{case.exchange}, peak memory of one read", "", ", ".join(f"{n} {p / 1024:.0f} KiB" for n, p in peaks.items())
    )
    return rounds


def compare_requests(case: Case, clients: Mapping[str, "Client"], control: str) -> int:
    """Return how many requests our read of one account sends; say so where another client's differ."""
    counts: dict[str, dict[str, int]] = {}
    for name, client in clients.items():
        client.ask("cpu")
        requests.delete(f"{control}/sandbox/requests", timeout=10)
        client.ask("cpu")
        rows = requests.get(f"{control}/sandbox/requests", timeout=10).json()
        counts[name] = {row["path"]: row["count"] for row in rows if row["exchange"] == case.exchange}
    for name, count in counts.items():
        odd = {path for path in count.keys() | counts[OURS].keys() if count.get(path) != counts[OURS].get(path)}
        if odd:
            show(f"{case.exchange}, {name}: NOT the same requests", "", f"see CASES: {sorted(odd)}")
    return sum(counts[OURS].values()) // ACCOUNTS


class Client:
    """A client in a process of its own that measures itself when asked. Use as a context manager."""

    def __init__(self, name: str, case: Case, hosts: Hosts) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, name, case, hosts), daemon=True)

    def __enter__(self) -> Self:
        """Start, and wait until every account was read once."""
        self._process.start()
        self._answer("start")
        return self

    def __exit__(self, *error: object) -> None:
        """End the process."""
        self._pipe.send(None)
        self._process.join(10)

    def ask(self, what: str) -> float:
        """Return the CPU milliseconds of reading all accounts ("cpu"), or the bytes that one read needs ("peak")."""
        self._pipe.send(what)
        return self._answer(what)

    def _answer(self, what: str) -> float:
        if not self._pipe.poll(120):
            raise TimeoutError(what)
        return float(self._pipe.recv())


def serve(pipe: Connection, name: str, case: Case, hosts: Hosts) -> None:
    """Measure in a process of its own until asked for nothing more."""
    keys = [key(case.exchange, "good")] * ACCOUNTS
    reader = CLIENTS[name](case, hosts, keys)
    reader.read_all()
    pipe.send(0.0)
    while (what := pipe.recv()) is not None:
        if what == "cpu":
            pipe.send(cpu_ms(reader.read_all))
        else:
            reader.close()
            reader = CLIENTS[name](case, hosts, keys[:1])
            pipe.send(peak_of_one(reader))
    reader.close()


def cpu_ms(work: Callable[[], None]) -> float:
    """Return the CPU milliseconds that this process spends."""
    gc.collect()
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


def peak_of_one(reader: Reader) -> int:
    """Return by how many bytes one read of one account raises Python's memory at most."""
    reader.read_all()
    gc.collect()
    tracemalloc.start()
    reader.read_all()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def print_costs(what: str, rounds: Mapping[str, Sequence[float]]) -> None:
    """Print the median of each client with its rounds, and of the paired ratios of both of ours to it."""
    for name, values in rounds.items():
        note = ""
        if name in GOALS:
            peer, goal = GOALS[name]
            ratios = {own: paired_ratio(rounds[own], values) for own in (OURS, AT_ONCE)}
            rest = ", ".join(f"({own}: {ratio:.2f})" for own, ratio in ratios.items() if own != peer)
            note = f"{peer}: {ratios[peer]:.2f} of it, goal {goal:.2f} {rest}; "
        each = " ".join(f"{value:.2f}" for value in values)
        show(f"{what}: {name}", f"{statistics.median(values):.2f}", f"{note}rounds {each}")


def paired_ratio(ours: Sequence[float], others: Sequence[float]) -> float:
    """Return the median of what ours cost in each round to what another client cost in it."""
    return statistics.median(own / other for own, other in zip(ours, others, strict=True))


def many_instances(hosts: Hosts) -> None:
    """Print what a thousand instances add to a process that has made two."""
    grown = {}
    for name, maker in (("ours", "Ours"), ("ccxt", "Ccxt")):
        _, _, grown[name] = child("import tests.bench.readers", MAKE, json.dumps(hosts), str(INSTANCES), maker)
        show(f"memory of {INSTANCES} {name} instances", f"{grown[name] / 2**20:.1f} MiB")
    show("ours to ccxt with shared markets", f"{grown['ours'] / grown['ccxt']:.3f}", f"goal {MEMORY_GOAL:.2f}")


def import_costs() -> None:
    """Print CPU time and memory of a process that has imported a library and nothing else."""
    rounds: dict[str, list[tuple[float, float, float]]] = {name: [] for name in IMPORTS}
    for _ in range(ROUNDS):
        for name, line in IMPORTS.items():
            rounds[name].append(child(line, ""))
    for name, values in rounds.items():
        seconds, memory, _ = (statistics.median(column) for column in zip(*values, strict=True))
        each = " ".join(f"{value[0] * 1000:.0f}" for value in values)
        show(f"import, {name}", f"{seconds * 1000:.0f} ms, {memory / 2**20:.0f} MiB", f"rounds {each}")


def child(imports: str, make: str, *arguments: str) -> tuple[float, float, float]:
    """Return import seconds, memory after it, and growth by what `make` makes, of a fresh process."""
    script = CHILD.format(imports=imports, make=make)
    done = subprocess.run([sys.executable, "-c", script, *arguments], cwd=ROOT, check=True, capture_output=True)
    seconds, before, grown = json.loads(done.stdout)
    return seconds, before, grown
