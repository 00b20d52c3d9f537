"""Which points of the past survive thinning."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from core.domain.points import DetailPoint, HeldAsset, WalletPoint, kept_points, midnights, start_of_day

START = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def point(minute: float, **wallets: bool) -> DetailPoint:
    held = (HeldAsset("USDT", Decimal(minute), Decimal(1)),)
    found = tuple(WalletPoint(name, ok, held if ok else ()) for name, ok in (wallets or {"spot": True}).items())
    return DetailPoint(START + minute * MINUTE, found)


def minutes(points: list[DetailPoint]) -> list[float]:
    return [(found.at - START) / MINUTE for found in points]


def test_the_last_good_point_of_each_bucket_stays_and_both_ends() -> None:
    points = [point(n) for n in range(15)]
    kept = kept_points(points, bucket_seconds=300, flows={}, boundaries=())
    assert minutes(kept) == [0, 4, 9, 14]


def test_a_failed_point_never_stands_for_its_bucket() -> None:
    points = [point(n, spot=n not in (3, 4)) for n in range(10)]
    assert minutes(kept_points(points, bucket_seconds=300, flows={}, boundaries=())) == [0, 2, 9]


def test_each_wallet_keeps_its_own_points_on_both_sides_of_a_flow() -> None:
    points = [point(n, spot=True, usdm=n != 6) for n in range(10)]
    flows = {"usdm": [START + 5.5 * MINUTE]}
    assert minutes(kept_points(points, bucket_seconds=3600, flows=flows, boundaries=())) == [0, 5, 7, 9]


def test_a_flow_at_the_instant_of_a_point_is_seen_by_the_next_one() -> None:
    points = [point(n) for n in range(10)]
    assert minutes(kept_points(points, bucket_seconds=3600, flows={"spot": [START + 5 * MINUTE]}, boundaries=())) == [
        0, 5, 6, 9,
    ]  # fmt: skip


def test_the_last_point_at_or_before_a_midnight_stays() -> None:
    points = [point(n) for n in range(10)]
    ends = [START + 2.5 * MINUTE, START + 7 * MINUTE]
    assert minutes(kept_points(points, bucket_seconds=3600, flows={}, boundaries=ends)) == [0, 2, 7, 9]


def test_thinning_what_is_thin_changes_nothing() -> None:
    points = [point(n, spot=n % 7 != 0, usdm=n % 5 != 0) for n in range(100)]
    flows = {"spot": [START + 33 * MINUTE]}
    once = kept_points(points, bucket_seconds=600, flows=flows, boundaries=[START + 50 * MINUTE])
    assert kept_points(once, bucket_seconds=600, flows=flows, boundaries=[START + 50 * MINUTE]) == once
    assert len(once) < 30


def test_local_days_begin_where_the_zone_says() -> None:
    assert start_of_day(START.date(), "America/Sao_Paulo") == START + timedelta(hours=3)
    found = midnights(START, START + timedelta(days=2, hours=3), "America/Sao_Paulo")
    assert found == [START + timedelta(days=n, hours=3) for n in range(3)]
    assert midnights(START, START + timedelta(hours=2), "America/Sao_Paulo") == []


def test_a_day_without_a_midnight_begins_when_the_clock_resumes() -> None:
    day = datetime(2018, 11, 4).date()  # noqa: DTZ001 - a local date
    assert start_of_day(day, "America/Sao_Paulo") == datetime(2018, 11, 4, 3, tzinfo=UTC)
