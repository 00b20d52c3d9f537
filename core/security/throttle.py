"""How long to wait after failed sign-ins: a pure function of what was counted; there is no permanent lock."""

from datetime import datetime, timedelta

FREE_FAILURES = 5
FIRST_DELAY_SECONDS = 1
LONGEST_DELAY_SECONDS = 15 * 60


def next_allowed(failures: int, last_failed_at: datetime) -> datetime:
    """Return the instant from which another attempt is allowed.

    From the fifth failure on the delay doubles with each one, from 1 s to 15 min.

    Args:
        failures: failures since the last success, of one account or one address.
        last_failed_at: instant of the latest failure, aware.
    """
    return last_failed_at + timedelta(seconds=delay_seconds(failures))


def delay_seconds(failures: int) -> int:
    """Return the delay in seconds that this many failures in a row earn."""
    if failures < FREE_FAILURES:
        return 0
    doublings = min(failures - FREE_FAILURES, LONGEST_DELAY_SECONDS.bit_length())
    return min(FIRST_DELAY_SECONDS << doublings, LONGEST_DELAY_SECONDS)
