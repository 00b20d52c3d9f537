"""Fifty clients at once, a thousand reruns each over raw websockets with forged addresses: nobody gets another's."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.tenancy.crowd import run_crowd
from tests.tenancy.world import living_world
from tests.torture.summary import Summary

USERS, RERUNS = 50, 1000
SAY_EVERY = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this torture."""
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--reruns", type=int, default=RERUNS, help="of each user")


def run(options: argparse.Namespace) -> Summary:
    """Let everybody look at once, and count what reached the wrong one."""
    started = time.monotonic()

    def say(runs: int) -> None:
        if runs % SAY_EVERY == 0:
            sys.stdout.write(f"tenancy: {runs} runs after {time.monotonic() - started:.0f} s\n")
            sys.stdout.flush()

    with (
        tempfile.TemporaryDirectory() as folder,
        living_world(Path(folder), clients=options.users, real=False) as world,
    ):
        outcome = run_crowd(world, options.reruns, say)
    facts = {
        "users at once": str(options.users),
        "runs": f"{outcome.runs:,}",
        "received": f"{outcome.received / 2**20:,.0f} MiB",
        "own canaries seen": ", ".join(f"{kind} {count:,}" for kind, count in sorted(outcome.own.items())),
        "foreign canaries": str(outcome.foreign),
        "answers of other sessions": str(outcome.strays),
        "seconds": f"{time.monotonic() - started:.0f}",
    }
    return Summary("tenancy", facts, tuple(outcome.faults))
