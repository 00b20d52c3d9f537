"""The operator's command line: `python -m core …`."""

import argparse
import logging
import sys
from collections.abc import Sequence

from core.cli import accounts, audit, backups, demo, installation, keys, people, sandbox
from core.config import load_settings
from core.errors import ConfigurationError, PlatformError

EXIT_FAILURE = 1
EXIT_CONFIGURATION = 78
GROUPS = (installation, keys, people, accounts, backups, audit, sandbox, demo)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; each command puts its function into `run`."""
    parser = argparse.ArgumentParser(prog="python -m core", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    for group in GROUPS:
        group.register(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 refused, 2 wrong usage, 78 configuration or keys."""
    options = make_parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        code: int = options.run(options, load_settings())
    except ConfigurationError as e:
        sys.stderr.write(f"{e}\n")
        return EXIT_CONFIGURATION
    except PlatformError as e:
        sys.stderr.write(f"refused: {e}\n")
        return EXIT_FAILURE
    except KeyboardInterrupt:
        return EXIT_FAILURE
    return code


if __name__ == "__main__":
    raise SystemExit(main())
