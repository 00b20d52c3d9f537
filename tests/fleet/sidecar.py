"""The sidecar as it is, but for the limits of exchanges that are off (`python -m tests.fleet.sidecar --no-limits`)."""

import logging
import os
import sys

import sidecar
from tests.fleet.limits import forget_limits

if __name__ == "__main__":
    if "--no-limits" in sys.argv[1:]:
        forget_limits()
    code = sidecar.main([])
    logging.shutdown()
    os._exit(code)
