"""The equity curve: round ticks, what is carried, deposits beside it, and the part that the zoom shows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from core.services.overview_types import Curve, FlowMarker
from core.ui.curve import cut_curve, nice_ticks, zoom_stops
from core.ui.format import Formats

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FORMATS = Formats("pt_BR", "America/Sao_Paulo")


def make_curve(hours: int) -> Curve:
    flow = FlowMarker(START + 30 * HOUR, 50.0, "USDT", Decimal(50), "Binance")
    times = tuple(START + number * HOUR for number in range(hours))
    return Curve(times, tuple(100.0 + number for number in range(hours)), (False,) * hours, (flow,))


@pytest.mark.parametrize(
    ("low", "high"), [(0, 0), (1, 1), (134_000, 142_000), (0.0001, 0.0004), (-50, 20), (999_999, 1_000_001)]
)
def test_ticks_are_even_and_embrace_all_values(low: float, high: float) -> None:
    ticks = nice_ticks(low, high)
    steps = {round(after - before, 9) for before, after in zip(ticks, ticks[1:], strict=False)}
    assert ticks[0] <= low <= high <= ticks[-1]
    assert len(steps) == 1
    assert 2 <= len(ticks) <= 10


def test_ticks_of_a_gain_do_not_go_below_zero() -> None:
    assert nice_ticks(1, 1000)[0] == 0


def test_the_zoom_may_stop_at_every_local_day_and_at_both_ends() -> None:
    stops = zoom_stops(make_curve(72), FORMATS)
    assert list(stops) == ["first", "2026-11-21", "2026-11-22", "2026-11-23", "last"]
    assert stops["2026-11-21"] == datetime(2026, 11, 21, 3, tzinfo=UTC)  # midnight in São Paulo


def test_a_short_curve_may_be_cut_by_hours() -> None:
    assert len(zoom_stops(make_curve(24), FORMATS)) == 25


def test_a_cut_keeps_points_and_flows_between_both_ends() -> None:
    part = cut_curve(make_curve(72), START + 29 * HOUR, START + 31 * HOUR)
    assert part.equity == (129.0, 130.0, 131.0)
    assert len(part.flows) == 1
    assert cut_curve(make_curve(72), START, START + HOUR).flows == ()


def test_a_cut_without_any_known_value_shows_the_whole() -> None:
    curve = make_curve(10)
    assert cut_curve(curve, START - 2 * HOUR, START - HOUR) is curve
