"""Ninety days of every account at every exchange, world after world, make books that close."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.mapping import checks
from tests.mapping.cases import CASES
from tests.mapping.lived import Plan, live
from tests.torture.summary import Summary

DAYS, SEEDS = 90, 5
FIRST_SEED = 101
SHOWN = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this torture."""
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many worlds")
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="the first world's")
    parser.add_argument("--exchange", action="append", choices=sorted({exchange for exchange, _name in CASES}))


def run(options: argparse.Namespace) -> Summary:
    """Live every account's days in each world, and say what did not close."""
    cases = [case for case in CASES if options.exchange is None or case[0] in options.exchange]
    faults: list[str] = []
    for seed in range(options.seed, options.seed + options.seeds):
        for exchange, name in cases:
            found = _faults(exchange, name, Plan(days=options.days, within_every=1 + seed % 4, seed=seed))
            sys.stdout.write(f"mapping seed {seed} {exchange}:{name}: {len(found)} faults\n")
            sys.stdout.flush()
            faults += [f"seed {seed} {exchange}:{name}: {fault}" for fault in found[:SHOWN]]
    facts = {"accounts": str(len(cases)), "worlds": str(options.seeds), "days of each": str(options.days)}
    return Summary("mapping", facts, tuple(faults))


def _faults(exchange: str, name: str, plan: Plan) -> list[str]:
    with tempfile.TemporaryDirectory() as folder, live(exchange, name, Path(folder), plan) as lived:
        return [
            *checks.days_that_do_not_close(lived),
            *checks.breaks_of_the_ledger(lived),
            *(f"{wallet} failed" for wallet in sorted(checks.unexpected_failures(lived))),
            *checks.wrong_where_a_row_is_forgotten(lived),
        ]
