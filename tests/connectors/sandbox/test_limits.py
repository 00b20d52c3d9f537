"""Counting: fixed windows, refusals, bans."""

from datetime import UTC, datetime, timedelta

from connectors.sandbox.limits import Limit, Limiter

NOW = datetime(2026, 2, 14, 15, 30, 20, tzinfo=UTC)
LIMIT = Limit(10, window=60, ban_after=2, ban_seconds=120)


def test_units_add_up_within_a_window_and_begin_anew_after_it() -> None:
    limiter = Limiter()
    assert limiter.count("a", 6, limit=LIMIT, now=NOW).used == 6
    assert limiter.count("a", 4, limit=LIMIT, now=NOW).retry_after == 0
    over = limiter.count("a", 1, limit=LIMIT, now=NOW)
    assert (over.used, over.retry_after, over.banned) == (11, 40, False)
    assert limiter.count("a", 1, limit=LIMIT, now=NOW + timedelta(seconds=40)).used == 1


def test_buckets_are_independent() -> None:
    limiter = Limiter()
    limiter.count("a", 10, limit=LIMIT, now=NOW)
    assert limiter.count("b", 10, limit=LIMIT, now=NOW).retry_after == 0


def test_who_goes_on_is_banned_until_the_ban_is_over() -> None:
    limiter = Limiter()
    verdicts = [limiter.count("a", 11, limit=LIMIT, now=NOW) for _ in range(3)]
    assert [verdict.banned for verdict in verdicts] == [False, False, True]
    assert limiter.count("a", 1, limit=LIMIT, now=NOW + timedelta(seconds=119)).banned
    assert limiter.count("a", 1, limit=LIMIT, now=NOW + timedelta(seconds=120)).retry_after == 0


def test_clearing_forgets_counts_and_bans() -> None:
    limiter = Limiter()
    for _ in range(3):
        limiter.count("a", 11, limit=LIMIT, now=NOW)
    limiter.clear()
    assert limiter.count("a", 1, limit=LIMIT, now=NOW).used == 1


def test_a_falling_counter_has_no_windows_and_does_not_count_what_it_refuses() -> None:
    limiter, counter = Limiter(), Limit(15, window=45, falling=True)
    verdicts = [limiter.count("a", 4, limit=counter, now=NOW) for _ in range(4)]
    assert [(verdict.used, verdict.retry_after) for verdict in verdicts] == [(4, 0), (8, 0), (12, 0), (12, 3)]
    assert limiter.count("a", 4, limit=counter, now=NOW + timedelta(seconds=2)).retry_after == 1
    assert limiter.count("a", 4, limit=counter, now=NOW + timedelta(seconds=3)).retry_after == 0
    limiter.clear()
    assert limiter.count("a", 15, limit=counter, now=NOW).retry_after == 0
