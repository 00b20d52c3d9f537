"""What a reading keeps for the books is worth what the state shows."""

from dataclasses import replace
from decimal import Decimal

import pytest

from connectors.types import Balance, Position, WalletAccount, WalletKind
from core.domain.points import WalletPoint
from core.domain.valuation import value_wallet
from core.sync.details import wallet_point
from tests.core.sync.worlds import NOON, account, position, prices

PRICES = prices({"USDT": "1", "BTC": "60000"})


def wallet(*balances: Balance, kind: WalletKind = WalletKind.FUTURES_LINEAR) -> WalletAccount:
    return WalletAccount("usdm", kind, True, balances=balances, currency="USDT", as_of=NOON)


def balance(total: str, asset: str = "USDT", **more: Decimal) -> Balance:
    return replace(Balance("usdm", asset, None, None, Decimal(total)), **more)  # type: ignore[arg-type]


def worth(point: WalletPoint) -> Decimal:
    """Return the value of a wallet as the book computes it."""
    held = sum((a.amount * a.price for a in point.assets if a.price is not None), Decimal(0))
    return held + sum(((leg.upnl or 0) * (leg.settle_price or 0) for leg in point.legs), Decimal(0))


CASES = {
    "open P&L in the positions": (wallet(balance("100")), [position()]),
    "open P&L in the balance": (wallet(balance("100", unrealized_pnl=Decimal(7))), [position()]),
    "an equity of the exchange's own": (wallet(balance("100", equity=Decimal(103))), [position()]),
    "debt": (wallet(balance("100", debt=Decimal(30)), kind=WalletKind.MARGIN), []),
    "a position settled in what the wallet does not hold": (wallet(balance("1", "BTC")), [position()]),
    "no position": (wallet(balance("100", equity=Decimal(99))), []),
}


@pytest.mark.parametrize("case", CASES)
def test_a_wallet_is_worth_in_the_book_what_it_is_worth_in_the_state(case: str) -> None:
    held, positions = CASES[case]
    valued = value_wallet(account(), held, positions, price_of=PRICES, at=NOON)
    assert float(worth(wallet_point(held, positions, PRICES))) == pytest.approx(valued.equity)


def test_debt_is_taken_off_the_amount() -> None:
    found = wallet_point(wallet(balance("100", debt=Decimal(130))), [], PRICES)
    assert [(held.asset, held.amount) for held in found.assets] == [("USDT", Decimal(-30))]


def test_without_its_positions_a_wallet_that_may_have_some_does_not_count_as_read() -> None:
    assert wallet_point(wallet(balance("100")), None, PRICES) == WalletPoint("usdm", False)
    assert wallet_point(wallet(balance("100"), kind=WalletKind.SPOT), None, PRICES).ok
    assert wallet_point(replace(wallet(), ok=False), [], PRICES) == WalletPoint("usdm", False)


def test_an_inverse_position_has_its_face_value_as_quantity() -> None:
    inverse = replace(position(settle="BTC", inverse=True), contracts=Decimal(300), contract_size=Decimal(100))
    bare = position(settle="BTC", inverse=True)
    assert quantity(inverse) == 30000
    assert quantity(bare) == Decimal("0.5") * 60000


def quantity(opened: Position) -> Decimal:
    return wallet_point(wallet(balance("1", "BTC")), [opened], PRICES).legs[0].qty


def test_the_wallet_s_maintenance_margin_stands_on_its_first_leg() -> None:
    held = replace(wallet(balance("100")), maintenance_margin=Decimal("2.5"))
    found = wallet_point(held, [position(), position()], PRICES)
    assert [leg.mm for leg in found.legs] == [Decimal("2.5"), Decimal(0)]
