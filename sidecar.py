"""The sync process: reads exchange accounts and stores what they hold (`python sidecar.py`, one pass with `--once`).

Exit codes: 0 done, 75 try again later (another sidecar, no database), 78 configuration or keys.
"""

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence

from core.bootstrap import build_sync
from core.config import load_settings
from core.errors import ConfigurationError, StorageUnavailableError
from core.log import configure_logging
from core.sync.lock import take_lock
from core.sync.runner import Runner

EXIT_BUSY = 75
EXIT_CONFIGURATION = 78

log = logging.getLogger(__name__)


def main(argv: Sequence[str]) -> int:
    """Run until SIGTERM or SIGINT, or one pass; return the exit code."""
    parser = argparse.ArgumentParser(prog="sidecar.py", description=__doc__)
    parser.add_argument("--once", action="store_true", help="one full pass, then end")
    options = parser.parse_args(argv)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    configure_logging()
    try:
        settings = load_settings()
        configure_logging(settings.log_level, settings.log_json)
        parts = build_sync(settings)
    except ConfigurationError as e:
        log.error("%s", e)
        return EXIT_CONFIGURATION
    except StorageUnavailableError as e:
        log.error("the database is not available: %s", e)
        return EXIT_BUSY
    if settings.is_sqlite and not take_lock(settings.data_dir):
        log.error("another sidecar works on this database")
        return EXIT_BUSY
    runner = Runner(parts)
    return runner.run_once() if options.once else runner.run(stop)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    logging.shutdown()
    os._exit(code)  # a thread that hangs in a request must not hold up the exit
