"""Points come back from their packs with every digit, whatever was in them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.points import DetailPoint, HeldAsset, OpenLeg, WalletPoint
from core.persistence.point_codec import pack_point, pack_points, unpack_points
from tests.core.persistence.makers import NOW, SECOND, make_detail, make_leg

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, min_value=Decimal("-1e20"), max_value=Decimal("1e20"))
PRICES = st.none() | st.integers(1, 10**11).map(lambda n: Decimal(n).scaleb(-6))
NAMES = st.sampled_from(["BTC", "ETH", "USDT", "USDT", "1000SATS"])
HELD = st.builds(HeldAsset, NAMES, AMOUNTS, PRICES)
LEGS = st.builds(
    OpenLeg, st.sampled_from(["", "BTC/USDT:USDT", "BTC/USD:BTC"]), st.sampled_from(["long", "short"]),
    st.sampled_from(["USDT", "BTC"]), inverse=st.booleans(), qty=AMOUNTS, upnl=st.none() | AMOUNTS, settle_price=PRICES,
    mark=st.none() | AMOUNTS, entry=st.none() | AMOUNTS, liq=st.none() | AMOUNTS, mm=st.none() | AMOUNTS,
)  # fmt: skip
GOOD = st.tuples(st.lists(HELD, max_size=3), st.lists(LEGS, max_size=2))
WALLETS = st.dictionaries(st.sampled_from(["funding", "spot", "usdm"]), st.none() | GOOD, max_size=3)


def point(n: int, wallets: dict[str, tuple[list[HeldAsset], list[OpenLeg]] | None]) -> DetailPoint:
    found = []
    for name, held in sorted(wallets.items()):
        assets, legs = held or ([], [])
        found.append(WalletPoint(name, held is not None, tuple(assets), tuple(legs)))
    return DetailPoint(NOW + n * 30 * SECOND, tuple(found))


@settings(max_examples=60, deadline=None)
@given(st.lists(WALLETS, max_size=5))
def test_any_points_come_back_as_they_were(
    wallets: list[dict[str, tuple[list[HeldAsset], list[OpenLeg]] | None]],
) -> None:
    points = [point(n, held) for n, held in enumerate(wallets)]
    assert [as_sets(found) for found in unpack_points(pack_points(points))] == [as_sets(given) for given in points]


@settings(max_examples=40, deadline=None)
@given(st.lists(WALLETS, min_size=1, max_size=6), st.integers(-1, 6), st.integers(-1, 6))
def test_a_part_of_a_pack_is_what_lies_in_it(
    wallets: list[dict[str, tuple[list[HeldAsset], list[OpenLeg]] | None]], begin: int, end: int
) -> None:
    points = [point(n, held) for n, held in enumerate(wallets)]
    since, until = NOW + begin * 30 * SECOND, NOW + end * 30 * SECOND
    found = unpack_points(pack_points(points), since=since, until=until)
    assert found == [whole for whole in unpack_points(pack_points(points)) if since <= whole.at <= until]


@settings(max_examples=40, deadline=None)
@given(WALLETS)
def test_a_point_alone_comes_back_as_it_was(wallets: dict[str, tuple[list[HeldAsset], list[OpenLeg]] | None]) -> None:
    given_point = point(0, wallets)
    [found] = unpack_points(pack_point(given_point))
    assert as_sets(found) == as_sets(given_point)
    assert unpack_points(pack_point(given_point), since=NOW + SECOND) == []
    assert unpack_points(pack_point(given_point), until=NOW - SECOND) == []


def as_sets(point: DetailPoint) -> object:
    """Return a point without the order of what a wallet holds."""
    return point.at, {
        wallet.wallet: (wallet.ok, sorted(map(repr_of, wallet.assets)), sorted(map(repr_of, wallet.legs)))
        for wallet in point.wallets
    }


def repr_of(item: HeldAsset | OpenLeg) -> str:
    """Return an item as text, equal numbers alike."""
    values = (getattr(item, name) for name in item.__dataclass_fields__)
    return repr([f"{value.normalize():f}" if isinstance(value, Decimal) else value for value in values])


def test_amounts_keep_all_their_digits() -> None:
    amount = "0.123456789012345678901234567890123456"
    [found] = unpack_points(pack_points([make_detail(NOW, "1e-18", amount)]))
    assert [held.amount for held in found.wallets[0].assets] == [Decimal("1e-18"), Decimal(amount)]


def test_a_day_of_points_that_hardly_change_costs_a_few_bytes_each() -> None:
    points = [make_detail(NOW + n * timedelta(minutes=5), "1000.5", "0.25", "3") for n in range(288)]
    with_leg = [
        replace(p, wallets=(replace(p.wallets[0], legs=(make_leg(mark=Decimal(60000 + n % 7)),)),))
        for n, p in enumerate(points)
    ]
    assert len(pack_points(points)) < 288 * 2
    assert len(pack_points(with_leg)) < 288 * 4
    assert len(pack_points(points[:1])) < 120


def test_a_pack_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown form"):
        unpack_points(b"\x07abc")
