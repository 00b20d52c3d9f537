"""The long loops: `python -m tests.torture NAME [options]`, or all of them with their defaults: `make torture`."""

import argparse
import sys
from types import ModuleType

from tests.torture import answers, kill, mapping, migration, power, soak, tenancy
from tests.torture.summary import Summary

# a torture is a module with add_arguments(parser) and run(options) -> Summary
TORTURES: dict[str, ModuleType] = {
    "answers": answers,
    "kill": kill,
    "mapping": mapping,
    "migration": migration,
    "power": power,
    "soak": soak,
    "tenancy": tenancy,
}


def main(arguments: list[str] | None = None) -> int:
    """Run one torture, or all where none is named; 1 when any found a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    names = parser.add_subparsers(dest="name")
    for name, module in TORTURES.items():
        module.add_arguments(names.add_parser(name, help=module.__doc__))
    options = parser.parse_args(arguments)
    if options.name:
        summaries = [TORTURES[options.name].run(options)]
    else:
        summaries = [TORTURES[name].run(parser.parse_args([name])) for name in TORTURES]
    return report(summaries)


def report(summaries: list[Summary]) -> int:
    """Print what the tortures say, and return the exit code."""
    for summary in summaries:
        sys.stdout.write(f"{summary}\n")
    return 1 if any(summary.faults for summary in summaries) else 0


if __name__ == "__main__":
    raise SystemExit(main())
