"""Prints the measures of the machine it runs on: `make bench`; one subject: `python -m tests.bench connectors`."""

import argparse
import importlib

SUBJECTS = ("connectors", "history", "open_day", "pages", "sync")


def main() -> int:
    """Measure and print the subjects named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("subjects", nargs="*", default=SUBJECTS, help=", ".join(SUBJECTS))
    for subject in parser.parse_args().subjects:
        importlib.import_module(f"tests.bench.{subject}").main()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
